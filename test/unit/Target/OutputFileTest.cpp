//===- OutputFileTest.cpp - files that appear whole or not at all ---------===//

#include "skim/Target/OutputFile.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"

using namespace skim;

namespace {
class OutputFileTest : public testing::Test {
protected:
  void SetUp() override {
    llvm::SmallString<128> folder;
    ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("skim-test", folder));
    directory = folder.str().str();
  }
  void TearDown() override { llvm::sys::fs::remove_directories(directory); }

  std::string contents(const std::string &name) {
    auto buffer = llvm::MemoryBuffer::getFile(directory + "/" + name);
    return buffer ? (*buffer)->getBuffer().str() : "(none)";
  }
  unsigned countFiles() {
    std::error_code error;
    unsigned count = 0;
    for (llvm::sys::fs::directory_iterator i(directory, error), e; i != e;
         i.increment(error))
      ++count;
    return count;
  }
  std::string directory;
};
} // namespace

static std::string text(llvm::Error error) {
  return error ? llvm::toString(std::move(error)) : "";
}

TEST_F(OutputFileTest, KeptFileReplacesTheOld) {
  for (const char *round : {"first", "second"}) {
    auto file = OutputFile::create(directory + "/out");
    ASSERT_TRUE(bool(file));
    EXPECT_EQ(text(file->write(round)), "");
    EXPECT_EQ(text(file->keep()), "");
    EXPECT_EQ(contents("out"), round);
  }
  EXPECT_EQ(countFiles(), 1u);
}

TEST_F(OutputFileTest, DroppedFileLeavesTheOld) {
  {
    auto file = OutputFile::create(directory + "/out");
    ASSERT_TRUE(bool(file));
    EXPECT_EQ(text(file->write("old")), "");
    EXPECT_EQ(text(file->keep()), "");
  }
  {
    auto file = OutputFile::create(directory + "/out");
    ASSERT_TRUE(bool(file));
    EXPECT_EQ(text(file->write("half")), "");
  }
  EXPECT_EQ(contents("out"), "old");
  EXPECT_EQ(countFiles(), 1u);
}

TEST_F(OutputFileTest, PadsWithZeros) {
  auto file = OutputFile::create(directory + "/out");
  ASSERT_TRUE(bool(file));
  EXPECT_EQ(text(file->write("ab")), "");
  EXPECT_EQ(text(file->padTo(5000)), "");
  EXPECT_EQ(file->tell(), 5000u);
  EXPECT_EQ(text(file->keep()), "");
  EXPECT_EQ(contents("out"), "ab" + std::string(4998, '\0'));
}

TEST_F(OutputFileTest, MissingDirectoryIsNamed) {
  auto file = OutputFile::create(directory + "/no/out");
  ASSERT_FALSE(bool(file));
  EXPECT_EQ(text(file.takeError()), "cannot write '" + directory +
                                        "/no/out': directory '" + directory +
                                        "/no': No such file or directory");
}

TEST_F(OutputFileTest, DirectoryIsRefused) {
  auto file = OutputFile::create(directory);
  ASSERT_FALSE(bool(file));
  EXPECT_EQ(text(file.takeError()),
            "cannot write '" + directory + "': it is a directory");
}

TEST_F(OutputFileTest, FullDeviceIsNamed) {
  auto file = OutputFile::create("/dev/full");
  ASSERT_TRUE(bool(file));
  EXPECT_EQ(text(file->write("x")),
            "cannot write '/dev/full': No space left on device");
}
