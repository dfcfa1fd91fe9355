//===- Passes.td - passes from skim to skim ----------------*- tablegen -*-===//
// Padding out, plans in, epilogues fused.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_SKIM_TRANSFORMS_PASSES_TD
#define SKIM_DIALECT_SKIM_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def SkimPackPass : Pass<"skim-pack", "::mlir::func::FuncOp"> {
  let summary = "Remove padding at entry and put it back at the outputs";
  let description = [{
    Turns token states `tensor<BxSxH>` into `!skim.ragged<H>` over the rows that
    `skim.pack` numbers: `skim.embed` makes ragged states, row-wise ops and
    attention stay on them, `skim.restore` puts them back where an onnx op or an
    output reads them, and `skim.gather` takes up states that such an op made.

    Only the positions where the attention mask is true become rows, and the mask
    goes from attention and pooling, when this is proved: a token's state never
    depends on a position without a token. The proof (see `PaddingAnalysis.h`)
    asks that

    - (P1) every attention has the same `key_mask`, whose `fill` is at most -1e4
      (exp of a difference of that size is 0 in f32),
    - (P2) every other op on states works row by row, or pools with the mask
      (or, `first`, without one); a quantised `skim.linear`, which rounds all rows by
      their common range, passes with `scales-of-tokens` only: padding is then not in
      that range,
    - (P3) no op mixes positions or sequences in another way.

    Otherwise, or with `keep-padding`, every position becomes a row, masks stay as
    they are, and a remark at the op that prevents the proof says why. Outputs made
    from token states hold 0 at positions without a token; where an op between the
    restored states and the output does not keep zeros, an `onnx.Where` puts them
    there.

    Needs the dense skim form; leaves no skim op on dense `[batch, sequence, H]`
    states. Does nothing in a function without token states.

    Example: test/Dialect/Skim/Transforms/pack.mlir

    ```mlir
    %x = skim.embed(%ids) in (%table) : (tensor<?x?xi64>) in (tensor<9x4xf32>) -> tensor<?x?x4xf32>
    %y = skim.attention %x, %x, %x mask %m : tensor<?x?xi1> {fill = -1.0e+9 : f32, heads = 2 : i64, scale = 1.0 : f32} : ...
    return %y : tensor<?x?x4xf32>
    ==>
    %rows = skim.pack mask %m : tensor<?x?xi1>
    %x = skim.embed(%ids) in (%table) rows %rows : (tensor<?x?xi64>) in (tensor<9x4xf32>) -> !skim.ragged<4xf32>
    %y = skim.attention %x, %x, %x rows %rows {heads = 2 : i64, scale = 1.0 : f32} : ...
    %z = skim.restore %y rows %rows : !skim.ragged<4xf32> -> tensor<?x?x4xf32>
    return %z : tensor<?x?x4xf32>
    ```
  }];
  let dependentDialects = ["::skim::SkimDialect", "::skim::onnx::OnnxDialect"];
  let options = [
    Option<"keepPadding", "keep-padding", "bool", "false",
           "Compute every position, as ONNX does">,
    Option<"scalesOfTokens", "scales-of-tokens", "bool", "false",
           "Let quantised layers round by the range of the tokens, without padding">
  ];
  let statistics = [
    Statistic<"numPacked", "num-packed", "Ops moved to ragged rows">,
    Statistic<"numRestores", "num-restores", "Places where padding is put back">,
    Statistic<"numGathers", "num-gathers", "Places where dense states are taken up">
  ];
}

def SkimInsertPlanPass : Pass<"skim-insert-plan", "::mlir::ModuleOp"> {
  let summary = "Put the methods of a plan into the model";
  let description = [{
    Reads and checks a plan (see docs/plan.md), and puts into the function `main`,
    layer by layer (see `EncoderLayers.h`), what it asks for:

    - pruning: `skim.token_importance` of the layer's attention and `skim.prune`,
      behind the attention or behind the layer;
    - block skimming: `skim.block_scores` of the attention, its batch norms folded
      into the convolutions, and `skim.skip_blocks` behind the layer;
    - early exit: a head and `skim.early_exit` behind the layer; what follows and
      makes the output becomes its region. What depends on no states moves in
      front of the exit. Ops of heads carry `skim.overhead` and `skim.layer`.

    A cut takes with it every state that is read behind it. Outputs with a
    sequence dimension hold, at dropped tokens, what the ops behind the last layer
    make of their last states (`skim.empty_states`, `skim.hold`), or the plan's
    fill value. The module's `skim.knobs` lists the knobs of the run and their
    initial values.

    Errors name the plan's file and the field. Needs the packed form, with padding
    removed; does nothing without a plan.

    Example: test/Dialect/Skim/Transforms/insert-plan.mlir

    ```mlir
    %a = skim.attention %q, %k, %v rows %rows {...} : ...
    %o = skim.linear %a, %w residual %x : ...
    ==>
    %a = skim.attention %q, %k, %v rows %rows {...} : ...
    %s = skim.token_importance %q, %k rows %rows {...} : ...
    %kept, %b, %y = skim.prune %s rows %rows states(%a, %x) {layer = 0 : i64, ...} : ...
    %o = skim.linear %b, %w residual %y : ...
    ```
  }];
  let dependentDialects = ["::skim::SkimDialect", "::skim::onnx::OnnxDialect"];
  let options = [
    Option<"plan", "plan", "std::string", "\"\"", "Plan file; empty: none">
  ];
  let statistics = [
    Statistic<"numPrunes", "num-prunes", "Places where tokens are pruned">,
    Statistic<"numSkips", "num-skips", "Places where blocks are skipped">,
    Statistic<"numExits", "num-exits", "Exits">
  ];
}

def SkimFuseEpiloguePass : Pass<"skim-fuse-epilogue", "::mlir::func::FuncOp"> {
  let summary = "Fold activations and residuals into the linear layers before them";
  let description = [{
    `activation(linear(x))` becomes the linear layer with that activation, where it
    had none and no residual; `add(linear(x), r)` becomes the linear layer with the
    residual r, where it had none. Both only where the layer has no other use. When
    both operands of an addition qualify the later one takes the residual. Nothing
    of the size of the states is then read and written once more.

    The results are bitwise the same: a linear layer adds bias, activation and
    residual in this order.

    Example: test/Dialect/Skim/Transforms/fuse-epilogue.mlir

    ```mlir
    %a = skim.linear %x, %w : !skim.ragged<4xf32>, tensor<4x4xf32> -> !skim.ragged<4xf32>
    %b = skim.add %a, %r : !skim.ragged<4xf32>
    ==>
    %b = skim.linear %x, %w residual %r : !skim.ragged<4xf32>, tensor<4x4xf32> residual !skim.ragged<4xf32> -> !skim.ragged<4xf32>
    ```
  }];
  let dependentDialects = ["::skim::SkimDialect"];
  let statistics = [
    Statistic<"numActivations", "num-activations", "Activations folded">,
    Statistic<"numResiduals", "num-residuals", "Residuals folded">
  ];
}

def SkimNarrowRowsPass : Pass<"skim-narrow-rows", "::mlir::func::FuncOp"> {
  let summary = "Compute only the rows that are read";
  let description = [{
    Where only the first row of each sequence is read of an attention's result and
    of what follows it (linear layers, norms, activations, sums, up to
    `skim.pool first`), these run on the rows of `skim.first_rows`: one query for
    each sequence, against all its keys. A classifier's last layer then costs its
    keys and values and one row.

    A row's result is bitwise the same: it depends on its own query and on the
    sequence's keys and values only.

    Needs before: ragged states. Leaves alone: an attention whose importance or
    diagonal blocks are read (all queries count there), and a chain without an
    attention.

    Example: test/Dialect/Skim/Transforms/narrow-rows.mlir

    ```mlir
    %c = skim.attention %q, %k, %v rows %rows {heads = 2 : i64, scale = 1.0 : f32} : ...
    %y = skim.linear %c, %w residual %x : ...
    %p = skim.pool first %y rows %rows : ...
    ==>
    %first, %t:2 = skim.first_rows %rows states(%q, %x) : ...
    %c = skim.attention %t#0, %k, %v rows %first key_rows %rows {heads = 2 : i64, scale = 1.0 : f32} : ...
    %y = skim.linear %c, %w residual %t#1 : ...
    %p = skim.pool first %y rows %first : ...
    ```
  }];
  let dependentDialects = ["::skim::SkimDialect"];
  let statistics = [
    Statistic<"numNarrowed", "num-narrowed", "Layers that run for first rows">
  ];
}

def SkimFindMicroBatchesPass : Pass<"skim-find-micro-batches", "::mlir::func::FuncOp"> {
  let summary = "Find out whether a batch may run in parts";
  let description = [{
    A large batch is faster in micro-batches, run one after the other, whose states
    stay in the cache: `skim.micro_batch` on the function says how many positions
    one has for each thread at most, `skim.batched` on inputs and outputs, whose
    leading dimension is the batch. The run-time library splits the inputs, and
    joins the outputs and the statistics (docs/runtime.md). A sequence's results
    are bitwise the same.

    The batch is the leading dimension, of any size, of the first input of two
    dimensions and more, and of the other inputs where it has the same name. This
    is proved (see `BatchAxes.h`), from the inputs to the outputs:

    - (M1) no op brings values of different sequences together: skim ops work on
      each sequence or row apart (but for `skim.skip_blocks` with `batch_align`
      max), onnx ops work along other dimensions than the batch
    - (M2) what has no batch dimension holds for every batch: it is broadcast along
      the batch, or a parameter, and does not depend on how many sequences there are
    - (M3) outputs have the batch as leading dimension, or do not depend on it

    Otherwise a remark at the op says why, and a batch runs as a whole. Needs the
    packed form; does nothing in a function without `skim.pack`, or without an input
    of any batch size.

    Example: test/Dialect/Skim/Transforms/find-micro-batches.mlir

    ```mlir
    func.func @main(%ids: tensor<?x?xi64> {onnx.dims = ["batch", "sequence"]}) -> tensor<?x4xf32>
    ==>
    func.func @main(%ids: tensor<?x?xi64> {onnx.dims = ["batch", "sequence"], skim.batched}) -> (tensor<?x4xf32> {skim.batched}) attributes {skim.micro_batch = 512 : i64}
    ```
  }];
  let options = [
    Option<"positions", "positions", "int64_t", "512",
           "Most positions of a micro-batch, times the threads">
  ];
  let statistics = [
    Statistic<"numFound", "num-found", "Functions that may run in micro-batches">
  ];
}

def SkimLayoutWeightsPass : Pass<"skim-layout-weights", "::mlir::ModuleOp"> {
  let summary = "Give every entry of the weights segment its place";
  let description = [{
    Entries that hold the same parts in the same layout become one; those that
    nothing views are removed. Then the offsets follow each other in the order of
    the first view, which is the order in which a run reads them, each a multiple
    of 64.

    Example: test/Dialect/Skim/Transforms/layout-weights.mlir

    ```mlir
    skim.weights @a plain at 0 bytes 8 {parts = [dense<1> : tensor<2xi32>]}
    skim.weights @b plain at 0 bytes 8 {parts = [dense<1> : tensor<2xi32>]}
    skim.weights @c plain at 0 bytes 4 {parts = [dense<2> : tensor<1xi32>]}
    %c = skim.weights_view @c : memref<1xi32>
    %b = skim.weights_view @b : memref<2xi32>
    %a = skim.weights_view @a : memref<2xi32>
    ==>
    skim.weights @b plain at 64 bytes 8 {parts = [dense<1> : tensor<2xi32>]}
    skim.weights @c plain at 0 bytes 4 {parts = [dense<2> : tensor<1xi32>]}
    %c = skim.weights_view @c : memref<1xi32>
    %b = skim.weights_view @b : memref<2xi32>
    %a = skim.weights_view @b : memref<2xi32>
    ```
  }];
  let statistics = [
    Statistic<"numShared", "num-shared", "Entries that are another's copy">,
    Statistic<"numUnused", "num-unused", "Entries that nothing views">
  ];
}

#endif // SKIM_DIALECT_SKIM_TRANSFORMS_PASSES_TD
