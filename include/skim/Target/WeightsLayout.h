//===- WeightsLayout.h - entries of the weights segment ---------*- C++ -*-===//
// Turns the skim.weights ops of a module into entries that write themselves, in
// the layout that the op asks for.
//===----------------------------------------------------------------------===//

#ifndef SKIM_TARGET_WEIGHTSLAYOUT_H
#define SKIM_TARGET_WEIGHTSLAYOUT_H

#include "mlir/IR/BuiltinOps.h"
#include "skim/Target/WeightsSegment.h"

namespace skim {

/// The entries of `module`'s weights in order of their offsets. They read the
/// tensors of the module while they write: it must outlive them. Reports parts
/// that do not fit their layout at the op.
mlir::FailureOr<std::vector<WeightsEntry>>
collectWeights(mlir::ModuleOp module);

} // namespace skim

#endif // SKIM_TARGET_WEIGHTSLAYOUT_H
