//===- Embedding.cpp - sums of table rows ---------------------------------===//
// A Gather of a constant table by token ids becomes skim.embed; what is added
// to it joins: further tables, slices of a position table, constant rows.
//===----------------------------------------------------------------------===//

#include "Patterns.h"

using namespace mlir;
using namespace skim;
using namespace skim::raise;
using Kind = Element::Kind;

namespace {

/// True for a constant f32 matrix.
bool isTable(Value value) {
  ElementsAttr elements = onnx::getConstant(value);
  return elements && elements.getElementType().isF32() &&
         cast<ShapedType>(elements.getType()).getRank() == 2;
}

bool isIds(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && (type.getElementType().isInteger(64) ||
                  type.getElementType().isInteger(32));
}

/// `Gather(table, ids)` with ids `[batch, sequence]` or `[1, sequence]`.
struct RaiseGather : RaisePattern<onnx::GatherOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::GatherOp op,
                                PatternRewriter &rewriter) const override {
    if (!isTable(op.getData()) || op.getAxis() != 0)
      return failure();
    std::optional<SymDims> dims = context.dims(op.getIndices());
    if (!isIds(op.getIndices()) || !dims || dims->size() != 2)
      return failure();
    if (!context.isSequence((*dims)[1]) ||
        (!context.isBatch((*dims)[0]) && !(*dims)[0].isConstant(1)))
      return rewriter.notifyMatchFailure(op,
                                         "the ids are not [batch, sequence]");
    rewriter.replaceOpWithNewOp<EmbedOp>(op, op.getOutput().getType(),
                                         ValueRange{op.getIndices()},
                                         ValueRange{op.getData()});
    return success();
  }
};

/// `number * embedding` of one table: the same bits from a table that is
/// multiplied, unless another op needs it as it is.
struct RaiseScaledEmbedding : RaisePattern<onnx::MulOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::MulOp op,
                                PatternRewriter &rewriter) const override {
    auto match = withNumber(op);
    auto embed = match ? match->first.getDefiningOp<EmbedOp>() : EmbedOp();
    if (!embed || embed.getTables().size() != 1)
      return failure();
    Value table = embed.getTables().front();
    if (!embed->hasOneUse() || !table.hasOneUse())
      return rewriter.notifyMatchFailure(
          op, "the table is needed without the factor too");
    rewriter.setInsertionPoint(embed);
    Value scaled =
        scaleConstant(rewriter, table, static_cast<float>(match->second));
    rewriter.modifyOpInPlace(embed,
                             [&] { embed.getTablesMutable()[0].set(scaled); });
    rewriter.replaceOp(op, embed);
    return success();
  }
};

/// What a summand of an embedding adds.
struct Summand {
  SmallVector<Value> ids, tables;
  // Instead of ids: row `first + position` (or `first` alone) of the one table.
  bool isComputed = false, moves = false;
  int64_t first = 0;
};

/// A summand with an embedding, and the sum.
struct EmbeddingSum {
  RaiseContext &context;
  Elements elements;
  SymDim batch, position, column;

  EmbeddingSum(RaiseContext &context, ArrayRef<SymDim> dims)
      : context(context), elements(context, {}) {
    auto addIndex = [&](const SymDim &extent) {
      SymDim index = elements.addIndex(extent);
      return extent.isConstant(1) ? SymDim(0) : index;
    };
    batch = addIndex(dims[0]);
    position = addIndex(dims[1]);
    column = addIndex(dims[2]);
  }

  std::optional<Summand> match(Value value, ArrayRef<SymDim> dims);
  std::optional<Summand> matchIds(Value base, ArrayRef<SymDim> at);
  std::optional<Summand> matchConstant(Value base, ArrayRef<SymDim> at);
};

/// True when `dim` is `whole` wherever the sum is possible: a slice of a table
/// ends where the table does, and is then too short to be added.
bool isSliceOf(const SymDim &dim, const SymDim &whole) {
  const onnx::SymAtom *atom = dim.singleAtom();
  return atom && atom->kind == onnx::SymAtom::Kind::Min &&
         llvm::is_contained(atom->args, whole) &&
         llvm::any_of(atom->args,
                      [](const SymDim &arg) { return arg.constant(); });
}

std::optional<Summand> EmbeddingSum::match(Value value, ArrayRef<SymDim> dims) {
  std::optional<SymDims> own = context.dims(value);
  if (!own || own->size() > 3 || own->empty())
    return std::nullopt;
  SymDims whole{batch, position, column}, at;
  size_t missing = 3 - own->size();
  for (auto [axis, dim] : llvm::enumerate(*own)) {
    if (!dim.isConstant(1) && dim != dims[missing + axis] &&
        !isSliceOf(dim, dims[missing + axis]))
      return std::nullopt;
    at.push_back(dim.isConstant(1) ? SymDim(0) : whole[missing + axis]);
  }
  Element element = elements.trace(value, at);
  if (element.kind != Kind::Access || element.number != 1 ||
      element.at.empty() || element.at.back() != column)
    return std::nullopt;
  SymDims rowAt(ArrayRef<SymDim>(element.at).drop_back());
  if (onnx::getConstant(element.base))
    return matchConstant(element.base, rowAt);
  return matchIds(element.base, rowAt);
}

std::optional<Summand> EmbeddingSum::matchIds(Value base, ArrayRef<SymDim> at) {
  if (at.empty() || at.back() != position)
    return std::nullopt;
  if (at.size() == 2 ? (at[0] != batch && !at[0].isZero()) : at.size() != 1)
    return std::nullopt;
  if (auto embed = base.getDefiningOp<EmbedOp>()) {
    // Rows of one sequence for all: its ids must be of one sequence, too.
    if (at[0] != batch && !context.dims(base)->front().isConstant(1))
      return std::nullopt;
    return Summand{llvm::to_vector(embed.getIds()),
                   llvm::to_vector(embed.getTables())};
  }
  auto gather = base.getDefiningOp<onnx::GatherOp>();
  if (!gather || gather.getAxis() != 0 || !isTable(gather.getData()) ||
      !isIds(gather.getIndices()))
    return std::nullopt;
  auto idType = cast<RankedTensorType>(gather.getIndices().getType());
  if (idType.getRank() > 2 || (idType.getRank() == 2 && at.size() != 2))
    return std::nullopt;
  return Summand{{gather.getIndices()}, {gather.getData()}};
}

std::optional<Summand> EmbeddingSum::matchConstant(Value base,
                                                   ArrayRef<SymDim> at) {
  auto type = cast<RankedTensorType>(base.getType());
  SymDim row = 0;
  for (auto [index, size] : llvm::zip_equal(at, type.getShape().drop_back()))
    row = row * SymDim(size) + index;
  Summand summand{{}, {base}, /*isComputed=*/true};
  SymDim first = row - position;
  if (!position.isZero() && first.constant()) {
    summand.moves = true;
    row = first;
  }
  if (!row.constant() || !type.getElementType().isF32())
    return std::nullopt;
  summand.first = *row.constant();
  return summand;
}

/// Ids `[1, sequence]` of the rows of a computed summand; `like` are ids of the
/// same sequence.
Value makeIds(OpBuilder &builder, Location loc, const Summand &summand,
              Value like) {
  auto likeType = cast<RankedTensorType>(like.getType());
  int64_t sequence = likeType.getShape().back();
  Type i64 = builder.getI64Type();
  auto type = RankedTensorType::get({1, sequence}, i64);
  if (!ShapedType::isDynamic(sequence)) {
    SmallVector<int64_t> values;
    for (int64_t position = 0; position < sequence; ++position)
      values.push_back(summand.first + (summand.moves ? position : 0));
    return onnx::ConstantOp::create(
        builder, loc, DenseElementsAttr::get(type, ArrayRef<int64_t>(values)));
  }
  auto one = RankedTensorType::get({1}, i64),
       scalar = RankedTensorType::get({}, i64);
  Value extent = onnx::ShapeOp::create(builder, loc, one, like,
                                       /*end=*/builder.getI64IntegerAttr(2),
                                       /*start=*/builder.getI64IntegerAttr(1));
  if (!summand.moves) {
    Value shape =
        onnx::ConcatOp::create(builder, loc, RankedTensorType::get({2}, i64),
                               ValueRange{makeInts(builder, loc, {1}), extent},
                               builder.getI64IntegerAttr(0));
    return onnx::ConstantOfShapeOp::create(
        builder, loc, type, shape, DenseElementsAttr::get(one, summand.first));
  }
  Value count = onnx::SqueezeOp::create(builder, loc, scalar, extent,
                                        makeInts(builder, loc, {0}));
  Value first = makeInt(builder, loc, summand.first);
  if (summand.first != 0)
    count = onnx::AddOp::create(builder, loc, scalar, count, first);
  Value range = onnx::RangeOp::create(
      builder, loc, RankedTensorType::get({sequence}, i64), first, count,
      makeInt(builder, loc, 1),
      /*stash_type=*/builder.getI64IntegerAttr(1));
  return onnx::UnsqueezeOp::create(builder, loc, type, range,
                                   makeInts(builder, loc, {0}));
}

/// Ids with a leading dimension.
Value makeRankTwo(OpBuilder &builder, Location loc, Value ids) {
  auto type = cast<RankedTensorType>(ids.getType());
  if (type.getRank() == 2)
    return ids;
  return onnx::UnsqueezeOp::create(builder, loc,
                                   type.clone({1, type.getShape().back()}), ids,
                                   makeInts(builder, loc, {0}));
}

/// A sum of an embedding and something that joins it.
struct RaiseEmbeddingSum : RaisePattern<onnx::AddOp> {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(onnx::AddOp op,
                                PatternRewriter &rewriter) const override {
    bool hasEmbedding = op.getA().getDefiningOp<EmbedOp>() ||
                        op.getB().getDefiningOp<EmbedOp>();
    RankedTensorType type = getStates(op.getC());
    std::optional<SymDims> dims = context.dims(op.getC());
    if (!hasEmbedding || !type || !dims || dims->size() != 3)
      return failure();
    if (!context.isSequence((*dims)[1]))
      return rewriter.notifyMatchFailure(
          op, "the sum's second dimension is not the sequence");
    EmbeddingSum sum(context, *dims);
    SmallVector<Summand> summands;
    for (Value operand : op->getOperands()) {
      std::optional<Summand> summand = sum.match(operand, *dims);
      if (!summand)
        return rewriter.notifyMatchFailure(
            op, "a summand of the embedding is no table");
      summands.push_back(*summand);
    }
    // Ids of the sum's sequence, to count positions by.
    Value like;
    for (const Summand &summand : summands)
      if (!summand.isComputed)
        like = summand.ids.front();
    if (!like || cast<RankedTensorType>(like.getType()).getRank() != 2)
      return rewriter.notifyMatchFailure(op,
                                         "no ids of rank two in the embedding");
    SmallVector<Value> ids, tables;
    int64_t width = type.getShape().back();
    for (const Summand &summand : summands) {
      for (Value id : summand.ids)
        ids.push_back(makeRankTwo(rewriter, op.getLoc(), id));
      if (summand.isComputed) {
        Value table = summand.tables.front();
        int64_t count =
            cast<ShapedType>(table.getType()).getNumElements() / width;
        ids.push_back(makeIds(rewriter, op.getLoc(), summand, like));
        tables.push_back(reshapeConstant(rewriter, table, {count, width}));
      } else {
        llvm::append_range(tables, summand.tables);
      }
    }
    rewriter.replaceOpWithNewOp<EmbedOp>(op, type, ids, tables);
    return success();
  }
};

} // namespace

void skim::raise::dropLoneEmbeddings(func::FuncOp func, RaiseContext &context) {
  IRRewriter rewriter(func.getContext());
  func.walk([&](EmbedOp op) {
    std::optional<SymDims> dims = context.dims(op.getResult());
    if (!dims || !(*dims)[0].isConstant(1) || context.isBatch((*dims)[0]))
      return;
    rewriter.setInsertionPoint(op);
    Value sum;
    for (auto [ids, table] : llvm::zip(op.getIds(), op.getTables())) {
      Value rows = onnx::GatherOp::create(rewriter, op.getLoc(), op.getType(),
                                          table, ids, /*axis=*/0);
      sum = sum ? onnx::AddOp::create(rewriter, op.getLoc(), op.getType(), sum,
                                      rows)
                      .getC()
                : rows;
    }
    rewriter.replaceOp(op, sum);
  });
}

void skim::raise::populateEmbeddingPatterns(RewritePatternSet &patterns,
                                            RaiseContext &context) {
  patterns.add<RaiseGather, RaiseScaledEmbedding, RaiseEmbeddingSum>(
      patterns.getContext(), context);
}
