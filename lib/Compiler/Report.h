//===- Report.h - what a compilation did ------------------------*- C++ -*-===//
// Times and facts of the stages: a line each for -v, and all as JSON.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_COMPILER_REPORT_H
#define SKIM_LIB_COMPILER_REPORT_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/JSON.h"
#include <chrono>
#include <functional>
#include <string>

namespace skim {

class Report {
public:
  using Listener = std::function<void(const std::string &)>;

  explicit Report(Listener listener);

  /// Ends the stage that began with the end of the one before. `facts` is what
  /// it did, in words.
  void endStage(llvm::StringRef name, const std::string &facts);

  /// A line that belongs to the stage that ended last.
  void note(const std::string &text);

  /// A fact for the JSON.
  void set(llvm::StringRef key, llvm::json::Value value);

  /// All as JSON, with a line break at the end.
  std::string json() const;

private:
  Listener listener;
  std::chrono::steady_clock::time_point begin, last;
  llvm::json::Object facts;
  llvm::json::Array stages;
};

} // namespace skim

#endif // SKIM_LIB_COMPILER_REPORT_H
