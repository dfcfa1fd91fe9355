//===- ElementTypes.cpp - ONNX's numbers of element types -----------------===//
// TensorProto.DataType to MLIR types and back.
//===----------------------------------------------------------------------===//

#include "skim/Dialect/Onnx/IR/OnnxDialect.h"

using namespace mlir;

Type skim::onnx::getElementType(MLIRContext *context, int64_t dataType) {
  auto integer = [&](unsigned width, bool isUnsigned = false) -> Type {
    return IntegerType::get(context, width,
                            isUnsigned ? IntegerType::Unsigned
                                       : IntegerType::Signless);
  };
  switch (dataType) {
  case 1: // FLOAT
    return Float32Type::get(context);
  case 2: // UINT8
    return integer(8, true);
  case 3: // INT8
    return integer(8);
  case 4: // UINT16
    return integer(16, true);
  case 5: // INT16
    return integer(16);
  case 6: // INT32
    return integer(32);
  case 7: // INT64
    return integer(64);
  case 9: // BOOL
    return integer(1);
  case 10: // FLOAT16
    return Float16Type::get(context);
  case 11: // DOUBLE
    return Float64Type::get(context);
  case 12: // UINT32
    return integer(32, true);
  case 13: // UINT64
    return integer(64, true);
  case 16: // BFLOAT16
    return BFloat16Type::get(context);
  default:
    return {};
  }
}

int64_t skim::onnx::getDataType(Type elementType) {
  for (int64_t i = 1; i <= 16; ++i)
    if (getElementType(elementType.getContext(), i) == elementType)
      return i;
  return 0;
}
