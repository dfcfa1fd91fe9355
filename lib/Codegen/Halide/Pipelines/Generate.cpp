//===- Generate.cpp - from a scheduled pipeline to bitcode ----------------===//
// The function has no runtime, no checks and no queries of bounds: sizes are
// what its callers say. Halide writes files only, so bitcode comes by one.
//===----------------------------------------------------------------------===//

#include "Generate.h"

#include <fstream>
#include <iterator>
#include <mutex>

using namespace Halide;
using namespace skim::halide;

static Target targetOf(const Machine &machine) {
  std::vector<Target::Feature> features = {
      Target::NoRuntime, Target::NoAsserts, Target::NoBoundsQuery,
      Target::UserContext, Target::LargeBuffers};
  if (!machine.isX86)
    return Target(Target::Linux, Target::ARM, 64, features);
  if (machine.vectorWidth >= 8)
    for (Target::Feature feature : {Target::SSE41, Target::AVX, Target::AVX2})
      features.push_back(feature);
  if (machine.hasFMA)
    features.push_back(Target::FMA);
  if (machine.vectorWidth >= 16) {
    features.push_back(Target::F16C);
    features.push_back(Target::AVX512);
    features.push_back(Target::AVX512_Skylake);
  }
  return Target(Target::Linux, Target::X86, 64, features);
}

namespace {
/// A file that goes with the object.
class TemporaryFile {
public:
  TemporaryFile() : path(Internal::file_make_temp("skim", ".bc")) {}
  ~TemporaryFile() { std::remove(path.c_str()); }
  std::string read() const {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  const std::string path;
};
} // namespace

std::string
skim::halide::generate(const Machine &machine, std::vector<Func> outputs,
                       const std::vector<Halide::Argument> &arguments,
                       const std::string &name) {
  TemporaryFile file;
  Pipeline(outputs)
      .compile_to_module(arguments, name, targetOf(machine))
      .compile({{OutputFileType::bitcode, file.path}});
  return file.read();
}

Expr skim::halide::anyRow(const Expr &row, const ImageParam &buffer) {
  return unsafe_promise_clamped(
      row, 0, buffer.dim(buffer.dimensions() - 1).extent() - 1);
}

TailStrategy skim::halide::tailOf(int64_t width, int lanes) {
  return width % lanes ? TailStrategy::Predicate : TailStrategy::RoundUp;
}

bool skim::halide::guarded(std::string &error,
                           const std::function<void()> &make) {
  // Halide counts its names in global variables.
  static std::mutex one;
  std::lock_guard<std::mutex> lock(one);
  try {
    make();
    return true;
  } catch (const Halide::Error &problem) {
    error = problem.what();
  } catch (const std::exception &problem) {
    error = problem.what();
  }
  return false;
}

const Pipelines *skim_halide_pipelines(int version) {
  static constexpr Pipelines all = {makeGemm, makeNorm, makeGather,
                                    makeAttentionHead, makeAttentionPanel};
  return version == interfaceVersion ? &all : nullptr;
}
