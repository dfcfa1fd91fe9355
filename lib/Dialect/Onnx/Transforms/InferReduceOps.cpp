//===- InferReduceOps.cpp - shapes of reductions --------------------------===//
// Which axes go, and sums, products and extremes of integers known by symbols.
//===----------------------------------------------------------------------===//

#include "Inference.h"

using namespace mlir;
using namespace skim::onnx;

using Combine = SymDim (*)(const SymDim &, const SymDim &);

static SymDim add(const SymDim &a, const SymDim &b) { return a + b; }
static SymDim multiply(const SymDim &a, const SymDim &b) { return a * b; }

/// How a reduction combines two integers, null for those that are not followed.
static Combine combinerOf(Operation *op) {
  return llvm::TypeSwitch<Operation *, Combine>(op)
      .Case<ReduceSumOp>([](auto) { return &add; })
      .Case<ReduceProdOp>([](auto) { return &multiply; })
      .Case<ReduceMinOp>([](auto) { return &SymDim::min; })
      .Case<ReduceMaxOp>([](auto) { return &SymDim::max; })
      .Default([](Operation *) { return nullptr; });
}

static SymDims reduceDims(ArrayRef<SymDim> from, ArrayRef<unsigned> axes,
                          bool keep) {
  SymDims dims;
  for (auto [axis, dim] : llvm::enumerate(from)) {
    if (!llvm::is_contained(axes, axis))
      dims.push_back(dim);
    else if (keep)
      dims.push_back(1);
  }
  return dims;
}

/// The reduced elements of a small integer tensor.
static std::optional<SymDims> reduceContents(Inference &in, Combine combine,
                                             ArrayRef<unsigned> axes) {
  auto contents = in.contents(0);
  auto from = constantShape(in.dims(0));
  if (!contents || !from || !combine)
    return std::nullopt;
  SmallVector<int64_t> shape(*from);
  for (unsigned axis : axes)
    shape[axis] = 1;
  SmallVector<std::optional<SymDim>> sums(ShapedType::getNumElements(shape));
  size_t position = 0;
  forEachIndex(*from, [&](ArrayRef<int64_t> index) {
    SmallVector<int64_t> target(index);
    for (unsigned axis : axes)
      target[axis] = 0;
    std::optional<SymDim> &sum = sums[flatten(target, shape)];
    const SymDim &next = (*contents)[position++];
    sum = sum ? combine(*sum, next) : next;
  });
  SymDims result;
  for (const std::optional<SymDim> &sum : sums) {
    if (!sum)
      return std::nullopt;
    result.push_back(*sum);
  }
  return result;
}

static LogicalResult inferReduce(Operation *op, Inference &in) {
  auto flag = [&](StringRef name) {
    auto attr = op->getAttrOfType<IntegerAttr>(name);
    return attr ? attr.getValue().getSExtValue() : 0;
  };
  bool keep = flag("keepdims") != 0;
  SmallVector<int64_t> list;
  if (in.isPresent(1)) {
    auto known = in.constants(1);
    if (!known) {
      // With keepdims the rank stays; without, the number of axes decides it.
      auto count =
          in.rank(1) == 1 ? in.dims(1)[0].constant() : std::optional<int64_t>();
      if (!keep && !count)
        return success();
      SymDims dims;
      for (int64_t i = 0; i < in.rank(0) - (keep ? 0 : *count); ++i)
        dims.push_back(in.fresh("Reduce"));
      in.setDims(0, std::move(dims));
      return success();
    }
    list = *known;
  }
  if (list.empty() && flag("noop_with_empty_axes")) {
    in.setElement(0, in.element(0));
    in.setDims(0, SymDims(in.dims(0)));
    return success();
  }
  if (list.empty())
    for (int64_t i = 0; i < in.rank(0); ++i)
      list.push_back(i);
  auto axes = in.axes(list, in.rank(0));
  if (!axes)
    return failure();
  Combine combine = combinerOf(op);
  in.setContents(0, reduceContents(in, combine, *axes));
  if (auto each = in.splat(0); each && combine == &add) {
    SymDim count = 1;
    for (unsigned axis : *axes)
      count = count * in.dims(0)[axis];
    in.setElement(0, *each * count);
  }
  in.setDims(0, reduceDims(in.dims(0), *axes, keep));
  return success();
}

static LogicalResult inferArg(Operation *op, Inference &in) {
  auto axis =
      in.axis(op->getAttrOfType<IntegerAttr>("axis").getValue().getSExtValue(),
              in.rank(0));
  if (!axis)
    return failure();
  bool keep =
      op->getAttrOfType<IntegerAttr>("keepdims").getValue().getSExtValue() != 0;
  in.setDims(0, reduceDims(in.dims(0), {*axis}, keep));
  return success();
}

void skim::onnx::addReduceRules(InferenceRules &rules) {
  rules.addAll<ReduceL1Op, ReduceL2Op, ReduceLogSumExpOp, ReduceLogSumOp,
               ReduceMaxOp, ReduceMeanOp, ReduceMinOp, ReduceProdOp,
               ReduceSumOp, ReduceSumSquareOp>(&inferReduce);
  rules.addAll<ArgMaxOp, ArgMinOp>(&inferArg);
}
