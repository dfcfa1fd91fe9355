//===- AmxAttention.cpp - attention by tiles of AMX -----------------------===//
//
// What is computed: what Attention.cpp says, but that scale * q, k, v and the
// powers are rounded to bf16 where they are multiplied. Softmax, its sums and
// by-products are of fp32 numbers.
//
// How it is scheduled
//
//   task = as in Attention.cpp
//     round the head's keys        keys[key][d], rows of states
//     turn and round its values    values[32 keys][d][key], rows of states
//     for each panel of 32 queries, 16 at the end where those are enough:
//       turn and round the panel   turned[d / 2][lane], words of weights
//       for each 32 keys: scores, 32 x the panel in four tiles, 32 d a step
//         the largest of each lane, while they are in L1
//       for each 32 keys:
//         powers, and words of two keys' each      words[key / 2][lane]
//         values of the first 32 d, 32 x the panel in four tiles
//       values of the other d, 32 at a time, from the words
//       turn the sums
//
// So scores and powers lie as multiply-adds have them, and all that is done
// with those is the same. Tiles and vectors have units of their own: products
// with values run among the powers of the next keys. 32 keys of a panel take
// 64 cycles in tiles for every 32 d of each product, and 64 vectors of powers
// with 17 operations each, of which two begin in a cycle: 545 cycles, which
// bind. Of AMX's peak that is an eighth for D = 32, a quarter for D = 64; docs
// have what was measured.
//
// Keys are padded to 32 by scores of minus infinity, whose powers are 0, and a
// head to 32 by zeros.
//===----------------------------------------------------------------------===//

#include "AmxAttention.h"

#include "AmxTiles.h"
#include "VectorMath.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace skim;

/// Numbers of bf16 in a step of a tile, and rows in two of them.
static constexpr int64_t step = 32;
/// Words of a step.
static constexpr int64_t words = step / 2;

namespace {
/// Where things lie behind the beginning of a panel's memory, in bytes.
struct PanelPlaces {
  PanelPlaces(const TargetInfo &target, const AttentionSpec &spec)
      : width(llvm::alignTo(spec.headDim, step)),
        turned(AmxTiles::configWords * 8),
        sums(turned + width * target.tileColumns * 2),
        end(sums + width * target.tileColumns * 4) {}
  int64_t width, turned, sums, end;
};

class AmxAttention : public AttentionKernel {
public:
  AmxAttention(KernelBuilder &b, const AttentionSpec &spec)
      : AttentionKernel(b, spec, amxAttentionSizes(b.target, spec)),
        amx(b, Dtype::Bf16, words) {}

private:
  void prepare(const AttentionScratch &places) override;
  void release() override { amx.release(); }
  void copyHead(Value column) override;
  void turnValues(Value firstKey, int64_t d, Value column);
  void turnQueries(Value row, Value valid) override;
  int64_t firstKeyMultiple() const override { return step; }
  Value wordsOf(Value from, Value row, Value column, int64_t d,
                Value scale = {});
  void loadPanel(Value from, Value row);
  void multiplyAdd(int64_t halves, function_ref<void(int64_t half)> load);
  Values emitScores() override;
  void emitScoreBlock(Value key);
  Values emitValues(Value valid, ValueRange largest) override;
  Values emitPowers(Value first, ValueRange largest, ValueRange sums);
  void addValues(Value firstKey, int64_t d);
  void zeroSums(int64_t halves);
  void storeSums(int64_t halves, Value to, Value row);
  void turnSums();

  /// The end of the steps that begin before `end`.
  Value paddedTo(Value end) {
    return b.mul(b.ceilDiv(end, step), b.index(step));
  }
  int64_t lane() const { return b.target.vectorWidth; }
  /// Tiles of 16 numbers of the head from `d` on, two at most.
  int64_t halvesFrom(int64_t d) const {
    return std::min<int64_t>(2, llvm::divideCeil(spec.headDim - d, 16));
  }

  AmxTiles amx;
  // Views of the scratch memory.
  Value turned, turnedSums, keyBuffer, valueBuffer, powers;
};
} // namespace

AttentionScratch::Sizes skim::amxAttentionSizes(const TargetInfo &target,
                                                const AttentionSpec &spec) {
  PanelPlaces places(target, spec);
  // Words of powers lie behind the keys.
  return {places.end, places.width * 2 + target.tileColumns * 2,
          places.width * 2, step};
}

void AmxAttention::prepare(const AttentionScratch &places) {
  constexpr int64_t any = ShapedType::kDynamic;
  PanelPlaces panel(b.target, spec);
  Type word = b.getI32Type();
  Value none = b.index(0), count = places.paddedKeys;
  turned = viewOf(places.panel, b.index(panel.turned), {panel.width / 2, lanes},
                  word);
  turnedSums = viewOf(places.panel, b.index(panel.sums), {panel.width, lanes},
                      b.getF32Type());
  keyBuffer = viewOf(places.keyRows, none, {any, panel.width / 2}, word, count);
  powers = viewOf(places.keyRows, b.mul(count, panel.width * 2), {any, lanes},
                  word, b.div(count, b.index(2)));
  valueBuffer = viewOf(places.valueRows, none, {any, panel.width, step},
                       b.getI16Type(), b.div(count, b.index(step)));
  Value configs =
      viewOf(places.panel, none, {1, AmxTiles::configWords}, b.getI64Type());
  Value rows = b.index(AmxTiles::rows);
  amx.writeConfig(configs, none, rows, rows);
  amx.useConfig(configs, none);
}

/// What lies beyond the keys is never looked at; values there repeat the last,
/// since a power of 0 times what has been in memory before may be no number.
void AmxAttention::copyHead(Value column) {
  Value keyColumn = b.add(column, spec.kColumn);
  Value valueColumn = b.add(column, spec.vColumn);
  b.loop(b.index(0), keys, 1, [&](Value j) {
    for (int64_t d = 0; d < spec.headDim; d += step)
      b.storeVector(wordsOf(k, b.add(firstKeyRow, j), keyColumn, d), keyBuffer,
                    {j, b.index(d / 2)});
  });
  b.loop(b.index(0), paddedTo(keys), lane(), [&](Value j) {
    for (int64_t d = 0; d < spec.headDim; d += lane())
      turnValues(j, d, valueColumn);
  });
}

/// Numbers [d, d + lanes) of the values of as many keys.
void AmxAttention::turnValues(Value firstKey, int64_t d, Value column) {
  int64_t count = std::min(lane(), spec.headDim - d);
  Value last = b.sub(keys, b.index(1));
  Values rows;
  for (int64_t i = 0; i != lane(); ++i) {
    Value row = b.add(firstKeyRow, b.min(b.add(firstKey, i), last));
    rows.push_back(b.loadVector(v, {row, b.add(column, d)}, count));
  }
  Value block = b.div(firstKey, b.index(step));
  Value key = b.rem(firstKey, b.index(step));
  Values columns = b.transpose(rows);
  for (int64_t i = 0; i != lane(); ++i)
    b.storeVector(emitRoundBf16(b, columns[i]), valueBuffer,
                  {block, b.index(d + i), key});
}

/// Numbers [d, d + 32) of a row, times `scale` where there is one, rounded
/// and in words of two; zeros beyond the head.
Value AmxAttention::wordsOf(Value from, Value row, Value column, int64_t d,
                            Value scale) {
  Values rounded;
  for (int64_t half = 0; half != 2; ++half, d += lane()) {
    int64_t count = std::clamp<int64_t>(spec.headDim - d, 0, lane());
    Value part = b.splat(0.0f);
    if (count != 0)
      part = b.loadVector(from, {row, b.add(column, d)}, count);
    rounded.push_back(emitRoundBf16(b, scale ? b.mulf(part, scale) : part));
  }
  SmallVector<int64_t> inOrder =
      llvm::to_vector(llvm::seq<int64_t>(2 * lane()));
  Value both = vector::ShuffleOp::create(b, rounded[0], rounded[1], inOrder);
  return vector::BitCastOp::create(b, b.intVectorType(), both);
}

void AmxAttention::turnQueries(Value row, Value valid) {
  Value column = b.add(b.mul(head, spec.headDim), spec.qColumn);
  Value last = b.sub(valid, b.index(1));
  Value scale = b.splat(queryScale());
  b.loop(b.index(0), b.index(vectors() * lane()), lane(), [&](Value first) {
    for (int64_t d = 0; d < spec.headDim; d += step) {
      Values rows;
      for (int64_t i = 0; i != lane(); ++i) {
        Value from = b.add(row, b.min(b.add(first, i), last));
        rows.push_back(wordsOf(q, from, column, d, scale));
      }
      Values columns = b.transpose(rows);
      for (int64_t i = 0; i != words; ++i)
        b.storeVector(columns[i], turned, {b.index(d / 2 + i), first});
    }
  });
}

void AmxAttention::zeroSums(int64_t halves) {
  for (int64_t half = 0; half != halves; ++half)
    for (int64_t v = 0; v != vectors(); ++v)
      amx.zeroSums(half, v);
}
void AmxAttention::storeSums(int64_t halves, Value to, Value row) {
  for (int64_t half = 0; half != halves; ++half)
    for (int64_t v = 0; v != vectors(); ++v)
      amx.storeSums(half, v, to,
                    {b.add(row, half * AmxTiles::rows), b.index(v * lane())},
                    lanes * 4);
}
/// The panel's words of a step, from `row` on.
void AmxAttention::loadPanel(Value from, Value row) {
  for (int64_t v = 0; v != vectors(); ++v)
    amx.loadWeights(v, from, {row, b.index(v * lane())}, lanes * 4);
}

/// Adds the products of the panel's words and `halves` tiles of states, each
/// of which `load` loads.
void AmxAttention::multiplyAdd(int64_t halves,
                               function_ref<void(int64_t half)> load) {
  for (int64_t half = 0; half != halves; ++half) {
    load(half);
    for (int64_t v = 0; v != vectors(); ++v)
      amx.multiplyAdd(half, v);
  }
}

/// Where nothing is added to them, scores are looked at while they are in L1.
Values AmxAttention::emitScores() {
  if (spec.headDim <= step)
    loadPanel(turned, b.index(0));
  Values largest(vectors(), b.splat(-INFINITY));
  largest = b.reduce(
      firstKey, paddedTo(endKey), step, largest,
      [&](Value key, ValueRange carried) -> Values {
        emitScoreBlock(key);
        Value end = b.add(key, step);
        b.loop(b.min(endKey, end), end, 1, [&](Value j) {
          for (int64_t v = 0; v != vectors(); ++v)
            b.storeVector(b.splat(-INFINITY), scores, {j, b.index(v * lane())});
        });
        return spec.changesScores() ? Values(carried)
                                    : findLargest(key, end, 4, carried);
      });
  return spec.changesScores() ? Values() : largest;
}

/// The scores of the keys [key, key + 32).
void AmxAttention::emitScoreBlock(Value key) {
  int64_t stride = PanelPlaces(b.target, spec).width * 2;
  zeroSums(2);
  for (int64_t d = 0; d < spec.headDim; d += step) {
    if (spec.headDim > step)
      loadPanel(turned, b.index(d / 2));
    multiplyAdd(2, [&](int64_t half) {
      Value row = b.add(key, half * AmxTiles::rows);
      amx.loadStates(half, keyBuffer, {row, b.index(d / 2)}, stride);
    });
  }
  storeSums(2, scores, key);
}

Values AmxAttention::emitValues(Value valid, ValueRange largest) {
  int64_t halves = halvesFrom(0);
  zeroSums(halves);
  Values total =
      b.reduce(firstKey, endKey, step, Values(vectors(), b.splat(0.0f)),
               [&](Value first, ValueRange carried) {
                 Values next = emitPowers(first, largest, carried);
                 addValues(first, 0);
                 return next;
               });
  storeSums(halves, turnedSums, b.index(0));
  for (int64_t d = step; d < spec.headDim; d += step) {
    zeroSums(halvesFrom(d));
    b.loop(firstKey, endKey, step, [&](Value first) { addValues(first, d); });
    storeSums(halvesFrom(d), turnedSums, b.index(d));
  }
  turnSums();
  return total;
}

/// Words of the upper halves of two vectors' numbers, the first one's below.
static Value upperHalves(KernelBuilder &b, Value first, Value second) {
  Value lower = arith::ShRUIOp::create(b, first, b.splatInt(16));
  Value upper =
      arith::AndIOp::create(b, second, b.splatInt(int32_t(0xffff0000)));
  return arith::OrIOp::create(b, upper, lower);
}

/// The powers of the keys [first, first + 32), which it adds to `sums`: in
/// words of two keys', rounded, and as they are where by-products need them.
Values AmxAttention::emitPowers(Value first, ValueRange largest,
                                ValueRange sums) {
  Value half = b.splatInt(0x8000); // of the last place of bf16
  return b.reduce(
      first, b.add(first, step), 2, sums, [&](Value key, ValueRange carried) {
        Values next(carried);
        for (int64_t v = 0; v != vectors(); ++v) {
          Values rounded;
          for (int64_t i = 0; i != 2; ++i) {
            Value j = b.add(key, i);
            Value power = emitPower(loadScore(j, v), largest[v]);
            next[v] = b.addf(next[v], power);
            if (spec.hasByProducts())
              b.storeVector(power, scores, {j, b.index(v * lane())});
            rounded.push_back(arith::AddIOp::create(b, b.bitsOf(power), half));
          }
          b.storeVector(upperHalves(b, rounded[0], rounded[1]), powers,
                        {b.div(key, b.index(2)), b.index(v * lane())});
        }
        return next;
      });
}

/// Adds the keys [firstKey, firstKey + 32) to the sums of the numbers
/// [d, d + 32) of the head.
void AmxAttention::addValues(Value firstKey, int64_t d) {
  Value block = b.div(firstKey, b.index(step));
  loadPanel(powers, b.div(firstKey, b.index(2)));
  multiplyAdd(halvesFrom(d), [&](int64_t half) {
    amx.loadStates(half, valueBuffer,
                   {block, b.index(d + half * AmxTiles::rows), b.index(0)},
                   step * 2);
  });
}

/// sums[lane, d] = turnedSums[d, lane].
void AmxAttention::turnSums() {
  for (int64_t v = 0; v != vectors(); ++v)
    b.loop(b.index(0), b.index(spec.headDim), lane(), [&](Value d) {
      Values rows;
      for (int64_t i = 0; i != lane(); ++i)
        rows.push_back(
            b.loadVector(turnedSums, {b.add(d, i), b.index(v * lane())}));
      Values columns = b.transpose(rows);
      for (int64_t i = 0; i != lane(); ++i)
        b.storeVector(columns[i], sums, {b.index(v * lane() + i), d});
    });
}

func::FuncOp skim::emitAmxAttention(KernelBuilder &b, ModuleOp module,
                                    const AttentionSpec &spec) {
  return AmxAttention(b, spec).emit(module);
}
