//===- Generate.cpp - tensors made from numbers ---------------------------===//
// Range, ConstantOfShape, EyeLike, Trilu and OneHot.
//===----------------------------------------------------------------------===//

#include "Patterns.h"

using namespace mlir;
using namespace skim;
using namespace skim::lowering;

/// The only element of a tensor of rank 0, or of one element.
static Value onlyElement(Emitter &e, Value tensor) {
  Values first(cast<RankedTensorType>(tensor.getType()).getRank(), e.index(0));
  return e.extract(tensor, first);
}

/// The number of elements of a range of floats, as ONNX defines it.
static Value floatCount(Emitter &e, Scalars &s, Value start, Value limit,
                        Value delta) {
  Value steps = s.div(s.sub(limit, start), delta);
  Scalars whole(e, e.b.getI64Type());
  Value number = s.castTo(math::CeilOp::create(e.b, e.loc, steps), whole);
  return e.max(e.toIndex(number), e.index(0));
}

static FailureOr<Value> lowerRange(Emitter &e, onnx::RangeOp op,
                                   onnx::RangeOp::Adaptor in) {
  Scalars s(e, elementOf(op.getOutput()));
  Value first = s.load(onlyElement(e, in.getStart()));
  Value limit = s.load(onlyElement(e, in.getLimit()));
  Value delta = s.load(onlyElement(e, in.getDelta()));
  Value number = s.isFloat ? floatCount(e, s, first, limit, delta)
                           : e.stepCount(s.toIndex(first), s.toIndex(limit),
                                         s.toIndex(delta));
  Values dims = e.settle(number, e.resultType());
  Scalars whole(e, e.b.getI64Type());
  return e.generate(dims, s.stored, [&](ValueRange i) {
    Value step = whole.castTo(e.fromIndex(i[0], whole.stored), s);
    return s.store(s.add(first, s.mul(step, delta)));
  });
}

static FailureOr<Value>
lowerConstantOfShape(Emitter &e, onnx::ConstantOfShapeOp op,
                     onnx::ConstantOfShapeOp::Adaptor in) {
  RankedTensorType type = e.resultType();
  Values dims;
  for (int64_t i = 0; i != type.getRank(); ++i)
    dims.push_back(e.element(in.getInput(), i));
  for (Value size : dims)
    e.check(e.compare(Pred::sge, size, e.index(0)),
            "expected a dimension of 0 or more, got {0}", size);
  Attribute value = e.b.getZeroAttr(type.getElementType());
  if (op.getValue()) {
    if (op.getValue()->getNumElements() != 1)
      return e.fail("expected a value of one element");
    auto attr = *op.getValue()->getValues<Attribute>().begin();
    if (auto integer = dyn_cast<IntegerAttr>(attr))
      value = e.b.getIntegerAttr(type.getElementType(), integer.getValue());
    else
      value = attr;
  }
  return e.generate(
      e.settle(dims, type), type.getElementType(), [&](ValueRange) -> Value {
        return arith::ConstantOp::create(e.b, e.loc, cast<TypedAttr>(value));
      });
}

static FailureOr<Value> lowerEyeLike(Emitter &e, onnx::EyeLikeOp op,
                                     onnx::EyeLikeOp::Adaptor in) {
  Scalars s(e, elementOf(op.getOutput()));
  Values dims = e.dims(in.getInput());
  if (dims.size() != 2)
    return e.fail("expected a tensor of rank 2");
  Value shift = e.index(op.getK());
  return e.generate(dims, s.stored, [&](ValueRange at) {
    Value here = e.compare(Pred::eq, e.add(at[0], shift), at[1]);
    return e.select(here, s.store(s.constant(1)), s.store(s.constant(0)));
  });
}

static FailureOr<Value> lowerTrilu(Emitter &e, onnx::TriluOp op,
                                   onnx::TriluOp::Adaptor in) {
  Scalars s(e, elementOf(op.getInput()));
  Values dims = e.dims(in.getInput());
  if (dims.size() < 2)
    return e.fail("expected a tensor of rank 2 or more");
  Value k = e.index(0);
  if (!onnx::isAbsent(op.getK()))
    k = e.toIndex(onlyElement(e, in.getK()));
  return e.generate(dims, s.stored, [&](ValueRange at) {
    Value row = at[at.size() - 2], column = at.back();
    Value diagonal = e.sub(column, row);
    Value kept = e.compare(op.getUpper() ? Pred::sge : Pred::sle, diagonal, k);
    return e.select(kept, e.extract(in.getInput(), at), s.store(s.constant(0)));
  });
}

static FailureOr<Value> lowerOneHot(Emitter &e, onnx::OneHotOp op,
                                    onnx::OneHotOp::Adaptor in) {
  Scalars s(e, elementOf(op.getIndices()));
  Scalars count(e, elementOf(op.getDepth()));
  Scalars whole(e, e.b.getI64Type());
  Values dims = e.dims(in.getIndices());
  std::optional<int64_t> axis =
      onnx::normaliseAxis(op.getAxis(), dims.size() + 1);
  if (!axis)
    return e.fail("axis out of range");
  Value depth =
      e.toIndex(count.castTo(count.load(onlyElement(e, in.getDepth())), whole));
  dims.insert(dims.begin() + *axis, depth);
  dims = e.settle(dims, e.resultType());
  Value off = e.extract(in.getValues(), e.index(0));
  Value on = e.extract(in.getValues(), e.index(1));
  return e.generate(dims, off.getType(), [&](ValueRange at) {
    Values from = llvm::to_vector(at);
    from.erase(from.begin() + *axis);
    Value picked =
        e.toIndex(s.castTo(s.load(e.extract(in.getIndices(), from)), whole));
    // Indices outside of [-depth, depth) give a row without any hit.
    Value wrapped = e.wrap(picked, depth);
    return e.select(e.compare(Pred::eq, wrapped, at[*axis]), on, off);
  });
}

void skim::lowering::addGenerateLowerings(Family &family) {
  family.add<onnx::RangeOp>(lowerRange);
  family.add<onnx::ConstantOfShapeOp>(lowerConstantOfShape);
  family.add<onnx::EyeLikeOp>(lowerEyeLike);
  family.add<onnx::TriluOp>(lowerTrilu);
  family.add<onnx::OneHotOp>(lowerOneHot);
}
