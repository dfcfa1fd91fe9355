//===- SymbolicShapes.cpp - shapes and shape arithmetic by symbols --------===//
// Asks the rules of Infer<Family>.cpp in the order of use, keeps what they find
// and rounds it off: contents from elements and elements from contents.
//===----------------------------------------------------------------------===//

#include "skim/Dialect/Onnx/Transforms/SymbolicShapes.h"

#include "Inference.h"

using namespace mlir;
using namespace skim::onnx;

//===----------------------------------------------------------------------===//
// Helpers on shapes and indices
//===----------------------------------------------------------------------===//

std::optional<SmallVector<int64_t>>
skim::onnx::constantShape(ArrayRef<SymDim> dims) {
  SmallVector<int64_t> shape;
  for (const SymDim &dim : dims) {
    auto extent = dim.constant();
    if (!extent)
      return std::nullopt;
    shape.push_back(*extent);
  }
  return shape;
}

bool skim::onnx::isSmall(ArrayRef<int64_t> shape) {
  if (llvm::is_contained(shape, 0))
    return true;
  int64_t count = 1;
  for (int64_t extent : shape)
    if (llvm::MulOverflow(count, extent, count) || count > maxContents)
      return false;
  return true;
}

void skim::onnx::forEachIndex(ArrayRef<int64_t> shape,
                              function_ref<void(ArrayRef<int64_t>)> visit) {
  if (llvm::is_contained(shape, 0))
    return;
  SmallVector<int64_t> index(shape.size(), 0);
  while (true) {
    visit(index);
    int64_t axis = static_cast<int64_t>(shape.size()) - 1;
    while (axis >= 0 && ++index[axis] == shape[axis])
      index[axis--] = 0;
    if (axis < 0)
      return;
  }
}

int64_t skim::onnx::flatten(ArrayRef<int64_t> index, ArrayRef<int64_t> shape) {
  int64_t position = 0;
  for (auto [i, extent] : llvm::zip(index, shape))
    position = position * extent + i;
  return position;
}

std::optional<SymDims> skim::onnx::broadcastDims(ArrayRef<SymDim> a,
                                                 ArrayRef<SymDim> b) {
  if (a.size() < b.size())
    std::swap(a, b);
  SymDims dims(a);
  size_t offset = a.size() - b.size();
  for (size_t i = 0; i < b.size(); ++i) {
    SymDim &dim = dims[offset + i];
    auto x = dim.constant(), y = b[i].constant();
    if (x && y && *x != *y && *x != 1 && *y != 1)
      return std::nullopt;
    dim = SymDim::broadcast(dim, b[i]);
  }
  return dims;
}

SymDim skim::onnx::renameAxes(const SymDim &element,
                              ArrayRef<std::optional<unsigned>> axes) {
  return element.substitute([&](const SymAtom &atom) -> std::optional<SymDim> {
    if (atom.kind != SymAtom::Kind::Index)
      return std::nullopt;
    if (atom.axis >= axes.size() || !axes[atom.axis])
      return SymDim(0);
    return SymDim::index(*axes[atom.axis]);
  });
}

std::optional<SymDim> skim::onnx::broadcastElement(const SymDim &element,
                                                   ArrayRef<SymDim> from,
                                                   ArrayRef<SymDim> to) {
  if (!element.usesIndex())
    return element;
  SmallVector<std::optional<unsigned>> axes;
  for (size_t i = 0; i < from.size(); ++i) {
    unsigned target = to.size() - from.size() + i;
    bool repeats = from[i].isConstant(1);
    if (!repeats && from[i] != to[target])
      return std::nullopt;
    axes.push_back(repeats ? std::optional<unsigned>() : target);
  }
  return renameAxes(element, axes);
}

//===----------------------------------------------------------------------===//
// Inference
//===----------------------------------------------------------------------===//

ArrayRef<SymDim> Inference::dims(unsigned i) const {
  return *shapes.dims(operand(i));
}

std::optional<ArrayRef<SymDim>> Inference::contents(unsigned i) const {
  if (!isPresent(i))
    return std::nullopt;
  return shapes.contents(operand(i));
}

Inference::OptionalDim Inference::element(unsigned i) const {
  if (!isPresent(i))
    return std::nullopt;
  return shapes.element(operand(i));
}

Inference::OptionalDim Inference::splat(unsigned i) const {
  OptionalDim e = element(i);
  return e && !e->usesIndex() ? e : std::nullopt;
}

std::optional<SmallVector<int64_t>> Inference::constants(unsigned i) const {
  auto values = contents(i);
  return values ? constantShape(*values) : std::nullopt;
}

Inference::OptionalDim Inference::scalar(unsigned i) const {
  auto values = contents(i);
  if (!values || values->size() != 1)
    return std::nullopt;
  return values->front();
}

Inference::OptionalDim Inference::convertedScalar(unsigned i) const {
  auto cast = operand(i).getDefiningOp<CastOp>();
  auto values = cast ? shapes.contents(cast.getInput()) : std::nullopt;
  if (!values || values->size() != 1)
    return std::nullopt;
  return values->front();
}

void Inference::setDims(unsigned result, SymDims dims) {
  results[result].dims = std::move(dims);
}

void Inference::setContents(unsigned result, std::optional<SymDims> contents) {
  results[result].contents = std::move(contents);
}

void Inference::setElement(unsigned result, OptionalDim element) {
  results[result].element = std::move(element);
}

LogicalResult Inference::error(const Twine &text) {
  message = text.str();
  return failure();
}

std::optional<unsigned> Inference::axis(int64_t axis, int64_t rank) {
  if (auto normalised = normaliseAxis(axis, rank))
    return *normalised;
  (void)error("expected an axis in [" + Twine(-rank) + ", " + Twine(rank) +
              "), got " + Twine(axis));
  return std::nullopt;
}

std::optional<SmallVector<unsigned>> Inference::axes(ArrayRef<int64_t> list,
                                                     int64_t rank) {
  SmallVector<unsigned> result;
  for (int64_t entry : list) {
    auto a = axis(entry, rank);
    if (!a)
      return std::nullopt;
    if (llvm::is_contained(result, *a)) {
      (void)error("expected each axis once, got axis " + Twine(*a) + " again");
      return std::nullopt;
    }
    result.push_back(*a);
  }
  return result;
}

/// The linear function of the position that gives these contents, if any does.
static std::optional<SymDim> fitElement(ArrayRef<int64_t> shape,
                                        ArrayRef<SymDim> contents) {
  if (contents.empty())
    return std::nullopt;
  SymDim element = contents[0];
  SmallVector<SymDim> steps;
  int64_t stride = contents.size();
  for (auto [axis, extent] : llvm::enumerate(shape)) {
    stride /= extent;
    steps.push_back(extent > 1 ? contents[stride] - contents[0] : SymDim(0));
    element = element + steps.back() * SymDim::index(axis);
  }
  bool fits = true;
  size_t position = 0;
  forEachIndex(shape, [&](ArrayRef<int64_t> index) {
    SymDim value = contents[0];
    for (auto [i, step] : llvm::zip(index, steps))
      value = value + SymDim(i) * step;
    fits &= value == contents[position++];
  });
  return fits ? std::optional<SymDim>(element) : std::nullopt;
}

/// Every element of a tensor with this element function.
static SymDims evaluateElement(const SymDim &element, ArrayRef<int64_t> shape) {
  SymDims contents;
  forEachIndex(shape, [&](ArrayRef<int64_t> index) {
    contents.push_back(
        element.substitute([&](const SymAtom &atom) -> std::optional<SymDim> {
          if (atom.kind != SymAtom::Kind::Index)
            return std::nullopt;
          return SymDim(index[atom.axis]);
        }));
  });
  return contents;
}

LogicalResult Inference::check() {
  for (const SymbolicFacts &facts : results)
    for (const SymDim &dim : facts.dims.value_or(SymDims()))
      if (auto extent = dim.constant(); extent && *extent < 0)
        return error("expected no negative dimension, got " +
                     toString(*facts.dims));
  return success();
}

/// Whether any dimension above 1 alone would leave the signed numbers of 32
/// bits.
static bool isLarge(const SymDim &value) {
  return llvm::any_of(value.splitTerms(), [](const SymDim &term) {
    int64_t coefficient = term.splitFactors().first;
    return coefficient > INT32_MAX / 2 || coefficient < INT32_MIN / 2;
  });
}

static bool hasDimension(const SymDim &value) {
  bool found = false;
  value.walk([&](const SymAtom &atom) {
    found |= atom.kind == SymAtom::Kind::Symbol;
  });
  return found;
}

/// The number of the type that a value stands for. Constants wrap. What depends
/// on dimensions is taken to fit numbers of 64 bits and, as exporters write
/// shape arithmetic in them too, signed ones of 32; others must be bounded.
static std::optional<SymDim> wrapTo(IntegerType type, const SymDim &value,
                                    ArrayRef<SymDim> extents) {
  unsigned width = type.getWidth();
  if (width == 1 || (width == 64 && !type.isUnsigned()))
    return value;
  int64_t low = type.isUnsigned() ? 0 : llvm::minIntN(width);
  int64_t high = type.isUnsigned() && width < 64 ? llvm::maxUIntN(width)
                                                 : llvm::maxIntN(width);
  if (auto constant = value.constant()) {
    if (width == 64) // Numbers above the signed ones have no SymDim.
      return *constant >= 0 ? std::optional(value) : std::nullopt;
    return SymDim(type.isUnsigned() ? *constant & high
                                    : llvm::SignExtend64(*constant, width));
  }
  auto least = value.lowerBound(extents), most = value.upperBound(extents);
  bool isBounded = least && most;
  if (isBounded && *least >= low && *most <= high)
    return value;
  if (type.isUnsigned() || width < 32 || isLarge(value) ||
      (isBounded && !hasDimension(value)))
    return std::nullopt;
  return value;
}

static std::optional<SymDims> wrapTo(IntegerType type,
                                     std::optional<SymDims> values) {
  if (!values)
    return std::nullopt;
  for (SymDim &value : *values)
    if (auto wrapped = wrapTo(type, value, {}))
      value = *wrapped;
    else
      return std::nullopt;
  return values;
}

void Inference::finish() {
  for (auto [facts, result] : llvm::zip(results, op->getResults())) {
    auto type = dyn_cast<TensorType>(result.getType());
    auto integer =
        type ? dyn_cast<IntegerType>(type.getElementType()) : IntegerType();
    if (!integer || !facts.dims) {
      facts.contents = std::nullopt;
      facts.element = std::nullopt;
      continue;
    }
    SmallVector<std::optional<unsigned>> axes;
    for (auto [k, dim] : llvm::enumerate(*facts.dims))
      axes.push_back(dim.isConstant(1) ? std::optional<unsigned>() : k);
    if (facts.element)
      facts.element = renameAxes(*facts.element, axes);
    auto shape = constantShape(*facts.dims);
    bool small = shape && isSmall(*shape);
    if (!small ||
        (facts.contents && static_cast<int64_t>(facts.contents->size()) !=
                               ShapedType::getNumElements(*shape)))
      facts.contents = std::nullopt;
    if (small && facts.element && !facts.contents)
      facts.contents = evaluateElement(*facts.element, *shape);
    facts.contents = wrapTo(integer, std::move(facts.contents));
    if (facts.element)
      facts.element = wrapTo(integer, *facts.element, *facts.dims);
    if (facts.contents && !facts.element)
      facts.element = fitElement(*shape, *facts.contents);
  }
}

//===----------------------------------------------------------------------===//
// SymbolicShapes
//===----------------------------------------------------------------------===//

static InferenceRules makeRules() {
  InferenceRules rules;
  addCoreRules(rules);
  addElementwiseRules(rules);
  addIndexRules(rules);
  addJoinRules(rules);
  addMsRules(rules);
  addNNRules(rules);
  addReduceRules(rules);
  addShapeRules(rules);
  addSliceRules(rules);
  addSpatialRules(rules);
  return rules;
}

SymbolicShapes::SymbolicShapes(Operation *op)
    : func(cast<func::FuncOp>(op)),
      rules(std::make_shared<const InferenceRules>(makeRules())) {}

SymDim SymbolicShapes::freshSymbol(StringRef hint) {
  return SymDim::symbol((hint + "#" + Twine(freshCount++)).str());
}

/// What a ranked type says; its dynamic dimensions are symbols of their own.
static SymbolicFacts factsOfType(Type type, StringRef hint,
                                 SymbolicShapes &shapes) {
  SymbolicFacts facts;
  auto ranked = dyn_cast<RankedTensorType>(type);
  if (!ranked)
    return facts;
  facts.dims.emplace();
  for (int64_t extent : ranked.getShape())
    facts.dims->push_back(ShapedType::isDynamic(extent)
                              ? shapes.freshSymbol(hint)
                              : SymDim(extent));
  return facts;
}

SymbolicFacts SymbolicShapes::argumentFacts(BlockArgument argument) {
  unsigned number = argument.getArgNumber();
  std::string hint = "arg" + std::to_string(number);
  bool ofFunc = argument.getOwner() == &func.getBody().front();
  if (ofFunc)
    if (auto name = func.getArgAttrOfType<StringAttr>(number, "onnx.name"))
      hint = name.str();
  SymbolicFacts facts = factsOfType(argument.getType(), hint, *this);
  if (!ofFunc || !facts.dims)
    return facts;
  auto names = func.getArgAttrOfType<ArrayAttr>(number, "onnx.dims");
  bool named = names && names.size() == facts.dims->size();
  for (auto [axis, dim] : llvm::enumerate(*facts.dims)) {
    if (dim.constant())
      continue;
    auto name = named ? dyn_cast<StringAttr>(names[axis]) : StringAttr();
    int64_t ignored;
    if (name && !name.empty() && name.getValue().getAsInteger(10, ignored))
      dim = SymDim::symbol(name.getValue());
    else
      dim = SymDim::symbol(("?" + hint + "." + Twine(axis)).str());
  }
  return facts;
}

std::optional<std::string> SymbolicShapes::inferInto(Operation *op) {
  Inference in(*this, op);
  LogicalResult outcome = success();
  const InferenceRules::Rule *rule = rules->find(op);
  bool ready = llvm::all_of(op->getOperands(), [&](Value operand) {
    return !isa<TensorType>(operand.getType()) || known[operand]->dims;
  });
  if (rule && ready)
    outcome = (*rule)(in);
  if (succeeded(outcome))
    outcome = in.check();
  if (succeeded(outcome))
    in.finish();
  for (auto [facts, result] : llvm::zip(in.results, op->getResults())) {
    if (succeeded(outcome) && !facts.dims)
      facts =
          factsOfType(result.getType(), op->getName().stripDialect(), *this);
    known[result] = std::make_unique<SymbolicFacts>(
        failed(outcome) ? SymbolicFacts() : std::move(facts));
  }
  if (failed(outcome))
    return in.message;
  return std::nullopt;
}

const SymbolicFacts &SymbolicShapes::facts(Value value) {
  // Operands before their users, without recursion: graphs are deep.
  SmallVector<Value> pending{value};
  while (!pending.empty()) {
    Value next = pending.back();
    if (known.count(next)) {
      pending.pop_back();
      continue;
    }
    Operation *op = next.getDefiningOp();
    if (!op) {
      known[next] = std::make_unique<SymbolicFacts>(
          argumentFacts(cast<BlockArgument>(next)));
      continue;
    }
    size_t before = pending.size();
    for (Value operand : op->getOperands())
      if (!known.count(operand))
        pending.push_back(operand);
    if (pending.size() != before)
      continue;
    if (auto message = inferInto(op))
      errors[op] = std::move(*message);
  }
  return *known[value];
}

std::optional<ArrayRef<SymDim>> SymbolicShapes::dims(Value value) {
  const SymbolicFacts &f = facts(value);
  if (!f.dims)
    return std::nullopt;
  return ArrayRef<SymDim>(*f.dims);
}

std::optional<ArrayRef<SymDim>> SymbolicShapes::contents(Value value) {
  const SymbolicFacts &f = facts(value);
  if (!f.contents)
    return std::nullopt;
  return ArrayRef<SymDim>(*f.contents);
}

std::optional<SymDim> SymbolicShapes::element(Value value) {
  return facts(value).element;
}

std::optional<SymDim> SymbolicShapes::splat(Value value) {
  auto e = element(value);
  return e && !e->usesIndex() ? e : std::nullopt;
}

LogicalResult SymbolicShapes::infer(Operation *op) {
  for (Value result : op->getResults())
    (void)facts(result);
  auto error = errors.find(op);
  if (error == errors.end())
    return success();
  return emitError(op->getLoc()) << describe(op) << ": " << error->second;
}

Type SymbolicShapes::refinedType(Value value) {
  auto type = dyn_cast<TensorType>(value.getType());
  auto known = type ? dims(value) : std::nullopt;
  if (!known)
    return value.getType();
  SmallVector<int64_t> shape;
  for (const SymDim &dim : *known)
    shape.push_back(dim.constant().value_or(ShapedType::kDynamic));
  return RankedTensorType::get(shape, type.getElementType());
}

void SymbolicShapes::assume(Value value, SymDims dims) {
  auto facts = std::make_unique<SymbolicFacts>();
  facts->dims = std::move(dims);
  known[value] = std::move(facts);
}

void SymbolicShapes::forget(Operation *op) {
  for (Value result : op->getResults())
    known.erase(result);
  errors.erase(op);
}
