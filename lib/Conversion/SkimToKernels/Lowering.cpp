//===- Lowering.cpp - state of the conversion to kernels ------------------===//
// Buffers of values, dispatches, and the choice of an op's lowering.
//===----------------------------------------------------------------------===//

#include "Lowering.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "skim/Dialect/Onnx/IR/OnnxDialect.h"

using namespace mlir;
using namespace skim;

Lowering::Lowering(func::FuncOp main, KernelEmitter &emitter,
                   const TargetInfo &target, WeightsTable &weights, Dtype dtype)
    : builder(main.getContext()), merged(findMergedLinears(main)),
      emitter(emitter), target(target), weights(weights), dtype(dtype) {
  numberLayers(main);
}

/// An op belongs to the layer of the last attention before it; what leads to an
/// attention's operands by way of linear layers belongs to that attention.
void Lowering::numberLayers(func::FuncOp main) {
  int64_t layer = -1;
  main.walk<WalkOrder::PreOrder>([&](Operation *op) {
    // What does not belong to the network says itself where it does.
    if (auto given = op->getAttrOfType<IntegerAttr>("skim.layer")) {
      layers[op] = given.getInt();
      return;
    }
    layers[op] = layer;
    if (!isa<AttentionOp>(op))
      return;
    layers[op] = ++layer;
    SmallVector<Value> open(op->getOperands().begin(),
                            op->getOperands().begin() + 3);
    while (!open.empty()) {
      auto producer = open.pop_back_val().getDefiningOp<LinearOp>();
      if (!producer || producer.getResidual() ||
          producer.getActivation() != Activation::None)
        continue;
      layers[producer] = layer;
    }
  });
}

LogicalResult Lowering::lowerBlock(Block &block,
                                   SmallVectorImpl<Operation *> &dead) {
  SmallVector<Operation *> ops;
  for (Operation &op : block.without_terminator())
    ops.push_back(&op);
  for (Operation *op : ops) {
    builder.setInsertionPoint(op);
    if (auto exit = dyn_cast<EarlyExitOp>(op)) {
      // Before the ops of its region, which use its arguments.
      dead.push_back(op);
      if (failed(lowerExit(exit, dead)))
        return failure();
      continue;
    }
    FailureOr<bool> lowered = lower(op);
    if (failed(lowered))
      return failure();
    if (*lowered)
      dead.push_back(op);
  }
  return success();
}

/// True where `op` was a skim op.
FailureOr<bool> Lowering::lower(Operation *op) {
  auto done = [](LogicalResult result) -> FailureOr<bool> {
    if (failed(result))
      return failure();
    return true;
  };
  return TypeSwitch<Operation *, FailureOr<bool>>(op)
      .Case([&](LinearOp op) { return done(lowerLinear(op)); })
      .Case([&](MatmulOp op) { return done(lowerMatmul(op)); })
      .Case([&](AttentionOp op) { return done(lowerAttention(op)); })
      .Case([&](NormOp op) { return done(lowerNorm(op)); })
      .Case([&](L2NormalizeOp op) { return done(lowerL2(op)); })
      .Case([&](AddOp op) {
        return done(lowerBinary(op, ElementwiseSpec::Kind::Add));
      })
      .Case([&](MulOp op) {
        return done(lowerBinary(op, ElementwiseSpec::Kind::Mul));
      })
      .Case([&](ActivationOp op) { return done(lowerActivation(op)); })
      .Case([&](GluOp op) { return done(lowerGlu(op)); })
      .Case([&](EmbedOp op) { return done(lowerEmbed(op)); })
      .Case([&](PoolOp op) { return done(lowerPool(op)); })
      .Case([&](PackOp op) { return done(lowerPack(op)); })
      .Case([&](RestoreOp op) { return done(lowerRestore(op)); })
      .Case([&](GatherOp op) { return done(lowerGather(op)); })
      .Case([&](TokenImportanceOp op) { return done(lowerImportance(op)); })
      .Case([&](BlockScoresOp op) { return done(lowerBlockScores(op)); })
      .Case([&](PruneOp op) { return done(lowerPrune(op)); })
      .Case([&](SkipBlocksOp op) { return done(lowerSkip(op)); })
      .Case([&](FirstRowsOp op) { return done(lowerFirstRows(op)); })
      .Case([&](EmptyStatesOp op) { return done(lowerEmptyStates(op)); })
      .Case([&](HoldOp op) { return done(lowerHold(op)); })
      .Case([&](WeightedSumOp op) { return done(lowerWeightedSum(op)); })
      .Default([](Operation *) { return FailureOr<bool>(false); });
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

MemRefType skim::memrefOf(RankedTensorType type) {
  return MemRefType::get(type.getShape(), type.getElementType());
}

Value Lowering::asTensor(Value memref) {
  Location loc = memref.getLoc();
  auto type = cast<MemRefType>(memref.getType());
  // Not writable: nothing that bufferizes later may write to it in place.
  Value tensor = bufferization::ToTensorOp::create(
      builder, loc,
      RankedTensorType::get(type.getShape(), type.getElementType()), memref,
      /*restrict=*/true, /*writable=*/false);
  dense[tensor] = memref;
  return tensor;
}

Value Lowering::bufferOf(Value tensor) {
  if (Value known = dense.lookup(tensor))
    return known;
  MemRefType type = memrefOf(cast<RankedTensorType>(tensor.getType()));
  // Position ids of a model whose shapes are static, say.
  if (ElementsAttr elements = onnx::getConstant(tensor))
    return weights.view(builder, tensor.getLoc(), elements, Layout::Plain, 1,
                        type);
  return bufferization::ToBufferOp::create(builder, tensor.getLoc(), type,
                                           tensor, /*read_only=*/true);
}

/// `memref` with all dimensions but the last made one.
static Value collapse(OpBuilder &builder, Location loc, Value memref) {
  int64_t rank = cast<MemRefType>(memref.getType()).getRank();
  if (rank == 2)
    return memref;
  if (rank == 1) {
    auto type = cast<MemRefType>(memref.getType());
    return memref::ExpandShapeOp::create(
        builder, loc, ArrayRef<int64_t>{1, type.getDimSize(0)}, memref,
        ArrayRef<ReassociationIndices>{{0, 1}});
  }
  ReassociationIndices rows = llvm::to_vector(llvm::seq<int64_t>(0, rank - 1));
  return memref::CollapseShapeOp::create(
      builder, loc, memref, ArrayRef<ReassociationIndices>{rows, {rank - 1}});
}

Value skim::dynamicRows(OpBuilder &builder, Location loc, Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  if (type.isDynamicDim(0))
    return memref;
  auto wanted = MemRefType::get({ShapedType::kDynamic, type.getDimSize(1)},
                                type.getElementType());
  return memref::CastOp::create(builder, loc, wanted, memref);
}

StatesBuffer Lowering::indexedRowsOf(Value value) {
  if (isRagged(value.getType())) {
    StatesBuffer buffer = states.lookup(value);
    assert(buffer.column == 0 && buffer.stride == getWidth(value.getType()) &&
           "only attention reads a range of columns");
    return buffer;
  }
  Value memref = flatten(bufferOf(value));
  Value rows = dim(value.getLoc(), memref, 0);
  return {memref, 0, getWidth(value.getType()), Value(), rows, rows};
}

Value Lowering::rowsOf(Value value) {
  StatesBuffer buffer = indexedRowsOf(value);
  if (!buffer.index)
    return buffer.memref;
  Location loc = value.getLoc();
  Value out = makeBuffer(loc, buffer.count, buffer.bound, buffer.stride);
  Launch launch = emitter.launchRows(builder, loc, buffer.count, buffer.stride);
  dispatch(nullptr, loc, emitter.get(GatherSpec{buffer.stride}),
           {buffer.memref, buffer.index, out}, launch, KernelKind::Adaptive);
  // Later ones in this block read the copy.
  if (value.getParentBlock() == builder.getInsertionBlock())
    states[value] = {out,          0,           buffer.stride, Value(),
                     buffer.count, buffer.bound};
  return out;
}

StatesBuffer Lowering::rangeOf(Value value) {
  StatesBuffer buffer = states.lookup(value);
  if (isRagged(value.getType()) && !buffer.index)
    return buffer;
  Value memref = rowsOf(value);
  Value rows = dim(value.getLoc(), memref, 0);
  return {memref, 0, getWidth(value.getType()), Value(), rows, rows};
}

Value Lowering::flatten(Value memref) {
  Location loc = memref.getLoc();
  return dynamicRows(builder, loc, collapse(builder, loc, memref));
}

Value Lowering::makeTensor(Value result, ValueRange sizes) {
  auto type = cast<RankedTensorType>(result.getType());
  Value buffer =
      memref::AllocOp::create(builder, result.getLoc(), memrefOf(type), sizes);
  // After the op, so after the kernel's call, which goes before the op.
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointAfter(result.getDefiningOp());
  result.replaceAllUsesWith(asTensor(buffer));
  return buffer;
}

Value Lowering::makeDense(Value result, ValueRange sizes) {
  return flatten(makeTensor(result, sizes));
}

Value Lowering::makeResult(Value result, Value like) {
  Location loc = result.getLoc();
  if (isRagged(result.getType())) {
    StatesBuffer rows = states.lookup(like);
    return makeRagged(result, rows.count, rows.bound);
  }
  auto type = cast<RankedTensorType>(result.getType());
  Value source = bufferOf(like);
  SmallVector<Value> sizes;
  for (int64_t i = 0; i != type.getRank(); ++i)
    if (type.isDynamicDim(i))
      sizes.push_back(dim(loc, source, i));
  return makeDense(result, sizes);
}

Value Lowering::makeBuffer(Location loc, Value count, Value bound,
                           int64_t width, Type element) {
  auto type = MemRefType::get({ShapedType::kDynamic, width},
                              element ? element : builder.getF32Type());
  Value buffer = memref::AllocOp::create(builder, loc, type, bound);
  if (count == bound)
    return buffer;
  SmallVector<OpFoldResult> sizes = {count, builder.getIndexAttr(width)};
  SmallVector<OpFoldResult> strides = {builder.getIndexAttr(width),
                                       builder.getIndexAttr(1)};
  return memref::ReinterpretCastOp::create(
      builder, loc, type, buffer, builder.getIndexAttr(0), sizes, strides);
}

Value Lowering::makeRagged(Value result, Value count, Value bound) {
  int64_t width = getWidth(result.getType());
  Value buffer = makeBuffer(result.getLoc(), count, bound, width);
  states[result] = {buffer, 0, width, Value(), count, bound};
  return buffer;
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

FailureOr<ElementsAttr> Lowering::constant(Operation *op, Value value,
                                           StringRef what) {
  ElementsAttr elements;
  if (matchPattern(value, m_Constant(&elements)))
    return elements;
  return op->emitError() << onnx::describe(op) << ": expected the " << what
                         << " to be a constant, got a computed "
                         << value.getType();
}

FailureOr<Value> Lowering::plainWeight(Operation *op, Value value,
                                       StringRef what) {
  FailureOr<ElementsAttr> elements = constant(op, value, what);
  if (failed(elements))
    return failure();
  MemRefType type = memrefOf(cast<RankedTensorType>(value.getType()));
  return weights.view(builder, op->getLoc(), *elements, Layout::Plain, 1, type);
}

//===----------------------------------------------------------------------===//
// Dispatches
//===----------------------------------------------------------------------===//

Value Lowering::index(Location loc, int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

Value Lowering::dim(Location loc, Value memref, int64_t dimension) {
  return builder.createOrFold<memref::DimOp>(loc, memref, dimension);
}

Value Lowering::timesI64(Location loc, Value count, int64_t factor) {
  Value wide =
      arith::IndexCastOp::create(builder, loc, builder.getI64Type(), count);
  Value scale = arith::ConstantOp::create(builder, loc,
                                          builder.getI64IntegerAttr(factor));
  return arith::MulIOp::create(builder, loc, wide, scale);
}

void Lowering::dispatch(Operation *op, Location loc, func::FuncOp kernel,
                        ValueRange arguments, const Launch &launch,
                        KernelKind kind, Value flops) {
  if (!flops)
    flops =
        arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(0));
  auto found = layers.find(op);
  int64_t layer = found == layers.end() ? -1 : found->second;
  if (op && op->hasAttr("skim.overhead"))
    kind = KernelKind::Adaptive;
  DispatchOp::create(builder, loc, kernel.getName(), arguments, launch.tasks,
                     launch.grain, launch.scratchBytes, flops, kind,
                     uint64_t(layer));
  ++numDispatches;
}

void Lowering::dispatch(Operation *op, func::FuncOp kernel,
                        ValueRange arguments, const Launch &launch,
                        KernelKind kind, Value flops) {
  dispatch(op, op->getLoc(), kernel, arguments, launch, kind, flops);
}

void Lowering::dispatchRows(Operation *op, func::FuncOp kernel,
                            ValueRange arguments, Value out, KernelKind kind) {
  Location loc = op->getLoc();
  int64_t width = cast<MemRefType>(out.getType()).getDimSize(1);
  Launch launch = emitter.launchRows(builder, loc, dim(loc, out, 0), width);
  dispatch(op, kernel, arguments, launch, kind);
}

/// Of the pairs of `n` rows those that a window does not hide. One of w hides
/// the pairs from w + 1 apart on: m (m + 1) / 2, m = n - 1 - w.
static Value pairsWithin(OpBuilder &b, Location loc, Value n,
                         const Windows &windows) {
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(b, loc, value);
  };
  Value pairs = arith::MulIOp::create(b, loc, n, n);
  for (std::optional<int64_t> window : {windows.first, windows.second}) {
    if (!window)
      continue;
    Value beyond = arith::MaxSIOp::create(
        b, loc, arith::SubIOp::create(b, loc, n, constant(*window + 1)),
        constant(0));
    Value twice = arith::MulIOp::create(
        b, loc, beyond, arith::AddIOp::create(b, loc, beyond, constant(1)));
    Value hidden = arith::DivUIOp::create(b, loc, twice, constant(2));
    pairs = arith::SubIOp::create(b, loc, pairs, hidden);
  }
  return pairs;
}

Value Lowering::pairsOf(Location loc, Value queries, Value keys, Value batch,
                        const Windows &windows) {
  Value &known = pairs[{queries, keys, windows.first.value_or(-1),
                        windows.second.value_or(-1)}];
  if (known)
    return known;
  Value one = index(loc, 1), zero = index(loc, 0);
  auto loop =
      scf::ForOp::create(builder, loc, zero, batch, one, ValueRange{zero});
  OpBuilder inside = OpBuilder::atBlockBegin(loop.getBody());
  Value i = loop.getInductionVar();
  Value next = arith::AddIOp::create(inside, loc, i, one);
  auto bound = [&](Value offsets, Value i) -> Value {
    Value offset = memref::LoadOp::create(inside, loc, offsets, ValueRange{i});
    return arith::IndexCastOp::create(inside, loc, inside.getIndexType(),
                                      offset);
  };
  auto rows = [&](Value offsets) -> Value {
    return arith::SubIOp::create(inside, loc, bound(offsets, next),
                                 bound(offsets, i));
  };
  Value count = rows(queries);
  Value product;
  if (queries != keys)
    product = arith::MulIOp::create(inside, loc, count, rows(keys));
  else
    product = pairsWithin(inside, loc, count, windows);
  Value sum =
      arith::AddIOp::create(inside, loc, loop.getRegionIterArg(0), product);
  scf::YieldOp::create(inside, loc, sum);
  return known = loop.getResult(0);
}
