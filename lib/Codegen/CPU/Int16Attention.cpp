//===- Int16Attention.cpp - attention by products of int16 ----------------===//
//
// What is computed: what Attention.cpp says, but that each operand of the two
// products is an integer times a scale, and sums of products are exact:
//
//   k[j, d] = K[j, d] * a[d]            a[d] = max over j of |k[j, d]| / R
//   scale * q[i, d] * a[d] = Q[i, d] * c[i]     c[i] = max over d of it / R
//   s[i, j] = (sum over d of Q[i, d] * K[j, d]) * c[i]
//   p[i, j] = exp(s[i, j] - max over j of s[i, j])      within 3e-6 of it
//   v[j, d] = V[j, d] * e[d]            e[d] = max over j of |v[j, d]| / S
//   p[i, j] = P[i, j] / 4096            of the powers, 1 at the most
//
// with K, Q, V and P rounded to the nearest. R is the largest number, 32767 at
// the most, for which D products of two cannot overflow an int32, S the one
// for which a block of keys cannot. So columns of keys and values that are far
// larger than others cost those nothing. Softmax, its sums and by-products are
// of fp32 numbers, but that powers are a polynomial of fewer terms.
//
// A column whose largest number is below 2^-100 counts as zeros, and so does a
// query; one with an infinite number or NaN gives NaN: its scale is NaN.
//
// How it is scheduled: as Attention.cpp says, over words of two numbers, which
// vpdpwssd multiplies and adds at once where a multiply-add takes one. Words of
// queries and keys hold two neighbours of d, words of powers and values those
// of two keys. Before, a task goes over its keys and values once more, to find
// their largest. A vector of scores costs D products instead of 2 D
// multiply-adds, one operation more for itself, two less for its power and two
// for the word which that goes to. Measured (384 keys, D = 32, Emerald Rapids):
// 0.64 of the time of multiply-adds; the products take half of it, at the rate
// of the instruction, the powers a quarter.
//===----------------------------------------------------------------------===//

#include "Int16Attention.h"

#include "RankUpdates.h"
#include "VectorAttention.h"
#include "VectorMath.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace skim;

/// Adding it rounds to an integer, which the low 16 bits hold.
static constexpr float magic = 12582912.0f;
/// Of a power of 1.
static constexpr float mostPower = 4096;

namespace {
/// Where things lie behind the beginning of a panel's memory, in bytes.
struct PanelPlaces {
  PanelPlaces(const TargetInfo &target, const AttentionSpec &spec)
      : width(llvm::alignTo(spec.headDim, target.tileColumns)),
        words(width * target.tileColumns * 4),
        scales(words + width / 2 * target.tileColumns * 4),
        lanes(scales + 4 * width * 4), end(lanes + 2 * target.tileColumns * 4) {
  }
  int64_t width;
  int64_t words;  ///< behind the turned queries
  int64_t scales; ///< and their inverses, of keys and of values
  int64_t lanes;  ///< scales and inverses of the panel's queries
  int64_t end;
};

class Int16Attention : public VectorAttention {
public:
  Int16Attention(KernelBuilder &b, const AttentionSpec &spec)
      : VectorAttention(b, spec, int16AttentionSizes(b.target, spec)) {}

private:
  void prepare(const AttentionScratch &places) override;
  void copyHead(Value column) override;
  void turnQueries(Value row, Value valid) override;
  Values emitScores() override;
  Values scoresOf(Value key, int64_t rows) override;
  Values emitPowers(ValueRange largest, ValueRange sums, Value first,
                    Value last) override;
  Values valuesOf(Value query, Value tile, Value first, Value last) override;

  /// Rows of a view of scales.
  enum { Scale, Inverse };
  void findScales(Value from, Value column, Value scales, float most,
                  float factor);
  void storeScales(Value bits, Value scales, Value place, float most,
                   float factor);
  Values inversesOf(Value scales);
  void copyKeys(Value column);
  void copyValues(Value column);
  /// The integers next to numbers * inverse, in the low halves of the lanes.
  Value integers(Value numbers, Value inverse) {
    return b.bitsOf(b.fma(numbers, inverse, b.splat(magic)));
  }
  Value wordsOf(Value first, Value second);
  Value loadWords(Value from, ValueRange place) {
    return vector::LoadOp::create(b, b.intVectorType(), from, place);
  }
  Value unitOf(int64_t vector);
  Value multiplyAdd(Value word, Value words, Value sum);
  using Word = function_ref<Value(Value, int64_t)>;
  Values sumsOf(int64_t rows, int64_t columns, Value begin, Value end,
                int64_t multiple, Word word, Word words);

  /// S follows from it: the same for all processors.
  int64_t keyBlock() const override { return 256; }
  int64_t lane() const { return b.target.vectorWidth; }
  /// Words of a row of queries or keys.
  int64_t depth() const { return llvm::divideCeil(spec.headDim, 2); }
  /// R and S.
  float mostScore() const {
    double root = std::sqrt(double(INT32_MAX) / spec.headDim);
    return std::min(32767.0, std::floor(root));
  }
  float mostValue() const {
    double each = INT32_MAX / (keyBlock() * double(mostPower));
    return std::min(32767.0, std::floor(each));
  }

  // Views of the scratch memory.
  Value turned, queryWords, queryScales, keyScales, valueScales, keyNumbers,
      keyWords, valueWords, powers;
};
} // namespace

AttentionScratch::Sizes skim::int16AttentionSizes(const TargetInfo &target,
                                                  const AttentionSpec &spec) {
  PanelPlaces places(target, spec);
  // Words of powers lie behind the keys.
  return {places.end, places.width * 2 + target.tileColumns * 2,
          places.width * 2, 4};
}

void Int16Attention::prepare(const AttentionScratch &places) {
  constexpr int64_t any = ShapedType::kDynamic;
  PanelPlaces panel(b.target, spec);
  Type word = b.getI32Type(), number = b.getF32Type();
  Value none = b.index(0), count = places.paddedKeys;
  Value pairs = b.div(count, b.index(2));
  turned = viewOf(places.panel, none, {width, lanes}, number);
  queryWords =
      viewOf(places.panel, b.index(panel.words), {width / 2, lanes}, word);
  keyScales = viewOf(places.panel, b.index(panel.scales), {2, width}, number);
  valueScales = viewOf(places.panel, b.index(panel.scales + 2 * width * 4),
                       {2, width}, number);
  queryScales = viewOf(places.panel, b.index(panel.lanes), {2, lanes}, number);
  keyNumbers =
      viewOf(places.keyRows, none, {any, width}, b.getI16Type(), count);
  keyWords = viewOf(places.keyRows, none, {any, width / 2}, word, count);
  powers = viewOf(places.keyRows, b.mul(count, width * 2), {any, lanes}, word,
                  pairs);
  // A tile of columns after the other, as packed weights lie.
  valueWords =
      viewOf(places.valueRows, none, {width / lanes, any, lanes}, word, pairs);
}

/// The words of the low halves of two vectors, the first one's below.
Value Int16Attention::wordsOf(Value first, Value second) {
  Value lower = arith::AndIOp::create(b, first, b.splatInt(0xffff));
  Value upper = arith::ShLIOp::create(b, second, b.splatInt(16));
  return arith::OrIOp::create(b, upper, lower);
}

/// Of numbers whose largest has the bits `bits` and becomes `most`. The scale
/// is multiplied by `factor`; it is above 0, so that minus infinity stays what
/// it is.
void Int16Attention::storeScales(Value bits, Value scales, Value place,
                                 float most, float factor) {
  constexpr int32_t tiny = (127 - 100) << 23, infinity = 0x7f800000;
  Value small = b.less(bits, b.splatInt(tiny));
  Value finite = b.less(bits, b.splatInt(infinity));
  Value largest = b.floatsOf(bits);
  Value inverse =
      b.select(small, b.splat(0.0f), b.divf(b.splat(most), largest));
  Value scale = b.mulf(largest, b.splat(factor / most));
  scale = b.select(small, b.splat(std::numeric_limits<float>::min()), scale);
  scale =
      b.select(finite, scale, b.splat(std::numeric_limits<float>::quiet_NaN()));
  b.storeVector(scale, scales, {b.index(Scale), place});
  b.storeVector(inverse, scales, {b.index(Inverse), place});
}

/// Of each column of the keys or values.
void Int16Attention::findScales(Value from, Value column, Value scales,
                                float most, float factor) {
  auto load = [&](Value row, int64_t d) {
    int64_t count = std::min(lane(), spec.headDim - d);
    return b.loadVector(from, {row, b.add(column, d)}, count);
  };
  Values none(llvm::divideCeil(spec.headDim, lane()), b.splatInt(0));
  Values largest =
      b.reduce(b.index(0), keys, 1, none, [&](Value j, ValueRange carried) {
        Values next;
        for (auto [i, most] : llvm::enumerate(carried))
          next.push_back(b.max(
              most, b.magnitudeBits(load(b.add(firstKeyRow, j), i * lane()))));
        return next;
      });
  for (auto [i, bits] : llvm::enumerate(largest))
    storeScales(bits, scales, b.index(i * lane()), most, factor);
}

void Int16Attention::copyHead(Value column) {
  Value keyColumn = b.add(column, spec.kColumn);
  Value valueColumn = b.add(column, spec.vColumn);
  findScales(k, keyColumn, keyScales, mostScore(), queryScale());
  findScales(v, valueColumn, valueScales, mostValue(), 1 / mostPower);
  copyKeys(keyColumn);
  copyValues(valueColumn);
}

/// Of the columns, a vector after the other.
Values Int16Attention::inversesOf(Value scales) {
  Values inverses;
  for (int64_t d = 0; d < spec.headDim; d += lane())
    inverses.push_back(b.loadVector(scales, {b.index(Inverse), b.index(d)}));
  return inverses;
}

void Int16Attention::copyKeys(Value column) {
  auto narrow = VectorType::get(lane(), b.getI16Type());
  Values inverses = inversesOf(keyScales);
  b.loop(b.index(0), scoredKeys(), 1, [&](Value j) {
    for (auto [i, inverse] : llvm::enumerate(inverses)) {
      int64_t d = i * lane(), count = std::min(lane(), spec.headDim - d);
      Value numbers = b.loadVector(k, {keyRow(j), b.add(column, d)}, count);
      Value whole =
          arith::TruncIOp::create(b, narrow, integers(numbers, inverse));
      vector::StoreOp::create(b, whole, keyNumbers, ValueRange{j, b.index(d)});
    }
  });
}

/// Words of two keys. What is beyond the last meets powers of 0.
void Int16Attention::copyValues(Value column) {
  Values inverses = inversesOf(valueScales);
  b.loop(b.index(0), b.ceilDiv(keys, 2), 1, [&](Value pair) {
    for (auto [n, inverse] : llvm::enumerate(inverses)) {
      int64_t d = n * lane(), count = std::min(lane(), spec.headDim - d);
      Values both;
      for (int64_t i = 0; i != 2; ++i) {
        Value row = keyRow(b.add(b.mul(pair, 2), i));
        Value numbers = b.loadVector(v, {row, b.add(column, d)}, count);
        both.push_back(integers(numbers, inverse));
      }
      vector::StoreOp::create(
          b, wordsOf(both[0], both[1]), valueWords,
          ValueRange{b.index(d / lanes), pair, b.index(d % lanes)});
    }
  });
}

void Int16Attention::turnQueries(Value row, Value valid) {
  turnInto(turned, row, valid, [&](Value d) {
    return b.loadVector(keyScales, {b.index(Scale), d});
  });
  Value none = b.index(0);
  for (int64_t v = 0; v != vectors(); ++v) {
    Value place = b.index(v * lane());
    auto numbers = [&](Value d) { return b.loadVector(turned, {d, place}); };
    Value largest =
        b.reduce(none, b.index(spec.headDim), 1, b.splatInt(0),
                 [&](Value d, ValueRange carried) -> Values {
                   return {b.max(carried[0], b.magnitudeBits(numbers(d)))};
                 })[0];
    storeScales(largest, queryScales, place, mostScore(), 1);
    Value inverse = b.loadVector(queryScales, {b.index(Inverse), place});
    b.loop(none, b.index(depth()), 1, [&](Value pair) {
      Values both;
      for (int64_t i = 0; i != 2; ++i)
        both.push_back(integers(numbers(b.add(b.mul(pair, 2), i)), inverse));
      vector::StoreOp::create(b, wordsOf(both[0], both[1]), queryWords,
                              ValueRange{pair, place});
    });
  }
}

/// sum + the products of both numbers of a word.
Value Int16Attention::multiplyAdd(Value word, Value words, Value sum) {
  auto type = VectorType::get(2 * lane(), b.getI16Type());
  auto numbers = [&](Value words) -> Value {
    return vector::BitCastOp::create(b, type, words);
  };
  if (!b.target.int16Dot.empty())
    return b.callIntrinsic(b.target.int16Dot, b.intVectorType(),
                           {sum, numbers(word), numbers(words)});
  Value products = b.callIntrinsic(b.target.pairDot, b.intVectorType(),
                                   {numbers(word), numbers(words)});
  return arith::AddIOp::create(b, sum, products);
}

/// The sums of the words [begin, end), `rows` times `columns` vectors, as f32.
Values Int16Attention::sumsOf(int64_t rows, int64_t columns, Value begin,
                              Value end, int64_t multiple, Word word,
                              Word words) {
  TileOperands operands{rows, columns, word, words};
  auto add = [&](Value word, Value words, Value sum) {
    return multiplyAdd(word, words, sum);
  };
  operands.multiplyAdd = add;
  Values result = emitRankUpdates(
      b, begin, end, multiple, Values(rows * columns, b.splatInt(0)), operands);
  for (Value &sum : result)
    sum = arith::SIToFPOp::create(b, b.vectorType(), sum);
  return result;
}

Values Int16Attention::scoresOf(Value key, int64_t rows) {
  auto word = [&](Value d, int64_t i) {
    return b.load(keyWords, {b.add(key, i), d});
  };
  auto words = [&](Value d, int64_t v) {
    return loadWords(queryWords, {d, b.index(v * lane())});
  };
  Values result = sumsOf(rows, vectors(), b.index(0), b.index(depth()), depth(),
                         word, words);
  if (hasCorrections())
    for (auto [i, score] : llvm::enumerate(result))
      score = b.mulf(score, unitOf(i % vectors()));
  return result;
}

/// A last word of one key meets a power of 0.
Values Int16Attention::emitScores() {
  Values largest = VectorAttention::emitScores();
  for (int64_t v = 0; v != vectors(); ++v)
    b.storeVector(b.splat(-INFINITY), scores, {keys, b.index(v * lane())});
  return largest;
}

/// What a number in `scores` stands for: where nothing is added to scores, they
/// are multiplied by their scale on the way to their power.
Value Int16Attention::unitOf(int64_t vector) {
  return b.loadVector(queryScales, {b.index(Scale), b.index(vector * lane())});
}

/// Words of two keys', and as they are where by-products need them.
Values Int16Attention::emitPowers(ValueRange largest, ValueRange sums,
                                  Value first, Value last) {
  Values units, origins;
  for (int64_t v = 0; v != vectors(); ++v) {
    units.push_back(unitOf(v));
    origins.push_back(b.subf(b.splat(0.0f), b.mulf(largest[v], units.back())));
  }
  auto exponent = [&](Value key, int64_t v) {
    Value score = loadScore(key, v);
    return hasCorrections() ? exponentOf(score, largest[v])
                            : b.fma(score, units[v], origins[v]);
  };
  return b.reduce(first, last, 2, sums, [&](Value key, ValueRange carried) {
    Values next(carried);
    for (int64_t v = 0; v != vectors(); ++v) {
      Value column = b.index(v * lane());
      Values both;
      for (int64_t i = 0; i != 2; ++i) {
        Value j = b.add(key, i);
        Value power = emitCoarseExp2NonPositive(b, exponent(j, v));
        next[v] = b.addf(next[v], power);
        if (spec.hasByProducts())
          b.storeVector(power, scores, {j, column});
        both.push_back(integers(power, b.splat(mostPower)));
      }
      vector::StoreOp::create(b, wordsOf(both[0], both[1]), powers,
                              ValueRange{b.div(key, b.index(2)), column});
    }
    return next;
  });
}

/// Blocks of keys, whose sums are exact, are added one after the other.
Values Int16Attention::valuesOf(Value query, Value tile, Value first,
                                Value last) {
  int64_t columns = b.target.tileVectors();
  auto word = [&](Value pair, int64_t i) {
    return b.load(powers, {pair, b.add(query, i)});
  };
  auto words = [&](Value pair, int64_t v) {
    return loadWords(valueWords, {tile, pair, b.index(v * lane())});
  };
  Values before = sumsBefore(query, tile, first);
  Values result = sumsOf(valueRows(), columns, b.div(first, b.index(2)),
                         b.ceilDiv(last, 2), 1, word, words);
  for (auto [i, sum] : llvm::enumerate(result)) {
    Value d = b.add(b.mul(tile, lanes), int64_t(i) % columns * lane());
    Value scale = b.loadVector(valueScales, {b.index(Scale), d});
    sum = b.fma(sum, scale, before[i]);
  }
  return result;
}

func::FuncOp skim::emitInt16Attention(KernelBuilder &b, ModuleOp module,
                                      const AttentionSpec &spec) {
  return Int16Attention(b, spec).emit(module);
}
