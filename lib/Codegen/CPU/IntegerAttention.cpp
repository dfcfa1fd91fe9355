//===- IntegerAttention.cpp - attention by products of integers -----------===//
//
// What is computed: what Attention.cpp says, but that each operand of the two
// products is an integer times a scale, and sums of products are exact:
//
//   k[j, d] = K[j, d] * a[d] + m[d]
//                           a[d] = max over j of |k[j, d] - m[d]| / R
//   scale * q[i, d] * a[d] = Q[i, d] * c[i]
//                           c[i] = max over d of it / R
//   s[i, j] = (sum over d of Q[i, d] * K[j, d]) * c[i]
//   p[i, j] = exp(s[i, j] - max over j of s[i, j])      within 3e-6 of it, or
//                                                       a 128th of an octave
//   v[j, d] = V[j, d] * e[d]            e[d] = max over j of |v[j, d]| / S
//   p[i, j] = P[i, j] / 4096            of the powers, 1 at the most
//
// with K, Q, V and P rounded to the nearest. The centre m[d] lies halfway
// between the least and the largest number of a column of keys; it adds the
// same to all scores of a query, which changes no power, so it is left out. R
// is 127 in int8; else the largest number, 32767 at the most, for which D
// products of two cannot overflow an int32, and S the one for which a block of
// keys cannot. So columns of keys and values that are far larger than others,
// or lie far from 0, cost those nothing. Softmax, its sums and by-products are
// of fp32 numbers, but that powers are a polynomial of fewer terms. In int8,
// with AVX-512 and where nothing is added to scores, powers and their sums are
// of the integers P, from 64 of them an octave: a score of bytes is not as near
// as that. By-products have powers as above, divided by that sum.
//
// A column of values whose largest number is below 2^-100 counts as zeros, and
// so do a query and the distances of keys from their centre; one with an
// infinite number or NaN gives NaN: its scale is NaN.
//
// How it is scheduled: as Attention.cpp says, over words of two numbers, which
// vpdpwssd multiplies and adds at once where a multiply-add takes one. Words of
// queries and keys hold two neighbours of d, words of powers and values those
// of two keys. Scores of int8 have words of four, for vpdpbusd, where the
// processor has it: keys are 128 too large, since it takes unsigned numbers
// there, and sums begin at -128 times those of the query. Without it the same
// integers are multiplied by twos. Before, a task goes over its keys and values
// once more, to find their ranges.
//
// Each step of scores asks for a line of the keys of the next tile. That is
// what keeps LLVM from loading all words of four steps before it multiplies any
// and storing them on the stack, which took a fifth of the whole kernel.
//
// A vector of scores costs D / 4 products (D / 2 without bytes) for itself and
// D / 2 for its share of the values where multiply-adds take 2 D, and some ten
// operations on the same two units for its power, or seven where it is looked
// up: scores then begin at 1.5 * 2^23 as bits of a float, so that none is
// converted. Measured (380 keys, D = 32, Emerald Rapids, int8): 0.47 of the
// time of multiply-adds, 0.52 with powers as polynomials. Of that scores took
// 23%, powers 26%, values 35%, each within a tenth of what its operations take,
// copying and turning 15%.
//===----------------------------------------------------------------------===//

#include "IntegerAttention.h"

#include "Avx512Math.h"
#include "IntegerScales.h"
#include "IntegerWords.h"
#include "RankUpdates.h"
#include "VectorAttention.h"
#include "VectorMath.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace mlir;
using namespace skim;

/// Of a power of 1.
static constexpr float mostPower = 4096;
/// What the upper half of a lower number's bits has besides its integer, that
/// of the one above makes up for.
static constexpr float upperMagic = toIntegerMagic + (0x10000 - 0x4b40);

/// Numbers in a word of queries or keys.
static int64_t perWord(const TargetInfo &target, const AttentionSpec &spec) {
  return spec.products == AttentionProducts::Int8 && !target.int8Dot.empty()
             ? 4
             : 2;
}

namespace {
/// Where things lie behind the beginning of a panel's memory, in bytes.
struct PanelPlaces {
  PanelPlaces(const TargetInfo &target, const AttentionSpec &spec)
      : width(llvm::alignTo(spec.headDim, target.tileColumns)),
        words(width * target.tileColumns * 4),
        scales(words + width / perWord(target, spec) * target.tileColumns * 4),
        lanes(scales + 5 * width * 4),
        offsets(lanes + 2 * target.tileColumns * 4),
        end(offsets + target.tileColumns * 4) {}
  int64_t width;
  int64_t words;   ///< behind the turned queries
  int64_t scales;  ///< rows of ScaleRow: three of keys, two of values
  int64_t lanes;   ///< scales and inverses of the panel's queries
  int64_t offsets; ///< where the sums of their scores begin
  int64_t end;
};

class IntegerAttention : public VectorAttention {
public:
  IntegerAttention(KernelBuilder &b, const AttentionSpec &spec)
      : VectorAttention(b, spec, integerAttentionSizes(b.target, spec)) {}

private:
  void prepare(const AttentionScratch &places) override;
  void copyHead(Value column) override;
  void turnQueries(Value row, Value valid) override;
  Values emitScores() override;
  Values scoresOf(Value key, int64_t rows) override;
  Values emitPowers(ValueRange largest, ValueRange sums, Value first,
                    Value last) override;
  Values valuesOf(Value query, Value tile, Value first, Value last) override;

  /// Of the columns of the task's keys or values.
  SmallVector<ColumnRange> rangesOf(Value from, Value column) {
    return findRanges(b, from, firstKeyRow, keys, column, spec.headDim);
  }
  /// Whether powers are looked up as integers: what is nearer than that is lost
  /// in scores of bytes.
  bool looksUpPowers() const {
    return spec.products == AttentionProducts::Int8 && !spec.changesScores() &&
           b.target.hasAvx512Math && spec.headDim <= 256;
  }
  /// Scores are then below 2^22: with this more, an integer's bits are those of
  /// `toIntegerMagic` and the score as a float, and differences are exact.
  int32_t scoresBegin() const { return looksUpPowers() ? 0x4b400000 : 0; }
  Values lookUpPowers(ValueRange largest, ValueRange sums, Value first,
                      Value last);
  void storePower(Value key, int64_t vector, Value power);
  void findKeyScales(Value column);
  void findValueScales(Value column);
  Values columnsOf(Value scales, int64_t row);
  void findOffsets(Value place);
  void copyKeys(Value column);
  void copyValues(Value column);
  Value wordsOfTwo(Value lower, Value upper);
  Value wordsOfPowers(Value first, Value second);
  Value loadWords(Value from, ValueRange place) {
    return vector::LoadOp::create(b, b.intVectorType(), from, place);
  }
  Value unitOf(int64_t vector);

  /// S follows from it: the same for all processors.
  int64_t keyBlock() const override { return 256; }
  /// Each block's sums are rounded, so blocks stay the same.
  int64_t firstKeyMultiple() const override { return keyBlock(); }
  int64_t lane() const { return b.target.vectorWidth; }
  /// Words of a row of queries or keys.
  int64_t depth() const {
    return llvm::divideCeil(spec.headDim, numbersInWord);
  }
  bool ofBytes() const { return numbersInWord == 4; }
  /// R and S.
  float mostScore() const {
    if (spec.products == AttentionProducts::Int8)
      return 127;
    double root = std::sqrt(double(INT32_MAX) / spec.headDim);
    return std::min(32767.0, std::floor(root));
  }
  float mostValue() const {
    double each = INT32_MAX / (keyBlock() * double(mostPower));
    return std::min(32767.0, std::floor(each));
  }

  const int64_t numbersInWord = perWord(b.target, spec);
  // Views of the scratch memory.
  Value turned, queryWords, queryScales, queryOffsets, keyScales, valueScales,
      keyNumbers, keyWords, valueWords, powers;
};
} // namespace

AttentionScratch::Sizes skim::integerAttentionSizes(const TargetInfo &target,
                                                    const AttentionSpec &spec) {
  PanelPlaces places(target, spec);
  // Words of powers lie behind the keys.
  int64_t key = places.width / perWord(target, spec) * 4;
  return {places.end, key + target.tileColumns * 2, places.width * 2, 4};
}

void IntegerAttention::prepare(const AttentionScratch &places) {
  constexpr int64_t any = ShapedType::kDynamic;
  PanelPlaces panel(b.target, spec);
  Type word = b.getI32Type(), number = b.getF32Type();
  Type ofKey = b.getIntegerType(32 / numbersInWord);
  Value none = b.index(0), count = places.paddedKeys;
  Value pairs = b.div(count, b.index(2));
  int64_t words = width / numbersInWord;
  turned = viewOf(places.panel, none, {width, lanes}, number);
  queryWords = viewOf(places.panel, b.index(panel.words), {words, lanes}, word);
  keyScales = viewOf(places.panel, b.index(panel.scales), {3, width}, number);
  valueScales = viewOf(places.panel, b.index(panel.scales + 3 * width * 4),
                       {2, width}, number);
  queryScales = viewOf(places.panel, b.index(panel.lanes), {2, lanes}, number);
  queryOffsets = viewOf(places.panel, b.index(panel.offsets), {lanes}, word);
  keyNumbers = viewOf(places.keyRows, none, {any, width}, ofKey, count);
  keyWords = viewOf(places.keyRows, none, {any, words}, word, count);
  powers = viewOf(places.keyRows, b.mul(count, words * 4), {any, lanes}, word,
                  pairs);
  // A tile of columns after the other, as packed weights lie.
  valueWords =
      viewOf(places.valueRows, none, {width / lanes, any, lanes}, word, pairs);
}

/// A column's numbers are as far below its centre as above it.
void IntegerAttention::findKeyScales(Value column) {
  Value half = b.splat(0.5f);
  for (auto [i, range] : llvm::enumerate(rangesOf(k, column))) {
    Value centre = b.addf(b.mulf(range.low, half), b.mulf(range.high, half));
    Value below = b.subf(centre, range.low), above = b.subf(range.high, centre);
    // Of numbers that are not finite the bits say so.
    Value finite = b.less(range.magnitude, b.splatInt(0x7f800000));
    Value bits =
        b.select(finite, b.bitsOf(b.maxf(below, above)), range.magnitude);
    Value place = b.index(i * lane());
    storeScales(b, bits, keyScales, place, mostScore(), queryScale());
    b.storeVector(centre, keyScales, {b.index(Centre), place});
  }
}

void IntegerAttention::findValueScales(Value column) {
  for (auto [i, range] : llvm::enumerate(rangesOf(v, column)))
    storeScales(b, range.magnitude, valueScales, b.index(i * lane()),
                mostValue(), 1 / mostPower);
}

void IntegerAttention::copyHead(Value column) {
  Value keyColumn = b.add(column, spec.kColumn);
  Value valueColumn = b.add(column, spec.vColumn);
  findKeyScales(keyColumn);
  findValueScales(valueColumn);
  copyKeys(keyColumn);
  copyValues(valueColumn);
}

/// What row `row` of the scales has for the columns, a vector after the other.
Values IntegerAttention::columnsOf(Value scales, int64_t row) {
  Values result;
  for (int64_t d = 0; d < spec.headDim; d += lane())
    result.push_back(b.loadVector(scales, {b.index(row), b.index(d)}));
  return result;
}

/// Bytes are 128 too large, so that they are unsigned.
void IntegerAttention::copyKeys(Value column) {
  auto narrow = VectorType::get(lane(), b.getIntegerType(32 / numbersInWord));
  Values inverses = columnsOf(keyScales, Inverse);
  Values centres = columnsOf(keyScales, Centre);
  Value raise = b.splatInt(ofBytes() ? 128 : 0);
  b.loop(b.index(0), scoredKeys(), 1, [&](Value j) {
    for (auto [i, inverse] : llvm::enumerate(inverses)) {
      int64_t d = i * lane(), count = std::min(lane(), spec.headDim - d);
      Value numbers = b.loadVector(k, {keyRow(j), b.add(column, d)}, count);
      Value whole = toIntegers(b, b.subf(numbers, centres[i]), inverse);
      whole = arith::TruncIOp::create(b, narrow,
                                      arith::AddIOp::create(b, whole, raise));
      vector::StoreOp::create(b, whole, keyNumbers, ValueRange{j, b.index(d)});
    }
  });
}

/// Words of two keys. What is beyond the last meets powers of 0.
void IntegerAttention::copyValues(Value column) {
  Values inverses = columnsOf(valueScales, Inverse);
  b.loop(b.index(0), b.ceilDiv(keys, 2), 1, [&](Value pair) {
    for (auto [n, inverse] : llvm::enumerate(inverses)) {
      int64_t d = n * lane(), count = std::min(lane(), spec.headDim - d);
      Values both;
      for (int64_t i = 0; i != 2; ++i) {
        Value row = keyRow(b.add(b.mul(pair, 2), i));
        Value numbers = b.loadVector(v, {row, b.add(column, d)}, count);
        both.push_back(toIntegers(b, numbers, inverse));
      }
      vector::StoreOp::create(
          b, wordsOf(b, both), valueWords,
          ValueRange{b.index(d / lanes), pair, b.index(d % lanes)});
    }
  });
}

void IntegerAttention::turnQueries(Value row, Value valid) {
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
    storeScales(b, largest, queryScales, place, mostScore(), 1);
    Value inverse = b.loadVector(queryScales, {b.index(Inverse), place});
    b.loop(none, b.index(depth()), 1, [&](Value word) {
      Values parts;
      for (int64_t i = 0; i != numbersInWord; ++i) {
        Value d = b.add(b.mul(word, numbersInWord), i);
        parts.push_back(toIntegers(b, numbers(d), inverse));
      }
      vector::StoreOp::create(b, wordsOf(b, parts), queryWords,
                              ValueRange{word, place});
    });
    if (ofBytes())
      findOffsets(place);
  }
}

/// -128 times the sum of each query's numbers, for what bytes are too large,
/// beside what scores begin with.
void IntegerAttention::findOffsets(Value place) {
  Value raise = b.splatInt(int32_t(0x80808080));
  Value sum = b.reduce(b.index(0), b.index(depth()), 1, b.splatInt(0),
                       [&](Value word, ValueRange carried) -> Values {
                         Value words = loadWords(queryWords, {word, place});
                         return {multiplyAddBytes(b, raise, words, carried[0])};
                       })[0];
  Value begin = b.splatInt(scoresBegin());
  vector::StoreOp::create(b, arith::SubIOp::create(b, begin, sum), queryOffsets,
                          place);
}

Values IntegerAttention::scoresOf(Value key, int64_t rows) {
  auto word = [&](Value d, int64_t i) {
    return b.load(keyWords, {b.add(key, i), d});
  };
  int64_t rowsOfLine = std::max<int64_t>(1, 64 / (width / numbersInWord * 4));
  auto words = [&](Value d, int64_t v) {
    if (v == 0)
      b.prefetch(keyWords,
                 {b.add(b.add(key, rows), b.mul(d, rowsOfLine)), b.index(0)},
                 true);
    return loadWords(queryWords, {d, b.index(v * lane())});
  };
  auto add = [&](Value word, Value words, Value sum) {
    return ofBytes() ? multiplyAddBytes(b, word, words, sum)
                     : multiplyAddPairs(b, word, words, sum);
  };
  Values before;
  for (int64_t i = 0; i != rows * vectors(); ++i)
    before.push_back(
        ofBytes() ? loadWords(queryOffsets, b.index(i % vectors() * lane()))
                  : b.splatInt(scoresBegin()));
  Values result =
      emitRankUpdates(b, b.index(0), b.index(depth()), depth(), before,
                      TileOperands{rows, vectors(), word, words, nullptr, add});
  for (auto [i, score] : llvm::enumerate(result)) {
    score = looksUpPowers() ? b.floatsOf(score)
                            : arith::SIToFPOp::create(b, b.vectorType(), score);
    if (spec.changesScores())
      score = b.mulf(score, unitOf(i % vectors()));
  }
  return result;
}

/// A last word of one key meets a power of 0.
Values IntegerAttention::emitScores() {
  Values largest = VectorAttention::emitScores();
  for (int64_t v = 0; v != vectors(); ++v)
    b.storeVector(b.splat(-INFINITY), scores, {keys, b.index(v * lane())});
  return largest;
}

/// What a number in `scores` stands for: where nothing is added to scores, they
/// are multiplied by their scale on the way to their power.
Value IntegerAttention::unitOf(int64_t vector) {
  return b.loadVector(queryScales, {b.index(Scale), b.index(vector * lane())});
}

/// The words of two vectors of integers, to which `toIntegerMagic` and
/// `upperMagic` were added.
Value IntegerAttention::wordsOfTwo(Value lower, Value upper) {
  upper = arith::ShLIOp::create(b, b.bitsOf(upper), b.splatInt(16));
  return arith::AddIOp::create(b, b.bitsOf(lower), upper);
}

/// For by-products, which are of fp32 numbers.
void IntegerAttention::storePower(Value key, int64_t vector, Value power) {
  b.storeVector(power, scores, {key, b.index(vector * lane())});
}

/// Words of two keys' powers of two, looked up by how many 64ths of an octave
/// their scores are below the largest. Beyond 1023 of these they are 0.
Values IntegerAttention::lookUpPowers(ValueRange largest, ValueRange sums,
                                      Value first, Value last) {
  Values units;
  for (int64_t v = 0; v != vectors(); ++v)
    units.push_back(unitOf(v));
  // As integers with the magic number's bits above them.
  auto distance = [&](Value score, int64_t v, float magic) {
    Value below = b.subf(largest[v], score);
    Value unit = b.mulf(units[v], b.splat(64.0f));
    return b.minf(b.fma(below, unit, b.splat(magic)), b.splat(magic + 1023));
  };
  Value ones = b.splatInt(0x10001);
  Values none(vectors(), b.splatInt(0));
  Values found =
      b.reduce(first, last, 2, none, [&](Value key, ValueRange carried) {
        Values next;
        for (int64_t v = 0; v != vectors(); ++v) {
          Value second = b.add(key, 1);
          Values both = {loadScore(key, v), loadScore(second, v)};
          Value words = emitAvx512Powers(
              b, wordsOfTwo(distance(both[0], v, toIntegerMagic),
                            distance(both[1], v, upperMagic)));
          vector::StoreOp::create(
              b, words, powers,
              ValueRange{b.div(key, b.index(2)), b.index(v * lane())});
          next.push_back(multiplyAddPairs(b, ones, words, carried[v]));
          for (int64_t i = 0; i != 2 && spec.hasByProducts(); ++i) {
            Value exponent = b.mulf(b.subf(both[i], largest[v]), units[v]);
            storePower(b.add(key, i), v,
                       emitCoarseExp2NonPositive(b, exponent));
          }
        }
        return next;
      });
  Values result;
  for (auto [sum, before] : llvm::zip_equal(found, sums)) {
    Value number = arith::SIToFPOp::create(b, b.vectorType(), sum);
    result.push_back(b.fma(number, b.splat(1 / mostPower), before));
  }
  return result;
}

/// Words of two keys', and as they are where by-products need them.
Values IntegerAttention::emitPowers(ValueRange largest, ValueRange sums,
                                    Value first, Value last) {
  if (looksUpPowers())
    return lookUpPowers(largest, sums, first, last);
  Values units, origins;
  for (int64_t v = 0; v != vectors(); ++v) {
    units.push_back(unitOf(v));
    origins.push_back(b.subf(b.splat(0.0f), b.mulf(largest[v], units.back())));
  }
  auto exponent = [&](Value key, int64_t v) {
    Value score = loadScore(key, v);
    return spec.changesScores() ? exponentOf(score, largest[v])
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
          storePower(j, v, power);
        both.push_back(power);
      }
      vector::StoreOp::create(b, wordsOfPowers(both[0], both[1]), powers,
                              ValueRange{b.div(key, b.index(2)), column});
    }
    return next;
  });
}

/// The words of two keys' powers.
Value IntegerAttention::wordsOfPowers(Value first, Value second) {
  Value most = b.splat(mostPower);
  return wordsOfTwo(b.fma(first, most, b.splat(toIntegerMagic)),
                    b.fma(second, most, b.splat(upperMagic)));
}

/// Blocks of keys, whose sums are exact, are added one after the other.
Values IntegerAttention::valuesOf(Value query, Value tile, Value first,
                                  Value last) {
  int64_t columns = b.target.tileVectors();
  auto word = [&](Value pair, int64_t i) {
    return b.load(powers, {pair, b.add(query, i)});
  };
  auto words = [&](Value pair, int64_t v) {
    return loadWords(valueWords, {tile, pair, b.index(v * lane())});
  };
  auto add = [&](Value word, Value words, Value sum) {
    return multiplyAddPairs(b, word, words, sum);
  };
  Values before = sumsBefore(query, tile, first);
  Values result = emitRankUpdates(
      b, b.div(first, b.index(2)), b.ceilDiv(last, 2), 1,
      Values(valueRows() * columns, b.splatInt(0)),
      TileOperands{valueRows(), columns, word, words, nullptr, add});
  for (auto [i, sum] : llvm::enumerate(result)) {
    Value d = b.add(b.mul(tile, lanes), int64_t(i) % columns * lane());
    Value scale = b.loadVector(valueScales, {b.index(Scale), d});
    sum = arith::SIToFPOp::create(b, b.vectorType(), sum);
    sum = b.fma(sum, scale, before[i]);
  }
  return result;
}

func::FuncOp skim::emitIntegerAttention(KernelBuilder &b, ModuleOp module,
                                        const AttentionSpec &spec) {
  return IntegerAttention(b, spec).emit(module);
}
