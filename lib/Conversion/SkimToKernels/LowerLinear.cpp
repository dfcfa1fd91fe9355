//===- LowerLinear.cpp - linear layers and other row-wise ops -------------===//
// Products over packed weights, norms, sums and activations.
//===----------------------------------------------------------------------===//

#include "Lowering.h"

using namespace mlir;
using namespace skim;

LogicalResult Lowering::lowerLinear(LinearOp op) {
  auto group = merged.find(op);
  if (group != merged.end())
    return lowerMerged(group->second);
  // One that was merged into an earlier one.
  if (states.count(op.getResult()))
    return success();
  return lowerMerged(op);
}

/// A buffer for as many states as `like` has, as products read them.
Value Lowering::makeWords(Location loc, const StatesBuffer &like,
                          const Words &words) {
  MemRefType type = words.states(builder.getContext());
  return makeBuffer(loc, like.count, like.bound, type.getDimSize(1),
                    type.getElementType());
}

/// The scale and zero point of the input that a layer has; null for one that
/// finds them.
static Attribute givenScale(LinearOp op) {
  if (!op.getInputScale())
    return {};
  return ArrayAttr::get(op.getContext(),
                        {op.getInputScaleAttr(), op.getInputZeroPointAttr()});
}

/// `input` as products of `dtype` read it; each state is rounded once, for all
/// of them in this block and the branches in it.
Value Lowering::quantise(LinearOp op, const StatesBuffer &input, Dtype dtype) {
  Attribute given = givenScale(op);
  for (Block *block = builder.getInsertionBlock(); block;
       block = block->getParentOp()->getBlock())
    if (Value known =
            quantised.lookup({op.getInput(), block, unsigned(dtype), given}))
      return known;
  Location loc = op.getLoc();
  QuantiseSpec spec{input.stride, dtype, bool(input.index)};
  Value out = makeWords(loc, input, Words(dtype, spec.width));
  SmallVector<Value> arguments = {input.memref};
  if (spec.indexed)
    arguments.push_back(input.index);
  if (dtype == Dtype::Uint8)
    arguments.push_back(tensorScale(op, input));
  arguments.push_back(out);
  // Parts of 16 rows at least are handed out: what is written is longer then.
  int64_t width = spec.width;
  if (dtype == Dtype::Int8x3)
    width = std::min<int64_t>(width, 256);
  Launch launch = emitter.launchRows(builder, loc, input.count, width);
  dispatch(op, emitter.get(spec), arguments, launch, KernelKind::Gemm);
  return quantised[{op.getInput(), builder.getInsertionBlock(), unsigned(dtype),
                    given}] = out;
}

/// What all rows of `input` are rounded by, as TensorScaleSpec gives it; a
/// scale that is given has its part in those of the weights.
Value Lowering::tensorScale(LinearOp op, const StatesBuffer &input) {
  Location loc = op.getLoc();
  if (std::optional<APFloat> given = op.getInputScale()) {
    float scale = given->convertToFloat();
    float numbers[] = {scale, 1 / scale, float(*op.getInputZeroPoint()), 1};
    auto type = RankedTensorType::get({1, 4}, builder.getF32Type());
    ElementsAttr elements = DenseElementsAttr::get(type, ArrayRef(numbers));
    return dynamicRows(
        builder, loc,
        weights.view(builder, loc, elements, Layout::Plain, 1, memrefOf(type)));
  }
  RangeSpec spec{input.stride, bool(input.index)};
  Value ranges = makeBuffer(loc, input.count, input.bound, /*width=*/2);
  SmallVector<Value> arguments = {input.memref};
  if (spec.indexed)
    arguments.push_back(input.index);
  arguments.push_back(ranges);
  dispatch(op, emitter.get(spec), arguments,
           emitter.launchRows(builder, loc, input.count, input.stride),
           KernelKind::Gemm);
  Value one = index(loc, 1);
  Value scale = makeBuffer(loc, one, one, /*width=*/4);
  dispatch(op, emitter.get(TensorScaleSpec()), {ranges, scale},
           emitter.launchRows(builder, loc, one, /*width=*/4),
           KernelKind::Gemm);
  return scale;
}

/// Whether nothing but products in bf16 reads the result, so that it need not
/// lie in memory in fp32: those of a feed-forward in between. Products without
/// tiles have sums there.
bool Lowering::narrowsResult(LinearOp op, const GemmSpec &spec) {
  Value result = op.getResult();
  if (spec.dtype != Dtype::Bf16 || !target.tileStep(spec.dtype, spec.k) ||
      spec.n % target.tileColumns)
    return false;
  if (!isRagged(result.getType()) || !result.hasOneUse())
    return false;
  auto user = dyn_cast<LinearOp>(*result.user_begin());
  return user && user.getInput() == result;
}

/// Whether some weights' zero points, as int8, are not 0.
static bool hasZeroPoints(ElementsAttr points) {
  ArrayRef<char> bytes;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(points))
    bytes = resource.getRawHandle().getBlob()->getData();
  else
    bytes = cast<DenseElementsAttr>(points).getRawData();
  char none = char(points.getElementType().isUnsignedInteger() ? 128 : 0);
  return llvm::any_of(bytes, [=](char point) { return point != none; });
}

/// What the product of a layer multiplies, where others multiply `dtype`.
static Dtype productDtype(LinearOp op, Dtype dtype, const TargetInfo &target) {
  if (op.isQuantised())
    return Dtype::Uint8;
  // Sums of more products of int8 could overflow.
  constexpr int64_t mostInt8 = 65536;
  int64_t k = getWidth(op.getInput().getType());
  if ((dtype == Dtype::Int8 && k > mostInt8) ||
      (dtype == Dtype::Int8x3 && !target.tileStep(dtype, k)))
    return Dtype::Fp32;
  return dtype;
}

/// The weights of `group`, side by side, packed for `spec`, which learns
/// whether they have zero points.
FailureOr<Value> Lowering::productWeights(ArrayRef<LinearOp> group,
                                          GemmSpec &spec) {
  SmallVector<ElementsAttr> parts;
  for (LinearOp op : group) {
    std::pair<Value, StringRef> operands[] = {
        {op.getWeight(), "weight"},
        {op.getWeightScale(), "weight's scale"},
        {op.getWeightZeroPoint(), "weight's zero point"}};
    for (auto [value, what] : ArrayRef(operands, op.isQuantised() ? 3 : 1)) {
      FailureOr<ElementsAttr> elements = constant(op, value, what);
      if (failed(elements))
        return failure();
      parts.push_back(*elements);
    }
    if (op.isQuantised())
      spec.zeroPoints |= hasZeroPoints(parts.back());
  }
  LinearOp first = group.front();
  int64_t tile = target.tileColumnsOf(spec.dtype);
  MemRefType type = Words(spec.dtype, spec.k)
                        .weights(builder.getContext(),
                                 target.numTiles(spec.n, spec.dtype), tile);
  Layout layout =
      first.getTransposeWeight() ? Layout::TiledTransposed : Layout::Tiled;
  return weights.view(builder, first.getLoc(), parts, layout, tile, type,
                      spec.dtype);
}

/// The product of one input with the weights of `group`, side by side.
LogicalResult Lowering::lowerMerged(ArrayRef<LinearOp> group) {
  LinearOp first = group.front();
  Location loc = first.getLoc();
  GemmSpec spec;
  spec.k = getWidth(first.getInput().getType());
  spec.activation = first.getActivation();
  spec.bias = bool(first.getBias());
  spec.residual = bool(first.getResidual());
  SmallVector<ElementsAttr> biases;
  for (LinearOp op : group) {
    spec.n += getWidth(op.getResult().getType());
    if (!spec.bias)
      continue;
    FailureOr<ElementsAttr> bias = constant(op, op.getBias(), "bias");
    if (failed(bias))
      return failure();
    biases.push_back(*bias);
  }

  StatesBuffer input = indexedRowsOf(first.getInput());
  spec.dtype = productDtype(first, dtype, target);
  FailureOr<Value> packed = productWeights(group, spec);
  if (failed(packed))
    return failure();
  SmallVector<Value> arguments = {input.memref};
  if (spec.dtype != Dtype::Fp32)
    arguments = {quantise(first, input, spec.dtype)};
  else if (input.index)
    arguments.push_back(input.index);
  spec.indexed = arguments.size() > 1;
  arguments.push_back(*packed);
  int64_t tile = target.tileColumnsOf(spec.dtype);
  int64_t tiles = target.numTiles(spec.n, spec.dtype);
  if (spec.bias) {
    auto padded = MemRefType::get({tiles * tile}, builder.getF32Type());
    arguments.push_back(
        weights.view(builder, loc, biases, Layout::Padded, tile, padded));
  }
  if (spec.residual) {
    StatesBuffer residual = indexedRowsOf(first.getResidual());
    arguments.push_back(residual.memref);
    spec.residualIndexed = bool(residual.index);
    if (spec.residualIndexed)
      arguments.push_back(residual.index);
  }

  Value out;
  if (group.size() == 1 && narrowsResult(first, spec)) {
    spec.narrowsResult = true;
    out = makeWords(loc, input, Words(spec.dtype, spec.n));
    states[first.getResult()] = {out,     0,           spec.n,
                                 Value(), input.count, input.bound};
    quantised[{first.getResult(), builder.getInsertionBlock(),
               unsigned(spec.dtype), Attribute()}] = out;
  } else if (group.size() == 1) {
    out = makeResult(first.getResult(), first.getInput());
  } else {
    out = makeBuffer(loc, input.count, input.bound, spec.n);
    int64_t column = 0;
    for (LinearOp op : group) {
      states[op.getResult()] = {out,     column,      spec.n,
                                Value(), input.count, input.bound};
      column += getWidth(op.getResult().getType());
    }
  }
  arguments.push_back(out);
  Launch launch = emitter.launchGemm(builder, loc, spec, input.count);
  func::FuncOp kernel = emitter.get(spec);
  if (!kernel)
    return failure();
  dispatch(first, kernel, arguments, launch, KernelKind::Gemm,
           timesI64(loc, input.count, 2 * spec.k * spec.n));
  return success();
}

LogicalResult Lowering::lowerMatmul(MatmulOp op) {
  Location loc = op.getLoc();
  Value lhs = bufferOf(op.getLhs()), rhs = bufferOf(op.getRhs());
  MatmulSizes sizes{dim(loc, lhs, 0), dim(loc, lhs, 1), dim(loc, lhs, 2),
                    dim(loc, rhs, 2)};
  SmallVector<Value> dynamic;
  for (auto [i, size] :
       llvm::enumerate(std::array{sizes.batch, sizes.rows, sizes.columns}))
    if (op.getType().isDynamicDim(i))
      dynamic.push_back(size);
  auto any = MemRefType::get(SmallVector<int64_t>(3, ShapedType::kDynamic),
                             builder.getF32Type());
  SmallVector<Value> arguments = {lhs, rhs,
                                  makeTensor(op.getResult(), dynamic)};
  for (Value &argument : arguments)
    argument = builder.createOrFold<memref::CastOp>(loc, any, argument);
  Value products = sizes.batch;
  for (Value size : {sizes.rows, sizes.depth, sizes.columns})
    products = builder.createOrFold<arith::MulIOp>(loc, products, size);
  dispatch(op, emitter.get(MatmulSpec()), arguments,
           emitter.launchMatmul(builder, loc, sizes), KernelKind::Gemm,
           timesI64(loc, products, 2));
  return success();
}

LogicalResult Lowering::lowerNorm(NormOp op) {
  NormSpec spec;
  int64_t width = getWidth(op.getInput().getType());
  spec.heads = op.getHeads();
  spec.width = width / spec.heads;
  spec.kind = op.getKind();
  spec.bias = bool(op.getBias());
  spec.epsilon = op.getEpsilon().convertToFloat();
  StatesBuffer input = rangeOf(op.getInput());
  if (input.stride != width) {
    spec.xWidth = input.stride;
    spec.column = input.column;
  }
  SmallVector<Value> arguments = {input.memref};
  FailureOr<Value> scale = plainWeight(op, op.getScale(), "scale");
  if (failed(scale))
    return failure();
  arguments.push_back(*scale);
  if (spec.bias) {
    FailureOr<Value> bias = plainWeight(op, op.getBias(), "bias");
    if (failed(bias))
      return failure();
    arguments.push_back(*bias);
  }
  Value out = makeResult(op.getResult(), op.getInput());
  arguments.push_back(out);
  dispatchRows(op, emitter.get(spec), arguments, out, KernelKind::Norm);
  return success();
}

LogicalResult Lowering::lowerL2(L2NormalizeOp op) {
  L2Spec spec{getWidth(op.getInput().getType()),
              op.getEpsilon().convertToFloat()};
  Value input = rowsOf(op.getInput());
  Value out = makeResult(op.getResult(), op.getInput());
  dispatchRows(op, emitter.get(spec), {input, out}, out, KernelKind::Norm);
  return success();
}

LogicalResult Lowering::lowerBinary(Operation *op, ElementwiseSpec::Kind kind) {
  ElementwiseSpec spec;
  spec.kind = kind;
  spec.width = getWidth(op->getResult(0).getType());
  Value lhs = rowsOf(op->getOperand(0)), rhs = rowsOf(op->getOperand(1));
  Value out = makeResult(op->getResult(0), op->getOperand(0));
  dispatchRows(op, emitter.get(spec), {lhs, rhs, out}, out, KernelKind::Other);
  return success();
}

LogicalResult Lowering::lowerActivation(ActivationOp op) {
  ElementwiseSpec spec;
  spec.kind = ElementwiseSpec::Kind::Activation;
  spec.width = getWidth(op.getResult().getType());
  spec.activation = op.getActivation();
  Value input = rowsOf(op.getInput());
  Value out = makeResult(op.getResult(), op.getInput());
  dispatchRows(op, emitter.get(spec), {input, out}, out, KernelKind::Other);
  return success();
}

LogicalResult Lowering::lowerGlu(GluOp op) {
  ElementwiseSpec spec;
  spec.kind = op.getGateLast() ? ElementwiseSpec::Kind::GluLast
                               : ElementwiseSpec::Kind::Glu;
  spec.width = getWidth(op.getResult().getType());
  spec.activation = op.getActivation();
  Value input = rowsOf(op.getInput());
  Value out = makeResult(op.getResult(), op.getInput());
  dispatchRows(op, emitter.get(spec), {input, out}, out, KernelKind::Other);
  return success();
}
