//===- InferMsOps.cpp - shapes of the ops of com.microsoft ----------------===//
// The fused ops that ONNX Runtime's optimiser writes into models.
//===----------------------------------------------------------------------===//

#include "Inference.h"
#include "MatMulDims.h"

using namespace mlir;
using namespace skim::onnx;

static LogicalResult inferFusedMatMul(MsFusedMatMulOp op, Inference &in) {
  SymDims a(in.dims(0)), b(in.dims(1));
  // transBatch moves the first axis to the last but one.
  auto arrange = [](SymDims &dims, bool batch, bool last) {
    if (batch && dims.size() > 2)
      std::rotate(dims.begin(), dims.begin() + 1, dims.end() - 1);
    if (last && dims.size() > 1)
      std::swap(dims[dims.size() - 1], dims[dims.size() - 2]);
  };
  arrange(a, op.getTransBatchA() != 0, op.getTransA() != 0);
  arrange(b, op.getTransBatchB() != 0, op.getTransB() != 0);
  return setMatMulDims(in, std::move(a), std::move(b));
}

static LogicalResult inferMultiHead(MsMultiHeadAttentionOp op, Inference &in) {
  ArrayRef<SymDim> query = in.dims(0);
  if (query.size() == 5) { // [batch, length, heads, 3, size]: packed.
    in.setDims(0, {query[0], query[1], query[2] * query[4]});
    return success();
  }
  if (query.size() != 3)
    return in.error("expected a query of rank 3 or 5, got rank " +
                    Twine(query.size()));
  SymDim size = query[2], length = query[1];
  if (in.isPresent(1))
    length = in.dims(1)[in.rank(1) == 4 ? 2 : 1];
  if (in.isPresent(2)) {
    ArrayRef<SymDim> value = in.dims(2);
    if (value.size() == 3)
      size = value[2];
    else if (value.size() == 4)
      size = value[1] * value[3];
  }
  auto keyHead = query[2].divideExactly(op.getNumHeads()),
       valueHead = size.divideExactly(op.getNumHeads());
  if (!keyHead || !valueHead)
    return in.error("expected sizes that " + Twine(op.getNumHeads()) +
                    " heads divide, got " + query[2].str() + " and " +
                    size.str());
  in.setDims(0, {query[0], query[1], size});
  SymDim all = length;
  if (in.isPresent(6) && in.rank(6) == 4)
    all = all + in.dims(6)[2];
  in.setDims(1, {query[0], op.getNumHeads(), all, *keyHead});
  in.setDims(2, {query[0], op.getNumHeads(), all, *valueHead});
  return success();
}

static LogicalResult inferRotary(MsRotaryEmbeddingOp op, Inference &in) {
  in.setDims(0, SymDims(in.dims(0)));
  return success();
}

void skim::onnx::addMsRules(InferenceRules &rules) {
  rules.add<MsFusedMatMulOp>(&inferFusedMatMul);
  rules.add<MsMultiHeadAttentionOp>(&inferMultiHead);
  rules.add<MsRotaryEmbeddingOp>(&inferRotary);
}
