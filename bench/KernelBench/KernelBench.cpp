//===- KernelBench.cpp - times single kernels -----------------------------===//
// Prints each kernel's rates and its share of what this machine can do, or,
// with --record, compares the two emitters' kernels.
//===----------------------------------------------------------------------===//

#include "Record.h"
#include "Report.h"
#include "llvm/Support/CommandLine.h"

using namespace skim;
using namespace skim::bench;
namespace cl = llvm::cl;

static cl::OptionCategory category("What is timed and written");
static cl::opt<std::string> filter(cl::Positional,
                                   cl::desc("[part of a kernel's name]"),
                                   cl::cat(category));
static cl::opt<int> rounds(cl::Positional, cl::desc("[rounds]"), cl::init(20),
                           cl::cat(category));
static cl::opt<bool> halide("halide",
                            cl::desc("Halide's kernels where it has them"),
                            cl::cat(category));
static cl::opt<std::string> cpu("mcpu", cl::desc("Processor to compile for"),
                                cl::init("native"), cl::cat(category));
static cl::opt<std::string> json("json", cl::desc("Write the numbers"),
                                 cl::value_desc("file"), cl::cat(category));
static cl::opt<std::string>
    record("record",
           cl::desc("Compare both emitters for --mcpu, and write the table "
                    "that --kernels=auto follows"),
           cl::value_desc("file"), cl::cat(category));

/// The shapes that are looked at when kernels are worked on.
static void addAll(Bench &bench) {
  auto gelu = Activation::GeluErf;
  GemmSpec linear[] = {{768, 768, Activation::None, true, true},
                       {768, 2304, Activation::None, true},
                       {768, 3072, gelu, true},
                       {3072, 768, Activation::None, true, true},
                       {384, 1536, gelu, true},
                       {1536, 384, Activation::None, true, true}};
  bool hasDigits = bench.kernels.target().hasTiles(Dtype::Int8x3);
  for (int64_t rows : {1, 2, 4, 8, 16, 32, 64, 128, 512}) {
    for (GemmSpec &spec : linear)
      for (Dtype dtype : {Dtype::Fp32, Dtype::Int8x3}) {
        spec.dtype = dtype;
        if (dtype == Dtype::Fp32 || hasDigits)
          bench.addGemm(spec, rows);
      }
    bench.addGemm({768, 768}, rows);
    GemmSpec indexed{768, 768};
    indexed.indexed = true;
    bench.addGemm(indexed, rows);
  }
  // Of DeBERTa: queries with relative positions, and with keys.
  for (int64_t rows : {16, 128, 384}) {
    bench.addMatmul(12, rows, 64, 512);
    bench.addMatmul(12, rows, 64, rows);
  }
  for (int64_t headDim : {64, 32})
    for (int64_t n : {16, 32, 64, 128, 256, 512})
      for (int64_t kind : {0, 1, 2, 3})
        bench.addAttention(12, headDim, n, kind & 1, kind & 2 ? 32 : 0);
  for (int64_t size : {4, 8, 16, 32, 64})
    bench.addBlockScores(12, size);
  for (int64_t width : {768, 384}) {
    bench.addNorm(width, 128);
    bench.addGather(width, 128);
    bench.addQuantise(width, 128);
    bench.addSequences(width, 32);
    bench.addEmbed(width, 128);
    bench.addElementwise(width, 128);
  }
}

static int fail(const std::string &message) {
  std::fprintf(stderr, "skim-bench-kernels: error: %s\n", message.c_str());
  return 1;
}

static int recordChoices(Memory &memory) {
  Ratios ratios = compareEmitters(cpu, memory, filter, rounds);
  TargetInfo target =
      TargetInfo::get(llvm::cantFail(resolveCpuTarget(cpu.getValue(), "")));
  printRatios(ratios, target.vectorWidth);
  if (!writeChoices(ratios, target, record))
    return fail(record + ": cannot write");
  return 0;
}

int main(int argc, char **argv) {
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(argc, argv, "times single kernels\n");
  if ((halide || !record.empty()) && !test::hasHalide())
    return fail("this build has no Halide");
  Memory memory;
  if (!record.empty())
    return recordChoices(memory);
  Bench bench(cpu, halide, memory, filter);
  addLimits(bench, memory);
  addAll(bench);
  bench.kernels.compile();
  timeCases({&bench}, rounds);
  printTable(bench, memory);
  if (!json.empty() && !writeJson(bench, json))
    return fail(json + ": cannot write");
  return 0;
}
