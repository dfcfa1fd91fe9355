//===- HalidePipelines.h - the module that runs Halide ----------*- C++ -*-===//
// The compiler opens the module when the first Halide kernel is asked for:
// libHalide has an LLVM of its own and is larger than the compiler. What goes
// in is plain data, what comes out is LLVM bitcode; neither Halide's headers
// nor MLIR's are needed to include this.
//===----------------------------------------------------------------------===//

#ifndef SKIM_CODEGEN_HALIDEPIPELINES_H
#define SKIM_CODEGEN_HALIDEPIPELINES_H

#include <cstdint>
#include <string>
#include <vector>

namespace skim::halide {

/// What schedules follow from.
struct Machine {
  bool isX86 = true;
  bool hasFMA = true;
  bool looksUp = false; ///< pipelines may call what `lookUpName` names
  int vectorWidth = 8, numRegisters = 16;
  int tileRows = 6, tileColumns = 16;
};

/// A function of the bits of a float, whose low five say which coefficient of
/// this degree is meant (GeluTables.h).
inline std::string lookUpName(bool ofErf, int degree) {
  return (ofErf ? "skim_erf_" : "skim_tanh_") + std::to_string(degree);
}

/// An extent or a stride: a constant, or a multiple of an argument's value.
struct Size {
  int64_t constant = 0;
  int argument = -1;
  int64_t times = 1;
};

/// An argument of a pipeline, in the order of the function's: a scalar (a
/// 64-bit number that fits 32 bits) or the address of a buffer's first element.
struct Argument {
  struct Dimension {
    Size extent, stride; ///< stride in elements
  };
  bool isBuffer = false;
  bool isFloat = true;
  int bits = 32;
  std::vector<Dimension> dimensions;
};

/// A compiled pipeline: `int name(void *space, arguments...)`, where buffers
/// are halide_buffer_t and `space` is handed on to halide_malloc and
/// halide_free. A product with the flag `contract` is the inside of a fused
/// multiply-add: it is to be rounded together with the addition that it goes
/// into. Numbers are looked up by calls with an element of a vector, which
/// stand for a call with the vector.
struct Code {
  std::string bitcode;
  std::vector<Argument> arguments;
};

/// The product of a GemmSpec, over whole panels of rows. Arguments: x, its
/// index with indexed, w, bias, residual, its index with residualIndexed, out,
/// then rows of a panel, rows (a multiple of them), column tiles, and columns
/// of a tile that are written.
struct Gemm {
  int64_t k = 0, n = 0;
  std::string activation; ///< as the Activation attribute spells it
  bool bias = false, residual = false;
  bool indexed = false, residualIndexed = false;
};

/// The normalisation of a NormSpec, over consecutive rows. Arguments: x, scale,
/// bias, rows, out.
struct Norm {
  int64_t width = 0;
  bool centred = true; ///< the mean is taken away: layer norm
  bool bias = false;
  float epsilon = 0;
};

/// Rows by an index: out[t] = x[index[t]]. Arguments: x, index, rows, out.
struct Gather {
  int64_t width = 0;
};

/// An AttentionSpec without mask, bias and window: q, k, v and out are columns
/// of one head, in rows of qWidth, kWidth, vWidth and heads * headDim.
struct Attention {
  int64_t heads = 1, headDim = 1;
  float scale = 1; ///< of the queries, for powers of two
  int64_t qWidth = 0, kWidth = 0, vWidth = 0;
  bool importance = false;
  int64_t diagonal = 0;
  int64_t panel = 1; ///< queries of a panel, a multiple of a vector's lanes
};

/// How an attention's rows of keys and values lie in scratch memory, where
/// there are `padded` of them: keys [padded, headDim], values
/// [tiles, padded, tileStride].
struct HeadLayout {
  HeadLayout(const Machine &machine, int64_t headDim) {
    int64_t lanes = machine.vectorWidth;
    tile = headDim;
    keysAtOnce = machine.numRegisters == 32 ? 8 : 4;
    for (int64_t size : {int64_t(machine.tileColumns), lanes})
      if (tile == headDim && headDim % size == 0)
        tile = size;
    tiles = headDim / tile;
    vectors = (tile + lanes - 1) / lanes;
    tileStride = vectors * lanes;
  }
  int64_t keysAtOnce;  ///< divides `padded`
  int64_t tile, tiles; ///< columns of a tile, tiles of a head
  int64_t vectors, tileStride;
};

/// What the module offers; `error` is set where the result is false.
struct Pipelines {
  template <typename Spec>
  using Make = bool (*)(const Machine &, const Spec &, const std::string &name,
                        Code &code, std::string &error);
  Make<Gemm> gemm;
  Make<Norm> norm;
  Make<Gather> gather;
  /// The keys and values of one sequence and head to scratch memory. Arguments:
  /// k, v, keys, keys as they are padded, copies of both.
  Make<Attention> attentionHead;
  /// The attention of one panel of queries. Arguments: q, copies of keys and
  /// values; the queries that there are, keys, keys as they are padded; with
  /// diagonal the first query's row in its block and the block's first key;
  /// scratch memory for scores and for powers, with room for a block beyond the
  /// keys; with importance its sums, a vector a key, which are added to; with
  /// diagonal its rows of this head; out.
  Make<Attention> attentionPanel;
};

/// Changes with this file; the module says the one that it was built with.
constexpr int interfaceVersion = 2;

} // namespace skim::halide

/// The symbol that the module exports: null for another version.
extern "C" __attribute__((visibility("default")))
const skim::halide::Pipelines *
skim_halide_pipelines(int version);

#endif // SKIM_CODEGEN_HALIDEPIPELINES_H
