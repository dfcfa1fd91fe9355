//===- LowerAttention.cpp - skim.attention to its kernel ------------------===//
// Fills the spec from the op and the buffers of its operands.
//===----------------------------------------------------------------------===//

#include "Lowering.h"

#include "skim/Dialect/Onnx/IR/OnnxDialect.h"

using namespace mlir;
using namespace skim;

/// Reports forms of attention that no kernel computes.
static LogicalResult checkSupported(AttentionOp op) {
  auto missing = [&](StringRef what) {
    return op.emitError() << onnx::describe(op)
                          << ": no kernel computes attention with " << what;
  };
  if (Value cos = op.getCos())
    if (auto type = cast<RankedTensorType>(cos.getType());
        type.getRank() == 3 && type.getDimSize(0) != 1)
      return missing("rotary positions of each sequence");
  if (!op.getRows())
    return missing("dense states, expected the packed form");
  return success();
}

/// Queries or keys turned by the positions of their rows, for an attention
/// without rotary positions.
StatesBuffer Lowering::turn(AttentionOp op, const StatesBuffer &states,
                            int64_t heads, const RowsBuffers &where) {
  Location loc = op.getLoc();
  RotarySpec spec;
  spec.heads = heads;
  spec.headDim = getWidth(op.getQuery().getType()) / op.getHeads();
  spec.rotated = getWidth(op.getCos().getType());
  spec.xWidth = states.stride;
  spec.column = states.column;
  spec.interleaved = op.getRotaryInterleaved();
  int64_t width = heads * spec.headDim;
  Value out = makeBuffer(loc, states.count, states.bound, width);
  dispatchRows(op, emitter.get(spec),
               {states.memref, where.positions, where.sequence,
                flatten(bufferOf(op.getCos())), flatten(bufferOf(op.getSin())),
                out},
               out, KernelKind::Attention);
  return {out, 0, width, Value(), states.count, states.bound};
}

/// The buffer of a tensor, as kernels of all shapes take it.
Value Lowering::dynamicBufferOf(Value tensor) {
  Value buffer = bufferOf(tensor);
  auto own = cast<MemRefType>(buffer.getType());
  SmallVector<int64_t> shape(own.getRank(), ShapedType::kDynamic);
  auto type = MemRefType::get(shape, own.getElementType());
  return own == type
             ? buffer
             : memref::CastOp::create(builder, tensor.getLoc(), type, buffer);
}

/// Adds a table of positions and its index to an attention's arguments; gives
/// how many positions it has.
FailureOr<int64_t> Lowering::addPositions(AttentionOp op, StringRef name,
                                          Value table, Value index,
                                          SmallVectorImpl<Value> &arguments) {
  if (!table)
    return 0;
  FailureOr<ElementsAttr> elements = constant(op, table, name);
  if (failed(elements))
    return failure();
  ArrayRef<int64_t> shape = elements->getShapedType().getShape();
  int64_t tile = target.tileColumns,
          tiles = target.numTiles(shape[0] * shape[2]);
  MemRefType packed =
      Words(Dtype::Fp32, shape[1]).weights(builder.getContext(), tiles, tile);
  arguments.push_back(weights.view(builder, op.getLoc(), *elements,
                                   Layout::Tiled, tile, packed));
  arguments.push_back(dynamicBufferOf(index));
  return shape[2];
}

LogicalResult Lowering::lowerAttention(AttentionOp op) {
  if (failed(checkSupported(op)))
    return failure();
  Location loc = op.getLoc();
  StatesBuffer query = rangeOf(op.getQuery()), key = rangeOf(op.getKey()),
               value = rangeOf(op.getValue());
  AttentionSpec spec;
  spec.heads = op.getHeads();
  spec.kvHeads = op.getKvHeads().value_or(spec.heads);
  int64_t width = getWidth(op.getQuery().getType());
  spec.headDim = width / spec.heads;
  spec.ownKeyRows = op.getKeyRows() && op.getKeyRows() != op.getRows();
  RowsBuffers &queryRows = rows[op.getRows()];
  RowsBuffers &keyRows = rows[spec.ownKeyRows ? op.getKeyRows() : op.getRows()];
  if (op.getCos()) {
    query = turn(op, query, spec.heads, queryRows);
    key = turn(op, key, spec.kvHeads, keyRows);
  }
  spec.scale = op.getScale().convertToFloat();
  spec.qWidth = query.stride;
  spec.kWidth = key.stride;
  spec.vWidth = value.stride;
  spec.qColumn = query.column;
  spec.kColumn = key.column;
  spec.vColumn = value.column;
  spec.mask = bool(op.getKeyMask());
  // Where nothing says what a masked key adds it takes no part.
  spec.fill = op.getFill() ? op.getFill()->convertToFloat() : -INFINITY;
  spec.emptyKeys = op.getEmptyKeys();
  spec.maskQueries = spec.mask && op.getMaskQueries();
  spec.bias = bool(op.getBias());
  spec.leftWindow = op.getLeftWindow();
  spec.rightWindow = op.getRightWindow();
  spec.products = target.attentionProducts(dtype);

  SmallVector<Value> arguments = {query.memref, key.memref, value.memref,
                                  queryRows.offsets, queryRows.positions};
  if (spec.ownKeyRows)
    arguments.append({keyRows.offsets, keyRows.positions});
  arguments.push_back(queryRows.sequence);
  if (spec.mask)
    arguments.push_back(dynamicBufferOf(op.getKeyMask()));
  if (spec.bias) {
    if (cast<RankedTensorType>(op.getBias().getType()).getRank() != 4)
      return op.emitError()
             << onnx::describe(op) << ": expected a bias of 4 dimensions, got "
             << op.getBias().getType();
    arguments.push_back(dynamicBufferOf(op.getBias()));
  }
  for (auto [name, table, index, columns] :
       {std::make_tuple("content_to_position", op.getContentToPosition(),
                        op.getContentIndex(), &spec.contentColumns),
        std::make_tuple("position_to_content", op.getPositionToContent(),
                        op.getPositionIndex(), &spec.positionColumns)}) {
    FailureOr<int64_t> found = addPositions(op, name, table, index, arguments);
    if (failed(found))
      return failure();
    *columns = *found;
  }
  Value out = makeRagged(op.getResult(), query.count, query.bound);
  arguments.push_back(out);
  addByproducts(op, spec, arguments);

  Launch launch = emitter.launchAttention(builder, loc, spec, queryRows.batch,
                                          queryRows.sequence);
  Value pairs = pairsOf(loc, queryRows.offsets, keyRows.offsets,
                        queryRows.batch, {spec.leftWindow, spec.rightWindow});
  dispatch(op, emitter.get(spec), arguments, launch, KernelKind::Attention,
           timesI64(loc, pairs, op.getFlopsPerPair()));
  return success();
}
