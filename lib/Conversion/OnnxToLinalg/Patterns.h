//===- Patterns.h - families of lowerings -----------------------*- C++ -*-===//
// A lowering is a function from a node and its lowered operands to the lowered
// results; each family of ops adds its own to the patterns.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CONVERSION_ONNXTOLINALG_PATTERNS_H
#define SKIM_LIB_CONVERSION_ONNXTOLINALG_PATTERNS_H

#include "Emitter.h"
#include "Scalars.h"

#include "mlir/Transforms/DialectConversion.h"
#include "skim/Dialect/Onnx/IR/OnnxDialect.h"

namespace skim::lowering {

/// Element type of a tensor of the onnx dialect, unsigned kept.
inline Type elementOf(Value value) {
  return mlir::cast<mlir::ShapedType>(value.getType()).getElementType();
}

/// Element type of a lowered tensor, which has no sign.
inline Type storedOf(Value tensor) {
  return mlir::cast<mlir::RankedTensorType>(tensor.getType()).getElementType();
}

/// What the patterns share.
struct Family {
  mlir::TypeConverter &converter;
  mlir::RewritePatternSet &patterns;
  const ArgumentDims &arguments;
  /// Where a lowering that fails says why.
  std::string &reason;

  /// Adds `fn`: FailureOr<Value or Values>(Emitter &, OpT, OpT::Adaptor).
  template <typename OpT, typename Fn> void add(Fn fn);
};

/// Puts `results` in the place of the node, whose types they get. Those of
/// type `none` are null.
void replaceNode(Emitter &e, mlir::ConversionPatternRewriter &rewriter,
                 const Values &results);
inline Values asValues(Value value) { return {value}; }
inline Values asValues(const Values &values) { return values; }

template <typename OpT, typename Fn>
struct NodePattern : mlir::OpConversionPattern<OpT> {
  NodePattern(const Family &family, Fn fn)
      : mlir::OpConversionPattern<OpT>(family.converter,
                                       family.patterns.getContext()),
        arguments(family.arguments), reason(family.reason), fn(fn) {}

  mlir::LogicalResult
  matchAndRewrite(OpT op, typename OpT::Adaptor operands,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    Emitter e(rewriter, op, arguments);
    e.lowered = [&](Value value) { return rewriter.getRemappedValue(value); };
    for (mlir::Type type : llvm::concat<const mlir::Type>(op->getOperandTypes(),
                                                          op->getResultTypes()))
      if (mlir::isa<mlir::UnrankedTensorType>(type))
        (void)e.fail("expected tensors of known rank");
    if (e.reason.empty()) {
      auto made = fn(e, op, operands);
      if (mlir::succeeded(made)) {
        replaceNode(e, rewriter, asValues(*made));
        return mlir::success();
      }
    }
    reason = e.reason;
    return rewriter.notifyMatchFailure(op, e.reason);
  }

  const ArgumentDims &arguments;
  std::string &reason;
  Fn fn;
};

template <typename OpT, typename Fn> void Family::add(Fn fn) {
  patterns.add(std::make_unique<NodePattern<OpT, Fn>>(*this, fn));
}

// By file of the same name.
void addActivationLowerings(Family &family);
void addAttentionLowerings(Family &family);
void addConvLowerings(Family &family);
void addElementwiseLowerings(Family &family);
void addGatherLowerings(Family &family);
void addGenerateLowerings(Family &family);
void addMatMulLowerings(Family &family);
void addNNLowerings(Family &family);
void addPartLowerings(Family &family);
void addPoolLowerings(Family &family);
void addQuantLowerings(Family &family);
void addReduceLowerings(Family &family);
void addScatterLowerings(Family &family);
void addSelectLowerings(Family &family);
void addShapeLowerings(Family &family);

} // namespace skim::lowering

#endif // SKIM_LIB_CONVERSION_ONNXTOLINALG_PATTERNS_H
