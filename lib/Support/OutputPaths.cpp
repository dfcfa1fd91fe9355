//===- OutputPaths.cpp - where output files are ---------------------------===//
// Nothing here touches a file.
//===----------------------------------------------------------------------===//

#include "OutputPaths.h"

#include "skim/Support/StagedFile.h"

#include <cerrno>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

using namespace skim;

/// Links behind links that Linux follows.
static constexpr int kMaxLinks = 40;

std::string skim::pathError(const std::string &path,
                            const std::string &reason) {
  return "cannot write '" + path + "': " + reason;
}

std::string skim::directoryOf(const std::string &path) {
  size_t slash = path.find_last_not_of('/', path.rfind('/'));
  if (path.find('/') == std::string::npos)
    return ".";
  return slash == std::string::npos ? "/" : path.substr(0, slash + 1);
}

std::string skim::nameOf(const std::string &path) {
  return path.substr(path.rfind('/') + 1);
}

std::string skim::followLinks(const std::string &path) {
  std::string found = path;
  for (int links = 0; links < kMaxLinks; ++links) {
    char text[4096];
    ssize_t length = readlink(found.c_str(), text, sizeof(text));
    if (length <= 0 || length == ssize_t(sizeof(text)))
      break;
    std::string next(text, size_t(length));
    found = next[0] == '/' ? next : directoryOf(found) + "/" + next;
  }
  return found;
}

std::string skim::checkOutputPath(const std::string &path) {
  struct stat status;
  if (stat(path.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode))
      return pathError(path, "it is a directory");
    if (access(path.c_str(), W_OK) != 0)
      return pathError(path, std::strerror(errno));
    if (!S_ISREG(status.st_mode))
      return "";
  } else if (errno == ELOOP) {
    return pathError(path, std::strerror(errno));
  }
  std::string directory = directoryOf(followLinks(path));
  std::string place = "directory '" + directory + "': ";
  if (stat(directory.c_str(), &status) != 0)
    return pathError(path, place + std::strerror(errno));
  if (!S_ISDIR(status.st_mode))
    return pathError(path, "'" + directory + "' is not a directory");
  if (access(directory.c_str(), W_OK | X_OK) != 0)
    return pathError(path, place + std::strerror(errno));
  return "";
}

/// Whether writing to one writes to the other.
static bool areSame(const std::string &a, const std::string &b) {
  struct stat status, first, second;
  if (stat(a.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
    return false;
  std::string left = followLinks(a), right = followLinks(b);
  return nameOf(left) == nameOf(right) &&
         stat(directoryOf(left).c_str(), &first) == 0 &&
         stat(directoryOf(right).c_str(), &second) == 0 &&
         first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

std::string skim::checkDistinct(const std::vector<NamedFile> &files) {
  for (size_t i = 0; i < files.size(); ++i) {
    const NamedFile &file = files[i];
    if (file.path.empty() || !file.reads.empty())
      continue;
    for (size_t j = 0; j < files.size(); ++j) {
      const NamedFile &other = files[j];
      bool read = !other.reads.empty();
      if (other.path.empty() || i == j || !areSame(file.path, other.path))
        continue;
      if (read)
        return file.option + ": '" + file.path + "' is " + other.reads;
      return file.option + ", " + other.option + ": expected two files, got '" +
             file.path + "' for both";
    }
  }
  return "";
}
