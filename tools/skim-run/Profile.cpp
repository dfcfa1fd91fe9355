//===- Profile.cpp - where a run's time went ------------------------------===//
// Sums the runtime's entries by kernel and by layer. The entries hold all of
// the run's time, so the shares of each table's parts add up to the whole.
//===----------------------------------------------------------------------===//

#include "Profile.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cinttypes>
#include <cstdarg>
#include <cstdio>

using namespace skim::run;
using nlohmann::json;

namespace {

/// A line of a table: a kernel in a layer, or what some of them sum to.
struct Line {
  std::string kernel;
  std::string kind;
  int64_t layer = -1;
  int64_t calls = 0;
  double flops = 0;
  double seconds = 0;

  void add(const Line &other) {
    calls += other.calls;
    flops += other.flops;
    seconds += other.seconds;
  }
};

/// Writes lines whose shares are of the same run and peak.
class Writer {
public:
  Writer(const Line &run, const Peak &peak, size_t width)
      : run(run), peak(peak), width(static_cast<int>(width)) {}

  void heading(const char *first, const char *second) {
    row("%-*s %-10s %6s %10s %7s %9s %8s\n", width, first, second, "calls",
        "ms", "share", "GFLOP/s", "of peak");
  }
  void line(const std::string &first, const std::string &second,
            const Line &line) {
    row("%-*s %-10s %6" PRId64 " %10.3f %6.1f%%", width, first.c_str(),
        second.c_str(), line.calls, 1e3 * line.seconds,
        run.seconds > 0 ? 100 * line.seconds / run.seconds : 0);
    double rate = line.seconds > 0 ? line.flops / line.seconds : 0;
    if (rate > 0)
      row(" %9.1f %7.1f%%", 1e-9 * rate, 100 * rate / peak.flops);
    text += "\n";
  }
  __attribute__((format(printf, 2, 3))) void row(const char *format, ...) {
    char buffer[512];
    va_list values;
    va_start(values, format);
    std::vsnprintf(buffer, sizeof(buffer), format, values);
    va_end(values);
    text += buffer;
  }

  std::string text;

private:
  const Line &run;
  const Peak &peak;
  int width; // of the first column
};

} // namespace

static std::vector<Line> readLines(const std::string &profile) {
  std::vector<Line> lines;
  for (const json &entry : json::parse(profile))
    lines.push_back({entry["kernel"], entry["kind"], entry["layer"],
                     entry["calls"], entry["flops"], entry["seconds"]});
  return lines;
}

/// Sums of lines with the same key, in the order of the keys' first lines.
template <typename Key>
static std::vector<Line> sumBy(const std::vector<Line> &lines, Key Line::*key) {
  std::vector<Line> sums;
  for (const Line &line : lines) {
    auto place = std::find_if(sums.begin(), sums.end(), [&](const Line &sum) {
      return sum.*key == line.*key;
    });
    if (place == sums.end())
      sums.push_back(line);
    else
      place->add(line);
  }
  return sums;
}

std::string skim::run::profileTables(const std::string &profile,
                                     const Peak &peak) {
  std::vector<Line> lines = readLines(profile);
  Line run;
  size_t width = 0;
  for (const Line &line : lines) {
    run.add(line);
    width = std::max(width, line.kernel.size() + 2);
  }
  Writer out(run, peak, width);
  out.row("run   %.3f ms, %.3f GFLOP", 1e3 * run.seconds, 1e-9 * run.flops);
  if (run.seconds > 0)
    out.row(", %.1f GFLOP/s, %.1f%% of peak", 1e-9 * run.flops / run.seconds,
            100 * run.flops / run.seconds / peak.flops);
  out.row("\npeak  %.1f GFLOP/s: %s, %d thread%s, measured now\n\n",
          1e-9 * peak.flops, peak.instructions.c_str(), peak.threads,
          peak.threads == 1 ? "" : "s");

  std::vector<Line> kernels = sumBy(lines, &Line::kernel);
  std::stable_sort(
      kernels.begin(), kernels.end(),
      [](const Line &a, const Line &b) { return a.seconds > b.seconds; });
  out.heading("kernel", "kind");
  for (const Line &kernel : kernels)
    out.line(kernel.kernel, kernel.kind, kernel);

  out.text += "\n";
  out.heading("layer", "kind");
  for (const Line &layer : sumBy(lines, &Line::layer)) {
    out.line(layer.layer < 0 ? "outside of layers"
                             : "layer " + std::to_string(layer.layer),
             "", layer);
    for (const Line &line : lines)
      if (line.layer == layer.layer)
        out.line("  " + line.kernel, line.kind, line);
  }
  return out.text;
}

//===----------------------------------------------------------------------===//
// Trace
//===----------------------------------------------------------------------===//

int skim::run::threadsOfTrace(const std::string &trace) {
  return json::parse(trace)["threads"];
}

/// A name for a thread or the process.
static json makeName(const char *what, int64_t thread,
                     const std::string &name) {
  return {{"ph", "M"},
          {"name", what},
          {"pid", 1},
          {"tid", thread},
          {"args", {{"name", name}}}};
}

/// A complete event; times in microseconds.
static json makeEvent(const json &name, const json &kind, int64_t thread,
                      double begin, double seconds, json args) {
  return {{"ph", "X"},
          {"name", name},
          {"cat", kind},
          {"pid", 1},
          {"tid", thread},
          {"ts", 1e6 * begin},
          {"dur", 1e6 * seconds},
          {"args", std::move(args)}};
}

std::string skim::run::chromeTrace(const std::string &trace,
                                   const std::string &model, const Peak &peak) {
  json run = json::parse(trace);
  int64_t threads = run["threads"], flops = 0;
  json events = {makeName("process_name", 0, "skim-run " + model)};
  for (int64_t t = 0; t < threads; ++t)
    events.push_back(
        makeName("thread_name", t,
                 t ? "worker " + std::to_string(t) : "calling thread"));
  json parts = json::array();
  for (const json &event : run["events"]) {
    double seconds = event["seconds"], work = event["flops"];
    json args = {{"layer", event["layer"]},
                 {"rows", event["rows"]},
                 {"tasks", event["tasks"]},
                 {"flops", event["flops"]}};
    if (work > 0 && seconds > 0)
      args["GFLOP/s"] = 1e-9 * work / seconds;
    flops += event["flops"].get<int64_t>();
    parts.push_back(makeEvent(event["kernel"], event["kind"], event["thread"],
                              event["begin"], seconds, std::move(args)));
  }
  events.push_back(makeEvent("run", "run", 0, 0, run["seconds"],
                             {{"flops", flops}, {"threads", threads}}));
  for (json &part : parts)
    events.push_back(std::move(part));
  json document = {{"displayTimeUnit", "ms"},
                   {"traceEvents", std::move(events)},
                   {"otherData",
                    {{"model", model},
                     {"peak", peak.instructions},
                     {"peak_GFLOP/s", 1e-9 * peak.flops}}}};
  return document.dump() + "\n";
}
