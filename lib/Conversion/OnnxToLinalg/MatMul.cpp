//===- MatMul.cpp - MatMul, Gemm, Einsum ----------------------------------===//
// Products of matrices of all ranks, and sums of products by equation.
//===----------------------------------------------------------------------===//

#include "Contract.h"
#include "Patterns.h"

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

namespace {
/// An equation: the labels of each operand and of the result. Dimensions under
/// an ellipsis have the labels '0', '1', ... counted from the last.
struct Equation {
  SmallVector<std::string> operands;
  std::string result;
};
} // namespace

/// Labels of a term for a tensor of `rank`; false where they do not fit.
static bool expandTerm(StringRef term, int64_t rank, std::string &labels,
                       int64_t &ellipsis) {
  size_t dots = term.find("...");
  if (dots == StringRef::npos) {
    labels = term.str();
    return rank == int64_t(term.size());
  }
  int64_t covered = rank - int64_t(term.size() - 3);
  if (covered < 0 || covered > 9)
    return false;
  ellipsis = std::max(ellipsis, covered);
  labels = term.substr(0, dots).str();
  for (int64_t i = covered; i-- > 0;)
    labels.push_back('0' + i);
  labels += term.substr(dots + 3).str();
  return true;
}

static bool parseEquation(StringRef text, ValueRange operands,
                          Equation &equation) {
  std::string packed;
  llvm::copy_if(text, std::back_inserter(packed),
                [](char c) { return c != ' '; });
  auto [inputs, output] = StringRef(packed).split("->");
  bool isExplicit = StringRef(packed).contains("->");
  SmallVector<StringRef> terms;
  inputs.split(terms, ',');
  if (terms.size() != operands.size())
    return false;
  int64_t ellipsis = 0;
  for (auto [term, operand] : llvm::zip(terms, operands)) {
    int64_t rank = cast<RankedTensorType>(operand.getType()).getRank();
    if (!expandTerm(term, rank, equation.operands.emplace_back(), ellipsis))
      return false;
  }
  if (isExplicit) {
    bool dots = output.contains("...");
    int64_t rank = int64_t(output.size()) + (dots ? ellipsis - 3 : 0);
    return expandTerm(output, rank, equation.result, ellipsis);
  }
  // Without a result: the ellipsis, then the labels that occur once, sorted.
  for (int64_t i = ellipsis; i-- > 0;)
    equation.result.push_back('0' + i);
  std::string all = llvm::join(equation.operands, "");
  std::string letters;
  for (char c : all)
    if (!isdigit(c) && llvm::count(all, c) == 1)
      letters.push_back(c);
  llvm::sort(letters);
  equation.result += letters;
  return true;
}

static FailureOr<Value> lowerEinsum(Emitter &e, onnx::EinsumOp op,
                                    onnx::EinsumOp::Adaptor in) {
  Scalars s(e, elementOf(op.getOutput()));
  Equation equation;
  if (!parseEquation(op.getEquation(), in.getInputs(), equation))
    return e.fail("expected an equation that fits the operands");
  // The size of every label, and the labels that are summed over.
  llvm::MapVector<char, Values> sizes;
  for (auto [labels, operand] : llvm::zip(equation.operands, in.getInputs()))
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
    if (!llvm::is_contained(equation.result, label))
      summed.push_back(label);
  }
  Values outDims, counts;
  for (char label : equation.result) {
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
                   llvm::zip(equation.operands, in.getInputs())) {
                Values to, at;
                for (char label : labels) {
                  size_t place = equation.result.find(label);
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
