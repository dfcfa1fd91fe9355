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
  if (op.getCos())
    return missing("rotary positions");
  if (op.getContentToPosition() || op.getPositionToContent())
    return missing("disentangled position terms");
  if (!op.getRows())
    return missing("dense states, expected the packed form");
  if (op.getWindow() && op.getKeyMask() &&
      op.getEmptyKeys() != EmptyKeys::Uniform)
    return missing("a window together with a mask and empty_keys");
  return success();
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
  spec.window = op.getWindow();
  spec.products = target.attentionProducts(dtype);
  spec.ownKeyRows = op.getKeyRows() && op.getKeyRows() != op.getRows();

  RowsBuffers &queryRows = rows[op.getRows()];
  SmallVector<Value> arguments = {query.memref, key.memref, value.memref,
                                  queryRows.offsets, queryRows.positions};
  if (spec.ownKeyRows) {
    RowsBuffers &keyRows = rows[op.getKeyRows()];
    arguments.append({keyRows.offsets, keyRows.positions});
  }
  arguments.push_back(queryRows.sequence);
  auto withType = [&](Value tensor, int64_t rank, Type element) -> Value {
    SmallVector<int64_t> shape(rank, ShapedType::kDynamic);
    auto type = MemRefType::get(shape, element);
    Value buffer = bufferOf(tensor);
    return buffer.getType() == type
               ? buffer
               : memref::CastOp::create(builder, loc, type, buffer);
  };
  if (spec.mask)
    arguments.push_back(withType(op.getKeyMask(), 2, builder.getI1Type()));
  if (spec.bias) {
    if (cast<RankedTensorType>(op.getBias().getType()).getRank() != 4)
      return op.emitError()
             << onnx::describe(op) << ": expected a bias of 4 dimensions, got "
             << op.getBias().getType();
    arguments.push_back(withType(op.getBias(), 4, builder.getF32Type()));
  }
  Value out = makeRagged(op.getResult(), query.count, query.bound);
  arguments.push_back(out);
  addByproducts(op, spec, arguments);

  Launch launch = emitter.launchAttention(builder, loc, spec, queryRows.batch,
                                          queryRows.sequence);
  Value keyOffsets =
      spec.ownKeyRows ? rows[op.getKeyRows()].offsets : queryRows.offsets;
  Value pairs = pairsOf(loc, queryRows.offsets, keyOffsets, queryRows.batch);
  dispatch(op, emitter.get(spec), arguments, launch, KernelKind::Attention,
           timesI64(loc, pairs, 4 * width));
  return success();
}
