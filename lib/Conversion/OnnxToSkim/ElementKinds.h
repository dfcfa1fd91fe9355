//===- ElementKinds.h - making and telling elements -------------*- C++ -*-===//
// What the parts of Elements share: elements of each kind, and questions about
// them. Private to the conversion.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CONVERSION_ONNXTOSKIM_ELEMENTKINDS_H
#define SKIM_LIB_CONVERSION_ONNXTOSKIM_ELEMENTKINDS_H

#include "Matchers.h"

#include <cmath>

namespace skim::raise {

inline Element makeNumber(double number) {
  Element element;
  element.kind = Element::Kind::Number;
  element.number = number;
  return element;
}

inline Element makeInteger(const SymDim &integer) {
  if (std::optional<int64_t> constant = integer.constant())
    return makeNumber(static_cast<double>(*constant));
  Element element;
  element.kind = Element::Kind::Integer;
  element.integer = integer;
  return element;
}

/// `condition ? number : otherwise`, where condition says what the choice of
/// `like` says.
inline Element makeChoice(const Element &like, double number,
                          double otherwise) {
  if (number == otherwise)
    return makeNumber(number);
  Element element = like;
  element.kind = Element::Kind::Choice;
  element.number = number;
  element.otherwise = otherwise;
  return element;
}

/// A mask's element as a choice: 1 (times its factor) or 0.
inline Element toChoice(const Element &element) {
  return element.kind == Element::Kind::Access
             ? makeChoice(element, element.number, 0)
             : element;
}

inline bool isBool(mlir::Value value) {
  return mlir::getElementTypeOrSelf(value.getType()).isInteger(1);
}

/// Whether the numbers that an element may be are numbers of the value's type:
/// integers beyond them wrap. Dimensions fit the types that shapes have.
inline bool fitsType(const Element &element, mlir::Value value) {
  auto type = llvm::dyn_cast<mlir::IntegerType>(
      mlir::getElementTypeOrSelf(value.getType()));
  if (!type || type.getWidth() == 1 || element.kind == Element::Kind::Access)
    return true;
  if (element.kind == Element::Kind::Integer)
    return type.isSignless() && type.getWidth() >= 32;
  double end = std::ldexp(1.0, type.getWidth() - !type.isUnsigned());
  auto fits = [&](double number) {
    return number >= (type.isUnsigned() ? 0 : -end) && number < end;
  };
  return fits(element.number) &&
         (element.kind != Element::Kind::Choice || fits(element.otherwise));
}

/// Whether two choices ask the same.
inline bool haveSameCondition(const Element &a, const Element &b) {
  return a.base == b.base && a.at == b.at && a.alsoAt == b.alsoAt;
}

/// True for a choice between 1 and 0.
inline bool isIndicator(const Element &element) {
  return element.kind == Element::Kind::Choice && element.number == 1 &&
         element.otherwise == 0;
}

} // namespace skim::raise

#endif // SKIM_LIB_CONVERSION_ONNXTOSKIM_ELEMENTKINDS_H
