//===- Generate.h - from a scheduled pipeline to bitcode --------*- C++ -*-===//
// What all pipelines share, and the functions that make them.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_HALIDE_PIPELINES_GENERATE_H
#define SKIM_LIB_CODEGEN_HALIDE_PIPELINES_GENERATE_H

#include "Halide.h"
#include "skim/Codegen/HalidePipelines.h"
#include <functional>

namespace skim::halide {

/// Compiles a pipeline to the function `name` and gives its bitcode.
std::string generate(const Machine &machine, std::vector<Halide::Func> outputs,
                     const std::vector<Halide::Argument> &arguments,
                     const std::string &name);

/// Runs `make`, whose exceptions become the message; nothing is thrown out of
/// this module.
bool guarded(std::string &error, const std::function<void()> &make);

bool makeGemm(const Machine &machine, const Gemm &spec, const std::string &name,
              Code &code, std::string &error);

} // namespace skim::halide

#endif // SKIM_LIB_CODEGEN_HALIDE_PIPELINES_GENERATE_H
