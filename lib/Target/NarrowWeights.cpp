//===- NarrowWeights.cpp - tiles of weights in other dtypes --------------===//
// Plain loops: this runs once, when a library is written, and numbers of a tile
// are in L2.
//===----------------------------------------------------------------------===//

#include "NarrowWeights.h"

#include "skim/Codegen/Words.h"
#include <cmath>
#include <cstring>
#include <limits>

using namespace llvm;
using namespace skim;

/// To nearest, ties to even; NaN stays NaN.
static uint16_t roundToBf16(float number) {
  uint32_t bits;
  std::memcpy(&bits, &number, sizeof bits);
  if (std::isnan(number))
    return uint16_t(bits >> 16 | 0x40);
  return uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static void narrowToBf16(ArrayRef<float> panel, int64_t tile, int64_t depth,
                         std::vector<char> &bytes) {
  for (int64_t k = 0; k != depth; ++k)
    for (int64_t n = 0; n != tile; ++n) {
      uint16_t number = roundToBf16(panel[k * tile + n]);
      int64_t place = (k / 2 * tile + n) * 2 + k % 2;
      std::memcpy(&bytes[place * 2], &number, 2);
    }
}

/// Largest |weight| of a column; NaN where one is not finite.
static float largestOf(ArrayRef<float> panel, int64_t tile, int64_t n) {
  float largest = 0;
  for (size_t place = n; place < panel.size(); place += tile) {
    float size = std::fabs(panel[place]);
    if (!std::isfinite(size))
      return std::numeric_limits<float>::quiet_NaN();
    largest = std::max(largest, size);
  }
  return largest;
}

static void narrowToInt8(ArrayRef<float> panel, int64_t tile, int64_t depth,
                         const Words &words, std::vector<char> &bytes) {
  for (int64_t n = 0; n != tile; ++n) {
    float largest = largestOf(panel, tile, n), scale = largest / 127;
    int32_t sum = 0;
    for (int64_t k = 0; k != depth && largest > 0; ++k) {
      // In double: 127 / largest may be too large for a float.
      double exact = panel[k * tile + n] * (127.0 / largest);
      auto number = int8_t(std::nearbyint(exact));
      sum += number;
      bytes[(k / 4 * tile + n) * 4 + k % 4] = char(number);
    }
    sum *= -128;
    std::memcpy(&bytes[(words.count * tile + n) * 4], &scale, 4);
    std::memcpy(&bytes[((words.count + 1) * tile + n) * 4], &sum, 4);
  }
}

/// Tiles of 16 rows of digits that AMX multiplies at once, [steps][3][words of
/// a step], then the scales. A weight is an integer of 24 bits times a power of
/// 2, the smallest for which the column's largest has three digits from -128 to
/// 127; the scale is that power, what the last digit counts.
static void narrowToDigits(ArrayRef<float> panel, int64_t tile,
                           const Words &words, std::vector<char> &bytes) {
  constexpr int64_t digits = Words::weightDigits;
  constexpr double most = 0x7f7f7f;
  int64_t depth = panel.size() / tile, step = evenStep(words.count);
  for (int64_t n = 0; n != tile; ++n) {
    float largest = largestOf(panel, tile, n);
    int exponent = -100;
    if (largest > 0)
      std::frexp(largest, &exponent);
    exponent = std::max(exponent, -100) - 23;
    exponent += std::nearbyint(std::ldexp(double(largest), -exponent)) > most;
    float scale = std::isnan(largest) ? largest : std::ldexp(1.0f, exponent);
    const double factor = std::ldexp(1.0, -exponent);
    for (int64_t k = 0; k != depth && largest > 0; ++k) {
      auto whole = int32_t(std::nearbyint(panel[k * tile + n] * factor));
      whole = (whole + 0x8080) ^ 0x8080;
      int64_t word = k / 4, line = word / step * digits * step + word % step;
      for (int64_t digit = 0; digit != digits; ++digit)
        bytes[((line + digit * step) * tile + n) * 4 + k % 4] =
            char(whole >> 8 * (digits - 1 - digit));
    }
    std::memcpy(&bytes[(digits * words.count * tile + n) * 4], &scale, 4);
  }
}

std::vector<char> skim::narrowTile(Dtype dtype, ArrayRef<float> panel,
                                   int64_t tile) {
  int64_t depth = panel.size() / tile;
  Words words(dtype, depth);
  std::vector<char> bytes(words.ofTile() * tile * 4);
  if (dtype == Dtype::Int8)
    narrowToInt8(panel, tile, depth, words, bytes);
  else if (dtype == Dtype::Int8x3)
    narrowToDigits(panel, tile, words, bytes);
  else
    narrowToBf16(panel, tile, depth, bytes);
  return bytes;
}

std::vector<char> skim::integerTile(ArrayRef<char> panel, int64_t tile,
                                    ArrayRef<IntegerColumn> columns) {
  int64_t depth = panel.size() / tile;
  Words words(Dtype::Uint8, depth);
  std::vector<char> bytes(words.ofTile() * tile * 4);
  auto store = [&](int64_t line, int64_t n, auto word) {
    static_assert(sizeof word == 4);
    std::memcpy(&bytes[(line * tile + n) * 4], &word, 4);
  };
  for (auto [n, column] : llvm::enumerate(columns)) {
    int32_t sum = 0;
    for (int64_t k = 0; k != depth; ++k) {
      auto number =
          int8_t(panel[k * tile + n] ^ (column.isUnsigned ? 0x80 : 0));
      sum += number;
      bytes[(k / 4 * tile + n) * 4 + k % 4] = number;
    }
    store(words.count, n, column.scale);
    store(words.count + 1, n, -sum);
    store(words.count + 2, n, int32_t(column.zeroPoint));
  }
  return bytes;
}
