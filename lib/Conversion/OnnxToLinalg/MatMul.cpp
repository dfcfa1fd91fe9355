//===- MatMul.cpp - MatMul, Gemm, Einsum ----------------------------------===//
// Products of matrices of all ranks, and sums of products by equation.
//===----------------------------------------------------------------------===//

#include "Contract.h"
#include "Patterns.h"
#include "skim/Dialect/Onnx/IR/EinsumEquation.h"

using namespace mlir;
using namespace skim;
using namespace skim::lowering;

/// A vector becomes a matrix of one row or one column.
static Value asMatrix(Emitter &e, Value tensor, bool row) {
  Values dims = e.dims(tensor);
  if (dims.size() != 1)
    return tensor;
  Value one = e.index(1);
  return e.reshape(tensor, row ? Values{one, dims[0]} : Values{dims[0], one});
}

static FailureOr<Value> lowerMatMul(Emitter &e, onnx::MatMulOp op,
                                    onnx::MatMulOp::Adaptor in) {
  Scalars s(e, elementOf(op.getA()));
  size_t rankA = e.dims(in.getA()).size(), rankB = e.dims(in.getB()).size();
  if (rankA == 0 || rankB == 0)
    return e.fail("expected operands of rank 1 or more");
  Value product = contract(e, s, asMatrix(e, in.getA(), /*row=*/true), false,
                           asMatrix(e, in.getB(), /*row=*/false), false);
  Values dims = e.dims(product), out(dims.begin(), dims.end() - 2);
  if (rankA > 1)
    out.push_back(dims[dims.size() - 2]);
  if (rankB > 1)
    out.push_back(dims.back());
  if (rankA == 1 || rankB == 1)
    product = e.reshape(product, out);
  if (s.stored == s.computed)
    return product;
  return e.elementwise(product, e.resultType(),
                       [&](ValueRange x) { return s.store(x[0]); });
}

static FailureOr<Value> lowerGemm(Emitter &e, onnx::GemmOp op,
                                  onnx::GemmOp::Adaptor in) {
  Scalars s(e, elementOf(op.getA()));
  Value product = contract(e, s, in.getA(), op.getTransA() != 0, in.getB(),
                           op.getTransB() != 0);
  double alpha = op.getAlpha().convertToDouble();
  double beta = op.getBeta().convertToDouble();
  Values operands = {product};
  if (!onnx::isAbsent(op.getC()))
    operands.push_back(in.getC());
  return e.elementwise(operands, e.resultType(), [&](ValueRange x) {
    Value y = alpha == 1 ? x[0] : s.mul(s.constant(alpha), x[0]);
    if (x.size() == 2) {
      Value c = s.load(x[1]);
      y = s.add(y, beta == 1 ? c : s.mul(s.constant(beta), c));
    }
    return s.store(y);
  });
}

//===----------------------------------------------------------------------===//
// Einsum
//===----------------------------------------------------------------------===//

static FailureOr<Value> lowerEinsum(Emitter &e, onnx::EinsumOp op,
                                    onnx::EinsumOp::Adaptor in) {
  Scalars s(e, elementOf(op.getOutput()));
  SmallVector<int64_t> ranks;
  for (Value operand : in.getInputs())
    ranks.push_back(cast<RankedTensorType>(operand.getType()).getRank());
  auto equation = onnx::parseEinsumEquation(op.getEquation(), ranks);
  if (!equation)
    return e.fail("expected an equation that fits the operands");
  // The size of every label, and the labels that are summed over.
  llvm::MapVector<char, Values> sizes;
  for (auto [labels, operand] : llvm::zip(equation->operands, in.getInputs()))
    for (auto [label, size] : llvm::zip(labels, e.dims(operand)))
      sizes[label].push_back(size);
  llvm::DenseMap<char, Value> size;
  std::string summed;
  for (auto &[label, all] : sizes) {
    SmallVector<Values> shapes;
    for (Value one : all)
      shapes.push_back({one});
    size[label] = e.broadcastShapes(shapes)[0];
    for (Value one : all)
      if (!Emitter::same(one, size[label]))
        e.check(e.either(e.compare(Pred::eq, one, e.index(1)),
                         e.compare(Pred::eq, one, size[label])),
                "expected equal dimensions for a label, got {0} and {1}",
                {one, size[label]});
    if (!llvm::is_contained(equation->result, label))
      summed.push_back(label);
  }
  Values outDims, counts;
  for (char label : equation->result) {
    if (!size.count(label))
      return e.fail("expected labels of the result among the operands'");
    outDims.push_back(size[label]);
  }
  for (char label : summed)
    counts.push_back(size[label]);
  return e.generate(
      e.settle(outDims, e.resultType()), s.stored, [&](ValueRange outer) {
        Value total =
            e.loop(counts, s.constant(0), [&](ValueRange inner, ValueRange so) {
              Value product;
              for (auto [labels, operand] :
                   llvm::zip(equation->operands, in.getInputs())) {
                Values to, at;
                for (char label : labels) {
                  size_t place = equation->result.find(label);
                  to.push_back(size[label]);
                  at.push_back(place != std::string::npos
                                   ? outer[place]
                                   : inner[summed.find(label)]);
                }
                Value x = s.load(e.readBroadcast(operand, to, at));
                product = product ? s.mul(product, x) : x;
              }
              return Values{s.add(so[0], product)};
            })[0];
        return s.store(total);
      });
}

void skim::lowering::addMatMulLowerings(Family &family) {
  family.add<onnx::MatMulOp>(lowerMatMul);
  family.add<onnx::GemmOp>(lowerGemm);
  family.add<onnx::EinsumOp>(lowerEinsum);
}
