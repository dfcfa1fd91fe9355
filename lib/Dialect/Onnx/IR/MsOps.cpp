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

LogicalResult MsMultiHeadAttentionOp::verify() {
  if (getNumHeads() > 0) // multi_head_attention_c1
    return success();
  return emitOpError("expected num_heads of 1 or more, got ") << getNumHeads();
}

LogicalResult MsRotaryEmbeddingOp::verify() {
  if (failed(verifyRank(*this, "cos_cache", getCosCache(), 2))) // c1
    return failure();
  return verifyRank(*this, "sin_cache", getSinCache(), 2);
}
