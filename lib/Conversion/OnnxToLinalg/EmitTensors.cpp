//===- EmitTensors.cpp - tensors and control flow of one node -------------===//
// linalg.generic for what is parallel, scf for what is sequential, and scalars
// where a tensor is small and known in size (shape arithmetic).
//===----------------------------------------------------------------------===//

#include "Emitter.h"

using namespace mlir;
using namespace skim;
using namespace skim::lowering;

/// Integer tensors of at most so many elements are computed as scalars.
static constexpr int64_t unrollLimit = 8;

Value Emitter::empty(ValueRange dims, Type element) {
  SmallVector<OpFoldResult> sizes;
  for (Value dim : dims)
    sizes.push_back(getAsOpFoldResult(dim));
  return tensor::EmptyOp::create(b, loc, sizes, element);
}

Value Emitter::extract(Value tensor, ValueRange indices) {
  return b.createOrFold<tensor::ExtractOp>(loc, tensor, indices);
}

Value Emitter::insert(Value scalar, Value tensor, ValueRange indices) {
  return tensor::InsertOp::create(b, loc, scalar, tensor, indices);
}

Value Emitter::element(Value vector, int64_t i) {
  bool scalar = cast<RankedTensorType>(vector.getType()).getRank() == 0;
  return toIndex(extract(vector, scalar ? Values() : Values{index(i)}));
}

std::optional<SmallVector<int64_t>> Emitter::constantInts(Value tensor) {
  DenseIntElementsAttr elements;
  if (!matchPattern(tensor, m_Constant(&elements)))
    return std::nullopt;
  SmallVector<int64_t> ints;
  for (const APInt &value : elements.getValues<APInt>())
    ints.push_back(value.getSExtValue());
  return ints;
}

/// The number of elements where it is known and small, else nothing.
static std::optional<SmallVector<int64_t>> smallShape(ValueRange dims) {
  SmallVector<int64_t> shape;
  int64_t count = 1;
  for (Value dim : dims) {
    std::optional<int64_t> size = getConstantIntValue(dim);
    if (!size || *size > unrollLimit)
      return std::nullopt;
    shape.push_back(*size);
    count *= *size;
  }
  if (count > unrollLimit)
    return std::nullopt;
  return shape;
}

bool Emitter::isSmall(ValueRange dims, Type element) {
  return isa<IntegerType>(element) && smallShape(dims);
}

Value Emitter::permute(Value tensor, ArrayRef<int64_t> perm) {
  Values from = dims(tensor), to;
  for (int64_t axis : perm)
    to.push_back(from[axis]);
  auto type = cast<RankedTensorType>(tensor.getType());
  return generate(to, type.getElementType(), [&](ValueRange indices) {
    Values at(perm.size());
    for (auto [axis, i] : llvm::zip(perm, indices))
      at[axis] = i;
    return extract(tensor, at);
  });
}

Value Emitter::generate(ValueRange dims, Type element,
                        function_ref<Value(ValueRange)> body) {
  std::optional<SmallVector<int64_t>> small = smallShape(dims);
  if (small && isa<IntegerType>(element)) {
    Values scalars;
    int64_t count = 1;
    for (int64_t size : *small)
      count *= size;
    for (int64_t flat = 0; flat != count; ++flat) {
      Values indices(small->size());
      int64_t rest = flat;
      for (size_t i = small->size(); i-- > 0; rest /= (*small)[i])
        indices[i] = index(rest % (*small)[i]);
      scalars.push_back(body(indices));
    }
    return b.createOrFold<tensor::FromElementsOp>(
        loc, RankedTensorType::get(*small, element), scalars);
  }
  Value init = empty(dims, element);
  unsigned rank = dims.size();
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  auto generic = linalg::GenericOp::create(
      b, loc, TypeRange{init.getType()}, ValueRange{}, ValueRange{init},
      ArrayRef<AffineMap>{b.getMultiDimIdentityMap(rank)}, iterators);
  OpBuilder::InsertionGuard guard(b);
  b.createBlock(&generic.getRegion(), {}, TypeRange{element}, {loc});
  Values indices;
  for (unsigned i = 0; i != rank; ++i)
    indices.push_back(linalg::IndexOp::create(b, loc, i));
  linalg::YieldOp::create(b, loc, body(indices));
  return generic.getResult(0);
}

/// The type of a tensor with such dimensions.
static RankedTensorType typeOf(ValueRange dims, Type element) {
  SmallVector<int64_t> shape;
  for (Value dim : dims)
    shape.push_back(getConstantIntValue(dim).value_or(ShapedType::kDynamic));
  return RankedTensorType::get(shape, element);
}

Value Emitter::withSizes(Value tensor, ValueRange dims) {
  Type type =
      typeOf(dims, cast<RankedTensorType>(tensor.getType()).getElementType());
  return type == tensor.getType()
             ? tensor
             : tensor::CastOp::create(b, loc, type, tensor).getResult();
}

Value Emitter::reshape(Value tensor, ValueRange dims) {
  auto from = cast<RankedTensorType>(tensor.getType());
  RankedTensorType type = typeOf(dims, from.getElementType());
  // Two sizes that are known at run time only may change places.
  if (type == from &&
      (type.getNumDynamicDims() <= 1 || Values(dims) == this->dims(tensor)))
    return tensor;
  std::optional<SmallVector<int64_t>> small = smallShape(dims);
  if (small && isa<IntegerType>(from.getElementType()) &&
      from.hasStaticShape()) {
    Values scalars;
    for (int64_t flat = 0; flat != from.getNumElements(); ++flat) {
      Values indices(from.getRank());
      int64_t rest = flat;
      for (size_t i = from.getRank(); i-- > 0; rest /= from.getDimSize(i))
        indices[i] = index(rest % from.getDimSize(i));
      scalars.push_back(extract(tensor, indices));
    }
    return b.createOrFold<tensor::FromElementsOp>(loc, type, scalars);
  }
  Value sizes = tensor::FromElementsOp::create(
      b, loc, RankedTensorType::get({int64_t(dims.size())}, b.getIndexType()),
      dims);
  return tensor::ReshapeOp::create(b, loc, type, tensor, sizes);
}

Value Emitter::elementwise(ValueRange operands, RankedTensorType type,
                           function_ref<Value(ValueRange)> body) {
  Values outDims = settle(broadcastDims(operands), type);
  for (Value operand : operands)
    checkBroadcast(operand, outDims);
  unsigned rank = outDims.size();
  bool small = isa<IntegerType>(type.getElementType()) && smallShape(outDims);
  // Operands with a map are inputs; the others are read in the body, since a
  // dimension of them may turn out to be 1.
  Values inputs;
  SmallVector<AffineMap> maps;
  SmallVector<int> inputOf(operands.size(), -1);
  for (auto [number, operand] : llvm::enumerate(operands)) {
    Values from = dims(operand);
    SmallVector<AffineExpr> exprs;
    bool exact = !small;
    for (auto [i, size] : llvm::enumerate(from)) {
      unsigned at = rank - from.size() + i;
      bool one = getConstantIntValue(size) == 1;
      exact &= one || same(size, outDims[at]);
      exprs.push_back(one ? b.getAffineConstantExpr(0)
                          : b.getAffineDimExpr(at));
    }
    if (!exact)
      continue;
    inputOf[number] = inputs.size();
    inputs.push_back(operand);
    maps.push_back(AffineMap::get(rank, 0, exprs, b.getContext()));
  }
  if (inputs.empty())
    return generate(outDims, type.getElementType(), [&](ValueRange indices) {
      Values scalars;
      for (Value operand : operands)
        scalars.push_back(readBroadcast(operand, outDims, indices));
      return body(scalars);
    });
  Value init = empty(outDims, type.getElementType());
  maps.push_back(b.getMultiDimIdentityMap(rank));
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  auto generic =
      linalg::GenericOp::create(b, loc, TypeRange{init.getType()}, inputs,
                                ValueRange{init}, maps, iterators);
  OpBuilder::InsertionGuard guard(b);
  SmallVector<Type> types;
  for (Value value : inputs)
    types.push_back(getElementTypeOrSelf(value));
  types.push_back(type.getElementType());
  Block *block = b.createBlock(&generic.getRegion(), {}, types,
                               SmallVector<Location>(types.size(), loc));
  Values indices, scalars;
  for (unsigned i = 0; i != rank; ++i)
    indices.push_back(linalg::IndexOp::create(b, loc, i));
  for (auto [number, operand] : llvm::enumerate(operands))
    scalars.push_back(inputOf[number] >= 0
                          ? Value(block->getArgument(inputOf[number]))
                          : readBroadcast(operand, outDims, indices));
  linalg::YieldOp::create(b, loc, body(scalars));
  return generic.getResult(0);
}

Values Emitter::loop(ValueRange counts, ValueRange init,
                     function_ref<Values(ValueRange, ValueRange)> body) {
  Values indices;
  std::function<Values(size_t, ValueRange)> nest = [&](size_t depth,
                                                       ValueRange carried) {
    if (depth == counts.size())
      return body(indices, carried);
    if (getConstantIntValue(counts[depth]) == 1) {
      indices.push_back(index(0));
      Values next = nest(depth + 1, carried);
      indices.pop_back();
      return next;
    }
    auto loop =
        scf::ForOp::create(b, loc, index(0), counts[depth], index(1), carried);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    indices.push_back(loop.getInductionVar());
    Values next = nest(depth + 1, loop.getRegionIterArgs());
    indices.pop_back();
    scf::YieldOp::create(b, loc, next);
    return llvm::to_vector_of<Value>(loop.getResults());
  };
  return nest(0, init);
}

Values Emitter::ifElse(TypeRange types, Value condition,
                       function_ref<Values()> onTrue,
                       function_ref<Values()> onFalse) {
  if (std::optional<int64_t> known = getConstantIntValue(condition))
    return *known ? onTrue() : onFalse();
  auto branch = scf::IfOp::create(b, loc, types, condition,
                                  /*addThenBlock=*/true, /*addElseBlock=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(b, loc, onTrue());
  b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(b, loc, onFalse());
  return llvm::to_vector_of<Value>(branch.getResults());
}
