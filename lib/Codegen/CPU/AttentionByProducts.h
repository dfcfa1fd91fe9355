//===- AttentionByProducts.h - what attention leaves besides ----*- C++ -*-===//
// Sums over the queries and diagonal blocks of the probabilities, taken from
// the tiles of the attention kernel while they are in L1.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_ATTENTIONBYPRODUCTS_H
#define SKIM_LIB_CODEGEN_CPU_ATTENTIONBYPRODUCTS_H

#include "KernelBuilder.h"
#include "skim/Codegen/KernelSpecs.h"

namespace skim {

/// The part of an attention kernel that makes the by-products; every member
/// writes nothing where the spec asks for none.
class AttentionByProducts {
public:
  /// The head and the keys of a task, and whether a key of it is live: null
  /// where that does not change the probabilities.
  struct Task {
    Value head, firstKeyRow, keys, anyLive;
  };

  AttentionByProducts(KernelBuilder &b, const AttentionSpec &spec)
      : b(b), spec(spec) {}

  /// The arguments' types, and the arguments, after those of the attention.
  void addTypes(llvm::SmallVectorImpl<mlir::Type> &types);
  void takeArguments(llvm::function_ref<Value()> take);

  /// Bytes of scratch memory for sequences of at most `keys` keys.
  static Value scratchBytes(KernelBuilder &b, const AttentionSpec &spec,
                            Value keys);
  void makeViews(Value scratch, Value offset, Value keys);

  void begin(const Task &task);
  /// Takes in the `valid` queries from `query` on of the task's sequence, which
  /// lie in `vectors` vectors. Their probabilities are
  /// scores[key, lane] * factors[lane].
  void addPanel(const Task &task, Value scores, Value factors, Value query,
                Value valid, int64_t vectors);
  void end(const Task &task);

  Value diagonalBuffer() const { return diagonal; }

private:
  void addToSums(const Task &task, Value scores, ValueRange factors);
  void writeDiagonal(const Task &task, Value scores, Value factors, Value query,
                     Value valid);
  Values fourProbabilities(const Task &task, Value scores, Value factors,
                           Value lane, Value key);
  Value probability(const Task &task, Value score, Value factor);

  KernelBuilder &b;
  const AttentionSpec &spec;
  Value importance, diagonal;
  Value sums; ///< of each key, a vector of partial sums
};

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_ATTENTIONBYPRODUCTS_H
