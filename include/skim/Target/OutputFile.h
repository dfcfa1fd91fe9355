//===- OutputFile.h - files that appear whole or not at all -----*- C++ -*-===//
// StagedFile with LLVM's errors.
//===----------------------------------------------------------------------===//

#ifndef SKIM_TARGET_OUTPUTFILE_H
#define SKIM_TARGET_OUTPUTFILE_H

#include "skim/Support/StagedFile.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace skim {

/// An error of a text, none of an empty one.
inline llvm::Error toError(const std::string &text) {
  return text.empty() ? llvm::Error::success() : llvm::createStringError(text);
}

class OutputFile {
public:
  static llvm::Expected<OutputFile> create(llvm::StringRef path,
                                           bool executable = false) {
    OutputFile output;
    if (llvm::Error error = toError(output.file.open(path.str(), executable)))
      return std::move(error);
    return output;
  }

  /// The process's standard output.
  static llvm::Expected<OutputFile> standardOutput() {
    OutputFile output;
    if (llvm::Error error = toError(output.file.openStandardOutput()))
      return std::move(error);
    return output;
  }

  llvm::Error write(const void *data, uint64_t bytes) {
    return toError(file.write(data, bytes));
  }
  llvm::Error write(llvm::StringRef text) {
    return write(text.data(), text.size());
  }
  llvm::Error padTo(uint64_t offset) { return toError(file.padTo(offset)); }
  uint64_t tell() const { return file.tell(); }
  llvm::Error finish() { return toError(file.finish()); }
  llvm::Error keep() { return toError(file.keep()); }

private:
  StagedFile file;
};

} // namespace skim

#endif // SKIM_TARGET_OUTPUTFILE_H
