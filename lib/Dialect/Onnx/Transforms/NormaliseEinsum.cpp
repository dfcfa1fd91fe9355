//===- NormaliseEinsum.cpp - equations as products of matrices ------------===//
// An Einsum of one operand moves and adds up axes; one of two is a MatMul of
// moved and joined axes, or a Mul where nothing is added up.
//===----------------------------------------------------------------------===//

#include "Normalise.h"

#include "skim/Dialect/Onnx/IR/EinsumEquation.h"

using namespace mlir;
using namespace skim::onnx;

namespace {
/// A tensor with a label for each axis, each of them once.
struct Labelled {
  Value value;
  std::string labels;

  bool has(char label) const { return StringRef(labels).contains(label); }
};

/// Builds one Einsum's form. What a form needs is asked before it is built, so
/// that a pattern that fails has changed nothing.
class EinsumBuilder {
public:
  EinsumBuilder(PatternRewriter &rewriter, NormaliseState &state, EinsumOp op)
      : rewriter(rewriter), state(state), op(op) {}

  /// False where labels repeat, dimensions are not known or broadcast.
  bool bind();
  /// The result; null where it takes a shape that cannot be built.
  Value build();

private:
  Value buildSum();
  Value buildProduct(Labelled left, Labelled right);
  Value buildMul(const Labelled &left, const Labelled &right);
  Value buildMatMul(const Labelled &left, const Labelled &right);

  /// Axes in the order of `labels`, all of which the tensor has.
  Labelled order(const Labelled &from, StringRef labels);
  /// Another shape, of dims or of products of them.
  Value view(Value value, ArrayRef<SymDim> to);
  SymDims dimsOf(StringRef labels) const {
    SymDims dims;
    for (char label : labels)
      dims.push_back(extents.find(label)->second);
    return dims;
  }
  SymDim countOf(StringRef labels) const { return product(dimsOf(labels)); }

  PatternRewriter &rewriter;
  NormaliseState &state;
  EinsumOp op;
  SmallVector<Labelled, 2> operands;
  std::string result;
  llvm::DenseMap<char, SymDim> extents;
};
} // namespace

/// Those of `labels` for which `keep` holds, in order.
static std::string filter(StringRef labels, function_ref<bool(char)> keep) {
  std::string kept;
  llvm::copy_if(labels, std::back_inserter(kept), keep);
  return kept;
}

bool EinsumBuilder::bind() {
  SmallVector<int64_t> ranks;
  for (Value operand : op.getInputs()) {
    auto dims = state.shapes.dims(operand);
    if (!dims)
      return false;
    ranks.push_back(dims->size());
  }
  auto equation = parseEinsumEquation(op.getEquation(), ranks);
  if (!equation)
    return false;
  for (auto [value, labels] : llvm::zip(op.getInputs(), equation->operands)) {
    operands.push_back({value, labels});
    for (auto [label, dim] : llvm::zip(labels, *state.shapes.dims(value))) {
      auto [at, isNew] = extents.try_emplace(label, dim);
      if (at->second != dim || llvm::count(labels, label) != 1)
        return false;
    }
  }
  result = equation->result;
  return llvm::all_of(result,
                      [&](char label) { return extents.contains(label); });
}

Labelled EinsumBuilder::order(const Labelled &from, StringRef labels) {
  SmallVector<int64_t> perm;
  for (char label : labels)
    perm.push_back(from.labels.find(label));
  if (llvm::is_sorted(perm))
    return from;
  return {buildTranspose(rewriter, state, from.value, perm), labels.str()};
}

Value EinsumBuilder::view(Value value, ArrayRef<SymDim> to) {
  if (Value built = buildView(rewriter, state, op.getLoc(), value, to))
    return built;
  return buildReshape(rewriter, state, op.getLoc(), value,
                      state.buildShape(rewriter, op.getLoc(), to));
}

Value EinsumBuilder::buildSum() {
  Labelled from = operands.front();
  SmallVector<int64_t> summed;
  for (auto [axis, label] : llvm::enumerate(from.labels))
    if (!StringRef(result).contains(label))
      summed.push_back(axis);
  if (!summed.empty())
    from = {state.build<ReduceSumOp>(
                rewriter, op.getLoc(), elementType(from.value), from.value,
                buildInts(rewriter, op.getLoc(), summed),
                rewriter.getI64IntegerAttr(0), rewriter.getI64IntegerAttr(0)),
            filter(from.labels, [&](char label) {
              return StringRef(result).contains(label);
            })};
  return order(from, result).value;
}

/// Nothing is added up: operands that broadcast to the result.
Value EinsumBuilder::buildMul(const Labelled &left, const Labelled &right) {
  auto spread = [&](const Labelled &from) {
    Labelled ordered =
        order(from, filter(result, [&](char l) { return from.has(l); }));
    SmallVector<int64_t> added;
    for (auto [axis, label] : llvm::enumerate(result))
      if (!from.has(label))
        added.push_back(axis);
    if (added.empty())
      return ordered.value;
    return state.build<UnsqueezeOp>(rewriter, op.getLoc(),
                                    elementType(from.value), ordered.value,
                                    buildInts(rewriter, op.getLoc(), added));
  };
  Value x = spread(left), y = spread(right);
  return state.build<MulOp>(rewriter, op.getLoc(), elementType(x), x, y);
}

/// `[batch.., rows.., k] x [batch.., k, columns]`: rows keep their axes where
/// there is no batch, else those of the left operand alone are joined.
Value EinsumBuilder::buildMatMul(const Labelled &left, const Labelled &right) {
  StringRef to(result);
  std::string batch =
      filter(to, [&](char l) { return left.has(l) && right.has(l); });
  std::string columns = filter(to, [&](char l) { return !left.has(l); });
  std::string rows =
      filter(batch.empty() ? StringRef(left.labels) : to,
             [&](char l) { return to.contains(l) && !right.has(l); });
  std::string summed =
      filter(left.labels, [&](char l) { return !to.contains(l); });
  SymDims rowDims = batch.empty() ? dimsOf(rows) : SymDims{countOf(rows)};
  SymDims leftDims = dimsOf(batch), rightDims = dimsOf(batch);
  leftDims.append(rowDims);
  leftDims.push_back(countOf(summed));
  rightDims.append({countOf(summed), countOf(columns)});
  SymDims parts = dimsOf(batch + rows + columns);
  if (!state.canBuildShape(leftDims) || !state.canBuildShape(rightDims) ||
      !state.canBuildShape(parts))
    return nullptr;
  Value x = view(order(left, batch + rows + summed).value, leftDims);
  Value y = view(order(right, batch + summed + columns).value, rightDims);
  Value z = state.build<MatMulOp>(rewriter, op.getLoc(), elementType(x), x, y);
  return order({view(z, parts), batch + rows + columns}, result).value;
}

Value EinsumBuilder::buildProduct(Labelled left, Labelled right) {
  // The matrix of a layer stands on the right.
  if (getConstant(left.value) && !getConstant(right.value))
    std::swap(left, right);
  bool isSummed = false;
  for (const Labelled *one : {&left, &right})
    for (char label : one->labels) {
      bool isShared = left.has(label) && right.has(label);
      bool isKept = StringRef(result).contains(label);
      if (!isShared && !isKept)
        return nullptr; // A sum of one operand.
      isSummed |= !isKept;
    }
  return isSummed ? buildMatMul(left, right) : buildMul(left, right);
}

Value EinsumBuilder::build() {
  if (operands.size() == 1)
    return buildSum();
  return operands.size() == 2 ? buildProduct(operands[0], operands[1])
                              : nullptr;
}

namespace {
struct EinsumAsProduct : NormalisePattern<EinsumOp> {
  using NormalisePattern::NormalisePattern;

  LogicalResult matchAndRewrite(EinsumOp op,
                                PatternRewriter &rewriter) const override {
    if (!elementType(op.getOutput()).isF32())
      return rewriter.notifyMatchFailure(op, "not on f32");
    EinsumBuilder builder(rewriter, state, op);
    if (!builder.bind())
      return rewriter.notifyMatchFailure(op, "labels are not plain axes");
    Value value = builder.build();
    if (!value)
      return rewriter.notifyMatchFailure(op, "no product of two matrices");
    rewriter.replaceOp(op, value);
    return success();
  }
};
} // namespace

void skim::onnx::addEinsumPatterns(RewritePatternSet &set,
                                   NormaliseState &state) {
  set.add<EinsumAsProduct>(set.getContext(), state);
}
