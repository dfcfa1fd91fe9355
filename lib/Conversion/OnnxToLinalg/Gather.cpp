//===- Gather.cpp - elements by index -------------------------------------===//
// Negative indices wrap; one out of range is noted as an error of the run and
// read as 0, so that nothing outside of the tensor is touched.
//===----------------------------------------------------------------------===//

#include "Patterns.h"

using namespace mlir;
using namespace skim;
using namespace skim::lowering;

static FailureOr<Value> lowerGather(Emitter &e, onnx::GatherOp op,
                                    onnx::GatherOp::Adaptor in) {
  Value data = in.getData(), indices = in.getIndices();
  Values from = e.dims(data), by = e.dims(indices);
  std::optional<int64_t> axis = onnx::normaliseAxis(op.getAxis(), from.size());
  if (!axis)
    return e.fail("axis out of range");
  Values out(from.begin(), from.begin() + *axis);
  llvm::append_range(out, by);
  out.append(from.begin() + *axis + 1, from.end());
  out = e.settle(out, e.resultType());
  e.checkReadable(from[*axis], out);
  return e.generate(out, storedOf(data), [&](ValueRange at) {
    ValueRange picked = at.slice(*axis, by.size());
    Value i = e.toIndex(e.extract(indices, picked));
    Values read = llvm::to_vector(at.take_front(*axis));
    read.push_back(e.wrapIndex(i, from[*axis]));
    llvm::append_range(read, at.drop_front(*axis + by.size()));
    return e.extract(data, read);
  });
}

/// What `value` repeats, where an Expand makes it.
static Value beforeExpand(Emitter &e, Value value, Value lowered) {
  auto expand = value.getDefiningOp<onnx::ExpandOp>();
  Value source = expand ? e.lowered(expand.getInput()) : Value();
  return source ? source : lowered;
}

static FailureOr<Value>
lowerGatherElements(Emitter &e, onnx::GatherElementsOp op,
                    onnx::GatherElementsOp::Adaptor in) {
  Value data = in.getData(), indices = in.getIndices();
  Values from = e.dims(data), out = e.dims(indices);
  std::optional<int64_t> axis = onnx::normaliseAxis(op.getAxis(), from.size());
  if (!axis || from.size() != out.size())
    return e.fail("expected indices of the data's rank and an axis within it");
  for (size_t i = 0; i != from.size(); ++i)
    if (int64_t(i) != *axis)
      e.check(e.compare(Pred::sle, out[i], from[i]),
              "expected at most {0} indices in dimension " + Twine(i) +
                  ", got {1}",
              {from[i], out[i]});
  e.checkReadable(from[*axis], out);
  // Indices that are the same for all heads are not repeated in memory.
  Value once = beforeExpand(e, op.getIndices(), indices);
  return e.generate(out, storedOf(data), [&](ValueRange at) {
    Values read = llvm::to_vector(at);
    Value i = e.toIndex(e.readBroadcast(once, out, at));
    read[*axis] = e.wrapIndex(i, from[*axis]);
    return e.extract(data, read);
  });
}

static FailureOr<Value> lowerGatherND(Emitter &e, onnx::GatherNDOp op,
                                      onnx::GatherNDOp::Adaptor in) {
  Value data = in.getData(), indices = in.getIndices();
  Values from = e.dims(data), by = e.dims(indices);
  int64_t batch = op.getBatchDims();
  auto indexType = cast<RankedTensorType>(indices.getType());
  if (by.empty() || indexType.isDynamicDim(by.size() - 1))
    return e.fail("expected indices whose last dimension is static");
  int64_t depth = indexType.getDimSize(by.size() - 1);
  if (batch < 0 || batch + depth > int64_t(from.size()) ||
      batch >= int64_t(by.size()))
    return e.fail("expected indices that lie within the data's rank");
  Values out(by.begin(), by.end() - 1);
  out.append(from.begin() + batch + depth, from.end());
  for (int64_t i = 0; i != batch; ++i)
    e.check(e.compare(Pred::eq, from[i], by[i]),
            "expected equal batch dimensions, got {0} and {1}",
            {from[i], by[i]});
  out = e.settle(out, e.resultType());
  for (int64_t i = 0; i != depth; ++i)
    e.checkReadable(from[batch + i], out);
  return e.generate(out, storedOf(data), [&](ValueRange at) {
    Values read = llvm::to_vector(at.take_front(batch));
    Values picked = llvm::to_vector(at.take_front(by.size() - 1));
    for (int64_t i = 0; i != depth; ++i) {
      picked.push_back(e.index(i));
      Value index = e.toIndex(e.extract(indices, picked));
      read.push_back(e.wrapIndex(index, from[batch + i]));
      picked.pop_back();
    }
    llvm::append_range(read, at.drop_front(by.size() - 1));
    return e.extract(data, read);
  });
}

void skim::lowering::addGatherLowerings(Family &family) {
  family.add<onnx::GatherOp>(lowerGather);
  family.add<onnx::GatherElementsOp>(lowerGatherElements);
  family.add<onnx::GatherNDOp>(lowerGatherND);
}
