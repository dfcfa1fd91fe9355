//===- Passes.td - from onnx to linalg ---------------------*- tablegen -*-===//
// The passes of this conversion.
//===----------------------------------------------------------------------===//

#ifndef SKIM_CONVERSION_ONNXTOLINALG_PASSES_TD
#define SKIM_CONVERSION_ONNXTOLINALG_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertOnnxToLinalgPass
    : Pass<"convert-onnx-to-linalg", "::mlir::ModuleOp"> {
  let summary = "Lower what is left of the onnx dialect to linalg on tensors";
  let description = [{
    Every onnx op becomes linalg, tensor, arith, math and scf on tensors of any
    shape: linalg.generic where elements are independent, scf.for where they are
    not, scalars where an integer tensor is small and of known size (the shape
    arithmetic of exporters). Half precision is computed in f32. Unsigned integers
    become signless ones, in the signature of functions too.

    Shapes that the types do not tell are checked at run time by `skim.check`; an
    index out of range is noted by `skim.report` and read as 0. Dimensions of
    arguments with the same name in `onnx.dims` are taken as one.

    Constants of more than `constant-limit` bytes become `skim.weights` entries (at
    offset 0: `layout-weights` places them). Constants that skim ops use stay.

    Needs before: ranked types. Leaves no onnx op but `onnx.Constant` for skim ops
    and `onnx.None`.

    Example: test/Conversion/OnnxToLinalg/elementwise.mlir
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::bufferization::BufferizationDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect",
    "::skim::SkimDialect"
  ];
  let options = [
    Option<"constantLimit", "constant-limit", "int64_t", "1024",
           "Bytes above which a constant goes to the weights segment">
  ];
  let statistics = [
    Statistic<"numLowered", "ops-lowered", "Number of onnx ops lowered">,
    Statistic<"numWeights", "weights", "Number of constants made weights">
  ];
}

def FuseLoopsPass : Pass<"fuse-loops", "::mlir::func::FuncOp"> {
  let summary = "Make one loop of loops over elements in a row";
  let description = [{
    A `linalg.generic` without reductions goes into the one that reads its
    result, where that has no reductions either, reads each element once and in
    order, and is the only reader. What is between them is not stored. No result
    changes. Constants of one element become numbers.

    Needs linalg on tensors.

    Example: test/Conversion/OnnxToLinalg/fuse-loops.mlir
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::linalg::LinalgDialect"
  ];
  let statistics = [
    Statistic<"numFused", "fused", "Number of loops that went into others">
  ];
}

#endif // SKIM_CONVERSION_ONNXTOLINALG_PASSES_TD
