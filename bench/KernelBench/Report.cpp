//===- Report.cpp - what was measured, as a table and as JSON -------------===//
// The limit of a kernel is the largest of the times that its multiply-adds, its
// reads from memory and its traffic with L2 take at the measured rates.
//===----------------------------------------------------------------------===//

#include "Report.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdio>
#include <fstream>

using namespace skim::bench;

std::string skim::bench::describeProcessor() {
  std::string name = "a processor without a name", family, model, line;
  std::ifstream file("/proc/cpuinfo");
  while (std::getline(file, line) && !line.empty()) {
    auto [key, value] = llvm::StringRef(line).split(':');
    if (key.trim() == "model name")
      name = value.trim().str();
    if (key.trim() == "cpu family")
      family = value.trim().str();
    if (key.trim() == "model")
      model = value.trim().str();
  }
  if (family.empty())
    return name;
  return name + ", family " + family + " model " + model;
}

namespace {
/// A case beside the limits.
struct Line {
  Line(const Case &timed, const Limits &limits)
      : bound(limits.bind(timed.work)), flops(timed.work.flops / timed.seconds),
        memory(timed.work.memoryBytes / timed.seconds),
        cache(timed.work.cacheBytes / timed.seconds),
        ofPeak(flops / limits.flops), ofMemory(memory / limits.memory),
        ofCache(cache / limits.cache), ofLimit(bound.seconds / timed.seconds) {}
  Limits::Bound bound;
  double flops, memory, cache, ofPeak, ofMemory, ofCache, ofLimit;
};
} // namespace

/// A rate and its share of the limit; nothing where there is none.
static void printShare(double rate, double share) {
  if (rate)
    std::printf(" %.1f | %.1f%% |", rate * 1e-9, 100 * share);
  else
    std::printf(" | |");
}

void skim::bench::printTable(const Bench &bench, const Memory &memory) {
  Limits limits = Limits::of(bench);
  std::printf("%s, kernels for %s: %.1f GFLOP/s, memory %.1f GB/s (%lld MiB "
              "read, last cache %lld MiB), copies in L2 %.1f GB/s\n\n",
              describeProcessor().c_str(), bench.kernels.target().name.c_str(),
              limits.flops * 1e-9, limits.memory * 1e-9,
              (long long)memory.bytes() >> 20,
              (long long)Memory::lastCacheBytes() >> 20, limits.cache * 1e-9);
  std::printf(
      "| kernel | us | GFLOP/s | of peak | GB/s memory | of memory | GB/s L2 | "
      "of L2 | limit | of limit |\n"
      "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | ---: "
      "|\n");
  for (const Case &timed : bench.cases) {
    Line line(timed, limits);
    std::printf("| %s | %.1f |", timed.name.c_str(), timed.seconds * 1e6);
    printShare(line.flops, line.ofPeak);
    printShare(line.memory, line.ofMemory);
    printShare(line.cache, line.ofCache);
    std::printf(" %s | %.1f%% |\n", line.bound.name, 100 * line.ofLimit);
  }
}

bool skim::bench::writeJson(const Bench &bench, const std::string &path) {
  Limits limits = Limits::of(bench);
  llvm::json::Array rows;
  for (const Case &timed : bench.cases) {
    Line line(timed, limits);
    rows.push_back(llvm::json::Object{{"kernel", timed.name},
                                      {"us", timed.seconds * 1e6},
                                      {"GFLOP/s", line.flops * 1e-9},
                                      {"of_peak", line.ofPeak},
                                      {"memory_GB/s", line.memory * 1e-9},
                                      {"of_memory", line.ofMemory},
                                      {"L2_GB/s", line.cache * 1e-9},
                                      {"of_L2", line.ofCache},
                                      {"limit", line.bound.name},
                                      {"of_limit", line.ofLimit}});
  }
  llvm::json::Object document{
      {"title", "kernels"},
      {"machine", llvm::json::Object{{"cpu", describeProcessor()},
                                     {"target", bench.kernels.target().name},
                                     {"peak_GFLOP/s", limits.flops * 1e-9},
                                     {"read_GB/s", limits.memory * 1e-9},
                                     {"L2_copy_GB/s", limits.cache * 1e-9}}},
      {"rows", std::move(rows)}};
  std::error_code error;
  llvm::raw_fd_ostream file(path, error);
  if (error)
    return false;
  file << llvm::formatv("{0:1}\n", llvm::json::Value(std::move(document)));
  return !file.has_error();
}
