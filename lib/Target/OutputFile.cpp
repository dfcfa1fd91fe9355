//===- OutputFile.cpp - files that appear whole or not at all -------------===//
// Plain system calls, so that a full disk is seen at the write that meets it.
//===----------------------------------------------------------------------===//

#include "skim/Target/OutputFile.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace llvm;
using namespace skim;

/// What is written at a time, from a multiple of it on: a system that can keeps
/// such parts of a file in one huge page each.
static constexpr uint64_t kChunk = 2 << 20;

static Error pathError(StringRef path, StringRef reason) {
  return createStringError("cannot write '" + path + "': " + reason);
}

Error OutputFile::fail(int error) const {
  return pathError(path, std::strerror(error));
}

static StringRef directoryOf(StringRef path) {
  StringRef directory = sys::path::parent_path(path);
  return directory.empty() ? StringRef(".") : directory;
}

Error skim::checkOutputPath(StringRef path) {
  std::string text = path.str();
  struct stat status;
  if (stat(text.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode))
      return pathError(path, "it is a directory");
    if (access(text.c_str(), W_OK) != 0)
      return pathError(path, std::strerror(errno));
    if (!S_ISREG(status.st_mode))
      return Error::success();
  }
  std::string directory = directoryOf(path).str();
  if (stat(directory.c_str(), &status) != 0)
    return pathError(path,
                     "directory '" + directory + "': " + std::strerror(errno));
  if (!S_ISDIR(status.st_mode))
    return pathError(path, "'" + directory + "' is not a directory");
  if (access(directory.c_str(), W_OK | X_OK) != 0)
    return pathError(path,
                     "directory '" + directory + "': " + std::strerror(errno));
  return Error::success();
}

static std::string temporaryModel(StringRef path) {
  return (path + ".tmp-%%%%%%%%").str();
}

Expected<OutputFile> OutputFile::create(StringRef path, bool executable) {
  if (Error error = checkOutputPath(path))
    return std::move(error);
  OutputFile file;
  file.path = path.str();
  struct stat status;
  if (stat(file.path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    file.descriptor = open(file.path.c_str(), O_WRONLY | O_CLOEXEC);
    if (file.descriptor < 0)
      return file.fail(errno);
    file.inPlace = true;
    return file;
  }
  unsigned mode = executable ? 0777 : 0666;
#ifdef O_TMPFILE
  // A file without a name: nothing is left even when the process is killed.
  file.descriptor = open(directoryOf(path).str().c_str(),
                         O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);
  if (file.descriptor >= 0)
    return file;
#endif
  SmallString<256> temporary;
  if (std::error_code error =
          sys::fs::createUniqueFile(temporaryModel(path), file.descriptor,
                                    temporary, sys::fs::OF_None, mode))
    return pathError(path, error.message());
  file.temporary = temporary.str().str();
  return file;
}

OutputFile OutputFile::standardOutput() {
  OutputFile file;
  file.path = "standard output";
  file.descriptor = dup(STDOUT_FILENO);
  file.inPlace = true;
  return file;
}

OutputFile::OutputFile(OutputFile &&other)
    : path(std::move(other.path)), temporary(std::move(other.temporary)),
      buffer(std::move(other.buffer)), descriptor(other.descriptor),
      inPlace(other.inPlace), position(other.position) {
  other.descriptor = -1;
  other.temporary.clear();
}

OutputFile::~OutputFile() {
  if (descriptor >= 0)
    close(descriptor);
  if (!temporary.empty())
    unlink(temporary.c_str());
}

Error OutputFile::write(const void *data, uint64_t bytes) {
  const char *cursor = static_cast<const char *>(data);
  while (bytes > 0) {
    uint64_t count = std::min(bytes, kChunk - position % kChunk);
    buffer.insert(buffer.end(), cursor, cursor + count);
    cursor += count;
    bytes -= count;
    position += count;
    if (inPlace || position % kChunk == 0)
      if (Error error = flush())
        return error;
  }
  return Error::success();
}

Error OutputFile::flush() {
  const char *cursor = buffer.data();
  size_t left = buffer.size();
  while (left > 0) {
    ssize_t written = ::write(descriptor, cursor, left);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return fail(errno);
    cursor += written;
    left -= written;
  }
  buffer.clear();
  return Error::success();
}

Error OutputFile::padTo(uint64_t offset) {
  static const char zeros[4096] = {};
  // Long gaps become holes of the file.
  if (!inPlace && offset > position + (1 << 20)) {
    if (Error error = flush())
      return error;
    if (ftruncate(descriptor, offset) != 0 ||
        lseek(descriptor, offset, SEEK_SET) < 0)
      return fail(errno);
    position = offset;
  }
  while (position < offset)
    if (Error error =
            write(zeros, std::min<uint64_t>(sizeof(zeros), offset - position)))
      return error;
  return Error::success();
}

/// Gives the nameless file a temporary name, since linking cannot replace.
Error OutputFile::nameTemporary() {
  std::string source = "/proc/self/fd/" + std::to_string(descriptor);
  for (int attempt = 0; attempt < 64; ++attempt) {
    SmallString<256> name;
    sys::fs::createUniquePath(temporaryModel(path), name,
                              /*MakeAbsolute=*/false);
    if (linkat(AT_FDCWD, source.c_str(), AT_FDCWD, name.c_str(),
               AT_SYMLINK_FOLLOW) == 0) {
      temporary = name.str().str();
      return Error::success();
    }
    if (errno != EEXIST)
      break;
  }
  return fail(errno);
}

Error OutputFile::keep() {
  if (Error error = flush())
    return error;
  if (temporary.empty() && !inPlace)
    if (Error error = nameTemporary())
      return error;
  int closed = close(descriptor);
  descriptor = -1;
  if (closed != 0)
    return fail(errno);
  if (inPlace)
    return Error::success();
  if (rename(temporary.c_str(), path.c_str()) != 0)
    return fail(errno);
  temporary.clear();
  return Error::success();
}
