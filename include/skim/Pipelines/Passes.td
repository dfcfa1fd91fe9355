//===- Passes.td - verifiers of the forms between stages ---*- tablegen -*-===//
// What each stage promises to the next one.
//===----------------------------------------------------------------------===//

#ifndef SKIM_PIPELINES_PASSES_TD
#define SKIM_PIPELINES_PASSES_TD

include "mlir/Pass/PassBase.td"

class VerifyFormPass<string stage> : Pass<"verify-" # stage # "-form", "::mlir::ModuleOp">;

def VerifyOnnxFormPass : VerifyFormPass<"onnx"> {
  let summary = "Check the onnx form";
  let description = [{
    - (C1) a function `main` with a body
    - (C2) inside of it only onnx ops
    - (C3) every tensor has a rank

    Changes nothing. Example: test/Pipelines/verify-onnx-form.mlir
  }];
}

def VerifySkimFormPass : VerifyFormPass<"skim"> {
  let summary = "Check the skim form on dense states";
  let description = [{
    As verify-onnx-form, and skim's encoder ops beside onnx ops; nothing ragged.

    Changes nothing. Example: test/Pipelines/verify-skim-form.mlir
  }];
}

def VerifyPackedFormPass : VerifyFormPass<"packed"> {
  let summary = "Check the skim form on ragged states";
  let description = [{
    As verify-skim-form, with ragged states:
    - (C1) `skim.embed` and `skim.attention` give ragged states, not dense ones,
      `[batch, sequence, H]`; row-wise ops may work on dense tables as well

    Changes nothing. Example: test/Pipelines/verify-packed-form.mlir
  }];
}

def VerifyKernelsFormPass : VerifyFormPass<"kernels"> {
  let summary = "Check the kernels form";
  let description = [{
    - (C1) a function `main` of memrefs without results, or none at all
    - (C2) only arith, math, memref, scf, vector, affine, ub and func ops, and
      those of skim's kernels form; kernels may call intrinsics of a processor,
      and make addresses for them
    - (C3) no tensors

    Changes nothing. Example: test/Pipelines/verify-kernels-form.mlir
  }];
}

def VerifyLLVMFormPass : VerifyFormPass<"llvm"> {
  let summary = "Check that nothing is left but the LLVM dialect";
  let description = [{
    - (C1) only llvm ops and skim.weights declarations

    Changes nothing. Example: test/Pipelines/verify-llvm-form.mlir
  }];
}

#endif // SKIM_PIPELINES_PASSES_TD
