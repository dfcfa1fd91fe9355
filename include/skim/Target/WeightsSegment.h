//===- WeightsSegment.h - weights behind a linked library -------*- C++ -*-===//
// Appends the weights to a shared object as a segment of their own, streamed,
// so that they never are in memory as a whole.
//===----------------------------------------------------------------------===//

#ifndef SKIM_TARGET_WEIGHTSSEGMENT_H
#define SKIM_TARGET_WEIGHTSSEGMENT_H

#include "skim/Target/OutputFile.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <functional>
#include <vector>

namespace skim {

/// Takes the bytes of an entry in order.
using WeightsSink =
    llvm::function_ref<llvm::Error(const void *data, uint64_t bytes)>;

/// An entry of the weights segment.
struct WeightsEntry {
  std::string name;
  /// Offset from the start of the segment and size, in bytes.
  uint64_t offset = 0;
  uint64_t bytes = 0;
  /// Gives exactly `bytes` bytes to the sink.
  std::function<llvm::Error(WeightsSink)> write;
};

/// Bytes of the segment that `entries` make.
uint64_t weightsSize(llvm::ArrayRef<WeightsEntry> entries);

/// Writes `library`, a linked x86-64 shared object, and behind it `entries`,
/// whose offsets ascend without overlap, as a read-only segment described by
/// the section .skim.weights. The 64-bit field at `deltaOffset` in the exported
/// object `table` becomes the segment's address less the table's.
llvm::Error writeWithWeights(llvm::ArrayRef<char> library,
                             llvm::StringRef table, uint64_t deltaOffset,
                             llvm::ArrayRef<WeightsEntry> entries,
                             OutputFile &file);

} // namespace skim

#endif // SKIM_TARGET_WEIGHTSSEGMENT_H
