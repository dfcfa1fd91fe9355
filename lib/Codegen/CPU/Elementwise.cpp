//===- Elementwise.cpp - sums, products, activations and gates of rows ----===//
//
// What is computed
//
//   add: x + y    mul: x * y    activation: act(x)
//   glu: act(a) * b of x = [a | b]    glu_last: a * act(b)
//   weighted sum: w[0] * x_0 + w[1] * x_1 + ...
//
// How it is scheduled
//
//   task = a row, read and written once. These are what no matrix product
//   could take into its epilogue.
//
// Measured by bench/kernels on an Emerald Rapids core of a virtual machine,
// share of what a copy in L2 has: sums and weighted sums 113 to 126%; GELUs,
// whose some 20 operations take longer than their row, 32 to 36% and as gates
// 43 to 46%.
//===----------------------------------------------------------------------===//

#include "RowKernels.h"
#include "VectorMath.h"

using namespace mlir;
using namespace skim;

func::FuncOp skim::emitElementwise(KernelBuilder &b, ModuleOp module,
                                   const ElementwiseSpec &spec) {
  using Kind = ElementwiseSpec::Kind;
  constexpr int64_t any = ShapedType::kDynamic;
  bool gated = spec.kind == Kind::Glu || spec.kind == Kind::GluLast;
  bool binary = spec.kind == Kind::Add || spec.kind == Kind::Mul;
  Type states = b.buffer({any, spec.width});
  Type input = gated ? Type(b.buffer({any, 2 * spec.width})) : states;
  SmallVector<Type> types = {input};
  if (binary)
    types.push_back(states);
  types.push_back(states);
  func::FuncOp function = startKernel(b, module, spec.name(), types);
  ValueRange arguments = function.getArguments();
  Value x = arguments.front(), y = arguments[1];
  Value out = arguments[binary ? 2 : 1];
  ValueRange range = arguments.drop_front(types.size());

  b.loop(range[0], range[1], 1, [&](Value row) {
    b.forColumns(spec.width, [&](Value column, int64_t count) {
      Value result = b.loadVector(x, {row, column}, count);
      if (binary) {
        Value other = b.loadVector(y, {row, column}, count);
        result = spec.kind == Kind::Add ? b.addf(result, other)
                                        : b.mulf(result, other);
      } else if (spec.kind == Kind::Activation) {
        result = emitActivation(b, spec.activation, result);
      } else {
        Value second = b.loadVector(x, {row, b.add(column, spec.width)}, count);
        Value &active = spec.kind == Kind::Glu ? result : second;
        active = emitActivation(b, spec.activation, active);
        result = b.mulf(result, second);
      }
      b.storeVector(result, out, {row, column}, count);
    });
  });
  finishKernel(b, function);
  return function;
}

func::FuncOp skim::emitWeightedSum(KernelBuilder &b, ModuleOp module,
                                   const WeightedSumSpec &spec) {
  size_t count = spec.weights.size();
  Type states = b.buffer({ShapedType::kDynamic, spec.width});
  SmallVector<Type> types(count + 1, states);
  func::FuncOp function = startKernel(b, module, spec.name(), types);
  ValueRange arguments = function.getArguments();
  ValueRange range = arguments.drop_front(types.size());
  b.loop(range[0], range[1], 1, [&](Value row) {
    b.forColumns(spec.width, [&](Value column, int64_t lanes) {
      Value sum = b.splat(0.0f);
      for (size_t i = 0; i != count; ++i)
        sum = b.fma(b.splat(spec.weights[i]),
                    b.loadVector(arguments[i], {row, column}, lanes), sum);
      b.storeVector(sum, arguments[count], {row, column}, lanes);
    });
  });
  finishKernel(b, function);
  return function;
}
