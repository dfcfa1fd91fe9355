//===- MsOps.cpp - ops of the domain com.microsoft -----------------------===//
// Verifiers and folders of the family, and its registration.
//===----------------------------------------------------------------------===//

#include "Verify.h"

using namespace mlir;
using namespace skim::onnx;

#define GET_OP_CLASSES
#include "skim/Dialect/Onnx/IR/OnnxMsOps.cpp.inc"

void OnnxDialect::addMsOps() {
  addOperations<
#define GET_OP_LIST
#include "skim/Dialect/Onnx/IR/OnnxMsOps.cpp.inc"
      >();
}

LogicalResult MsFusedMatMulOp::verify() {
  auto a = getShape(getA()), b = getShape(getB());
  if ((a && a->empty()) || (b && b->empty())) // fused_mat_mul_c1
    return emitOpError("expected operands of rank 1 or more, got 0");
  if (!a || !b || a->size() < 2 || b->size() < 2 || getTransBatchA() ||
      getTransBatchB())
    return success();
  int64_t columns = getTransA() ? a->end()[-2] : a->back();
  int64_t rows = getTransB() ? b->back() : b->end()[-2];
  if (!agree(columns, rows)) // fused_mat_mul_c2
    return emitOpError("expected inner dimensions that agree, got ")
           << columns << " and " << rows;
  return success();
}

// skip_layer_normalization_c1
LogicalResult MsSkipLayerNormalizationOp::verify() {
  auto states = getShape(getInput()), gamma = getShape(getGamma());
  if (failed(verifyRank(*this, "gamma", getGamma(), 1)))
    return failure();
  if (states && gamma && !states->empty() &&
      !agree(states->back(), gamma->front())) // skip_layer_normalization_c2
    return emitOpError("expected a gamma of ")
           << states->back() << " elements, got " << gamma->front();
  return success();
}

/// Tables have rank 2.
LogicalResult MsEmbedLayerNormalizationOp::verify() {
  if (failed(verifyRank(*this, "input_ids", getInputIds(), 2)) || // c1
      failed(verifyRank(*this, "word_embedding", getWordEmbedding(), 2)))
    return failure();
  return verifyRank(*this, "position_embedding", getPositionEmbedding(), 2);
}

/// The number of heads is positive.
static LogicalResult verifyHeads(Operation *op, int64_t heads) {
  if (heads > 0)
    return success();
  return op->emitOpError("expected num_heads of 1 or more, got ") << heads;
}

LogicalResult MsAttentionOp::verify() {
  if (failed(verifyHeads(*this, getNumHeads())) ||       // ms_attention_c1
      failed(verifyRank(*this, "input", getInput(), 3))) // ms_attention_c2
    return failure();
  return verifyRank(*this, "weights", getWeights(), 2);
}

LogicalResult MsMultiHeadAttentionOp::verify() {
  return verifyHeads(*this, getNumHeads()); // multi_head_attention_c1
}
