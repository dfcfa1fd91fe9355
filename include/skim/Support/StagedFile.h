//===- StagedFile.h - files that appear whole or not at all -----*- C++ -*-===//
// Writes beside the wanted file and renames at the end; every failure names the
// path and the reason, and leaves nothing behind. Plain C++: the tools that run
// models have no LLVM. Functions give an error text, empty where all is well.
//===----------------------------------------------------------------------===//

#ifndef SKIM_SUPPORT_STAGEDFILE_H
#define SKIM_SUPPORT_STAGEDFILE_H

#include <cstdint>
#include <string>
#include <vector>

namespace skim {

/// Several files appear together when all are finished before the first is
/// kept: what is left then is a rename for each.
class StagedFile {
public:
  StagedFile() = default;
  StagedFile(StagedFile &&other);
  StagedFile(const StagedFile &) = delete;
  StagedFile &operator=(const StagedFile &) = delete;
  StagedFile &operator=(StagedFile &&) = delete;
  /// Removes the temporary file unless it was kept.
  ~StagedFile();

  /// Creates the temporary file. Permissions of the final file are those that
  /// the process's umask leaves of 0666, or of 0777 for an executable one. Of a
  /// symbolic link the file that it names is written. A path that is there but
  /// no regular file (a device, a pipe) is written as it is, and so is the file
  /// that is the process's standard output (/dev/stdout) or error.
  std::string open(const std::string &path, bool executable = false);

  /// Takes the process's standard output.
  std::string openStandardOutput();

  /// A failure may show only at a later call, or at `finish`.
  std::string write(const void *data, uint64_t bytes);
  /// Writes zeros up to `offset` from the start of the file.
  std::string padTo(uint64_t offset);
  uint64_t tell() const { return position; }

  /// Closes the file.
  std::string finish();
  /// Gives the file its name, finished before or now.
  std::string keep();

private:
  std::string fail(int error) const;
  std::string openThere(int number);
  std::string flush();
  std::string nameTemporary();

  std::string path;         ///< as the caller names it
  std::string target;       ///< the same without a link at its end
  std::string temporary;    ///< empty while the file has no name
  std::vector<char> buffer; ///< written, but not to the file yet
  int descriptor = -1;
  bool inPlace = false;
  uint64_t position = 0;
};

/// Checks, without touching anything, that `path` can be made: its directory is
/// there and can be written, and the path itself is no directory.
std::string checkOutputPath(const std::string &path);

/// A file that an option names.
struct NamedFile {
  std::string option;
  std::string path;
  std::string reads; ///< what the option's file is, if it is read
};

/// Checks that no two outputs are the same file, and that none is read. Devices
/// and pipes take any number of outputs.
std::string checkDistinct(const std::vector<NamedFile> &files);

} // namespace skim

#endif // SKIM_SUPPORT_STAGEDFILE_H
