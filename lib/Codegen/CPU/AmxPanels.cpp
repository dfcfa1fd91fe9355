//===- AmxPanels.cpp - rows of a product by tiles of AMX ------------------===//
// Sizes are known at run time only.
//===----------------------------------------------------------------------===//

#include "AmxPanels.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace skim;

int64_t AmxPanels::rowsToFinish(int64_t steps, int64_t ofPanel) {
  int64_t perStep = llvm::divideCeil(ofPanel, steps);
  return perStep > 8 ? 0 : perStep;
}

Value AmxPanels::configsAt(KernelBuilder &b, Value scratch, int64_t offset) {
  return b.view(scratch, b.index(offset),
                MemRefType::get({2, AmxTiles::configWords}, b.getI64Type()));
}

AmxPanels::AmxPanels(KernelBuilder &b, AmxTiles &amx, Value configs,
                     Value firstRow, Value endRow, int64_t mostRows)
    : b(b), amx(amx), mostRows(mostRows), configs(configs), firstRow(firstRow) {
  Value all = b.sub(endRow, firstRow);
  count = b.ceilDiv(all, mostRows);
  bool oneTile = mostRows == AmxTiles::rows;
  if (oneTile) {
    longer = b.sub(count, b.index(1));
    sizes[0] = b.index(mostRows);
    sizes[1] = b.sub(all, b.mul(longer, mostRows));
  } else {
    longer = b.rem(all, count);
    sizes[1] = b.div(all, count);
    sizes[0] = b.add(sizes[1], 1);
  }
  oneHalf = b.less(oneTile ? sizes[1] : all, b.index(AmxTiles::rows + 1));
  for (int64_t i = 0; i != 2; ++i) {
    Value upper = upperHalf(sizes[i]);
    Value lower = b.select(oneHalf, sizes[i], b.sub(sizes[i], upper));
    amx.writeConfig(configs, b.index(i), upper, lower);
  }
}

Value AmxPanels::sizeOf(Value panel) {
  return b.select(b.less(panel, longer), b.index(0), b.index(1));
}

AmxPanels::Panel AmxPanels::at(Value panel) {
  Value more = b.mul(b.min(panel, longer), b.sub(sizes[0], sizes[1]));
  Value row = b.add(firstRow, b.add(b.mul(panel, sizes[1]), more));
  Value rows = b.select(b.less(panel, longer), sizes[0], sizes[1]);
  return {row, rows, upperHalf(rows)};
}

AmxPanels::Panel AmxPanels::use(Value panel) {
  Value isFirst = arith::OrIOp::create(b, b.equal(panel, b.index(0)),
                                       b.equal(panel, longer));
  b.ifThen(isFirst, [&] { amx.useConfig(configs, sizeOf(panel)); });
  return at(panel);
}
