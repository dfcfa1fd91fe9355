//===- SafetensorsTest.cpp - files of tensors, whole and broken -----------===//
// One negative test for each message.
//===----------------------------------------------------------------------===//

#include "skim/Plan/Safetensors.h"

#include "SafetensorsWriter.h"
#include "gtest/gtest.h"

using namespace skim;

static llvm::Expected<std::shared_ptr<const Safetensors>>
read(const std::string &bytes) {
  return Safetensors::parse(
      llvm::MemoryBuffer::getMemBufferCopy(bytes, "file"));
}

static std::string errorOf(const std::string &bytes) {
  auto file = read(bytes);
  return file ? "" : llvm::toString(file.takeError());
}

/// The error of a header before `bytes` of data.
static std::string headerError(const std::string &header, int64_t bytes = 8) {
  return errorOf(SafetensorsWriter::frame(header, std::string(bytes, '\0')));
}

static const std::string kEntry =
    R"({"dtype": "F32", "shape": [2], "data_offsets": [0, 8]})";

TEST(Safetensors, ReadsTensors) {
  std::string bytes = SafetensorsWriter::frame(
      R"({"__metadata__": {"format": "pt"}, "b": {"dtype": "F32", "shape": [2, 1],
          "data_offsets": [4, 12]}, "a": {"dtype": "I8", "shape": [4],
          "data_offsets": [0, 4]}, "none": {"dtype": "F32", "shape": [0, 3],
          "data_offsets": [12, 12]}})",
      std::string(12, '\0'));
  auto file = read(bytes);
  ASSERT_TRUE(bool(file)) << llvm::toString(file.takeError());
  EXPECT_EQ((*file)->names(), (std::vector<std::string>{"a", "b", "none"}));
  const Safetensors::Tensor *b = (*file)->find("b");
  ASSERT_TRUE(b);
  EXPECT_EQ(b->dtype, "F32");
  EXPECT_EQ(b->shape, (std::vector<int64_t>{2, 1}));
  EXPECT_EQ(b->bytes.size(), 8u);
  EXPECT_FALSE((*file)->find("c"));
}

TEST(Safetensors, TakesATensorOfNoDimensions) {
  EXPECT_EQ(
      headerError(
          R"({"a": {"dtype": "F32", "shape": [], "data_offsets": [0, 4]}})", 4),
      "");
}

TEST(Safetensors, RefusesShortFiles) {
  EXPECT_EQ(errorOf("1234567"),
            "file: expected a safetensors file of at least 8 bytes, got 7");
  EXPECT_EQ(errorOf(std::string("\x09\0\0\0\0\0\0\0{}", 10)),
            "file: expected a header of at most 2 bytes, got 9");
  EXPECT_EQ(errorOf(std::string(8, '\xff')),
            "file: expected a header of at most 0 bytes, got "
            "18446744073709551615");
}

TEST(Safetensors, RefusesTruncatedFilesAtEveryByte) {
  SafetensorsWriter writer;
  writer.add("a", {2, 3});
  writer.add("b", {5});
  std::string bytes = writer.str();
  ASSERT_EQ(errorOf(bytes), "");
  for (size_t size = 0; size != bytes.size(); ++size)
    EXPECT_NE(errorOf(bytes.substr(0, size)), "") << size;
}

TEST(Safetensors, RefusesHeadersThatAreNoObject) {
  EXPECT_EQ(headerError("[1]", 0),
            "file: expected an object in the header, got a list of 1");
  EXPECT_EQ(headerError("{", 0).find("file: expected JSON, got an error at"),
            0u);
}

TEST(Safetensors, RefusesWrongEntries) {
  EXPECT_EQ(headerError(R"({"a": 1})"), "file: a: expected an object, got 1");
  EXPECT_EQ(headerError(R"({"a": {"dtype": "F32", "shape": [2]}})"),
            "file: a.data_offsets: expected the field, got none");
  EXPECT_EQ(headerError(
                R"({"a": {"dtype": 1, "shape": [2], "data_offsets": [0, 8]}})"),
            "file: a.dtype: expected the name of a type, got 1");
  EXPECT_EQ(
      headerError(
          R"({"a": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}})"),
      "file: a.shape[0]: expected a size of 0 or more, got -2");
  EXPECT_EQ(
      headerError(
          R"({"a": {"dtype": "F32", "shape": 2, "data_offsets": [0, 8]}})"),
      "file: a.shape: expected a list of sizes, got 2");
  EXPECT_EQ(
      headerError(
          R"({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0]}})"),
      "file: a.data_offsets: expected the offsets of begin and end, got a "
      "list of 1");
  EXPECT_EQ(
      headerError(
          R"({"a": {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]}})"),
      "file: a.data_offsets: expected the offsets of begin and end, got a "
      "list of 2");
  EXPECT_EQ(
      headerError(
          R"({"a": {"dtype": "F32", "shape": [2], "data_offsets": [-8, 0]}})"),
      "file: a.data_offsets[0]: expected an offset of 0 or more, got -8");
}

TEST(Safetensors, RefusesDataThatAreNotThere) {
  EXPECT_EQ(
      headerError("{\"a\": " + kEntry + "}", 7),
      "file: a.data_offsets: expected at most 7, the bytes of data in the "
      "file, got 8");
}

TEST(Safetensors, RefusesSizesThatDoNotFit) {
  EXPECT_EQ(
      headerError(
          R"({"a": {"dtype": "F32", "shape": [3], "data_offsets": [0, 8]}})"),
      "file: a.data_offsets: expected the bytes of F32 of that shape, got 8");
  // 2^62 * 4 elements would wrap around to none.
  EXPECT_EQ(
      headerError(R"({"a": {"dtype": "F32", "shape": [4611686018427387904, 4],
                            "data_offsets": [0, 0]}})",
                  0),
      "file: a.data_offsets: expected the bytes of F32 of that shape, got 0");
}

TEST(Safetensors, RefusesOverlapsAndGaps) {
  EXPECT_EQ(headerError("{\"a\": " + kEntry + ", \"b\": " + kEntry + "}"),
            "file: b.data_offsets: expected data from 8 on, where the tensor "
            "before ends, got 0");
  EXPECT_EQ(
      headerError(
          R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}})"),
      "file: a.data_offsets: expected data from 0 on, where the tensor "
      "before ends, got 4");
  EXPECT_EQ(headerError("{\"a\": " + kEntry + "}", 12),
            "file: expected 8 bytes of data, got 12");
}

TEST(Safetensors, RefusesTensorsGivenTwice) {
  EXPECT_EQ(headerError("{\"a\": " + kEntry + ", \"a\": " + kEntry + "}"),
            "file: a: expected the field once, got it twice");
}

TEST(Safetensors, RefusesFilesThatAreNone) {
  TemporaryFolder folder;
  auto opened = Safetensors::open(folder.path(""));
  ASSERT_FALSE(bool(opened));
  EXPECT_EQ(llvm::toString(opened.takeError()),
            folder.path("") + ": expected a file, got a directory or a device");
  opened = Safetensors::open(folder.path("none"));
  ASSERT_FALSE(bool(opened));
  EXPECT_EQ(llvm::toString(opened.takeError()),
            folder.path("none") + ": No such file or directory");
}
