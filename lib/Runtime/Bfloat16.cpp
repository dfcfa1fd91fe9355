//===- Bfloat16.cpp - rounding to bfloat16 --------------------------------===//
// What LLVM calls where a processor cannot do so itself; libgcc has it only
// from GCC 13 on. In compiled libraries alone.
//===----------------------------------------------------------------------===//

#include <cstdint>
#include <cstring>

/// To the nearest, ties to even. NaNs stay NaNs and become quiet.
extern "C" __bf16 __truncsfbf2(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  bool isNan = (bits & 0x7fffffffu) > 0x7f800000u;
  uint32_t rounded =
      isNan ? bits | 0x00400000u : bits + 0x7fffu + ((bits >> 16) & 1);
  uint16_t high = static_cast<uint16_t>(rounded >> 16);
  __bf16 result;
  std::memcpy(&result, &high, sizeof(result));
  return result;
}
