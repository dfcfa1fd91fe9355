//===- SkimKernelOps.td - ops of the kernels form ----------*- tablegen -*-===//
// How the main function calls kernels: weights by offset, tasks in parallel,
// errors of the run, outputs.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_SKIM_IR_SKIMKERNELOPS_TD
#define SKIM_DIALECT_SKIM_IR_SKIMKERNELOPS_TD

include "skim/Dialect/Skim/IR/SkimOpBase.td"

def Skim_KernelKindEnum : Skim_Enum<"KernelKind", "what a kernel's time is counted as", [
  I32EnumAttrCase<"Embed", 0, "embed">,
  I32EnumAttrCase<"Gemm", 1, "gemm">,
  I32EnumAttrCase<"Attention", 2, "attention">,
  I32EnumAttrCase<"Norm", 3, "norm">,
  I32EnumAttrCase<"Adaptive", 4, "adaptive">,
  I32EnumAttrCase<"Other", 5, "other">
]>;
def Skim_KernelKind : Skim_EnumAttr<Skim_KernelKindEnum, "kernel_kind">;

def Skim_LayoutEnum : Skim_Enum<"Layout", "how a weight lies in the weights segment", [
  I32EnumAttrCase<"Plain", 0, "plain">,
  I32EnumAttrCase<"Tiled", 1, "tiled">,
  I32EnumAttrCase<"TiledTransposed", 2, "tiled_transposed">,
  I32EnumAttrCase<"Padded", 3, "padded">
]>;
def Skim_Layout : Skim_EnumAttr<Skim_LayoutEnum, "layout">;

def Skim_WeightsOp : Skim_Op<"weights", [Symbol]> {
  let summary = "Declare an entry of the weights segment";
  let description = [{
    `offset` and `bytes` say where in the segment the entry lies (offset a multiple
    of 64); `parts` are the tensors that it is made of, as elements attributes.
    Layouts:
    - plain: the tensor as it is, row major (one part)
    - tiled: parts `[K, N_i]`, side by side to `[K, N]`, cut into tiles of `tile`
      columns: `[ceil(N / tile)][K][tile]`, zeros beyond N. A part `[B, K, N_i]` is B
      of these.
    - tiled_transposed: the same from parts `[N_i, K]`
    - padded: vectors `[N_i]`, one after the other, zeros up to a multiple of `tile`

    With another `dtype` than fp32 the numbers of a tiled layout are changed while
    they are written, and lie in words of 32 bits, G of them for each column:
    - bf16: `[ceil(N / tile)][G = ceil(K / 2)][tile][2]`, rounded to nearest even
    - int8: `[ceil(N / tile)][G = ceil(K / 4) + 2][tile][4]`: numbers from -127 to
      127, each the nearest to w / scale; scale = max |w| / 127 of the column. The
      last two rows of a tile hold, as words, the scales (fp32) and -128 times the
      sum of the column's numbers (int32). A column that is not finite has the
      numbers 0 and the scale NaN.
    - int8x3: `[ceil(N / tile)][steps][3][G = 8 to 16][tile][4]` and scales as in int8,
      where steps * G = K / 4 and G is the largest that divides it. A column's numbers are
      integers, the nearest to w / scale, of three digits from -128 to 127, `d0 2^16 + d1
      2^8 + d2`; the scale is the least power of 2, 2^-123 at least, with which max |w|
      has them. A column that is not finite has the digits 0 and the scale NaN.
    - uint8: `[ceil(N / tile)][G = ceil(K / 4) + 3][tile][4]`. Behind each matrix of the
      parts, of i8 or ui8, are its columns' scales (f32) and zero points (of its type). Its
      numbers lie as int8, 128 smaller where they are ui8. The last three rows of a tile hold
      the scales, minus the sum of the column's numbers (int32), and the zero points as of
      int8 (int32).

    Constraints:
    - (C1) offset is a multiple of 64
    - (C2) at least one part, exactly one where the layout is plain
    - (C3) the parts agree in K
    - (C4) bytes is the size of the layout
    - (C5) dtype is fp32 unless the layout is tiled or tiled_transposed
    - (C6) in int8x3 equal steps of 4 G numbers divide K
    - (C7) in uint8 the layout is tiled, and parts are as described
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, ArrayAttr:$parts, Skim_Layout:$layout,
                       DefaultValuedAttr<I64Attr, "1">:$tile, I64Attr:$offset, I64Attr:$bytes,
                       DefaultValuedAttr<Skim_Dtype, "::skim::Dtype::Fp32">:$dtype);
  let assemblyFormat = [{
    $sym_name $layout `at` $offset `bytes` $bytes attr-dict
  }];
  let hasVerifier = 1;
}

def Skim_WeightsViewOp : Skim_Op<"weights_view", [Pure]> {
  let summary = "View an entry of the weights segment";
  let description = [{
    A memref of static shape and identity layout over the entry `name`; in machine
    code the segment's base plus a 64-bit offset, never a symbol.
  }];
  let arguments = (ins FlatSymbolRefAttr:$name);
  let results = (outs AnyStaticShapeMemRef:$view);
  let assemblyFormat = "$name attr-dict `:` type($view)";
}

def Skim_PackRowsOp : Skim_Op<"pack_rows", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Compute the rows of a batch";
  let description = [{
    Fills `offsets` (B + 1 cumulated row counts) and `positions` (b * S + s of each
    row) from the `[B, S]` mask, or for all positions without a mask, and gives the
    number of rows. `positions` has room for B * S.
  }];
  let arguments = (ins Optional<MemRefRankOf<[I1], [2]>>:$mask,
                       Index:$batch, Index:$sequence,
                       MemRefRankOf<[I32], [1]>:$offsets, MemRefRankOf<[I32], [1]>:$positions);
  let results = (outs Index:$count);
  let assemblyFormat = [{
    (`mask` $mask^ `:` type($mask))? `batch` $batch `sequence` $sequence
    `into` $offsets `,` $positions attr-dict `:` type($offsets) `,` type($positions)
  }];
}

def Skim_DispatchOp : Skim_Op<"dispatch", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Run a kernel over a range of tasks";
  let description = [{
    Calls `kernel(args..., begin, end, scratch)` for sub-ranges `[begin, end)` that
    together make `[0, tasks)`, on any number of threads, each of at least `grain`
    tasks but the last. `scratch` is a `memref<?xi8>` of `scratch_bytes` bytes,
    64-byte aligned, private to the thread. `flops` is what the whole call counts
    as in the statistics. `kind`, `layer` (-1: none) and the kernel's name label it
    in profiles.

    Constraints:
    - (C1) the kernel is a function of the args' types followed by
      (index, index, memref<?xi8>), without results
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<AnyType>:$args, Index:$tasks,
                       Index:$grain, Index:$scratch_bytes, I64:$flops,
                       Skim_KernelKind:$kind, DefaultValuedAttr<I64Attr, "-1">:$layer);
  let assemblyFormat = [{
    $kind $kernel `(` $args `)` `tasks` $tasks `grain` $grain `scratch` $scratch_bytes
    `flops` $flops attr-dict (`:` type($args)^)?
  }];
}

def Skim_CheckOp : Skim_Op<"check", [MemoryEffects<[MemWrite]>]> {
  let summary = "End the run with an error unless a condition holds";
  let description = [{
    In the main function only. `{0}` and `{1}` in the message stand for the values.
  }];
  let arguments = (ins I1:$condition, StrAttr:$message, Variadic<Index>:$values);
  let assemblyFormat = "$condition `,` $message (`(` $values^ `)`)? attr-dict";
}

def Skim_ReportOp : Skim_Op<"report", [MemoryEffects<[MemWrite]>]> {
  let summary = "Note an error of the run from inside a kernel";
  let description = [{
    The kernel goes on with a safe value; the run fails with the first message
    noted when the dispatch is over. `{0}` and `{1}` stand for the values.
  }];
  let arguments = (ins StrAttr:$message, Variadic<Index>:$values);
  let assemblyFormat = "$message (`(` $values^ `)`)? attr-dict";
}

def Skim_OutputOp : Skim_Op<"output", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Give a buffer as an output of the model";
  let description = [{
    Output `index` has the buffer's shape and contents. With `owned` the buffer,
    made by `memref.alloc` in this function and not freed in it, goes over to the
    call; otherwise it is copied.
  }];
  let arguments = (ins AnyMemRef:$buffer, I64Attr:$index, UnitAttr:$owned);
  let assemblyFormat = "$buffer attr-dict `:` type($buffer)";
}

#endif // SKIM_DIALECT_SKIM_IR_SKIMKERNELOPS_TD
