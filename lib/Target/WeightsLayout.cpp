//===- WeightsLayout.cpp - entries of the weights segment -----------------===//
// Packs one tile at a time from the mapped tensors: whatever the size of a
// weight, packing holds K x tile elements.
//===----------------------------------------------------------------------===//

#include "skim/Target/WeightsLayout.h"

#include "NarrowWeights.h"
#include "skim/Codegen/Words.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace skim;

namespace {
/// A tensor's bytes, row major. Splats and bools have no such bytes in MLIR:
/// they are spelled out into `owned`.
struct Part {
  ArrayRef<int64_t> shape;
  ArrayRef<char> bytes;
  std::vector<char> owned;

  int64_t rows() const { return shape.size() == 2 ? shape[0] : 1; }
  int64_t columns() const { return shape.empty() ? 1 : shape.back(); }
  const char *data() const {
    return owned.empty() ? bytes.data() : owned.data();
  }
};

/// What an entry of a layout with tiles is made of.
struct Packing {
  std::vector<Part> parts, batches;   ///< batches: what parts were cut from
  std::vector<IntegerColumn> columns; ///< of the parts together, in uint8
  Layout layout;
  Dtype dtype;
  int64_t tile;
  int64_t elementBytes;
};
} // namespace

static int64_t elementBytesOf(Type type) {
  return llvm::divideCeil(type.getIntOrFloatBitWidth(), 8);
}

/// The bytes of `attribute`, or nothing where it holds none of the right size.
static std::optional<Part> makePart(ElementsAttr attribute) {
  Part part;
  ShapedType type = attribute.getShapedType();
  int64_t elementBytes = elementBytesOf(type.getElementType());
  int64_t count = type.getNumElements();
  part.shape = type.getShape();
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attribute)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob || int64_t(blob->getData().size()) != count * elementBytes)
      return std::nullopt;
    part.bytes = blob->getData();
    return part;
  }
  auto dense = dyn_cast<DenseElementsAttr>(attribute);
  if (!dense)
    return std::nullopt;
  if (type.getElementType().isInteger(1)) {
    for (bool value : dense.getValues<bool>())
      part.owned.push_back(value);
  } else if (dense.isSplat()) {
    ArrayRef<char> one = dense.getRawData().take_front(elementBytes);
    for (int64_t i = 0; i != count; ++i)
      part.owned.insert(part.owned.end(), one.begin(), one.end());
  } else {
    part.bytes = dense.getRawData();
    return part;
  }
  return part;
}

/// Copies columns [column, column + tile) of the parts, which lie side by side,
/// to the rows of `panel`; columns beyond the last part are left as they are.
static void packTile(const Packing &packing, int64_t column, int64_t depth,
                     std::vector<char> &panel) {
  int64_t size = packing.elementBytes, tile = packing.tile;
  int64_t first = 0;
  for (const Part &part : packing.parts) {
    bool transposed = packing.layout == Layout::TiledTransposed;
    int64_t width = transposed ? part.rows() : part.columns();
    int64_t begin = std::max(column, first);
    int64_t end = std::min(column + tile, first + width);
    for (int64_t n = begin; n < end && transposed; ++n) {
      const char *row = part.bytes.data() + (n - first) * depth * size;
      for (int64_t k = 0; k != depth; ++k)
        std::memcpy(&panel[(k * tile + n - column) * size], row + k * size,
                    size);
    }
    if (begin < end && !transposed)
      for (int64_t k = 0; k != depth; ++k)
        std::memcpy(&panel[(k * tile + begin - column) * size],
                    part.bytes.data() + (k * width + begin - first) * size,
                    (end - begin) * size);
    first += width;
  }
}

static llvm::Error writeTiles(const Packing &packing, WeightsSink sink) {
  bool transposed = packing.layout == Layout::TiledTransposed;
  const Part &front = packing.parts.front();
  int64_t depth = transposed ? front.columns() : front.rows();
  int64_t width = 0;
  for (const Part &part : packing.parts)
    width += transposed ? part.rows() : part.columns();
  for (int64_t column = 0; column < width; column += packing.tile) {
    std::vector<char> panel(depth * packing.tile * packing.elementBytes);
    packTile(packing, column, depth, panel);
    if (packing.dtype == Dtype::Uint8) {
      panel = integerTile(
          panel, packing.tile,
          ArrayRef(packing.columns)
              .slice(column, std::min(packing.tile, width - column)));
    } else if (packing.dtype != Dtype::Fp32) {
      std::vector<float> numbers(depth * packing.tile);
      std::memcpy(numbers.data(), panel.data(), panel.size());
      panel = narrowTile(packing.dtype, numbers, packing.tile);
    }
    if (llvm::Error error = sink(panel.data(), panel.size()))
      return error;
  }
  return llvm::Error::success();
}

static llvm::Error writeInOrder(const Packing &packing, WeightsSink sink) {
  int64_t bytes = 0;
  for (const Part &part : packing.parts) {
    if (llvm::Error error = sink(part.bytes.data(), part.bytes.size()))
      return error;
    bytes += part.bytes.size();
  }
  if (packing.layout == Layout::Plain)
    return llvm::Error::success();
  int64_t padded = llvm::alignTo(bytes, packing.tile * packing.elementBytes);
  std::vector<char> zeros(padded - bytes);
  return sink(zeros.data(), zeros.size());
}

static LogicalResult checkRanks(WeightsOp op, const Packing &packing) {
  bool tiled = packing.layout == Layout::Tiled ||
               packing.layout == Layout::TiledTransposed;
  if (packing.layout == Layout::Plain)
    return success();
  size_t rank = tiled ? 2 : 1;
  for (const Part &part : packing.parts) {
    if (part.shape.size() != rank)
      return op.emitOpError() << "expected parts of rank " << rank << ", got "
                              << part.shape.size();
    int64_t dimension = packing.layout == Layout::Tiled ? 0 : 1;
    int64_t depth = tiled ? part.shape[dimension] : 0;
    int64_t wanted = tiled ? packing.parts.front().shape[dimension] : 0;
    if (depth != wanted)
      return op.emitOpError()
             << "expected parts of depth " << wanted << ", got " << depth;
    if (packing.dtype == Dtype::Int8x3 && (depth % 4 || !evenStep(depth / 4)))
      return op.emitOpError()
             << "expected a depth that equal steps of 32 to 64 "
                "numbers divide for int8x3, got "
             << depth;
  }
  return success();
}

/// Cuts parts of several matrices into these.
static void splitBatches(Packing &packing) {
  std::vector<Part> matrices;
  for (Part &part : packing.parts) {
    if (part.shape.size() != 3) {
      matrices.push_back(std::move(part));
      continue;
    }
    size_t bytes = part.bytes.size() / std::max<int64_t>(part.shape[0], 1);
    for (int64_t i = 0; i != part.shape[0]; ++i)
      matrices.push_back(
          {part.shape.drop_front(), part.bytes.slice(i * bytes, bytes), {}});
    packing.batches.push_back(std::move(part));
  }
  packing.parts = std::move(matrices);
}

/// Adds columns of these scales and zero points; false where their data is
/// missing.
static bool addColumns(ElementsAttr scales, ElementsAttr points,
                       std::vector<IntegerColumn> &columns) {
  std::optional<Part> ofScales = makePart(scales), ofPoints = makePart(points);
  if (!ofScales || !ofPoints)
    return false;
  bool isUnsigned = points.getElementType().isUnsignedInteger();
  const char *scale = ofScales->data(), *point = ofPoints->data();
  for (int64_t i = 0, end = scales.getNumElements(); i != end; ++i) {
    IntegerColumn column;
    std::memcpy(&column.scale, scale + i * sizeof(float), sizeof(float));
    column.zeroPoint = int8_t(point[i] ^ (isUnsigned ? 0x80 : 0));
    column.isUnsigned = isUnsigned;
    columns.push_back(column);
  }
  return true;
}

/// Takes the scales and zero points of uint8 from the parts, two behind each
/// matrix.
static FailureOr<SmallVector<Attribute>> takeColumns(WeightsOp op,
                                                     Packing &packing) {
  SmallVector<Attribute> parts(op.getParts().begin(), op.getParts().end());
  if (packing.dtype != Dtype::Uint8)
    return parts;
  SmallVector<Attribute> matrices;
  for (size_t i = 0; i + 2 < parts.size(); i += 3) {
    auto weight = dyn_cast<ElementsAttr>(parts[i]);
    auto scales = dyn_cast<ElementsAttr>(parts[i + 1]);
    auto points = dyn_cast<ElementsAttr>(parts[i + 2]);
    Type element = weight ? weight.getElementType() : Type();
    bool fits = element && element.isInteger(8) && scales && points &&
                scales.getElementType().isF32() &&
                points.getElementType() == element &&
                weight.getShapedType().getRank() == 2;
    for (ElementsAttr attribute : {scales, points})
      fits = fits &&
             attribute.getNumElements() == weight.getShapedType().getDimSize(1);
    if (!fits || !addColumns(scales, points, packing.columns))
      break;
    matrices.push_back(weight);
  }
  if (matrices.size() * 3 != parts.size())
    return op.emitOpError()
           << "expected integers of 8 bits, scales and zero "
              "points for each column as parts "
           << matrices.size() * 3 << " and on of " << parts.size();
  return matrices;
}

static FailureOr<WeightsEntry> makeEntry(WeightsOp op) {
  auto packing = std::make_shared<Packing>();
  packing->layout = op.getLayout();
  packing->dtype = op.getDtype();
  packing->tile = op.getTile();
  packing->elementBytes = 0;
  FailureOr<SmallVector<Attribute>> parts = takeColumns(op, *packing);
  if (failed(parts))
    return failure();
  bool rounds = packing->dtype != Dtype::Fp32 && packing->dtype != Dtype::Uint8;
  for (Attribute attribute : *parts) {
    auto elements = dyn_cast<ElementsAttr>(attribute);
    if (!elements)
      return op.emitOpError()
             << "expected elements attributes as parts, got " << attribute;
    Type element = elements.getShapedType().getElementType();
    if (rounds && !element.isF32())
      return op.emitOpError()
             << "expected parts of f32 to write as "
             << stringifyDtype(packing->dtype) << ", got " << element;
    int64_t elementBytes = elementBytesOf(element);
    if (packing->elementBytes && packing->elementBytes != elementBytes)
      return op.emitOpError() << "expected parts of one element type";
    packing->elementBytes = elementBytes;
    std::optional<Part> part = makePart(elements);
    if (!part)
      return op.emitOpError() << "expected the data of every part, found none "
                                 "or of another size for part "
                              << packing->parts.size();
    packing->parts.push_back(std::move(*part));
  }
  for (Part &part : packing->parts)
    if (!part.owned.empty())
      part.bytes = part.owned;
  if (packing->layout == Layout::Tiled)
    splitBatches(*packing);
  if (failed(checkRanks(op, *packing)))
    return failure();

  WeightsEntry entry;
  entry.name = op.getSymName().str();
  entry.offset = op.getOffset();
  entry.bytes = op.getBytes();
  entry.write = [packing](WeightsSink sink) {
    bool tiled = packing->layout == Layout::Tiled ||
                 packing->layout == Layout::TiledTransposed;
    return tiled ? writeTiles(*packing, sink) : writeInOrder(*packing, sink);
  };
  return entry;
}

FailureOr<std::vector<WeightsEntry>> skim::collectWeights(ModuleOp module) {
  std::vector<WeightsEntry> entries;
  for (auto op : module.getOps<WeightsOp>()) {
    FailureOr<WeightsEntry> entry = makeEntry(op);
    if (failed(entry))
      return failure();
    entries.push_back(std::move(*entry));
  }
  llvm::sort(entries, [](const WeightsEntry &a, const WeightsEntry &b) {
    return a.offset < b.offset;
  });
  return entries;
}
