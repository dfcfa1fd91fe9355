//===- FoldConstants.cpp - pass onnx-fold-constants -----------------------===//
// Computes ops on constants once, at compile time, and lets go of the weights
// that nothing reads any more as it goes.
//===----------------------------------------------------------------------===//

#include "Evaluate.h"
#include "skim/Dialect/Onnx/Transforms/Passes.h"

namespace skim::onnx {
#define GEN_PASS_DEF_FOLDCONSTANTSPASS
#include "skim/Dialect/Onnx/Transforms/Passes.h.inc"
} // namespace skim::onnx

using namespace mlir;
using namespace skim::onnx;

static int64_t byteSize(RankedTensorType type) {
  return type.getNumElements() *
         ConstantTensor::elementSize(type.getElementType());
}

/// The number of elements, or nothing when their bytes cannot be counted.
static std::optional<int64_t> elementCount(RankedTensorType type) {
  int64_t bytes = ConstantTensor::elementSize(type.getElementType());
  for (int64_t extent : type.getShape())
    if (llvm::MulOverflow(bytes, extent, bytes))
      return std::nullopt;
  return type.getNumElements();
}

/// The resource that a constant's bytes are in, if they are in one.
static std::optional<StringRef> resourceKey(ElementsAttr value) {
  auto resource = dyn_cast_if_present<DenseResourceElementsAttr>(value);
  if (!resource)
    return std::nullopt;
  return resource.getRawHandle().getKey();
}

namespace {
struct FoldConstantsPass
    : skim::onnx::impl::FoldConstantsPassBase<FoldConstantsPass> {
  using Base::Base;

  void runOnOperation() override {
    users.clear();
    getOperation().walk([&](Operation *op) {
      for (NamedAttribute attr : op->getAttrs())
        if (auto value = dyn_cast<ElementsAttr>(attr.getValue()))
          if (auto key = resourceKey(value))
            ++users[*key];
    });
    // Operands come before their users: one pass folds whole chains.
    for (Block &block : getOperation().getBody())
      for (Operation &op : llvm::make_early_inc_range(block))
        if (isCandidate(&op))
          fold(&op);
  }

  /// Whether all operands are constants and the result is worth holding.
  bool isCandidate(Operation *op) {
    if (!isa<OnnxDialect>(op->getDialect()) || isa<ConstantOp, NoneOp>(op) ||
        op->getNumResults() == 0)
      return false;
    int64_t readElements = 0;
    for (Value operand : op->getOperands()) {
      if (isAbsent(operand))
        continue;
      ElementsAttr value = getConstant(operand);
      if (!value)
        return false;
      auto type = cast<RankedTensorType>(value.getShapedType());
      // One stored element that stands for all is no size to measure by.
      if (!isa<SplatElementsAttr>(value))
        readElements = std::max(readElements, type.getNumElements());
    }
    int64_t made = 0, madeElements = 0;
    for (Value result : op->getResults()) {
      if (isAbsent(result) && result.use_empty())
        continue;
      auto type = dyn_cast<RankedTensorType>(result.getType());
      if (!type || !type.hasStaticShape() ||
          !isFoldableElementType(type.getElementType()))
        return false;
      auto count = elementCount(type);
      if (!count)
        return false;
      made += byteSize(type);
      madeElements += *count;
    }
    return (made <= maxGrowth || madeElements <= readElements) && !isKept(op);
  }

  /// Ops on constants that later stages want to see.
  bool isKept(Operation *op) {
    auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
    bool isFloat = type && isa<FloatType>(type.getElementType());
    // Rows of a table stay embeddings.
    if (auto gather = dyn_cast<GatherOp>(op)) {
      auto table = cast<RankedTensorType>(gather.getData().getType());
      return isFloat && table.getRank() == 2 && gather.getAxis() == 0;
    }
    // A linear layer takes its weight as [K, N] or [N, K]. A product with a
    // constant is none.
    if (isa<TransposeOp>(op) && isFloat && type.getRank() == 2 &&
        byteSize(type) > maxGrowth)
      return llvm::all_of(op->getUses(), [](OpOperand &use) {
        auto product = dyn_cast<MatMulOp>(use.getOwner());
        return product && use.getOperandNumber() == 1 &&
               !getConstant(product.getA());
      });
    return false;
  }

  void fold(Operation *op) {
    SmallVector<std::optional<ConstantTensor>> tensors;
    SmallVector<const ConstantTensor *> in;
    for (Value operand : op->getOperands()) {
      ElementsAttr value = getConstant(operand);
      tensors.push_back(value ? ConstantTensor::read(value) : std::nullopt);
      if (value && !tensors.back())
        return;
    }
    for (auto &tensor : tensors)
      in.push_back(tensor ? &*tensor : nullptr);
    SmallVector<ConstantTensor> out;
    Type byte = IntegerType::get(&getContext(), 8);
    for (Value result : op->getResults()) {
      auto type = dyn_cast<RankedTensorType>(result.getType());
      // An absent result gets room that nothing reads.
      out.emplace_back(type ? type : RankedTensorType::get({}, byte));
    }
    Evaluation evaluation{op, in, out};
    bool empty = llvm::all_of(
        out, [](const ConstantTensor &tensor) { return tensor.size() == 0; });
    if (!empty && !evaluateArithmetic(evaluation) &&
        !evaluateLogic(evaluation) && !evaluateConversion(evaluation) &&
        !evaluateMovement(evaluation) && !evaluateSelection(evaluation) &&
        !evaluateReduction(evaluation) && !evaluateProducts(evaluation) &&
        !evaluateNorms(evaluation))
      return;
    replace(op, out);
  }

  void replace(Operation *op, MutableArrayRef<ConstantTensor> out) {
    OpBuilder builder(op);
    std::string name = nameFor(op);
    for (auto [result, tensor] : llvm::zip(op->getResults(), out)) {
      if (result.use_empty())
        continue;
      ElementsAttr value = std::move(tensor).take(name);
      if (auto key = resourceKey(value))
        ++users[*key];
      result.replaceAllUsesWith(
          ConstantOp::create(builder, op->getLoc(), value));
    }
    SmallVector<Operation *> sources;
    for (Value operand : op->getOperands())
      if (Operation *source = operand.getDefiningOp())
        if (!llvm::is_contained(sources, source))
          sources.push_back(source);
    op->erase();
    ++numFolded;
    for (Operation *source : sources)
      if (source->use_empty())
        release(source);
  }

  /// The weight's own name, so that later stages still tell which one it is.
  std::string nameFor(Operation *op) {
    StringRef name;
    int64_t most = -1;
    for (Value operand : op->getOperands()) {
      auto key = resourceKey(getConstant(operand));
      if (!key)
        continue;
      int64_t size = byteSize(cast<RankedTensorType>(operand.getType()));
      if (size > most) {
        most = size;
        name = *key;
      }
    }
    return name.empty() ? "folded" : name.str();
  }

  /// Erases a constant that nothing reads and frees its bytes: weights are
  /// never held twice.
  void release(Operation *source) {
    auto constant = dyn_cast<ConstantOp>(source);
    ElementsAttr value = constant ? constant.getValue() : ElementsAttr();
    source->erase();
    auto key = resourceKey(value);
    if (!key || --users[*key] > 0)
      return;
    auto handle = cast<DenseResourceElementsAttr>(value).getRawHandle();
    numReleased += handle.getBlob() ? handle.getBlob()->getData().size() : 0;
    handle.getResource()->setBlob(AsmResourceBlob());
  }

  llvm::StringMap<int> users; // Constants by resource.
};
} // namespace
