//===- OnnxMathOps.td - elementwise arithmetic ------------*- tablegen -*-===//
// One op for each ONNX op, in the form of the newest operator set.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_IR_ONNXMATHOPS_TD
#define SKIM_DIALECT_ONNX_IR_ONNXMATHOPS_TD

include "skim/Dialect/Onnx/IR/OnnxOpBase.td"

def Onnx_AddOp : Onnx_Op<"Add", [
    Onnx_Broadcast, Commutative, AllElementTypesMatch<["A", "B", "C"]>]> {
  let arguments = (ins Onnx_NumericTensor:$A, Onnx_NumericTensor:$B);
  let results = (outs Onnx_NumericTensor:$C);
}

def Onnx_SubOp : Onnx_Op<"Sub", [
    Onnx_Broadcast, AllElementTypesMatch<["A", "B", "C"]>]> {
  let arguments = (ins Onnx_NumericTensor:$A, Onnx_NumericTensor:$B);
  let results = (outs Onnx_NumericTensor:$C);
}

def Onnx_MulOp : Onnx_Op<"Mul", [
    Onnx_Broadcast, Commutative, AllElementTypesMatch<["A", "B", "C"]>]> {
  let arguments = (ins Onnx_NumericTensor:$A, Onnx_NumericTensor:$B);
  let results = (outs Onnx_NumericTensor:$C);
}

def Onnx_DivOp : Onnx_Op<"Div", [
    Onnx_Broadcast, AllElementTypesMatch<["A", "B", "C"]>]> {
  let arguments = (ins Onnx_NumericTensor:$A, Onnx_NumericTensor:$B);
  let results = (outs Onnx_NumericTensor:$C);
}

def Onnx_PowOp : Onnx_Op<"Pow", [
    Onnx_Broadcast, AllElementTypesMatch<["X", "Z"]>]> {
  let arguments = (ins
    TensorOf<[I32, I64, BF16, F16, F32, F64]>:$X,
    Onnx_NumericTensor:$Y
  );
  let results = (outs TensorOf<[I32, I64, BF16, F16, F32, F64]>:$Z);
}

def Onnx_ModOp : Onnx_Op<"Mod", [
    Onnx_Broadcast, AllElementTypesMatch<["A", "B", "C"]>]> {
  let arguments = (ins
    Onnx_NumericTensor:$A,
    Onnx_NumericTensor:$B,
    DefaultValuedAttr<I64Attr, "0">:$fmod
  );
  let results = (outs Onnx_NumericTensor:$C);
}

def Onnx_NegOp : Onnx_Op<"Neg", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let arguments = (ins Onnx_SignedTensor:$X);
  let results = (outs Onnx_SignedTensor:$Y);
}

def Onnx_AbsOp : Onnx_Op<"Abs", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let arguments = (ins Onnx_NumericTensor:$X);
  let results = (outs Onnx_NumericTensor:$Y);
}

def Onnx_SignOp : Onnx_Op<"Sign", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let arguments = (ins Onnx_NumericTensor:$input);
  let results = (outs Onnx_NumericTensor:$output);
}

def Onnx_ReciprocalOp : Onnx_Op<"Reciprocal", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let arguments = (ins Onnx_FloatTensor:$X);
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_SqrtOp : Onnx_Op<"Sqrt", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let arguments = (ins Onnx_FloatTensor:$X);
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_ExpOp : Onnx_Op<"Exp", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_LogOp : Onnx_Op<"Log", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_ErfOp : Onnx_Op<"Erf", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_FloorOp : Onnx_Op<"Floor", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let arguments = (ins Onnx_FloatTensor:$X);
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_CeilOp : Onnx_Op<"Ceil", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let arguments = (ins Onnx_FloatTensor:$X);
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_RoundOp : Onnx_Op<"Round", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let arguments = (ins Onnx_FloatTensor:$X);
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_SinOp : Onnx_Op<"Sin", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_CosOp : Onnx_Op<"Cos", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_TanOp : Onnx_Op<"Tan", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_AsinOp : Onnx_Op<"Asin", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_AcosOp : Onnx_Op<"Acos", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_AtanOp : Onnx_Op<"Atan", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_SinhOp : Onnx_Op<"Sinh", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_CoshOp : Onnx_Op<"Cosh", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_TanhOp : Onnx_Op<"Tanh", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_AsinhOp : Onnx_Op<"Asinh", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_AcoshOp : Onnx_Op<"Acosh", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_AtanhOp : Onnx_Op<"Atanh", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_MaxOp : Onnx_Op<"Max", [Onnx_Broadcast]> {
  let arguments = (ins Variadic<Onnx_NumericTensor>:$data_0);
  let results = (outs Onnx_NumericTensor:$max);
}

def Onnx_MinOp : Onnx_Op<"Min", [Onnx_Broadcast]> {
  let arguments = (ins Variadic<Onnx_NumericTensor>:$data_0);
  let results = (outs Onnx_NumericTensor:$min);
}

def Onnx_SumOp : Onnx_Op<"Sum", [Onnx_Broadcast]> {
  let arguments = (ins Variadic<Onnx_FloatTensor>:$data_0);
  let results = (outs Onnx_FloatTensor:$sum);
}

def Onnx_MeanOp : Onnx_Op<"Mean", [Onnx_Broadcast]> {
  let arguments = (ins Variadic<Onnx_FloatTensor>:$data_0);
  let results = (outs Onnx_FloatTensor:$mean);
}

def Onnx_ClipOp : Onnx_Op<"Clip", [AllElementTypesMatch<["input", "output"]>]> {
  let arguments = (ins
    Onnx_NumericTensor:$input,
    Onnx_Optional<Onnx_NumericTensor>:$min,
    Onnx_Optional<Onnx_NumericTensor>:$max
  );
  let results = (outs Onnx_NumericTensor:$output);
}

def Onnx_CumSumOp : Onnx_Op<"CumSum", [AllElementTypesMatch<["x", "y"]>]> {
  let arguments = (ins
    Onnx_WideTensor:$x,
    Onnx_IndexTensor:$axis,
    DefaultValuedAttr<I64Attr, "0">:$exclusive,
    DefaultValuedAttr<I64Attr, "0">:$reverse
  );
  let results = (outs Onnx_WideTensor:$y);
}

#endif // SKIM_DIALECT_ONNX_IR_ONNXMATHOPS_TD
