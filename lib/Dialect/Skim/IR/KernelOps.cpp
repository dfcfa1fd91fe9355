//===- KernelOps.cpp - verifiers of the kernels form ----------------------===//
// The constraints C1.. of SkimKernelOps.td that traits cannot say.
//===----------------------------------------------------------------------===//

#include "skim/Dialect/Skim/IR/SkimDialect.h"

using namespace mlir;
using namespace skim;

LogicalResult WeightsOp::verify() {
  // weights_c1
  if (getOffset() % 64 != 0)
    return emitOpError() << "expected an offset that is a multiple of 64, got "
                         << getOffset();
  // weights_c2
  if (getParts().empty() ||
      (getLayout() == Layout::Plain && getParts().size() != 1))
    return emitOpError() << "expected " << stringifyLayout(getLayout())
                         << " to have "
                         << (getLayout() == Layout::Plain ? "one part"
                                                          : "parts")
                         << ", got " << getParts().size();
  // weights_c5
  if (getDtype() != Dtype::Fp32 && getLayout() != Layout::Tiled &&
      getLayout() != Layout::TiledTransposed)
    return emitOpError() << "expected fp32 in the layout "
                         << stringifyLayout(getLayout()) << ", got "
                         << stringifyDtype(getDtype());
  // weights_c7
  if (getDtype() == Dtype::Uint8 &&
      (getLayout() != Layout::Tiled || getParts().size() % 3 != 0))
    return emitOpError() << "expected a tiled layout and three parts for each "
                            "matrix of uint8, got "
                         << stringifyLayout(getLayout()) << " and "
                         << getParts().size();
  return success();
}
