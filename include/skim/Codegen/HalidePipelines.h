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
  int vectorWidth = 8, numRegisters = 16;
  int tileRows = 6, tileColumns = 16;
};

/// An extent or a stride: a constant, or the value of an argument.
struct Size {
  int64_t constant = 0;
  int argument = -1;
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
/// into.
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

/// What the module offers; `error` is set where the result is false.
struct Pipelines {
  bool (*gemm)(const Machine &, const Gemm &, const std::string &name,
               Code &code, std::string &error);
};

/// Changes with this file; the module says the one that it was built with.
constexpr int interfaceVersion = 1;

} // namespace skim::halide

/// The symbol that the module exports: null for another version.
extern "C" __attribute__((visibility("default")))
const skim::halide::Pipelines *
skim_halide_pipelines(int version);

#endif // SKIM_CODEGEN_HALIDEPIPELINES_H
