//===- CompilerTest.cpp - the compiler as a call --------------------------===//
// What a program that compiles models in its own process relies on. Only
// Compiler.h is included: its interface has no LLVM in it.
//===----------------------------------------------------------------------===//

#include "skim/Compiler/Compiler.h"

#include "gtest/gtest.h"
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>
#include <unistd.h>

using namespace skim;

namespace {
class CompilerTest : public testing::Test {
protected:
  void SetUp() override {
    const char *base = std::getenv("TMPDIR");
    std::string pattern = std::string(base ? base : "/tmp") + "/skim-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory = pattern;
    options.input = SKIM_TEST_MODELS "/bert-14-sdpa.onnx";
    options.cpu = "x86-64-v3";
  }
  void TearDown() override {
    for (const std::string &name : {"a.so", "b.so"})
      unlink(path(name).c_str());
    EXPECT_EQ(rmdir(directory.c_str()), 0) << "a file was left behind";
  }
  std::string path(const std::string &name) { return directory + "/" + name; }
  std::string contents(const std::string &name) {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string directory;
  CompileOptions options;
};
} // namespace

TEST(Stages, NamesAreThoseOfTheCommand) {
  EXPECT_EQ(parseStage("optimised"), Stage::Optimised);
  EXPECT_EQ(parseStage("so"), Stage::Library);
  EXPECT_EQ(parseStage("optimized"), std::nullopt);
  EXPECT_EQ(listStages(),
            "onnx, skim, packed, planned, optimised, kernels, llvm, asm, obj, "
            "so");
}

TEST_F(CompilerTest, TwoThreadsMakeTheSameLibrary) {
  CompileResult results[2];
  std::thread threads[2];
  const char *names[] = {"a.so", "b.so"};
  for (int i = 0; i < 2; ++i)
    threads[i] = std::thread([&, i] {
      CompileOptions own = options;
      own.output = path(names[i]);
      results[i] = compile(own);
    });
  for (std::thread &thread : threads)
    thread.join();
  ASSERT_TRUE(results[0].ok) << results[0].error;
  ASSERT_TRUE(results[1].ok) << results[1].error;
  std::string first = contents("a.so"), second = contents("b.so");
  // They differ in their own name only.
  size_t name = first.find("a.so");
  ASSERT_NE(name, std::string::npos);
  first.replace(name, 4, "b.so");
  EXPECT_TRUE(first == second);
}

TEST_F(CompilerTest, TextComesBackWithoutAnOutput) {
  options.emit = Stage::Packed;
  std::vector<std::string> lines;
  options.onStage = [&](const std::string &line) { lines.push_back(line); };
  CompileResult result = compile(options);
  ASSERT_TRUE(result.ok) << result.error;
  EXPECT_NE(result.text.find("skim.pack mask"), std::string::npos);
  EXPECT_NE(result.statistics.find("\"name\": \"packed\""), std::string::npos);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[3].rfind("packed", 0), 0u);
}

TEST_F(CompilerTest, ErrorIsOneMessageAndLeavesNoFile) {
  options.output = path("a.so");
  options.outputs = {"no_such_output"};
  CompileResult result = compile(options);
  EXPECT_FALSE(result.ok);
  EXPECT_EQ(result.error.rfind(options.input + ": ", 0), 0u) << result.error;
  EXPECT_NE(result.error.find("'no_such_output'"), std::string::npos);
  EXPECT_EQ(result.error.find('\n'), std::string::npos) << result.error;
  EXPECT_EQ(access(path("a.so").c_str(), F_OK), -1);
}
