//===- Limits.h - what this machine can do at most --------------*- C++ -*-===//
// Multiply-adds, reads from memory and copies in L2, measured beside the
// kernels; and the limit that binds a kernel.
//===----------------------------------------------------------------------===//

#ifndef SKIM_BENCH_KERNELBENCH_LIMITS_H
#define SKIM_BENCH_KERNELBENCH_LIMITS_H

#include "Bench.h"

namespace skim::bench {

/// The limits' own cases, the first ones of a bench.
void addLimits(Bench &bench, Memory &memory);

struct Limits {
  double flops, memory, cache; ///< a second

  /// Reads the times of the cases that addLimits added.
  static Limits of(const Bench &bench);

  struct Bound {
    const char *name;
    double seconds;
  };
  /// The least time that `work` can take, and what asks for it.
  Bound bind(const Work &work) const;
};

} // namespace skim::bench

#endif // SKIM_BENCH_KERNELBENCH_LIMITS_H
