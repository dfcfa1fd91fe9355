//===- StagedFiles.cpp - output files that appear together ----------------===//
// A run that fails leaves no file behind and overwrites none.
//===----------------------------------------------------------------------===//

#include "StagedFiles.h"

#include "Array.h"

using namespace skim::run;

void skim::run::check(const std::string &text) {
  if (!text.empty())
    throw Error(text);
}

void StagedFiles::add(const std::string &path,
                      const std::function<void(StagedFile &)> &write) {
  StagedFile file;
  check(file.open(path));
  write(file);
  check(file.finish());
  files.push_back(std::move(file));
}

void StagedFiles::add(const std::string &path, const std::string &text) {
  add(path,
      [&](StagedFile &file) { check(file.write(text.data(), text.size())); });
}

void StagedFiles::commit() {
  for (StagedFile &file : files)
    check(file.keep());
  files.clear();
}
