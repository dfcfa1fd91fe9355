//===- Contract.cpp - matrix products -------------------------------------===//
// A transposed operand is turned first: that takes a pass over it, where its
// product reads it once for each row. Products of fp32 become skim.matmul; what
// several matrices on the left are multiplied with lies behind each other for
// it. The loops of others go over (batch, m, k, n): the innermost is contiguous
// and free of dependences, so LLVM makes vectors of it.
//===----------------------------------------------------------------------===//

#include "Contract.h"

#include "skim/Dialect/Skim/IR/SkimDialect.h"

using namespace mlir;
using namespace skim;
using namespace skim::lowering;

namespace {
/// An operand: its batch dimensions, then rows and columns.
struct Matrix {
  Value tensor;
  Values batch;
  Value rows, columns;
};
} // namespace

static Matrix split(Emitter &e, Value tensor) {
  Values dims = e.dims(tensor);
  Matrix matrix{tensor, {}, dims[dims.size() - 2], dims.back()};
  matrix.batch.assign(dims.begin(), dims.end() - 2);
  return matrix;
}

/// The operand once for each of the batch.
static void repeat(Emitter &e, Matrix &matrix, ValueRange batch) {
  Values dims = llvm::to_vector(batch);
  dims.append({matrix.rows, matrix.columns});
  e.checkBroadcast(matrix.tensor, dims);
  Value from = matrix.tensor;
  auto type = cast<RankedTensorType>(from.getType());
  matrix.tensor =
      e.generate(dims, type.getElementType(), [&](ValueRange indices) {
        return e.readBroadcast(from, dims, indices);
      });
  matrix.batch.assign(batch.begin(), batch.end());
}

static bool isOne(Value size) { return getConstantIntValue(size) == 1; }

/// Where a batch dimension may be 1 at run time only, the operand is repeated.
static void repeatUnknown(Emitter &e, Matrix &matrix, ValueRange batch) {
  ValueRange to = batch.take_back(matrix.batch.size());
  for (auto [size, out] : llvm::zip(matrix.batch, to))
    if (!isOne(size) && !Emitter::same(size, out))
      return repeat(e, matrix, batch);
}

/// The operand as its product reads it: its last two axes change places.
static Value turn(Emitter &e, Value tensor) {
  auto axes = llvm::to_vector(llvm::seq<int64_t>(0, e.dims(tensor).size()));
  std::swap(axes[axes.size() - 2], axes.back());
  return e.permute(tensor, axes);
}

static AffineMap mapOf(Emitter &e, const Matrix &matrix, unsigned rank,
                       unsigned row, unsigned column) {
  SmallVector<AffineExpr> exprs;
  unsigned shift = rank - 3 - matrix.batch.size();
  for (auto [i, size] : llvm::enumerate(matrix.batch))
    exprs.push_back(isOne(size) ? e.b.getAffineConstantExpr(0)
                                : e.b.getAffineDimExpr(shift + i));
  exprs.push_back(e.b.getAffineDimExpr(row));
  exprs.push_back(e.b.getAffineDimExpr(column));
  return AffineMap::get(rank, 0, exprs, e.b.getContext());
}

/// [B, M, K] of [batch.., M, K].
static Value joinBatch(Emitter &e, const Matrix &matrix) {
  return e.reshape(matrix.tensor,
                   Values{e.count(matrix.batch), matrix.rows, matrix.columns});
}

/// The axes of the batch: those along which the right operand has a matrix
/// each, then those along which it has one for all.
static SmallVector<int64_t> orderBatch(const Matrix &right, ValueRange batch,
                                       unsigned &apart) {
  SmallVector<int64_t> order, shared;
  size_t missing = batch.size() - right.batch.size();
  for (unsigned axis = 0; axis != batch.size(); ++axis) {
    bool isShared = axis < missing || isOne(right.batch[axis - missing]);
    (isShared ? shared : order).push_back(axis);
  }
  apart = order.size();
  order.append(shared);
  return order;
}

/// The product as skim.matmul, which has a kernel: rows that are multiplied
/// with the same matrix are those of one product.
static Value multiply(Emitter &e, Matrix left, const Matrix &right,
                      ValueRange batch) {
  if (!llvm::equal(left.batch, batch, Emitter::same))
    repeat(e, left, batch);
  unsigned apart = 0;
  int64_t rank = batch.size() + 2;
  SmallVector<int64_t> order = orderBatch(right, batch, apart);
  order.append({rank - 2, rank - 1});
  bool moves = !llvm::is_sorted(order);
  Value rows = moves ? e.permute(left.tensor, order) : left.tensor;
  Values dims;
  for (int64_t axis : ArrayRef(order).drop_back(2))
    dims.push_back(batch[axis]);
  Value count = e.count(ArrayRef(dims).take_front(apart));
  Value inEach = e.mul(e.count(ArrayRef(dims).drop_front(apart)), left.rows);
  Value a = e.reshape(rows, Values{count, inEach, left.columns});
  Value b = joinBatch(e, right);
  auto shapeA = cast<RankedTensorType>(a.getType()).getShape();
  auto shapeB = cast<RankedTensorType>(b.getType()).getShape();
  auto type = RankedTensorType::get({shapeA[0], shapeA[1], shapeB[2]},
                                    e.b.getF32Type());
  Value product = MatmulOp::create(e.b, e.loc, type, a, b);
  dims.append({left.rows, right.columns});
  product = e.reshape(product, dims);
  if (!moves)
    return product;
  SmallVector<int64_t> back(rank);
  for (auto [place, axis] : llvm::enumerate(order))
    back[axis] = place;
  return e.permute(product, back);
}

Value skim::lowering::contract(Emitter &e, Scalars &s, Value a, bool transposeA,
                               Value b, bool transposeB) {
  Matrix left = split(e, transposeA ? turn(e, a) : a),
         right = split(e, transposeB ? turn(e, b) : b);
  e.check(e.compare(Pred::eq, left.columns, right.rows),
          "expected equal inner dimensions, got {0} and {1}",
          {left.columns, right.rows});
  Values batch = e.broadcastShapes({left.batch, right.batch});
  repeatUnknown(e, left, batch);
  repeatUnknown(e, right, batch);
  if (s.stored.isF32() && s.computed.isF32())
    return multiply(e, left, right, batch);

  // Loops: batch, m, k, n.
  unsigned rank = batch.size() + 3;
  unsigned atM = rank - 3, atK = rank - 2, atN = rank - 1;
  Values outDims = batch;
  outDims.append({left.rows, right.columns});
  Value init = e.empty(outDims, s.computed);
  init = linalg::FillOp::create(e.b, e.loc, s.constant(0), init).getResult(0);
  SmallVector<AffineExpr> out;
  for (unsigned i = 0; i != rank; ++i)
    if (i != atK)
      out.push_back(e.b.getAffineDimExpr(i));
  SmallVector<AffineMap> maps = {
      mapOf(e, left, rank, atM, atK), mapOf(e, right, rank, atK, atN),
      AffineMap::get(rank, 0, out, e.b.getContext())};
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  iterators[atK] = utils::IteratorType::reduction;
  auto generic = linalg::GenericOp::create(
      e.b, e.loc, TypeRange{init.getType()},
      ValueRange{left.tensor, right.tensor}, ValueRange{init}, maps, iterators);
  OpBuilder::InsertionGuard guard(e.b);
  Block *block = e.b.createBlock(&generic.getRegion(), {},
                                 TypeRange{s.stored, s.stored, s.computed},
                                 {e.loc, e.loc, e.loc});
  Value x = s.load(block->getArgument(0)), y = s.load(block->getArgument(1));
  Value sum = block->getArgument(2);
  sum = s.isFloat ? math::FmaOp::create(e.b, e.loc, x, y, sum).getResult()
                  : s.add(sum, s.mul(x, y));
  linalg::YieldOp::create(e.b, e.loc, sum);
  return generic.getResult(0);
}
