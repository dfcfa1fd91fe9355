//===- OnnxOpBase.td - what all onnx ops share -------------*- tablegen -*-===//
// Op base class, type constraints and traits of the onnx dialect.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_IR_ONNXOPBASE_TD
#define SKIM_DIALECT_ONNX_IR_ONNXOPBASE_TD

include "mlir/IR/OpBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "skim/Dialect/Onnx/IR/OnnxDialect.td"

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

def Onnx_Tensor : TensorOf<[
  I1, I8, I16, I32, I64, UI8, UI16, UI32, UI64, BF16, F16, F32, F64]>;
def Onnx_NumericTensor : TensorOf<[
  I8, I16, I32, I64, UI8, UI16, UI32, UI64, BF16, F16, F32, F64]>;
def Onnx_IntTensor : TensorOf<[I8, I16, I32, I64, UI8, UI16, UI32, UI64]>;
def Onnx_SignedTensor : TensorOf<[I8, I16, I32, I64, BF16, F16, F32, F64]>;
def Onnx_WideTensor : TensorOf<[I32, I64, UI32, UI64, BF16, F16, F32, F64]>;
def Onnx_FloatTensor : TensorOf<[BF16, F16, F32, F64]>;
def Onnx_BoolTensor : TensorOf<[I1]>;
def Onnx_ByteTensor : TensorOf<[I8, UI8]>;
def Onnx_IndexTensor : TensorOf<[I32, I64]>;
def Onnx_I64Tensor : TensorOf<[I64]>;

// What OneHot takes as index and depth: rounded to an integer.
def Onnx_OneHotTensor : TensorOf<[
  I8, I16, I32, I64, UI8, UI16, UI32, UI64, F16, F32, F64]>;

class Onnx_Optional<Type type> : AnyTypeOf<[type, NoneType]>;

//===----------------------------------------------------------------------===//
// Traits
//===----------------------------------------------------------------------===//

// The result has the shape of the first operand.
def Onnx_Elementwise : NativeOpTrait<"Elementwise"> {
  let cppNamespace = "::skim::onnx";
}

// The result has the shape that the operands' shapes broadcast to: aligned at
// the last dimension, a dimension of 1 or a missing one repeats.
def Onnx_Broadcast : NativeOpTrait<"Broadcast"> {
  let cppNamespace = "::skim::onnx";
}

//===----------------------------------------------------------------------===//
// Base class
//===----------------------------------------------------------------------===//

class Onnx_Op<string mnemonic, list<Trait> traits = []>
    : Op<Onnx_Dialect, mnemonic, !listconcat([Pure], traits)> {
  let assemblyFormat =
      "operands attr-dict `:` functional-type(operands, results)";
}

#endif // SKIM_DIALECT_ONNX_IR_ONNXOPBASE_TD
