//===- StagedFile.cpp - files that appear whole or not at all -------------===//
// Plain system calls, so that a full disk is seen at the write that meets it.
//===----------------------------------------------------------------------===//

#include "skim/Support/StagedFile.h"

#include "OutputPaths.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace skim;

/// What is written at a time, from a multiple of it on: a system that can keeps
/// such parts of a file in one huge page each.
static constexpr uint64_t kChunk = 2 << 20;

/// Names that are tried for a temporary file.
static constexpr int kAttempts = 64;

std::string StagedFile::fail(int error) const {
  return pathError(path, std::strerror(error));
}

/// A name beside `path` that is probably free. The file's own name is cut where
/// both together could be too long.
static std::string temporaryName(const std::string &path) {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  char digits[16];
  std::snprintf(digits, sizeof(digits), "%04x%06lx",
                unsigned(getpid()) & 0xffff, (now.tv_nsec / 10) & 0xffffff);
  return directoryOf(path) + "/" + nameOf(path).substr(0, 200) + ".tmp-" +
         digits;
}

/// Never one of the standard streams' numbers, which may be closed: a message
/// would go to the file.
static int aboveStandardStreams(int number) {
  if (number < 0 || number > STDERR_FILENO)
    return number;
  int above = fcntl(number, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  int error = errno;
  close(number);
  errno = error;
  return above;
}

static int openAbove(const std::string &path, int flags, unsigned mode) {
  return aboveStandardStreams(::open(path.c_str(), flags | O_CLOEXEC, mode));
}

/// The number of the standard stream that the file is open as, or -1.
static int standardStream(const struct stat &status) {
  for (int number : {STDOUT_FILENO, STDERR_FILENO}) {
    struct stat stream;
    if (fstat(number, &stream) == 0 && stream.st_dev == status.st_dev &&
        stream.st_ino == status.st_ino)
      return number;
  }
  return -1;
}

std::string StagedFile::openThere(int number) {
  descriptor = number;
  inPlace = true;
  return descriptor < 0 ? fail(errno) : "";
}

std::string StagedFile::open(const std::string &name, bool executable) {
  path = name;
  std::string error = checkOutputPath(path);
  if (!error.empty())
    return error;
  struct stat status;
  if (stat(path.c_str(), &status) == 0) {
    int stream = standardStream(status);
    if (stream >= 0)
      return openThere(fcntl(stream, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (!S_ISREG(status.st_mode))
      return openThere(openAbove(path, O_WRONLY, 0));
  }
  target = followLinks(path);
  unsigned mode = executable ? 0777 : 0666;
#ifdef O_TMPFILE
  // A file without a name: nothing is left even when the process is killed.
  descriptor = openAbove(directoryOf(target), O_TMPFILE | O_WRONLY, mode);
  if (descriptor >= 0)
    return "";
#endif
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    std::string temporaryPath = temporaryName(target);
    descriptor = openAbove(temporaryPath, O_CREAT | O_EXCL | O_WRONLY, mode);
    if (descriptor >= 0) {
      temporary = temporaryPath;
      return "";
    }
    if (errno != EEXIST)
      break;
  }
  return fail(errno);
}

std::string StagedFile::openStandardOutput() {
  path = "standard output";
  return openThere(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

StagedFile::StagedFile(StagedFile &&other)
    : path(std::move(other.path)), target(std::move(other.target)),
      temporary(std::move(other.temporary)), buffer(std::move(other.buffer)),
      descriptor(other.descriptor), inPlace(other.inPlace),
      position(other.position) {
  other.descriptor = -1;
  other.temporary.clear();
}

StagedFile::~StagedFile() {
  if (descriptor >= 0)
    close(descriptor);
  if (!temporary.empty())
    unlink(temporary.c_str());
}

std::string StagedFile::write(const void *data, uint64_t bytes) {
  const char *cursor = static_cast<const char *>(data);
  while (bytes > 0) {
    uint64_t count = std::min(bytes, kChunk - position % kChunk);
    buffer.insert(buffer.end(), cursor, cursor + count);
    cursor += count;
    bytes -= count;
    position += count;
    if (inPlace || position % kChunk == 0) {
      std::string error = flush();
      if (!error.empty())
        return error;
    }
  }
  return "";
}

std::string StagedFile::flush() {
  const char *cursor = buffer.data();
  size_t left = buffer.size();
  while (left > 0) {
    ssize_t written = ::write(descriptor, cursor, left);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return fail(errno);
    cursor += written;
    left -= size_t(written);
  }
  buffer.clear();
  return "";
}

std::string StagedFile::padTo(uint64_t offset) {
  static const char zeros[4096] = {};
  // Long gaps become holes of the file.
  if (!inPlace && offset > position + (1 << 20)) {
    std::string error = flush();
    if (!error.empty())
      return error;
    if (ftruncate(descriptor, off_t(offset)) != 0 ||
        lseek(descriptor, off_t(offset), SEEK_SET) < 0)
      return fail(errno);
    position = offset;
  }
  while (position < offset) {
    std::string error =
        write(zeros, std::min<uint64_t>(sizeof(zeros), offset - position));
    if (!error.empty())
      return error;
  }
  return "";
}

/// Gives the nameless file a temporary name, since linking cannot replace.
std::string StagedFile::nameTemporary() {
  std::string source = "/proc/self/fd/" + std::to_string(descriptor);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    std::string name = temporaryName(target);
    if (linkat(AT_FDCWD, source.c_str(), AT_FDCWD, name.c_str(),
               AT_SYMLINK_FOLLOW) == 0) {
      temporary = name;
      return "";
    }
    if (errno != EEXIST)
      break;
  }
  return fail(errno);
}

std::string StagedFile::finish() {
  std::string error = flush();
  if (error.empty() && temporary.empty() && !inPlace)
    error = nameTemporary();
  if (!error.empty())
    return error;
  int closed = close(descriptor);
  descriptor = -1;
  return closed != 0 ? fail(errno) : "";
}

std::string StagedFile::keep() {
  std::string error = descriptor >= 0 ? finish() : "";
  if (!error.empty())
    return error;
  if (inPlace)
    return "";
  if (rename(temporary.c_str(), target.c_str()) != 0)
    return fail(errno);
  temporary.clear();
  return "";
}
