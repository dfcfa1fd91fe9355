//===- InstructionEmulator.cpp - what this processor lacks ----------------===//
// VEX and EVEX prefixes, operands, and what the operations compute. Anything
// else than what is written here ends the process as it would without.
//===----------------------------------------------------------------------===//

#include "InstructionEmulator.h"

#if defined(__x86_64__) && defined(__linux__)

#include "KernelHarness.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Compiler.h"

#include <array>
#include <cpuid.h>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <optional>
#include <ucontext.h>

using namespace skim;

namespace {
//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

/// Which of the four prefixes of an operation (the field pp).
enum Prefix { None, Prefix66, PrefixF3, PrefixF2 };

/// An instruction of the map 0F38, VEX or EVEX.
struct Instruction {
  static std::optional<Instruction> decode(const ucontext_t &context);

  bool isEvex;
  uint8_t opcode;
  int prefix;
  int bytes;        ///< of a vector
  int first, third; ///< registers: ModRM.reg, and ModRM.rm if not memory
  int second;       ///< vvvv
  bool isMemory, broadcasts, zeroes;
  int mask;        ///< k register; 0: none
  int64_t address; ///< without the index, if it is memory
  int64_t index;   ///< index times scale: the stride of a tile's rows
  const char *end; ///< the next instruction

  /// Memory `offset` bytes behind `address`, which may be 0: it is the index
  /// then that points.
  char *memory(int64_t offset) const {
    return reinterpret_cast<char *>(address + offset);
  }

private:
  /// Reads ModRM, SIB and displacement.
  void readOperand(const ucontext_t &context, const uint8_t *code, int r, int x,
                   int b, int displacementUnit);
};

int64_t registerOf(const ucontext_t &context, int number) {
  static const int places[] = {
      REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
      REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
  return context.uc_mcontext.gregs[places[number]];
}

template <typename T> T load(const void *from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

std::optional<Instruction> Instruction::decode(const ucontext_t &context) {
  auto *code =
      reinterpret_cast<const uint8_t *>(context.uc_mcontext.gregs[REG_RIP]);
  Instruction of = {};
  constexpr int map0F38 = 2;
  int r = !(code[1] >> 7 & 1), x = !(code[1] >> 6 & 1), b = !(code[1] >> 5 & 1);
  of.second = ~code[2] >> 3 & 15;
  of.prefix = code[2] & 3;
  if (code[0] == 0xc4 && (code[1] & 31) == map0F38) {
    of.opcode = code[3];
    of.readOperand(context, code + 4, r, x, b, 1);
    return of;
  }
  if (code[0] != 0x62 || (code[1] & 7) != map0F38)
    return std::nullopt;
  of.isEvex = true;
  of.second |= !(code[3] >> 3 & 1) << 4;
  of.zeroes = code[3] >> 7;
  of.bytes = 16 << (code[3] >> 5 & 3);
  of.broadcasts = code[3] >> 4 & 1;
  of.mask = code[3] & 7;
  of.opcode = code[4];
  of.readOperand(context, code + 5, r, x, b, of.broadcasts ? 4 : of.bytes);
  of.first |= !(code[1] >> 4 & 1) << 4;
  if (!of.isMemory)
    of.third |= x << 4;
  return of;
}

void Instruction::readOperand(const ucontext_t &context, const uint8_t *code,
                              int r, int x, int b, int displacementUnit) {
  int form = *code >> 6, rm = *code & 7;
  first = (*code >> 3 & 7) | r << 3;
  third = rm | b << 3;
  isMemory = form != 3;
  ++code;
  int64_t base = 0, displacement = 0;
  bool isWide = form == 2;
  if (isMemory && rm == 4) {
    int indexRegister = (*code >> 3 & 7) | x << 3, baseRegister = *code & 7;
    if (indexRegister != 4)
      index = registerOf(context, indexRegister) << (*code >> 6);
    bool hasBase = form != 0 || baseRegister != 5;
    if (hasBase)
      base = registerOf(context, baseRegister | b << 3);
    isWide |= !hasBase;
    ++code;
  } else if (isMemory && form == 0 && rm == 5) {
    isWide = true; // from the end of the instruction
    base = reinterpret_cast<int64_t>(code + 4);
  } else if (isMemory) {
    base = registerOf(context, third);
  }
  if (isWide) {
    displacement = load<int32_t>(code);
    code += 4;
  } else if (form == 1) {
    displacement = int64_t(int8_t(*code++)) * displacementUnit;
  }
  address = base + displacement;
  end = reinterpret_cast<const char *>(code);
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

/// Both sets of instructions take and give zeros for subnormal numbers.
float flush(float x) {
  return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x;
}

float fromBf16(const void *from) {
  return flush(test::fromBits(uint32_t(load<uint16_t>(from)) << 16));
}

uint16_t toBf16(float x) {
  return test::bitsOf(test::roundToBf16(flush(x))) >> 16;
}

/// sum + x * y of two numbers in bf16, rounded once.
float multiplyAdd(float sum, const void *x, const void *y) {
  return flush(std::fma(fromBf16(x), fromBf16(y), sum));
}

//===----------------------------------------------------------------------===//
// AMX
//===----------------------------------------------------------------------===//

/// The tile registers of a thread.
class Tiles {
public:
  /// Whether it was an instruction of AMX.
  bool run(const Instruction &of);

private:
  /// What ldtilecfg reads.
  struct Configuration {
    uint8_t palette, startRow, reserved[14];
    uint16_t rowBytes[16];
    uint8_t rows[16];
  };
  static_assert(sizeof(Configuration) == 64);

  bool configure(const Instruction &of);
  bool move(const Instruction &of);
  bool multiply(const Instruction &of);
  void addBf16(const Instruction &of, int row, int column);
  void addBytes(const Instruction &of, int row);

  Configuration configuration = {};
  char data[8][16][64] = {};
};

bool Tiles::run(const Instruction &of) {
  switch (of.opcode) {
  case 0x49:
    return configure(of);
  case 0x4b:
    return move(of);
  case 0x5c:
  case 0x5e:
    return multiply(of);
  default:
    return false;
  }
}

/// ldtilecfg, tilerelease and tilezero.
bool Tiles::configure(const Instruction &of) {
  if (!of.isMemory && of.prefix == PrefixF2) {
    std::memset(data[of.first], 0, sizeof data[0]);
    return true;
  }
  if (of.prefix != None)
    return false;
  *this = Tiles();
  if (of.isMemory)
    configuration = load<Configuration>(of.memory(of.index));
  return llvm::all_of(configuration.rows, [](int n) { return n <= 16; }) &&
         llvm::all_of(configuration.rowBytes, [](int n) { return n <= 64; });
}

/// tileloadd, tileloaddt1 and tilestored.
bool Tiles::move(const Instruction &of) {
  int rows = configuration.rows[of.first];
  int bytes = configuration.rowBytes[of.first];
  if (!of.isMemory || of.prefix == None || !rows || !bytes)
    return false;
  bool stores = of.prefix == PrefixF3;
  if (!stores)
    std::memset(data[of.first], 0, sizeof data[0]);
  for (int row = 0; row != rows; ++row) {
    char *memory = of.memory(row * of.index), *tile = data[of.first][row];
    std::memcpy(stores ? memory : tile, stores ? tile : memory, bytes);
  }
  return true;
}

/// tdpbf16ps, and of signed and unsigned bytes tdpbssd and its kin.
bool Tiles::multiply(const Instruction &of) {
  const uint8_t *rows = configuration.rows;
  const uint16_t *bytes = configuration.rowBytes;
  bool isBf16 = of.opcode == 0x5c;
  if (of.isMemory || (isBf16 && of.prefix != PrefixF3) ||
      rows[of.first] != rows[of.third] || bytes[of.first] != bytes[of.second] ||
      bytes[of.third] != 4 * rows[of.second])
    return false;
  for (int row = 0; row != rows[of.first]; ++row) {
    if (!isBf16)
      addBytes(of, row);
    for (int column = 0; isBf16 && column != bytes[of.first] / 4; ++column)
      addBf16(of, row, column);
  }
  for (int row = rows[of.first]; row != 16; ++row)
    std::memset(data[of.first][row], 0, 64);
  return true;
}

/// Adds a row of the third operand times a column of the second one.
void Tiles::addBf16(const Instruction &of, int row, int column) {
  char *sum = &data[of.first][row][4 * column];
  float even = 0, odd = 0;
  for (int k = 0; k != configuration.rows[of.second]; ++k) {
    const char *x = &data[of.third][row][4 * k];
    const char *y = &data[of.second][k][4 * column];
    even = multiplyAdd(even, x, y);
    odd = multiplyAdd(odd, x + 2, y + 2);
  }
  float total = flush(flush(load<float>(sum)) + flush(even + odd));
  std::memcpy(sum, &total, 4);
}

/// Adds a row of the third operand times the second one: all columns at once,
/// and, as the tiles are large enough, unchecked, since the tests' time is
/// here.
LLVM_NO_SANITIZE("address")
void Tiles::addBytes(const Instruction &of, int row) {
  bool isFirstSigned = of.prefix == PrefixF2 || of.prefix == PrefixF3;
  bool isSecondSigned = of.prefix == PrefixF2 || of.prefix == Prefix66;
  // An unsigned byte with its upper bit flipped is 128 less as a signed one.
  uint8_t flipX = isFirstSigned ? 0 : 128, flipY = isSecondSigned ? 0 : 128;
  uint32_t sums[16];
  std::memcpy(sums, data[of.first][row], sizeof sums);
  for (int k = 0; k != configuration.rows[of.second]; ++k)
    for (int i = 0; i != 4; ++i) {
      int32_t x = int8_t(data[of.third][row][4 * k + i] ^ flipX) + flipX;
      const char *y = &data[of.second][k][i];
      for (int column = 0; column != 16; ++column)
        sums[column] += x * (int8_t(y[4 * column] ^ flipY) + flipY);
    }
  std::memcpy(data[of.first][row], sums, configuration.rowBytes[of.first]);
}

//===----------------------------------------------------------------------===//
// AVX512-BF16
//===----------------------------------------------------------------------===//

/// A vector register, or memory of the same size.
struct Vector {
  template <typename T> T at(int i) const { return load<T>(bytes + i * 4); }
  char bytes[64] = {};
};

/// Registers of the interrupted thread, in the standard form of xsave.
class SavedRegisters {
public:
  explicit SavedRegisters(const ucontext_t &context)
      : area(reinterpret_cast<char *>(context.uc_mcontext.fpregs)) {}

  Vector vector(int number) {
    Vector result;
    char *to = result.bytes;
    for (auto [from, size] : piecesOf(number))
      to = std::copy_n(from, size, to);
    return result;
  }
  void setVector(int number, const Vector &value) {
    // Says that the pieces are there; a register may have been all zero.
    constexpr uint64_t zmmState = 0xe6;
    uint64_t states = load<uint64_t>(area + headerOffset) | zmmState;
    std::memcpy(area + headerOffset, &states, sizeof states);
    const char *from = value.bytes;
    for (auto [to, size] : piecesOf(number)) {
      std::copy_n(from, size, to);
      from += size;
    }
  }
  uint64_t mask(int number) {
    return load<uint64_t>(area + offsetOf(Masks) + 8 * number);
  }

private:
  enum Component { UpperYmm = 2, Masks = 5, UpperZmm = 6, OtherZmm = 7 };
  struct Piece {
    char *place;
    int size;
  };
  static constexpr int headerOffset = 512;

  static constexpr int numComponents = 8;

  /// Asked for once: cpuid takes long on a virtual machine.
  static uint32_t offsetOf(Component component) {
    static const auto offsets = [] {
      std::array<uint32_t, numComponents> result;
      for (int i = 0; i != numComponents; ++i) {
        uint32_t eax, ecx, edx;
        __cpuid_count(0xd, i, eax, result[i], ecx, edx);
      }
      return result;
    }();
    return offsets[component];
  }
  llvm::SmallVector<Piece, 3> piecesOf(int number) {
    constexpr int xmmOffset = 160;
    if (number >= 16)
      return {{area + offsetOf(OtherZmm) + 64 * (number - 16), 64}};
    return {{area + xmmOffset + 16 * number, 16},
            {area + offsetOf(UpperYmm) + 16 * number, 16},
            {area + offsetOf(UpperZmm) + 32 * number, 32}};
  }

  char *area;
};

/// Whether an instruction with EVEX was one of AVX512-BF16.
bool runBf16(const Instruction &of, SavedRegisters registers) {
  bool isDot = of.opcode == 0x52 && of.prefix == PrefixF3;
  bool isConversion = of.opcode == 0x72 && of.prefix == PrefixF3;
  bool isPair = of.opcode == 0x72 && of.prefix == PrefixF2;
  if (!(isDot || isConversion || isPair))
    return false;
  Vector before = registers.vector(of.first), result, x, y;
  x = registers.vector(of.second);
  if (!of.isMemory)
    y = registers.vector(of.third);
  for (int i = 0; of.isMemory && i != of.bytes; i += 4)
    std::memcpy(y.bytes + i, of.memory(of.index + (of.broadcasts ? 0 : i)), 4);
  uint64_t mask = of.mask ? registers.mask(of.mask) : ~uint64_t(0);
  int numbers = of.bytes / 4, size = isDot ? 4 : 2;
  for (int i = 0; i != (isPair ? 2 * numbers : numbers); ++i) {
    char *to = result.bytes + i * size;
    if (!(mask >> i & 1)) {
      if (!of.zeroes)
        std::memcpy(to, before.bytes + i * size, size);
    } else if (isDot) {
      const char *u = x.bytes + 4 * i, *v = y.bytes + 4 * i;
      float sum = multiplyAdd(flush(before.at<float>(i)), u + 2, v + 2);
      sum = multiplyAdd(sum, u, v);
      std::memcpy(to, &sum, 4);
    } else {
      // The first operand of a pair gives the upper half.
      float number = i < numbers ? y.at<float>(i) : x.at<float>(i - numbers);
      uint16_t rounded = toBf16(number);
      std::memcpy(to, &rounded, 2);
    }
  }
  registers.setVector(of.first, result);
  return true;
}

//===----------------------------------------------------------------------===//
// The handler
//===----------------------------------------------------------------------===//

void onIllegalInstruction(int, siginfo_t *, void *pointer) {
  static thread_local Tiles tiles;
  auto &context = *static_cast<ucontext_t *>(pointer);
  std::optional<Instruction> of = Instruction::decode(context);
  bool isDone = of && (of->isEvex ? runBf16(*of, SavedRegisters(context))
                                  : tiles.run(*of));
  if (isDone)
    context.uc_mcontext.gregs[REG_RIP] = reinterpret_cast<greg_t>(of->end);
  else
    std::signal(SIGILL, SIG_DFL); // the instruction runs again, and ends it
}

bool takeOverIllegalInstructions() {
  struct sigaction action = {};
  action.sa_sigaction = onIllegalInstruction;
  action.sa_flags = SA_SIGINFO;
  return sigaction(SIGILL, &action, nullptr) == 0;
}
} // namespace

bool skim::test::emulatesCpuFeature(llvm::StringRef feature) {
  if (!llvm::is_contained({"amx-tile", "amx-int8", "amx-bf16", "avx512bf16"},
                          feature))
    return false;
  static const bool isReady = takeOverIllegalInstructions();
  return isReady;
}

#else

bool skim::test::emulatesCpuFeature(llvm::StringRef) { return false; }

#endif
