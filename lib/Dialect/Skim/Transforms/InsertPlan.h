//===- InsertPlan.h - what the parts of inserting a plan share --*- C++ -*-===//
// The model that a plan goes into, kept current while ops are put in, and the
// parts: cuts of tokens and blocks, outputs of dropped tokens, early exits.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_DIALECT_SKIM_TRANSFORMS_INSERTPLAN_H
#define SKIM_LIB_DIALECT_SKIM_TRANSFORMS_INSERTPLAN_H

#include "skim/Dialect/Onnx/IR/OnnxDialect.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"
#include "skim/Dialect/Skim/Transforms/EncoderLayers.h"
#include "skim/Plan/Plan.h"

namespace skim {

/// Names of attributes on the ops of predictors and heads: their work is
/// overhead, and belongs to a layer.
inline constexpr llvm::StringLiteral kOverheadAttr = "skim.overhead";
inline constexpr llvm::StringLiteral kLayerAttr = "skim.layer";

/// A function in the packed form, and the plan for it.
class PlannedModel {
public:
  PlannedModel(mlir::func::FuncOp main, const Plan &plan)
      : main(main), plan(plan) {}

  /// Finds the layers; an error where no plan can go into the model.
  mlir::LogicalResult analyse();

  /// Begins an error on the plan's field at `path`.
  mlir::InFlightDiagnostic error(const llvm::Twine &path) const;

  mlir::Block &body() const { return main.front(); }
  bool cuts() const { return plan.tokenPruning || plan.blockSkim; }
  /// True where states of dropped tokens are wanted.
  bool holds() const { return cuts() && !plan.fill && !outputs.empty(); }

  /// Begins an error on the section that comes first, for what concerns all.
  mlir::InFlightDiagnostic error() const;

  /// Name of an output, and its number by name.
  llvm::StringRef outputName(unsigned index) const;
  std::optional<unsigned> findOutput(llvm::StringRef name) const;
  /// "'logits', 'hidden'".
  std::string listOutputs() const;

  /// A constant of a tensor in the plan's file, or of numbers.
  mlir::Value constant(mlir::OpBuilder &builder, llvm::StringRef tensor) const;
  mlir::Value constant(mlir::OpBuilder &builder, llvm::StringRef name,
                       llvm::ArrayRef<int64_t> shape,
                       llvm::ArrayRef<float> numbers) const;
  /// The numbers of a tensor in the plan's file.
  std::vector<float> numbers(llvm::StringRef tensor) const;

  mutable mlir::func::FuncOp main;
  const Plan &plan;
  llvm::SmallVector<EncoderLayer> layers;
  /// The rows at entry.
  mlir::Value entryRows;
  /// Where states leave the rows to become sequence outputs.
  llvm::SmallVector<RestoreOp> outputs;
  /// An operand of the return that ops make from restored states, which would
  /// change a fill value in them too.
  struct ChangedOutput {
    mlir::OpOperand *output;
    llvm::SmallVector<RestoreOp> restores;
  };
  llvm::SmallVector<ChangedOutput> changedOutputs;
  /// The residual stream between layers, in all its forms before and behind
  /// cuts: what a head on tokens may begin with.
  llvm::DenseSet<mlir::Value> streams;

private:
  mlir::LogicalResult findOutputs();
};

/// Puts pruning and block skimming behind their layers' parts. `model.layers`
/// then name the values behind the cuts.
mlir::LogicalResult insertCuts(PlannedModel &model);

/// Makes the predictor's scores of a layer's blocks, just behind its attention.
mlir::FailureOr<mlir::Value> insertBlockScores(PlannedModel &model,
                                               int64_t layer);

/// Makes the sequence outputs hold what the plan says at dropped tokens.
mlir::LogicalResult insertRestores(PlannedModel &model);

/// Puts exits behind layers; the rest of the network becomes their regions.
mlir::LogicalResult insertExits(PlannedModel &model);

/// The logits of the exit head behind each of the plan's exit layers, for
/// `batch` sequences (dynamic or not). The ops lie at the ends of the layers.
mlir::FailureOr<llvm::SmallVector<mlir::Value>> insertHeads(PlannedModel &model,
                                                            int64_t batch);

} // namespace skim

#endif // SKIM_LIB_DIALECT_SKIM_TRANSFORMS_INSERTPLAN_H
