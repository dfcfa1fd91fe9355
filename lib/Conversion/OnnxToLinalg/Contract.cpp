//===- Contract.cpp - matrix products -------------------------------------===//
// The loops go over (batch, m, k, n): the innermost is contiguous and free of
// dependences, so LLVM makes vectors of it.
//===----------------------------------------------------------------------===//

#include "Contract.h"

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

Value skim::lowering::contract(Emitter &e, Scalars &s, Value a, bool transposeA,
                               Value b, bool transposeB) {
  Matrix left = split(e, a), right = split(e, b);
  Value m = transposeA ? left.columns : left.rows;
  Value k = transposeA ? left.rows : left.columns;
  Value n = transposeB ? right.rows : right.columns;
  Value other = transposeB ? right.columns : right.rows;
  e.check(e.compare(Pred::eq, k, other),
          "expected equal inner dimensions, got {0} and {1}", {k, other});
  Values batch = e.broadcastShapes({left.batch, right.batch});
  repeatBatch(e, left, batch);
  repeatBatch(e, right, batch);

  // Loops: batch, m, k, n.
  unsigned rank = batch.size() + 3;
  unsigned atM = rank - 3, atK = rank - 2, atN = rank - 1;
  Values outDims = batch;
  outDims.append({m, n});
  Value init = e.empty(outDims, s.computed);
  init = linalg::FillOp::create(e.b, e.loc, s.constant(0), init).getResult(0);
  SmallVector<AffineExpr> out;
  for (unsigned i = 0; i != rank; ++i)
    if (i != atK)
      out.push_back(e.b.getAffineDimExpr(i));
  SmallVector<AffineMap> maps = {
      transposeA ? mapOf(e, left, rank, atK, atM)
                 : mapOf(e, left, rank, atM, atK),
      transposeB ? mapOf(e, right, rank, atN, atK)
                 : mapOf(e, right, rank, atK, atN),
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
