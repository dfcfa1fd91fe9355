//===- Pack.cpp - remove padding at entry, put it back at the outputs -----===//
// Rewrites encoder ops from dense [batch, sequence, H] states to ragged rows.
//===----------------------------------------------------------------------===//

#include "skim/Dialect/Onnx/IR/OnnxDialect.h"
#include "skim/Dialect/Onnx/Transforms/SymbolicShapes.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"
#include "skim/Dialect/Skim/Transforms/PaddingAnalysis.h"
#include "skim/Dialect/Skim/Transforms/Passes.h"

#include "mlir/Analysis/SliceAnalysis.h"

namespace skim {
#define GEN_PASS_DEF_SKIMPACKPASS
#include "skim/Dialect/Skim/Transforms/Passes.h.inc"
} // namespace skim

using namespace mlir;
using namespace skim;

static bool isDenseStates(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getRank() == 3 && tensor.getElementType().isF32() &&
         !tensor.isDynamicDim(2);
}

/// The operands of `op` that are states, and so change their form with it.
static SmallVector<OpOperand *> stateOperands(Operation *op) {
  SmallVector<OpOperand *> states;
  auto add = [&](OpOperand &operand) { states.push_back(&operand); };
  TypeSwitch<Operation *>(op)
      .Case([&](AttentionOp attention) {
        add(attention.getQueryMutable());
        add(attention.getKeyMutable());
        add(attention.getValueMutable());
      })
      .Case([&](LinearOp linear) {
        add(linear.getInputMutable());
        for (OpOperand &residual : linear.getResidualMutable())
          add(residual);
      })
      .Case<AddOp, MulOp>([&](auto binary) {
        add(binary.getLhsMutable());
        add(binary.getRhsMutable());
      })
      .Case<NormOp, ActivationOp, GluOp, L2NormalizeOp, PoolOp>(
          [&](auto rowOp) { add(rowOp.getInputMutable()); });
  return states;
}

namespace {

/// Which values still have an item for each position of the batch: a slice of
/// states, `x[:, 0:1]` say, has the type of states but other rows.
class Positions {
public:
  bool isKnown(Value value) const { return axes.contains(value); }
  bool isElsewhere(Value value) const {
    auto found = axes.find(value);
    return left.contains(value) ||
           (found != axes.end() &&
            (found->second.batch != 0 || found->second.sequence != 1));
  }
  /// The result of `op` has an item for each position, unless it is pooled.
  void add(Operation &op) {
    if (isa<PoolOp>(op))
      return leave(op);
    axes[op.getResult(0)] = TokenAxes{0, 1, true};
  }
  void leave(Operation &op) { left.insert(op.result_begin(), op.result_end()); }
  /// What an op that is not packed makes of its operands.
  void follow(Operation &op) {
    SmallVector<std::optional<TokenAxes>> operands;
    bool anyStates = false;
    for (Value operand : op.getOperands()) {
      if (left.contains(operand))
        return leave(op);
      auto found = axes.find(operand);
      operands.push_back(found == axes.end() ? std::nullopt
                                             : std::optional(found->second));
      anyStates |= operands.back().has_value();
    }
    if (!anyStates || op.getNumResults() == 0)
      return;
    std::string why;
    std::optional<TokenAxes> result = propagateTokenAxes(op, operands, why);
    if (!result)
      return leave(op);
    for (Value value : op.getResults())
      axes[value] = *result;
  }

private:
  llvm::DenseMap<Value, TokenAxes> axes;
  llvm::DenseSet<Value> left;
};

class PackPass : public skim::impl::SkimPackPassBase<PackPass> {
public:
  using SkimPackPassBase::SkimPackPassBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal())
      return;
    Value mask = PaddingAnalysis::findMask(function);
    SmallVector<Operation *> candidates = collect(function, mask);
    if (candidates.empty())
      return;
    // One pass object goes over many functions.
    packed.clear();
    taken.clear();
    replaced.clear();
    replaced.insert(candidates.begin(), candidates.end());
    PaddingAnalysis analysis(function, mask, replaced, scalesOfTokens);
    remove = !keepPadding && mask && !analysis.getObstacle();
    if (!keepPadding && mask && analysis.getObstacle())
      emitRemark(analysis.getObstacle()->getLoc())
          << onnx::describe(analysis.getObstacle())
          << " keeps padding in: " << analysis.getReason();

    makeRows(function, candidates, mask);
    for (Operation *op : candidates)
      pack(op);
    restoreUses();
    if (remove)
      clearOutputs(function, mask, analysis);
    for (Operation *op : llvm::reverse(candidates))
      if (op->use_empty())
        op->erase();
  }

private:
  /// The encoder ops on states of the batch's positions, in order. Tables of
  /// relative positions, `[1, distances, H]` say, are linear layers' inputs
  /// too; those stay dense.
  static SmallVector<Operation *> collect(func::FuncOp function, Value mask) {
    SmallVector<Operation *> ops;
    onnx::SymbolicShapes shapes(function);
    Value like = mask ? mask : firstQuery(function);
    // Where a length is fixed it tells the positions, however states were put
    // together: a class token before the patches of an image.
    bool isFixed = !mask && like && sizeOf(like, 1) > 1;
    Positions positions;
    for (Operation &op : function.front()) {
      SmallVector<Value> states;
      if (isa<EmbedOp>(op))
        states.push_back(op.getResult(0));
      for (OpOperand *operand : stateOperands(&op))
        states.push_back(operand->get());
      if (states.empty() || !isDenseStates(states.front().getType())) {
        positions.follow(op);
        continue;
      }
      if (!like)
        like = shapedLike(&op);
      if (isa<AttentionOp, PoolOp>(op) ||
          llvm::all_of(states, [&](Value value) {
            return hasTypeOfBatch(value, like) &&
                   (positions.isKnown(value) ||
                    !mayHaveOtherDims(function, shapes, value, like)) &&
                   (isFixed || !positions.isElsewhere(value));
          })) {
        ops.push_back(&op);
        positions.add(op);
      } else {
        positions.leave(op);
      }
    }
    return ops;
  }

  static int64_t sizeOf(Value value, unsigned axis) {
    return cast<RankedTensorType>(value.getType()).getDimSize(axis);
  }

  static bool hasTypeOfBatch(Value states, Value like) {
    return isDenseStates(states.getType()) &&
           sizeOf(states, 0) == sizeOf(like, 0) &&
           sizeOf(states, 1) == sizeOf(like, 1);
  }

  /// What states of encoder ops were made from, with the same positions: a
  /// value of the onnx dialect, an argument, or ids.
  static Value originOf(Value states) {
    while (Operation *op = states.getDefiningOp()) {
      if (isa<EmbedOp>(op))
        return shapedLike(op);
      if (stateOperands(op).empty() || isa<PoolOp>(op))
        break;
      states = shapedLike(op);
    }
    return states;
  }

  /// Whether states that are not known to be of the batch have, or may have,
  /// other positions than `like`: twice as many, windows of them, or batch and
  /// sequence in each other's place. Dimensions of arguments are taken to be
  /// the same under other names.
  static bool mayHaveOtherDims(func::FuncOp function,
                               onnx::SymbolicShapes &shapes, Value states,
                               Value like) {
    auto own = shapes.dims(originOf(states)),
         wanted = shapes.dims(originOf(like));
    auto isOfArgument = [&](const onnx::SymDim &dim) {
      return llvm::any_of(function.getArguments(), [&](Value argument) {
        auto dims = shapes.dims(argument);
        return dims && llvm::is_contained(*dims, dim);
      });
    };
    return own && wanted && llvm::any_of(ArrayRef{0, 1}, [&](unsigned axis) {
             const onnx::SymDim &dim = (*own)[axis];
             return dim != (*wanted)[axis] &&
                    (!isOfArgument(dim) || dim == (*wanted)[1 - axis]);
           });
  }

  /// The first attention's states, or null.
  static Value firstQuery(func::FuncOp function) {
    auto attentions = function.front().getOps<AttentionOp>();
    if (attentions.empty() ||
        !isDenseStates((*attentions.begin()).getQuery().getType()))
      return {};
    return (*attentions.begin()).getQuery();
  }

  /// Numbers the rows before the first op that needs them. What the mask is
  /// computed from goes there too: it depends on the inputs only.
  void makeRows(func::FuncOp function, ArrayRef<Operation *> candidates,
                Value mask) {
    Block &block = function.front();
    OpBuilder builder(function.getContext());
    if (!remove) {
      Operation *first = candidates.front();
      builder.setInsertionPoint(first);
      rows =
          PackOp::create(builder, first->getLoc(), Value(), shapedLike(first));
      return;
    }
    if (Operation *definition = mask.getDefiningOp()) {
      hoist(definition, block);
      builder.setInsertionPointAfter(definition);
    } else {
      builder.setInsertionPointToStart(&block);
    }
    rows = PackOp::create(builder, mask.getLoc(), mask, Value());
  }

  /// What has batch and sequence as an encoder op's states do: its ids, or the
  /// first states that it reads.
  static Value shapedLike(Operation *op) {
    if (auto embed = dyn_cast<EmbedOp>(op))
      return widest(embed.getIds());
    return stateOperands(op).front()->get();
  }

  /// The ids of every sequence rather than those that all sequences share.
  static Value widest(ValueRange ids) {
    for (Value value : ids)
      if (cast<RankedTensorType>(value.getType()).getDimSize(0) != 1)
        return value;
    return ids.front();
  }

  /// Moves `definition` and what it reads to the start of the block.
  static void hoist(Operation *definition, Block &block) {
    SetVector<Operation *> slice;
    BackwardSliceOptions options;
    options.inclusive = true;
    options.omitBlockArguments = true;
    (void)getBackwardSlice(definition, &slice, options);
    SmallVector<Operation *> ordered(slice.begin(), slice.end());
    llvm::sort(ordered, [](Operation *a, Operation *b) {
      return a->isBeforeInBlock(b);
    });
    Operation *front = nullptr;
    for (Operation *op : ordered) {
      if (front)
        op->moveAfter(front);
      else if (op != &block.front())
        op->moveBefore(&block.front());
      front = op;
    }
  }

  /// The ragged form of dense states: made by a packed op, or taken up here.
  Value ragged(OpBuilder &builder, Value dense) {
    if (Value known = packed.lookup(dense))
      return known;
    int64_t width = getWidth(dense.getType());
    auto type =
        RaggedType::get(dense.getContext(), width, builder.getF32Type());
    Value value = GatherOp::create(builder, dense.getLoc(), type, dense, rows);
    packed[dense] = value;
    taken.insert(dense);
    ++numGathers;
    return value;
  }

  void pack(Operation *op) {
    OpBuilder builder(op);
    SmallVector<Value> states;
    for (OpOperand *operand : stateOperands(op))
      states.push_back(ragged(builder, operand->get()));
    Operation *clone = builder.clone(*op);
    for (auto [operand, value] : llvm::zip(stateOperands(clone), states))
      operand->set(value);
    addRows(clone);
    ++numPacked;
    if (isa<PoolOp>(op)) {
      op->replaceAllUsesWith(clone);
      return;
    }
    Value result = clone->getResult(0);
    result.setType(RaggedType::get(op->getContext(), getWidth(result.getType()),
                                   builder.getF32Type()));
    packed[op->getResult(0)] = result;
  }

  void addRows(Operation *op) {
    if (auto embed = dyn_cast<EmbedOp>(op))
      embed.getRowsMutable().assign(rows);
    if (auto pool = dyn_cast<PoolOp>(op)) {
      pool.getRowsMutable().assign(rows);
      if (remove)
        pool.getMaskMutable().clear();
    }
    if (auto attention = dyn_cast<AttentionOp>(op)) {
      attention.getRowsMutable().assign(rows);
      if (remove) {
        attention.getKeyMaskMutable().clear();
        attention.removeFillAttr();
        // A bias may hide all keys, too.
        if (!attention.getBias() || attention.getEmptyKeys() != EmptyKeys::Zero)
          attention.setEmptyKeys(EmptyKeys::Uniform);
      }
    }
  }

  /// Where an op that was not packed reads states, they go back to positions.
  void restoreUses() {
    for (auto [dense, value] : packed) {
      if (taken.contains(dense))
        continue;
      Operation *old = dense.getDefiningOp();
      auto isOutside = [&](OpOperand &use) {
        return !replaced.contains(use.getOwner());
      };
      if (llvm::none_of(dense.getUses(), isOutside))
        continue;
      OpBuilder builder(old);
      Value restored =
          RestoreOp::create(builder, old->getLoc(), dense.getType(), value,
                            rows, llvm::APFloat(0.0f));
      dense.replaceUsesWithIf(restored, isOutside);
      ++numRestores;
    }
  }

  /// Outputs hold 0 at positions without a token.
  void clearOutputs(func::FuncOp function, Value mask,
                    const PaddingAnalysis &analysis) {
    Operation *terminator = function.front().getTerminator();
    OpBuilder builder(terminator);
    for (OpOperand &output : terminator->getOpOperands()) {
      std::optional<TokenAxes> axes = analysis.getAxes(output.get());
      if (axes && !axes->keepsZero)
        output.set(clear(builder, output.get(), *axes, mask));
    }
  }

  /// where(mask, value, 0), the mask's axes brought to those of the value.
  static Value clear(OpBuilder &builder, Value value, TokenAxes axes,
                     Value mask) {
    Location loc = value.getLoc();
    auto type = cast<RankedTensorType>(value.getType());
    auto maskType = cast<RankedTensorType>(mask.getType());
    SmallVector<int64_t> dims(maskType.getShape());
    if (axes.sequence < axes.batch) {
      std::swap(dims[0], dims[1]);
      mask = onnx::TransposeOp::create(
          builder, loc, RankedTensorType::get(dims, builder.getI1Type()), mask,
          builder.getDenseI64ArrayAttr({1, 0}));
    }
    SmallVector<int64_t> added, shape(type.getRank(), 1);
    for (int64_t i = 0; i < type.getRank(); ++i)
      if (i != axes.batch && i != axes.sequence)
        added.push_back(i);
    shape[std::min(axes.batch, axes.sequence)] = dims[0];
    shape[std::max(axes.batch, axes.sequence)] = dims[1];
    if (!added.empty()) {
      Value addedAxes = onnx::ConstantOp::create(
          builder, loc, builder.getI64TensorAttr(added));
      mask = onnx::UnsqueezeOp::create(
          builder, loc, RankedTensorType::get(shape, builder.getI1Type()), mask,
          addedAxes);
    }
    auto scalar = RankedTensorType::get({}, type.getElementType());
    Value zero = onnx::ConstantOp::create(
        builder, loc,
        DenseElementsAttr::get(scalar,
                               builder.getZeroAttr(type.getElementType())));
    return onnx::WhereOp::create(builder, loc, type, mask, value, zero);
  }

  bool remove = false;
  Value rows;
  llvm::DenseSet<Operation *> replaced; // ops that a packed one replaces
  llvm::MapVector<Value, Value> packed; // dense states to ragged ones
  llvm::DenseSet<Value> taken;          // those of them that were gathered
};

} // namespace
