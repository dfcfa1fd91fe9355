//===- Record.cpp - which emitter's kernels are faster --------------------===//
// Shapes of encoders' layers, some for each class. The rows of all shapes count
// alike: the choice must not depend on their number.
//===----------------------------------------------------------------------===//

#include "Record.h"

#include "Report.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <fstream>

using namespace skim;
using namespace skim::bench;

void Ratio::add(double ratio) {
  logarithms += std::log(ratio);
  least = std::min(least, ratio);
  most = std::max(most, ratio);
  ++count;
}

double Ratio::mean() const { return std::exp(logarithms / double(count)); }

/// Every class that has shapes in common models.
static void addShapes(Bench &bench) {
  static constexpr std::pair<int64_t, int64_t> products[] = {
      {384, 384},  {384, 1152}, {384, 1536}, {512, 2048},
      {768, 768},  {768, 2304}, {768, 3072}, {1024, 1024},
      {1536, 384}, {2048, 512}, {3072, 768}};
  static constexpr GemmSpec epilogues[] = {{0, 0, Activation::None, true},
                                           {0, 0, Activation::None, true, true},
                                           {0, 0, Activation::GeluErf, true},
                                           {0, 0, Activation::GeluTanh, true}};
  for (auto [k, n] : products)
    for (GemmSpec spec : epilogues)
      for (int64_t rows : {1, 4, 16, 64, 128, 384}) {
        spec.k = k;
        spec.n = n;
        bench.addGemm(spec, rows);
      }
  for (int64_t headDim : {32, 64, 128})
    for (int64_t rows : {16, 64, 128, 384})
      for (int64_t kind : {0, 1, 2, 3})
        bench.addAttention(12, headDim, rows, kind & 1, kind & 2 ? 32 : 0);
  for (int64_t width : {384, 768, 2048})
    for (int64_t rows : {1, 16, 128}) {
      bench.addNorm(width, rows);
      bench.addGather(width, rows);
    }
}

Ratios skim::bench::compareEmitters(llvm::StringRef cpu, Memory &memory,
                                    const std::string &filter, int rounds) {
  Bench plain(cpu, /*halide=*/false, memory, filter);
  Bench halide(cpu, /*halide=*/true, memory, filter);
  addShapes(plain);
  addShapes(halide);
  // Where Halide has no kernel there is nothing to compare.
  for (size_t i = plain.cases.size(); i-- != 0;)
    if (!halide.cases[i].isHalide() || plain.cases[i].shapeClass.empty()) {
      plain.cases.erase(plain.cases.begin() + i);
      halide.cases.erase(halide.cases.begin() + i);
    }
  plain.kernels.compile();
  halide.kernels.compile();
  timeCases({&plain, &halide}, rounds);
  Ratios ratios;
  for (size_t i = 0; i != plain.cases.size(); ++i)
    ratios[plain.cases[i].shapeClass].add(plain.cases[i].seconds /
                                          halide.cases[i].seconds);
  return ratios;
}

void skim::bench::printRatios(const Ratios &ratios, int64_t vectorWidth) {
  std::printf("\nVectors of %lld: time of MLIR's kernel / Halide's, geometric "
              "mean, least and most\n\n"
              "| class | cases | ratio | least | most | auto takes |\n"
              "| --- | ---: | ---: | ---: | ---: | --- |\n",
              (long long)vectorWidth);
  for (auto &[name, ratio] : ratios)
    std::printf("| %s | %lld | %.3f | %.3f | %.3f | %s |\n", name.c_str(),
                (long long)ratio.count, ratio.mean(), ratio.least, ratio.most,
                ratio.mean() >= halideMargin ? "Halide" : "MLIR");
}

static constexpr llvm::StringLiteral heading =
    "// Written by bench/kernels --record. For each width of vectors and class "
    "of\n// shapes the time of MLIR's kernel over that of Halide's, and where "
    "it was\n// measured.\n";

/// The lines of other widths in the table.
static std::string keepOthers(const std::string &path, int64_t width) {
  std::string note = "// " + std::to_string(width) + ":";
  std::string entry = "SKIM_KERNEL_CHOICE(" + std::to_string(width) + ",";
  std::string kept, line;
  std::ifstream file(path);
  while (std::getline(file, line)) {
    llvm::StringRef text(line);
    bool isEntry = text.starts_with("SKIM_KERNEL_CHOICE(");
    bool isNote =
        text.starts_with("// ") && text.size() > 3 && llvm::isDigit(text[3]);
    if ((isEntry && !text.starts_with(entry)) ||
        (isNote && !text.starts_with(note)))
      kept += line + "\n";
  }
  return kept;
}

bool skim::bench::writeChoices(const Ratios &ratios, const TargetInfo &target,
                               const std::string &path) {
  std::string kept = keepOthers(path, target.vectorWidth);
  std::error_code error;
  llvm::raw_fd_ostream file(path, error);
  if (error)
    return false;
  file << heading << kept << "// " << target.vectorWidth << ": "
       << describeProcessor() << "; kernels for " << target.name << "; LLVM "
       << LLVM_VERSION_STRING << "\n";
  for (auto &[name, ratio] : ratios)
    file << "SKIM_KERNEL_CHOICE(" << target.vectorWidth << ", \"" << name
         << "\", " << llvm::format("%.3f", ratio.mean()) << ")\n";
  return !file.has_error();
}
