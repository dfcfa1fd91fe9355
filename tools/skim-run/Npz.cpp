//===- Npz.cpp - numpy's archives of arrays -------------------------------===//
// A zip file with one .npy file for each array; libzip does the zip part.
//===----------------------------------------------------------------------===//

#include "Npz.h"

#include "Npy.h"
#include "StagedFiles.h"

#include <algorithm>
#include <memory>
#include <zip.h>

using namespace skim::run;

namespace {

struct Discard {
  void operator()(zip_t *archive) const { zip_discard(archive); }
  void operator()(zip_file_t *file) const { zip_fclose(file); }
  void operator()(zip_source_t *source) const { zip_source_free(source); }
};
using Archive = std::unique_ptr<zip_t, Discard>;
using Entry = std::unique_ptr<zip_file_t, Discard>;
using Source = std::unique_ptr<zip_source_t, Discard>;

} // namespace

static Archive openArchive(const std::string &path) {
  int code = 0;
  Archive archive(zip_open(path.c_str(), ZIP_RDONLY, &code));
  if (archive)
    return archive;
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  throw Error(path + ": cannot open as npz: " + text);
}

/// Reads exactly `count` bytes, in steps: what the file says of its size may be
/// wrong.
static void readBytes(zip_file_t *file, std::vector<char> &bytes,
                      uint64_t count) {
  constexpr uint64_t step = 1 << 22;
  while (bytes.size() < count) {
    size_t old = bytes.size();
    bytes.resize(old + std::min<uint64_t>(step, count - old));
    zip_int64_t got = zip_fread(file, bytes.data() + old, bytes.size() - old);
    if (got < 0)
      throw Error(zip_file_strerror(file));
    if (got == 0)
      throw Error("data ends early");
    bytes.resize(old + static_cast<size_t>(got));
  }
}

static std::string readText(zip_file_t *file, size_t count) {
  std::vector<char> bytes;
  readBytes(file, bytes, count);
  return std::string(bytes.begin(), bytes.end());
}

static Array readArray(zip_t *archive, zip_uint64_t index,
                       const std::string &name) {
  Entry file(zip_fopen_index(archive, index, 0));
  if (!file)
    throw Error(zip_strerror(archive));
  std::string text = readText(file.get(), kNpyPrefix);
  size_t length = npyHeaderLength(text);
  if (length < kNpyPrefix)
    throw Error("damaged array header: too short");
  text += readText(file.get(), length - kNpyPrefix);
  NpyHeader header = parseNpyHeader(text);
  Array array{name, header.dtype, header.dims, {}};
  readBytes(file.get(), array.bytes, static_cast<uint64_t>(header.bytes));
  // Reading the end has the check sum compared.
  char more;
  zip_int64_t rest = zip_fread(file.get(), &more, 1);
  if (rest != 0)
    throw Error(rest < 0 ? zip_file_strerror(file.get())
                         : "more data than its shape says");
  if (header.columnMajor)
    makeRowMajor(array);
  return array;
}

std::vector<Array> skim::run::readNpz(const std::string &path) {
  Archive archive = openArchive(path);
  std::vector<Array> arrays;
  zip_int64_t count = zip_get_num_entries(archive.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    auto index = static_cast<zip_uint64_t>(i);
    const char *entry = zip_get_name(archive.get(), index, 0);
    std::string name = entry ? entry : "";
    size_t dot = name.rfind(".npy");
    if (dot != std::string::npos && dot + 4 == name.size())
      name.resize(dot);
    try {
      arrays.push_back(readArray(archive.get(), index, name));
    } catch (const Error &error) {
      throw Error(path + ": array '" + name + "': " + error.what());
    }
  }
  return arrays;
}

/// Adds an array, whose elements are read when the archive is closed.
static void addArray(zip_t *archive, const Array &array,
                     const std::string &header) {
  // The library takes them as writable and only reads them.
  auto bytesOf = [](const auto &text) {
    return reinterpret_cast<zip_uint8_t *>(const_cast<char *>(text.data()));
  };
  zip_buffer_fragment_t parts[] = {{bytesOf(header), header.size()},
                                   {bytesOf(array.bytes), array.bytes.size()}};
  zip_uint64_t count = array.bytes.empty() ? 1 : 2;
  zip_source_t *source = zip_source_buffer_fragment(archive, parts, count, 0);
  std::string name = array.name + ".npy";
  zip_int64_t index =
      source ? zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8)
             : -1;
  if (index < 0) {
    std::string text = zip_strerror(archive);
    zip_source_free(source);
    throw Error("array '" + array.name + "': " + text);
  }
  zip_set_file_compression(archive, static_cast<zip_uint64_t>(index),
                           ZIP_CM_STORE, 0);
}

/// Writes to `file` what the archive left in memory.
static void copySource(zip_source_t *source, skim::StagedFile &file) {
  std::vector<char> buffer(1 << 20);
  bool opened = zip_source_open(source) == 0;
  zip_int64_t count = opened ? 0 : -1;
  while (opened &&
         (count = zip_source_read(source, buffer.data(), buffer.size())) > 0)
    check(file.write(buffer.data(), static_cast<uint64_t>(count)));
  if (count < 0)
    throw Error(zip_error_strerror(zip_source_error(source)));
  zip_source_close(source);
}

void skim::run::writeNpz(const std::vector<Array> &arrays, StagedFile &file) {
  // In memory: the library would replace a device by a file.
  zip_error_t error;
  zip_error_init(&error);
  Source source(zip_source_buffer_create(nullptr, 0, 0, &error));
  Archive archive(source ? zip_open_from_source(
                               source.get(), ZIP_CREATE | ZIP_TRUNCATE, &error)
                         : nullptr);
  if (!archive)
    throw Error(zip_error_strerror(&error));
  zip_source_keep(source.get());    // the archive has the other share of it
  std::vector<std::string> headers; // until the archive is closed
  headers.reserve(arrays.size());
  for (const Array &array : arrays) {
    headers.push_back(makeNpyHeader(array));
    addArray(archive.get(), array, headers.back());
  }
  if (zip_close(archive.get()) != 0)
    throw Error(zip_strerror(archive.get()));
  archive.release();
  copySource(source.get(), file);
}
