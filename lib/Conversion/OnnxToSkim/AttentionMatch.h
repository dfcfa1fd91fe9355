//===- AttentionMatch.h - the parts of an attention -------------*- C++ -*-===//
// What an attention is made of, found in a graph, and the skim op made of it.
// Private to the conversion.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CONVERSION_ONNXTOSKIM_ATTENTIONMATCH_H
#define SKIM_LIB_CONVERSION_ONNXTOSKIM_ATTENTIONMATCH_H

#include "DistanceFunction.h"
#include "DistanceRange.h"
#include "Mask.h"
#include "mlir/IR/PatternMatch.h"

namespace skim::raise {

/// A summand of the scores beside the product of queries and keys.
struct ScoreTerm {
  mlir::Value value; // Added; for a condition: what chooses.
  SymDims at;        // Its element, as the sum reads it.
  double factor = 1; // What it is multiplied with later.
  // A condition: scores become `fill` where it holds, or where it does not.
  bool isCondition = false, fillsWhereTrue = false;
  double fill = 0;
};

/// Tables that turn heads, `[sequence, D]` with ones in front; null for none.
struct Rotary {
  mlir::Value cos, sin;
  bool interleaved = false; // Neighbours are turned, not halves.
  bool ofPairs = false;     // The tables are `[sequence, D / 2]`.
  int64_t still = 0;        // Positions in front, which the tables leave out.

  bool operator==(const Rotary &other) const {
    return cos == other.cos && sin == other.sin &&
           interleaved == other.interleaved && ofPairs == other.ofPairs &&
           still == other.still;
  }
};

/// Columns of states, to which a part of a constant row may be added, and what
/// normalises, then turns, their heads.
struct Columns {
  mlir::Value states;
  int64_t first = 0;
  std::pair<mlir::Value, int64_t> bias = {};
  Rotary rotary = {};
  NormOp norm = {}; // Of `heads` heads, one by one.
  int64_t heads = 0;
};

/// A table of projected positions `[heads, D, P]`, with ones in front, and
/// which position a distance has; without a table there is none.
struct PositionTable {
  mlir::Value table;
  std::optional<DistanceFunction> index;
};

/// The parts of an attention.
struct AttentionMatch {
  Columns query, key, value;
  int64_t heads = 0, kvHeads = 0;
  double scale = 1;
  llvm::SmallVector<ScoreTerm> terms;
  /// Queries that see no key have probabilities of 0, not NaN.
  bool isGuarded = false;
  /// Where probabilities are replaced by zeros, as a mask.
  std::optional<ScoreTerm> zeroed;
};

/// Follows one attention; every step says why it fails.
class AttentionMatcher {
public:
  /// `root` makes states with the dimensions `dims`, of `heads` heads. Keys and
  /// values may have as many heads, one, or `groups` heads, which divide
  /// `heads`.
  AttentionMatcher(RaiseContext &context, mlir::PatternRewriter &rewriter,
                   mlir::Operation *root, llvm::ArrayRef<SymDim> dims,
                   int64_t heads, int64_t headWidth, int64_t groups = 1);

  /// The attention whose context, `probabilities * values`, is moved to the
  /// root.
  mlir::FailureOr<AttentionMatch> match(onnx::MatMulOp product);
  /// The attention of an op on `[batch, heads, sequence, D]` that is moved to
  /// the root.
  mlir::FailureOr<AttentionMatch> match(onnx::AttentionOp op);

  /// Replaces the root.
  mlir::LogicalResult build(const AttentionMatch &match);

  /// A summand of the scores that broadcasts to them.
  std::optional<ScoreTerm> makeTerm(mlir::Value value);
  /// Hides keys at other distances, query less key.
  void limitDistances(const DistanceRange &range) {
    distances = distances.intersect(range);
  }

private:
  mlir::LogicalResult fail(const llvm::Twine &reason) {
    return rewriter.notifyMatchFailure(root, "attention: " + reason);
  }
  bool hasSequenceDims(mlir::Value states);
  mlir::LogicalResult matchRoot(mlir::Value context);
  mlir::LogicalResult matchContext(onnx::MatMulOp product);
  mlir::LogicalResult matchProbabilities(mlir::Value value, SymDims at);
  mlir::LogicalResult matchScores(mlir::Value value, SymDims at, double factor,
                                  unsigned level);
  mlir::LogicalResult matchSum(mlir::Operation *sum, llvm::ArrayRef<SymDim> at,
                               double factor, unsigned level);
  mlir::LogicalResult matchFilled(onnx::WhereOp where,
                                  llvm::ArrayRef<SymDim> at, double factor,
                                  unsigned level);
  mlir::LogicalResult matchProduct(onnx::MatMulOp product,
                                   llvm::ArrayRef<SymDim> at, double factor);
  mlir::FailureOr<int64_t> matchHeads(mlir::Value value,
                                      llvm::ArrayRef<SymDim> at,
                                      const SymDim &position,
                                      const SymDim &inner, Columns &columns,
                                      double &factor);

  mlir::FailureOr<int64_t> matchColumns(const Element &element,
                                        const SymDim &position,
                                        const SymDim &inner, Columns &columns);
  std::optional<Element> matchHeadNorm(const Element &element,
                                       const SymDim &inner, NormOp &norm);
  Element traceFactor(onnx::AddOp sum, onnx::MulOp product, unsigned factor,
                      llvm::ArrayRef<SymDim> at);
  mlir::Value matchAngles(const Element &angle, const SymDim &position,
                          const SymDim &length, const SymDim &inner);
  std::optional<Element> matchRotary(const Element &turned,
                                     const SymDim &position,
                                     const SymDim &length, const SymDim &inner,
                                     Rotary &rotary);
  std::optional<Element> matchRotaryOp(onnx::RotaryEmbeddingOp op,
                                       const Element &turned,
                                       const SymDim &position,
                                       const SymDim &length,
                                       const SymDim &inner, Rotary &rotary);
  std::optional<Element> matchRotaryBehind(onnx::ConcatOp concat,
                                           const Element &joined,
                                           const SymDim &position,
                                           const SymDim &inner, Rotary &rotary);
  mlir::Value makeAngles(mlir::Value table, const Rotary &rotary,
                         float ofStill);

  mlir::Value matchPositionTable(mlir::Value factor, llvm::ArrayRef<SymDim> at,
                                 const SymDim &position);
  mlir::Value matchPositionProduct(mlir::Value value, SymDims at,
                                   const SymDim &row, int64_t stateHeads,
                                   Columns &columns, double &factor);
  bool matchPositions(const ScoreTerm &term);
  std::pair<mlir::Value, mlir::Value> makePositions(const PositionTable &terms,
                                                    mlir::Value states);

  std::optional<KeyMask> matchKeyMask(const ScoreTerm &term, bool &vanishes);
  bool matchWindow(const ScoreTerm &term);
  llvm::SmallVector<ScoreTerm> splitTerm(const ScoreTerm &term);
  llvm::SmallVector<ScoreTerm> splitCondition(const ScoreTerm &term);
  bool hidesWhatIsZeroed(const std::optional<KeyMask> &mask);
  void hideByInfinity(std::optional<KeyMask> &mask,
                      llvm::MutableArrayRef<ScoreTerm> biases);
  llvm::LogicalResult matchZeroed(onnx::WhereOp where, Element &element);
  llvm::SmallVector<ScoreTerm> splitChoice(const ScoreTerm &term);
  ScoreTerm skipRepetition(ScoreTerm term);
  mlir::LogicalResult sortTerm(ScoreTerm term, unsigned level,
                               llvm::SmallVectorImpl<KeyMask> &masks,
                               llvm::SmallVectorImpl<ScoreTerm> &biases);
  bool joinsHeads(const ScoreTerm &term);
  std::optional<llvm::SmallVector<int64_t>> orderBias(const ScoreTerm &term);
  void lowerFills();
  mlir::LogicalResult checkBias(const ScoreTerm &term);
  mlir::Value makeBias(const ScoreTerm &term);
  mlir::Value makeBiases(llvm::ArrayRef<ScoreTerm> terms, mlir::Value states);
  mlir::Value makeStates(const Columns &columns, int64_t width);
  mlir::Value makeHeads(const Columns &columns, int64_t width);

  RaiseContext &context;
  mlir::PatternRewriter &rewriter;
  mlir::Operation *root;
  SymDim batch, sequence;
  int64_t heads, headWidth, groups;
  Elements elements;
  ScoreIndices indices;
  SymDim column, depth, group;
  AttentionMatch result;
  DistanceRange distances; // Of the keys that a query sees.
  PositionTable content, position;
};

/// The operand indices of a batched product at `at`, whose inner index is
/// `inner`.
std::pair<SymDims, SymDims> getProductIndices(llvm::ArrayRef<SymDim> at,
                                              const SymDim &inner);

} // namespace skim::raise

#endif // SKIM_LIB_CONVERSION_ONNXTOSKIM_ATTENTIONMATCH_H
