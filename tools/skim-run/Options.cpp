//===- Options.cpp - skim-run's command line ------------------------------===//
// Declares the options, and checks what the parser cannot: sizes, knobs.
//===----------------------------------------------------------------------===//

#include "Options.h"

#include "Array.h"
#include "StagedFiles.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>

using namespace skim::run;

/// A decimal number that is the whole text.
static bool parseNumber(const std::string &text, int64_t &value) {
  if (text.empty() || text.size() > 9 ||
      text.find_first_not_of("0123456789") != std::string::npos)
    return false;
  value = std::stoll(text);
  return true;
}

static void parseBatch(const std::string &text, Options &options) {
  size_t cross = text.find('x');
  int64_t batch = 0;
  if (cross == std::string::npos ||
      !parseNumber(text.substr(0, cross), batch) ||
      !parseNumber(text.substr(cross + 1), options.positions))
    throw Error("--random-batch: expected BxS as in 8x128, got '" + text + "'");
  options.lengths.assign(static_cast<size_t>(batch), options.positions);
}

static void parseLengths(const std::string &text, Options &options) {
  for (size_t at = 0; at <= text.size();) {
    size_t comma = std::min(text.find(',', at), text.size());
    int64_t length = 0;
    if (!parseNumber(text.substr(at, comma - at), length))
      throw Error("--lengths: expected numbers as in 12,80,33, got '" + text +
                  "'");
    options.lengths.push_back(length);
    options.positions = std::max(options.positions, length);
    at = comma + 1;
  }
}

static std::pair<std::string, double> parseKnob(const std::string &text) {
  size_t equals = text.find('=');
  if (equals != std::string::npos && equals > 0 && equals + 1 < text.size()) {
    char *end = nullptr;
    double value = std::strtod(text.c_str() + equals + 1, &end);
    if (*end == 0)
      return {text.substr(0, equals), value};
  }
  throw Error("--set: expected KNOB=VALUE, got '" + text + "'");
}

/// Refuses options that were given without their value.
static void checkValues(const CLI::App &app) {
  for (const CLI::Option *option : app.get_options())
    for (const std::string &value : option->results())
      if (value.empty())
        throw Error(option->get_name() + ": expected a value, got none");
}

/// Statistics alone are text that can be printed.
static void takeDashes(Options &options) {
  if (options.outputs == "-")
    throw Error("--outputs: expected a file, got '-'");
  if (options.trace == "-")
    throw Error("--profile: expected a file, got '-'");
  options.printStats = options.stats == "-";
  if (options.printStats)
    options.stats.clear();
}

void skim::run::checkFiles(const Options &options) {
  check(checkDistinct({{"--outputs", options.outputs, ""},
                       {"--stats", options.stats, ""},
                       {"--profile", options.trace, ""},
                       {"MODEL", options.model, "the model itself"},
                       {"--inputs", options.inputs, "what --inputs reads"}}));
  for (const std::string *path :
       {&options.outputs, &options.stats, &options.trace})
    if (!path->empty())
      check(checkOutputPath(*path));
}

Options skim::run::parseOptions(int argc, char **argv) {
  Options options;
  std::string batch, lengths;
  std::vector<std::string> knobs;
  CLI::App app("Runs a model that skim-opt compiled.", "skim-run");
  app.add_option("MODEL", options.model, "the compiled library")->required();
  auto *inputs = app.add_option("--inputs", options.inputs,
                                "npz file with an array for each input");
  app.add_option("--outputs", options.outputs, "npz file to write");
  app.add_option("--stats", options.stats, "JSON file to write statistics to");
  app.add_option("--set", knobs, "KNOB=VALUE, may be given many times")
      ->allow_extra_args(false);
  app.add_option("--repeat", options.repeat, "time this many runs")
      ->check(CLI::Range(1, 1000000000));
  app.add_option("--warmup", options.warmup, "untimed runs before")
      ->check(CLI::Range(0, 1000000000));
  app.add_option("--threads", options.threads,
                 "most threads, 0: as many as there are CPUs")
      ->check(CLI::Range(0, 1024));
  auto *random = app.add_option("--random-batch", batch,
                                "BxS: made-up inputs (default 1x128)");
  app.add_option("--lengths", lengths,
                 "12,80,33: made-up sequences of these many tokens")
      ->excludes(random)
      ->excludes(inputs);
  random->excludes(inputs);
  app.add_flag("--describe", options.describe, "say what the model is");
  std::string profile;
  app.add_flag("--profile", profile,
               "say where the time goes; =TRACE.json: write a trace, too");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp &) {
    options.help = app.help();
    return options;
  } catch (const CLI::ParseError &error) {
    throw Error(error.what());
  }
  checkValues(app);
  // The parser gives "true" for the flag alone.
  options.profile = !profile.empty();
  if (profile != "true")
    options.trace = profile;
  takeDashes(options);
  for (const std::string &knob : knobs)
    options.knobs.push_back(parseKnob(knob));
  if (!lengths.empty())
    parseLengths(lengths, options);
  else
    parseBatch(batch.empty() ? "1x128" : batch, options);
  return options;
}
