//===- RandomInputs.h - made-up batches -----------------------------------===//
// Inputs of a wanted size that every model accepts, the same in every run.
//===----------------------------------------------------------------------===//

#ifndef SKIM_TOOLS_SKIMRUN_RANDOMINPUTS_H
#define SKIM_TOOLS_SKIMRUN_RANDOMINPUTS_H

#include "Array.h"

namespace skim::run {

/// Inputs for the library's model: a batch of one sequence for each of
/// `lengths`, padded on the right to `positions`.
std::vector<Array> makeRandomInputs(const skim_library *library,
                                    const std::vector<int64_t> &lengths,
                                    int64_t positions);

} // namespace skim::run

#endif // SKIM_TOOLS_SKIMRUN_RANDOMINPUTS_H
