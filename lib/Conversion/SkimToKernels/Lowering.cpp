//===- Lowering.cpp - state of the conversion to kernels ------------------===//
// Buffers of values, dispatches, and the choice of an op's lowering.
//===----------------------------------------------------------------------===//

#include "Lowering.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "skim/Dialect/Onnx/IR/OnnxDialect.h"

using namespace mlir;
using namespace skim;

Lowering::Lowering(func::FuncOp main, KernelEmitter &emitter,
                   const TargetInfo &target, WeightsTable &weights)
    : builder(main.getContext()), merged(findMergedLinears(main.front())),
      emitter(emitter), target(target), weights(weights) {
  numberLayers(main);
}

/// An op belongs to the layer of the last attention before it; what leads to an
/// attention's operands by way of linear layers belongs to that attention.
void Lowering::numberLayers(func::FuncOp main) {
  int64_t layer = -1;
  for (Operation &op : main.front()) {
    layers[&op] = layer;
    if (!isa<AttentionOp>(op))
      continue;
    layers[&op] = ++layer;
    SmallVector<Value> open(op.getOperands().begin(),
                            op.getOperands().begin() + 3);
    while (!open.empty()) {
      auto producer = open.pop_back_val().getDefiningOp<LinearOp>();
      if (!producer || producer.getResidual() ||
          producer.getActivation() != Activation::None)
        continue;
      layers[producer] = layer;
    }
  }
}

FailureOr<bool> Lowering::lower(Operation *op) {
  builder.setInsertionPoint(op);
  auto done = [](LogicalResult result) -> FailureOr<bool> {
    if (failed(result))
      return failure();
    return true;
  };
  return TypeSwitch<Operation *, FailureOr<bool>>(op)
      .Case([&](LinearOp op) { return done(lowerLinear(op)); })
      .Case([&](AttentionOp op) { return done(lowerAttention(op)); })
      .Case([&](NormOp op) { return done(lowerNorm(op)); })
      .Case([&](L2NormalizeOp op) { return done(lowerL2(op)); })
      .Case([&](AddOp op) { return done(lowerAdd(op)); })
      .Case([&](ActivationOp op) { return done(lowerActivation(op)); })
      .Case([&](GluOp op) { return done(lowerGlu(op)); })
      .Case([&](EmbedOp op) { return done(lowerEmbed(op)); })
      .Case([&](PoolOp op) { return done(lowerPool(op)); })
      .Case([&](PackOp op) { return done(lowerPack(op)); })
      .Case([&](RestoreOp op) { return done(lowerRestore(op)); })
      .Case([&](GatherOp op) { return done(lowerGather(op)); })
      .Default([](Operation *) { return FailureOr<bool>(false); });
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

static MemRefType memrefOf(RankedTensorType type) {
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

/// `memref` [a, H] as [?, H], which is what kernels take.
static Value dynamicRows(OpBuilder &builder, Location loc, Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  if (type.isDynamicDim(0))
    return memref;
  auto wanted = MemRefType::get({ShapedType::kDynamic, type.getDimSize(1)},
                                type.getElementType());
  return memref::CastOp::create(builder, loc, wanted, memref);
}

Value Lowering::rowsOf(Value value) {
  if (isRagged(value.getType())) {
    StatesBuffer buffer = states.lookup(value);
    assert(buffer.column == 0 && buffer.stride == getWidth(value.getType()) &&
           "only attention reads a range of columns");
    return buffer.memref;
  }
  return flatten(bufferOf(value));
}

StatesBuffer Lowering::rangeOf(Value value) {
  if (isRagged(value.getType()))
    return states.lookup(value);
  return {rowsOf(value), 0, getWidth(value.getType())};
}

Value Lowering::flatten(Value memref) {
  Location loc = memref.getLoc();
  return dynamicRows(builder, loc, collapse(builder, loc, memref));
}

Value Lowering::makeDense(Value result, ValueRange sizes) {
  auto type = cast<RankedTensorType>(result.getType());
  Value buffer =
      memref::AllocOp::create(builder, result.getLoc(), memrefOf(type), sizes);
  // After the op, so after the kernel's call, which goes before the op.
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointAfter(result.getDefiningOp());
  result.replaceAllUsesWith(asTensor(buffer));
  builder.setInsertionPoint(result.getDefiningOp());
  return flatten(buffer);
}

Value Lowering::makeResult(Value result, Value like) {
  Location loc = result.getLoc();
  if (isRagged(result.getType()))
    return makeRagged(result, dim(loc, states.lookup(like).memref, 0));
  auto type = cast<RankedTensorType>(result.getType());
  Value source = bufferOf(like);
  SmallVector<Value> sizes;
  for (int64_t i = 0; i != type.getRank(); ++i)
    if (type.isDynamicDim(i))
      sizes.push_back(dim(loc, source, i));
  return makeDense(result, sizes);
}

Value Lowering::makeRagged(Value result, Value count) {
  int64_t width = getWidth(result.getType());
  auto type =
      MemRefType::get({ShapedType::kDynamic, width}, builder.getF32Type());
  Value buffer = memref::AllocOp::create(builder, result.getLoc(), type, count);
  states[result] = {buffer, 0, width};
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

void Lowering::dispatch(Operation *op, func::FuncOp kernel,
                        ValueRange arguments, const Launch &launch,
                        KernelKind kind, Value flops) {
  Location loc = op->getLoc();
  if (!flops)
    flops =
        arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(0));
  auto found = layers.find(op);
  int64_t layer = found == layers.end() ? -1 : found->second;
  DispatchOp::create(builder, loc, kernel.getName(), arguments, launch.tasks,
                     launch.grain, launch.scratchBytes, flops, kind,
                     uint64_t(layer));
  ++numDispatches;
}

void Lowering::dispatchRows(Operation *op, func::FuncOp kernel,
                            ValueRange arguments, Value out, KernelKind kind) {
  Location loc = op->getLoc();
  int64_t width = cast<MemRefType>(out.getType()).getDimSize(1);
  Launch launch = emitter.launchRows(builder, loc, dim(loc, out, 0), width);
  dispatch(op, kernel, arguments, launch, kind);
}

Value Lowering::pairsOf(RowsBuffers &rows, Location loc) {
  if (rows.pairs)
    return rows.pairs;
  Value one = index(loc, 1), zero = index(loc, 0);
  auto loop =
      scf::ForOp::create(builder, loc, zero, rows.batch, one, ValueRange{zero});
  OpBuilder inside = OpBuilder::atBlockBegin(loop.getBody());
  auto bound = [&](Value i) -> Value {
    Value offset =
        memref::LoadOp::create(inside, loc, rows.offsets, ValueRange{i});
    return arith::IndexCastOp::create(inside, loc, inside.getIndexType(),
                                      offset);
  };
  Value i = loop.getInductionVar();
  Value next = arith::AddIOp::create(inside, loc, i, one);
  Value count = arith::SubIOp::create(inside, loc, bound(next), bound(i));
  Value square = arith::MulIOp::create(inside, loc, count, count);
  Value sum =
      arith::AddIOp::create(inside, loc, loop.getRegionIterArg(0), square);
  scf::YieldOp::create(inside, loc, sum);
  return rows.pairs = loop.getResult(0);
}
