//===- Select.cpp - elements chosen by their value ------------------------===//
// NonZero, Compress and TopK: what comes out depends on the data.
//===----------------------------------------------------------------------===//

#include "Patterns.h"

using namespace mlir;
using namespace skim;
using namespace skim::lowering;

static FailureOr<Value> lowerNonZero(Emitter &e, onnx::NonZeroOp op,
                                     onnx::NonZeroOp::Adaptor in) {
  Scalars s(e, elementOf(op.getX()));
  Scalars boolean(e, e.b.getI1Type());
  Type i64 = e.b.getI64Type();
  Values dims = e.dims(in.getX());
  auto isHit = [&](ValueRange at) {
    return s.castTo(s.load(e.extract(in.getX(), at)), boolean);
  };
  Value number = e.loop(dims, e.index(0), [&](ValueRange at, ValueRange so) {
    return Values{e.select(isHit(at), e.add(so[0], e.index(1)), so[0])};
  })[0];
  // A scalar has one row of indices, as numpy's atleast_1d makes it.
  int64_t rows = std::max<int64_t>(dims.size(), 1);
  Value init = e.empty({e.index(rows), number}, i64);
  Values done = e.loop(
      dims, {init, e.index(0)}, [&](ValueRange at, ValueRange so) -> Values {
        SmallVector<Type> types = {so[0].getType(), so[1].getType()};
        return e.ifElse(
            types, isHit(at),
            [&] {
              Value tensor = so[0];
              for (int64_t i = 0; i != rows; ++i) {
                Value index = at.empty() ? e.index(0) : at[i];
                tensor = e.insert(e.fromIndex(index, i64), tensor,
                                  {e.index(i), so[1]});
              }
              return Values{tensor, e.add(so[1], e.index(1))};
            },
            [&] { return Values{so[0], so[1]}; });
      });
  return done[0];
}

static FailureOr<Value> lowerCompress(Emitter &e, onnx::CompressOp op,
                                      onnx::CompressOp::Adaptor in) {
  Value data = in.getInput(), condition = in.getCondition();
  Values dims = e.dims(data);
  int64_t axis = 0;
  if (op.getAxis()) {
    std::optional<int64_t> found =
        onnx::normaliseAxis(*op.getAxis(), dims.size());
    if (!found)
      return e.fail("axis out of range");
    axis = *found;
  } else {
    dims = {e.count(dims)};
    data = e.reshape(data, dims);
  }
  Value length = e.min(e.dim(condition, 0), dims[axis]);
  Value one = e.index(1);
  Value number = e.loop(length, e.index(0), [&](ValueRange i, ValueRange so) {
    Value hit = e.extract(condition, i);
    return Values{e.select(hit, e.add(so[0], one), so[0])};
  })[0];
  // The indices that are taken, then the elements there.
  Value init = e.empty(number, e.b.getIndexType());
  Values picked = e.loop(
      length, {init, e.index(0)}, [&](ValueRange i, ValueRange so) -> Values {
        SmallVector<Type> types = {so[0].getType(), so[1].getType()};
        return e.ifElse(
            types, e.extract(condition, i),
            [&] {
              return Values{e.insert(i[0], so[0], so[1]), e.add(so[1], one)};
            },
            [&] { return Values{so[0], so[1]}; });
      });
  dims[axis] = number;
  Type element = cast<RankedTensorType>(data.getType()).getElementType();
  return e.generate(dims, element, [&](ValueRange at) {
    Values read = llvm::to_vector(at);
    read[axis] = e.extract(picked[0], at[axis]);
    return e.extract(data, read);
  });
}

/// Elements in order of (value, index): each is the best of those behind the
/// one before it, so nothing has to be marked or moved.
static FailureOr<Values> lowerTopK(Emitter &e, onnx::TopKOp op,
                                   onnx::TopKOp::Adaptor in) {
  Scalars s(e, elementOf(op.getX()));
  Value data = in.getX();
  Type i64 = e.b.getI64Type();
  Values dims = e.dims(data), out = dims;
  std::optional<int64_t> axis = onnx::normaliseAxis(op.getAxis(), dims.size());
  if (!axis)
    return e.fail("axis out of range");
  Value k = e.element(in.getK(), 0), zero = e.index(0);
  e.check(e.both(e.compare(Pred::sge, k, zero),
                 e.compare(Pred::sle, k, dims[*axis])),
          "expected at most {1} elements, got {0}", {k, dims[*axis]});
  out[*axis] = k;
  out = e.settle(out, e.resultType());
  bool largest = op.getLargest() != 0;
  auto better = [&](Value x, Value y) {
    return largest ? s.less(y, x) : s.less(x, y);
  };
  Values outer = out;
  outer[*axis] = e.index(1);
  Values inits = {e.empty(out, s.stored), e.empty(out, i64)};
  Values done = e.loop(outer, inits, [&](ValueRange row, ValueRange carried) {
    Values start = {carried[0], carried[1], s.constant(0), e.index(-1)};
    // Carries the tensors and the element taken last (index -1: none yet).
    return llvm::to_vector(
        ArrayRef<Value>(e.loop(k, start, [&](ValueRange n, ValueRange so) {
          Values none = {s.constant(0), e.index(-1)};
          Values best = e.loop(
              dims[*axis], none, [&](ValueRange i, ValueRange found) -> Values {
                Values at = llvm::to_vector(row);
                at[*axis] = i[0];
                Value x = s.load(e.extract(data, at));
                Value first = e.compare(Pred::slt, so[3], zero);
                // Of equal ones the first comes first, as does the one found.
                Value behind = e.both(s.equal(so[2], x),
                                      e.compare(Pred::slt, so[3], i[0]));
                Value open =
                    e.either(first, e.either(better(so[2], x), behind));
                Value none = e.compare(Pred::slt, found[1], zero);
                Value take = e.both(open, e.either(none, better(x, found[0])));
                return {e.select(take, x, found[0]),
                        e.select(take, i[0], found[1])};
              });
          Values to = llvm::to_vector(row);
          to[*axis] = n[0];
          // Without an order (NaN) nothing may be found: element 0 then.
          Value place = e.max(best[1], zero);
          return Values{e.insert(s.store(best[0]), so[0], to),
                        e.insert(e.fromIndex(place, i64), so[1], to), best[0],
                        best[1]};
        })).take_front(2));
  });
  return done;
}

void skim::lowering::addSelectLowerings(Family &family) {
  family.add<onnx::NonZeroOp>(lowerNonZero);
  family.add<onnx::CompressOp>(lowerCompress);
  family.add<onnx::TopKOp>(lowerTopK);
}
