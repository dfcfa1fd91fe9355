//===- Report.h - what skim-run prints ------------------------------------===//
// Descriptions, summaries of outputs, times.
//===----------------------------------------------------------------------===//

#ifndef SKIM_TOOLS_SKIMRUN_REPORT_H
#define SKIM_TOOLS_SKIMRUN_REPORT_H

#include "Array.h"

namespace skim::run {

/// What the model is: inputs, outputs, knobs, target, size.
void printDescription(const skim_library *library);

/// One line for each output: dtype, shape, range.
void printOutputs(const std::vector<Array> &outputs);

/// Minimum and median of the runs' seconds.
void printTimes(std::vector<double> seconds);

/// Sees to it that all that was printed is written. Throws Error.
void flushOutput();

} // namespace skim::run

#endif // SKIM_TOOLS_SKIMRUN_REPORT_H
