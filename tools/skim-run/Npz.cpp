//===- Npz.cpp - numpy's archives of arrays -------------------------------===//
// A zip file with one .npy file for each array; libzip does the zip part.
//===----------------------------------------------------------------------===//

#include "Npz.h"

#include "Npy.h"

#include <algorithm>
#include <memory>
#include <zip.h>

using namespace skim::run;

namespace {

struct Discard {
  void operator()(zip_t *archive) const { zip_discard(archive); }
  void operator()(zip_file_t *file) const { zip_fclose(file); }
};
using Archive = std::unique_ptr<zip_t, Discard>;
using Entry = std::unique_ptr<zip_file_t, Discard>;

} // namespace

static Archive openArchive(const std::string &path, int flags) {
  int code = 0;
  Archive archive(zip_open(path.c_str(), flags, &code));
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
  Archive archive = openArchive(path, ZIP_RDONLY);
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

void skim::run::writeNpz(const std::string &path,
                         const std::vector<Array> &arrays) {
  Archive archive = openArchive(path, ZIP_CREATE | ZIP_TRUNCATE);
  std::vector<std::vector<char>> contents; // until the archive is closed
  contents.reserve(arrays.size());
  for (const Array &array : arrays) {
    std::string header = makeNpyHeader(array);
    std::vector<char> &bytes =
        contents.emplace_back(header.begin(), header.end());
    bytes.insert(bytes.end(), array.bytes.begin(), array.bytes.end());
    zip_source_t *source =
        zip_source_buffer(archive.get(), bytes.data(), bytes.size(), 0);
    std::string name = array.name + ".npy";
    zip_int64_t index = source ? zip_file_add(archive.get(), name.c_str(),
                                              source, ZIP_FL_ENC_UTF_8)
                               : -1;
    if (index < 0) {
      std::string text = zip_strerror(archive.get());
      zip_source_free(source);
      throw Error(path + ": array '" + array.name + "': " + text);
    }
    zip_set_file_compression(archive.get(), static_cast<zip_uint64_t>(index),
                             ZIP_CM_STORE, 0);
  }
  if (zip_close(archive.get()) != 0)
    throw Error(path + ": cannot write: " + zip_strerror(archive.get()));
  archive.release();
}
