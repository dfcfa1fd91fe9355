//===- Array.h - a tensor with its name -----------------------------------===//
// What npz files hold and models take and give.
//===----------------------------------------------------------------------===//

#ifndef SKIM_TOOLS_SKIMRUN_ARRAY_H
#define SKIM_TOOLS_SKIMRUN_ARRAY_H

#include "skim/Runtime/skim.h"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace skim::run {

/// The one exception of the tool; its text is printed, and the tool exits.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Array {
  std::string name;
  int32_t dtype = SKIM_FLOAT32; // skim_dtype
  std::vector<int64_t> dims;
  std::vector<char> bytes; // row major

  template <typename T> T *data() {
    return reinterpret_cast<T *>(bytes.data());
  }
};

/// "[2, 3]".
std::string shapeText(const std::vector<int64_t> &dims);

} // namespace skim::run

#endif // SKIM_TOOLS_SKIMRUN_ARRAY_H
