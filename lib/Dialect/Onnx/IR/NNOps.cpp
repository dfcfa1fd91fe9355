//===- NNOps.cpp - products, normalisation and attention -----------------===//
// Verifiers and folders of the family, and its registration.
//===----------------------------------------------------------------------===//

#include "Verify.h"

using namespace mlir;
using namespace skim::onnx;

#define GET_OP_CLASSES
#include "skim/Dialect/Onnx/IR/OnnxNNOps.cpp.inc"

void OnnxDialect::addNNOps() {
  addOperations<
#define GET_OP_LIST
#include "skim/Dialect/Onnx/IR/OnnxNNOps.cpp.inc"
      >();
}

// mat_mul_c1, mat_mul_c2
LogicalResult MatMulOp::verify() {
  return verifyProduct(*this, getA(), getB());
}

LogicalResult GemmOp::verify() {
  if (failed(verifyRank(*this, "A", getA(), 2)) || // gemm_c1
      failed(verifyRank(*this, "B", getB(), 2)))
    return failure();
  auto a = getShape(getA()), b = getShape(getB()), c = getShape(getC());
  if (a && b) { // gemm_c2
    int64_t columns = (*a)[getTransA() ? 0 : 1];
    int64_t rows = (*b)[getTransB() ? 1 : 0];
    if (!agree(columns, rows))
      return emitOpError("expected inner dimensions that agree, got ")
             << columns << " and " << rows;
  }
  if (c && c->size() > 2) // gemm_c3
    return emitOpError("expected 'C' of rank 2 or less, got ") << c->size();
  int64_t width = b ? (*b)[getTransB() ? 0 : 1] : ShapedType::kDynamic;
  if (c && !c->empty() && c->back() != 1 && !agree(c->back(), width)) // gemm_c4
    return emitOpError("expected 'C' with rows of ")
           << width << " or 1, got " << c->back();
  return success();
}

LogicalResult EinsumOp::verify() {
  std::string equation = getEquation().str();
  llvm::erase(equation, ' ');
  StringRef inputs = StringRef(equation).split("->").first;
  SmallVector<StringRef> terms;
  inputs.split(terms, ',');
  if (terms.size() != getInputs().size()) // einsum_c1
    return emitOpError("expected an equation of ")
           << getInputs().size() << " terms, got " << terms.size();
  for (auto [term, input] : llvm::zip(terms, getInputs())) {
    auto shape = getShape(input);
    if (shape && !term.contains("...") && term.size() != shape->size())
      return emitOpError("expected rank ") // einsum_c2
             << term.size() << " for the term '" << term << "', got "
             << shape->size();
  }
  return success();
}

/// The axis lies within the states; the scale's last dimension is theirs or 1.
static LogicalResult verifyNorm(Operation *op, int64_t axis, Value states,
                                Value scale) {
  if (failed(verifyAxis(op, axis, states)))
    return failure();
  auto from = getShape(states), to = getShape(scale);
  if (from && to && !to->empty() && !from->empty() && to->back() != 1 &&
      !agree(from->back(), to->back()))
    return op->emitOpError("expected a scale of ")
           << from->back() << " elements, got " << to->back();
  return success();
}

// layer_normalization_c1, layer_normalization_c2
LogicalResult LayerNormalizationOp::verify() {
  return verifyNorm(*this, getAxis(), getX(), getScale());
}

// rms_normalization_c1, rms_normalization_c2
LogicalResult RMSNormalizationOp::verify() {
  return verifyNorm(*this, getAxis(), getX(), getScale());
}

// simplified_layer_normalization_c1, simplified_layer_normalization_c2
LogicalResult SimplifiedLayerNormalizationOp::verify() {
  return verifyNorm(*this, getAxis(), getX(), getScale());
}

LogicalResult LpNormalizationOp::verify() {
  if (getP() != 1 && getP() != 2) // lp_normalization_c1
    return emitOpError("expected p of 1 or 2, got ") << getP();
  return verifyAxis(*this, getAxis(), getInput()); // lp_normalization_c2
}

LogicalResult AttentionOp::verify() {
  auto q = getShape(getQ());
  if (!q)
    return success();
  if (q->size() != 3 && q->size() != 4) // attention_c1
    return emitOpError("expected 'Q' of rank 3 or 4, got ") << q->size();
  if (failed(verifyRank(*this, "K", getK(), q->size())) || // attention_c2
      failed(verifyRank(*this, "V", getV(), q->size())))
    return failure();
  if (q->size() == 3 && (!getQNumHeads() || !getKvNumHeads())) // attention_c3
    return emitOpError("expected q_num_heads and kv_num_heads with states of "
                       "rank 3");
  return success();
}

LogicalResult RotaryEmbeddingOp::verify() {
  auto shape = getShape(getX());
  if (!shape)
    return success();
  if (shape->size() != 3 && shape->size() != 4) // rotary_embedding_c1
    return emitOpError("expected 'X' of rank 3 or 4, got ") << shape->size();
  if (shape->size() == 3 && !getNumHeads().value_or(0)) // rotary_embedding_c2
    return emitOpError("expected num_heads with states of rank 3");
  return success();
}
