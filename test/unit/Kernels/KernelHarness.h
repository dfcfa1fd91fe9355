//===- KernelHarness.h - runs single kernels --------------------*- C++ -*-===//
// Emits kernels into a module, compiles it for a processor and calls them with
// plain arrays. Arrays have guard bytes around them that must stay as they are.
//===----------------------------------------------------------------------===//

#ifndef SKIM_TEST_UNIT_KERNELS_KERNELHARNESS_H
#define SKIM_TEST_UNIT_KERNELS_KERNELHARNESS_H

#include "mlir/IR/OwningOpRef.h"
#include "skim/Codegen/KernelEmitter.h"
#include "skim/Target/CpuTarget.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/bit.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include <array>
#include <cstring>
#include <numeric>
#include <random>

namespace skim::test {

/// A memref argument as the C interface of MLIR functions takes it.
template <typename T> struct Descriptor {
  T *allocated, *aligned;
  int64_t offset = 0;
  int64_t sizesAndStrides[8] = {};
};

/// An array with guards before and after it, which `intact` checks.
template <typename T> class Array {
public:
  explicit Array(std::vector<int64_t> shape, T value = T()) : shape(shape) {
    for (int64_t dim : shape)
      count *= dim;
    bytes.assign(count * sizeof(T) + 2 * guard + 64, 0xA5);
    std::fill_n(data(), count, value);
  }
  T *data() const {
    uintptr_t first = uintptr_t(bytes.data()) + guard;
    return reinterpret_cast<T *>((first + 63) / 64 * 64);
  }
  T &operator[](int64_t i) { return data()[i]; }
  const T &operator[](int64_t i) const { return data()[i]; }
  int64_t size() const { return count; }
  bool intact() const {
    auto *first = reinterpret_cast<const uint8_t *>(data());
    auto *last = first + count * sizeof(T);
    auto guarded = [](uint8_t byte) { return byte == 0xA5; };
    return std::all_of(bytes.data(), first, guarded) &&
           std::all_of(last, bytes.data() + bytes.size(), guarded);
  }
  Descriptor<T> describe() const {
    Descriptor<T> result{data(), data()};
    int64_t rank = shape.size(), stride = 1;
    for (int64_t i = rank - 1; i >= 0; --i) {
      result.sizesAndStrides[i] = shape[i];
      result.sizesAndStrides[rank + i] = stride;
      stride *= shape[i];
    }
    return result;
  }
  std::vector<int64_t> shape;

private:
  static constexpr int64_t guard = 256;
  int64_t count = 1;
  std::vector<uint8_t> bytes;
};
using Floats = Array<float>;
using Ints = Array<int32_t>;
using Halves = Array<uint16_t>;
using Bytes = Array<uint8_t>;

/// A float's bits, and back.
inline uint32_t bitsOf(float number) {
  return llvm::bit_cast<uint32_t>(number);
}
inline float fromBits(uint32_t bits) { return llvm::bit_cast<float>(bits); }
/// The nearest bf16, ties to even; NaN stays NaN.
float roundToBf16(float x);

/// Arguments of a kernel that are chosen while the test runs: Arrays, which
/// must outlive them, and integers.
class Arguments {
public:
  template <typename T> Arguments &add(const Array<T> &array) {
    return add(array.describe());
  }
  template <typename T> Arguments &add(const Descriptor<T> &described) {
    auto *descriptor = new (storage.Allocate()) Storage;
    static_assert(sizeof described == sizeof descriptor->bytes);
    memcpy(descriptor->bytes, &described, sizeof described);
    words.push_back(reinterpret_cast<uintptr_t>(descriptor->bytes));
    return *this;
  }
  Arguments &add(int64_t value) {
    words.push_back(value);
    return *this;
  }
  /// Adds an argument where it is there.
  template <typename T> Arguments &addSome(const Array<T> *array) {
    return array ? add(*array) : *this;
  }
  const std::vector<uintptr_t> &get() const { return words; }

private:
  struct Storage {
    alignas(8) char bytes[sizeof(Descriptor<char>)];
  };
  llvm::SpecificBumpPtrAllocator<Storage> storage;
  std::vector<uintptr_t> words;
};

/// Fills with numbers of a normal distribution.
void randomize(Floats &array, std::mt19937 &random, float scale = 1);

/// The weight [K, N] in tiles of `tile` columns, zeros beyond N.
Floats packWeight(const Floats &weight, int64_t tile);
/// A vector with zeros up to a multiple of `tile`.
Floats padVector(const Floats &vector, int64_t tile);

/// The message of the last skim.report of a kernel in this process, and its
/// numbers; empty where there was none.
struct Report {
  int count = 0;
  int64_t a = 0, b = 0;
};
Report takeReport();

/// True where the build has Halide.
bool hasHalide();

/// A processor with AMX.
inline constexpr llvm::StringRef withTiles = "sapphirerapids";

/// Whether kernels for `cpu` run here, if need be by `emulatesCpuFeature`; asks
/// for what the system must permit.
bool canRun(llvm::StringRef cpu);

/// A module with kernels for one processor.
class Kernels {
public:
  /// `halide`: Halide's kernels where it has them.
  explicit Kernels(llvm::StringRef cpu = "native", llvm::StringRef triple = "",
                   bool halide = false);
  ~Kernels();

  KernelEmitter &emitter() { return *kernelEmitter; }
  const TargetInfo &target() const { return info; }

  mlir::ModuleOp getModule() { return *module; }

  /// Emits the kernel of a spec; before `compile`.
  template <typename Spec> std::string add(const Spec &spec) {
    return add(kernelEmitter->get(spec));
  }
  std::string add(mlir::func::FuncOp function);
  /// Compiles everything for this machine.
  void compile();
  /// The assembly of everything, on any processor.
  std::string assembly();

  /// Runs tasks [begin, end). Arguments are Arrays, then integers.
  template <typename... Args>
  void call(const std::string &name, int64_t begin, int64_t end,
            Args &&...args) {
    auto descriptors = std::make_tuple(lower(args)...);
    std::apply(
        [&](auto &...lowered) {
          Descriptor<uint8_t> space = scratch.describe();
          auto *function =
              reinterpret_cast<void (*)(decltype(pass(lowered))..., int64_t,
                                        int64_t, Descriptor<uint8_t> *)>(
                  lookUp(name));
          function(pass(lowered)..., begin, end, &space);
        },
        descriptors);
  }

  void callWith(const std::string &name, int64_t begin, int64_t end,
                const Arguments &arguments);

  /// Tasks and scratch bytes that the emitter's launch of a spec asks for.
  int64_t gemmTasks(const GemmSpec &spec, int64_t rows);
  int64_t matmulTasks(int64_t batch, int64_t rows, int64_t depth,
                      int64_t columns);
  int64_t attentionTasks(const AttentionSpec &spec, int64_t batch,
                         int64_t sequence);
  void reserveBlockScores(const BlockScoresSpec &spec);
  /// Nothing was written beyond the scratch memory that was asked for.
  bool scratchIntact() const { return scratch.intact(); }

private:
  template <typename T> static Descriptor<T> lower(const Array<T> &array) {
    return array.describe();
  }
  static int64_t lower(int64_t value) { return value; }
  template <typename T> static Descriptor<T> *pass(Descriptor<T> &value) {
    return &value;
  }
  static int64_t pass(int64_t value) { return value; }

  std::unique_ptr<llvm::Module> translate(llvm::LLVMContext &context);
  void *lookUp(const std::string &name);
  /// The tasks of a launch made of constants; its scratch memory is there then.
  int64_t
  prepare(llvm::function_ref<Launch(mlir::OpBuilder &, mlir::Location)> make);

  std::unique_ptr<mlir::MLIRContext> context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  CpuTarget cpu;
  TargetInfo info;
  std::unique_ptr<KernelEmitter> kernelEmitter;
  std::unique_ptr<llvm::orc::LLJIT> jit;
  llvm::StringMap<void *> addresses; ///< of kernels that were called
  Bytes scratch{{0}};
};

} // namespace skim::test

#endif // SKIM_TEST_UNIT_KERNELS_KERNELHARNESS_H
