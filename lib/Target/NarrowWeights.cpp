//===- NarrowWeights.cpp - tiles of weights in bf16 and int8 --------------===//
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

static void narrowToInt8(ArrayRef<float> panel, int64_t tile, int64_t depth,
                         const Words &words, std::vector<char> &bytes) {
  for (int64_t n = 0; n != tile; ++n) {
    float largest = 0;
    bool finite = true;
    for (int64_t k = 0; k != depth; ++k) {
      float size = std::fabs(panel[k * tile + n]);
      finite &= std::isfinite(size);
      largest = std::max(largest, size);
    }
    float scale =
        finite ? largest / 127 : std::numeric_limits<float>::quiet_NaN();
    int32_t sum = 0;
    for (int64_t k = 0; k != depth && finite && largest > 0; ++k) {
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

std::vector<char> skim::narrowTile(Dtype dtype, ArrayRef<float> panel,
                                   int64_t tile) {
  int64_t depth = panel.size() / tile;
  Words words(dtype, depth);
  std::vector<char> bytes(words.ofTile() * tile * 4);
  if (dtype == Dtype::Int8)
    narrowToInt8(panel, tile, depth, words, bytes);
  else
    narrowToBf16(panel, tile, depth, bytes);
  return bytes;
}
