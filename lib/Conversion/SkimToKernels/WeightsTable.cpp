//===- WeightsTable.cpp - the weights segment of a module -----------------===//
// Entries lie in the order of their first use, which is the order in which a
// run reads them.
//===----------------------------------------------------------------------===//

#include "WeightsTable.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace skim;

WeightsTable::WeightsTable(ModuleOp module) : module(module) {
  for (Operation &op : *module.getBody()) {
    if (auto symbol = dyn_cast<SymbolOpInterface>(op))
      names.insert(symbol.getName());
    auto entry = dyn_cast<WeightsOp>(op);
    if (!entry)
      continue;
    last = &op;
    offset = std::max(offset, int64_t(llvm::alignTo(
                                  entry.getOffset() + entry.getBytes(), 64)));
  }
}

StringAttr WeightsTable::pickName(ArrayRef<ElementsAttr> parts) {
  std::string name = "weight";
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(parts.front()))
    name = resource.getRawHandle().getKey().str();
  std::string unique = name;
  for (int64_t i = 1; !names.insert(unique).second; ++i)
    unique = name + "_" + std::to_string(i);
  return StringAttr::get(module.getContext(), unique);
}

Value WeightsTable::view(OpBuilder &builder, Location loc,
                         ArrayRef<ElementsAttr> parts, Layout layout,
                         int64_t tile, MemRefType type, Dtype dtype) {
  SmallVector<Attribute> list(parts.begin(), parts.end());
  ArrayAttr array = builder.getArrayAttr(list);
  Attribute key =
      builder.getArrayAttr({array, builder.getI64IntegerAttr(int64_t(layout)),
                            builder.getI64IntegerAttr(tile),
                            builder.getI64IntegerAttr(int64_t(dtype))});
  FlatSymbolRefAttr &symbol = known[key];
  if (!symbol) {
    int64_t width = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
    int64_t bytes = type.getNumElements() * width;
    StringAttr name = pickName(parts);
    OpBuilder atStart = OpBuilder::atBlockBegin(module.getBody());
    if (last)
      atStart.setInsertionPointAfter(last);
    auto entry =
        WeightsOp::create(atStart, loc, name, array, layout, uint64_t(tile),
                          uint64_t(offset), uint64_t(bytes), dtype);
    last = entry;
    offset = llvm::alignTo(offset + bytes, 64);
    ++numEntries;
    symbol = FlatSymbolRefAttr::get(name);
  }
  return WeightsViewOp::create(builder, loc, type, symbol);
}
