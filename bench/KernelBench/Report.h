//===- Report.h - what was measured, as a table and as JSON -----*- C++ -*-===//
// Each kernel's time, rates, and share of the limit that binds it.
//===----------------------------------------------------------------------===//

#ifndef SKIM_BENCH_KERNELBENCH_REPORT_H
#define SKIM_BENCH_KERNELBENCH_REPORT_H

#include "Limits.h"

namespace skim::bench {

/// The processor's name, family and model as the system tells them.
std::string describeProcessor();

/// Prints a Markdown table of a bench that has been timed.
void printTable(const Bench &bench, const Memory &memory);
/// Writes the same numbers; false where the file cannot be written.
bool writeJson(const Bench &bench, const std::string &path);

} // namespace skim::bench

#endif // SKIM_BENCH_KERNELBENCH_REPORT_H
