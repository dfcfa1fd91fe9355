//===- WeightsTable.h - the weights segment of a module ---------*- C++ -*-===//
// Collects constants as entries of the segment, each layout of each once.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CONVERSION_SKIMTOKERNELS_WEIGHTSTABLE_H
#define SKIM_LIB_CONVERSION_SKIMTOKERNELS_WEIGHTSTABLE_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringSet.h"

namespace skim {

class WeightsTable {
public:
  explicit WeightsTable(mlir::ModuleOp module);

  /// A view of `parts` in `layout` with tiles of `tile` and numbers of `dtype`,
  /// of type `type`; the entry is made where there is none.
  mlir::Value view(mlir::OpBuilder &builder, mlir::Location loc,
                   llvm::ArrayRef<mlir::ElementsAttr> parts, Layout layout,
                   int64_t tile, mlir::MemRefType type,
                   Dtype dtype = Dtype::Fp32);
  int64_t size() const { return numEntries; }

private:
  mlir::StringAttr pickName(llvm::ArrayRef<mlir::ElementsAttr> parts);

  mlir::ModuleOp module;
  llvm::DenseMap<mlir::Attribute, mlir::FlatSymbolRefAttr> known;
  llvm::StringSet<> names;
  mlir::Operation *last = nullptr;
  int64_t offset = 0, numEntries = 0;
};

} // namespace skim

#endif // SKIM_LIB_CONVERSION_SKIMTOKERNELS_WEIGHTSTABLE_H
