//===- OnnxActivationOps.td - activation functions and softmax -*- tablegen -*-===//
// One op for each ONNX op, in the form of the newest operator set.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_IR_ONNXACTIVATIONOPS_TD
#define SKIM_DIALECT_ONNX_IR_ONNXACTIVATIONOPS_TD

include "skim/Dialect/Onnx/IR/OnnxOpBase.td"

def Onnx_ReluOp : Onnx_Op<"Relu", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let arguments = (ins Onnx_SignedTensor:$X);
  let results = (outs Onnx_SignedTensor:$Y);
}

def Onnx_LeakyReluOp : Onnx_Op<"LeakyRelu", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let arguments = (ins
    Onnx_FloatTensor:$X,
    DefaultValuedAttr<F32Attr, "0.01f">:$alpha
  );
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_PReluOp : Onnx_Op<"PRelu", [
    AllElementTypesMatch<["X", "slope", "Y"]>]> {
  let arguments = (ins Onnx_WideTensor:$X, Onnx_WideTensor:$slope);
  let results = (outs Onnx_WideTensor:$Y);
}

def Onnx_ThresholdedReluOp : Onnx_Op<"ThresholdedRelu", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let arguments = (ins
    Onnx_FloatTensor:$X,
    DefaultValuedAttr<F32Attr, "1.0f">:$alpha
  );
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_EluOp : Onnx_Op<"Elu", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let arguments = (ins
    Onnx_FloatTensor:$X,
    DefaultValuedAttr<F32Attr, "1.0f">:$alpha
  );
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_SeluOp : Onnx_Op<"Selu", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let arguments = (ins
    Onnx_FloatTensor:$X,
    DefaultValuedAttr<F32Attr, "1.6732632f">:$alpha,
    DefaultValuedAttr<F32Attr, "1.050701f">:$gamma
  );
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_CeluOp : Onnx_Op<"Celu", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let arguments = (ins
    Onnx_FloatTensor:$X,
    DefaultValuedAttr<F32Attr, "1.0f">:$alpha
  );
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_SigmoidOp : Onnx_Op<"Sigmoid", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let arguments = (ins Onnx_FloatTensor:$X);
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_HardSigmoidOp : Onnx_Op<"HardSigmoid", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let arguments = (ins
    Onnx_FloatTensor:$X,
    DefaultValuedAttr<F32Attr, "0.2f">:$alpha,
    DefaultValuedAttr<F32Attr, "0.5f">:$beta
  );
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_HardSwishOp : Onnx_Op<"HardSwish", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let arguments = (ins Onnx_FloatTensor:$X);
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_SwishOp : Onnx_Op<"Swish", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let arguments = (ins
    Onnx_FloatTensor:$X,
    DefaultValuedAttr<F32Attr, "1.0f">:$alpha
  );
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_MishOp : Onnx_Op<"Mish", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let arguments = (ins Onnx_FloatTensor:$X);
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_GeluOp : Onnx_Op<"Gelu", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let arguments = (ins
    Onnx_FloatTensor:$X,
    DefaultValuedStrAttr<StrAttr, "none">:$approximate
  );
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_SoftplusOp : Onnx_Op<"Softplus", [
    Onnx_Elementwise, AllElementTypesMatch<["X", "Y"]>]> {
  let arguments = (ins Onnx_FloatTensor:$X);
  let results = (outs Onnx_FloatTensor:$Y);
}

def Onnx_SoftsignOp : Onnx_Op<"Softsign", [
    Onnx_Elementwise, AllElementTypesMatch<["input", "output"]>]> {
  let arguments = (ins Onnx_FloatTensor:$input);
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_SoftmaxOp : Onnx_Op<"Softmax", [
    AllElementTypesMatch<["input", "output"]>]> {
  let arguments = (ins
    Onnx_FloatTensor:$input,
    DefaultValuedAttr<I64Attr, "-1">:$axis
  );
  let results = (outs Onnx_FloatTensor:$output);
}

def Onnx_LogSoftmaxOp : Onnx_Op<"LogSoftmax", [
    AllElementTypesMatch<["input", "output"]>]> {
  let arguments = (ins
    Onnx_FloatTensor:$input,
    DefaultValuedAttr<I64Attr, "-1">:$axis
  );
  let results = (outs Onnx_FloatTensor:$output);
}

#endif // SKIM_DIALECT_ONNX_IR_ONNXACTIVATIONOPS_TD
