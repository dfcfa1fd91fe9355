//===- RowTableOps.cpp - verifiers of the ops that take rows out ----------===//
// The constraints C1.. of SkimRowTableOps.td that traits cannot say.
//===----------------------------------------------------------------------===//

#include "skim/Dialect/Skim/IR/SkimDialect.h"

using namespace mlir;
using namespace skim;

static LogicalResult checkFrom(Operation *op, StringRef name,
                               ValueRange tables) {
  if (tables.size() >= 2 && tables.size() <= 4)
    return success();
  return op->emitOpError() << "expected '" << name
                           << "' to have 2 to 4 tables, got " << tables.size();
}

static LogicalResult checkTo(Operation *op, StringRef name, ValueRange tables) {
  if (tables.size() == 4)
    return success();
  return op->emitOpError() << "expected '" << name << "' to have 4 tables, got "
                           << tables.size();
}

LogicalResult PruneRowsOp::verify() {
  // prune_rows_c1
  return failure(failed(checkFrom(*this, "from", getFrom())) ||
                 failed(checkTo(*this, "to", getTo())));
}

LogicalResult SkipRowsOp::verify() {
  // skip_rows_c1
  return failure(failed(checkFrom(*this, "attended", getAttended())) ||
                 failed(checkFrom(*this, "from", getFrom())) ||
                 failed(checkTo(*this, "to", getTo())));
}

LogicalResult ExitRowsOp::verify() {
  // exit_rows_c1
  return failure(failed(checkFrom(*this, "from", getFrom())) ||
                 failed(checkTo(*this, "to", getTo())));
}

LogicalResult LeadingRowsOp::verify() {
  // leading_rows_c1
  return failure(failed(checkFrom(*this, "from", getFrom())) ||
                 failed(checkTo(*this, "to", getTo())));
}

LogicalResult HoldRowsOp::verify() {
  // hold_rows_c1
  if (failed(checkFrom(*this, "from", getFrom())))
    return failure();
  return getKept().empty() ? success() : checkTo(*this, "kept", getKept());
}
