//===- LowerRows.cpp - ops between positions and rows ---------------------===//
// Packing, embedding, pooling, restoring.
//===----------------------------------------------------------------------===//

#include "Lowering.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "skim/Dialect/Onnx/IR/OnnxDialect.h"

using namespace mlir;
using namespace skim;

LogicalResult Lowering::lowerPack(PackOp op) {
  Location loc = op.getLoc();
  Value mask;
  RowsBuffers result;
  if (op.getMask()) {
    mask = bufferOf(op.getMask());
    result.batch = dim(loc, mask, 0);
    result.sequence = dim(loc, mask, 1);
  } else {
    Value like = bufferOf(op.getLike());
    result.batch = dim(loc, like, 0);
    result.sequence = dim(loc, like, 1);
  }
  auto type = MemRefType::get({ShapedType::kDynamic}, builder.getI32Type());
  Value bounds =
      arith::AddIOp::create(builder, loc, result.batch, index(loc, 1));
  Value places =
      arith::MulIOp::create(builder, loc, result.batch, result.sequence);
  result.offsets = memref::AllocOp::create(builder, loc, type, bounds);
  result.positions = memref::AllocOp::create(builder, loc, type, places);
  result.count = PackRowsOp::create(builder, loc, builder.getIndexType(), mask,
                                    result.batch, result.sequence,
                                    result.offsets, result.positions);
  result.bound = result.count;
  result.entryOffsets = result.offsets;
  rows[op.getRows()] = result;
  return success();
}

/// What the user knows the ids by: the input that they come from, or the node.
std::string Lowering::nameOfIds(EmbedOp op, Value ids) {
  Value value = ids;
  for (int step = 0; step != 8; ++step) {
    if (Value memref = dense.lookup(value))
      value = memref;
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      auto main = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp());
      auto name = main ? main.getArgAttrOfType<StringAttr>(
                             argument.getArgNumber(), "onnx.name")
                       : StringAttr();
      return name ? "input '" + name.str() + "'" : onnx::describe(op);
    }
    Operation *producer = value.getDefiningOp();
    if (!producer || producer->getNumOperands() != 1)
      break;
    value = producer->getOperand(0);
  }
  return onnx::describe(op);
}

/// Refuses sequences that are longer than a table whose ids count positions;
/// where they count tokens, says so when an id is out of range.
void Lowering::limitSequence(EmbedOp op, int64_t count, Value sequence,
                             EmbedSpec::Table &table) {
  if (count == -1)
    return;
  std::string input = nameOfIds(op, op.getIds().front());
  if (count == -2) {
    table.label = input + ": sequence too long for the position table of " +
                  onnx::describe(op);
    return;
  }
  Location loc = op.getLoc();
  Value most = index(loc, table.rows - count);
  Value fits = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sle,
                                     sequence, most);
  CheckOp::create(builder, loc, fits,
                  input +
                      ": sequence of {0} positions, expected at most {1} "
                      "(position table of " +
                      onnx::describe(op) + ")",
                  ValueRange{sequence, most});
}

/// Table `number` of an embedding: its part of the spec, the checks of its ids
/// and the kernel's arguments.
LogicalResult Lowering::lowerTable(EmbedOp op, unsigned number, Value ids,
                                   const RowsBuffers &where, EmbedSpec &spec,
                                   SmallVectorImpl<Value> &arguments) {
  Location loc = op.getLoc();
  Value table = op.getTables()[number];
  auto type = cast<MemRefType>(ids.getType());
  if (type.getRank() != 2)
    return op.emitError() << onnx::describe(op)
                          << ": expected ids of 2 dimensions, got "
                          << op.getIds()[number].getType();
  EmbedSpec::Table entry;
  entry.rows = cast<RankedTensorType>(table.getType()).getDimSize(0);
  entry.idBits = type.getElementTypeBitWidth();
  entry.shared = type.getDimSize(0) == 1;
  entry.label = nameOfIds(op, op.getIds()[number]);
  if (op.getCounts())
    limitSequence(op, (*op.getCounts())[number], where.sequence, entry);
  FailureOr<Value> weight = plainWeight(op, table, "table");
  if (failed(weight))
    return failure();
  // The other way to be out of range: fewer ids than positions.
  auto check = [&](int64_t dimension, Value wanted, StringRef message) {
    Value size = dim(loc, ids, dimension);
    Value fits = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                       size, wanted);
    CheckOp::create(builder, loc, fits, entry.label + ": " + message.str(),
                    ValueRange{wanted, size});
  };
  check(1, where.sequence,
        "sequence length {0}, but there are ids for {1} positions");
  if (!entry.shared)
    check(0, where.batch,
          "batch size {0}, but there are ids for {1} sequences");
  auto wanted = MemRefType::get(
      {entry.shared ? 1 : ShapedType::kDynamic, ShapedType::kDynamic},
      type.getElementType());
  if (type != wanted)
    ids = memref::CastOp::create(builder, loc, wanted, ids);
  arguments.append({ids, *weight});
  spec.tables.push_back(entry);
  return success();
}

LogicalResult Lowering::lowerEmbed(EmbedOp op) {
  Location loc = op.getLoc();
  EmbedSpec spec;
  spec.width = getWidth(op.getResult().getType());
  spec.ragged = bool(op.getRows());
  RowsBuffers where = spec.ragged ? rows[op.getRows()] : RowsBuffers();
  SmallVector<Value> idBuffers;
  for (Value ids : op.getIds()) {
    Value buffer = bufferOf(ids);
    idBuffers.push_back(buffer);
    bool shared = cast<MemRefType>(buffer.getType()).getDimSize(0) == 1;
    if (spec.ragged || shared || where.batch)
      continue;
    where.batch = dim(loc, buffer, 0);
    where.sequence = dim(loc, buffer, 1);
  }
  if (!where.batch) {
    where.batch = index(loc, 1);
    where.sequence = dim(loc, idBuffers.front(), 1);
  }

  SmallVector<Value> arguments;
  for (unsigned i = 0; i != idBuffers.size(); ++i)
    if (failed(lowerTable(op, i, idBuffers[i], where, spec, arguments)))
      return failure();
  if (spec.ragged)
    arguments.push_back(where.positions);
  arguments.push_back(where.sequence);

  Value out;
  if (spec.ragged) {
    out = makeRagged(op.getResult(), where.count, where.bound);
  } else {
    auto type = cast<RankedTensorType>(op.getResult().getType());
    SmallVector<Value> sizes;
    for (int64_t i = 0; i != 2; ++i)
      if (type.isDynamicDim(i))
        sizes.push_back(i == 0 ? where.batch : where.sequence);
    out = makeDense(op.getResult(), sizes);
  }
  arguments.push_back(out);
  dispatchRows(op, emitter.get(spec), arguments, out, KernelKind::Embed);
  return success();
}

LogicalResult Lowering::lowerPool(PoolOp op) {
  if (!op.getRows())
    return op.emitError() << onnx::describe(op)
                          << ": expected the packed form, got pooling of "
                          << op.getInput().getType();
  RowsBuffers &where = rows[op.getRows()];
  PoolSpec spec;
  spec.width = getWidth(op.getInput().getType());
  spec.kind = op.getKind();
  spec.epsilon = op.getEpsilon().convertToFloat();
  spec.mask = op.getMask() && spec.kind != PoolKind::First;
  Location loc = op.getLoc();
  StatesBuffer input = indexedRowsOf(op.getInput());
  spec.indexed = bool(input.index);
  SmallVector<Value> arguments = {input.memref};
  if (spec.indexed)
    arguments.push_back(input.index);
  arguments.push_back(where.offsets);
  if (spec.mask) {
    Value mask = bufferOf(op.getMask());
    auto type = MemRefType::get({ShapedType::kDynamic, ShapedType::kDynamic},
                                builder.getI1Type());
    if (mask.getType() != type)
      mask = memref::CastOp::create(builder, loc, type, mask);
    arguments.append({where.positions, where.sequence, mask});
  }
  auto type = cast<RankedTensorType>(op.getResult().getType());
  SmallVector<Value> sizes;
  if (type.isDynamicDim(0))
    sizes.push_back(where.batch);
  Value out = makeDense(op.getResult(), sizes);
  arguments.push_back(out);
  dispatchRows(op, emitter.get(spec), arguments, out, KernelKind::Other);
  return success();
}

LogicalResult Lowering::lowerRestore(RestoreOp op) {
  Location loc = op.getLoc();
  RowsBuffers &where = rows[op.getRows()];
  RestoreSpec spec{getWidth(op.getInput().getType()),
                   op.getFill().convertToFloat()};
  auto type = cast<RankedTensorType>(op.getResult().getType());
  SmallVector<Value> sizes;
  if (type.isDynamicDim(0))
    sizes.push_back(where.batch);
  if (type.isDynamicDim(1))
    sizes.push_back(where.sequence);
  Value input = rowsOf(op.getInput());
  Value out = makeDense(op.getResult(), sizes);
  Launch launch = emitter.launchRows(builder, loc, where.batch, spec.width);
  launch.grain = index(loc, 1);
  dispatch(op, emitter.get(spec), {input, where.positions, where.sequence, out},
           launch, KernelKind::Other);
  return success();
}

LogicalResult Lowering::lowerGather(GatherOp op) {
  Location loc = op.getLoc();
  RowsBuffers &where = rows[op.getRows()];
  GatherSpec spec{getWidth(op.getResult().getType())};
  Value input = rowsOf(op.getInput());
  // Positions select rows of it; whatever made it must have as many.
  Value places =
      arith::MulIOp::create(builder, loc, where.batch, where.sequence);
  Value given = dim(loc, input, 0);
  Value fits = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                     places, given);
  CheckOp::create(builder, loc, fits,
                  onnx::describe(op) +
                      ": expected states at {0} positions, got {1}",
                  ValueRange{places, given});
  Value out = makeRagged(op.getResult(), where.count, where.bound);
  dispatchRows(op, emitter.get(spec), {input, where.positions, out}, out,
               KernelKind::Other);
  return success();
}
