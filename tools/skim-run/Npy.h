//===- Npy.h - numpy's array header ---------------------------------------===//
// Reads and writes the text that stands before the elements of an .npy file.
//===----------------------------------------------------------------------===//

#ifndef SKIM_TOOLS_SKIMRUN_NPY_H
#define SKIM_TOOLS_SKIMRUN_NPY_H

#include "Array.h"

namespace skim::run {

/// Bytes of the part that says how long the header is: magic, version, length.
constexpr size_t kNpyPrefix = 12;

struct NpyHeader {
  int32_t dtype;
  bool columnMajor;
  std::vector<int64_t> dims;
  int64_t bytes; // of all elements
};

/// The length of magic, version, length and header text together. `prefix` is
/// the file's first kNpyPrefix bytes. Throws Error.
size_t npyHeaderLength(const std::string &prefix);

/// Parses a whole header of that length. Throws Error.
NpyHeader parseNpyHeader(const std::string &header);

/// The header of an array. Throws Error where numpy has no such element type.
std::string makeNpyHeader(const Array &array);

/// Rearranges column-major elements in place.
void makeRowMajor(Array &array);

} // namespace skim::run

#endif // SKIM_TOOLS_SKIMRUN_NPY_H
