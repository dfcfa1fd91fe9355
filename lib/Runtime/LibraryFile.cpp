//===- LibraryFile.cpp - looking at a file before it is loaded ------------===//
// The loader maps what the headers say; where the file ends earlier the first
// read of a weight would kill the process.
//===----------------------------------------------------------------------===//

#include "Library.h"

#include <cerrno>
#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace skim::rt;

#if defined(__x86_64__)
static constexpr uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
static constexpr uint16_t kMachine = EM_AARCH64;
#else
#error "no machine number for this architecture"
#endif

namespace {

/// A file that closes itself.
struct File {
  explicit File(const char *path) : number(open(path, O_RDONLY | O_CLOEXEC)) {}
  ~File() {
    if (number >= 0)
      close(number);
  }
  bool read(void *out, size_t bytes, uint64_t offset) const {
    return pread(number, out, bytes, static_cast<off_t>(offset)) ==
           static_cast<ssize_t>(bytes);
  }
  int number;
};

} // namespace

static skim_status failTruncated(const char *path, uint64_t size,
                                 uint64_t expected) {
  return fail(SKIM_ERROR_FILE,
              "%s: file is truncated: expected at least %llu bytes, got %llu",
              path, static_cast<unsigned long long>(expected),
              static_cast<unsigned long long>(size));
}

static skim_status checkHeader(const char *path, const Elf64_Ehdr &header) {
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    return fail(SKIM_ERROR_FORMAT,
                "%s: not a compiled model: expected a shared library", path);
  if (header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_machine != kMachine)
    return fail(SKIM_ERROR_FORMAT,
                "%s: compiled for another architecture: expected ELF machine "
                "%d, got %d",
                path, int(kMachine), int(header.e_machine));
  if (header.e_type != ET_DYN || header.e_phentsize != sizeof(Elf64_Phdr))
    return fail(SKIM_ERROR_FORMAT,
                "%s: not a compiled model: expected a shared library", path);
  return SKIM_OK;
}

/// The end of what begins at `offset`, or a number beyond every file.
static uint64_t endOf(uint64_t offset, uint64_t bytes) {
  uint64_t end;
  return __builtin_add_overflow(offset, bytes, &end) ? UINT64_MAX : end;
}

static skim_status checkExtent(const char *path, const File &file,
                               const Elf64_Ehdr &header, uint64_t size) {
  uint64_t end =
      endOf(header.e_phoff, uint64_t(header.e_phnum) * sizeof(Elf64_Phdr));
  if (end > size)
    return failTruncated(path, size, end);
  uint64_t sections =
      endOf(header.e_shoff, uint64_t(header.e_shnum) * header.e_shentsize);
  if (sections > end)
    end = sections;
  for (int i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    if (!file.read(&segment, sizeof(segment),
                   header.e_phoff + i * sizeof(segment)))
      return fail(SKIM_ERROR_FILE, "%s: cannot read: %s", path,
                  std::strerror(errno));
    uint64_t last = endOf(segment.p_offset, segment.p_filesz);
    if (segment.p_type == PT_LOAD && last > end)
      end = last;
  }
  return end > size ? failTruncated(path, size, end) : SKIM_OK;
}

static uint64_t mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
  return hash ^ (hash >> 29);
}

skim_status skim::rt::checkLibraryFile(const char *path, uint64_t &identity) {
  File file(path);
  struct stat info;
  if (file.number < 0 || fstat(file.number, &info) != 0)
    return fail(SKIM_ERROR_FILE, "%s: cannot open: %s", path,
                std::strerror(errno));
  if (!S_ISREG(info.st_mode))
    return fail(SKIM_ERROR_FILE, "%s: cannot open: not a file", path);
  auto size = static_cast<uint64_t>(info.st_size);
  Elf64_Ehdr header;
  if (size < sizeof(header))
    return fail(SKIM_ERROR_FORMAT,
                "%s: not a compiled model: %llu bytes are too few", path,
                static_cast<unsigned long long>(size));
  if (!file.read(&header, sizeof(header), 0))
    return fail(SKIM_ERROR_FILE, "%s: cannot read: %s", path,
                std::strerror(errno));
  if (skim_status status = checkHeader(path, header))
    return status;
  identity = mix(mix(mix(mix(1, info.st_dev), info.st_ino), size),
                 uint64_t(info.st_mtim.tv_sec) * 1000000000u +
                     uint64_t(info.st_mtim.tv_nsec));
  return checkExtent(path, file, header, size);
}
