//===- Passes.td - from the kernels form to LLVM -----------*- tablegen -*-===//
// The passes of this conversion.
//===----------------------------------------------------------------------===//

#ifndef SKIM_CONVERSION_KERNELSTOLLVM_PASSES_TD
#define SKIM_CONVERSION_KERNELSTOLLVM_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertKernelsToLLVMPass
    : Pass<"convert-kernels-to-llvm", "::mlir::ModuleOp"> {
  let summary = "Turn the ops of the kernels form into calls of the runtime";
  let description = [{
    The main function becomes `skim_entry(call)`, which reads the call's inputs;
    its ops of the kernels form, allocations and deallocations become calls of
    the functions in include/skim/Runtime/CompiledABI.h. A kernel that is
    dispatched takes bare pointers and sizes, and gets a function `NAME.task`
    beside it that unpacks them from the record which the dispatch fills.
    `llvm.*` attributes of a kernel's memref arguments go to the pointers.

    Does nothing to arith, math, memref accesses, scf and vector: the standard
    conversions come after it. Without a main function only kernels change.
    Needs before: memref types with static or identity layouts as inputs and
    outputs. Leaves `skim.weights` declarations, and casts between memrefs and
    their LLVM form that `reconcile-unrealized-casts` takes away in the end.

    Example: test/Conversion/KernelsToLLVM/convert-kernels-to-llvm.mlir
  }];
  let dependentDialects = [
    "::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect",
    "::mlir::func::FuncDialect", "::mlir::scf::SCFDialect"
  ];
  let statistics = [
    Statistic<"numKernels", "kernels", "Number of kernels">,
    Statistic<"numDispatches", "dispatches", "Number of dispatches">
  ];
}

def ExpandMemRefCopyPass
    : Pass<"expand-memref-copy", "::mlir::func::FuncOp"> {
  let summary = "Turn copies of strided buffers into loops";
  let description = [{
    `memref.copy` between buffers that are not both contiguous would become a
    call of MLIR's runner library, which a compiled model does not have. Such
    copies become `scf.for` nests; contiguous ones stay and become memcpy.

    Example: test/Conversion/KernelsToLLVM/expand-memref-copy.mlir
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect"
  ];
  let statistics = [
    Statistic<"numCopies", "copies", "Number of copies that became loops">
  ];
}

def ExpandMathPass : Pass<"expand-math", "::mlir::ModuleOp"> {
  let summary = "Turn functions of single numbers into arithmetic";
  let description = [{
    `math.erf`, `math.exp` and `math.tanh` of f32 become the polynomials that
    kernels take (lib/Codegen/VectorForms.h): e^x and erf within 2 ulp, tanh
    within 3; `math.powf` of f32 by a constant integer of at most 16 becomes products, within
    half an ulp for each unit of the exponent. LLVM makes vectors of loops over arithmetic, and none of loops
    that call libm. Other types and functions stay.

    Example: test/Conversion/KernelsToLLVM/expand-math.mlir
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::math::MathDialect"
  ];
  let options = [
    Option<"mcpu", "mcpu", "std::string", "\"native\"",
           "Processor, which may have a fused multiply-add">,
    Option<"mtriple", "mtriple", "std::string", "\"\"",
           "Target triple (empty: the host's)">
  ];
  let statistics = [
    Statistic<"numFunctions", "functions", "Number of functions expanded">
  ];
}

def WidenBoolsPass : Pass<"widen-bools", "::mlir::ModuleOp"> {
  let summary = "Load and store truth values as bytes";
  let description = [{
    An `i1` lies in memory as a byte that is 0 or 1, but LLVM makes no vectors of
    loops that load or store numbers whose bits do not fill their bytes. A load
    of an `i1` becomes one of an `i8` whose lowest bit is taken, a store one of
    an `i8` that is 0 or 1.

    Example: test/Conversion/KernelsToLLVM/widen-bools.mlir
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
  let statistics = [
    Statistic<"numAccesses", "accesses", "Number of loads and stores widened">
  ];
}

#endif // SKIM_CONVERSION_KERNELSTOLLVM_PASSES_TD
