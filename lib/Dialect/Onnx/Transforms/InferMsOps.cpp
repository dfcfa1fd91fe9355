//===- InferMsOps.cpp - shapes of the ops of com.microsoft ----------------===//
// The fused ops that ONNX Runtime's optimiser writes into models.
//===----------------------------------------------------------------------===//

#include "Inference.h"
#include "MatMulDims.h"

using namespace mlir;
using namespace skim::onnx;

static LogicalResult inferActivation(Operation *op, Inference &in) {
  in.setDims(0, SymDims(in.dims(0)));
  return success();
}

static LogicalResult inferBiasGelu(MsBiasGeluOp op, Inference &in) {
  auto dims = broadcastDims(in.dims(0), in.dims(1));
  if (!dims)
    return in.error("expected a bias that broadcasts to " +
                    toString(in.dims(0)) + ", got " + toString(in.dims(1)));
  in.setDims(0, std::move(*dims));
  return success();
}

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

static LogicalResult inferSkipNorm(MsSkipLayerNormalizationOp op,
                                   Inference &in) {
  SymDims dims(in.dims(0)), statistics(dims);
  if (dims.empty())
    return in.error("expected an input of rank 2 or 3, got rank 0");
  statistics.back() = 1;
  in.setDims(0, dims);
  in.setDims(1, statistics);
  in.setDims(2, statistics);
  in.setDims(3, dims);
  return success();
}

static LogicalResult inferEmbedNorm(MsEmbedLayerNormalizationOp op,
                                    Inference &in) {
  if (in.rank(0) != 2 || in.rank(2) != 2)
    return in.error("expected ids and a table of rank 2, got rank " +
                    Twine(in.rank(0)) + " and " + Twine(in.rank(2)));
  SymDims dims(in.dims(0));
  dims.push_back(in.dims(2)[1]);
  in.setDims(0, dims);
  in.setDims(1, {in.dims(0)[0]});
  in.setDims(2, dims);
  return success();
}

static LogicalResult inferMsAttention(MsAttentionOp op, Inference &in) {
  if (in.rank(0) != 3 || in.rank(1) != 2)
    return in.error("expected an input of rank 3 and weights of rank 2, got "
                    "rank " +
                    Twine(in.rank(0)) + " and " + Twine(in.rank(1)));
  if (failed(checkEqual(in, "inner dimensions", in.dims(0)[2], in.dims(1)[0])))
    return failure();
  std::optional<SymDim> size;
  if (auto sizes = op.getQkvHiddenSizes(); sizes && sizes->size() == 3)
    size = SymDim((*sizes)[2]);
  else
    size = in.dims(1)[1].divideExactly(3);
  if (!size)
    return in.error("expected weights for Q, K and V of equal size, got " +
                    in.dims(1)[1].str() + " columns");
  auto head = size->divideExactly(op.getNumHeads());
  if (!head)
    return in.error("expected a size that " + Twine(op.getNumHeads()) +
                    " heads divide, got " + size->str());
  in.setDims(0, {in.dims(0)[0], in.dims(0)[1], *size});
  SymDim length = in.dims(0)[1];
  if (in.isPresent(4) && in.rank(4) == 5)
    length = length + in.dims(4)[3];
  in.setDims(1, {2, in.dims(0)[0], op.getNumHeads(), length, *head});
  return success();
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
  auto head = size.divideExactly(op.getNumHeads());
  if (!head)
    return in.error("expected a size that " + Twine(op.getNumHeads()) +
                    " heads divide, got " + size.str());
  in.setDims(0, {query[0], query[1], size});
  SymDim all = length;
  if (in.isPresent(6) && in.rank(6) == 4)
    all = all + in.dims(6)[2];
  in.setDims(1, {query[0], op.getNumHeads(), all, *head});
  in.setDims(2, {query[0], op.getNumHeads(), all, *head});
  in.setDims(3, {query[0], op.getNumHeads(), query[1], all});
  return success();
}

void skim::onnx::addMsRules(InferenceRules &rules) {
  rules.add<MsAttentionOp>(&inferMsAttention);
  rules.add<MsBiasGeluOp>(&inferBiasGelu);
  rules.add<MsEmbedLayerNormalizationOp>(&inferEmbedNorm);
  rules.addAll<MsFastGeluOp, MsGeluOp, MsQuickGeluOp>(&inferActivation);
  rules.add<MsFusedMatMulOp>(&inferFusedMatMul);
  rules.add<MsMultiHeadAttentionOp>(&inferMultiHead);
  rules.add<MsSkipLayerNormalizationOp>(&inferSkipNorm);
}
