//===- SharedLibraryTest.cpp - objects, linking and the weights segment ---===//
// Builds small libraries from LLVM IR, loads them and reads their weights.
//===----------------------------------------------------------------------===//

#include "skim/Target/Linker.h"
#include "skim/Target/ObjectEmitter.h"
#include "skim/Target/WeightsSegment.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/SourceMgr.h"
#include "gtest/gtest.h"
#include <dlfcn.h>

using namespace llvm;
using namespace skim;

namespace {
/// What the test libraries export.
struct Table {
  int64_t marker;
  int64_t weightsDelta;
  float (*function)(float);
};
} // namespace

static constexpr char source[] = R"(
%table = type { i64, i64, ptr }
@skim_library_table = global %table { i64 77, i64 0, ptr @twice_root }
declare float @sqrtf(float)
declare float @cbrtf(float)
define internal float @twice_root(float %x) {
  %root = call float @cbrtf(float %x)
  %twice = fadd float %root, %root
  ret float %twice
}
define float @hidden(float %x) {
  ret float %x
}
)";

static SmallVector<char, 0> compileText(StringRef text) {
  SmallVector<char, 0> object;
  LLVMContext context;
  SMDiagnostic diagnostic;
  std::unique_ptr<Module> module =
      parseAssemblyString(text, diagnostic, context);
  Expected<CpuTarget> target = resolveCpuTarget("native");
  if (!module || !target) {
    ADD_FAILURE() << diagnostic.getMessage().str();
    return object;
  }
  auto machine = cantFail(createTargetMachine(*target));
  setTarget(*module, *target, *machine);
  optimizeModule(*module, *machine);
  cantFail(emitObject(*module, *machine, object));
  return object;
}

static std::vector<char> link(ArrayRef<char> object) {
  Expected<std::vector<char>> library =
      linkSharedObject({{"model.o", object}}, "test.so", "skim_library_table");
  if (!library) {
    ADD_FAILURE() << toString(library.takeError());
    return {};
  }
  return *library;
}

/// An entry of `count` words that count up from `first`.
static WeightsEntry countUp(uint64_t offset, uint64_t count, uint32_t first) {
  WeightsEntry entry;
  entry.name = "words from " + std::to_string(first);
  entry.offset = offset;
  entry.bytes = count * 4;
  entry.write = [=](WeightsSink sink) -> Error {
    std::vector<uint32_t> words(1 << 18);
    for (uint64_t done = 0; done < count; done += words.size()) {
      uint64_t now = std::min<uint64_t>(words.size(), count - done);
      for (uint64_t i = 0; i < now; ++i)
        words[i] = uint32_t(first + done + i);
      if (Error error = sink(words.data(), now * 4))
        return error;
    }
    return Error::success();
  };
  return entry;
}

namespace {
class SharedLibraryTest : public testing::Test {
protected:
  void SetUp() override {
    SmallString<128> folder;
    ASSERT_FALSE(sys::fs::createUniqueDirectory("skim-test", folder));
    path = (folder + "/test.so").str();
    directory = folder.str().str();
  }
  void TearDown() override { sys::fs::remove_directories(directory); }

  Error write(ArrayRef<char> library, ArrayRef<WeightsEntry> entries) {
    Expected<OutputFile> file = OutputFile::create(path, /*executable=*/true);
    if (!file)
      return file.takeError();
    if (Error error =
            writeWithWeights(library, "skim_library_table",
                             offsetof(Table, weightsDelta), entries, *file))
      return error;
    return file->keep();
  }
  uint64_t fileSize() {
    uint64_t size = 0;
    EXPECT_FALSE(sys::fs::file_size(path, size));
    return size;
  }
  std::string path, directory;
};
} // namespace

TEST_F(SharedLibraryTest, LoadsAndFindsItsWeights) {
  std::vector<char> library = link(compileText(source));
  ASSERT_FALSE(library.empty());
  ASSERT_FALSE(bool(
      write(library, {countUp(0, 1000, 5), countUp(64 * 100, 300000, 70)})));
  EXPECT_LE(fileSize(), 64 * 100 + 300000 * 4 + (1 << 16));

  void *handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(handle, nullptr) << dlerror();
  auto *table = static_cast<Table *>(dlsym(handle, "skim_library_table"));
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(dlsym(handle, "hidden"), nullptr);
  EXPECT_EQ(table->marker, 77);
  EXPECT_EQ(table->function(27.0f), 6.0f);
  const char *weights = reinterpret_cast<char *>(table) + table->weightsDelta;
  EXPECT_EQ(reinterpret_cast<uintptr_t>(weights) % 4096, 0u);
  const auto *words = reinterpret_cast<const uint32_t *>(weights);
  EXPECT_EQ(words[0], 5u);
  EXPECT_EQ(words[999], 1004u);
  EXPECT_EQ(words[1001], 0u);
  EXPECT_EQ(words[1600], 70u);
  EXPECT_EQ(words[1600 + 299999], 70u + 299999u);
  dlclose(handle);
}

TEST_F(SharedLibraryTest, NeedsOnlySystemLibrariesAndDescribesTheWeights) {
  std::vector<char> library = link(compileText(source));
  ASSERT_FALSE(library.empty());
  ASSERT_FALSE(bool(write(library, {countUp(0, 10000, 1)})));
  auto binary = cantFail(object::ObjectFile::createObjectFile(path));
  auto *elf = cast<object::ELF64LEObjectFile>(binary.getBinary());
  bool described = false;
  for (const object::SectionRef &section : elf->sections())
    if (cantFail(section.getName()) == ".skim.weights") {
      described = true;
      StringRef bytes = cantFail(section.getContents());
      EXPECT_EQ(bytes.size(), 40000u);
      EXPECT_EQ(bytes.substr(0, 8), StringRef("\1\0\0\0\2\0\0\0", 8));
    }
  EXPECT_TRUE(described);
  std::vector<std::string> needed;
  const auto &file = elf->getELFFile();
  for (const auto &entry : cantFail(file.dynamicEntries()))
    if (entry.d_tag == ELF::DT_NEEDED)
      for (const auto &strings : cantFail(file.dynamicEntries()))
        if (strings.d_tag == ELF::DT_STRTAB)
          needed.push_back(reinterpret_cast<const char *>(
              cantFail(file.toMappedAddr(strings.getPtr())) + entry.getVal()));
  EXPECT_EQ(needed, std::vector<std::string>{"libm.so.6"});
}

TEST_F(SharedLibraryTest, WeightsBeyondFourGigabytesKeepTheirOffsets) {
  std::vector<char> library = link(compileText(source));
  ASSERT_FALSE(library.empty());
  // Only the ends hold data: what lies between is a hole of the file.
  uint64_t far = (uint64_t(5) << 30) + 128;
  ASSERT_FALSE(bool(write(library, {countUp(0, 16, 1), countUp(far, 16, 9)})));
  void *handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(handle, nullptr) << dlerror();
  auto *table = static_cast<Table *>(dlsym(handle, "skim_library_table"));
  const char *weights = reinterpret_cast<char *>(table) + table->weightsDelta;
  EXPECT_EQ(*reinterpret_cast<const uint32_t *>(weights + far), 9u);
  dlclose(handle);
}

TEST_F(SharedLibraryTest, FailedLinkIsAnErrorAndCanBeRepeated) {
  for (int round = 0; round < 3; ++round) {
    SmallVector<char, 0> object =
        compileText("declare i32 @no_such_function()\n"
                    "define i32 @skim_library_table() {\n"
                    "  %r = call i32 @no_such_function()\n  ret i32 %r\n}");
    Expected<std::vector<char>> library = linkSharedObject(
        {{"model.o", object}}, "test.so", "skim_library_table");
    ASSERT_FALSE(bool(library));
    std::string text = toString(library.takeError());
    EXPECT_NE(text.find("cannot link test.so"), std::string::npos) << text;
    EXPECT_NE(text.find("undefined symbol: no_such_function"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("model.o"), std::string::npos) << text;
    EXPECT_FALSE(link(compileText(source)).empty());
  }
}

TEST_F(SharedLibraryTest, GarbageObjectIsAnErrorAndCanBeRepeated) {
  for (int round = 0; round < 2; ++round) {
    Expected<std::vector<char>> library =
        linkSharedObject({{"model.o", ArrayRef<char>("\x7f"
                                                     "ELF but no more",
                                                     17)}},
                         "test.so", "skim_library_table");
    ASSERT_FALSE(bool(library));
    consumeError(library.takeError());
  }
  EXPECT_FALSE(link(compileText(source)).empty());
}

TEST_F(SharedLibraryTest, EntryOfTheWrongSizeLeavesNoFile) {
  std::vector<char> library = link(compileText(source));
  WeightsEntry entry = countUp(0, 10, 1);
  entry.bytes = 44;
  Error error = write(library, {entry});
  ASSERT_TRUE(bool(error));
  EXPECT_EQ(toString(std::move(error)),
            "weights entry 'words from 1': expected 44 bytes, got 40");
  EXPECT_FALSE(sys::fs::exists(path));
}
