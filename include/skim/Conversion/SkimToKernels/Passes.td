//===- Passes.td - from skim to the kernels form -----------*- tablegen -*-===//
// The passes of this conversion.
//===----------------------------------------------------------------------===//

#ifndef SKIM_CONVERSION_SKIMTOKERNELS_PASSES_TD
#define SKIM_CONVERSION_SKIMTOKERNELS_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertSkimToKernelsPass
    : Pass<"convert-skim-to-kernels", "::mlir::ModuleOp"> {
  let summary = "Turn encoder ops into calls of kernels";
  let description = [{
    Each skim op of the main function becomes a `skim.dispatch` of the kernel for
    its shape, which is made where the module has none yet; equal shapes share
    one. Ragged states become buffers `memref<?xH>`, `!skim.rows` the buffers of
    `skim.pack_rows`. Constant operands become entries of the weights segment, in
    the order of first use, 64-byte aligned; the same constant in the same layout
    is one entry. Linear layers of one input that differ in their weights only,
    and that only attention reads, become one product over the weights side by
    side: its results are ranges of columns of one buffer.

    The main function takes memrefs and returns nothing: outputs are given by
    `skim.output`, and their names and dimensions move to the function's
    attribute `skim.outputs`. Dense tensors that other ops make or read are
    bridged by `bufferization.to_buffer` and `to_tensor`.

    With `dtype` bf16 or int8 linear layers multiply numbers of that type: a kernel
    rounds each state that they read once, whoever reads it, and the weights are
    rounded where they are laid out. Attention multiplies bf16 numbers then where the
    processor has AMX, integers elsewhere on x86: of 8 bits for scores in int8, of
    16 otherwise. Everything else stays fp32, and so do products of more than 65536 numbers in int8, whose sums could overflow. With `int8x3`
    they multiply fp32 numbers as integers of four (states) and three (weights) digits of
    int8: nine products of digits by AMX, with an error like that of fp32. Layers whose K
    has no steps of 32 to 64 numbers, or is above 32768, multiply and add in fp32.

    What is known at run time only is checked by `skim.check`: ids of another
    batch or length than the rows.

    Needs before: packed form, no dense `[batch, sequence, H]` states in
    attention. Leaves no skim op but those of the kernels form. Reports, by the
    node's name: weights that are not constant, forms of attention without a
    kernel (rotary positions of each sequence, disentangled terms), pooling of dense states.

    Example: test/Conversion/SkimToKernels/convert-skim-to-kernels.mlir

    ```mlir
    func.func @main(%x: tensor<?x16xf32>) -> tensor<?x32xf32> {
      %w = onnx.Constant dense_resource<w> : tensor<16x32xf32>
      %y = skim.linear %x, %w : tensor<?x16xf32>, tensor<16x32xf32> -> tensor<?x32xf32>
      return %y : tensor<?x32xf32>
    }
    ==>
    skim.weights @w tiled at 0 bytes 2048 {parts = [dense_resource<w> : tensor<16x32xf32>], tile = 16 : i64}
    func.func @main(%x: memref<?x16xf32>) {
      %rows = memref.dim %x, %c0 : memref<?x16xf32>
      %y = memref.alloc(%rows) : memref<?x32xf32>
      %w = skim.weights_view @w : memref<2x16x16xf32>
      skim.dispatch gemm @gemm_16x32(%x, %w, %y) tasks %tasks grain %c1 scratch %c0 flops %flops : ...
      skim.output %y {index = 0 : i64} : memref<?x32xf32>
      return
    }
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::bufferization::BufferizationDialect",
    "::mlir::func::FuncDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect",
    "::mlir::vector::VectorDialect", "::skim::SkimDialect"
  ];
  let options = [
    Option<"mcpu", "mcpu", "std::string", "\"native\"",
           "Processor to write kernels for, as LLVM names it">,
    Option<"mtriple", "mtriple", "std::string", "\"\"",
           "Triple to write kernels for; empty: this machine's">,
    Option<"dtype", "dtype", "std::string", "\"fp32\"",
           "Numbers that linear layers multiply: fp32, bf16 or int8, emulated where "
           "the processor has no instruction for their products, attention bf16 or "
           "integers then; or int8x3, fp32 numbers as digits, for "
           "processors with AMX">,
    Option<"kernels", "kernels", "std::string", "\"auto\"",
           "Who writes kernels: mlir, halide, or auto: for each the one that was "
           "measured to be faster">
  ];
  let statistics = [
    Statistic<"numDispatches", "num-dispatches", "Calls of kernels">,
    Statistic<"numWeights", "num-weights", "Entries of the weights segment">,
    Statistic<"numMerged", "num-merged", "Linear layers merged into another">
  ];
}

def OutlineLoopsPass : Pass<"outline-loops", "::mlir::ModuleOp"> {
  let summary = "Make kernels of the loops that linalg ops become";
  let description = [{
    The loops of a linalg op on buffers become a function `loops_<node type>`, whose
    tasks are the indices of the outer loops that are parallel, and the op a
    `skim.dispatch` of it: other ops than those of encoders run on all threads, too,
    and have a line of their own in profiles. A task does what the loops did, so no
    bit depends on threads. The innermost loop stays whole. `grain` makes pieces of some 16384
    iterations.

    What the innermost loop repeats, indices that it reads and their checks above all, goes
    before it. Where it reads across memory, along which another loop goes, tasks are
    blocks of 16 iterations of that one, and take 16 of the innermost at a time:
    a line of memory is read once, not once for each of its elements. Where an iteration
    is a sum, or another chain of numbers, several go on side by side, each in its order:
    64 that read neighbours in memory, in a buffer that becomes vectors, else 8 in registers.

    The only loop of an op is cut into tasks of 64 iterations where its body is a loop, as that of a sum is.

    Left to `convert-linalg-to-loops` are other ops of one loop, those whose outer loop sums,
    those of fewer than 32768 iterations, loops of the body included, where all sizes are static, and
    what is in a loop already.

    Needs buffers (`one-shot-bufferize`). Example: test/Conversion/SkimToKernels/outline-loops.mlir

    ```mlir
    linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>) {...}
    ==>
    skim.dispatch other @loops_neg(%rows, %columns, %x, %y) tasks %rows grain %grain scratch %c0 flops %c0_i64 : ...
    ```
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::func::FuncDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::skim::SkimDialect"
  ];
  let statistics = [
    Statistic<"numOutlined", "num-outlined", "Ops whose loops are kernels">
  ];
}

def InsertFreesPass : Pass<"insert-frees", "::mlir::func::FuncOp"> {
  let summary = "Free buffers after their last use";
  let description = [{
    Each `memref.alloc` in the body of the function is freed after the last op of
    its block that reads or writes it, itself or through a view, so that the pool
    gives its memory to the next one. Where that op is a branch the buffer is freed
    in it, on each path behind its last use there: the branch may be the rest of
    the network. A buffer that ends as an output, whole, is
    given to the call (`owned`) and not freed, where no other output takes it and
    nothing uses it afterwards.

    Needs the kernels form: buffers that do not leave their block but by
    `skim.output`. Does nothing to a buffer that is freed already, or that a
    branch or a loop hands on.

    Example: test/Conversion/SkimToKernels/insert-frees.mlir
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
  let statistics = [
    Statistic<"numFrees", "num-frees", "Buffers that are freed">,
    Statistic<"numOwned", "num-owned", "Buffers that outputs take over">
  ];
}

#endif // SKIM_CONVERSION_SKIMTOKERNELS_PASSES_TD
