//===- HalideRows.cpp - kernels of one task a row -------------------------===//
// Tasks [begin, end) are consecutive rows: one call of the pipeline.
//===----------------------------------------------------------------------===//

#include "HalideRows.h"

using namespace mlir;
using namespace skim;

FailureOr<func::FuncOp> skim::emitHalideNorm(KernelBuilder &b, ModuleOp module,
                                             const halide::Pipelines &pipelines,
                                             const NormSpec &spec,
                                             StringRef name) {
  halide::Norm norm;
  norm.width = spec.width;
  norm.centred = spec.kind == NormKind::Layer;
  norm.bias = spec.bias;
  norm.epsilon = spec.epsilon;
  FailureOr<func::FuncOp> pipeline =
      makePipeline(module, b.target, pipelines.norm, norm, name);
  if (failed(pipeline))
    return failure();

  Type states = b.buffer({ShapedType::kDynamic, spec.width});
  SmallVector<Type> types = {states, b.buffer({spec.width})};
  if (spec.bias)
    types.push_back(types.back());
  types.push_back(states);
  func::FuncOp function = startKernel(b, module, name, types);
  ValueRange arguments = function.getArguments();
  Value begin = arguments[types.size()], end = arguments[types.size() + 1];
  Value first = b.mul(begin, spec.width), zero = b.index(0);
  Values operands = {addressOf(b, arguments[0], first),
                     addressOf(b, arguments[1], zero)};
  if (spec.bias)
    operands.push_back(addressOf(b, arguments[2], zero));
  operands.push_back(b.sub(end, begin));
  operands.push_back(addressOf(b, arguments[2 + spec.bias], first));
  func::CallOp::create(b, *pipeline, operands);
  finishKernel(b, function);
  return function;
}

FailureOr<func::FuncOp>
skim::emitHalideGather(KernelBuilder &b, ModuleOp module,
                       const halide::Pipelines &pipelines,
                       const GatherSpec &spec, StringRef name) {
  FailureOr<func::FuncOp> pipeline = makePipeline(
      module, b.target, pipelines.gather, halide::Gather{spec.width}, name);
  if (failed(pipeline))
    return failure();

  constexpr int64_t any = ShapedType::kDynamic;
  Type states = b.buffer({any, spec.width});
  Type integers = MemRefType::get({any}, b.getI32Type());
  func::FuncOp function =
      startKernel(b, module, name, {states, integers, states});
  ValueRange arguments = function.getArguments();
  Value begin = arguments[3], end = arguments[4];
  func::CallOp::create(
      b, *pipeline,
      Values{addressOf(b, arguments[0], b.index(0)),
             addressOf(b, arguments[1], begin), b.sub(end, begin),
             addressOf(b, arguments[2], b.mul(begin, spec.width))});
  finishKernel(b, function);
  return function;
}
