//===- Report.cpp - what a compilation did --------------------------------===//
// Wall time, since two stages use several threads.
//===----------------------------------------------------------------------===//

#include "Report.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace skim;

using Clock = std::chrono::steady_clock;

static double secondsBetween(Clock::time_point begin, Clock::time_point end) {
  return std::chrono::duration<double>(end - begin).count();
}

Report::Report(Listener listener)
    : listener(std::move(listener)), begin(Clock::now()), last(begin) {}

void Report::endStage(StringRef name, const std::string &facts) {
  Clock::time_point now = Clock::now();
  double seconds = secondsBetween(last, now);
  last = now;
  stages.push_back(json::Object{{"name", name}, {"seconds", seconds}});
  if (listener)
    listener(formatv("{0,-10} {1,7:f3} s  {2}", name, seconds, facts).str());
}

void Report::note(const std::string &text) {
  if (listener)
    listener("           " + text);
}

void Report::set(StringRef key, json::Value value) {
  facts[key] = std::move(value);
}

std::string Report::json() const {
  json::Object all = facts;
  all["stages"] = json::Array(stages);
  all["seconds"] = secondsBetween(begin, last);
  return formatv("{0:2}\n", json::Value(std::move(all))).str();
}
