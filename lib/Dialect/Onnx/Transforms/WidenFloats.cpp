//===- WidenFloats.cpp - fp32 instead of 16-bit floats --------------------===//
// Casts where a function gets and gives 16 bits and behind constants; in
// between types, and the attributes that name them.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "skim/Dialect/Onnx/IR/OnnxDialect.h"
#include "skim/Dialect/Onnx/Transforms/Passes.h"

namespace skim::onnx {
#define GEN_PASS_DEF_WIDENFLOATSPASS
#include "skim/Dialect/Onnx/Transforms/Passes.h.inc"
} // namespace skim::onnx

using namespace mlir;
using namespace skim::onnx;

static bool isNarrow(Type type) {
  auto tensor = dyn_cast<TensorType>(type);
  return tensor &&
         (tensor.getElementType().isF16() || tensor.getElementType().isBF16());
}

static Type widened(Type type) {
  return cast<TensorType>(type).clone(Float32Type::get(type.getContext()));
}

/// A scalar that is what 16 bits leave of a number of GELU's definitions is
/// that number: otherwise no pattern knows the function, which would be another
/// one.
static ElementsAttr knownNumber(ElementsAttr elements) {
  static constexpr double known[] = {
      1.4142135623730951,  // sqrt(2)
      0.7071067811865476,  // 1 / sqrt(2)
      0.7978845608028654,  // sqrt(2 / pi)
      0.044715,            // of the cube in the form with tanh
      0.03567740813636141, // the two before, multiplied
      1.702,               // of the form with a sigmoid
  };
  auto dense = dyn_cast<DenseElementsAttr>(elements);
  if (!dense || dense.getNumElements() != 1)
    return {};
  auto value = dense.getSplatValue<APFloat>();
  for (double number : known) {
    APFloat rounded(number);
    bool losesInfo;
    rounded.convert(value.getSemantics(), APFloat::rmNearestTiesToEven,
                    &losesInfo);
    if (rounded.bitwiseIsEqual(value))
      return DenseElementsAttr::get(
          RankedTensorType::get(dense.getType().getShape(),
                                Float32Type::get(dense.getContext())),
          static_cast<float>(number));
  }
  return {};
}

/// The elements of a small constant as f32.
static ElementsAttr widened(ElementsAttr elements) {
  auto dense = dyn_cast<DenseElementsAttr>(elements);
  if (!dense || !isNarrow(dense.getType()))
    return elements;
  Builder b(elements.getContext());
  return dense.mapValues(b.getF32Type(), [](const APFloat &value) {
    APFloat wide = value;
    bool losesInfo;
    wide.convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven,
                 &losesInfo);
    return wide.bitcastToAPInt();
  });
}

/// Attributes that name a type, or hold what a result is filled with.
static void widenAttributes(Operation *op) {
  Builder b(op->getContext());
  for (StringRef name : {"to", "dtype", "output_dtype", "stash_type"})
    if (auto type = op->getAttrOfType<IntegerAttr>(name))
      if (Type element = getElementType(op->getContext(), type.getInt());
          element && (element.isF16() || element.isBF16()))
        op->setAttr(name, b.getI64IntegerAttr(getDataType(b.getF32Type())));
  if (auto fill = op->getAttrOfType<ElementsAttr>("value"))
    op->setAttr("value", widened(fill));
}

namespace {
struct WidenFloatsPass
    : skim::onnx::impl::WidenFloatsPassBase<WidenFloatsPass> {
  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (func.isExternal())
      return;
    Block &block = func.front();
    OpBuilder builder(func.getContext());
    for (Operation &op : llvm::make_early_inc_range(block)) {
      builder.setInsertionPointAfter(&op);
      if (auto constant = dyn_cast<ConstantOp>(op)) {
        widenConstant(builder, constant);
        continue;
      }
      if (isa<OnnxDialect>(op.getDialect()))
        widenOp(op);
    }
    // Behind the ops: casts of 16 bits are none of them.
    builder.setInsertionPointToStart(&block);
    for (BlockArgument argument : block.getArguments())
      widenUses(builder, argument);
    narrowResults(builder, func);
  }

private:
  Value cast(OpBuilder &builder, Value value, Type type) {
    return CastOp::create(builder, value.getLoc(), type, value,
                          /*round_mode=*/StringAttr(),
                          /*saturate=*/IntegerAttr(),
                          builder.getI64IntegerAttr(getDataType(
                              mlir::cast<TensorType>(type).getElementType())));
  }

  /// Everything that reads `value` reads it as f32.
  void widenUses(OpBuilder &builder, Value value) {
    if (!isNarrow(value.getType()) || value.use_empty())
      return;
    Value wide = cast(builder, value, widened(value.getType()));
    value.replaceAllUsesExcept(wide, wide.getDefiningOp());
    ++numWidened;
  }

  void widenConstant(OpBuilder &builder, ConstantOp op) {
    Value value = op.getOutput();
    ElementsAttr number =
        isNarrow(value.getType()) ? knownNumber(op.getValue()) : ElementsAttr();
    if (!number)
      return widenUses(builder, value);
    auto wide = ConstantOp::create(builder, op.getLoc(), number);
    value.replaceAllUsesWith(wide.getOutput());
    ++numWidened;
  }

  void widenOp(Operation &op) {
    bool changes = false;
    for (OpResult result : op.getResults()) {
      if (!isNarrow(result.getType()))
        continue;
      result.setType(widened(result.getType()));
      changes = true;
      ++numWidened;
    }
    if (changes)
      widenAttributes(&op);
  }

  /// The function gives what it gave.
  void narrowResults(OpBuilder &builder, func::FuncOp func) {
    Operation *terminator = func.front().getTerminator();
    builder.setInsertionPoint(terminator);
    for (auto [operand, type] :
         llvm::zip_equal(terminator->getOpOperands(), func.getResultTypes()))
      if (isNarrow(type) && !isNarrow(operand.get().getType()))
        operand.set(
            cast(builder, operand.get(),
                 mlir::cast<TensorType>(operand.get().getType())
                     .clone(mlir::cast<TensorType>(type).getElementType())));
  }
};
} // namespace
