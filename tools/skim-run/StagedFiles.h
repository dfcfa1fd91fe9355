//===- StagedFiles.h - output files that appear together ------------------===//
// A run that fails leaves no file behind and overwrites none.
//===----------------------------------------------------------------------===//

#ifndef SKIM_TOOLS_SKIMRUN_STAGEDFILES_H
#define SKIM_TOOLS_SKIMRUN_STAGEDFILES_H

#include <string>
#include <utility>
#include <vector>

namespace skim::run {

class StagedFiles {
public:
  StagedFiles() = default;
  StagedFiles(const StagedFiles &) = delete;
  StagedFiles &operator=(const StagedFiles &) = delete;
  ~StagedFiles(); // removes what was not committed

  /// A name beside `path` to write to.
  std::string stage(const std::string &path);

  /// Gives the files their names. Throws Error.
  void commit();

private:
  std::vector<std::pair<std::string, std::string>> files; // staged, wanted
};

} // namespace skim::run

#endif // SKIM_TOOLS_SKIMRUN_STAGEDFILES_H
