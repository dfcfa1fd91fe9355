//===- OutputFileTest.cpp - files that appear whole or not at all ---------===//

#include "skim/Target/OutputFile.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

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

TEST_F(OutputFileTest, LinkIsFollowed) {
  std::string link = directory + "/link", folder = directory + "/folder";
  ASSERT_EQ(mkdir(folder.c_str(), 0777), 0);
  ASSERT_EQ(symlink("folder/other", link.c_str()), 0);
  ASSERT_EQ(symlink("../there", (folder + "/other").c_str()), 0);
  for (const char *round : {"the file is not there yet", "it is there"}) {
    auto file = OutputFile::create(link);
    ASSERT_TRUE(bool(file));
    EXPECT_EQ(text(file->write(round)), "");
    EXPECT_EQ(text(file->keep()), "");
    EXPECT_EQ(contents("there"), round);
    EXPECT_TRUE(llvm::sys::fs::is_symlink_file(link));
  }
}

TEST_F(OutputFileTest, LinksInACircleAreNamed) {
  std::string link = directory + "/link";
  ASSERT_EQ(symlink("link", link.c_str()), 0);
  EXPECT_EQ(checkOutputPath(link),
            "cannot write '" + link + "': Too many levels of symbolic links");
}

TEST_F(OutputFileTest, PipeIsWritten) {
  std::string pipe = directory + "/pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0666), 0);
  int reader = open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  auto file = OutputFile::create(pipe);
  ASSERT_TRUE(bool(file));
  EXPECT_EQ(text(file->write("words")), "");
  EXPECT_EQ(text(file->keep()), "");
  char words[8] = {};
  EXPECT_EQ(read(reader, words, sizeof(words)), 5);
  close(reader);
  EXPECT_STREQ(words, "words");
  struct stat status;
  EXPECT_EQ(stat(pipe.c_str(), &status), 0);
  EXPECT_TRUE(S_ISFIFO(status.st_mode));
}

TEST_F(OutputFileTest, LongNameIsNoProblem) {
  std::string name(250, 'x');
  auto file = OutputFile::create(directory + "/" + name);
  ASSERT_TRUE(bool(file));
  EXPECT_EQ(text(file->write("words")), "");
  EXPECT_EQ(text(file->keep()), "");
  EXPECT_EQ(contents(name), "words");
}

TEST_F(OutputFileTest, OneFileForTwoIsRefused) {
  std::string path = directory + "/out", other = directory + "/./out";
  ASSERT_EQ(symlink("out", (directory + "/link").c_str()), 0);
  EXPECT_EQ(checkDistinct({{"-a", path, ""}, {"-b", "", ""}}), "");
  EXPECT_EQ(checkDistinct({{"-a", path, ""}, {"-b", other, ""}}),
            "-a, -b: expected two files, got '" + path + "' for both");
  EXPECT_EQ(checkDistinct({{"-a", path, ""}, {"-b", directory + "/link", ""}}),
            "-a, -b: expected two files, got '" + path + "' for both");
  EXPECT_EQ(checkDistinct({{"-i", path, "the model itself"}, {"-a", path, ""}}),
            "-a: '" + path + "' is the model itself");
  EXPECT_EQ(checkDistinct({{"-a", "/dev/null", ""}, {"-b", "/dev/null", ""}}),
            "");
}
