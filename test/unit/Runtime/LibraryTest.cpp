//===- LibraryTest.cpp - opening compiled libraries -----------------------===//
// Good files, damaged ones, those of other versions and other CPUs; what an
// open library says of itself.
//===----------------------------------------------------------------------===//

#include "FakeLibrary.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdio>
#include <dlfcn.h>
#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace skim::test;

/// Opens a file that must be refused; gives the text without the path.
static std::string errorOf(const std::string &path, skim_status expected) {
  skim_library *library = nullptr;
  EXPECT_EQ(skim_open(path.c_str(), &library), expected) << skim_last_error();
  EXPECT_EQ(library, nullptr);
  std::string text = skim_last_error();
  EXPECT_EQ(text.substr(0, path.size() + 2), path + ": ");
  return text.substr(std::min(text.size(), path.size() + 2));
}

TEST(Library, DescribesItself) {
  Library library = openFake();
  ASSERT_TRUE(library);
  skim_model_info info;
  ASSERT_EQ(skim_get_model_info(library.get(), &info), SKIM_OK);
  EXPECT_STREQ(info.name, "fake");
  EXPECT_STREQ(info.compiler, "9.8.7");
  EXPECT_STREQ(info.cpu, "fakecpu");
  EXPECT_EQ(info.num_layers, 2);
  EXPECT_EQ(skim_num_inputs(library.get()), 4);
  EXPECT_EQ(skim_num_outputs(library.get()), 4);
  EXPECT_EQ(skim_find_input(library.get(), "mask"), 1);
  EXPECT_EQ(skim_find_input(library.get(), "states"), -1);
  EXPECT_EQ(skim_find_output(library.get(), "states"), 0);
  const skim_tensor_desc *mask = skim_get_input(library.get(), 1);
  EXPECT_STREQ(mask->name, "mask");
  EXPECT_STREQ(mask->dim_names[1], "sequence");
  EXPECT_EQ(skim_get_input(library.get(), 4), nullptr);
  EXPECT_EQ(skim_get_output(library.get(), -1), nullptr);
}

TEST(Library, LinkedTableIsALibraryToo) {
  Library library = bindFake();
  ASSERT_TRUE(library);
  EXPECT_EQ(skim_find_input(library.get(), "mask"), 1);
}

TEST(Library, ExportsTheTableAlone) {
  void *handle = dlopen(FAKE_LIBRARY, RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(handle, nullptr) << dlerror();
  EXPECT_NE(dlsym(handle, "skim_library_table"), nullptr);
  EXPECT_EQ(dlsym(handle, "skim_rt_alloc"), nullptr);
  EXPECT_EQ(dlsym(handle, "skim_model"), nullptr);
  dlclose(handle);
}

TEST(Library, RefusesWhatIsNoFile) {
  EXPECT_EQ(errorOf("/nonexistent/model.so", SKIM_ERROR_FILE),
            "cannot open: No such file or directory");
  EXPECT_EQ(errorOf("/tmp", SKIM_ERROR_FILE), "cannot open: not a file");
  skim_library *library = nullptr;
  EXPECT_EQ(skim_open("", &library), SKIM_ERROR_ARGUMENT);
  EXPECT_EQ(skim_open(nullptr, &library), SKIM_ERROR_ARGUMENT);
  EXPECT_EQ(skim_open("x", nullptr), SKIM_ERROR_ARGUMENT);
}

TEST(Library, RefusesOtherFiles) {
  EXPECT_EQ(errorOf(writeFile("empty.so", ""), SKIM_ERROR_FORMAT),
            "not a compiled model: 0 bytes are too few");
  EXPECT_EQ(
      errorOf(writeFile("text.so", std::string(500, 'x')), SKIM_ERROR_FORMAT),
      "not a compiled model: expected a shared library");
  EXPECT_EQ(errorOf(OTHER_LIBRARY, SKIM_ERROR_FORMAT),
            "not a compiled model: it exports no skim_library_table");
}

TEST(Library, RefusesOtherArchitectures) {
  std::string contents = readFile(FAKE_LIBRARY);
  contents[offsetof(Elf64_Ehdr, e_machine)] = char(EM_RISCV);
  contents[offsetof(Elf64_Ehdr, e_machine) + 1] = 0;
  std::string text =
      errorOf(writeFile("riscv.so", contents), SKIM_ERROR_FORMAT);
  EXPECT_EQ(text.rfind("compiled for another architecture", 0), 0u) << text;
}

TEST(Library, RefusesEveryTruncation) {
  std::string contents = readFile(FAKE_LIBRARY);
  for (size_t size = 64; size < contents.size(); size += 997) {
    std::string text =
        errorOf(writeFile("cut.so", contents.substr(0, size)), SKIM_ERROR_FILE);
    EXPECT_EQ(text.rfind("file is truncated: expected at least", 0), 0u)
        << text;
  }
}

// The thread sanitizer reads the headers itself, and trusts them.
#if !__has_feature(thread_sanitizer)
TEST(Library, SurvivesADamagedHeader) {
  std::string contents = readFile(FAKE_LIBRARY);
  for (size_t at = 0; at < sizeof(Elf64_Ehdr); ++at) {
    std::string damaged = contents;
    damaged[at] = char(damaged[at] ^ 0xff);
    std::string path = writeFile("damaged.so", damaged);
    skim_library *library = nullptr;
    if (skim_open(path.c_str(), &library) != SKIM_OK)
      EXPECT_NE(std::string(skim_last_error()), "") << at;
    skim_close(library);
  }
}
#endif

TEST(Library, RefusesADamagedTable) {
  std::string contents = readFile(FAKE_LIBRARY);
  std::string path = writeFile(
      "magic.so",
      patchTable(contents, offsetof(struct skim_library_table, magic), 'X'));
  EXPECT_EQ(errorOf(path, SKIM_ERROR_FORMAT),
            "not a compiled model: skim_library_table is damaged");
  path = writeFile(
      "size.so",
      patchTable(contents, offsetof(struct skim_library_table, size), 8u));
  EXPECT_EQ(errorOf(path, SKIM_ERROR_FORMAT),
            "not a compiled model: skim_library_table is damaged");
}

TEST(Library, SaysWhichVersionIsOlder) {
  std::string contents = readFile(FAKE_LIBRARY);
  size_t field = offsetof(struct skim_library_table, abi_version);
  std::string mine =
      std::to_string(skim_abi_version()) + " (skim " + skim_version() + "): ";
  EXPECT_EQ(
      errorOf(writeFile("old.so", patchTable(contents, field, 0u)),
              SKIM_ERROR_VERSION),
      "compiled by skim 9.8.7 for ABI version 0, older than this program's "
      "version " +
          mine + "compile the model again");
  EXPECT_EQ(
      errorOf(writeFile("new.so", patchTable(contents, field, 77u)),
              SKIM_ERROR_VERSION),
      "compiled by skim 9.8.7 for ABI version 77, newer than this program's "
      "version " +
          mine + "use a newer skim to run it");
}

TEST(Library, NamesWhatTheCpuLacks) {
  // The library needs sse2, avx1024 and avx2048.
  EXPECT_EQ(errorOf(DEMANDING_LIBRARY, SKIM_ERROR_CPU),
            "compiled for fakecpu, this CPU lacks avx1024, avx2048");
}

TEST(Library, ReplacedFileIsOpenedAnew) {
  std::string contents = readFile(FAKE_LIBRARY);
  size_t field = offsetof(struct skim_library_table, weights_delta);
  auto toStart = -static_cast<int64_t>(findTable(contents).address);
  std::string path = writeFile("replaced.so", contents);
  auto firstWord = [](const Library &library) {
    Context context = makeContext(library);
    Batch batch(1, 1);
    batch.set(context.get());
    EXPECT_EQ(skim_run(context.get()), SKIM_OK) << skim_last_error();
    return getOutput<int32_t>(context.get(), 3).at(0);
  };
  skim_library *library = nullptr;
  ASSERT_EQ(skim_open(path.c_str(), &library), SKIM_OK);
  Library first(library);
  writeFile("replaced.so", patchTable(contents, field, toStart));
  ASSERT_EQ(skim_open(path.c_str(), &library), SKIM_OK);
  Library second(library);
  EXPECT_EQ(firstWord(first), 0);           // no weights
  EXPECT_EQ(firstWord(second), 0x464c457f); // the file's own beginning
}

TEST(Library, PathsAreRelativeToTheWorkingDirectory) {
  std::string path = writeFile("relative.so", readFile(FAKE_LIBRARY));
  char old[4096];
  ASSERT_NE(getcwd(old, sizeof(old)), nullptr);
  size_t slash = path.rfind('/');
  ASSERT_EQ(chdir(path.substr(0, slash).c_str()), 0);
  skim_library *library = nullptr;
  EXPECT_EQ(skim_open(path.substr(slash + 1).c_str(), &library), SKIM_OK)
      << skim_last_error();
  skim_close(library);
  ASSERT_EQ(chdir(old), 0);
}

TEST(Library, ContextsOutliveTheClose) {
  Library library = openFake();
  Context context = makeContext(library);
  library.reset();
  Batch batch(2, 3);
  batch.set(context.get());
  EXPECT_EQ(skim_run(context.get()), SKIM_OK);
  EXPECT_EQ(getOutput<float>(context.get(), 0), batch.states());
}

TEST(Library, CanBeUsedAlone) {
  // Through the table, without this program's threads.
  void *handle = dlopen(FAKE_LIBRARY, RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(handle, nullptr);
  auto *table = static_cast<struct skim_library_table *>(
      dlsym(handle, "skim_library_table"));
  skim_rt_call *call = table->call_create(nullptr);
  Batch batch(4, 50);
  int64_t biasDims[] = {4};
  table->call_set_threads(call, 3);
  table->call_set_input(call, 0, batch.ids.data(), SKIM_INT64, 2, batch.dims);
  table->call_set_input(call, 1, batch.mask.data(), SKIM_BOOL, 2, batch.dims);
  table->call_set_input(call, 2, batch.segments.data(), SKIM_INT32, 2,
                        batch.dims);
  table->call_set_input(call, 3, batch.bias.data(), SKIM_FLOAT32, 1, biasDims);
  double knobs[] = {1, 0, 0};
  EXPECT_EQ(table->call_run(call, knobs, 0), 0) << table->call_error(call);
  skim_rt_buffer states;
  ASSERT_EQ(table->call_output(call, 0, &states), 0);
  const float *data = static_cast<float *>(states.data);
  EXPECT_EQ(std::vector<float>(data, data + 4 * 50 * 4), batch.states());
  table->call_destroy(call);
  dlclose(handle);
  usleep(2000); // its threads still stand in its code
}
