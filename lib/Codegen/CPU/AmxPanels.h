//===- AmxPanels.h - rows of a product by tiles of AMX ----------*- C++ -*-===//
// How the rows of a task are shared out among panels of 2 x 2 tiles of sums.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_AMXPANELS_H
#define SKIM_LIB_CODEGEN_CPU_AMXPANELS_H

#include "AmxTiles.h"

namespace skim {

/// Pieces of other work that take turns with the products of a step, evenly.
class TakingTurns {
public:
  TakingTurns(int64_t pieces, int64_t products)
      : pieces(pieces), products(products) {}
  /// Does those that are due when `product` products are done.
  void after(int64_t product, llvm::function_ref<void(int64_t piece)> work) {
    for (; done * products < product * pieces; ++done)
      work(done);
  }

private:
  int64_t pieces, products, done = 0;
};

/// Rows are shared out evenly among panels and in each among its two halves,
/// since the time of a product is that of its rows. Up to 16 rows in all are a
/// panel of one half; the tiles of the other have as many rows then. Panels of
/// at most 16 rows all have one half, and 16 rows but for the last, as their
/// states lie in memory. The configuration of the tiles says the rows, so it
/// changes once where panels are not of one size.
class AmxPanels {
public:
  static constexpr int64_t rows = 2 * AmxTiles::rows; ///< of both halves
  /// Rows of the panel before that each of `steps` steps finishes among its
  /// products, so that all are; 0 where those are too many for a step's code.
  static int64_t rowsToFinish(int64_t steps, int64_t ofPanel = rows);
  static constexpr int64_t configBytes = 2 * AmxTiles::configWords * 8;
  /// configBytes of scratch memory.
  static Value configsAt(KernelBuilder &b, Value scratch, int64_t offset);

  /// Writes the configurations for the rows [firstRow, endRow), in panels of
  /// at most `mostRows`: 32 or 16.
  AmxPanels(KernelBuilder &b, AmxTiles &amx, Value configs, Value firstRow,
            Value endRow, int64_t mostRows = rows);

  /// Rows of a panel from `row` on, `upper` of them in its upper half.
  struct Panel {
    Value row, count, upper;
  };
  Panel at(Value panel);
  /// Row of its sums in a buffer of two panels, which take turns.
  Value inTurns(Value panel) {
    return b.mul(b.rem(panel, b.index(2)), mostRows);
  }
  /// The same; has the tiles configured for it, when the ones before it were
  /// asked for in order.
  Panel use(Value panel);

  Value count;   ///< of panels
  Value oneHalf; ///< whether panels have one half

private:
  Value upperHalf(Value rows) {
    return b.select(oneHalf, rows, b.ceilDiv(rows, 2));
  }

  /// Which of the two sizes `panel` has.
  Value sizeOf(Value panel);

  KernelBuilder &b;
  AmxTiles &amx;
  int64_t mostRows; ///< of a panel
  Value configs, firstRow;
  Value longer;   ///< how many panels, the first ones, have ...
  Value sizes[2]; ///< ... the first size; the others have the second
};

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_AMXPANELS_H
