//===- OnnxIndexOps.td - ops that select, scatter or generate elements by index -*- tablegen -*-===//
// One op for each ONNX op, in the form of the newest operator set.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_IR_ONNXINDEXOPS_TD
#define SKIM_DIALECT_ONNX_IR_ONNXINDEXOPS_TD

include "skim/Dialect/Onnx/IR/OnnxOpBase.td"

def Onnx_GatherOp : Onnx_Op<"Gather", [
    AllElementTypesMatch<["data", "output"]>]> {
  let arguments = (ins
    Onnx_Tensor:$data,
    Onnx_IndexTensor:$indices,
    DefaultValuedAttr<I64Attr, "0">:$axis
  );
  let results = (outs Onnx_Tensor:$output);
}

def Onnx_GatherElementsOp : Onnx_Op<"GatherElements", [
    AllElementTypesMatch<["data", "output"]>]> {
  let arguments = (ins
    Onnx_Tensor:$data,
    Onnx_IndexTensor:$indices,
    DefaultValuedAttr<I64Attr, "0">:$axis
  );
  let results = (outs Onnx_Tensor:$output);
}

def Onnx_GatherNDOp : Onnx_Op<"GatherND", [
    AllElementTypesMatch<["data", "output"]>]> {
  let arguments = (ins
    Onnx_Tensor:$data,
    Onnx_I64Tensor:$indices,
    DefaultValuedAttr<I64Attr, "0">:$batch_dims
  );
  let results = (outs Onnx_Tensor:$output);
}

def Onnx_ScatterElementsOp : Onnx_Op<"ScatterElements", [
    AllElementTypesMatch<["data", "updates", "output"]>]> {
  let arguments = (ins
    Onnx_Tensor:$data,
    Onnx_IndexTensor:$indices,
    Onnx_Tensor:$updates,
    DefaultValuedAttr<I64Attr, "0">:$axis,
    DefaultValuedStrAttr<StrAttr, "none">:$reduction
  );
  let results = (outs Onnx_Tensor:$output);
}

def Onnx_ScatterNDOp : Onnx_Op<"ScatterND", [
    AllElementTypesMatch<["data", "updates", "output"]>]> {
  let arguments = (ins
    Onnx_Tensor:$data,
    Onnx_I64Tensor:$indices,
    Onnx_Tensor:$updates,
    DefaultValuedStrAttr<StrAttr, "none">:$reduction
  );
  let results = (outs Onnx_Tensor:$output);
}

def Onnx_OneHotOp : Onnx_Op<"OneHot", [
    AllElementTypesMatch<["values", "output"]>]> {
  let arguments = (ins
    TensorOf<[I8, I16, I32, I64, UI8, UI16, UI32, UI64, F16, F32, F64]>:$indices,
    TensorOf<[I8, I16, I32, I64, UI8, UI16, UI32, UI64, F16, F32, F64]>:$depth,
    Onnx_Tensor:$values,
    DefaultValuedAttr<I64Attr, "-1">:$axis
  );
  let results = (outs Onnx_Tensor:$output);
}

def Onnx_NonZeroOp : Onnx_Op<"NonZero"> {
  let arguments = (ins Onnx_Tensor:$X);
  let results = (outs Onnx_I64Tensor:$Y);
}

def Onnx_CompressOp : Onnx_Op<"Compress", [
    AllElementTypesMatch<["input", "output"]>]> {
  let arguments = (ins
    Onnx_Tensor:$input,
    Onnx_BoolTensor:$condition,
    OptionalAttr<I64Attr>:$axis
  );
  let results = (outs Onnx_Tensor:$output);
}

def Onnx_TopKOp : Onnx_Op<"TopK", [AllElementTypesMatch<["X", "Values"]>]> {
  let arguments = (ins
    Onnx_NumericTensor:$X,
    Onnx_I64Tensor:$K,
    DefaultValuedAttr<I64Attr, "-1">:$axis,
    DefaultValuedAttr<I64Attr, "1">:$largest,
    DefaultValuedAttr<I64Attr, "1">:$sorted
  );
  let results = (outs Onnx_NumericTensor:$Values, Onnx_I64Tensor:$Indices);
}

def Onnx_RangeOp : Onnx_Op<"Range", [
    AllElementTypesMatch<["start", "limit", "delta", "output"]>]> {
  let arguments = (ins
    TensorOf<[I16, I32, I64, BF16, F16, F32, F64]>:$start,
    TensorOf<[I16, I32, I64, BF16, F16, F32, F64]>:$limit,
    TensorOf<[I16, I32, I64, BF16, F16, F32, F64]>:$delta,
    DefaultValuedAttr<I64Attr, "1">:$stash_type
  );
  let results = (outs TensorOf<[I16, I32, I64, BF16, F16, F32, F64]>:$output);
}

def Onnx_ConstantOfShapeOp : Onnx_Op<"ConstantOfShape"> {
  let arguments = (ins
    Onnx_I64Tensor:$input,
    OptionalAttr<ElementsAttr>:$value
  );
  let results = (outs Onnx_Tensor:$output);
}

def Onnx_EyeLikeOp : Onnx_Op<"EyeLike"> {
  let arguments = (ins
    Onnx_Tensor:$input,
    OptionalAttr<I64Attr>:$dtype,
    DefaultValuedAttr<I64Attr, "0">:$k
  );
  let results = (outs Onnx_Tensor:$output);
}

def Onnx_TriluOp : Onnx_Op<"Trilu", [
    AllElementTypesMatch<["input", "output"]>]> {
  let arguments = (ins
    Onnx_Tensor:$input,
    Onnx_Optional<Onnx_I64Tensor>:$k,
    DefaultValuedAttr<I64Attr, "1">:$upper
  );
  let results = (outs Onnx_Tensor:$output);
}

#endif // SKIM_DIALECT_ONNX_IR_ONNXINDEXOPS_TD
