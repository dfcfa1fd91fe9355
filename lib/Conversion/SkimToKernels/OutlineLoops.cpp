//===- OutlineLoops.cpp - loops of linalg as kernels ----------------------===//
// Moves the loops of an op on buffers to a function, and calls it for ranges of
// the indices that its outer loops have together.
//===----------------------------------------------------------------------===//

#include "skim/Conversion/SkimToKernels/Passes.h"

#include "LoopNests.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"
#include "skim/Dialect/Onnx/IR/OnnxDialect.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"
#include "llvm/Support/MathExtras.h"

namespace skim {
#define GEN_PASS_DEF_OUTLINELOOPSPASS
#include "skim/Conversion/SkimToKernels/Passes.h.inc"
} // namespace skim

using namespace mlir;
using namespace skim;

/// Iterations of the innermost loops that are worth a thread's wake-up.
static constexpr int64_t piece = 1 << 14;

/// How many of the outer loops may be cut: all are parallel, and one of more
/// than one iteration stays inside, whose memory is contiguous more often than
/// not.
static unsigned countOuter(linalg::LinalgOp op) {
  SmallVector<utils::IteratorType> kinds = op.getIteratorTypesArray();
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  size_t end = sizes.size();
  while (end > 1 && sizes[end - 1] == 1)
    --end;
  unsigned outer = 0;
  while (outer + 1 < end && kinds[outer] == utils::IteratorType::parallel)
    ++outer;
  return outer;
}

/// Whether the sizes, of the loops of the body too, are known and few: no
/// thread is worth its call.
static bool isSmall(linalg::LinalgOp op) {
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  op.getBlock()->walk([&](scf::ForOp loop) {
    std::optional<int64_t> size = getConstantIntValue(loop.getUpperBound());
    sizes.push_back(size.value_or(ShapedType::kDynamic));
  });
  int64_t iterations = 1;
  for (int64_t size : sizes)
    if (ShapedType::isDynamic(size) ||
        llvm::MulOverflow(iterations, size, iterations))
      return false;
  return iterations < 2 * piece;
}

/// Whether an iteration of the only loop is a loop of its own: several of them
/// go on side by side.
static bool isRowOfLoops(linalg::LinalgOp op) {
  return op.getNumLoops() != 0 &&
         op.getIteratorTypesArray()[0] == utils::IteratorType::parallel &&
         !op.getBlock()->getOps<scf::ForOp>().empty();
}

/// The indices of the outer loops that a task stands for, the last one counting
/// fastest.
static SmallVector<Value> indicesOf(OpBuilder &b, Location loc, Value task,
                                    ArrayRef<Value> sizes) {
  SmallVector<Value> indices(sizes.size());
  for (size_t i = sizes.size(); i-- > 1;) {
    indices[i] = arith::RemUIOp::create(b, loc, task, sizes[i]);
    task = arith::DivUIOp::create(b, loc, task, sizes[i]);
  }
  indices[0] = task;
  return indices;
}

/// Those of the next task: a division for each task could take longer than its
/// loop.
static SmallVector<Value> nextIndices(OpBuilder &b, Location loc,
                                      ValueRange indices,
                                      ArrayRef<Value> sizes) {
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  Value one = arith::ConstantIndexOp::create(b, loc, 1), carry = one;
  SmallVector<Value> next(sizes.size());
  for (size_t i = sizes.size(); i-- > 0;) {
    next[i] = arith::AddIOp::create(b, loc, indices[i], carry);
    if (i == 0)
      break;
    Value wraps = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq,
                                        next[i], sizes[i]);
    next[i] = arith::SelectOp::create(b, loc, wraps, zero, next[i]);
    carry = arith::SelectOp::create(b, loc, wraps, one, zero);
  }
  return next;
}

namespace {
/// A nest of loops on its way to a function.
class Outliner {
public:
  Outliner(ModuleOp module, linalg::LinalgOp op)
      : module(module), builder(op), loc(op.getLoc()), outer(countOuter(op)) {}

  LogicalResult run(linalg::LinalgOp op);

private:
  func::FuncOp makeKernel(ValueRange captured, ArrayRef<Operation *> constants);
  func::FuncOp share(func::FuncOp kernel);
  void cutLoop();
  void cloneBlocks(OpBuilder &b, IRMapping &map, Value block, Value extent);
  void dispatch(func::FuncOp kernel, ValueRange captured);

  ModuleOp module;
  OpBuilder builder;
  Location loc;
  unsigned outer;
  SmallVector<scf::ForOp> loops;
  Value innerCount; ///< How often the loop behind the outer ones goes round.
  std::optional<unsigned> across; ///< The loop of which a task has a block.
  bool needsInner = false;        ///< Whether a task needs an iteration.
};
} // namespace

/// Another kernel that does the same, else `kernel` under a name of its own:
/// "loops_" and the node's type, where there is one.
func::FuncOp Outliner::share(func::FuncOp kernel) {
  std::string name = "loops", type = onnx::typeOfNode(loc).lower();
  if (!type.empty())
    name += "_" + type;
  std::string unique = name;
  for (int64_t i = 1;; ++i) {
    auto other = module.lookupSymbol<func::FuncOp>(unique);
    if (!other)
      break;
    if (other.getFunctionType() == kernel.getFunctionType() &&
        OperationEquivalence::isRegionEquivalentTo(
            &other.getBody(), &kernel.getBody(),
            OperationEquivalence::IgnoreLocations)) {
      kernel.erase();
      return other;
    }
    unique = name + "_" + std::to_string(i);
  }
  kernel.setSymName(unique);
  return kernel;
}

/// The first loop as one over blocks of it, which are tasks, around one over
/// the iterations of a block.
void Outliner::cutLoop() {
  scf::ForOp inner = loops.front();
  OpBuilder b(inner);
  Value size = arith::ConstantIndexOp::create(b, loc, kChainBlock);
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  Value count = inner.getUpperBound();
  Value number = countBlocks(b, loc, count, kChainBlock);
  auto blocks = scf::ForOp::create(b, loc, zero, number, one);
  inner->moveBefore(blocks.getBody()->getTerminator());
  b.setInsertionPoint(inner);
  Value first = arith::MulIOp::create(b, loc, blocks.getInductionVar(), size);
  Value left = arith::SubIOp::create(b, loc, count, first);
  inner.setUpperBound(arith::MinUIOp::create(b, loc, left, size));
  b.setInsertionPointToStart(inner.getBody());
  Value index = inner.getInductionVar();
  auto at = arith::AddIOp::create(b, loc, first, index);
  index.replaceAllUsesExcept(at, at);
  loops.insert(loops.begin(), blocks);
  outer = 1;
}

static void cloneAll(OpBuilder &b, IRMapping &map,
                     llvm::iterator_range<Block::iterator> ops) {
  for (Operation &op : ops)
    b.clone(op, map);
}

/// The innermost loop, and what is before it, for a block of the loop across
/// it.
void Outliner::cloneBlocks(OpBuilder &b, IRMapping &map, Value block,
                           Value extent) {
  OpBuilder::InsertionGuard guard(b);
  scf::ForOp inner = loops[outer];
  Value size = arith::ConstantIndexOp::create(b, loc, kLoopBlock);
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  Value count = map.lookupOrDefault(inner.getUpperBound());
  Value first = arith::MulIOp::create(b, loc, block, size);
  auto columns = scf::ForOp::create(b, loc, zero, count, size);
  b.setInsertionPointToStart(columns.getBody());
  scf::ForOp rows = createBlockLoop(b, loc, first, extent);
  b.setInsertionPointToStart(rows.getBody());
  map.map(loops[*across].getInductionVar(), rows.getInductionVar());
  Block *around = loops[outer - 1].getBody();
  cloneAll(b, map, {around->begin(), Block::iterator(inner)});
  scf::ForOp row = createBlockLoop(b, loc, columns.getInductionVar(), count);
  b.setInsertionPointToStart(row.getBody());
  map.map(inner.getInductionVar(), row.getInductionVar());
  cloneAll(b, map, inner.getBody()->without_terminator());
}

/// The function of the loops, whose arguments are what they read from outside.
func::FuncOp Outliner::makeKernel(ValueRange captured,
                                  ArrayRef<Operation *> constants) {
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  Type index = b.getIndexType();
  SmallVector<Type> types(captured.getTypes());
  types.append(
      {index, index, MemRefType::get({ShapedType::kDynamic}, b.getI8Type())});
  auto kernel =
      func::FuncOp::create(b, loc, "", b.getFunctionType(types, TypeRange()));
  kernel.setPrivate();
  Block *block = kernel.addEntryBlock();
  b.setInsertionPointToStart(block);
  IRMapping map;
  map.map(captured, block->getArguments().drop_back(3));
  for (Operation *constant : constants)
    b.clone(*constant, map);
  ValueRange range = block->getArguments().take_back(3);
  SmallVector<Value> sizes;
  for (scf::ForOp loop : ArrayRef(loops).take_front(outer))
    sizes.push_back(map.lookup(loop.getUpperBound()));
  Value extent;
  if (across) {
    extent = sizes[*across];
    sizes[*across] = countBlocks(b, loc, extent);
  }
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  auto tasks = scf::ForOp::create(b, loc, range[0], range[1], one,
                                  indicesOf(b, loc, range[0], sizes));
  func::ReturnOp::create(b, loc);
  b.setInsertionPointToStart(tasks.getBody());
  ValueRange at = tasks.getRegionIterArgs();
  for (unsigned i = 0; i != outer; ++i)
    map.map(loops[i].getInductionVar(), at[i]);
  if (across)
    cloneBlocks(b, map, at[*across], extent);
  else
    cloneAll(b, map, loops[outer - 1].getBody()->without_terminator());
  scf::YieldOp::create(b, loc, nextIndices(b, loc, at, sizes));
  return kernel;
}

void Outliner::dispatch(func::FuncOp kernel, ValueRange captured) {
  auto number = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(builder, loc, value);
  };
  Value tasks = number(1), inner = number(1);
  for (auto [i, loop] : llvm::enumerate(loops)) {
    Value &product = i < outer ? tasks : inner;
    Value count = i == outer ? innerCount : loop.getUpperBound();
    if (i == across) {
      count = countBlocks(builder, loc, count);
      inner =
          builder.createOrFold<arith::MulIOp>(loc, inner, number(kLoopBlock));
    }
    product = builder.createOrFold<arith::MulIOp>(loc, product, count);
  }
  if (needsInner && !getConstantIntValue(innerCount)) {
    Value none = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                       innerCount, number(0));
    tasks = arith::SelectOp::create(builder, loc, none, number(0), tasks);
  }
  Value grain = arith::DivUIOp::create(
      builder, loc, number(piece),
      arith::MaxUIOp::create(builder, loc, inner, number(1)));
  grain = arith::MaxUIOp::create(builder, loc, grain, number(1));
  Value none =
      arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(0));
  DispatchOp::create(builder, loc, kernel.getSymName(), captured, tasks, grain,
                     number(0), none, KernelKind::Other,
                     /*layer=*/uint64_t(-1));
}

LogicalResult Outliner::run(linalg::LinalgOp op) {
  IRRewriter rewriter(builder);
  FailureOr<linalg::LinalgLoops> made = linalg::linalgOpToLoops(rewriter, op);
  if (failed(made))
    return failure();
  for (Operation *loop : *made)
    loops.push_back(cast<scf::ForOp>(loop));
  rewriter.eraseOp(op);
  bool cuts = outer == 0;
  if (cuts)
    cutLoop();
  // What counts to one only keeps the bodies apart.
  while (loops.size() > outer + 1 &&
         succeeded(loops.back().promoteIfSingleIteration(rewriter)))
    loops.pop_back();
  across = findLoopAcross(ArrayRef(loops).take_front(outer), loops[outer]);
  needsInner = hoistInvariant(loops[outer]);
  builder.setInsertionPoint(loops.front());
  innerCount = cuts ? arith::ConstantIndexOp::create(builder, loc, kChainBlock)
                    : loops[outer].getUpperBound();
  if (loops.size() == outer + 1 && !across)
    if (scf::ForOp blocks = interleaveChains(loops[outer], loops.front()))
      loops[outer] = blocks;
  llvm::SetVector<Value> used;
  getUsedValuesDefinedAbove(loops.front().getRegion(), used);
  for (scf::ForOp loop : ArrayRef(loops).take_front(outer))
    used.insert(loop.getUpperBound());
  SmallVector<Value> captured;
  SmallVector<Operation *> constants;
  for (Value value : used) {
    Operation *source = value.getDefiningOp();
    if (source && (source->hasTrait<OpTrait::ConstantLike>() ||
                   isa<memref::AllocaOp>(source)))
      constants.push_back(source);
    else
      captured.push_back(value);
  }
  builder.setInsertionPoint(loops.front());
  dispatch(share(makeKernel(captured, constants)), captured);
  rewriter.eraseOp(loops.front());
  for (Operation *constant : constants)
    if (isa<memref::AllocaOp>(constant))
      rewriter.eraseOp(constant);
  return success();
}

namespace {
struct OutlineLoopsPass : skim::impl::OutlineLoopsPassBase<OutlineLoopsPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto main = module.lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal())
      return;
    SmallVector<linalg::LinalgOp> ops;
    main.walk([&](linalg::LinalgOp op) {
      // Calls of kernels in a loop would cost more than they bring.
      bool inLoop = op->getParentOfType<LoopLikeOpInterface>() != nullptr;
      if (!inLoop && op.hasPureBufferSemantics() && !isSmall(op) &&
          (countOuter(op) != 0 || isRowOfLoops(op)))
        ops.push_back(op);
    });
    for (linalg::LinalgOp op : ops) {
      if (failed(Outliner(module, op).run(op)))
        return signalPassFailure();
      ++numOutlined;
    }
  }
};
} // namespace
