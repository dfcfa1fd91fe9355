//===- Peak.h - what this machine's multiply-adds reach -------------------===//
// The number that a profile's shares are of, measured when it is wanted.
//===----------------------------------------------------------------------===//

#ifndef SKIM_TOOLS_SKIMRUN_PEAK_H
#define SKIM_TOOLS_SKIMRUN_PEAK_H

#include "skim/Runtime/skim.h"

#include <string>

namespace skim::run {

struct Peak {
  std::string instructions; // "AVX2 fp32 multiply-adds"
  int threads;
  double flops; // a second, 2 for each multiply-add, all threads together
};

/// Runs the instructions that a model's products are made of, the fastest ones
/// of those in `profile`, on `threads` threads, for some hundredths of a
/// second.
Peak measurePeak(const skim_model_info &model, const std::string &profile,
                 int threads);

} // namespace skim::run

#endif // SKIM_TOOLS_SKIMRUN_PEAK_H
