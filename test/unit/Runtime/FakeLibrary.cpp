//===- FakeLibrary.cpp - the fake model as files and in the program -------===//
// Helpers of the runtime's tests.
//===----------------------------------------------------------------------===//

#include "FakeLibrary.h"

#include <gtest/gtest.h>

#include <cstring>
#include <elf.h>
#include <fstream>
#include <set>
#include <sstream>
#include <unistd.h>

using namespace skim::test;

std::string skim::test::readFile(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

namespace {
/// Removes the tests' files when the program ends.
struct WrittenFiles {
  ~WrittenFiles() {
    for (const std::string &path : paths)
      unlink(path.c_str());
  }
  std::set<std::string> paths;
};
} // namespace

std::string skim::test::writeFile(const std::string &name,
                                  const std::string &contents) {
  std::string path =
      testing::TempDir() + "skim-" + std::to_string(getpid()) + "-" + name;
  static WrittenFiles written;
  written.paths.insert(path);
  unlink(path.c_str());
  std::ofstream(path, std::ios::binary) << contents;
  return path;
}

template <typename T>
static T readAt(const std::string &contents, uint64_t offset) {
  T value;
  std::memcpy(&value, contents.data() + offset, sizeof(T));
  return value;
}

/// Where an address of the library lies in its file.
static uint64_t fileOffset(const std::string &contents, uint64_t address) {
  auto header = readAt<Elf64_Ehdr>(contents, 0);
  for (int i = 0; i < header.e_phnum; ++i) {
    auto segment =
        readAt<Elf64_Phdr>(contents, header.e_phoff + i * sizeof(Elf64_Phdr));
    if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
        address < segment.p_vaddr + segment.p_filesz)
      return segment.p_offset + address - segment.p_vaddr;
  }
  ADD_FAILURE() << "no segment holds address " << address;
  return 0;
}

TablePlace skim::test::findTable(const std::string &contents) {
  auto header = readAt<Elf64_Ehdr>(contents, 0);
  for (int i = 0; i < header.e_shnum; ++i) {
    auto section =
        readAt<Elf64_Shdr>(contents, header.e_shoff + i * sizeof(Elf64_Shdr));
    if (section.sh_type != SHT_DYNSYM)
      continue;
    auto strings = readAt<Elf64_Shdr>(
        contents, header.e_shoff + section.sh_link * sizeof(Elf64_Shdr));
    for (uint64_t at = 0; at < section.sh_size; at += sizeof(Elf64_Sym)) {
      auto symbol = readAt<Elf64_Sym>(contents, section.sh_offset + at);
      const char *name = contents.data() + strings.sh_offset + symbol.st_name;
      if (std::strcmp(name, "skim_library_table") == 0)
        return {fileOffset(contents, symbol.st_value), symbol.st_value};
    }
  }
  ADD_FAILURE() << "no symbol skim_library_table";
  return {0, 0};
}

Library skim::test::openFake() {
  skim_library *library = nullptr;
  EXPECT_EQ(skim_open(FAKE_LIBRARY, &library), SKIM_OK) << skim_last_error();
  return Library(library);
}

Library skim::test::bindFake() {
  skim_library *library = nullptr;
  EXPECT_EQ(skim_bind(&skim_library_table, &library), SKIM_OK)
      << skim_last_error();
  return Library(library);
}

Context skim::test::makeContext(const Library &library) {
  skim_context *context = nullptr;
  EXPECT_EQ(skim_context_create(library.get(), &context), SKIM_OK)
      << skim_last_error();
  return Context(context);
}

Batch::Batch(int64_t batch, int64_t sequence)
    : dims{batch, sequence}, ids(batch * sequence), mask(ids.size(), 1),
      segments(ids.size(), 0) {
  for (size_t i = 0; i < ids.size(); ++i)
    ids[i] = static_cast<int64_t>(i % 999) + 1;
}

void Batch::set(skim_context *context) const {
  int64_t biasDims[1] = {4};
  // An empty batch still has addresses.
  static const int64_t nothing = 0;
  auto at = [](const auto &values) -> const void * {
    return values.empty() ? static_cast<const void *>(&nothing) : values.data();
  };
  EXPECT_EQ(skim_context_set_input(context, 0, at(ids), SKIM_INT64, 2, dims),
            SKIM_OK);
  EXPECT_EQ(skim_context_set_input(context, 1, at(mask), SKIM_BOOL, 2, dims),
            SKIM_OK);
  EXPECT_EQ(
      skim_context_set_input(context, 2, at(segments), SKIM_INT32, 2, dims),
      SKIM_OK);
  EXPECT_EQ(skim_context_set_input(context, 3, bias.data(), SKIM_FLOAT32, 1,
                                   biasDims),
            SKIM_OK);
}

std::vector<float> Batch::states(float factor, float offset) const {
  std::vector<float> states(ids.size() * 4, 0);
  for (size_t i = 0; i < ids.size(); ++i)
    for (int h = 0; mask[i] && h < 4; ++h)
      states[4 * i + h] =
          static_cast<float>(ids[i]) * factor + offset + static_cast<float>(h);
  return states;
}
