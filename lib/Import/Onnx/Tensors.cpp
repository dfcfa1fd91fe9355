//===- Tensors.cpp - tensors of a model to attributes ---------------------===//
// Weights keep the bytes that were read: the string that the protobuf parser
// made, or the mapped external file, belongs to the resource from then on.
//===----------------------------------------------------------------------===//

#include "Tensors.h"

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/Errno.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Path.h"
#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace mlir;
using ::onnx::TensorProto;

/// Tensors of at most this many bytes are plain dense attributes.
static constexpr size_t kSmallBytes = 64;

static llvm::Error error(const Twine &text) {
  return llvm::createStringError(text);
}

//===----------------------------------------------------------------------===//
// Element types
//===----------------------------------------------------------------------===//

std::string skim::import::getDataTypeName(int64_t dataType) {
  if (dataType >= 0 && dataType <= INT32_MAX &&
      ::onnx::TensorProto_DataType_IsValid(dataType))
    return ::onnx::TensorProto_DataType_Name(
        static_cast<::onnx::TensorProto_DataType>(dataType));
  return std::to_string(dataType);
}

unsigned skim::import::getElementBytes(Type elementType) {
  return (elementType.getIntOrFloatBitWidth() + 7) / 8;
}

//===----------------------------------------------------------------------===//
// Non-finite weights
//===----------------------------------------------------------------------===//

/// The largest magnitude as bits: above `infinity` it is a NaN.
template <typename Bits> static Bits getLargestBits(ArrayRef<char> data) {
  constexpr Bits magnitude = static_cast<Bits>(~Bits(0)) >> 1;
  Bits largest = 0;
  for (size_t i = 0, e = data.size() / sizeof(Bits); i < e; ++i) {
    Bits bits;
    std::memcpy(&bits, data.data() + i * sizeof(Bits), sizeof(Bits));
    largest = std::max<Bits>(largest, bits & magnitude);
  }
  return largest;
}

void skim::import::TensorReader::warnNonFinite(Type elementType,
                                               ArrayRef<char> data,
                                               const Twine &what) {
  // Single values are mask fills more often than weights.
  auto type = dyn_cast<FloatType>(elementType);
  if (!type || data.size() <= getElementBytes(type))
    return;
  uint64_t largest = type.getWidth() == 64   ? getLargestBits<uint64_t>(data)
                     : type.getWidth() == 32 ? getLargestBits<uint32_t>(data)
                                             : getLargestBits<uint16_t>(data);
  uint64_t infinity =
      APFloat::getInf(type.getFloatSemantics()).bitcastToAPInt().getZExtValue();
  if (largest >= infinity)
    emitWarning(UnknownLoc::get(context))
        << modelPath << ": " << what << " holds "
        << (largest > infinity ? "NaN" : "infinite") << " values";
}

//===----------------------------------------------------------------------===//
// External data
//===----------------------------------------------------------------------===//

/// Gives every byte of a boolean tensor the value 0 or 1.
static void normaliseBools(Type elementType, std::string &bytes) {
  if (elementType.isInteger(1))
    for (char &byte : bytes)
      byte = byte != 0;
}

/// A file mapped for reading; unmapped when the last tensor in it goes.
class skim::import::MappedFile {
public:
  static llvm::Expected<std::shared_ptr<MappedFile>> open(const Twine &path) {
    std::string name = path.str();
    int fd = ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
      return error(llvm::sys::StrError(errno));
    llvm::scope_exit closeFile([&] { ::close(fd); });
    struct stat status;
    if (::fstat(fd, &status) != 0)
      return error(llvm::sys::StrError(errno));
    if (!S_ISREG(status.st_mode))
      return error("it is not a regular file");
    auto file = std::make_shared<MappedFile>();
    if (status.st_size == 0)
      return file;
    void *data = ::mmap(nullptr, status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED)
      return error(llvm::sys::StrError(errno));
    file->bytes = ArrayRef<char>(static_cast<char *>(data), status.st_size);
    return file;
  }

  MappedFile() = default;
  MappedFile(const MappedFile &) = delete;
  ~MappedFile() {
    if (!bytes.empty())
      ::munmap(const_cast<char *>(bytes.data()), bytes.size());
  }

  ArrayRef<char> bytes;
};

skim::import::TensorReader::TensorReader(MLIRContext *context,
                                         StringRef modelPath)
    : context(context), modelPath(modelPath) {}

skim::import::TensorReader::~TensorReader() = default;

llvm::Expected<std::shared_ptr<skim::import::MappedFile>>
skim::import::TensorReader::map(StringRef location, const Twine &what) {
  // Links inside the folder are followed: model hubs lay their files out so.
  bool leaves = llvm::sys::path::is_absolute(location);
  for (StringRef part : llvm::make_range(llvm::sys::path::begin(location),
                                         llvm::sys::path::end(location)))
    leaves |= part == "..";
  if (location.empty() || leaves || location.contains('\0'))
    return error(what +
                 ": expected external data in the model's folder, got '" +
                 location + "'");
  std::shared_ptr<MappedFile> &file = files[location];
  if (!file) {
    SmallString<128> path(llvm::sys::path::parent_path(modelPath));
    llvm::sys::path::append(path, location);
    auto opened = MappedFile::open(path);
    if (!opened)
      return error(what + ": cannot map the external data '" + path +
                   "': " + llvm::toString(opened.takeError()));
    file = *opened;
  }
  return file;
}

llvm::Expected<ElementsAttr> skim::import::TensorReader::readExternal(
    TensorProto &tensor, RankedTensorType type, const Twine &what) {
  StringRef location;
  uint64_t offset = 0;
  size_t size = type.getNumElements() * getElementBytes(type.getElementType());
  for (const auto &entry : tensor.external_data()) {
    StringRef key(entry.key()), value(entry.value());
    uint64_t length = size;
    if (key == "location")
      location = value;
    else if ((key == "offset" && value.getAsInteger(10, offset)) ||
             (key == "length" && value.getAsInteger(10, length)))
      return error(what + ": expected a number as " + key +
                   " of the external data, got '" + value + "'");
    if (length != size)
      return error(what + ": expected " + Twine(size) +
                   " bytes of external data, the model gives " + Twine(length));
  }
  auto file = map(location, what);
  if (!file)
    return file.takeError();
  ArrayRef<char> bytes = (*file)->bytes;
  if (offset > bytes.size() || size > bytes.size() - offset)
    return error(what + ": expected " + Twine(size) + " bytes at offset " +
                 Twine(offset) + " of the external data '" + location +
                 "', the file has " + Twine(bytes.size()));
  ArrayRef<char> data = bytes.slice(offset, size);
  if (type.getElementType().isInteger(1) ||
      !llvm::isAddrAligned(llvm::Align(8), data.data())) {
    auto *copy = new std::string(data.begin(), data.end());
    normaliseBools(type.getElementType(), *copy);
    return make(
        type, tensor.name(), *copy,
        [copy](void *, size_t, size_t) { delete copy; }, what);
  }
  return make(
      type, tensor.name(), data, [file = *file](void *, size_t, size_t) {},
      what);
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

/// The data of a typed field, each value narrowed to `To`. Frees the field.
template <typename To, typename Field>
static std::string *narrow(Field *field) {
  Field values;
  values.Swap(field);
  auto bytes = std::make_unique<std::string>(values.size() * sizeof(To), '\0');
  for (int i = 0; i < values.size(); ++i) {
    To value = static_cast<To>(values[i]);
    std::memcpy(bytes->data() + i * sizeof(To), &value, sizeof(To));
  }
  return bytes.release();
}

/// The elements as bytes, whichever field of the protobuf holds them.
static std::string *takeData(TensorProto &tensor) {
  if (tensor.has_raw_data())
    return tensor.release_raw_data();
  switch (tensor.data_type()) {
  case TensorProto::FLOAT:
    return narrow<float>(tensor.mutable_float_data());
  case TensorProto::DOUBLE:
    return narrow<double>(tensor.mutable_double_data());
  case TensorProto::INT64:
    return narrow<int64_t>(tensor.mutable_int64_data());
  case TensorProto::UINT64:
    return narrow<uint64_t>(tensor.mutable_uint64_data());
  case TensorProto::UINT32:
    return narrow<uint32_t>(tensor.mutable_uint64_data());
  case TensorProto::INT32:
    return narrow<int32_t>(tensor.mutable_int32_data());
  case TensorProto::INT8:
  case TensorProto::UINT8:
    return narrow<uint8_t>(tensor.mutable_int32_data());
  case TensorProto::BOOL:
    return narrow<bool>(tensor.mutable_int32_data());
  default: // 16 bits: integers and floats as their bits.
    return narrow<uint16_t>(tensor.mutable_int32_data());
  }
}

/// A small tensor as a dense attribute, which copies it.
static DenseElementsAttr makeDense(RankedTensorType type, ArrayRef<char> data) {
  if (type.getNumElements() == 0)
    return DenseElementsAttr::get(type, ArrayRef<Attribute>());
  if (!type.getElementType().isInteger(1))
    return DenseElementsAttr::getFromRawBuffer(type, data);
  SmallVector<bool> bits;
  for (char byte : data)
    bits.push_back(byte != 0);
  return DenseElementsAttr::get(type, ArrayRef<bool>(bits));
}

ElementsAttr skim::import::TensorReader::make(
    RankedTensorType type, StringRef name, ArrayRef<char> data,
    AsmResourceBlob::DeleterFn deleter, const Twine &what) {
  warnNonFinite(type.getElementType(), data, what);
  if (data.size() <= kSmallBytes) {
    ElementsAttr attr = makeDense(type, data);
    deleter(nullptr, 0, 0);
    return attr;
  }
  auto &manager = DenseResourceElementsHandle::getManagerInterface(context);
  AsmResourceBlob blob = UnmanagedAsmResourceBlob::allocateWithAlign(
      data, getElementBytes(type.getElementType()), std::move(deleter));
  return DenseResourceElementsAttr::get(
      type, manager.insert(name.empty() ? "tensor" : name, std::move(blob)));
}

ArrayRef<uint8_t> skim::import::getBytes(ElementsAttr elements) {
  ArrayRef<char> data;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(elements))
    data = resource.getRawHandle().getBlob()->getData();
  else
    data = cast<DenseElementsAttr>(elements).getRawData();
  return {reinterpret_cast<const uint8_t *>(data.data()), data.size()};
}

skim::onnx::ConstantOp skim::import::makeConstant(OpBuilder &builder,
                                                  Location loc,
                                                  ElementsAttr value) {
  auto narrow = dyn_cast<IntegerType>(value.getElementType());
  if (!narrow || narrow.getWidth() != 4)
    return onnx::ConstantOp::create(builder, loc, value);
  auto type = cast<RankedTensorType>(value.getType())
                  .clone(IntegerType::get(builder.getContext(), 8,
                                          narrow.getSignedness()));
  ElementsAttr wide;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value))
    wide = DenseResourceElementsAttr::get(type, resource.getRawHandle());
  else
    wide = DenseElementsAttr::getFromRawBuffer(
        type, cast<DenseElementsAttr>(value).getRawData());
  auto constant = onnx::ConstantOp::create(builder, loc, wide);
  constant->setAttr(bitsAttr, builder.getI64IntegerAttr(4));
  return constant;
}

std::string skim::import::formatDims(ArrayRef<int64_t> dims) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleave(dims, os, " x ");
  return text;
}

/// Two numbers a byte, the lower bits first: read as bytes, then taken apart.
llvm::Expected<ElementsAttr>
skim::import::TensorReader::readFourBits(TensorProto &tensor,
                                         const Twine &what) {
  bool isSigned = tensor.data_type() == TensorProto::INT4;
  SmallVector<int64_t> dims(tensor.dims().begin(), tensor.dims().end());
  int64_t count = 1;
  for (int64_t dim : dims)
    if (dim < 0 || count > (int64_t(1) << 46) / std::max<int64_t>(dim, 1))
      return error(what +
                   ": expected dimensions of 0 or more and fewer than "
                   "2^46 numbers, got dimensions " +
                   formatDims(dims));
    else
      count *= std::max<int64_t>(dim, 1);
  if (llvm::is_contained(dims, 0))
    count = 0;
  tensor.set_data_type(TensorProto::UINT8);
  tensor.clear_dims();
  tensor.add_dims(llvm::divideCeil(count, 2));
  auto packed = read(tensor, what);
  if (!packed)
    return packed;
  ArrayRef<uint8_t> from = getBytes(*packed);
  auto numbers = std::make_unique<std::string>(count, '\0');
  for (int64_t i = 0; i < count; ++i) {
    uint8_t bits = from[from.size() == 1 ? 0 : i / 2] >> (i % 2 * 4) & 15;
    (*numbers)[i] = isSigned ? (bits ^ 8) - 8 : bits;
  }
  auto type = RankedTensorType::get(
      dims, IntegerType::get(context, 4,
                             isSigned ? IntegerType::Signless
                                      : IntegerType::Unsigned));
  std::string *owned = numbers.release();
  return make(
      type, tensor.name(), *owned,
      [owned](void *, size_t, size_t) { delete owned; }, what);
}

llvm::Expected<ElementsAttr>
skim::import::TensorReader::read(TensorProto &tensor, const Twine &what) {
  if (tensor.data_type() == TensorProto::INT4 ||
      tensor.data_type() == TensorProto::UINT4)
    return readFourBits(tensor, what);
  Type elementType = getElementType(context, tensor.data_type());
  if (!elementType)
    return error(what + ": " + expectedType + ", got " +
                 getDataTypeName(tensor.data_type()));
  if (tensor.has_segment())
    return error(what + " is stored in segments, which is not supported");
  size_t bytes = getElementBytes(elementType);
  SmallVector<int64_t> dims(tensor.dims().begin(), tensor.dims().end());
  for (int64_t dim : dims) {
    if (dim < 0)
      return error(what + ": expected dimensions of 0 or more, got " +
                   Twine(dim));
    // Of an empty tensor the other dimensions must not overflow either.
    uint64_t extent = std::max<int64_t>(dim, 1);
    if (bytes > (uint64_t(1) << 46) / extent)
      return error(what + ": expected fewer than 2^46 bytes, got dimensions " +
                   formatDims(dims));
    bytes *= extent;
  }
  if (llvm::is_contained(dims, 0))
    bytes = 0;
  auto type = RankedTensorType::get(dims, elementType);
  if (tensor.data_location() == TensorProto::EXTERNAL)
    return readExternal(tensor, type, what);

  std::unique_ptr<std::string> data(takeData(tensor));
  if (data->size() != bytes)
    return error(what + ": expected " + Twine(bytes) + " bytes of data, got " +
                 Twine(data->size()));
  normaliseBools(elementType, *data);
  std::string *owned = data.release();
  return make(
      type, tensor.name(), *owned,
      [owned](void *, size_t, size_t) { delete owned; }, what);
}
