//===- QLinearNodes.cpp - ops on quantised tensors ------------------------===//
// Import of what ONNX Runtime's static quantiser and optimiser write: ops that
// take and give integers, as what they stand for between DequantizeLinear and
// QuantizeLinear. Convolutions of integers are those of numbers, exact as long
// as sums stay below 2^24.
//===----------------------------------------------------------------------===//

#include "SpatialNodes.h"

using namespace mlir;
using namespace skim::import;
namespace ox = skim::onnx;

namespace {
/// A node whose inputs go in threes: integers, their scale, their zero point.
struct QLinear {
  Node &node;
  OpBuilder &b = node.getBuilder();
  Type f32 = b.getF32Type();

  IntegerAttr i64(int64_t value) { return b.getI64IntegerAttr(value); }

  /// The numbers that `integers` stand for, scales and zero points going with
  /// `axis` where they are lists.
  Value dequantise(Value integers, Value scale, Value zero, int64_t axis) {
    return node.make<ox::DequantizeLinearOp>(withElement(integers, f32),
                                             integers, scale, zero, i64(axis),
                                             i64(0), i64(0));
  }
  /// Those of the three inputs from `i` on.
  Value floats(unsigned i, int64_t axis = 0) {
    return dequantise(node.getInput(i), node.getInput(i + 1),
                      node.getInput(i + 2), axis);
  }
  /// Gives `floats` quantised by the two inputs from `i` on.
  LogicalResult give(Value floats, unsigned i) {
    Type type = node.hasInput(i + 1)
                    ? node.getElement(i + 1)
                    : Type(b.getIntegerType(8, /*isSigned=*/false));
    Value y = node.make<ox::QuantizeLinearOp>(
        withElement(floats, type), floats, node.getInput(i),
        node.getInput(i + 1), i64(1), i64(0), i64(0), i64(0), i64(1));
    return node.give(y);
  }
  /// The type of an elementwise result of values.
  Type broadcast(ValueRange values) {
    std::optional<int64_t> rank = 0;
    for (Value value : values) {
      auto type = dyn_cast<RankedTensorType>(value.getType());
      rank = type && rank ? std::optional(std::max(*rank, type.getRank()))
                          : std::nullopt;
    }
    return withRank(f32, rank);
  }
};
} // namespace

/// A bias in int32, which counts in units of the product of two scales.
static Value dequantiseBias(QLinear &q, Value bias, Value left, Value right) {
  if (ox::isAbsent(bias))
    return bias;
  Value scale = q.node.make<ox::MulOp>(q.broadcast({left, right}), left, right);
  Value numbers =
      q.node.make<ox::CastOp>(withElement(bias, q.f32), bias, StringAttr(),
                              IntegerAttr(), q.i64(getDataType(q.f32)));
  return q.node.make<ox::MulOp>(q.broadcast({bias, scale}), numbers, scale);
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// The axis, counted from the last one, that a list of scales goes with: 0 for
/// one number.
static FailureOr<int64_t> getScaleAxis(Node &node, unsigned i,
                                       int64_t fromLast) {
  auto scales = node.getShape(i + 1);
  if (scales && (scales->empty() || *scales == ArrayRef<int64_t>{1}))
    return 0;
  std::optional<int64_t> rank = node.getRank(i);
  if (!scales || scales->size() != 1 || !rank || *rank < fromLast)
    return node.fail("expected scales of rank 0 or 1 and a tensor of a known "
                     "rank where they are a list");
  return *rank - fromLast;
}

static LogicalResult importQLinearMatMul(Node &node) {
  QLinear q{node};
  FailureOr<int64_t> rows = getScaleAxis(node, 0, 2);
  FailureOr<int64_t> columns = getScaleAxis(node, 3, 1);
  if (failed(rows) || failed(columns))
    return failure();
  Value y = node.make<ox::MatMulOp>(withRank(q.f32, std::nullopt),
                                    q.floats(0, *rows), q.floats(3, *columns));
  return q.give(y, 6);
}

/// `alpha * A B + C`, C in units of what the integers' products count.
static LogicalResult importQGemm(Node &node) {
  QLinear q{node};
  OpBuilder &b = q.b;
  float alpha = node.getFloat("alpha", 1);
  int64_t transA = node.getInt("transA", 0), transB = node.getInt("transB", 0);
  Value unit = node.getInput(1);
  if (alpha != 1)
    unit = node.make<ox::MulOp>(unit.getType(), unit,
                                node.makeScalar(q.f32, alpha));
  Value bias = dequantiseBias(q, node.getInput(6), unit, node.getInput(4));
  Value y = node.make<ox::GemmOp>(
      withRank(q.f32, 2), q.floats(0), q.floats(3, transB ? 0 : 1), bias,
      b.getF32FloatAttr(alpha), b.getF32FloatAttr(1), q.i64(transA),
      q.i64(transB));
  return node.hasInput(7) ? q.give(y, 7) : node.give(y);
}

static FailureOr<Value> buildConv(QLinear &q, unsigned weight, Value x, Value w,
                                  Value bias) {
  FailureOr<WindowAttributes> windows = getConvWindows(q.node, weight);
  if (failed(windows))
    return failure();
  return Value(q.node.make<ox::ConvOp>(
      withRank(q.f32, q.node.getRank(weight)), x, w, bias,
      q.b.getDenseI64ArrayAttr(windows->dilations),
      q.i64(q.node.getInt("group", 1)), q.b.getDenseI64ArrayAttr(windows->pads),
      q.b.getDenseI64ArrayAttr(windows->strides)));
}

static LogicalResult importQLinearConv(Node &node) {
  QLinear q{node};
  Value bias =
      dequantiseBias(q, node.getInput(8), node.getInput(1), node.getInput(4));
  FailureOr<Value> y = buildConv(q, 3, q.floats(0), q.floats(3), bias);
  return failed(y) ? failure() : q.give(*y, 6);
}

/// Integers less their zero points, as numbers: dequantised by a scale of 1.
static LogicalResult importConvInteger(Node &node) {
  QLinear q{node};
  auto numbers = [&](unsigned i) {
    Value zero = node.getInput(i + 2);
    auto type = dyn_cast<RankedTensorType>(zero.getType());
    Value one = node.makeScalar(q.f32, 1);
    if (type && type.hasStaticShape())
      one = node.makeConstant(
          DenseElementsAttr::get(type.clone(q.f32), q.b.getF32FloatAttr(1)));
    return q.dequantise(node.getInput(i), one, zero, /*axis=*/0);
  };
  FailureOr<Value> y = buildConv(q, 1, numbers(0), numbers(1), node.getNone());
  if (failed(y))
    return failure();
  Type i32 = q.b.getI32Type();
  Value sums = node.make<ox::CastOp>(withElement(*y, i32), *y, StringAttr(),
                                     IntegerAttr(), q.i64(getDataType(i32)));
  return node.give(sums);
}

//===----------------------------------------------------------------------===//
// Elements, rows and windows
//===----------------------------------------------------------------------===//

template <typename Op> static LogicalResult importQLinearBinary(Node &node) {
  QLinear q{node};
  Value a = q.floats(0), b = q.floats(3);
  return q.give(node.make<Op>(q.broadcast({a, b}), a, b), 6);
}

static LogicalResult importQLinearWhere(Node &node) {
  QLinear q{node};
  Value condition = node.getInput(0), x = q.floats(1), y = q.floats(4);
  return q.give(
      node.make<ox::WhereOp>(q.broadcast({condition, x, y}), condition, x, y),
      7);
}

static LogicalResult importQLinearSigmoid(Node &node) {
  QLinear q{node};
  Value x = q.floats(0);
  return q.give(node.make<ox::SigmoidOp>(x.getType(), x), 3);
}

static LogicalResult importQLinearLeakyRelu(Node &node) {
  QLinear q{node};
  Value x = q.floats(0);
  auto alpha = q.b.getF32FloatAttr(node.getFloat("alpha", 0.01F));
  return q.give(node.make<ox::LeakyReluOp>(x.getType(), x, alpha), 3);
}

/// Before operator set 13 a softmax over all axes from one on.
static LogicalResult importQLinearSoftmax(Node &node) {
  QLinear q{node};
  int64_t axis = node.getInt("axis", -1);
  std::optional<int64_t> rank = node.getRank(0);
  bool isLast = axis == -1 || (rank && axis == *rank - 1);
  if (node.getInt("opset", 13) < 13 && !isLast)
    return node.fail("expected the last axis for an opset before 13, got " +
                     Twine(axis));
  Value x = q.floats(0);
  return q.give(node.make<ox::SoftmaxOp>(x.getType(), x, q.i64(axis)), 3);
}

static LogicalResult importQLinearConcat(Node &node) {
  QLinear q{node};
  if (node.getNumInputs() < 5 || node.getNumInputs() % 3 != 2)
    return node.fail("expected a tensor, a scale and a zero point for each "
                     "part, got " +
                     Twine(node.getNumInputs()) + " inputs");
  SmallVector<Value> parts;
  for (unsigned i = 2; i < node.getNumInputs(); i += 3)
    parts.push_back(q.floats(i));
  Value y = node.make<ox::ConcatOp>(withRank(q.f32, node.getRank(2)), parts,
                                    q.i64(node.getInt("axis", 0)));
  return q.give(y, 0);
}

static LogicalResult importQLinearGlobalAveragePool(Node &node) {
  QLinear q{node};
  FailureOr<SmallVector<int64_t>> axes = getSpatialAxes(node);
  if (failed(axes))
    return failure();
  if (node.getInt("channels_last", 0) != 0)
    for (int64_t &axis : *axes)
      --axis;
  Value y =
      node.make<ox::ReduceMeanOp>(withRank(q.f32, node.getRank(0)), q.floats(0),
                                  node.makeInts(*axes), q.i64(1), q.i64(0));
  return q.give(y, 3);
}

static LogicalResult importQLinearAveragePool(Node &node) {
  QLinear q{node};
  SmallVector<int64_t> kernel = node.getInts("kernel_shape");
  FailureOr<WindowAttributes> windows = getWindows(node, kernel);
  if (failed(windows))
    return failure();
  if (node.getInt("channels_last", 0) != 0)
    return node.fail("expected channels_last of 0");
  Value y = node.make<ox::AveragePoolOp>(
      withRank(q.f32, node.getRank(0)), q.floats(0),
      q.i64(node.getInt("ceil_mode", 0)),
      q.i64(node.getInt("count_include_pad", 0)),
      q.b.getDenseI64ArrayAttr(windows->dilations),
      q.b.getDenseI64ArrayAttr(kernel), q.b.getDenseI64ArrayAttr(windows->pads),
      q.b.getDenseI64ArrayAttr(windows->strides));
  return q.give(y, 3);
}

llvm::ArrayRef<NodeSpec> skim::import::getQLinearNodes() {
  static const StringRef conv =
      "-auto_pad:s -dilations:I -group:i -kernel_shape:I -pads:I -strides:I";
  static const StringRef one = "X X_scale X_zero_point? Y_scale Y_zero_point?";
  static const StringRef two =
      "A A_scale A_zero_point? B B_scale B_zero_point? C_scale C_zero_point?";
  static const NodeSpec nodes[] = {
      {"ConvInteger", 10, "x w x_zero_point? w_zero_point?", "y", conv,
       importConvInteger},
      {"QLinearConv", 10,
       "x x_scale x_zero_point w w_scale w_zero_point y_scale y_zero_point B?",
       "y", conv, importQLinearConv},
      {"QLinearMatMul", 10,
       "a a_scale a_zero_point b b_scale b_zero_point y_scale y_zero_point",
       "y", "", importQLinearMatMul},
      {"ms.QGemm", 1,
       "A a_scale a_zero_point B b_scale b_zero_point C? y_scale? "
       "y_zero_point?",
       "Y", "-alpha:f -transA:i -transB:i", importQGemm},
      {"ms.QLinearAdd", 1, two, "C", "", importQLinearBinary<ox::AddOp>},
      {"ms.QLinearAveragePool", 1, one, "Y",
       "-auto_pad:s -ceil_mode:i -channels_last:i -count_include_pad:i "
       "-dilations:I -kernel_shape:I! -pads:I -strides:I",
       importQLinearAveragePool},
      {"ms.QLinearConcat", 1, "Y_scale Y_zero_point inputs*", "Y", "-axis:i!",
       importQLinearConcat},
      {"ms.QLinearGlobalAveragePool", 1, one, "Y", "-channels_last:i",
       importQLinearGlobalAveragePool},
      {"ms.QLinearLeakyRelu", 1, one, "Y", "-alpha:f", importQLinearLeakyRelu},
      {"ms.QLinearMul", 1, two, "C", "", importQLinearBinary<ox::MulOp>},
      {"ms.QLinearSigmoid", 1, one, "Y", "", importQLinearSigmoid},
      {"ms.QLinearSoftmax", 1, one, "Y", "-axis:i -opset:i!",
       importQLinearSoftmax},
      {"ms.QLinearWhere", 1,
       "condition X x_scale x_zero_point Y y_scale y_zero_point z_scale "
       "z_zero_point",
       "Z", "", importQLinearWhere},
  };
  return nodes;
}
