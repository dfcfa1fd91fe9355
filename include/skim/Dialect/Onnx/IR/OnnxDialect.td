//===- OnnxDialect.td - the onnx dialect -------------------*- tablegen -*-===//
// The dialect that the importer produces: one op for each ONNX op.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_IR_ONNXDIALECT_TD
#define SKIM_DIALECT_ONNX_IR_ONNXDIALECT_TD

include "mlir/IR/OpBase.td"

def Onnx_Dialect : Dialect {
  let name = "onnx";
  let cppNamespace = "::skim::onnx";
  let summary = "ONNX graphs, each op in the form of the newest operator set";
  let description = [{
    The importer brings every model to one operator set, so each ONNX op has one
    form here whatever the model's version. An op is named as in ONNX, its
    operands, results and attributes too. Ops of the domain `com.microsoft` are
    called `onnx.ms.<Name>`.

    An absent optional input is the value of `onnx.None`; an optional output
    that the model does not ask for is a result of type `none`. Booleans are
    `i1`, signed integers are signless, unsigned ones `ui8` to `ui64`.

    Every op's location is `loc("node"("OpType"))`: the name of the node in the
    model (of its first output where the node has none) and its ONNX type.
  }];
  let hasConstantMaterializer = 1;
  let extraClassDeclaration = [{
  private:
    void addActivationOps();
    void addCoreOps();
    void addIndexOps();
    void addLogicOps();
    void addMathOps();
    void addMsOps();
    void addNNOps();
    void addQuantOps();
    void addReduceOps();
    void addShapeOps();
    void addSpatialOps();

  public:
  }];
}

#endif // SKIM_DIALECT_ONNX_IR_ONNXDIALECT_TD
