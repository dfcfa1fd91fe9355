//===- Diagnostics.h - MLIR's diagnostics as messages -----------*- C++ -*-===//
// Collects what passes report and words it for users: file, node, what is
// wrong.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_COMPILER_DIAGNOSTICS_H
#define SKIM_LIB_COMPILER_DIAGNOSTICS_H

#include "mlir/IR/Diagnostics.h"
#include <functional>
#include <string>
#include <vector>

namespace skim {

class DiagnosticCollector {
public:
  /// Listens to `context` for as long as it lives. `path` is the model's.
  DiagnosticCollector(mlir::MLIRContext *context, std::string path,
                      std::function<void(const std::string &)> onWarning);

  /// Texts that begin with `prefix` are complete: they name their file.
  void addComplete(std::string prefix) {
    complete.push_back(std::move(prefix));
  }

  /// The first error, or a text that says that `stage` gave none.
  std::string error(llvm::StringRef stage) const;

  /// Remarks since the last call, in order.
  std::vector<std::string> takeRemarks();

private:
  std::string format(mlir::Diagnostic &diagnostic) const;

  std::string path;
  std::vector<std::string> complete;
  std::function<void(const std::string &)> onWarning;
  std::string firstError;
  std::vector<std::string> remarks;
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace skim

#endif // SKIM_LIB_COMPILER_DIAGNOSTICS_H
