//===- SpatialNodes.h - what windows are made of ----------------*- C++ -*-===//
// Builders that ops over windows and their quantised forms share.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_IMPORT_ONNX_SPATIALNODES_H
#define SKIM_LIB_IMPORT_ONNX_SPATIALNODES_H

#include "Node.h"

namespace skim::import {

/// The attributes of windows, in full.
struct WindowAttributes {
  llvm::SmallVector<int64_t> dilations, pads, strides;

  llvm::SmallVector<mlir::NamedAttribute>
  toAttributes(mlir::OpBuilder &b) const {
    return {{b.getStringAttr("dilations"), b.getDenseI64ArrayAttr(dilations)},
            {b.getStringAttr("pads"), b.getDenseI64ArrayAttr(pads)},
            {b.getStringAttr("strides"), b.getDenseI64ArrayAttr(strides)}};
  }
};

/// Pads, strides and dilations of windows of the size `kernel` over the first
/// input.
mlir::FailureOr<WindowAttributes> getWindows(Node &node,
                                             llvm::ArrayRef<int64_t> kernel);

/// The same of a convolution whose weights are input `weight`.
mlir::FailureOr<WindowAttributes> getConvWindows(Node &node, unsigned weight);

/// All dimensions behind batch and channels of the first input.
mlir::FailureOr<llvm::SmallVector<int64_t>> getSpatialAxes(Node &node);

} // namespace skim::import

#endif // SKIM_LIB_IMPORT_ONNX_SPATIALNODES_H
