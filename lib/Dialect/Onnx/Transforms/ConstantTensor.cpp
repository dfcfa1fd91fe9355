//===- ConstantTensor.cpp - the bytes of constants ------------------------===//
// Half and bfloat16 conversions; attributes to bytes and back.
//===----------------------------------------------------------------------===//

#include "ConstantTensor.h"

#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace skim::onnx;

/// Tensors of more bytes become resources, as at import.
static constexpr int64_t maxDenseBytes = 64;

static uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

static float floatOf(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(bits));
  return value;
}

BFloat::BFloat(float value) {
  uint32_t all = bitsOf(value);
  if (value != value)
    bits = static_cast<uint16_t>(all >> 16) | 0x40; // Stays a NaN.
  else
    bits = static_cast<uint16_t>((all + 0x7fff + ((all >> 16) & 1)) >> 16);
}

BFloat::operator float() const { return floatOf(uint32_t(bits) << 16); }

Half::Half(float value) {
  uint32_t all = bitsOf(value);
  uint32_t sign = (all >> 16) & 0x8000, magnitude = all & 0x7fffffff;
  if (magnitude > 0x7f800000) {
    bits = sign | 0x7e00; // NaN
  } else if (magnitude >= 0x477ff000) {
    bits = sign | 0x7c00; // Rounds to infinity.
  } else if (magnitude < 0x38800000) {
    // Subnormal: the float addition rounds at the right place.
    float rounded = floatOf(magnitude) + 0.5f;
    bits = sign | static_cast<uint16_t>(bitsOf(rounded) - bitsOf(0.5f));
  } else {
    uint32_t odd = (magnitude >> 13) & 1;
    bits = sign |
           static_cast<uint16_t>((magnitude - 0x38000000 + 0xfff + odd) >> 13);
  }
}

Half::operator float() const {
  uint32_t sign = uint32_t(bits & 0x8000) << 16;
  uint32_t exponent = (bits >> 10) & 0x1f, fraction = bits & 0x3ff;
  if (exponent == 0x1f)
    return floatOf(sign | 0x7f800000 | (fraction << 13));
  if (exponent == 0) // 2^-24 for each unit.
    return floatOf(sign | bitsOf(fraction * 5.9604644775390625e-8f));
  return floatOf(sign | ((exponent + 112) << 23) | (fraction << 13));
}

bool skim::onnx::isFoldableElementType(Type type) {
  if (type.isF16() || type.isBF16() || type.isF32() || type.isF64())
    return true;
  auto integer = dyn_cast<IntegerType>(type);
  return integer &&
         llvm::is_contained({1u, 8u, 16u, 32u, 64u}, integer.getWidth());
}

static std::shared_ptr<char> allocate(size_t bytes) {
  constexpr size_t alignment = 64;
  char *data = static_cast<char *>(
      llvm::allocate_buffer(std::max<size_t>(bytes, 1), alignment));
  return std::shared_ptr<char>(data, [bytes](char *p) {
    llvm::deallocate_buffer(p, std::max<size_t>(bytes, 1), alignment);
  });
}

ConstantTensor::ConstantTensor(RankedTensorType type)
    : type(type), owned(allocate(type.getNumElements() *
                                 elementSize(type.getElementType()))) {
  data = owned.get();
}

std::optional<ConstantTensor> ConstantTensor::read(ElementsAttr value) {
  auto type = dyn_cast<RankedTensorType>(value.getShapedType());
  if (!type || !isFoldableElementType(type.getElementType()))
    return std::nullopt;
  size_t bytes = type.getNumElements() * elementSize(type.getElementType());
  ConstantTensor tensor;
  tensor.type = type;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    const AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob || blob->getData().size() != bytes)
      return std::nullopt;
    tensor.data = blob->getData().data();
    return tensor;
  }
  auto dense = dyn_cast<DenseElementsAttr>(value);
  if (!dense)
    return std::nullopt;
  tensor.splat = dense.isSplat();
  if (!type.getElementType().isInteger(1)) {
    tensor.data = dense.getRawData().data();
    return tensor;
  }
  // Booleans may be packed: one byte each from here on.
  size_t count = tensor.splat ? 1 : type.getNumElements();
  tensor.owned = allocate(count);
  tensor.data = tensor.owned.get();
  size_t i = 0;
  for (bool b : dense.getValues<bool>()) {
    if (i == count)
      break;
    tensor.set<bool>(i++, b);
  }
  return tensor;
}

/// True when all elements are equal, bit for bit.
static bool allEqual(const char *data, size_t bytes, size_t element) {
  return bytes <= element ||
         std::memcmp(data, data + element, bytes - element) == 0;
}

ElementsAttr ConstantTensor::take(StringRef name) && {
  size_t element = elementBytes(), bytes = size() * element;
  bool isMask = isa<IntegerType>(type.getElementType()) || type.getRank() > 3;
  if (size() == 0)
    return DenseElementsAttr::get(type, ArrayRef<Attribute>());
  // Integers, and what is added to scores, that are all equal are masks and
  // ids; weights keep their bytes.
  if (isMask && allEqual(data, bytes, element)) {
    if (type.getElementType().isInteger(1))
      return DenseElementsAttr::get(type, get<bool>(0));
    return DenseElementsAttr::getFromRawBuffer(type,
                                               ArrayRef<char>(data, element));
  }
  if (bytes <= maxDenseBytes) {
    if (!type.getElementType().isInteger(1))
      return DenseElementsAttr::getFromRawBuffer(type,
                                                 ArrayRef<char>(data, bytes));
    return DenseElementsAttr::get(
        type, ArrayRef<bool>(reinterpret_cast<const bool *>(data), size()));
  }
  AsmResourceBlob blob(
      ArrayRef<char>(data, bytes), /*dataAlignment=*/64,
      [keep = std::move(owned)](void *, size_t, size_t) mutable {
        keep.reset();
      },
      /*dataIsMutable=*/false);
  return DenseResourceElementsAttr::get(type, name, std::move(blob));
}
