//===- FakeLibrary.h - the fake model as files and in the program ---------===//
// Helpers of the runtime's tests: where the fake libraries lie, damaged copies
// of them, and a call of the model in a few lines.
//===----------------------------------------------------------------------===//

#ifndef SKIM_TEST_UNIT_RUNTIME_FAKELIBRARY_H
#define SKIM_TEST_UNIT_RUNTIME_FAKELIBRARY_H

#include "skim/Runtime/CompiledABI.h"
#include "skim/Runtime/skim.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace skim::test {

/// The whole contents of a file.
std::string readFile(const std::string &path);

/// Writes a file into a folder of the test's own and gives its path.
std::string writeFile(const std::string &name, const std::string &contents);

/// Where in the file the library's table lies, and at which address.
struct TablePlace {
  uint64_t offset;
  uint64_t address;
};
TablePlace findTable(const std::string &contents);

/// The contents with a field of the table replaced.
template <typename T>
std::string patchTable(std::string contents, size_t field, T value) {
  contents.replace(findTable(contents).offset + field, sizeof(T),
                   reinterpret_cast<const char *>(&value), sizeof(T));
  return contents;
}

struct CloseLibrary {
  void operator()(skim_library *library) const { skim_close(library); }
};
struct DestroyContext {
  void operator()(skim_context *context) const {
    skim_context_destroy(context);
  }
};
using Library = std::unique_ptr<skim_library, CloseLibrary>;
using Context = std::unique_ptr<skim_context, DestroyContext>;

/// The fake model: from its file, or linked into this program.
Library openFake();
Library bindFake();
Context makeContext(const Library &library);

/// A batch for the fake model; must outlive the runs that read it.
struct Batch {
  Batch(int64_t batch, int64_t sequence);
  int64_t dims[2];
  std::vector<int64_t> ids;  // 1, 2, 3, ...
  std::vector<uint8_t> mask; // all ones
  std::vector<int32_t> segments;
  std::vector<float> bias = {0, 0, 0, 0};

  /// Sets all four inputs of the context.
  void set(skim_context *context) const;
  /// What `states` must be with the given knobs.
  std::vector<float> states(float factor = 1, float offset = 0) const;
};

/// Output `index` of the last run as values.
template <typename T>
std::vector<T> getOutput(skim_context *context, int64_t index) {
  skim_tensor tensor;
  if (skim_context_get_output(context, index, &tensor) != SKIM_OK)
    return {};
  int64_t count = 1;
  for (int i = 0; i < tensor.rank; ++i)
    count *= tensor.dims[i];
  const T *data = static_cast<const T *>(tensor.data);
  return std::vector<T>(data, data + count);
}

} // namespace skim::test

#endif // SKIM_TEST_UNIT_RUNTIME_FAKELIBRARY_H
