//===- SymDim.h - integers known up to named dimensions ---------*- C++ -*-===//
// Polynomials with integer coefficients over dimension names, index variables
// and a few opaque functions: what shape inference computes with.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_TRANSFORMS_SYMDIM_H
#define SKIM_DIALECT_ONNX_TRANSFORMS_SYMDIM_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace skim::onnx {
class SymDim;

/// A factor that SymDim takes as it is: a dimension's name, an index variable
/// or a function of other SymDims. Atoms with the same key are equal.
struct SymAtom {
  enum class Kind { Symbol, Index, Min, Max, FloorDiv, Mod, Broadcast };
  Kind kind;
  unsigned axis = 0;        // Index: the axis that it runs over.
  std::string key;          // How it prints; unique.
  std::vector<SymDim> args; // The functions' arguments.
};

/// An integer that is known as a polynomial over atoms. Kept in one normal
/// form, so that equal polynomials compare equal. Symbols stand for dimensions
/// and are never negative; arithmetic wraps at 64 bits as ONNX integers do.
///
/// Index variables `$k` make a SymDim an element of a tensor as a function of
/// its position: `$k` runs from 0 to the extent of axis k.
class SymDim {
public:
  using Atom = std::shared_ptr<const SymAtom>;
  using Substitution =
      llvm::function_ref<std::optional<SymDim>(const SymAtom &)>;

  SymDim(int64_t value = 0);
  static SymDim symbol(llvm::StringRef name);
  static SymDim index(unsigned axis);
  static SymDim min(const SymDim &a, const SymDim &b);
  static SymDim max(const SymDim &a, const SymDim &b);
  /// Rounds towards minus infinity. The divisor must not be 0.
  static SymDim floorDiv(const SymDim &a, const SymDim &b);
  /// What is left of a division by floorDiv; has the divisor's sign.
  static SymDim mod(const SymDim &a, const SymDim &b);
  /// The dimension that `a` and `b` broadcast to, given that they do: exact
  /// also where either may turn out to be 1.
  static SymDim broadcast(const SymDim &a, const SymDim &b);

  std::optional<int64_t> constant() const;
  bool isConstant(int64_t value) const;
  bool isZero() const { return terms.empty(); }
  /// The name when this is one plain dimension, else an empty string.
  llvm::StringRef symbolName() const;
  /// The atom when this is one atom and nothing else, else null.
  const SymAtom *singleAtom() const;
  /// The axis when this is one plain index variable.
  std::optional<unsigned> indexAxis() const;
  /// True when an index variable occurs anywhere in it.
  bool usesIndex() const;

  SymDim operator+(const SymDim &other) const;
  SymDim operator-(const SymDim &other) const;
  SymDim operator*(const SymDim &other) const;
  SymDim operator-() const { return SymDim(0) - *this; }
  bool operator==(const SymDim &other) const;
  bool operator!=(const SymDim &other) const { return !(*this == other); }

  /// The quotient when it is a polynomial again and nothing is left over.
  std::optional<SymDim> divideExactly(const SymDim &by) const;

  /// The polynomial's parts `rest + $axis * factor`; nothing when the index
  /// variable occurs in any other way.
  std::optional<std::pair<SymDim, SymDim>> splitByIndex(unsigned axis) const;

  /// The polynomial's terms, each on its own.
  std::vector<SymDim> splitTerms() const;
  /// The coefficient and the factors of one term.
  std::pair<int64_t, std::vector<SymDim>> splitFactors() const;

  /// Puts values for atoms, also within functions' arguments.
  SymDim substitute(Substitution substitution) const;

  /// Visits every atom, also within functions' arguments.
  void walk(llvm::function_ref<void(const SymAtom &)> visit) const;

  /// Bounds that hold for all dimensions (never negative) and all index
  /// variables `$k` of 0 <= $k < extents[k].
  std::optional<int64_t> lowerBound(llvm::ArrayRef<SymDim> extents = {}) const;
  std::optional<int64_t> upperBound(llvm::ArrayRef<SymDim> extents = {}) const;

  void print(llvm::raw_ostream &os) const;
  std::string str() const;

private:
  struct Term {
    int64_t coefficient;
    llvm::SmallVector<Atom, 2> atoms; // Ordered by key, with repetitions.
  };

  static SymDim fromAtom(Atom atom);
  static SymDim function(SymAtom::Kind kind, std::vector<SymDim> args);
  static int compare(llvm::ArrayRef<Atom> a, llvm::ArrayRef<Atom> b);
  void add(Term term);

  std::vector<Term> terms; // Ordered by atoms, no coefficient of 0.
};

inline llvm::raw_ostream &operator<<(llvm::raw_ostream &os, const SymDim &dim) {
  dim.print(os);
  return os;
}

using SymDims = llvm::SmallVector<SymDim, 4>;

/// Prints `[a, b, c]`.
std::string toString(llvm::ArrayRef<SymDim> dims);

/// The product of all dims, 1 for none.
SymDim product(llvm::ArrayRef<SymDim> dims);

/// True when it holds for all dimensions and index values.
bool isKnownLessEqual(const SymDim &a, const SymDim &b,
                      llvm::ArrayRef<SymDim> extents = {});
bool isKnownLess(const SymDim &a, const SymDim &b,
                 llvm::ArrayRef<SymDim> extents = {});
} // namespace skim::onnx

#endif // SKIM_DIALECT_ONNX_TRANSFORMS_SYMDIM_H
