//===- Record.h - which emitter's kernels are faster ------------*- C++ -*-===//
// Measures and writes the table that --kernels=auto follows.
//===----------------------------------------------------------------------===//

#ifndef SKIM_BENCH_KERNELBENCH_RECORD_H
#define SKIM_BENCH_KERNELBENCH_RECORD_H

#include "Bench.h"
#include <map>

namespace skim::bench {

/// Time of MLIR's kernel / Halide's for the cases of a class.
struct Ratio {
  double logarithms = 0, least = 1e9, most = 0;
  int64_t count = 0;
  void add(double ratio);
  double mean() const; ///< geometric
};
using Ratios = std::map<std::string, Ratio>;

/// Times the kernels of both emitters for `cpu` in turns.
Ratios compareEmitters(llvm::StringRef cpu, Memory &memory,
                       const std::string &filter, int rounds);

void printRatios(const Ratios &ratios, int64_t vectorWidth);

/// Puts the ratios of a width into the table in place of those that it has of
/// it; the entries of other widths stay. False where it cannot be written.
bool writeChoices(const Ratios &ratios, const TargetInfo &target,
                  const std::string &path);

} // namespace skim::bench

#endif // SKIM_BENCH_KERNELBENCH_RECORD_H
