//===- KernelChoices.h - which emitter's kernel is taken --------*- C++ -*-===//
// Kernels of both emitters give the same bits, so the choice is about time
// only. It is made by what bench/kernels --record measured for the width of the
// vectors and the class of the shape, never by the number of rows.
//===----------------------------------------------------------------------===//

#ifndef SKIM_CODEGEN_KERNELCHOICES_H
#define SKIM_CODEGEN_KERNELCHOICES_H

#include "skim/Codegen/KernelEmitter.h"
#include "llvm/ADT/ArrayRef.h"

namespace skim {

/// What was measured for a class of shapes.
struct KernelChoice {
  int64_t vectorWidth; ///< floats in a vector of the processor
  llvm::StringRef shapeClass;
  double ratio; ///< time of MLIR's kernel / Halide's
};

/// The class of a spec; empty for shapes and families that are not measured.
template <typename Spec> std::string shapeClass(const Spec &) { return ""; }
std::string shapeClass(const GemmSpec &spec);
std::string shapeClass(const AttentionSpec &spec);
std::string shapeClass(const NormSpec &spec);
std::string shapeClass(const GatherSpec &spec);

/// Halide costs the compiler time and a library to open, and two recordings
/// differ by some percent, so its kernel has to be faster than MLIR's by this
/// factor to be taken.
constexpr double halideMargin = 1.05;

/// True where Halide's kernel is the one to take; false without an entry.
bool prefersHalide(llvm::ArrayRef<KernelChoice> choices, int64_t vectorWidth,
                   llvm::StringRef shapeClass);

/// The table in lib/Codegen/Auto/KernelChoices.inc.
llvm::ArrayRef<KernelChoice> measuredChoices();

/// Takes each kernel from the emitter that `choices` prefer. Halide is opened
/// when its first kernel is asked for; where it cannot be, MLIR's kernels are
/// taken and a remark says why.
std::unique_ptr<KernelEmitter>
createAutoKernelEmitter(mlir::ModuleOp module, const TargetInfo &target,
                        llvm::ArrayRef<KernelChoice> choices);

} // namespace skim

#endif // SKIM_CODEGEN_KERNELCHOICES_H
