//===- StagedFiles.cpp - output files that appear together ----------------===//
// A run that fails leaves no file behind and overwrites none.
//===----------------------------------------------------------------------===//

#include "StagedFiles.h"

#include "Array.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

using namespace skim::run;

StagedFiles::~StagedFiles() {
  for (const auto &[staged, wanted] : files)
    unlink(staged.c_str());
}

std::string StagedFiles::stage(const std::string &path) {
  struct stat info;
  if (stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode))
    throw Error(path + ": cannot write: is a directory");
  size_t slash = path.rfind('/');
  std::string folder =
      slash == std::string::npos ? "." : path.substr(0, slash + 1);
  if (access(folder.c_str(), W_OK) != 0)
    throw Error(path + ": cannot write: " + std::strerror(errno));
  files.emplace_back(path + ".part" + std::to_string(getpid()), path);
  return files.back().first;
}

void StagedFiles::commit() {
  for (const auto &[staged, wanted] : files)
    if (std::rename(staged.c_str(), wanted.c_str()) != 0)
      throw Error(wanted + ": cannot write: " + std::strerror(errno));
  files.clear();
}
