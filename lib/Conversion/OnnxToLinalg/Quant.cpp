//===- Quant.cpp - quantisation -------------------------------------------===//
// Scales and zero points for a tensor, for an axis or for blocks of an axis.
//===----------------------------------------------------------------------===//

#include "Contract.h"
#include "Patterns.h"

using namespace mlir;
using namespace skim;
using namespace skim::lowering;

/// Whether the parameter is one for all, whatever the axis.
static bool isSingle(Value parameter) {
  auto type = cast<RankedTensorType>(parameter.getType());
  return type.hasStaticShape() && type.getRank() < 2 &&
         type.getNumElements() == 1;
}

/// Reads the parameter of the element at `at`: one for all, one for each index
/// of `axis`, or one for each block of the axis.
static Value readParameter(Emitter &e, Value parameter, ValueRange at,
                           int64_t axis, int64_t block) {
  auto type = cast<RankedTensorType>(parameter.getType());
  if (isSingle(parameter))
    return e.extract(parameter, Values(type.getRank(), e.index(0)));
  if (type.getRank() == 1 && block == 0) {
    // An axis that the tensor does not have is allowed for one parameter.
    if (axis == int64_t(at.size()))
      return e.extract(parameter, e.index(0));
    Value only = e.compare(Pred::eq, e.dim(parameter, 0), e.index(1));
    return e.extract(parameter, e.select(only, e.index(0), at[axis]));
  }
  Values from = llvm::to_vector(at);
  if (block != 0)
    from[axis] = e.div(from[axis], e.index(block));
  return e.extract(parameter, from);
}

/// Checks that readParameter stays inside of the parameter.
static LogicalResult checkParameter(Emitter &e, Value parameter,
                                    ValueRange dims, int64_t axis,
                                    int64_t block) {
  auto type = cast<RankedTensorType>(parameter.getType());
  Values from = e.dims(parameter);
  if (isSingle(parameter))
    return success();
  if (type.getRank() == 1 && block == 0) {
    if (axis >= int64_t(dims.size()) && getConstantIntValue(from[0]) != 1)
      return e.fail("axis out of range");
    if (axis < int64_t(dims.size()))
      e.check(e.either(e.compare(Pred::eq, from[0], e.index(1)),
                       e.compare(Pred::eq, from[0], dims[axis])),
              "expected one scale or one for each index of the axis, got {0}",
              from[0]);
    return success();
  }
  if (from.size() != dims.size())
    return e.fail("expected scales of the tensor's rank");
  for (size_t i = 0; i != dims.size(); ++i) {
    Value want = dims[i];
    if (block != 0 && int64_t(i) == axis)
      want = e.div(e.add(want, e.index(block - 1)), e.index(block));
    e.check(e.compare(Pred::eq, from[i], want),
            "expected {0} scales in dimension " + Twine(i) + ", got {1}",
            {want, from[i]});
  }
  return success();
}

static Value clampTo(Scalars &wide, Value x, double low, double high) {
  return wide.min(wide.max(x, wide.constant(low)), wide.constant(high));
}

/// Smallest and largest number of an integer type.
static std::pair<double, double> rangeOf(Type element) {
  unsigned width = element.getIntOrFloatBitWidth();
  if (element.isUnsignedInteger())
    return {0.0, double((uint64_t(1) << width) - 1)};
  double half = double(uint64_t(1) << (width - 1));
  return {-half, half - 1};
}

namespace {
/// The element, its scale, and its zero point where there are any.
using EmitElement = function_ref<Value(Value, Value, Value)>;
} // namespace

/// Of each element of `x` what `emit` makes with the parameters that belong to
/// it.
static FailureOr<Value> mapByParameters(Emitter &e, Value x, Value scale,
                                        Value zeroPoint, int64_t axis,
                                        int64_t block, EmitElement emit) {
  Values dims = e.dims(x);
  axis = onnx::normaliseAxis(axis, dims.size()).value_or(dims.size());
  block = std::min(block, int64_t(1) << 62); // As good as any above.
  Values parameters = {scale};
  if (!onnx::isAbsent(zeroPoint))
    parameters.push_back(zeroPoint);
  for (Value parameter : parameters)
    if (failed(checkParameter(e, parameter, dims, axis, block)))
      return failure();
  auto emitElement = [&](ValueRange v) {
    return emit(v[0], v[1], v.size() == 3 ? v[2] : Value());
  };
  // Those of one element broadcast, and need no place; a list of one would give
  // a number a dimension.
  bool areSingle = llvm::all_of(parameters, isSingle);
  if (areSingle && !dims.empty()) {
    Values operands = {x};
    operands.append(parameters);
    return e.elementwise(operands, e.resultType(), emitElement);
  }
  return e.generate(dims, e.resultType().getElementType(), [&](ValueRange at) {
    Values v = {e.extract(x, at)};
    for (Value parameter : parameters)
      v.push_back(readParameter(e, parameter, at, axis, block));
    return emitElement(v);
  });
}

/// Integers that hold sums of those of `type` and a zero point.
static Type sumsOf(Emitter &e, Type type) {
  return type.getIntOrFloatBitWidth() > 16 ? e.b.getI64Type()
                                           : e.b.getI32Type();
}

/// A number without a fraction as an integer; 0 for NaN. Far from the range of
/// narrow integers the number and the zero point do not matter.
static Value toWhole(Emitter &e, Scalars &real, Value x, Scalars &whole) {
  if (whole.stored.isInteger(64))
    return clampTo(whole, real.castTo(x, whole), -0x1p33, 0x1p33);
  Value low = real.constant(-0x1p30), high = real.constant(0x1p30);
  // The order of the operands keeps a NaN of x.
  x = e.select(real.less(high, x), high, x);
  x = e.select(real.less(x, low), low, x);
  x = e.select(real.equal(x, x), x, real.constant(0));
  return arith::FPToSIOp::create(e.b, e.loc, whole.stored, x);
}

static FailureOr<Value> lowerQuantize(Emitter &e, onnx::QuantizeLinearOp op,
                                      onnx::QuantizeLinearOp::Adaptor in) {
  Type element = elementOf(op.getY());
  Scalars x(e, elementOf(op.getX())), scale(e, elementOf(op.getYScale()));
  Scalars to(e, element), whole(e, sumsOf(e, element));
  Scalars real(e, e.b.getF32Type());
  auto [low, high] = rangeOf(element);
  return mapByParameters(
      e, in.getX(), in.getYScale(), in.getYZeroPoint(), op.getAxis(),
      op.getBlockSize(),
      [&, low = low, high = high](Value v, Value s, Value zero) {
        Value q = real.div(x.castTo(x.load(v), real),
                           scale.castTo(scale.load(s), real));
        q = toWhole(e, real, math::RoundEvenOp::create(e.b, e.loc, q), whole);
        if (zero)
          q = whole.add(q, to.castTo(zero, whole));
        return whole.castTo(clampTo(whole, q, low, high), to);
      });
}

static FailureOr<Value> lowerDequantize(Emitter &e, onnx::DequantizeLinearOp op,
                                        onnx::DequantizeLinearOp::Adaptor in) {
  Type element = elementOf(op.getX());
  Scalars x(e, element), scale(e, elementOf(op.getXScale()));
  Scalars to(e, elementOf(op.getY())), whole(e, sumsOf(e, element));
  Scalars real(e, e.b.getF32Type());
  return mapByParameters(
      e, in.getX(), in.getXScale(), in.getXZeroPoint(), op.getAxis(),
      op.getBlockSize(), [&](Value v, Value s, Value zero) {
        v = x.castTo(v, whole);
        if (zero)
          v = whole.sub(v, x.castTo(zero, whole));
        Value y =
            real.mul(whole.castTo(v, real), scale.castTo(scale.load(s), real));
        return to.store(real.castTo(y, to));
      });
}

static FailureOr<Values>
lowerDynamicQuantize(Emitter &e, onnx::DynamicQuantizeLinearOp op,
                     onnx::DynamicQuantizeLinearOp::Adaptor in) {
  Scalars real(e, e.b.getF32Type()), whole(e, e.b.getI64Type());
  Scalars byte(e, elementOf(op.getY()));
  Values dims = e.dims(in.getX());
  Value zero = real.constant(0), most = real.constant(255);
  Values ends =
      e.loop(dims, {zero, zero}, [&](ValueRange at, ValueRange so) -> Values {
        Value x = e.extract(in.getX(), at);
        return {real.min(so[0], x), real.max(so[1], x)};
      });
  Value range = real.sub(ends[1], ends[0]);
  Value flat = real.equal(range, zero);
  // Nothing but zeros has the unit as its scale, as in ONNX Runtime.
  Value scale = e.select(flat, real.constant(1), real.div(range, most));
  auto round = [&](Value x) -> Value {
    return math::RoundEvenOp::create(e.b, e.loc, x);
  };
  auto clamp = [&](Value x) { return real.min(real.max(x, zero), most); };
  Value point = round(clamp(real.sub(zero, real.div(ends[0], scale))));
  auto toByte = [&](Value x) { return real.castTo(x, byte); };
  Value y = e.generate(dims, byte.stored, [&](ValueRange at) {
    Value q = round(real.div(e.extract(in.getX(), at), scale));
    return toByte(clamp(real.add(q, point)));
  });
  auto scalar = [&](Value x) -> Value {
    return tensor::FromElementsOp::create(
        e.b, e.loc, RankedTensorType::get({}, x.getType()), x);
  };
  return Values{y, scalar(scale), scalar(toByte(point))};
}

namespace {
/// A matrix of bytes, less its zero points, which go with the rows or with the
/// columns.
struct ByteMatrix {
  Emitter &e;
  Value tensor, zero;
  Scalars bytes, words;
  Values dims;
  int64_t axis, zeroRank = -1; // -1: there are none.

  ByteMatrix(Emitter &e, Value original, Value tensor, Value zero, bool ofRows)
      : e(e), tensor(tensor), zero(zero), bytes(e, elementOf(original)),
        words(e, e.b.getI32Type()), dims(e.dims(tensor)),
        axis(int64_t(dims.size()) - (ofRows ? 2 : 1)) {
    if (auto type = dyn_cast<RankedTensorType>(zero.getType()))
      zeroRank = type.getRank();
  }

  LogicalResult check() {
    if (zeroRank > 1)
      e.checkBroadcast(zero, dims);
    return zeroRank < 0 || zeroRank > 1
               ? success()
               : checkParameter(e, zero, dims, axis, 0);
  }

  /// An element in i32.
  Value at(ValueRange place) {
    Value x = bytes.castTo(e.extract(tensor, place), words);
    if (zeroRank < 0)
      return x;
    Value z = zeroRank > 1 ? e.readBroadcast(zero, dims, place)
                           : readParameter(e, zero, place, axis, 0);
    return words.sub(x, bytes.castTo(z, words));
  }

  Value widen() {
    return e.generate(dims, words.stored,
                      [&](ValueRange place) { return at(place); });
  }
};

/// The product of a matrix of bytes, or of many, with one on the right by the
/// kernel for fp32: in blocks of the inner dimension, in which sums of up to
/// 256 products of numbers below 256 are exact, below 2^24.
struct BlockedProduct {
  Emitter &e;
  ByteMatrix &left, &right;
  int64_t depth, blocks, size;
  Scalars real;

  BlockedProduct(Emitter &e, ByteMatrix &left, ByteMatrix &right, int64_t depth)
      : e(e), left(left), right(right), depth(depth),
        blocks((depth + 255) / 256), size((depth + blocks - 1) / blocks),
        real(e, e.b.getF32Type()) {}

  Value read(ByteMatrix &matrix, Value block, Value i,
             function_ref<Values(Value)> place);
  Value leftBlocks(ValueRange outer);
  Value rightBlocks();
  Value addBlocks(Value sums, Value rows);
  Value emit();
};
} // namespace

/// An element of a block of the inner dimension as fp32, 0 beyond its end.
Value BlockedProduct::read(ByteMatrix &matrix, Value block, Value i,
                           function_ref<Values(Value)> place) {
  Value k = e.add(e.mul(block, e.index(size)), i);
  Value inside = e.compare(Pred::slt, k, e.index(depth));
  Value element = matrix.at(place(e.min(k, e.index(depth - 1))));
  return left.words.castTo(e.select(inside, element, left.words.constant(0)),
                           real);
}

/// [blocks, outer.., size].
Value BlockedProduct::leftBlocks(ValueRange outer) {
  Values dims = {e.index(blocks)};
  dims.append(outer.begin(), outer.end());
  dims.push_back(e.index(size));
  return e.generate(dims, real.stored, [&](ValueRange at) {
    return read(left, at.front(), at.back(), [&](Value k) {
      Values place = llvm::to_vector(at.drop_front().drop_back());
      place.push_back(k);
      return place;
    });
  });
}

/// [blocks, size, columns].
Value BlockedProduct::rightBlocks() {
  Values dims = {e.index(blocks), e.index(size), right.dims[1]};
  return e.generate(dims, real.stored, [&](ValueRange at) {
    return read(right, at[0], at[1], [&](Value k) { return Values{k, at[2]}; });
  });
}

/// [rows, columns], the blocks' sums added as integers: written out up to some,
/// which is as deep as layers are.
Value BlockedProduct::addBlocks(Value sums, Value rows) {
  constexpr int64_t kWrittenOut = 256;
  Scalars &words = left.words;
  Values dims = {rows, right.dims[1]};
  return e.generate(dims, words.stored, [&](ValueRange at) {
    auto add = [&](Value sum, Value block) {
      Value part = e.extract(sums, Values{block, at[0], at[1]});
      return words.add(sum, real.castTo(part, words));
    };
    Value sum = words.constant(0);
    if (blocks > kWrittenOut)
      return e.loop(e.index(blocks), sum, [&](ValueRange block, ValueRange so) {
        return Values{add(so[0], block[0])};
      })[0];
    for (int64_t block = 0; block != blocks; ++block)
      sum = add(sum, e.index(block));
    return sum;
  });
}

Value BlockedProduct::emit() {
  Values outer(left.dims.begin(), left.dims.end() - 1);
  Value rows = e.count(outer);
  Value a = e.reshape(leftBlocks(outer),
                      Values{e.index(blocks), rows, e.index(size)});
  Value sums = contract(e, real, a, /*transposeA=*/false, rightBlocks(),
                        /*transposeB=*/false);
  sums = e.reshape(sums, Values{e.index(blocks), rows, right.dims[1]});
  Value product = addBlocks(sums, rows);
  outer.push_back(right.dims[1]);
  return e.reshape(product, outer);
}

/// The product of integers; loops where the inner dimension is not known or
/// each of a batch has a matrix of its own.
static Value multiplyBytes(Emitter &e, ByteMatrix &left, ByteMatrix &right) {
  std::optional<int64_t> depth = getConstantIntValue(right.dims.front());
  if (right.dims.size() == 2 && depth && *depth > 0 &&
      getConstantIntValue(left.dims.back()) == depth)
    return BlockedProduct(e, left, right, *depth).emit();
  return contract(e, left.words, left.widen(), /*transposeA=*/false,
                  right.widen(), /*transposeB=*/false);
}

static FailureOr<Value> lowerMatMulInteger(Emitter &e, onnx::MatMulIntegerOp op,
                                           onnx::MatMulIntegerOp::Adaptor in) {
  Values left = e.dims(in.getA()), right = e.dims(in.getB());
  if (left.empty() || right.empty())
    return e.fail("expected operands of rank 1 or more");
  Value a = in.getA(), b = in.getB();
  if (left.size() == 1)
    a = e.reshape(a, {e.index(1), left[0]});
  if (right.size() == 1)
    b = e.reshape(b, {right[0], e.index(1)});
  ByteMatrix wideA(e, op.getA(), a, in.getAZeroPoint(), /*ofRows=*/true);
  ByteMatrix wideB(e, op.getB(), b, in.getBZeroPoint(), /*ofRows=*/false);
  if (failed(wideA.check()) || failed(wideB.check()))
    return failure();
  Value product = multiplyBytes(e, wideA, wideB);
  Values dims = e.dims(product), out(dims.begin(), dims.end() - 2);
  if (left.size() > 1)
    out.push_back(dims[dims.size() - 2]);
  if (right.size() > 1)
    out.push_back(dims.back());
  return e.reshape(product, out);
}

void skim::lowering::addQuantLowerings(Family &family) {
  family.add<onnx::QuantizeLinearOp>(lowerQuantize);
  family.add<onnx::DequantizeLinearOp>(lowerDequantize);
  family.add<onnx::DynamicQuantizeLinearOp>(lowerDynamicQuantize);
  family.add<onnx::MatMulIntegerOp>(lowerMatMulInteger);
}
