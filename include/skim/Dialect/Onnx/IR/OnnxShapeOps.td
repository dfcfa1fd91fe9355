//===- OnnxShapeOps.td - ops that move or relabel elements -*- tablegen -*-===//
// One op for each ONNX op, in the form of the newest operator set.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_IR_ONNXSHAPEOPS_TD
#define SKIM_DIALECT_ONNX_IR_ONNXSHAPEOPS_TD

include "skim/Dialect/Onnx/IR/OnnxOpBase.td"

def Onnx_ReshapeOp : Onnx_Op<"Reshape", [
    AllElementTypesMatch<["data", "reshaped"]>]> {
  let arguments = (ins
    Onnx_Tensor:$data,
    Onnx_I64Tensor:$shape,
    DefaultValuedAttr<I64Attr, "0">:$allowzero
  );
  let results = (outs Onnx_Tensor:$reshaped);
}

def Onnx_FlattenOp : Onnx_Op<"Flatten", [
    AllElementTypesMatch<["input", "output"]>]> {
  let arguments = (ins
    Onnx_Tensor:$input,
    DefaultValuedAttr<I64Attr, "1">:$axis
  );
  let results = (outs Onnx_Tensor:$output);
}

def Onnx_TransposeOp : Onnx_Op<"Transpose", [
    AllElementTypesMatch<["data", "transposed"]>]> {
  let arguments = (ins
    Onnx_Tensor:$data,
    OptionalAttr<DenseI64ArrayAttr>:$perm
  );
  let results = (outs Onnx_Tensor:$transposed);
}

def Onnx_SqueezeOp : Onnx_Op<"Squeeze", [
    AllElementTypesMatch<["data", "squeezed"]>]> {
  let arguments = (ins Onnx_Tensor:$data, Onnx_Optional<Onnx_I64Tensor>:$axes);
  let results = (outs Onnx_Tensor:$squeezed);
}

def Onnx_UnsqueezeOp : Onnx_Op<"Unsqueeze", [
    AllElementTypesMatch<["data", "expanded"]>]> {
  let arguments = (ins Onnx_Tensor:$data, Onnx_I64Tensor:$axes);
  let results = (outs Onnx_Tensor:$expanded);
}

def Onnx_ExpandOp : Onnx_Op<"Expand", [
    AllElementTypesMatch<["input", "output"]>]> {
  let arguments = (ins Onnx_Tensor:$input, Onnx_I64Tensor:$shape);
  let results = (outs Onnx_Tensor:$output);
}

def Onnx_TileOp : Onnx_Op<"Tile", [AllElementTypesMatch<["input", "output"]>]> {
  let arguments = (ins Onnx_Tensor:$input, Onnx_I64Tensor:$repeats);
  let results = (outs Onnx_Tensor:$output);
}

def Onnx_ShapeOp : Onnx_Op<"Shape"> {
  let arguments = (ins
    Onnx_Tensor:$data,
    OptionalAttr<I64Attr>:$end,
    DefaultValuedAttr<I64Attr, "0">:$start
  );
  let results = (outs Onnx_I64Tensor:$shape);
}

def Onnx_SizeOp : Onnx_Op<"Size"> {
  let arguments = (ins Onnx_Tensor:$data);
  let results = (outs Onnx_I64Tensor:$size);
}

def Onnx_ConcatOp : Onnx_Op<"Concat"> {
  let arguments = (ins Variadic<Onnx_Tensor>:$inputs, I64Attr:$axis);
  let results = (outs Onnx_Tensor:$concat_result);
}

def Onnx_SplitOp : Onnx_Op<"Split"> {
  let arguments = (ins
    Onnx_Tensor:$input,
    Onnx_Optional<Onnx_I64Tensor>:$split,
    DefaultValuedAttr<I64Attr, "0">:$axis,
    OptionalAttr<I64Attr>:$num_outputs
  );
  let results = (outs Variadic<Onnx_Tensor>:$outputs);
}

def Onnx_SliceOp : Onnx_Op<"Slice", [
    AllElementTypesMatch<["data", "output"]>,
    AllElementTypesMatch<["starts", "ends"]>]> {
  let arguments = (ins
    Onnx_Tensor:$data,
    Onnx_IndexTensor:$starts,
    Onnx_IndexTensor:$ends,
    Onnx_Optional<Onnx_IndexTensor>:$axes,
    Onnx_Optional<Onnx_IndexTensor>:$steps
  );
  let results = (outs Onnx_Tensor:$output);
}

def Onnx_PadOp : Onnx_Op<"Pad", [AllElementTypesMatch<["data", "output"]>]> {
  let arguments = (ins
    Onnx_Tensor:$data,
    Onnx_I64Tensor:$pads,
    Onnx_Optional<Onnx_Tensor>:$constant_value,
    Onnx_Optional<Onnx_IndexTensor>:$axes,
    DefaultValuedStrAttr<StrAttr, "constant">:$mode
  );
  let results = (outs Onnx_Tensor:$output);
}

#endif // SKIM_DIALECT_ONNX_IR_ONNXSHAPEOPS_TD
