//===- Emitter.cpp - scalars, shapes and errors of one node ---------------===//
// Everything folds as it is built: known sizes never become code.
//===----------------------------------------------------------------------===//

#include "Emitter.h"

#include "skim/Dialect/Onnx/IR/OnnxDialect.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"

using namespace mlir;
using namespace skim;
using namespace skim::lowering;

RankedTensorType Emitter::resultType(unsigned i) {
  auto type = cast<RankedTensorType>(op->getResult(i).getType());
  if (auto integer = dyn_cast<IntegerType>(type.getElementType()))
    return RankedTensorType::get(type.getShape(),
                                 b.getIntegerType(integer.getWidth()));
  return type;
}

//===----------------------------------------------------------------------===//
// Scalars
//===----------------------------------------------------------------------===//

Value Emitter::index(int64_t value) {
  return arith::ConstantIndexOp::create(b, loc, value);
}

Value Emitter::boolean(bool value) {
  return arith::ConstantOp::create(b, loc, b.getBoolAttr(value));
}

Value Emitter::add(Value x, Value y) {
  return b.createOrFold<arith::AddIOp>(loc, x, y);
}

Value Emitter::sub(Value x, Value y) {
  if (same(x, y))
    return index(0);
  return b.createOrFold<arith::SubIOp>(loc, x, y);
}

Value Emitter::mul(Value x, Value y) {
  return b.createOrFold<arith::MulIOp>(loc, x, y);
}

Value Emitter::div(Value x, Value y) {
  return b.createOrFold<arith::DivUIOp>(loc, x, y);
}

Value Emitter::rem(Value x, Value y) {
  return b.createOrFold<arith::RemUIOp>(loc, x, y);
}

Value Emitter::min(Value x, Value y) {
  return b.createOrFold<arith::MinSIOp>(loc, x, y);
}

Value Emitter::max(Value x, Value y) {
  return b.createOrFold<arith::MaxSIOp>(loc, x, y);
}

Value Emitter::compare(Pred pred, Value x, Value y) {
  return b.createOrFold<arith::CmpIOp>(loc, pred, x, y);
}

Value Emitter::both(Value x, Value y) {
  return b.createOrFold<arith::AndIOp>(loc, x, y);
}

Value Emitter::either(Value x, Value y) {
  return b.createOrFold<arith::OrIOp>(loc, x, y);
}

Value Emitter::negate(Value x) {
  return b.createOrFold<arith::XOrIOp>(loc, x, boolean(true));
}

Value Emitter::select(Value condition, Value x, Value y) {
  return b.createOrFold<arith::SelectOp>(loc, condition, x, y);
}

Value Emitter::toIndex(Value integer, bool isUnsigned) {
  if (integer.getType().isIndex())
    return integer;
  if (auto cast = integer.getDefiningOp<arith::IndexCastOp>())
    if (cast.getIn().getType().isIndex())
      return cast.getIn();
  if (isUnsigned || integer.getType().isInteger(1))
    return b.createOrFold<arith::IndexCastUIOp>(loc, b.getIndexType(), integer);
  return b.createOrFold<arith::IndexCastOp>(loc, b.getIndexType(), integer);
}

Value Emitter::fromIndex(Value index, Type type) {
  return b.createOrFold<arith::IndexCastOp>(loc, type, index);
}

bool Emitter::same(Value x, Value y) {
  if (x == y)
    return true;
  std::optional<int64_t> a = getConstantIntValue(x);
  return a && a == getConstantIntValue(y);
}

bool Emitter::isNotNegative(Value x) {
  std::optional<int64_t> known = getConstantIntValue(x);
  return known ? *known >= 0 : bool(x.getDefiningOp<tensor::DimOp>());
}

Value Emitter::wrap(Value i, Value size) {
  if (isNotNegative(i))
    return i;
  return select(compare(Pred::slt, i, index(0)), add(i, size), i);
}

Value Emitter::stepCount(Value start, Value end, Value step) {
  Value zero = index(0), one = index(1);
  if (getConstantIntValue(step) == 1) {
    Value length = sub(end, start);
    return isNotNegative(length) ? length : max(length, zero);
  }
  Value isZero = compare(Pred::eq, step, zero);
  check(negate(isZero), "expected a step other than 0");
  step = select(isZero, one, step);
  Value down = compare(Pred::slt, step, zero);
  Value length = select(down, sub(start, end), sub(end, start));
  Value size = select(down, sub(zero, step), step);
  Value number = add(div(sub(length, one), size), one);
  return select(compare(Pred::sgt, length, zero), number, zero);
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

/// The tensor that `tensor` has its shape from, one op up; null where unknown.
static Value shapeSource(Value tensor) {
  auto result = dyn_cast<OpResult>(tensor);
  if (!result)
    return {};
  Operation *def = result.getOwner();
  if (auto cast = dyn_cast<tensor::CastOp>(def))
    return cast.getSource();
  if (auto cast = dyn_cast<UnrealizedConversionCastOp>(def))
    return cast.getNumOperands() == 1 ? cast.getOperand(0) : Value();
  if (auto loop = dyn_cast<scf::ForOp>(def))
    return loop.getInitArgs()[result.getResultNumber()];
  if (auto style = dyn_cast<DestinationStyleOpInterface>(def))
    return style.getTiedOpOperand(result)->get();
  return {};
}

Value Emitter::dim(Value tensor, int64_t i) {
  while (true) {
    auto type = cast<RankedTensorType>(tensor.getType());
    if (!type.isDynamicDim(i))
      return index(type.getDimSize(i));
    if (Value known = arguments.lookup({tensor, i}))
      return known;
    if (auto empty = tensor.getDefiningOp<tensor::EmptyOp>())
      return empty.getDynamicSize(i);
    if (auto reshape = tensor.getDefiningOp<tensor::ReshapeOp>())
      if (auto shape =
              reshape.getShape().getDefiningOp<tensor::FromElementsOp>())
        return shape.getElements()[i];
    Value source = shapeSource(tensor);
    if (!source || !isa<RankedTensorType>(source.getType()))
      return b.createOrFold<tensor::DimOp>(loc, tensor, i);
    tensor = source;
  }
}

Values Emitter::dims(Value tensor) {
  Values result;
  for (int64_t i = 0; i != cast<RankedTensorType>(tensor.getType()).getRank();
       ++i)
    result.push_back(dim(tensor, i));
  return result;
}

Value Emitter::count(ValueRange dims) {
  Value product = index(1);
  for (Value dim : dims)
    product = mul(product, dim);
  return product;
}

Values Emitter::settle(ValueRange dims, RankedTensorType type) {
  Values result;
  for (auto [i, dim] : llvm::enumerate(dims)) {
    if (type.isDynamicDim(i)) {
      result.push_back(dim);
      continue;
    }
    Value size = index(type.getDimSize(i));
    check(compare(Pred::eq, dim, size),
          "expected {0} in dimension " + llvm::Twine(i) +
              " of the result, got {1}",
          {size, dim});
    result.push_back(size);
  }
  return result;
}

Values Emitter::broadcastDims(ValueRange tensors) {
  SmallVector<Values> shapes;
  for (Value tensor : tensors)
    shapes.push_back(dims(tensor));
  return broadcastShapes(shapes);
}

Values Emitter::broadcastShapes(ArrayRef<Values> shapes) {
  Values result; // From the last to the first.
  for (const Values &shape : shapes)
    for (auto [i, size] : llvm::enumerate(llvm::reverse(shape))) {
      if (i == result.size()) {
        result.push_back(size);
        continue;
      }
      Value &out = result[i];
      std::optional<int64_t> known = getConstantIntValue(out);
      std::optional<int64_t> other = getConstantIntValue(size);
      if (same(out, size) || other == 1 || (known && known != 1))
        continue;
      if (known == 1 || other)
        out = size;
      else
        out = select(compare(Pred::eq, out, index(1)), size, out);
    }
  return llvm::to_vector(llvm::reverse(result));
}

void Emitter::checkBroadcast(Value tensor, ValueRange outDims) {
  Values from = dims(tensor);
  ValueRange to = outDims.take_back(from.size());
  for (auto [size, out] : llvm::zip(from, to)) {
    if (same(size, out))
      continue;
    Value one = compare(Pred::eq, size, index(1));
    check(either(one, compare(Pred::eq, size, out)),
          "expected dimensions that broadcast, got {0} and {1}", {size, out});
  }
}

Value Emitter::broadcastIndex(Value from, Value to, Value i) {
  if (getConstantIntValue(from) == 1)
    return index(0);
  if (same(from, to))
    return i;
  return select(compare(Pred::eq, from, index(1)), index(0), i);
}

Value Emitter::readBroadcast(Value tensor, ValueRange outDims,
                             ValueRange indices) {
  Values from = dims(tensor), read;
  ValueRange to = outDims.take_back(from.size());
  for (auto [size, out, i] :
       llvm::zip(from, to, indices.take_back(from.size())))
    read.push_back(broadcastIndex(size, out, i));
  return extract(tensor, read);
}

//===----------------------------------------------------------------------===//
// Errors of the run
//===----------------------------------------------------------------------===//

static bool isTrue(Value condition) {
  std::optional<int64_t> known = getConstantIntValue(condition);
  return known && *known != 0;
}

void Emitter::check(Value condition, const Twine &message, ValueRange values) {
  if (!isTrue(condition))
    CheckOp::create(b, loc, condition,
                    b.getStringAttr(onnx::describe(op) + ": " + message),
                    values);
}

void Emitter::report(Value condition, const Twine &message, ValueRange values) {
  if (isTrue(condition))
    return;
  auto wrong = scf::IfOp::create(b, loc, negate(condition), /*withElse=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(wrong.thenBlock());
  ReportOp::create(b, loc, b.getStringAttr(onnx::describe(op) + ": " + message),
                   values);
}

Value Emitter::wrapIndex(Value i, Value size) {
  Value zero = index(0);
  Value wrapped = wrap(i, size);
  Value inside = both(compare(Pred::sge, wrapped, zero),
                      compare(Pred::slt, wrapped, size));
  report(inside, "index {0} is out of range for a dimension of {1}", {i, size});
  return select(inside, wrapped, zero);
}

void Emitter::checkReadable(Value size, ValueRange outputDims) {
  Value zero = index(0);
  if (getConstantIntValue(size).value_or(0) != 0)
    return;
  check(either(compare(Pred::ne, size, zero),
               compare(Pred::eq, count(outputDims), zero)),
        "expected a dimension that is not empty to take elements from");
}
