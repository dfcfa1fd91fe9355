//===- MsNodes.h - what ops of com.microsoft are made of --------*- C++ -*-===//
// Builders that ops and their quantised forms share.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_IMPORT_ONNX_MSNODES_H
#define SKIM_LIB_IMPORT_ONNX_MSNODES_H

#include "Node.h"

namespace skim::import {

/// Input `i`, null where it is absent.
mlir::Value getOptional(Node &node, unsigned i);

/// `value + bias`, or the value where there is no bias.
mlir::Value addBias(Node &node, mlir::Value value, mlir::Value bias);

/// The tables and parameters of an EmbedLayerNormalization; its ids are the
/// first two inputs of the node. Absent ones are null.
struct EmbeddingParts {
  mlir::Value words, positions, segments, gamma, beta, mask, positionIds;
};
mlir::LogicalResult buildEmbedLayerNorm(Node &node,
                                        const EmbeddingParts &parts);

/// The attention of states that hold queries, keys and values side by side,
/// and the outputs of an Attention. Absent operands are null.
mlir::LogicalResult buildPackedAttention(Node &node, mlir::Value projected,
                                         mlir::Value mask, mlir::Value past,
                                         mlir::Value attentionBias);

} // namespace skim::import

#endif // SKIM_LIB_IMPORT_ONNX_MSNODES_H
