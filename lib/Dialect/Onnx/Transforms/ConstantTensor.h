//===- ConstantTensor.h - the bytes of constants ----------------*- C++ -*-===//
// Reads constant tensors, weights in place, and builds new ones; C++ types for
// the element types of ONNX.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_DIALECT_ONNX_TRANSFORMS_CONSTANTTENSOR_H
#define SKIM_LIB_DIALECT_ONNX_TRANSFORMS_CONSTANTTENSOR_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

namespace skim::onnx {

/// IEEE half precision, converted with rounding to the nearest even.
struct Half {
  uint16_t bits;
  Half() = default;
  explicit Half(float value);
  explicit operator float() const;
};

/// The upper half of a float, converted with rounding to the nearest even.
struct BFloat {
  uint16_t bits;
  BFloat() = default;
  explicit BFloat(float value);
  explicit operator float() const;
};

/// Elements of a tensor in row major order, one byte for a boolean. Read from a
/// constant, without copying where the constant keeps bytes, or made anew.
class ConstantTensor {
public:
  /// The elements of a constant; nothing when it does not hold them.
  static std::optional<ConstantTensor> read(mlir::ElementsAttr value);
  /// Room for the elements of a static type.
  explicit ConstantTensor(mlir::RankedTensorType type);

  mlir::RankedTensorType getType() const { return type; }
  llvm::ArrayRef<int64_t> shape() const { return type.getShape(); }
  int64_t size() const { return type.getNumElements(); }
  size_t elementBytes() const { return elementSize(type.getElementType()); }
  /// True when one stored element stands for all.
  bool isSplat() const { return splat; }

  /// Element `i`, counted in row major order.
  template <typename T> T get(int64_t i) const {
    return reinterpret_cast<const T *>(data)[splat ? 0 : i];
  }
  const char *bytesAt(int64_t i) const {
    return data + (splat ? 0 : i) * elementBytes();
  }
  template <typename T> void set(int64_t i, T value) {
    reinterpret_cast<T *>(owned.get())[i] = value;
  }
  char *mutableBytes() { return owned.get(); }

  /// Hands the elements over to an attribute: a resource called after `name`
  /// when there are many, else a dense one.
  mlir::ElementsAttr take(llvm::StringRef name) &&;

  static size_t elementSize(mlir::Type type) {
    return (type.getIntOrFloatBitWidth() + 7) / 8;
  }

private:
  ConstantTensor() = default;

  mlir::RankedTensorType type;
  const char *data = nullptr;
  bool splat = false;
  std::shared_ptr<char> owned;
};

/// Calls `f` with a value of the C++ type of an ONNX element type.
template <typename F> auto withElementType(mlir::Type type, F &&f) {
  if (type.isF32())
    return f(float());
  if (type.isF64())
    return f(double());
  if (type.isF16())
    return f(Half());
  if (type.isBF16())
    return f(BFloat());
  unsigned width = type.getIntOrFloatBitWidth();
  if (width == 1)
    return f(bool());
  if (type.isUnsignedInteger()) {
    if (width == 8)
      return f(uint8_t());
    if (width == 16)
      return f(uint16_t());
    return width == 32 ? f(uint32_t()) : f(uint64_t());
  }
  if (width == 8)
    return f(int8_t());
  if (width == 16)
    return f(int16_t());
  return width == 32 ? f(int32_t()) : f(int64_t());
}

template <typename T>
constexpr bool isSmallFloat =
    std::is_same_v<T, Half> || std::is_same_v<T, BFloat>;
/// The type that arithmetic on elements is done in.
template <typename T>
using ComputeType = std::conditional_t<isSmallFloat<T>, float, T>;

/// True for the element types that the folder reads.
bool isFoldableElementType(mlir::Type type);

} // namespace skim::onnx

#endif // SKIM_LIB_DIALECT_ONNX_TRANSFORMS_CONSTANTTENSOR_H
