//===- StagedFiles.h - output files that appear together ------------------===//
// A run that fails leaves no file behind and overwrites none.
//===----------------------------------------------------------------------===//

#ifndef SKIM_TOOLS_SKIMRUN_STAGEDFILES_H
#define SKIM_TOOLS_SKIMRUN_STAGEDFILES_H

#include "skim/Support/StagedFile.h"

#include <functional>
#include <string>
#include <vector>

namespace skim::run {

/// Throws Error where text says what is wrong.
void check(const std::string &text);

class StagedFiles {
public:
  /// Has `write` fill a file for `path`. Throws Error.
  void add(const std::string &path,
           const std::function<void(StagedFile &)> &write);
  void add(const std::string &path, const std::string &text);

  /// Gives the files their names. Throws Error.
  void commit();

private:
  std::vector<StagedFile> files;
};

} // namespace skim::run

#endif // SKIM_TOOLS_SKIMRUN_STAGEDFILES_H
