//===- RowPanels.h - the rows of a product in register tiles ----*- C++ -*-===//
// Rows are shared out evenly among panels, so that none is left with a row or
// two, whose chains are too few to fill the units.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_ROWPANELS_H
#define SKIM_LIB_CODEGEN_CPU_ROWPANELS_H

#include "KernelBuilder.h"

namespace skim {

class RowPanels {
public:
  /// For `rows` rows from `firstRow` on, at most `mostRows` of them in a panel.
  RowPanels(KernelBuilder &builder, Value firstRow, Value rows,
            int64_t mostRows);
  /// A loop over the panels, each with its first row and how many it has.
  void
  loop(llvm::function_ref<void(Value panel, Value row, Value rows)> body) const;
  Value getCount() const { return count; }

private:
  KernelBuilder &b;
  Value firstRow;
  Value count;
  Value size, longer; ///< the first `longer` panels have one row more
};

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_ROWPANELS_H
