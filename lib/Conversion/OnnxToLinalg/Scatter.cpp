//===- Scatter.cpp - updates by index -------------------------------------===//
// One update after the other, so that equal indices have the effect that ONNX
// says. An index out of range is noted as an error and changes element 0.
//===----------------------------------------------------------------------===//

#include "Patterns.h"

using namespace mlir;
using namespace skim;
using namespace skim::lowering;

/// What `reduction` makes of the element and the update.
static Value combine(Scalars &s, StringRef reduction, Value old, Value update) {
  if (reduction == "add")
    return s.add(old, update);
  if (reduction == "mul")
    return s.mul(old, update);
  if (reduction == "min")
    return s.min(old, update);
  return reduction == "max" ? s.max(old, update) : update;
}

/// `tensor` with the update of `updates` at `from` taken in at `to`.
static Value update(Emitter &e, Scalars &s, StringRef reduction, Value tensor,
                    ValueRange to, Value updates, ValueRange from) {
  Value next = s.load(e.extract(updates, from));
  if (reduction != "none")
    next = combine(s, reduction, s.load(e.extract(tensor, to)), next);
  return e.insert(s.store(next), tensor, to);
}

static FailureOr<Value>
lowerScatterElements(Emitter &e, onnx::ScatterElementsOp op,
                     onnx::ScatterElementsOp::Adaptor in) {
  Scalars s(e, elementOf(op.getData()));
  Value indices = in.getIndices(), updates = in.getUpdates();
  Values dims = e.dims(in.getData()), by = e.dims(indices);
  std::optional<int64_t> axis = onnx::normaliseAxis(op.getAxis(), dims.size());
  if (!axis || dims.size() != by.size())
    return e.fail("expected indices of the data's rank and an axis within it");
  Values given = e.dims(updates);
  for (size_t i = 0; i != dims.size(); ++i) {
    e.check(e.compare(Pred::eq, given[i], by[i]),
            "expected updates of the indices' shape, got {0} for {1}",
            {given[i], by[i]});
    if (int64_t(i) != *axis)
      e.check(e.compare(Pred::sle, by[i], dims[i]),
              "expected at most {0} indices in dimension " + Twine(i) +
                  ", got {1}",
              {dims[i], by[i]});
  }
  e.checkReadable(dims[*axis], by);
  Values done =
      e.loop(by, in.getData(), [&](ValueRange at, ValueRange carried) {
        Values to = llvm::to_vector(at);
        Value i = e.toIndex(e.extract(indices, at));
        to[*axis] = e.wrapIndex(i, dims[*axis]);
        return Values{
            update(e, s, op.getReduction(), carried[0], to, updates, at)};
      });
  return done[0];
}

static FailureOr<Value> lowerScatterND(Emitter &e, onnx::ScatterNDOp op,
                                       onnx::ScatterNDOp::Adaptor in) {
  Scalars s(e, elementOf(op.getData()));
  Value indices = in.getIndices(), updates = in.getUpdates();
  Values dims = e.dims(in.getData()), by = e.dims(indices);
  Values given = e.dims(updates);
  auto indexType = cast<RankedTensorType>(indices.getType());
  if (by.empty() || indexType.isDynamicDim(by.size() - 1))
    return e.fail("expected indices whose last dimension is static");
  int64_t depth = indexType.getDimSize(by.size() - 1);
  if (depth > int64_t(dims.size()))
    return e.fail("expected indices that lie within the data's rank");
  Values counts(by.begin(), by.end() - 1);
  counts.append(dims.begin() + depth, dims.end());
  if (counts.size() != given.size())
    return e.fail("expected updates of rank " + Twine(counts.size()));
  for (auto [size, got] : llvm::zip(counts, given))
    e.check(e.compare(Pred::eq, size, got),
            "expected updates with a dimension of {0}, got {1}", {size, got});
  for (int64_t i = 0; i != depth; ++i)
    e.checkReadable(dims[i], counts);
  Values done =
      e.loop(counts, in.getData(), [&](ValueRange at, ValueRange carried) {
        Values to, picked = llvm::to_vector(at.take_front(by.size() - 1));
        for (int64_t i = 0; i != depth; ++i) {
          picked.push_back(e.index(i));
          Value index = e.toIndex(e.extract(indices, picked));
          to.push_back(e.wrapIndex(index, dims[i]));
          picked.pop_back();
        }
        llvm::append_range(to, at.drop_front(by.size() - 1));
        return Values{
            update(e, s, op.getReduction(), carried[0], to, updates, at)};
      });
  return done[0];
}

void skim::lowering::addScatterLowerings(Family &family) {
  family.add<onnx::ScatterElementsOp>(lowerScatterElements);
  family.add<onnx::ScatterNDOp>(lowerScatterND);
}
