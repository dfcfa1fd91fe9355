//===- SkimDialect.cpp - the skim dialect ---------------------------------===//
// Registers the dialect's types, attributes and ops; the helpers on states.
//===----------------------------------------------------------------------===//

#include "skim/Dialect/Skim/IR/SkimDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace skim;

#include "skim/Dialect/Skim/IR/SkimDialect.cpp.inc"
#include "skim/Dialect/Skim/IR/SkimEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "skim/Dialect/Skim/IR/SkimAttrs.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "skim/Dialect/Skim/IR/SkimTypes.cpp.inc"

#define GET_OP_CLASSES
#include "skim/Dialect/Skim/IR/SkimOps.cpp.inc"

void SkimDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "skim/Dialect/Skim/IR/SkimOps.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "skim/Dialect/Skim/IR/SkimAttrs.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "skim/Dialect/Skim/IR/SkimTypes.cpp.inc"
      >();
}

Type RaggedType::parse(AsmParser &parser) {
  SmallVector<int64_t, 1> dims;
  Type element;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() ||
      parser.parseDimensionList(dims, /*allowDynamic=*/false) ||
      parser.parseType(element) || parser.parseGreater())
    return {};
  if (dims.size() != 1) {
    parser.emitError(loc) << "expected one width, got " << dims.size();
    return {};
  }
  return parser.getChecked<RaggedType>(loc, parser.getContext(), dims[0],
                                       element);
}

void RaggedType::print(AsmPrinter &printer) const {
  printer << '<' << getWidth() << 'x' << getElementType() << '>';
}

LogicalResult
RaggedType::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                   int64_t width, Type elementType) {
  if (width <= 0)
    return emitError() << "expected a positive width, got " << width;
  if (!elementType.isIntOrFloat())
    return emitError() << "expected an integer or float element type, got "
                       << elementType;
  return success();
}

int64_t skim::getWidth(Type states) {
  if (auto ragged = dyn_cast<RaggedType>(states))
    return ragged.getWidth();
  auto tensor = cast<RankedTensorType>(states);
  return tensor.getRank() == 0 ? ShapedType::kDynamic
                               : tensor.getShape().back();
}

bool skim::isRagged(Type states) { return isa<RaggedType>(states); }

Type skim::withWidth(Type states, int64_t width) {
  if (auto ragged = dyn_cast<RaggedType>(states))
    return RaggedType::get(states.getContext(), width, ragged.getElementType());
  auto tensor = cast<RankedTensorType>(states);
  SmallVector<int64_t> shape(tensor.getShape());
  shape.back() = width;
  return tensor.clone(shape);
}
