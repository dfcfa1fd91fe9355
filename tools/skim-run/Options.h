//===- Options.h - skim-run's command line --------------------------------===//
// Parsing only; docs/runtime.md describes the options.
//===----------------------------------------------------------------------===//

#ifndef SKIM_TOOLS_SKIMRUN_OPTIONS_H
#define SKIM_TOOLS_SKIMRUN_OPTIONS_H

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace skim::run {

struct Options {
  std::string model;
  std::string inputs;      // npz, empty: made up
  std::string outputs;     // npz, empty: a summary is printed
  std::string stats;       // json, empty: none
  bool printStats = false; // to standard output
  std::vector<std::pair<std::string, double>> knobs;
  int repeat = 0; // 0: one run that is not timed
  int warmup = 0;
  int threads = 0;
  std::vector<int64_t> lengths; // tokens of each made-up sequence
  int64_t positions = 0;        // that they are padded to
  bool describe = false;
  bool profile = false;
  std::string trace; // json, empty: none; set only with profile
  std::string help;  // not empty: to be printed instead of anything else
};

/// Throws Error.
Options parseOptions(int argc, char **argv);

/// Checks that every output has a place of its own that can be written. Throws
/// Error.
void checkFiles(const Options &options);

} // namespace skim::run

#endif // SKIM_TOOLS_SKIMRUN_OPTIONS_H
