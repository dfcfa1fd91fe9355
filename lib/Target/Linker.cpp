//===- Linker.cpp - objects to a shared object in memory ------------------===//
// Inputs are memory files and the output is a pipe: no temporary folder, and
// lld does not install the signal handlers that its output files come with.
//===----------------------------------------------------------------------===//

#include "skim/Target/Linker.h"

#include "lld/Common/Driver.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <link.h>
#include <mutex>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

LLD_HAS_DRIVER(elf)

using namespace llvm;
using namespace skim;

namespace {
/// A file descriptor that is closed in the end.
class Descriptor {
public:
  explicit Descriptor(int number = -1) : number(number) {}
  Descriptor(Descriptor &&other) : number(other.number) { other.number = -1; }
  Descriptor &operator=(Descriptor &&other) {
    std::swap(number, other.number);
    return *this;
  }
  ~Descriptor() { reset(); }

  void reset() {
    if (number >= 0)
      close(number);
    number = -1;
  }
  int get() const { return number; }
  std::string path() const { return "/proc/self/fd/" + std::to_string(number); }

private:
  int number;
};
} // namespace

static Error systemError(StringRef what) {
  return createStringError("cannot link: " + what + ": " +
                           std::strerror(errno));
}

/// Puts bytes in a file that lives in memory.
static Expected<Descriptor> makeMemoryFile(const std::string &name,
                                           ArrayRef<char> bytes) {
  Descriptor file(memfd_create(name.c_str(), MFD_CLOEXEC));
  if (file.get() < 0)
    return systemError("memory file for " + name);
  const char *cursor = bytes.data();
  size_t left = bytes.size();
  while (left > 0) {
    ssize_t written = write(file.get(), cursor, left);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return systemError("memory file for " + name);
    cursor += written;
    left -= written;
  }
  return file;
}

/// Paths of the libraries that a compiled model may need. They are the ones
/// that this process runs with; one that it does not use lies beside them.
static std::vector<std::string> findSystemLibraries() {
  static constexpr StringRef wanted[] = {"libc.so.6", "libm.so.6",
                                         "libstdc++.so.6", "libgcc_s.so.1"};
  std::vector<std::string> loaded;
  dl_iterate_phdr(
      [](dl_phdr_info *info, size_t, void *data) {
        if (info->dlpi_name && info->dlpi_name[0] == '/')
          static_cast<std::vector<std::string> *>(data)->push_back(
              info->dlpi_name);
        return 0;
      },
      &loaded);

  std::vector<std::string> found;
  for (StringRef name : wanted) {
    std::string path;
    for (const std::string &library : loaded)
      if (sys::path::filename(library) == name)
        path = library;
    for (size_t i = 0; path.empty() && i < loaded.size(); ++i) {
      SmallString<256> beside(sys::path::parent_path(loaded[i]));
      sys::path::append(beside, name);
      // Only beside another of the system's own libraries.
      StringRef neighbour = sys::path::filename(loaded[i]);
      if (is_contained(wanted, neighbour) && sys::fs::exists(beside))
        path = beside.str().str();
    }
    if (!path.empty())
      found.push_back(path);
  }
  // Thread-local storage of shared objects is the loader's.
  for (const std::string &library : loaded)
    if (sys::path::filename(library).starts_with("ld-linux"))
      found.push_back(library);
  return found;
}

/// Runs lld, whose state is global: one link at a time. Without the recovery
/// context a fatal error of lld would end the process.
static bool runLld(ArrayRef<const char *> arguments, std::string &errors) {
  static std::mutex mutex;
  static bool usable = true;
  std::lock_guard<std::mutex> lock(mutex);
  if (!usable) {
    errors = "the linker crashed before in this process";
    return false;
  }
  raw_string_ostream stream(errors);
  CrashRecoveryContext::Enable();
  lld::Result result =
      lld::lldMain(arguments, stream, stream, {{lld::Gnu, &lld::elf::link}});
  CrashRecoveryContext::Disable();
  usable = result.canRunAgain;
  return result.retCode == 0;
}

Expected<std::vector<char>> skim::linkSharedObject(ArrayRef<LinkInput> objects,
                                                   StringRef soname,
                                                   StringRef exported) {
  std::vector<Descriptor> files;
  std::vector<std::string> arguments = {"ld.lld",
                                        "-shared",
                                        "-soname",
                                        soname.str(),
                                        "--hash-style=gnu",
                                        "--eh-frame-hdr",
                                        "--gc-sections",
                                        "--as-needed",
                                        "-z",
                                        "now",
                                        "-z",
                                        "relro",
                                        "-z",
                                        "defs",
                                        "--no-mmap-output-file",
                                        "--threads=1",
                                        "--color-diagnostics=never"};
  auto addFile = [&](const std::string &name, ArrayRef<char> bytes,
                     const std::string &prefix) -> Error {
    Expected<Descriptor> file = makeMemoryFile(name, bytes);
    if (!file)
      return file.takeError();
    files.push_back(std::move(*file));
    arguments.push_back(prefix + files.back().path());
    return Error::success();
  };
  std::string script = ("{ global: " + exported + "; local: *; };").str();
  if (Error error = addFile("exports", script, "--version-script="))
    return std::move(error);
  for (const LinkInput &object : objects)
    if (Error error = addFile(object.name, object.bytes, ""))
      return std::move(error);
  for (std::string &library : findSystemLibraries())
    arguments.push_back(std::move(library));

  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return systemError("pipe");
  Descriptor readEnd(ends[0]), writeEnd(ends[1]);
  arguments.push_back("-o");
  arguments.push_back(writeEnd.path());

  std::vector<char> output;
  std::thread reader([&] {
    char buffer[1 << 16];
    ssize_t count;
    while ((count = read(readEnd.get(), buffer, sizeof(buffer))) != 0)
      if (count > 0)
        output.insert(output.end(), buffer, buffer + count);
      else if (errno != EINTR)
        break;
  });
  std::vector<const char *> pointers;
  for (const std::string &argument : arguments)
    pointers.push_back(argument.c_str());
  std::string errors;
  bool linked = runLld(pointers, errors);
  writeEnd.reset();
  reader.join();

  if (linked && !output.empty())
    return output;
  for (auto [file, object] : zip(drop_begin(files), objects)) {
    std::string path = file.path();
    for (size_t at; (at = errors.find(path)) != std::string::npos;)
      errors.replace(at, path.size(), object.name);
  }
  return createStringError("cannot link " + soname + ": " +
                           StringRef(errors).trim());
}
