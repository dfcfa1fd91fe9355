//===- NormaliseAlgebra.cpp - ops that do nothing -------------------------===//
// Identities, casts, neutral operands and conditions that are decided. Only
// what is exact also for floats: x * 1 goes, x + 0.0 stays.
//===----------------------------------------------------------------------===//

#include "Inference.h"
#include "Normalise.h"

using namespace mlir;
using namespace skim::onnx;

namespace {
struct DropIdentity : OpRewritePattern<IdentityOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(IdentityOp op,
                                PatternRewriter &rewriter) const override {
    rewriter.replaceOp(op, op.getInput());
    return success();
  }
};

/// Casts to the type that is there, and of a boolean to a number and back.
struct DropCast : OpRewritePattern<CastOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(CastOp op,
                                PatternRewriter &rewriter) const override {
    Type to = elementType(op.getOutput());
    if (elementType(op.getInput()) == to) {
      rewriter.replaceOp(op, op.getInput());
      return success();
    }
    auto inner = op.getInput().getDefiningOp<CastOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "a single cast");
    Type from = elementType(inner.getInput());
    if (!from.isInteger(1))
      return rewriter.notifyMatchFailure(op, "not from a boolean");
    if (to.isInteger(1)) {
      rewriter.replaceOp(op, inner.getInput());
      return success();
    }
    // 0 and 1 pass through every type.
    rewriter.modifyOpInPlace(
        op, [&] { op.getInputMutable().assign(inner.getInput()); });
    return success();
  }
};

/// Clip without bounds; variadic ops and Concat of one operand.
template <typename OpTy> struct DropSingle : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    for (Value operand : llvm::drop_begin(op->getOperands()))
      if (!isAbsent(operand))
        return rewriter.notifyMatchFailure(op, "has other operands");
    rewriter.replaceOp(op, op->getOperand(0));
    return success();
  }
};

/// Whether -0.0 instead of 0.0 makes no difference to who reads it but a zero
/// of another sign.
static bool takesEitherZero(Value value) {
  return llvm::all_of(value.getUsers(), [](Operation *user) {
    return isa<AddOp, SubOp, MulOp, MatMulOp, GemmOp, SoftmaxOp>(user) ||
           (isView(user) && takesEitherZero(user->getResult(0)));
  });
}

/// Operands that change nothing: x * 1, x / 1, x - 0; x + 0 of integers, and of
/// floats where the sign of a zero does not matter.
template <typename OpTy> struct DropNeutral : NormalisePattern<OpTy> {
  using NormalisePattern<OpTy>::NormalisePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    constexpr bool isSum = std::is_same_v<OpTy, AddOp>;
    constexpr bool commutes = isSum || std::is_same_v<OpTy, MulOp>;
    double neutral = isSum || std::is_same_v<OpTy, SubOp> ? 0.0 : 1.0;
    if (isSum && isa<FloatType>(elementType(op->getResult(0))) &&
        !takesEitherZero(op->getResult(0)))
      return rewriter.notifyMatchFailure(op, "-0.0 + 0.0 is 0.0");
    for (unsigned i = commutes ? 0 : 1; i < 2; ++i) {
      auto value = constantSplat(op->getOperand(i));
      // -0.0 is 0.0 here: x - -0.0 is x + 0.0, which is not x for -0.0.
      if (!value || *value != neutral || std::signbit(*value))
        continue;
      return replaceExpanded(rewriter, this->state, op, op->getOperand(1 - i));
    }
    return rewriter.notifyMatchFailure(op, "no neutral operand");
  }
};

/// And, Or: an operand that is the same everywhere decides or goes, and one
/// that the other was joined with already goes.
template <typename OpTy> struct DecideJunction : NormalisePattern<OpTy> {
  using NormalisePattern<OpTy>::NormalisePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    constexpr int64_t neutral = std::is_same_v<OpTy, AndOp> ? 1 : 0;
    if (op.getA() == op.getB()) {
      rewriter.replaceOp(op, op.getA());
      return success();
    }
    for (unsigned i : {0u, 1u}) {
      Value joined = op->getOperand(i), other = op->getOperand(1 - i);
      auto inner = joined.getDefiningOp<OpTy>();
      if (inner && (inner.getA() == other || inner.getB() == other)) {
        rewriter.replaceOp(op, joined);
        return success();
      }
      auto value = this->shapes.splat(joined);
      if (!value || !value->constant())
        continue;
      // All false, or all true for Or, shows as the result's own value.
      if (value->isConstant(neutral))
        return replaceExpanded(rewriter, this->state, op, other);
    }
    return rewriter.notifyMatchFailure(op, "no operand is known");
  }
};

struct DropDoubleNot : OpRewritePattern<NotOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(NotOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getX().getDefiningOp<NotOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "a single Not");
    rewriter.replaceOp(op, inner.getX());
    return success();
  }
};

/// Where with a condition that is the same everywhere, equal branches, or a
/// negated condition.
struct DecideWhere : NormalisePattern<WhereOp> {
  using NormalisePattern::NormalisePattern;
  LogicalResult matchAndRewrite(WhereOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getX() == op.getY())
      return replaceExpanded(rewriter, state, op, op.getX());
    auto condition = shapes.splat(op.getCondition());
    if (condition && condition->constant())
      return replaceExpanded(rewriter, state, op,
                             condition->isZero() ? op.getY() : op.getX());
    auto negated = op.getCondition().getDefiningOp<NotOp>();
    if (!negated)
      return rewriter.notifyMatchFailure(op, "the condition is not known");
    rewriter.modifyOpInPlace(op, [&] {
      Value x = op.getX(), y = op.getY();
      op.getConditionMutable().assign(negated.getX());
      op.getXMutable().assign(y);
      op.getYMutable().assign(x);
    });
    return success();
  }
};

/// Gemm's factors go into constants: alpha into the weight, beta into the bias.
struct FoldGemmFactors : OpRewritePattern<GemmOp> {
  using OpRewritePattern::OpRewritePattern;

  static Value scale(PatternRewriter &rewriter, Value constant,
                     APFloat factor) {
    auto type = cast<RankedTensorType>(constant.getType());
    auto scalar = RankedTensorType::get({}, type.getElementType());
    Value number = ConstantOp::create(rewriter, constant.getLoc(),
                                      DenseElementsAttr::get(scalar, {factor}));
    return MulOp::create(rewriter, constant.getLoc(), type, constant, number);
  }

  LogicalResult matchAndRewrite(GemmOp op,
                                PatternRewriter &rewriter) const override {
    if (!elementType(op.getY()).isF32())
      return rewriter.notifyMatchFailure(op, "not on f32");
    bool scalesB = !op.getAlpha().isExactlyValue(1) && getConstant(op.getB());
    bool scalesC = !op.getBeta().isExactlyValue(1) && !isAbsent(op.getC()) &&
                   getConstant(op.getC());
    if (!scalesB && !scalesC)
      return rewriter.notifyMatchFailure(op, "no factor of a constant");
    rewriter.modifyOpInPlace(op, [&] {
      if (scalesB) {
        op.getBMutable().assign(scale(rewriter, op.getB(), op.getAlpha()));
        op.setAlpha(APFloat(1.0f));
      }
      if (scalesC) {
        op.getCMutable().assign(scale(rewriter, op.getC(), op.getBeta()));
        op.setBeta(APFloat(1.0f));
      }
    });
    return success();
  }
};

/// Split into one part.
struct DropSingleSplit : OpRewritePattern<SplitOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SplitOp op,
                                PatternRewriter &rewriter) const override {
    if (op->getNumResults() != 1)
      return rewriter.notifyMatchFailure(op, "has several parts");
    rewriter.replaceOp(op, op.getInput());
    return success();
  }
};
} // namespace

void skim::onnx::addAlgebraPatterns(RewritePatternSet &set,
                                    NormaliseState &state) {
  set.add<DropCast, DropDoubleNot, DropIdentity, DropSingle<ClipOp>,
          DropSingle<ConcatOp>, DropSingle<MaxOp>, DropSingle<MeanOp>,
          DropSingle<MinOp>, DropSingle<SumOp>, DropSingleSplit,
          FoldGemmFactors>(set.getContext());
  set.add<DecideJunction<AndOp>, DecideJunction<OrOp>, DecideWhere,
          DropNeutral<AddOp>, DropNeutral<DivOp>, DropNeutral<MulOp>,
          DropNeutral<SubOp>>(set.getContext(), state);
}
