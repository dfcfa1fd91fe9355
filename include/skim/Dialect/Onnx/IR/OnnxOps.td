//===- OnnxOps.td - all ops of the onnx dialect ------------*- tablegen -*-===//
// The families in one file, for the dialect reference.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_IR_ONNXOPS_TD
#define SKIM_DIALECT_ONNX_IR_ONNXOPS_TD

include "skim/Dialect/Onnx/IR/OnnxActivationOps.td"
include "skim/Dialect/Onnx/IR/OnnxCoreOps.td"
include "skim/Dialect/Onnx/IR/OnnxIndexOps.td"
include "skim/Dialect/Onnx/IR/OnnxLogicOps.td"
include "skim/Dialect/Onnx/IR/OnnxMathOps.td"
include "skim/Dialect/Onnx/IR/OnnxMsOps.td"
include "skim/Dialect/Onnx/IR/OnnxNNOps.td"
include "skim/Dialect/Onnx/IR/OnnxQuantOps.td"
include "skim/Dialect/Onnx/IR/OnnxReduceOps.td"
include "skim/Dialect/Onnx/IR/OnnxShapeOps.td"
include "skim/Dialect/Onnx/IR/OnnxSpatialOps.td"

#endif // SKIM_DIALECT_ONNX_IR_ONNXOPS_TD
