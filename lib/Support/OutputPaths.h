//===- OutputPaths.h - where output files are -------------------*- C++ -*-===//

#ifndef SKIM_LIB_SUPPORT_OUTPUTPATHS_H
#define SKIM_LIB_SUPPORT_OUTPUTPATHS_H

#include <string>

namespace skim {

/// "cannot write 'path': reason".
std::string pathError(const std::string &path, const std::string &reason);

/// The directory of a path, "." where it names none; and what is behind it.
std::string directoryOf(const std::string &path);
std::string nameOf(const std::string &path);

/// The path that a symbolic link at the end of `path` leads to, there or not.
std::string followLinks(const std::string &path);

} // namespace skim

#endif // SKIM_LIB_SUPPORT_OUTPUTPATHS_H
