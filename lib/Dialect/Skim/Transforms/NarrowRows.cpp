//===- NarrowRows.cpp - compute only the rows that are read ---------------===//
// Where all that is read of a layer are the first rows of the sequences, its
// queries, output projection and feed-forward run for these alone.
//===----------------------------------------------------------------------===//

#include "RowWise.h"
#include "skim/Dialect/Skim/Transforms/Passes.h"
#include "llvm/ADT/SetVector.h"

namespace skim {
#define GEN_PASS_DEF_SKIMNARROWROWSPASS
#include "skim/Dialect/Skim/Transforms/Passes.h.inc"
} // namespace skim

using namespace mlir;
using namespace skim;

namespace {
/// The ops of a block of whose results only first rows are read.
class Narrowing {
public:
  explicit Narrowing(Block &block) : block(block) {}

  /// Finds them; whether it is worth it and can be done.
  bool find();
  void apply();

private:
  bool readsFirstRows(OpOperand &use) const;
  bool isCandidate(Operation &op) const;
  /// The operands of a narrow op that follow its result's rows.
  static bool followsRows(OpOperand &operand);

  Block &block;
  llvm::SetVector<Operation *> narrow; // last one first
  AttentionOp attention;
  Value rows;
};
} // namespace

bool Narrowing::followsRows(OpOperand &operand) {
  if (!isRagged(operand.get().getType()))
    return false;
  auto attention = dyn_cast<AttentionOp>(operand.getOwner());
  return !attention || operand.get() == attention.getQuery();
}

bool Narrowing::readsFirstRows(OpOperand &use) const {
  Operation *user = use.getOwner();
  if (auto pool = dyn_cast<PoolOp>(user))
    return pool->getBlock() == &block && pool.getKind() == PoolKind::First;
  if (!narrow.contains(user))
    return false;
  auto attention = dyn_cast<AttentionOp>(user);
  return !attention || use.getOperandNumber() == 0;
}

/// Attention of one kind of rows whose probabilities nothing else reads.
static bool isPlain(AttentionOp op) {
  return !op.getKeyRows() &&
         llvm::none_of(op.getQuery().getUsers(),
                       llvm::IsaPred<TokenImportanceOp, BlockScoresOp>);
}

bool Narrowing::isCandidate(Operation &op) const {
  auto attends = dyn_cast<AttentionOp>(op);
  if (attends ? attention || !isPlain(attends) : !isRowWise(&op))
    return false;
  return llvm::all_of(op.getResults(), [&](Value result) {
    return isRagged(result.getType()) && !result.use_empty() &&
           llvm::all_of(result.getUses(),
                        [&](OpOperand &use) { return readsFirstRows(use); });
  });
}

bool Narrowing::find() {
  for (Operation &op : llvm::reverse(block)) {
    if (!isCandidate(op))
      continue;
    narrow.insert(&op);
    if (auto found = dyn_cast<AttentionOp>(op))
      attention = found;
  }
  // Without an attention there is too little to win.
  if (!attention)
    return false;
  rows = attention.getRows();
  return llvm::all_of(narrow, [&](Operation *op) {
    return llvm::all_of(op->getResult(0).getUsers(), [&](Operation *user) {
      auto pool = dyn_cast<PoolOp>(user);
      return !pool || pool.getRows() == rows;
    });
  });
}

void Narrowing::apply() {
  // What the narrow ops read of the others.
  llvm::SetVector<Value> states;
  for (Operation *op : llvm::reverse(narrow))
    for (OpOperand &operand : op->getOpOperands())
      if (followsRows(operand) &&
          !narrow.contains(operand.get().getDefiningOp()))
        states.insert(operand.get());
  Operation *start = narrow.back();
  for (Value state : states) {
    Operation *producer = state.getDefiningOp();
    if (producer && producer->getBlock() == &block &&
        start->isBeforeInBlock(producer))
      start = producer->getNextNode();
  }
  // Behind all that they read; those before move there with it.
  for (Operation *op : llvm::reverse(narrow))
    if (op->isBeforeInBlock(start))
      op->moveBefore(start);
  Operation *first = narrow.back();
  OpBuilder builder(first);
  SmallVector<Type> types(
      llvm::map_range(states, [](Value state) { return state.getType(); }));
  auto taken = FirstRowsOp::create(builder, first->getLoc(), rows.getType(),
                                   types, rows, states.getArrayRef());
  for (Operation *op : narrow) {
    for (OpOperand &operand : op->getOpOperands())
      for (auto [state, result] : llvm::zip_equal(states, taken.getResults()))
        if (followsRows(operand) && operand.get() == state)
          operand.set(result);
    for (Operation *user : op->getResult(0).getUsers())
      if (auto pool = dyn_cast<PoolOp>(user))
        pool.getRowsMutable().assign(taken.getKept());
  }
  attention.getKeyRowsMutable().assign(rows);
  attention.getRowsMutable().assign(taken.getKept());
}

namespace {
class NarrowRowsPass
    : public skim::impl::SkimNarrowRowsPassBase<NarrowRowsPass> {
public:
  using SkimNarrowRowsPassBase::SkimNarrowRowsPassBase;

  void runOnOperation() override {
    SmallVector<Block *> blocks;
    getOperation().walk([&](Block *block) { blocks.push_back(block); });
    for (Block *block : blocks) {
      Narrowing narrowing(*block);
      if (!narrowing.find())
        continue;
      narrowing.apply();
      ++numNarrowed;
    }
  }
};
} // namespace
