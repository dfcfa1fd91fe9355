//===- OnnxReduceOps.td - reductions along axes -----------*- tablegen -*-===//
// One op for each ONNX op, in the form of the newest operator set.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_IR_ONNXREDUCEOPS_TD
#define SKIM_DIALECT_ONNX_IR_ONNXREDUCEOPS_TD

include "skim/Dialect/Onnx/IR/OnnxOpBase.td"

def Onnx_ReduceSumOp : Onnx_Op<"ReduceSum", [
    AllElementTypesMatch<["data", "reduced"]>]> {
  let arguments = (ins
    Onnx_WideTensor:$data,
    Onnx_Optional<Onnx_I64Tensor>:$axes,
    DefaultValuedAttr<I64Attr, "1">:$keepdims,
    DefaultValuedAttr<I64Attr, "0">:$noop_with_empty_axes
  );
  let results = (outs Onnx_WideTensor:$reduced);
}

def Onnx_ReduceMeanOp : Onnx_Op<"ReduceMean", [
    AllElementTypesMatch<["data", "reduced"]>]> {
  let arguments = (ins
    Onnx_WideTensor:$data,
    Onnx_Optional<Onnx_I64Tensor>:$axes,
    DefaultValuedAttr<I64Attr, "1">:$keepdims,
    DefaultValuedAttr<I64Attr, "0">:$noop_with_empty_axes
  );
  let results = (outs Onnx_WideTensor:$reduced);
}

def Onnx_ReduceMaxOp : Onnx_Op<"ReduceMax", [
    AllElementTypesMatch<["data", "reduced"]>]> {
  let arguments = (ins
    TensorOf<[I1, I8, I32, I64, UI8, UI32, UI64, BF16, F16, F32, F64]>:$data,
    Onnx_Optional<Onnx_I64Tensor>:$axes,
    DefaultValuedAttr<I64Attr, "1">:$keepdims,
    DefaultValuedAttr<I64Attr, "0">:$noop_with_empty_axes
  );
  let results = (outs
    TensorOf<[I1, I8, I32, I64, UI8, UI32, UI64, BF16, F16, F32, F64]>:$reduced
  );
}

def Onnx_ReduceMinOp : Onnx_Op<"ReduceMin", [
    AllElementTypesMatch<["data", "reduced"]>]> {
  let arguments = (ins
    TensorOf<[I1, I8, I32, I64, UI8, UI32, UI64, BF16, F16, F32, F64]>:$data,
    Onnx_Optional<Onnx_I64Tensor>:$axes,
    DefaultValuedAttr<I64Attr, "1">:$keepdims,
    DefaultValuedAttr<I64Attr, "0">:$noop_with_empty_axes
  );
  let results = (outs
    TensorOf<[I1, I8, I32, I64, UI8, UI32, UI64, BF16, F16, F32, F64]>:$reduced
  );
}

def Onnx_ReduceProdOp : Onnx_Op<"ReduceProd", [
    AllElementTypesMatch<["data", "reduced"]>]> {
  let arguments = (ins
    Onnx_WideTensor:$data,
    Onnx_Optional<Onnx_I64Tensor>:$axes,
    DefaultValuedAttr<I64Attr, "1">:$keepdims,
    DefaultValuedAttr<I64Attr, "0">:$noop_with_empty_axes
  );
  let results = (outs Onnx_WideTensor:$reduced);
}

def Onnx_ReduceL1Op : Onnx_Op<"ReduceL1", [
    AllElementTypesMatch<["data", "reduced"]>]> {
  let arguments = (ins
    Onnx_WideTensor:$data,
    Onnx_Optional<Onnx_I64Tensor>:$axes,
    DefaultValuedAttr<I64Attr, "1">:$keepdims,
    DefaultValuedAttr<I64Attr, "0">:$noop_with_empty_axes
  );
  let results = (outs Onnx_WideTensor:$reduced);
}

def Onnx_ReduceL2Op : Onnx_Op<"ReduceL2", [
    AllElementTypesMatch<["data", "reduced"]>]> {
  let arguments = (ins
    Onnx_WideTensor:$data,
    Onnx_Optional<Onnx_I64Tensor>:$axes,
    DefaultValuedAttr<I64Attr, "1">:$keepdims,
    DefaultValuedAttr<I64Attr, "0">:$noop_with_empty_axes
  );
  let results = (outs Onnx_WideTensor:$reduced);
}

def Onnx_ReduceSumSquareOp : Onnx_Op<"ReduceSumSquare", [
    AllElementTypesMatch<["data", "reduced"]>]> {
  let arguments = (ins
    Onnx_WideTensor:$data,
    Onnx_Optional<Onnx_I64Tensor>:$axes,
    DefaultValuedAttr<I64Attr, "1">:$keepdims,
    DefaultValuedAttr<I64Attr, "0">:$noop_with_empty_axes
  );
  let results = (outs Onnx_WideTensor:$reduced);
}

def Onnx_ReduceLogSumOp : Onnx_Op<"ReduceLogSum", [
    AllElementTypesMatch<["data", "reduced"]>]> {
  let arguments = (ins
    Onnx_FloatTensor:$data,
    Onnx_Optional<Onnx_I64Tensor>:$axes,
    DefaultValuedAttr<I64Attr, "1">:$keepdims,
    DefaultValuedAttr<I64Attr, "0">:$noop_with_empty_axes
  );
  let results = (outs Onnx_FloatTensor:$reduced);
}

def Onnx_ReduceLogSumExpOp : Onnx_Op<"ReduceLogSumExp", [
    AllElementTypesMatch<["data", "reduced"]>]> {
  let arguments = (ins
    Onnx_FloatTensor:$data,
    Onnx_Optional<Onnx_I64Tensor>:$axes,
    DefaultValuedAttr<I64Attr, "1">:$keepdims,
    DefaultValuedAttr<I64Attr, "0">:$noop_with_empty_axes
  );
  let results = (outs Onnx_FloatTensor:$reduced);
}

def Onnx_ArgMaxOp : Onnx_Op<"ArgMax"> {
  let arguments = (ins
    Onnx_NumericTensor:$data,
    DefaultValuedAttr<I64Attr, "0">:$axis,
    DefaultValuedAttr<I64Attr, "1">:$keepdims,
    DefaultValuedAttr<I64Attr, "0">:$select_last_index
  );
  let results = (outs Onnx_I64Tensor:$reduced);
}

def Onnx_ArgMinOp : Onnx_Op<"ArgMin"> {
  let arguments = (ins
    Onnx_NumericTensor:$data,
    DefaultValuedAttr<I64Attr, "0">:$axis,
    DefaultValuedAttr<I64Attr, "1">:$keepdims,
    DefaultValuedAttr<I64Attr, "0">:$select_last_index
  );
  let results = (outs Onnx_I64Tensor:$reduced);
}

#endif // SKIM_DIALECT_ONNX_IR_ONNXREDUCEOPS_TD
