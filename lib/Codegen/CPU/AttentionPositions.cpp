//===- AttentionPositions.cpp - disentangled positions --------------------===//
// What is computed, and how, is said in AttentionPositions.h.
//===----------------------------------------------------------------------===//

#include "AttentionPositions.h"
#include "AttentionBias.h"
#include "RankUpdates.h"
#include "skim/Codegen/Words.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace skim;

//===----------------------------------------------------------------------===//
// One term
//===----------------------------------------------------------------------===//

int64_t PositionTerm::groupRows(const TargetInfo &target) {
  // Panels are a vector or a tile of queries: groups divide both.
  int64_t rows = target.vectorWidth;
  while (rows > target.tileRows)
    rows /= 2;
  return rows;
}

/// Numbers of a row of products: a band begins with a whole vector and ends
/// with a whole tile, and lanes beyond the queries read a vector further.
int64_t PositionTerm::pitch() const {
  int64_t lane = b.target.vectorWidth;
  return llvm::alignTo(columns, lane) + 2 * lane + 2 * b.target.tileColumns;
}

Value PositionTerm::entries(Value sequence) const {
  return b.mul(b.ceilDiv(b.mul(sequence, 2), 16), b.index(16));
}

Value PositionTerm::scratchBytes(Value rows, Value sequence) const {
  if (!exists())
    return b.index(0);
  Value ofDistances = b.mul(entries(sequence), 8);
  return b.add(ofDistances, b.mul(rows, (pitch() + 1) * 4));
}

void PositionTerm::makeViews(Value scratch, Value offset, Value rows,
                             Value sequence) {
  if (!exists())
    return;
  constexpr int64_t any = ShapedType::kDynamic;
  MemRefType integers = MemRefType::get({any}, b.getI32Type());
  Value count = entries(sequence), numbers = b.mul(rows, pitch());
  columnOf = b.view(scratch, offset, integers, count);
  offset = b.add(offset, b.mul(count, 4));
  breaks = b.view(scratch, offset, integers, count);
  offset = b.add(offset, b.mul(count, 4));
  products = b.view(scratch, offset, b.buffer({any, pitch()}), rows);
  flat = b.view(scratch, offset, b.buffer({any}), numbers);
  begins = b.view(scratch, b.add(offset, b.mul(numbers, 4)), integers, rows);
}

void PositionTerm::addTypes(SmallVectorImpl<Type> &types) {
  if (!exists())
    return;
  int64_t tiles = b.target.numTiles(spec.heads * columns);
  types.push_back(Words(Dtype::Fp32, spec.headDim)
                      .weights(b.getContext(), tiles, b.target.tileColumns));
  types.push_back(MemRefType::get({ShapedType::kDynamic}, b.getI64Type()));
}

void PositionTerm::takeArguments(function_ref<Value()> take) {
  if (!exists())
    return;
  table = take();
  index = take();
}

void PositionTerm::begin(Value head, Value least, Value most) {
  if (!exists())
    return;
  firstColumn = b.mul(head, columns);
  Type integer = b.getI32Type();
  Value offset = arith::IndexCastOp::create(b, integer, firstColumn);
  auto read = [&](Value place) -> Value {
    Value column = b.load(index, {place});
    column = arith::TruncIOp::create(b, integer, column);
    column = arith::AddIOp::create(b, column, offset);
    b.store(column, columnOf, {place});
    return column;
  };
  auto number = [&](int64_t value) -> Value {
    return arith::ConstantIntOp::create(b, integer, value);
  };
  Value yes = arith::ConstantIntOp::create(b, b.getI1Type(), 1);
  Value first = read(least);
  b.store(number(0), breaks, {least});
  Values found = b.reduce(
      b.add(least, 1), b.add(most, 1), 1, {first, number(0), yes, yes},
      [&](Value place, ValueRange before) {
        Value column = read(place);
        Value step = arith::SubIOp::create(b, column, before[0]);
        Value jumps =
            arith::CmpIOp::create(b, arith::CmpIPredicate::ne, step, number(1));
        Value jump = arith::ExtUIOp::create(b, integer, jumps);
        Value count = arith::AddIOp::create(b, before[1], jump);
        b.store(count, breaks, {place});
        Value rises = arith::CmpIOp::create(b, arith::CmpIPredicate::sge, step,
                                            number(0));
        Value falls = arith::CmpIOp::create(b, arith::CmpIPredicate::sle, step,
                                            number(0));
        return Values{column, count, arith::AndIOp::create(b, before[2], rises),
                      arith::AndIOp::create(b, before[3], falls)};
      });
  isMonotone = arith::OrIOp::create(b, found[2], found[3]);
}

void PositionTerm::multiply(Value first, Value states, ValueRange rows,
                            Value from, Value least, Value most) {
  int64_t lane = b.target.vectorWidth, tile = b.target.tileColumns;
  int64_t vectors = b.target.tileVectors();
  // Columns of a function that goes up and down may be any of the head's.
  Value one = indexAt(columnOf, least), other = indexAt(columnOf, most);
  Value low = b.select(isMonotone, b.min(one, other), firstColumn);
  Value high =
      b.select(isMonotone, b.max(one, other), b.add(firstColumn, columns - 1));
  Value begin = b.mul(b.div(low, b.index(lane)), lane);
  Value begin32 = arith::IndexCastOp::create(b, b.getI32Type(), begin);
  for (size_t i = 0; i != rows.size(); ++i)
    b.store(begin32, begins, {b.add(first, i)});
  // The last vectors of a band may lie beyond the table, and are never read.
  Value last = b.index(b.target.numTiles(spec.heads * columns) * tile - lane);
  b.loop(begin, b.add(high, 1), tile, [&](Value column) {
    Values tiles, inTile;
    for (int64_t v = 0; v != vectors; ++v) {
      Value place = b.min(b.add(column, v * lane), last);
      tiles.push_back(b.div(place, b.index(tile)));
      inTile.push_back(b.rem(place, b.index(tile)));
    }
    auto scalar = [&](Value d, int64_t i) {
      return b.load(states, {rows[i], b.add(from, d)});
    };
    auto vector = [&](Value d, int64_t v) {
      return b.loadVector(table, {tiles[v], d, inTile[v]});
    };
    int64_t count = rows.size();
    Values sums =
        emitRankUpdates(b, b.index(0), b.index(spec.headDim), spec.headDim,
                        Values(count * vectors, b.splat(0.0f)),
                        TileOperands{count, vectors, scalar, vector});
    Value place = b.sub(column, begin);
    for (int64_t i = 0; i != count; ++i)
      for (int64_t v = 0; v != vectors; ++v)
        b.storeVector(sums[i * vectors + v], products,
                      {b.add(first, i), b.add(place, v * lane)});
  });
}

Value PositionTerm::ascendsByOne(Value least, Value most) {
  return b.equal(b.load(breaks, {least}), b.load(breaks, {most}));
}

Value PositionTerm::load(Value row, Value distance, int64_t further) {
  Value place = b.sub(indexAt(columnOf, distance), indexAt(begins, row));
  return b.loadVector(products, {row, b.add(place, further)});
}

Value PositionTerm::gather(Value rows, Value distances) {
  Value column = b.gather(columnOf, distances);
  Value begin = b.gather(begins, rows);
  Value row = arith::MulIOp::create(b, rows, b.splatInt(int32_t(pitch())));
  Value place = arith::SubIOp::create(b, column, begin);
  return b.gather(flat, arith::AddIOp::create(b, row, place));
}

//===----------------------------------------------------------------------===//
// Both terms
//===----------------------------------------------------------------------===//

/// Rows of products for the keys, in whole groups.
static Value keyGroups(KernelBuilder &b, Value keys) {
  int64_t rows = PositionTerm::groupRows(b.target);
  return b.mul(b.ceilDiv(keys, rows), rows);
}

Value AttentionPositions::scratchBytes(Value keys, Value sequence) const {
  return b.add(content.scratchBytes(b.index(b.target.tileColumns), sequence),
               position.scratchBytes(keyGroups(b, keys), sequence));
}

void AttentionPositions::makeViews(Value scratch, Value offset, Value keys,
                                   Value sequence) {
  Value queries = b.index(b.target.tileColumns);
  content.makeViews(scratch, offset, queries, sequence);
  offset = b.add(offset, content.scratchBytes(queries, sequence));
  position.makeViews(scratch, offset, keyGroups(b, keys), sequence);
}

/// The numbers from `first` on of a group of rows, the last one again where
/// there are no more.
static Values groupFrom(KernelBuilder &b, Value first, Value end) {
  Values numbers;
  Value last = b.sub(end, b.index(1));
  for (int64_t i = 0; i != PositionTerm::groupRows(b.target); ++i)
    numbers.push_back(b.min(b.add(first, i), last));
  return numbers;
}

/// The rows of states that have these numbers.
static Values rowsOf(KernelBuilder &b, ValueRange numbers,
                     const AttentionPositions::Rows &rows) {
  Values result;
  for (Value number : numbers)
    result.push_back(b.add(rows.first, number));
  return result;
}

void AttentionPositions::beginTask(Value head, Value sequence,
                                   const Rows &queries, const Rows &keys) {
  furthest = b.sub(sequence, b.index(1));
  auto last = [&](const Rows &rows) {
    return rows.positionOf(b.sub(rows.count, b.index(1)));
  };
  Value firstQuery = queries.positionOf(b.index(0)), lastQuery = last(queries);
  Value least = distance(firstQuery, last(keys));
  Value most = distance(lastQuery, keys.positionOf(b.index(0)));
  content.begin(head, least, most);
  position.begin(head, least, most);
  if (!position.exists())
    return;
  b.loop(b.index(0), keys.count, PositionTerm::groupRows(b.target),
         [&](Value key) {
           Values group = groupFrom(b, key, keys.count);
           Value nearest = keys.positionOf(group.back());
           position.multiply(
               key, keys.states, rowsOf(b, group, keys), keys.column,
               distance(firstQuery, nearest),
               distance(lastQuery, keys.positionOf(group.front())));
         });
}

void AttentionPositions::beginPanel(ValueRange places, const Rows &queries,
                                    const Rows &keys) {
  Value last = b.sub(queries.count, b.index(1));
  firstPosition = queries.positionOf(b.index(0));
  lastPosition = queries.positionOf(last);
  queriesFollow = b.equal(b.sub(lastPosition, firstPosition), last);
  lanePositions.assign(places.begin(), places.end());
  if (!content.exists())
    return;
  Value firstKey = keys.positionOf(b.index(0));
  Value lastKey = keys.positionOf(b.sub(keys.count, b.index(1)));
  b.loop(b.index(0), b.index(places.size() * lanes()),
         PositionTerm::groupRows(b.target), [&](Value lane) {
           Values group = groupFrom(b, lane, queries.count);
           content.multiply(
               lane, queries.states, rowsOf(b, group, queries), queries.column,
               distance(queries.positionOf(group.front()), lastKey),
               distance(queries.positionOf(group.back()), firstKey));
         });
}

void AttentionPositions::add(Value scores, Value first, Value end,
                             const Rows &keys) {
  auto fits = [&](Value firstKey, Value lastKey) {
    Value least = distance(firstPosition, lastKey);
    Value most = distance(lastPosition, firstKey);
    Value result = queriesFollow;
    for (PositionTerm *term : {&content, &position})
      if (term->exists())
        result =
            arith::AndIOp::create(b, result, term->ascendsByOne(least, most));
    return result;
  };
  forSquares(
      b, first, end, keys.positionOf, fits,
      [&](Value key, Value at) { addSquare(scores, key, at); },
      [&](Value key, Value at) { addKey(scores, key, at); });
}

void AttentionPositions::addTo(Value scores, Value key, int64_t vector,
                               Value sum) {
  Values place = {key, b.index(vector * lanes())};
  Value scaled = b.fma(b.splat(spec.scale), sum, b.loadVector(scores, place));
  b.storeVector(scaled, scores, place);
}

/// As many keys as lanes from `key` at position `at` on: a query's distances to
/// them descend by one, and a key's to the lanes ascend by one.
void AttentionPositions::addSquare(Value scores, Value key, Value at) {
  Value lastKey = b.add(at, lanes() - 1);
  for (size_t v = 0; v != lanePositions.size(); ++v) {
    Values turned;
    if (content.exists()) {
      Value distance = this->distance(firstPosition, lastKey);
      Values rows;
      for (int64_t lane = v * lanes(); lane != int64_t(v + 1) * lanes(); ++lane)
        rows.push_back(content.load(b.index(lane), distance, lane));
      turned = b.transpose(rows);
    }
    for (int64_t i = 0; i != lanes(); ++i) {
      Value sum = content.exists() ? turned[lanes() - 1 - i] : Value();
      Value row = b.add(key, i);
      if (position.exists()) {
        Value distance = this->distance(firstPosition, b.add(at, i));
        Value part = position.load(row, distance, v * lanes());
        sum = sum ? b.addf(sum, part) : part;
      }
      addTo(scores, row, v, sum);
    }
  }
}

void AttentionPositions::addKey(Value scores, Value key, Value at) {
  auto spread = [&](Value index) -> Value {
    Value number = arith::IndexCastOp::create(b, b.getI32Type(), index);
    return vector::BroadcastOp::create(b, b.intVectorType(), number);
  };
  Value offset = spread(b.sub(furthest, at));
  for (auto [v, positions] : llvm::enumerate(lanePositions)) {
    Value distances = arith::AddIOp::create(b, positions, offset);
    Value sum;
    if (content.exists()) {
      SmallVector<int32_t> numbers;
      for (int64_t lane = 0; lane != lanes(); ++lane)
        numbers.push_back(v * lanes() + lane);
      Value rows = arith::ConstantOp::create(
          b, DenseElementsAttr::get(b.intVectorType(), ArrayRef(numbers)));
      sum = content.gather(rows, distances);
    }
    if (position.exists()) {
      Value part = position.gather(spread(key), distances);
      sum = sum ? b.addf(sum, part) : part;
    }
    addTo(scores, key, v, sum);
  }
}
