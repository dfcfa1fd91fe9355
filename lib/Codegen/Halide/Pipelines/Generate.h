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

/// A row that an index names: Halide has to see that there is a last one.
Halide::Expr anyRow(const Halide::Expr &row, const Halide::ImageParam &buffer);

/// How the last vector of a row of `width` numbers is written.
Halide::TailStrategy tailOf(int64_t width, int lanes);

/// Runs `make`, whose exceptions become the message; nothing is thrown out of
/// this module.
bool guarded(std::string &error, const std::function<void()> &make);

bool makeGemm(const Machine &machine, const Gemm &spec, const std::string &name,
              Code &code, std::string &error);
bool makeNorm(const Machine &machine, const Norm &spec, const std::string &name,
              Code &code, std::string &error);
bool makeGather(const Machine &machine, const Gather &spec,
                const std::string &name, Code &code, std::string &error);
bool makeAttentionHead(const Machine &machine, const Attention &spec,
                       const std::string &name, Code &code, std::string &error);
bool makeAttentionPanel(const Machine &machine, const Attention &spec,
                        const std::string &name, Code &code,
                        std::string &error);

} // namespace skim::halide

#endif // SKIM_LIB_CODEGEN_HALIDE_PIPELINES_GENERATE_H
