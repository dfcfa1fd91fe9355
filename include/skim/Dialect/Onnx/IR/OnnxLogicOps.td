//===- OnnxLogicOps.td - comparison, boolean and bitwise ops -*- tablegen -*-===//
// One op for each ONNX op, in the form of the newest operator set.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_IR_ONNXLOGICOPS_TD
#define SKIM_DIALECT_ONNX_IR_ONNXLOGICOPS_TD

include "skim/Dialect/Onnx/IR/OnnxOpBase.td"

def Onnx_EqualOp : Onnx_Op<"Equal", [
    Onnx_Broadcast, Commutative, AllElementTypesMatch<["A", "B"]>]> {
  let arguments = (ins Onnx_Tensor:$A, Onnx_Tensor:$B);
  let results = (outs Onnx_BoolTensor:$C);
}

def Onnx_GreaterOp : Onnx_Op<"Greater", [
    Onnx_Broadcast, AllElementTypesMatch<["A", "B"]>]> {
  let arguments = (ins Onnx_NumericTensor:$A, Onnx_NumericTensor:$B);
  let results = (outs Onnx_BoolTensor:$C);
}

def Onnx_GreaterOrEqualOp : Onnx_Op<"GreaterOrEqual", [
    Onnx_Broadcast, AllElementTypesMatch<["A", "B"]>]> {
  let arguments = (ins Onnx_NumericTensor:$A, Onnx_NumericTensor:$B);
  let results = (outs Onnx_BoolTensor:$C);
}

def Onnx_LessOp : Onnx_Op<"Less", [
    Onnx_Broadcast, AllElementTypesMatch<["A", "B"]>]> {
  let arguments = (ins Onnx_NumericTensor:$A, Onnx_NumericTensor:$B);
  let results = (outs Onnx_BoolTensor:$C);
}

def Onnx_LessOrEqualOp : Onnx_Op<"LessOrEqual", [
    Onnx_Broadcast, AllElementTypesMatch<["A", "B"]>]> {
  let arguments = (ins Onnx_NumericTensor:$A, Onnx_NumericTensor:$B);
  let results = (outs Onnx_BoolTensor:$C);
}

def Onnx_AndOp : Onnx_Op<"And", [
    Onnx_Broadcast, Commutative, AllElementTypesMatch<["A", "B"]>]> {
  let arguments = (ins Onnx_BoolTensor:$A, Onnx_BoolTensor:$B);
  let results = (outs Onnx_BoolTensor:$C);
}

def Onnx_OrOp : Onnx_Op<"Or", [
    Onnx_Broadcast, Commutative, AllElementTypesMatch<["A", "B"]>]> {
  let arguments = (ins Onnx_BoolTensor:$A, Onnx_BoolTensor:$B);
  let results = (outs Onnx_BoolTensor:$C);
}

def Onnx_XorOp : Onnx_Op<"Xor", [
    Onnx_Broadcast, Commutative, AllElementTypesMatch<["A", "B"]>]> {
  let arguments = (ins Onnx_BoolTensor:$A, Onnx_BoolTensor:$B);
  let results = (outs Onnx_BoolTensor:$C);
}

def Onnx_NotOp : Onnx_Op<"Not", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let arguments = (ins Onnx_BoolTensor:$X);
  let results = (outs Onnx_BoolTensor:$Y);
}

def Onnx_BitwiseAndOp : Onnx_Op<"BitwiseAnd", [
    Onnx_Broadcast, Commutative, AllElementTypesMatch<["A", "B", "C"]>]> {
  let arguments = (ins Onnx_IntTensor:$A, Onnx_IntTensor:$B);
  let results = (outs Onnx_IntTensor:$C);
}

def Onnx_BitwiseOrOp : Onnx_Op<"BitwiseOr", [
    Onnx_Broadcast, Commutative, AllElementTypesMatch<["A", "B", "C"]>]> {
  let arguments = (ins Onnx_IntTensor:$A, Onnx_IntTensor:$B);
  let results = (outs Onnx_IntTensor:$C);
}

def Onnx_BitwiseXorOp : Onnx_Op<"BitwiseXor", [
    Onnx_Broadcast, Commutative, AllElementTypesMatch<["A", "B", "C"]>]> {
  let arguments = (ins Onnx_IntTensor:$A, Onnx_IntTensor:$B);
  let results = (outs Onnx_IntTensor:$C);
}

def Onnx_BitwiseNotOp : Onnx_Op<"BitwiseNot", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let arguments = (ins Onnx_IntTensor:$X);
  let results = (outs Onnx_IntTensor:$Y);
}

def Onnx_BitShiftOp : Onnx_Op<"BitShift", [
    Onnx_Broadcast, AllElementTypesMatch<["X", "Y", "Z"]>]> {
  let arguments = (ins
    Onnx_IntTensor:$X,
    Onnx_IntTensor:$Y,
    StrAttr:$direction
  );
  let results = (outs Onnx_IntTensor:$Z);
}

def Onnx_IsNaNOp : Onnx_Op<"IsNaN", [Onnx_Elementwise]> {
  let arguments = (ins Onnx_FloatTensor:$X);
  let results = (outs Onnx_BoolTensor:$Y);
}

def Onnx_IsInfOp : Onnx_Op<"IsInf", [Onnx_Elementwise]> {
  let arguments = (ins
    Onnx_FloatTensor:$X,
    DefaultValuedAttr<I64Attr, "1">:$detect_negative,
    DefaultValuedAttr<I64Attr, "1">:$detect_positive
  );
  let results = (outs Onnx_BoolTensor:$Y);
}

def Onnx_WhereOp : Onnx_Op<"Where", [
    Onnx_Broadcast, AllElementTypesMatch<["X", "Y", "output"]>]> {
  let arguments = (ins
    Onnx_BoolTensor:$condition,
    Onnx_Tensor:$X,
    Onnx_Tensor:$Y
  );
  let results = (outs Onnx_Tensor:$output);
}

#endif // SKIM_DIALECT_ONNX_IR_ONNXLOGICOPS_TD
