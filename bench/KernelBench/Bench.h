//===- Bench.h - kernels with their arguments, to be timed ------*- C++ -*-===//
// A case is a kernel at some number of rows, with what it computes and moves.
// Cases of several benches take turns, round after round; a time is CPU time of
// the thread, the least of all rounds.
//===----------------------------------------------------------------------===//

#ifndef SKIM_BENCH_KERNELBENCH_BENCH_H
#define SKIM_BENCH_KERNELBENCH_BENCH_H

#include "KernelHarness.h"
#include "Memory.h"
#include "skim/Codegen/KernelChoices.h"
#include <functional>

namespace skim::bench {

/// What a call of a kernel computes and moves.
struct Work {
  double flops = 0;
  double memoryBytes = 0; ///< read from memory, beyond all caches
  double cacheBytes = 0;  ///< read and written in L2
};

struct Case {
  bool isHalide() const { return llvm::StringRef(kernel).ends_with("_halide"); }

  std::string name;       ///< for people
  std::string kernel;     ///< the function
  std::string shapeClass; ///< of KernelChoices.h
  Work work;
  std::function<void()> once;
  int64_t repeat = 1;   ///< calls of a round: about a millisecond
  double seconds = 1e9; ///< of a call
};

/// The cases of one processor and emitter.
class Bench {
public:
  Bench(llvm::StringRef cpu, bool halide, Memory &memory, std::string filter)
      : kernels(cpu, "", halide), filter(std::move(filter)), memory(memory) {}

  /// Cases are added, then all kernels compiled, then cases timed.
  void addGemm(const GemmSpec &spec, int64_t rows);
  /// `batch` products of [rows, depth] x [depth, columns].
  void addMatmul(int64_t batch, int64_t rows, int64_t depth, int64_t columns);
  void addAttention(int64_t heads, int64_t headDim, int64_t rows,
                    bool importance, int64_t diagonal);
  void addBlockScores(int64_t heads, int64_t size);
  void addNorm(int64_t width, int64_t rows);
  void addGather(int64_t width, int64_t rows);
  void addQuantise(int64_t width, int64_t rows);
  void addSequences(int64_t width, int64_t length);
  void addEmbed(int64_t width, int64_t rows);
  void addElementwise(int64_t width, int64_t rows);
  void add(Case added);

  /// A number of arrays that live as long as the bench.
  test::Floats &floats(std::vector<int64_t> shape);
  /// States of a product in int8x3.
  test::Bytes &digits(int64_t rows, int64_t width);
  test::Ints &ascending(int64_t count);

  test::Kernels kernels;
  std::vector<Case> cases;

private:
  bool wanted(const std::string &name) const {
    return name.find(filter) != std::string::npos;
  }
  /// The kernel of a spec at `rows` rows.
  template <typename Spec> Case describe(const Spec &spec, int64_t rows);
  /// A kernel that moves so many bytes in L2; `describe` adds its arguments.
  template <typename Spec>
  void addRows(const Spec &spec, int64_t tasks, double bytes,
               std::function<void(test::Arguments &)> describe);
  /// What lives as long as the bench.
  template <typename T, typename... Args>
  std::shared_ptr<T> keep(Args &&...args) {
    auto kept = std::make_shared<T>(std::forward<Args>(args)...);
    this->kept.push_back(kept);
    return kept;
  }

  std::string filter;
  Memory &memory;
  std::vector<std::shared_ptr<void>> kept;
};

/// Times the cases of all benches, which have as many each, in turns: case by
/// case, the benches one after the other, in another order each round.
void timeCases(llvm::ArrayRef<Bench *> benches, int rounds);

} // namespace skim::bench

#endif // SKIM_BENCH_KERNELBENCH_BENCH_H
