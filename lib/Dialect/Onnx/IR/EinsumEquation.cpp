//===- EinsumEquation.cpp - the labels of an Einsum -----------------------===//
// Parses ONNX's equations.
//===----------------------------------------------------------------------===//

#include "skim/Dialect/Onnx/IR/EinsumEquation.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace skim::onnx;

/// Labels of a term for a tensor of `rank`; false where they do not fit.
static bool expandTerm(StringRef term, int64_t rank, std::string &labels,
                       int64_t &ellipsis) {
  size_t dots = term.find("...");
  if (dots == StringRef::npos) {
    labels = term.str();
    return rank == int64_t(term.size());
  }
  int64_t covered = rank - int64_t(term.size() - 3);
  if (covered < 0 || covered > 9)
    return false;
  ellipsis = std::max(ellipsis, covered);
  labels = term.substr(0, dots).str();
  for (int64_t i = covered; i-- > 0;)
    labels.push_back('0' + i);
  labels += term.substr(dots + 3).str();
  return true;
}

std::optional<EinsumEquation>
skim::onnx::parseEinsumEquation(StringRef text, ArrayRef<int64_t> ranks) {
  std::string packed;
  copy_if(text, std::back_inserter(packed), [](char c) { return c != ' '; });
  auto [inputs, output] = StringRef(packed).split("->");
  SmallVector<StringRef> terms;
  inputs.split(terms, ',');
  if (terms.size() != ranks.size())
    return std::nullopt;
  EinsumEquation equation;
  int64_t ellipsis = 0;
  for (auto [term, rank] : zip(terms, ranks))
    if (!expandTerm(term, rank, equation.operands.emplace_back(), ellipsis))
      return std::nullopt;
  if (StringRef(packed).contains("->")) {
    bool dots = output.contains("...");
    int64_t rank = int64_t(output.size()) + (dots ? ellipsis - 3 : 0);
    if (!expandTerm(output, rank, equation.result, ellipsis))
      return std::nullopt;
    return equation;
  }
  for (int64_t i = ellipsis; i-- > 0;)
    equation.result.push_back('0' + i);
  std::string all = join(equation.operands, ""), letters;
  for (char c : all)
    if (!isDigit(c) && count(all, c) == 1)
      letters.push_back(c);
  sort(letters);
  equation.result += letters;
  return equation;
}
