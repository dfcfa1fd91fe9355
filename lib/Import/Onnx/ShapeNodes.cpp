//===- ShapeNodes.cpp - ops that move or relabel elements ----------------===//
// Import of the family. Axes, splits, slices and pads were attributes in old
// operator sets and are operands in new ones.
//===----------------------------------------------------------------------===//

#include "Node.h"
#include "skim/Dialect/Onnx/IR/SliceRange.h"

using namespace mlir;
using namespace skim::import;

using Shape = std::optional<SmallVector<int64_t>>;

static constexpr int64_t kDynamic = ShapedType::kDynamic;

/// Larger sizes come from damaged models only.
static constexpr int64_t kLargest = int64_t(1) << 46;

/// An operand that was the attribute `attr` before operator set `since`.
static FailureOr<Value> getOperandSince(Node &node, unsigned index,
                                        StringRef attr, int64_t since) {
  if (node.getOpset() >= since) {
    if (node.hasAttr(attr))
      return node.fail("unknown attribute '" + attr + "'");
    return node.getInput(index);
  }
  if (node.hasInput(index))
    return node.fail("expected '" + attr +
                     "' as an attribute before operator set " + Twine(since));
  return node.hasAttr(attr) ? node.makeInts(node.getInts(attr))
                            : node.getNone();
}

/// The number of elements of a list whose type says it.
static std::optional<int64_t> getLength(Value list) {
  auto type = dyn_cast<RankedTensorType>(list.getType());
  if (!type || type.getRank() != 1 || type.isDynamicDim(0))
    return std::nullopt;
  return type.getDimSize(0);
}

/// The number of elements of a tensor whose type says it.
static std::optional<int64_t> countElements(Node &node) {
  auto type = dyn_cast<RankedTensorType>(node.getInput(0).getType());
  if (!type || !type.hasStaticShape())
    return std::nullopt;
  return type.getNumElements();
}

static LogicalResult importReshape(Node &node) {
  auto target = skim::onnx::getConstantInts(node.getInput(1));
  if (!target)
    return node.build(
        withRank(node.getElement(0), getLength(node.getInput(1))));
  auto shape = node.getShape(0);
  SmallVector<int64_t> dims;
  int64_t known = 1; // Product of all dimensions but a single unknown one.
  for (auto [i, dim] : llvm::enumerate(*target)) {
    bool copies = dim == 0 && !node.getInt("allowzero", 0);
    if (copies)
      dim = shape && i < shape->size() ? (*shape)[i] : kDynamic;
    dims.push_back(dim < 0 || dim > kLargest ? kDynamic : dim);
    if (!ShapedType::isDynamic(dims.back()))
      known = dim != 0 && known > kLargest / dim ? 0 : known * dim;
  }
  std::optional<int64_t> count = countElements(node);
  if (count && known > 0 && llvm::count(dims, kDynamic) == 1)
    *llvm::find(dims, kDynamic) = *count / known;
  return node.build(withShape(node.getElement(0), dims));
}

static LogicalResult importFlatten(Node &node) {
  return node.build(withRank(node.getElement(0), 2));
}

/// The permutation that reverses the dimensions is written out.
static LogicalResult importTranspose(Node &node) {
  auto shape = node.getShape(0);
  if (!shape)
    return node.build(withRank(node.getElement(0), std::nullopt));
  SmallVector<int64_t> perm = node.getInts("perm"), dims;
  if (!node.hasAttr("perm"))
    for (int64_t i = shape->size() - 1; i >= 0; --i)
      perm.push_back(i);
  for (int64_t axis : perm)
    dims.push_back(axis >= 0 && axis < static_cast<int64_t>(shape->size())
                       ? (*shape)[axis]
                       : kDynamic);
  Builder &builder = node.getBuilder();
  return node.build(
      withShape(node.getElement(0), dims),
      builder.getNamedAttr("perm", builder.getDenseI64ArrayAttr(perm)));
}

static LogicalResult importSqueeze(Node &node) {
  FailureOr<Value> axes = getOperandSince(node, 1, "axes", 13);
  if (failed(axes))
    return failure();
  auto shape = node.getShape(0);
  auto list = skim::onnx::getConstantInts(*axes);
  Shape result;
  if (skim::onnx::isAbsent(*axes) && countElements(node)) {
    list.emplace();
    for (auto [i, dim] : llvm::enumerate(*shape))
      if (dim == 1)
        list->push_back(i);
  }
  if (shape && list) {
    result.emplace();
    SmallVector<bool> drops(shape->size(), false);
    for (int64_t axis : *list)
      if (auto index = skim::onnx::normaliseAxis(axis, shape->size()))
        drops[*index] = true;
    for (auto [dim, drop] : llvm::zip(*shape, drops))
      if (!drop)
        result->push_back(dim);
  }
  return node.build({node.getInput(0), *axes},
                    withShape(node.getElement(0), result));
}

static LogicalResult importUnsqueeze(Node &node) {
  FailureOr<Value> axes = getOperandSince(node, 1, "axes", 13);
  if (failed(axes))
    return failure();
  if (skim::onnx::isAbsent(*axes))
    return node.fail("expected axes, got none");
  auto shape = node.getShape(0);
  auto list = skim::onnx::getConstantInts(*axes);
  Shape result;
  if (shape && list && list->size() < 64) {
    result.emplace(shape->size() + list->size(), kDynamic);
    SmallVector<bool> isNew(result->size(), false);
    for (int64_t axis : *list)
      if (auto index = skim::onnx::normaliseAxis(axis, result->size()))
        isNew[*index] = true;
    auto dim = shape->begin();
    for (auto [i, size] : llvm::enumerate(*result))
      if (isNew[i])
        size = 1;
      else if (dim != shape->end())
        size = *dim++;
  }
  return node.build({node.getInput(0), *axes},
                    withShape(node.getElement(0), result));
}

static LogicalResult importExpand(Node &node) {
  std::optional<int64_t> rank = node.getRank(0);
  std::optional<int64_t> length = getLength(node.getInput(1));
  if (rank && length)
    rank = std::max(*rank, *length);
  else
    rank.reset();
  return node.build(withRank(node.getElement(0), rank));
}

static LogicalResult importSameRank(Node &node) {
  return node.build(withRank(node.getElement(0), node.getRank(0)));
}

static LogicalResult importShape(Node &node) {
  SmallVector<int64_t> length(1, kDynamic);
  if (std::optional<int64_t> rank = node.getRank(0)) {
    auto clamp = [&](int64_t at) {
      return std::clamp<int64_t>(at < 0 ? at + *rank : at, 0, *rank);
    };
    length[0] = std::max<int64_t>(
        clamp(node.getInt("end", *rank)) - clamp(node.getInt("start", 0)), 0);
  }
  return node.build(withShape(node.getBuilder().getI64Type(), length));
}

static LogicalResult importSize(Node &node) {
  return node.build(withRank(node.getBuilder().getI64Type(), 0));
}

static LogicalResult importConcat(Node &node) {
  Shape result;
  std::optional<int64_t> axis;
  for (unsigned i = 0; i < node.getNumInputs(); ++i) {
    auto shape = node.getShape(i);
    if (!shape || (result && result->size() != shape->size()))
      return node.build(withRank(node.getElement(0), std::nullopt));
    if (!result) {
      result = SmallVector<int64_t>(*shape);
      axis = skim::onnx::normaliseAxis(node.getInt("axis", 0), shape->size());
      continue;
    }
    for (auto [d, dim] : llvm::enumerate(*shape)) {
      int64_t &to = (*result)[d];
      if (axis && d == static_cast<size_t>(*axis))
        to = ShapedType::isDynamic(to) || ShapedType::isDynamic(dim) ? kDynamic
                                                                     : to + dim;
      else if (ShapedType::isDynamic(to))
        to = dim;
    }
  }
  return node.build(withShape(node.getElement(0), result));
}

static LogicalResult importSplit(Node &node) {
  FailureOr<Value> split = getOperandSince(node, 1, "split", 13);
  if (failed(split))
    return failure();
  Builder &builder = node.getBuilder();
  int64_t count = node.getNumOutputs();
  SmallVector<NamedAttribute> extra;
  if (skim::onnx::isAbsent(*split)) {
    if (node.getInt("num_outputs", count) != count)
      return node.fail("expected " + Twine(node.getInt("num_outputs", count)) +
                       " outputs, got " + Twine(count));
    extra.push_back(
        builder.getNamedAttr("num_outputs", builder.getI64IntegerAttr(count)));
  }
  SmallVector<Type> types(count, withRank(node.getElement(0), node.getRank(0)));
  return node.build({node.getInput(0), *split}, types, extra);
}

/// The shape of a slice: each dimension that is sliced by constants, of a known
/// size, is known.
static Shape getSliceShape(Node &node, ArrayRef<Value> operands) {
  auto shape = node.getShape(0);
  if (!shape)
    return std::nullopt;
  SmallVector<int64_t> dims(*shape);
  auto starts = skim::onnx::getConstantInts(operands[1]);
  auto ends = skim::onnx::getConstantInts(operands[2]);
  auto axes = skim::onnx::getConstantInts(operands[3]);
  auto steps = skim::onnx::getConstantInts(operands[4]);
  bool hasAxes = !skim::onnx::isAbsent(operands[3]);
  bool hasSteps = !skim::onnx::isAbsent(operands[4]);
  if (!starts || !ends || (hasAxes && !axes) || (hasSteps && !steps) ||
      ends->size() != starts->size() ||
      (hasAxes && axes->size() != starts->size()) ||
      (hasSteps && steps->size() != starts->size()))
    return SmallVector<int64_t>(dims.size(), kDynamic);
  for (size_t i = 0; i < starts->size(); ++i) {
    auto axis =
        skim::onnx::normaliseAxis(hasAxes ? (*axes)[i] : i, dims.size());
    int64_t step = hasSteps ? (*steps)[i] : 1;
    if (!axis || step == 0)
      continue; // The verifier reports it.
    int64_t size = std::exchange(dims[*axis], kDynamic);
    if (!ShapedType::isDynamic(size))
      dims[*axis] =
          skim::onnx::getSliceRange((*starts)[i], (*ends)[i], step, size)
              .length;
  }
  return dims;
}

static LogicalResult importSlice(Node &node) {
  SmallVector<Value> operands{node.getInput(0)};
  for (auto [i, attr] :
       llvm::enumerate(ArrayRef<StringRef>{"starts", "ends", "axes"})) {
    FailureOr<Value> value = getOperandSince(node, i + 1, attr, 10);
    if (failed(value))
      return failure();
    if (i < 2 && skim::onnx::isAbsent(*value))
      return node.fail("expected an attribute '" + attr + "'");
    operands.push_back(*value);
  }
  operands.push_back(node.getInput(4));
  return node.build(
      operands, withShape(node.getElement(0), getSliceShape(node, operands)));
}

static LogicalResult importPad(Node &node) {
  FailureOr<Value> pads = getOperandSince(node, 1, "pads", 11);
  if (failed(pads))
    return failure();
  if (skim::onnx::isAbsent(*pads))
    return node.fail("expected an attribute 'pads'");
  Value fill = node.getInput(2);
  if (node.getOpset() < 11 && node.hasAttr("value"))
    fill = node.makeScalar(node.getElement(0), node.getFloat("value", 0));
  return node.build({node.getInput(0), *pads, fill, node.getInput(3)},
                    withRank(node.getElement(0), node.getRank(0)));
}

llvm::ArrayRef<NodeSpec> skim::import::getShapeNodes() {
  static const NodeSpec nodes[] = {
      {"Concat", 7, "inputs*", "concat_result", "axis:i!", importConcat},
      {"Expand", 8, "input shape", "output", "", importExpand},
      {"Flatten", 7, "input", "output", "axis:i", importFlatten},
      {"Pad", 7, "data pads? constant_value? axes?", "output",
       "mode:s -pads:I -value:f", importPad},
      {"Reshape", 7, "data shape", "reshaped", "allowzero:i", importReshape},
      {"Shape", 7, "data", "shape", "end:i start:i", importShape},
      {"Size", 7, "data", "size", "", importSize},
      {"Slice", 7, "data starts? ends? axes? steps?", "output",
       "-axes:I -ends:I -starts:I", importSlice},
      {"Split", 7, "input split?", "outputs*", "axis:i num_outputs:i -split:I",
       importSplit},
      {"Squeeze", 7, "data axes?", "squeezed", "-axes:I", importSqueeze},
      {"Tile", 7, "input repeats", "output", "", importSameRank},
      {"Transpose", 7, "data", "transposed", "perm:I", importTranspose},
      {"Unsqueeze", 7, "data axes?", "expanded", "-axes:I", importUnsqueeze},
  };
  return nodes;
}
