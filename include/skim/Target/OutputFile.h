//===- OutputFile.h - files that appear whole or not at all -----*- C++ -*-===//
// Writes to a temporary file beside the wanted one and renames it at the end;
// every failure names the path and the reason, and leaves nothing behind.
//===----------------------------------------------------------------------===//

#ifndef SKIM_TARGET_OUTPUTFILE_H
#define SKIM_TARGET_OUTPUTFILE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>
#include <vector>

namespace skim {

class OutputFile {
public:
  /// Creates the temporary file. Permissions of the final file are those that
  /// the process's umask leaves of 0666, or of 0777 for an executable one. A
  /// path that is there but no regular file (a device, a pipe) is written as it
  /// is.
  static llvm::Expected<OutputFile> create(llvm::StringRef path,
                                           bool executable = false);

  /// The process's standard output.
  static OutputFile standardOutput();

  OutputFile(OutputFile &&other);
  OutputFile(const OutputFile &) = delete;
  OutputFile &operator=(const OutputFile &) = delete;
  OutputFile &operator=(OutputFile &&) = delete;
  /// Removes the temporary file unless it was kept.
  ~OutputFile();

  /// A failure may show only at a later call, or at `keep`.
  llvm::Error write(const void *data, uint64_t bytes);
  llvm::Error write(llvm::StringRef text) {
    return write(text.data(), text.size());
  }
  /// Writes zeros up to `offset` from the start of the file.
  llvm::Error padTo(uint64_t offset);
  uint64_t tell() const { return position; }

  /// Closes the file and gives it its final name.
  llvm::Error keep();

private:
  OutputFile() = default;
  llvm::Error fail(int error) const;
  llvm::Error flush();
  llvm::Error nameTemporary();

  std::string path;
  /// Name of the temporary file, empty while it has none.
  std::string temporary;
  std::vector<char> buffer; ///< written, but not to the file yet
  int descriptor = -1;
  bool inPlace = false;
  uint64_t position = 0;
};

/// Checks, without touching anything, that `path` can be made: its directory is
/// there and can be written, and the path itself is no directory.
llvm::Error checkOutputPath(llvm::StringRef path);

} // namespace skim

#endif // SKIM_TARGET_OUTPUTFILE_H
