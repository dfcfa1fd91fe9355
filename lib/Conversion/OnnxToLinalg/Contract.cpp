//===- Contract.cpp - matrix products -------------------------------------===//
// A transposed operand is turned first: that takes a pass over it, where its
// product reads it once for each row. Products of fp32 become skim.matmul where
// no operand has to be repeated. The loops of others go over (batch, m, k, n):
// the innermost is contiguous and free of dependences, so LLVM makes vectors of
// it.
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

/// Where a batch dimension may be 1 at run time only, the operand is repeated.
static void repeatBatch(Emitter &e, Matrix &matrix, ValueRange batch) {
  ValueRange to = batch.take_back(matrix.batch.size());
  bool exact = true;
  for (auto [size, out] : llvm::zip(matrix.batch, to))
    exact &= getConstantIntValue(size) == 1 || Emitter::same(size, out);
  if (exact)
    return;
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

/// The operand as its product reads it: its last two axes change places.
static Value turn(Emitter &e, Value tensor) {
  Values dims = e.dims(tensor);
  std::swap(dims[dims.size() - 2], dims.back());
  Type element = cast<RankedTensorType>(tensor.getType()).getElementType();
  return e.generate(dims, element, [&](ValueRange indices) {
    Values at = llvm::to_vector(indices);
    std::swap(at[at.size() - 2], at.back());
    return e.extract(tensor, at);
  });
}

static AffineMap mapOf(Emitter &e, const Matrix &matrix, unsigned rank,
                       unsigned row, unsigned column) {
  SmallVector<AffineExpr> exprs;
  unsigned shift = rank - 3 - matrix.batch.size();
  for (auto [i, size] : llvm::enumerate(matrix.batch))
    exprs.push_back(getConstantIntValue(size) == 1
                        ? e.b.getAffineConstantExpr(0)
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

/// The product as skim.matmul, which has a kernel; null where an operand would
/// have to be repeated for it.
static Value multiply(Emitter &e, const Matrix &left, const Matrix &right,
                      ValueRange batch) {
  auto isWhole = [&](const Matrix &matrix) {
    return llvm::equal(matrix.batch, batch, Emitter::same);
  };
  auto isOne = [](Value size) { return getConstantIntValue(size) == 1; };
  if (!isWhole(left))
    return nullptr;
  Value a, b;
  if (llvm::all_of(right.batch, isOne)) {
    // One matrix on the right: all rows on the left are rows of one product.
    Value rows = e.mul(e.count(left.batch), left.rows);
    a = e.reshape(left.tensor, Values{e.index(1), rows, left.columns});
    b = joinBatch(e, right);
  } else if (isWhole(right)) {
    a = joinBatch(e, left);
    b = joinBatch(e, right);
  } else {
    return nullptr;
  }
  auto shapeA = cast<RankedTensorType>(a.getType()).getShape();
  auto shapeB = cast<RankedTensorType>(b.getType()).getShape();
  auto type = RankedTensorType::get({shapeA[0], shapeA[1], shapeB[2]},
                                    e.b.getF32Type());
  Value product = MatmulOp::create(e.b, e.loc, type, a, b);
  Values dims(batch);
  dims.append({left.rows, right.columns});
  return e.reshape(product, dims);
}

Value skim::lowering::contract(Emitter &e, Scalars &s, Value a, bool transposeA,
                               Value b, bool transposeB) {
  Matrix left = split(e, transposeA ? turn(e, a) : a),
         right = split(e, transposeB ? turn(e, b) : b);
  e.check(e.compare(Pred::eq, left.columns, right.rows),
          "expected equal inner dimensions, got {0} and {1}",
          {left.columns, right.rows});
  Values batch = e.broadcastShapes({left.batch, right.batch});
  repeatBatch(e, left, batch);
  repeatBatch(e, right, batch);
  if (s.stored.isF32() && s.computed.isF32())
    if (Value product = multiply(e, left, right, batch))
      return product;

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
