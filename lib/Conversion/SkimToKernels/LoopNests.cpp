//===- LoopNests.cpp - loops in another order -----------------------------===//

#include "LoopNests.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "mlir/Transforms/LoopInvariantCodeMotionUtils.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"

using namespace mlir;
using namespace skim;

/// Chains that registers carry at once: as many as hide an addition's latency.
static constexpr int64_t kChains = 8;

/// The buffer that `memref` is a view of.
static Value baseOf(Value memref) {
  while (auto view = memref.getDefiningOp<ViewLikeOpInterface>())
    memref = view.getViewSource();
  return memref;
}

/// Whether each run of `op` in the same place does the same, once or often.
static bool isRepeatable(Operation *op, ValueRange stored) {
  if (auto load = dyn_cast<memref::LoadOp>(op))
    return !llvm::is_contained(stored, baseOf(load.getMemRef()));
  if (auto condition = dyn_cast<scf::IfOp>(op))
    return condition.getNumResults() == 0 && !condition.elseBlock() &&
           llvm::all_of(*condition.thenBlock(), [&](Operation &inner) {
             return isa<ReportOp, scf::YieldOp>(inner) || isPure(&inner);
           });
  return isPure(op);
}

bool skim::hoistInvariant(scf::ForOp loop) {
  SmallVector<Value> stored;
  loop.walk([&](memref::StoreOp store) {
    stored.push_back(baseOf(store.getMemRef()));
  });
  Region *body = &loop.getRegion();
  bool hasEffects = false;
  moveLoopInvariantCode(
      body,
      [&](Value value, Region *) {
        return value.getParentRegion()->isProperAncestor(body);
      },
      [&](Operation *op, Region *) { return isRepeatable(op, stored); },
      [&](Operation *op, Region *) {
        hasEffects |= !isPure(op);
        op->moveBefore(loop);
      });
  return hasEffects;
}

/// Whether `value` is made of the index `of` by arithmetic.
static bool dependsOn(Value value, Value of) {
  if (value == of)
    return true;
  Operation *source = value.getDefiningOp();
  return source &&
         isa<arith::ArithDialect, affine::AffineDialect>(
             source->getDialect()) &&
         llvm::any_of(source->getOperands(),
                      [&](Value operand) { return dependsOn(operand, of); });
}

/// Whether `value` is the loop's index.
static bool isIndexOf(Value value, scf::ForOp loop) {
  auto apply = value.getDefiningOp<affine::AffineApplyOp>();
  if (apply && apply.getAffineMap().isIdentity())
    value = apply.getOperand(0);
  return value == loop.getInductionVar();
}

/// Whether a loop may have more than half a block.
static bool isLong(scf::ForOp loop) {
  std::optional<int64_t> count = getConstantIntValue(loop.getUpperBound());
  return !count || *count > kLoopBlock / 2;
}

std::optional<unsigned> skim::findLoopAcross(ArrayRef<scf::ForOp> outer,
                                             scf::ForOp inner) {
  std::optional<unsigned> across;
  Value index = inner.getInductionVar();
  inner.walk([&](memref::LoadOp load) {
    ValueRange at = load.getIndices();
    if (at.empty() || dependsOn(at.back(), index) ||
        llvm::none_of(at, [&](Value i) { return dependsOn(i, index); }))
      return;
    for (unsigned i = 0; i != outer.size(); ++i) {
      if (isIndexOf(at.back(), outer[i]) && isLong(outer[i]) && isLong(inner))
        across = i;
    }
  });
  return across;
}

namespace {
/// A loop whose body is arithmetic and loads, one loop that carries numbers,
/// and what is made of them.
class ChainLoop {
public:
  explicit ChainLoop(scf::ForOp loop)
      : loop(loop), body(loop.getBody()), loc(loop.getLoc()) {}

  bool match();
  scf::ForOp interleave(Operation *nest);

private:
  using Lane = function_ref<void(OpBuilder &, IRMapping &, Value)>;
  Value number(OpBuilder &b, int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  bool readsNeighbours();
  bool isOrdered();
  IRMapping cloneBefore(OpBuilder &b, Value iteration);
  void cloneBehind(OpBuilder &b, IRMapping &map, ValueRange made);
  SmallVector<Value> cloneStep(OpBuilder &b, IRMapping &map, Value step,
                               ValueRange carried);
  void forLanes(OpBuilder &b, Value first, Value count, Lane emit);
  void emitInMemory(OpBuilder &b, Value first, Value count);
  void emitInRegisters(OpBuilder &b, Value first);

  scf::ForOp loop, chain;
  Block *body;
  Location loc;
  SmallVector<Value> buffers; ///< One for each number that is carried.
};
} // namespace

bool ChainLoop::match() {
  for (Operation &op : body->without_terminator()) {
    if (auto inner = dyn_cast<scf::ForOp>(op)) {
      if (chain)
        return false;
      chain = inner;
    } else if (!chain && !isPure(&op) && !isa<memref::LoadOp>(op)) {
      return false;
    }
  }
  if (!chain || chain.getNumResults() == 0 ||
      !chain.getOps<scf::ForOp>().empty())
    return false;
  auto isOutside = [&](Value value) {
    return value.getParentRegion()->isProperAncestor(&loop.getRegion());
  };
  return isOutside(chain.getLowerBound()) && isOutside(chain.getUpperBound()) &&
         isOutside(chain.getStep()) &&
         llvm::all_of(chain.getResultTypes(),
                      [](Type type) { return type.isIntOrIndexOrFloat(); }) &&
         (readsNeighbours() || isOrdered());
}

bool ChainLoop::readsNeighbours() {
  bool found = false;
  chain.walk([&](memref::LoadOp load) {
    ValueRange at = load.getIndices();
    found |= !at.empty() && dependsOn(at.back(), loop.getInductionVar());
  });
  return found;
}

/// Whether the order of a chain shows in what it makes: LLVM makes vectors of
/// others, of the largest number say.
bool ChainLoop::isOrdered() {
  return !llvm::all_of(chain.getYieldedValues(), [](Value value) {
    Operation *op = value.getDefiningOp();
    return isa_and_present<arith::MaximumFOp, arith::MinimumFOp>(op) ||
           (op && op->getNumOperands() == 2 &&
            isa<IntegerType>(value.getType()));
  });
}

/// What comes before the chain, for one iteration.
IRMapping ChainLoop::cloneBefore(OpBuilder &b, Value iteration) {
  IRMapping map;
  map.map(loop.getInductionVar(), iteration);
  for (Operation &op : llvm::make_range(body->begin(), Block::iterator(chain)))
    b.clone(op, map);
  return map;
}

void ChainLoop::cloneBehind(OpBuilder &b, IRMapping &map, ValueRange made) {
  map.map(chain.getResults(), made);
  for (Operation &op : llvm::make_range(std::next(Block::iterator(chain)),
                                        Block::iterator(body->getTerminator())))
    b.clone(op, map);
}

/// What the chain carries behind a step.
SmallVector<Value> ChainLoop::cloneStep(OpBuilder &b, IRMapping &map,
                                        Value step, ValueRange carried) {
  map.map(chain.getInductionVar(), step);
  map.map(chain.getRegionIterArgs(), carried);
  for (Operation &op : chain.getBody()->without_terminator())
    b.clone(op, map);
  return llvm::map_to_vector(chain.getYieldedValues(), [&](Value value) {
    return map.lookupOrDefault(value);
  });
}

/// A loop over the iterations of a block, with what comes before the chain.
void ChainLoop::forLanes(OpBuilder &b, Value first, Value count, Lane emit) {
  OpBuilder::InsertionGuard guard(b);
  auto lanes = scf::ForOp::create(b, loc, number(b, 0), count, number(b, 1));
  b.setInsertionPointToStart(lanes.getBody());
  Value lane = lanes.getInductionVar();
  IRMapping map = cloneBefore(b, arith::AddIOp::create(b, loc, first, lane));
  emit(b, map, lane);
}

/// Lanes are the innermost loop, which becomes vectors.
void ChainLoop::emitInMemory(OpBuilder &b, Value first, Value count) {
  auto load = [&](OpBuilder &b, Value lane) {
    return llvm::map_to_vector(buffers, [&](Value buffer) -> Value {
      return memref::LoadOp::create(b, loc, buffer, lane);
    });
  };
  auto store = [&](OpBuilder &b, ValueRange values, Value lane) {
    for (auto [buffer, value] : llvm::zip(buffers, values))
      memref::StoreOp::create(b, loc, value, buffer, lane);
  };
  forLanes(b, first, count, [&](OpBuilder &b, IRMapping &map, Value lane) {
    SmallVector<Value> begins;
    for (Value value : chain.getInitArgs())
      begins.push_back(map.lookupOrDefault(value));
    store(b, begins, lane);
  });
  auto steps = scf::ForOp::create(b, loc, chain.getLowerBound(),
                                  chain.getUpperBound(), chain.getStep());
  OpBuilder inner = OpBuilder::atBlockBegin(steps.getBody());
  forLanes(inner, first, count, [&](OpBuilder &b, IRMapping &map, Value lane) {
    store(b, cloneStep(b, map, steps.getInductionVar(), load(b, lane)), lane);
  });
  forLanes(b, first, count, [&](OpBuilder &b, IRMapping &map, Value lane) {
    cloneBehind(b, map, load(b, lane));
  });
}

/// A block of a few iterations, whose numbers one loop carries.
void ChainLoop::emitInRegisters(OpBuilder &b, Value first) {
  SmallVector<IRMapping> maps;
  SmallVector<Value> begins;
  for (int64_t lane = 0; lane != kChains; ++lane) {
    maps.push_back(
        cloneBefore(b, arith::AddIOp::create(b, loc, first, number(b, lane))));
    for (Value value : chain.getInitArgs())
      begins.push_back(maps.back().lookupOrDefault(value));
  }
  size_t count = chain.getNumResults();
  auto steps = scf::ForOp::create(
      b, loc, chain.getLowerBound(), chain.getUpperBound(), chain.getStep(),
      begins, [&](OpBuilder &b, Location loc, Value step, ValueRange carried) {
        SmallVector<Value> next;
        for (auto [lane, map] : llvm::enumerate(maps)) {
          IRMapping own = map;
          llvm::append_range(
              next,
              cloneStep(b, own, step, carried.slice(lane * count, count)));
        }
        scf::YieldOp::create(b, loc, next);
      });
  for (auto [lane, map] : llvm::enumerate(maps))
    cloneBehind(b, map, steps.getResults().slice(lane * count, count));
}

scf::ForOp ChainLoop::interleave(Operation *nest) {
  bool inMemory = readsNeighbours();
  std::optional<int64_t> known = getConstantIntValue(loop.getUpperBound());
  int64_t size = inMemory ? kChainBlock : kChains;
  if (known && *known < size) {
    if (!inMemory)
      return {};
    size = *known;
  }
  OpBuilder b(nest);
  for (Type type : chain.getResultTypes())
    if (inMemory)
      buffers.push_back(
          memref::AllocaOp::create(b, loc, MemRefType::get({size}, type)));
  // Whole blocks, of a known number of iterations, then the rest.
  b.setInsertionPoint(loop);
  Value count = loop.getUpperBound(), step = number(b, size);
  Value rest = b.createOrFold<arith::RemUIOp>(loc, count, step);
  Value whole = b.createOrFold<arith::SubIOp>(loc, count, rest);
  auto blocks = scf::ForOp::create(b, loc, number(b, 0), whole, step);
  OpBuilder inner = OpBuilder::atBlockBegin(blocks.getBody());
  if (inMemory)
    emitInMemory(inner, blocks.getInductionVar(), step);
  else
    emitInRegisters(inner, blocks.getInductionVar());
  bool isWhole = getConstantIntValue(rest) == 0;
  if (inMemory && !isWhole)
    emitInMemory(b, whole, rest);
  if (inMemory || isWhole)
    loop.erase();
  else
    loop.setLowerBound(whole);
  return blocks;
}

scf::ForOp skim::interleaveChains(scf::ForOp loop, Operation *nest) {
  ChainLoop found(loop);
  return found.match() ? found.interleave(nest) : scf::ForOp();
}

Value skim::countBlocks(OpBuilder &b, Location loc, Value count, int64_t size) {
  Value each = arith::ConstantIndexOp::create(b, loc, size);
  return b.createOrFold<arith::CeilDivUIOp>(loc, count, each);
}

scf::ForOp skim::createBlockLoop(OpBuilder &b, Location loc, Value first,
                                 Value count) {
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  Value size = arith::ConstantIndexOp::create(b, loc, kLoopBlock);
  Value end = arith::AddIOp::create(b, loc, first, size);
  end = arith::MinUIOp::create(b, loc, end, count);
  return scf::ForOp::create(b, loc, first, end, one);
}
