//===- InferCoreOps.cpp - shapes and contents of constants ----------------===//
// Constants, and ops that only hand a tensor on.
//===----------------------------------------------------------------------===//

#include "Inference.h"

using namespace mlir;
using namespace skim::onnx;

/// Elements that are looked at to find a constant's element function.
static constexpr int64_t maxFitted = 1 << 20;

/// The elements of an integer tensor, also of a resource; nothing for too many.
static std::optional<SmallVector<int64_t>> readInts(ElementsAttr value) {
  auto type = dyn_cast<IntegerType>(value.getElementType());
  if (!type || value.getNumElements() > maxFitted)
    return std::nullopt;
  auto ints = value.tryGetValues<APInt>();
  if (ints) {
    SmallVector<int64_t> result;
    for (const APInt &v : *ints)
      result.push_back(type.isUnsigned() || type.getWidth() == 1
                           ? static_cast<int64_t>(v.getZExtValue())
                           : v.getSExtValue());
    return result;
  }
  auto resource = dyn_cast<DenseResourceElementsAttr>(value);
  if (!resource || !type.isInteger(64) || !resource.getRawHandle().getBlob())
    return std::nullopt;
  ArrayRef<char> bytes = resource.getRawHandle().getBlob()->getData();
  SmallVector<int64_t> result(value.getNumElements());
  if (bytes.size() != result.size() * sizeof(int64_t))
    return std::nullopt;
  memcpy(result.data(), bytes.data(), bytes.size());
  return result;
}

/// The linear function of the position that gives these elements, if any does.
static std::optional<SymDim> fitLinear(ArrayRef<int64_t> shape,
                                       ArrayRef<int64_t> values) {
  if (values.empty())
    return std::nullopt;
  SymDim element = values[0];
  SmallVector<int64_t> steps;
  int64_t stride = values.size();
  for (auto [axis, extent] : llvm::enumerate(shape)) {
    stride /= extent;
    steps.push_back(extent > 1 ? values[stride] - values[0] : 0);
    element = element + SymDim(steps.back()) * SymDim::index(axis);
  }
  bool fits = true;
  size_t position = 0;
  forEachIndex(shape, [&](ArrayRef<int64_t> index) {
    int64_t expected = values[0];
    for (auto [i, step] : llvm::zip(index, steps))
      expected += i * step;
    fits &= expected == values[position++];
  });
  return fits ? std::optional<SymDim>(element) : std::nullopt;
}

static LogicalResult inferConstant(ConstantOp op, Inference &in) {
  ElementsAttr value = op.getValue();
  SymDims dims;
  for (int64_t extent : value.getShapedType().getShape())
    dims.push_back(extent);
  in.setDims(0, std::move(dims));
  auto splat = dyn_cast<SplatElementsAttr>(value);
  if (splat && isa<IntegerType>(value.getElementType())) {
    auto type = cast<IntegerType>(value.getElementType());
    APInt v = splat.getSplatValue<APInt>();
    in.setElement(0, SymDim(type.isUnsigned() || type.getWidth() == 1
                                ? static_cast<int64_t>(v.getZExtValue())
                                : v.getSExtValue()));
    return success();
  }
  auto ints = readInts(value);
  if (!ints)
    return success();
  in.setElement(0, fitLinear(value.getShapedType().getShape(), *ints));
  if (ints->size() <= maxContents)
    in.setContents(0, SymDims(ints->begin(), ints->end()));
  return success();
}

void skim::onnx::addCoreRules(InferenceRules &rules) {
  rules.add<ConstantOp>(&inferConstant);
}
