//===- Rotary.cpp - heads turned by their positions -----------------------===//
//
// What is computed
//
//   For each row at position p of its sequence and each head x of it, of the
//   first R numbers, in pairs (a, b):
//
//     out[a] = x[a] * cos[p, a] - x[b] * sin[p, a]
//     out[b] = x[b] * cos[p, b] + x[a] * sin[p, b]
//
//   Pairs are (d, d + R / 2), or neighbours with `interleaved`. The rest of a
//   head is copied. Source: Su et al., RoFormer, arXiv 2104.09864, 3.2.2.
//
// How it is scheduled
//
//   task = a row, read and written once, apart from the attention: there each
//   query would be turned once but each key once for every panel of queries.
//   Angles are read once for all heads of a row. A product and a multiply-add
//   for each number are a hundredth of what the scores of 16 keys take.
//===----------------------------------------------------------------------===//

#include "RowKernels.h"

using namespace mlir;
using namespace skim;

namespace {
/// The code of one kernel.
class Rotary {
public:
  Rotary(KernelBuilder &b, const RotarySpec &spec, ValueRange arguments)
      : b(b), spec(spec), x(arguments[0]), positions(arguments[1]),
        length(arguments[2]), cosines(arguments[3]), sines(arguments[4]),
        out(arguments[5]) {}

  void emitRow(Value at) {
    row = at;
    angle = b.rem(b.toIndex(b.load(positions, {row})), length);
    if (spec.interleaved)
      turnNeighbours();
    else
      turnHalves();
    int64_t rest = spec.headDim - spec.rotated;
    if (rest == 0)
      return;
    b.forColumns(rest, [&](Value column, int64_t count) {
      Value from = b.add(column, spec.rotated);
      forHeads([&](Value head) {
        store(loadHead(head, from, count), head, from, count);
      });
    });
  }

private:
  void turnHalves() {
    int64_t half = spec.rotated / 2;
    b.forColumns(half, [&](Value low, int64_t count) {
      Value high = b.add(low, half);
      Value cosLow = b.loadVector(cosines, {angle, low}, count);
      Value cosHigh = b.loadVector(cosines, {angle, high}, count);
      Value minusLow = negated(b.loadVector(sines, {angle, low}, count));
      Value sinHigh = b.loadVector(sines, {angle, high}, count);
      forHeads([&](Value head) {
        Value a = loadHead(head, low, count), c = loadHead(head, high, count);
        store(b.fma(c, minusLow, b.mulf(a, cosLow)), head, low, count);
        store(b.fma(a, sinHigh, b.mulf(c, cosHigh)), head, high, count);
      });
    });
  }

  /// Vectors have an even number of lanes, and so does a partial one: no pair
  /// is cut.
  void turnNeighbours() {
    SmallVector<int64_t> swap;
    SmallVector<Attribute> signs;
    for (int64_t lane = 0; lane != b.target.vectorWidth; ++lane) {
      swap.push_back(lane ^ 1);
      signs.push_back(b.getF32FloatAttr(lane % 2 ? 1.0f : -1.0f));
    }
    Value sign = arith::ConstantOp::create(
        b, DenseElementsAttr::get(b.vectorType(), signs));
    b.forColumns(spec.rotated, [&](Value column, int64_t count) {
      Value cosine = b.loadVector(cosines, {angle, column}, count);
      Value sine = b.mulf(b.loadVector(sines, {angle, column}, count), sign);
      forHeads([&](Value head) {
        Value number = loadHead(head, column, count);
        Value other = vector::ShuffleOp::create(b, number, number, swap);
        store(b.fma(other, sine, b.mulf(number, cosine)), head, column, count);
      });
    });
  }

  void forHeads(KernelBuilder::Body body) {
    b.loop(b.index(0), b.index(spec.heads), 1, body);
  }
  Value loadHead(Value head, Value column, int64_t count) {
    Value first = b.add(b.mul(head, spec.headDim), spec.column);
    return b.loadVector(x, {row, b.add(first, column)}, count);
  }
  void store(Value value, Value head, Value column, int64_t count) {
    Value at = b.add(b.mul(head, spec.headDim), column);
    b.storeVector(value, out, {row, at}, count);
  }
  Value negated(Value value) { return b.mulf(value, b.splat(-1.0f)); }

  KernelBuilder &b;
  const RotarySpec &spec;
  Value x, positions, length, cosines, sines, out;
  Value row, angle;
};
} // namespace

func::FuncOp skim::emitRotary(KernelBuilder &b, ModuleOp module,
                              const RotarySpec &spec) {
  constexpr int64_t any = ShapedType::kDynamic;
  Type angles = b.buffer({any, spec.rotated});
  func::FuncOp function =
      startKernel(b, module, spec.name(),
                  {b.buffer({any, spec.xWidth}),
                   MemRefType::get({any}, b.getI32Type()), b.getIndexType(),
                   angles, angles, b.buffer({any, spec.heads * spec.headDim})});
  ValueRange arguments = function.getArguments();
  Rotary rotary(b, spec, arguments);
  b.loop(arguments[6], arguments[7], 1,
         [&](Value row) { rotary.emitRow(row); });
  finishKernel(b, function);
  return function;
}
