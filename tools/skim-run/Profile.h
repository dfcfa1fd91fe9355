//===- Profile.h - where a run's time went --------------------------------===//
// Tables for people and a trace for chrome://tracing or Perfetto, from the
// runtime's JSON (docs/runtime.md).
//===----------------------------------------------------------------------===//

#ifndef SKIM_TOOLS_SKIMRUN_PROFILE_H
#define SKIM_TOOLS_SKIMRUN_PROFILE_H

#include "Peak.h"

#include <string>

namespace skim::run {

/// The run, its kernels longest first, and its layers with their kernels in the
/// order they ran: from what skim_context_profile gives.
std::string profileTables(const std::string &profile, const Peak &peak);

/// What skim_context_trace gives, in Chrome's format.
std::string chromeTrace(const std::string &trace, const std::string &model,
                        const Peak &peak);

/// The threads that the run of a trace could use.
int threadsOfTrace(const std::string &trace);

} // namespace skim::run

#endif // SKIM_TOOLS_SKIMRUN_PROFILE_H
