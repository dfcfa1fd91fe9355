//===- skim-run.cpp - runs compiled models --------------------------------===//
// Reads inputs or makes some up, runs, writes outputs and statistics, times.
//===----------------------------------------------------------------------===//

#include "Model.h"
#include "Npz.h"
#include "Options.h"
#include "Profile.h"
#include "RandomInputs.h"
#include "Report.h"
#include "StagedFiles.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <new>

using namespace skim::run;

static std::string namesOf(const std::vector<const skim_tensor_desc *> &descs) {
  std::string names;
  for (const skim_tensor_desc *desc : descs)
    names += (names.empty() ? "" : ", ") + std::string(desc->name);
  return names;
}

static std::vector<Array> getInputs(const Options &options,
                                    const Model &model) {
  if (options.inputs.empty())
    return makeRandomInputs(model.library(), options.lengths,
                            options.positions);
  std::vector<Array> arrays = readNpz(options.inputs);
  for (const Array &array : arrays)
    if (skim_find_input(model.library(), array.name.c_str()) < 0)
      throw Error(options.inputs + ": array '" + array.name +
                  "' is no input of the model, which has " +
                  namesOf(inputsOf(model.library())));
  return arrays;
}

static double timeRun(Model &model) {
  auto start = std::chrono::steady_clock::now();
  model.run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
      .count();
}

/// Runs as often as asked for; the last run is the one that collects. A profile
/// is never that of a first run, which fetches weights and memory.
static void runAll(const Options &options, Model &model) {
  int warmup = options.warmup;
  if (options.profile && !options.repeat)
    warmup = std::max(warmup, 1);
  for (int i = 0; i < warmup; ++i)
    model.run();
  std::vector<double> seconds;
  for (int i = 0; i < options.repeat; ++i)
    seconds.push_back(timeRun(model));
  bool statistics = options.printStats || !options.stats.empty();
  uint32_t flags = (statistics ? SKIM_STATISTICS : 0) |
                   (options.profile ? SKIM_PROFILE | SKIM_TRACE : 0);
  model.collect(flags);
  if (flags || seconds.empty())
    model.run();
  if (!seconds.empty())
    printTimes(std::move(seconds));
}

static void report(const Options &options, const Model &model) {
  StagedFiles files;
  if (!options.outputs.empty())
    files.add(options.outputs,
              [&](skim::StagedFile &file) { writeNpz(model.outputs(), file); });
  if (options.printStats)
    std::printf("%s\n", model.statistics().c_str());
  else if (!options.stats.empty())
    files.add(options.stats, model.statistics() + "\n");
  std::string tables;
  if (options.profile) {
    skim_model_info info;
    skim_get_model_info(model.library(), &info);
    std::string trace = model.trace(), profile = model.profile();
    Peak peak = measurePeak(info, profile, threadsOfTrace(trace));
    tables = profileTables(profile, peak);
    if (!options.trace.empty())
      files.add(options.trace, chromeTrace(trace, options.model, peak));
  }
  bool summary = options.outputs.empty() && !options.repeat &&
                 !options.profile && !options.printStats;
  if (summary)
    printOutputs(model.outputs());
  std::fputs(tables.c_str(), stdout);
  flushOutput();
  files.commit();
}

static void runTool(int argc, char **argv) {
  Options options = parseOptions(argc, argv);
  if (!options.help.empty()) {
    std::fputs(options.help.c_str(), stdout);
    return flushOutput();
  }
  Model model(options.model);
  if (options.describe) {
    printDescription(model.library());
    return flushOutput();
  }
  checkFiles(options);
  std::vector<Array> inputs = getInputs(options, model);
  model.setInputs(inputs);
  for (const auto &[name, value] : options.knobs)
    model.setKnob(name, value);
  model.setThreads(options.threads);
  runAll(options, model);
  report(options, model);
}

int main(int argc, char **argv) {
  // A reader that goes away, or a file that grows too large, is a failed write,
  // not a silent end.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    runTool(argc, argv);
    return 0;
  } catch (const std::bad_alloc &) {
    std::fprintf(stderr, "skim-run: error: out of memory\n");
  } catch (const std::exception &error) {
    std::fprintf(stderr, "skim-run: error: %s\n", error.what());
  }
  return 1;
}
