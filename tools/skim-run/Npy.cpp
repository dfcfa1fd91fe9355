//===- Npy.cpp - numpy's array header -------------------------------------===//
// Format: magic, version, length, and a Python dict of descr, fortran_order and
// shape. Every number is checked before it is used.
//===----------------------------------------------------------------------===//

#include "Npy.h"

#include <algorithm>
#include <cstring>

using namespace skim::run;

static const char magic[] = "\x93NUMPY";
static constexpr size_t kMagicLength = 6;
static constexpr size_t kLongestHeader = 1 << 20;

namespace {

struct Descr {
  const char *text;
  int32_t dtype;
};

/// Reads a header's dict, front to back.
class DictReader {
public:
  explicit DictReader(std::string text) : text(std::move(text)) {}

  NpyHeader read();

private:
  void skipSpace() {
    while (at < text.size() && std::strchr(" \t\n\r", text[at]))
      ++at;
  }
  bool accept(const char *token) {
    skipSpace();
    size_t length = std::strlen(token);
    if (text.compare(at, length, token) != 0)
      return false;
    at += length;
    return true;
  }
  void expect(const char *token) {
    if (!accept(token))
      throw Error(std::string("damaged array header: expected ") + token +
                  " at byte " + std::to_string(at));
  }
  std::string readString();
  std::vector<int64_t> readShape();

  std::string text;
  size_t at = 0;
};

} // namespace

// The first text of a dtype is what is written.
static const Descr descrs[] = {
    {"<f4", SKIM_FLOAT32},  {"|u1", SKIM_UINT8},    {"|i1", SKIM_INT8},
    {"<u2", SKIM_UINT16},   {"<i2", SKIM_INT16},    {"<i4", SKIM_INT32},
    {"<i8", SKIM_INT64},    {"|b1", SKIM_BOOL},     {"<f2", SKIM_FLOAT16},
    {"<f8", SKIM_FLOAT64},  {"<u4", SKIM_UINT32},   {"<u8", SKIM_UINT64},
    {"|V2", SKIM_BFLOAT16}, {"<V2", SKIM_BFLOAT16},
};

std::string DictReader::readString() {
  expect("'");
  size_t end = text.find('\'', at);
  if (end == std::string::npos)
    throw Error("damaged array header: string without end");
  std::string value = text.substr(at, end - at);
  at = end + 1;
  return value;
}

std::vector<int64_t> DictReader::readShape() {
  std::vector<int64_t> dims;
  expect("(");
  while (!accept(")")) {
    skipSpace();
    int64_t value = 0;
    size_t start = at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at)
      if (__builtin_mul_overflow(value, 10, &value) ||
          __builtin_add_overflow(value, text[at] - '0', &value))
        throw Error("damaged array header: dimension is too large");
    if (at == start || dims.size() > 64)
      throw Error("damaged array header: expected a dimension at byte " +
                  std::to_string(at));
    dims.push_back(value);
    if (!accept(",")) {
      expect(")");
      break;
    }
  }
  return dims;
}

NpyHeader DictReader::read() {
  NpyHeader header{0, false, {}, 0};
  std::string descr;
  int found = 0;
  expect("{");
  while (!accept("}")) {
    std::string key = readString();
    expect(":");
    if (key == "descr") {
      if (!text.empty() && (skipSpace(), text.compare(at, 1, "'") != 0))
        throw Error("structured arrays are not supported");
      descr = readString();
    } else if (key == "fortran_order") {
      header.columnMajor = accept("True");
      if (!header.columnMajor)
        expect("False");
    } else if (key == "shape") {
      header.dims = readShape();
    } else {
      throw Error("damaged array header: unknown key '" + key + "'");
    }
    ++found;
    accept(",");
  }
  if (found != 3)
    throw Error("damaged array header: expected 3 keys, got " +
                std::to_string(found));
  for (const Descr &known : descrs)
    if (descr == known.text)
      header.dtype = known.dtype;
  if (!header.dtype)
    throw Error("element type '" + descr + "' is not supported");
  header.bytes = skim_dtype_size(header.dtype);
  for (int64_t dim : header.dims)
    if (__builtin_mul_overflow(header.bytes, dim, &header.bytes))
      throw Error("damaged array header: shape is too large");
  return header;
}

size_t skim::run::npyHeaderLength(const std::string &prefix) {
  if (prefix.size() < kNpyPrefix || prefix.compare(0, kMagicLength, magic) != 0)
    throw Error("not a numpy array");
  auto byte = [&](size_t i) { return size_t(static_cast<uint8_t>(prefix[i])); };
  size_t version = byte(kMagicLength);
  size_t length = byte(8) | byte(9) << 8;
  if (version == 1)
    return 10 + length;
  if (version > 3)
    throw Error("numpy array of unknown version " + std::to_string(version));
  length |= byte(10) << 16 | byte(11) << 24;
  if (length > kLongestHeader)
    throw Error("damaged array header: " + std::to_string(length) + " bytes");
  return 12 + length;
}

NpyHeader skim::run::parseNpyHeader(const std::string &header) {
  size_t start = header[kMagicLength] == 1 ? 10 : 12;
  return DictReader(header.substr(std::min(start, header.size()))).read();
}

std::string skim::run::makeNpyHeader(const Array &array) {
  std::string descr;
  for (const Descr &known : descrs)
    if (descr.empty() && known.dtype == array.dtype)
      descr = known.text;
  if (descr.empty())
    throw Error("array '" + array.name + "': numpy has no element type for it");
  std::string text =
      "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (";
  for (int64_t dim : array.dims)
    text += std::to_string(dim) + ", ";
  text += "), }";
  // Elements begin at a multiple of 64 bytes.
  text.append(63 - (10 + text.size()) % 64, ' ');
  text += '\n';
  std::string header(magic, kMagicLength);
  header += '\x01';
  header += '\x00';
  header += static_cast<char>(text.size() & 0xff);
  header += static_cast<char>(text.size() >> 8);
  return header + text;
}

void skim::run::makeRowMajor(Array &array) {
  size_t size = static_cast<size_t>(skim_dtype_size(array.dtype));
  size_t count = array.bytes.size() / size;
  std::vector<char> result(array.bytes.size());
  std::vector<int64_t> index(array.dims.size(), 0);
  // Goes through the source in its order; the first index runs fastest.
  for (size_t from = 0; from < count; ++from) {
    int64_t to = 0;
    for (size_t d = 0; d < index.size(); ++d)
      to = to * array.dims[d] + index[d];
    std::memcpy(result.data() + static_cast<size_t>(to) * size,
                array.bytes.data() + from * size, size);
    for (size_t d = 0; d < index.size() && ++index[d] == array.dims[d]; ++d)
      index[d] = 0;
  }
  array.bytes = std::move(result);
}
