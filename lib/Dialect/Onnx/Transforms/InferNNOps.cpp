//===- InferNNOps.cpp - shapes of products, norms and attention -----------===//
// MatMul, Gemm, Einsum, Attention, the normalisations and the quantised forms.
//===----------------------------------------------------------------------===//

#include "Inference.h"
#include "MatMulDims.h"

using namespace mlir;
using namespace skim::onnx;

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

LogicalResult skim::onnx::checkEqual(Inference &in, StringRef what,
                                     const SymDim &a, const SymDim &b) {
  auto x = a.constant(), y = b.constant();
  if (!x || !y || *x == *y)
    return success();
  return in.error("expected equal " + what + ", got " + Twine(*x) + " and " +
                  Twine(*y));
}

LogicalResult skim::onnx::setMatMulDims(Inference &in, SymDims a, SymDims b) {
  if (a.empty() || b.empty())
    return in.error("expected operands of rank 1 at least, got rank " +
                    Twine(a.size()) + " and " + Twine(b.size()));
  // A vector is a matrix of one row or column, which the result leaves out.
  bool row = a.size() == 1, column = b.size() == 1;
  if (row)
    a.insert(a.begin(), 1);
  if (column)
    b.push_back(1);
  if (failed(checkEqual(in, "inner dimensions", a.back(), b[b.size() - 2])))
    return failure();
  auto dims = broadcastDims(ArrayRef(a).drop_back(2), ArrayRef(b).drop_back(2));
  if (!dims)
    return in.error("expected batch dimensions that broadcast, got " +
                    toString(a) + " and " + toString(b));
  if (!row)
    dims->push_back(a[a.size() - 2]);
  if (!column)
    dims->push_back(b.back());
  in.setDims(0, std::move(*dims));
  return success();
}

static LogicalResult inferMatMul(Operation *op, Inference &in) {
  return setMatMulDims(in, SymDims(in.dims(0)), SymDims(in.dims(1)));
}

static LogicalResult inferGemm(GemmOp op, Inference &in) {
  for (unsigned i : {0u, 1u})
    if (in.rank(i) != 2)
      return in.error("expected operands of rank 2, got rank " +
                      Twine(in.rank(i)));
  ArrayRef<SymDim> a = in.dims(0), b = in.dims(1);
  bool transA = op.getTransA() != 0, transB = op.getTransB() != 0;
  if (failed(checkEqual(in, "inner dimensions", a[transA ? 0 : 1],
                        b[transB ? 1 : 0])))
    return failure();
  SymDims dims{a[transA ? 1 : 0], b[transB ? 0 : 1]};
  if (in.isPresent(2)) {
    auto merged = broadcastDims(dims, in.dims(2));
    bool grows = in.rank(2) > 2;
    for (size_t i = 0; merged && !grows && i < 2; ++i)
      grows = (*merged)[i].constant() && dims[i].constant() &&
              (*merged)[i] != dims[i];
    if (!merged || grows)
      return in.error("expected a C that broadcasts to " + toString(dims) +
                      ", got " + toString(in.dims(2)));
  }
  in.setDims(0, std::move(dims));
  return success();
}

//===----------------------------------------------------------------------===//
// Einsum
//===----------------------------------------------------------------------===//

/// The letters of one term; an ellipsis is '.'.
static std::string einsumTerm(StringRef term) {
  std::string letters;
  for (size_t i = 0; i < term.size(); ++i) {
    if (term[i] == ' ')
      continue;
    if (term[i] == '.')
      i += 2;
    letters += term[i];
  }
  return letters;
}

/// Binds the letters of a term to an operand's dimensions.
static LogicalResult bindTerm(Inference &in, unsigned operand, StringRef term,
                              llvm::StringMap<SymDim> &letters,
                              SymDims &ellipsis) {
  ArrayRef<SymDim> dims = in.dims(operand);
  bool open = term.contains('.');
  size_t named = term.size() - (open ? 1 : 0);
  if (open ? dims.size() < named : dims.size() != named)
    return in.error("expected rank " + Twine(named) + " for '" + term +
                    "' of the equation, got rank " + Twine(dims.size()));
  for (size_t i = 0; i < term.size(); ++i) {
    if (term[i] == '.') {
      size_t count = dims.size() - (term.size() - 1 - i);
      auto merged = broadcastDims(ellipsis, dims.take_front(count));
      if (!merged)
        return in.error("expected dimensions that broadcast, got " +
                        toString(ellipsis) + " and " +
                        toString(dims.take_front(count)));
      ellipsis = std::move(*merged);
      dims = dims.drop_front(count);
      continue;
    }
    auto [at, isNew] = letters.try_emplace(term.substr(i, 1), dims.front());
    if (!isNew) {
      if (!at->second.isConstant(1) && !dims.front().isConstant(1) &&
          failed(checkEqual(in, "dimensions of a letter", at->second,
                            dims.front())))
        return failure();
      at->second = SymDim::broadcast(at->second, dims.front());
    }
    dims = dims.drop_front();
  }
  return success();
}

static LogicalResult inferEinsum(EinsumOp op, Inference &in) {
  auto [inputs, output] = op.getEquation().split("->");
  SmallVector<StringRef> terms;
  inputs.split(terms, ',');
  if (terms.size() != op->getNumOperands())
    return in.error("expected " + Twine(op->getNumOperands()) +
                    " terms in the equation, got " + Twine(terms.size()));
  llvm::StringMap<SymDim> letters;
  SymDims ellipsis;
  std::string all;
  for (auto [i, term] : llvm::enumerate(terms)) {
    std::string names = einsumTerm(term);
    if (names.empty() && in.rank(i) == 0)
      continue;
    if (failed(bindTerm(in, i, names, letters, ellipsis)))
      return failure();
    all += names;
  }
  std::string result = einsumTerm(output);
  if (!op.getEquation().contains("->")) {
    // Implicit: the ellipsis, then the letters that occur once, in order.
    llvm::sort(all);
    if (llvm::is_contained(all, '.'))
      result = ".";
    for (char c : all)
      if (c != '.' && llvm::count(all, c) == 1)
        result += c;
  }
  SymDims dims;
  for (char c : result) {
    if (c == '.') {
      llvm::append_range(dims, ellipsis);
      continue;
    }
    auto at = letters.find(StringRef(&c, 1));
    if (at == letters.end())
      return in.error("expected letters of the inputs in the result, got '" +
                      Twine(c) + "'");
    dims.push_back(at->second);
  }
  in.setDims(0, std::move(dims));
  return success();
}

//===----------------------------------------------------------------------===//
// Normalisation
//===----------------------------------------------------------------------===//

static LogicalResult inferNorm(Operation *op, Inference &in) {
  auto attr = op->getAttrOfType<IntegerAttr>("axis");
  auto axis = in.axis(attr ? attr.getValue().getSExtValue() : -1, in.rank(0));
  if (!axis)
    return failure();
  SymDims dims(in.dims(0));
  for (unsigned i = 1; i < op->getNumOperands(); ++i) {
    if (!in.isPresent(i))
      continue;
    auto merged = broadcastDims(dims, in.dims(i));
    if (!merged || merged->size() != dims.size())
      return in.error("expected a scale and bias that broadcast to " +
                      toString(dims) + ", got " + toString(in.dims(i)));
  }
  SymDims statistics(dims);
  for (size_t i = *axis; i < dims.size(); ++i)
    statistics[i] = 1;
  in.setDims(0, std::move(dims));
  for (unsigned i = 1; i < op->getNumResults(); ++i)
    in.setDims(i, statistics);
  return success();
}

static LogicalResult inferRotary(RotaryEmbeddingOp op, Inference &in) {
  in.setDims(0, SymDims(in.dims(0)));
  return success();
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

/// Q, K or V as [batch, heads, length, size], whichever way it is given.
static std::optional<SymDims> splitHeads(Inference &in, unsigned operand,
                                         std::optional<int64_t> heads) {
  ArrayRef<SymDim> dims = in.dims(operand);
  if (dims.size() == 4)
    return SymDims(dims);
  if (dims.size() != 3 || !heads || *heads <= 0) {
    (void)in.error(
        "expected rank 4, or rank 3 and a number of heads, got rank " +
        Twine(dims.size()));
    return std::nullopt;
  }
  auto size = dims[2].divideExactly(*heads);
  if (!size) {
    (void)in.error("expected a last dimension that " + Twine(*heads) +
                   " heads divide, got " + dims[2].str());
    return std::nullopt;
  }
  return SymDims{dims[0], *heads, dims[1], *size};
}

static LogicalResult inferAttention(AttentionOp op, Inference &in) {
  auto q = splitHeads(in, 0, op.getQNumHeads());
  auto k = q ? splitHeads(in, 1, op.getKvNumHeads()) : std::nullopt;
  auto v = k ? splitHeads(in, 2, op.getKvNumHeads()) : std::nullopt;
  if (!v)
    return failure();
  if (failed(checkEqual(in, "head sizes of Q and K", (*q)[3], (*k)[3])) ||
      failed(checkEqual(in, "lengths of K and V", (*k)[2], (*v)[2])))
    return failure();
  SymDim length = (*k)[2];
  if (in.isPresent(4) && in.rank(4) == 4)
    length = length + in.dims(4)[2];
  if (in.rank(0) == 3)
    in.setDims(0, {(*q)[0], (*q)[2], (*q)[1] * (*v)[3]});
  else
    in.setDims(0, {(*q)[0], (*q)[1], (*q)[2], (*v)[3]});
  in.setDims(1, {(*k)[0], (*k)[1], length, (*k)[3]});
  in.setDims(2, {(*v)[0], (*v)[1], length, (*v)[3]});
  in.setDims(3, {(*q)[0], (*q)[1], (*q)[2], length});
  return success();
}

//===----------------------------------------------------------------------===//
// Quantisation
//===----------------------------------------------------------------------===//

static LogicalResult inferQuantise(Operation *op, Inference &in) {
  in.setDims(0, SymDims(in.dims(0)));
  return success();
}

static LogicalResult inferDynamicQuantise(DynamicQuantizeLinearOp op,
                                          Inference &in) {
  in.setDims(0, SymDims(in.dims(0)));
  in.setDims(1, {});
  in.setDims(2, {});
  return success();
}

void skim::onnx::addNNRules(InferenceRules &rules) {
  rules.add<AttentionOp>(&inferAttention);
  rules.add<DynamicQuantizeLinearOp>(&inferDynamicQuantise);
  rules.add<EinsumOp>(&inferEinsum);
  rules.add<GemmOp>(&inferGemm);
  rules.addAll<LayerNormalizationOp, RMSNormalizationOp,
               SimplifiedLayerNormalizationOp>(&inferNorm);
  rules.addAll<MatMulIntegerOp, MatMulOp>(&inferMatMul);
  rules.addAll<DequantizeLinearOp, QuantizeLinearOp>(&inferQuantise);
  rules.add<RotaryEmbeddingOp>(&inferRotary);
}
