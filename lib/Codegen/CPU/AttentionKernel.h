//===- AttentionKernel.h - softmax between two products ---------*- C++ -*-===//
// What attention kernels of this emitter share: panels of queries, what is
// added to scores, their powers and sums, results and by-products.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_ATTENTIONKERNEL_H
#define SKIM_LIB_CODEGEN_CPU_ATTENTIONKERNEL_H

#include "AttentionTasks.h"

namespace skim {

/// Where things lie in a thread's scratch memory, in bytes.
struct AttentionScratch {
  /// Bytes of what the products have for themselves. Keys count as a multiple
  /// of `keyMultiple`.
  struct Sizes {
    int64_t panel = 0;  ///< whatever the number of keys
    int64_t keyRow = 0; ///< of each key, and of its value
    int64_t valueRow = 0;
    int64_t keyMultiple = 4;
  };

  AttentionScratch(KernelBuilder &b, const AttentionSpec &spec,
                   const Sizes &sizes, Value sequence);
  int64_t lanes, width; ///< queries of a panel, padded head
  Value panel, factors, sums, keyRows, valueRows, scores, byProducts, relative,
      offsets;
  Value paddedKeys, total;
};

/// A panel of as many queries as a weight tile has columns lies in lanes:
/// scores[key, lane]. What is derived multiplies.
class AttentionKernel : protected AttentionTasks {
public:
  mlir::func::FuncOp emit(mlir::ModuleOp module);

protected:
  AttentionKernel(KernelBuilder &b, const AttentionSpec &spec,
                  const AttentionScratch::Sizes &sizes)
      : AttentionTasks(b, spec), sizes(sizes) {}

  /// Before all tasks, and after them.
  virtual void prepare(const AttentionScratch &places) = 0;
  virtual void release() {}
  /// Copies the head's keys and values, whose columns begin at `column` and
  /// spec.kColumn or spec.vColumn, together.
  virtual void copyHead(Value column) = 0;
  /// Takes queries row, row + 1, ... as the panel's lanes, times `queryScale`;
  /// lanes beyond `valid` repeat the last.
  virtual void turnQueries(Value row, Value valid) = 0;
  /// Fills `scores`; gives the largest of each lane, which nothing asks for
  /// where there are corrections.
  virtual Values emitScores() = 0;
  /// sums[lane, d] = sum over the keys of their powers times their values;
  /// gives the sums of the powers.
  virtual Values emitValues(Value valid, ValueRange largest) = 0;

  /// Of what number the first key of a panel is a multiple where a window
  /// leaves keys out; scores and values are of the keys [firstKey, endKey).
  virtual int64_t firstKeyMultiple() const = 0;

  /// In powers of two where scores stay as they are.
  float queryScale() const {
    return spec.changesScores() ? spec.scale : spec.scale * log2e;
  }
  int64_t vectors() const { return panelVectors; }
  /// A view of the scratch memory from `behind` bytes behind `first` on.
  Value viewOf(Value first, Value behind, llvm::ArrayRef<int64_t> shape,
               mlir::Type type, ValueRange count = {}) {
    return b.view(scratch, b.add(first, behind),
                  mlir::MemRefType::get(shape, type), count);
  }
  Value loadScore(Value key, int64_t vector) {
    return b.loadVector(scores, {key, b.index(vector * b.target.vectorWidth)});
  }
  /// The largest of each lane among `largest` and the scores of the keys
  /// [first, end), so many at once, which divide their number.
  Values findLargest(Value first, Value end, int64_t atOnce,
                     ValueRange largest);
  /// exp(score - largest), and the power of two that it is.
  Value emitPower(Value score, Value largest);
  Value exponentOf(Value score, Value largest);

  int64_t lanes = 0, width = 0;
  Value sums, scores;     ///< views of the scratch memory
  Value firstKey, endKey; ///< keys that the panel's queries see

private:
  void attend(Value first, Value last) override;
  void makeViews(const AttentionScratch &places);
  void maskKeys();
  void emitPanel(Value firstQuery, Value valid);
  void findKeys(Value firstQuery, Value valid);
  void emitCorrections(Value firstQuery, Value valid);
  void
  withPositions(Value firstQueryRow, Value count,
                llvm::function_ref<void(const AttentionPositions::Rows &queries,
                                        const AttentionPositions::Rows &keys)>
                    body);
  Values placesOf(Value firstQuery, Value valid);
  Values emptyLanes(Values &largest);
  Values tokensOf(Value row, Value valid);
  void emitFactors(Value row, Value valid, ValueRange sums, ValueRange empty);
  void storeValues(Value row, Value valid);
  Values ofLanes(Value firstQuery, Value valid,
                 llvm::function_ref<Value(Value)> of);
  Values gatherLanes(Value firstQuery, Value valid, Value none,
                     llvm::function_ref<Value(Value)> of);
  void addBias(Value firstQuery, Value valid);
  Value fillQueries(Value tokens, Value added, Value score);
  Value hideFar(Value places, Value key, Value score);
  Value positionInSequence(Value positions, Value row);

  AttentionScratch::Sizes sizes;
  int64_t panelVectors = 0; ///< of the panel that is being emitted
  Value source;             ///< which sequence the task's was at entry
  Value anyLive;            ///< where the mask can leave queries without a key
  Value factors, keyOffsetsAdded; ///< views of the scratch memory
};

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_ATTENTIONKERNEL_H
