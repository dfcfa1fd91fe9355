//===- NpzTest.cpp - numpy files of skim-run ------------------------------===//
// Round trips, headers as numpy writes them, and files damaged in every way:
// an error, never a crash.
//===----------------------------------------------------------------------===//

#include "Npz.h"
#include "FakeLibrary.h"
#include "Npy.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

using namespace skim::run;
using skim::test::readFile;
using skim::test::writeFile;

template <typename T>
static Array makeArray(const char *name, int32_t dtype,
                       std::vector<int64_t> dims, std::vector<T> values) {
  Array array{name, dtype, std::move(dims), {}};
  array.bytes.resize(values.size() * sizeof(T));
  if (!values.empty())
    std::memcpy(array.bytes.data(), values.data(), array.bytes.size());
  return array;
}

static std::string npyFile(const std::string &dict) {
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(dict.size() & 0xff);
  header += static_cast<char>(dict.size() >> 8);
  return header + dict;
}

static std::string headerError(const std::string &dict) {
  try {
    parseNpyHeader(npyFile(dict));
  } catch (const Error &error) {
    return error.what();
  }
  return "";
}

TEST(Npy, ReadsHeadersOfNumpy) {
  NpyHeader header = parseNpyHeader(npyFile(
      "{'descr': '<i8', 'fortran_order': False, 'shape': (3, 7), }   \n"));
  EXPECT_EQ(header.dtype, SKIM_INT64);
  EXPECT_EQ(header.dims, (std::vector<int64_t>{3, 7}));
  EXPECT_EQ(header.bytes, 168);
  EXPECT_FALSE(header.columnMajor);
  header = parseNpyHeader(
      npyFile("{'shape': (), 'fortran_order': True, 'descr': '|b1'}"));
  EXPECT_TRUE(header.dims.empty());
  EXPECT_EQ(header.bytes, 1);
  EXPECT_TRUE(header.columnMajor);
  header = parseNpyHeader(
      npyFile("{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }"));
  EXPECT_EQ(header.bytes, 0);
}

TEST(Npy, SaysWhatIsWrongWithAHeader) {
  EXPECT_EQ(headerError("{'descr': '>i8', 'fortran_order': False, 'shape': "
                        "(1,)}"),
            "element type '>i8' is not supported");
  EXPECT_EQ(headerError("{'descr': [('a', '<i8')], 'fortran_order': False, "
                        "'shape': (1,)}"),
            "structured arrays are not supported");
  EXPECT_EQ(headerError("{'descr': '<i8', 'shape': (1,)}"),
            "damaged array header: expected 3 keys, got 2");
  EXPECT_EQ(headerError("{'descr': '<i8', 'fortran_order': False, 'shape': "
                        "(99999999999999999999,)}"),
            "damaged array header: dimension is too large");
  EXPECT_EQ(headerError("{'descr': '<i8', 'fortran_order': False, 'shape': "
                        "(4294967296, 4294967296)}"),
            "damaged array header: shape is too large");
  EXPECT_EQ(headerError("{'descr': '<i8', 'fortran_order': False, 'shape': "
                        "(-1,)}"),
            "damaged array header: expected a dimension at byte 51");
  EXPECT_EQ(headerError("{'colour': 'red'}"),
            "damaged array header: unknown key 'colour'");
  EXPECT_EQ(headerError(""), "damaged array header: expected { at byte 0");
}

TEST(Npy, ColumnMajorIsTurnedRound) {
  // [[1, 2, 3], [4, 5, 6]] column by column.
  Array array = makeArray<int32_t>("a", SKIM_INT32, {2, 3}, {1, 4, 2, 5, 3, 6});
  makeRowMajor(array);
  EXPECT_EQ(
      std::vector<int32_t>(array.data<int32_t>(), array.data<int32_t>() + 6),
      (std::vector<int32_t>{1, 2, 3, 4, 5, 6}));
}

static std::vector<Array> someArrays() {
  return {makeArray<int64_t>("ids", SKIM_INT64, {2, 3}, {1, 2, 3, 4, 5, 6}),
          makeArray<uint8_t>("mask", SKIM_BOOL, {2}, {1, 0}),
          makeArray<float>("scalar", SKIM_FLOAT32, {}, {1.5f}),
          makeArray<double>("empty", SKIM_FLOAT64, {0, 4}, {})};
}

static void writeTo(const std::string &path, const std::vector<Array> &arrays) {
  skim::StagedFile file;
  ASSERT_EQ(file.open(path), "");
  writeNpz(arrays, file);
  ASSERT_EQ(file.keep(), "");
}

TEST(Npz, RoundTrip) {
  std::string path = writeFile("round.npz", "");
  writeTo(path, someArrays());
  std::vector<Array> read = readNpz(path), wrote = someArrays();
  ASSERT_EQ(read.size(), wrote.size());
  for (size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i].name, wrote[i].name);
    EXPECT_EQ(read[i].dtype, wrote[i].dtype);
    EXPECT_EQ(read[i].dims, wrote[i].dims);
    EXPECT_EQ(read[i].bytes, wrote[i].bytes);
  }
}

/// Reads a file that may be refused, but only by an Error.
static bool isRefused(const std::string &contents) {
  try {
    readNpz(writeFile("damaged.npz", contents));
    return false;
  } catch (const Error &error) {
    EXPECT_NE(std::string(error.what()), "");
    return true;
  }
}

TEST(Npz, DamagedFilesAreRefusedOrRead) {
  std::string path = writeFile("whole.npz", "");
  writeTo(path, someArrays());
  std::string whole = readFile(path);
  std::mt19937 random(3);
  for (int i = 0; i < 400; ++i) {
    std::string damaged = whole;
    for (uint32_t n = 1 + random() % 4; n; --n)
      damaged[random() % damaged.size()] = static_cast<char>(random());
    isRefused(damaged);
  }
  for (size_t size = 0; size < whole.size(); size += 7)
    EXPECT_TRUE(isRefused(whole.substr(0, size))) << size;
}

TEST(Npz, MissingFileIsNamed) {
  try {
    readNpz("/nonexistent/x.npz");
    FAIL();
  } catch (const Error &error) {
    EXPECT_STREQ(error.what(),
                 "/nonexistent/x.npz: cannot open as npz: No such file");
  }
}
