//===- Safetensors.cpp - tensors in a file, mapped ------------------------===//
// Eight bytes of length, a JSON header, then the data, which the tensors cover
// without gap or overlap.
//===----------------------------------------------------------------------===//

#include "skim/Plan/Safetensors.h"

#include "JsonFields.h"
#include "JsonText.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace skim;

/// What the format allows.
static constexpr uint64_t kMaxHeader = 100'000'000;

/// Bytes of an element, or 0 for types that are not known here.
static uint64_t elementBytes(StringRef dtype) {
  return StringSwitch<uint64_t>(dtype)
      .Cases({"F64", "I64", "U64"}, 8)
      .Cases({"F32", "I32", "U32"}, 4)
      .Cases({"F16", "BF16", "I16", "U16"}, 2)
      .Cases({"I8", "U8", "BOOL", "F8_E4M3", "F8_E5M2"}, 1)
      .Default(0);
}

namespace {
struct Range {
  uint64_t begin, end;
  StringRef name;
};
} // namespace

/// The entry of one tensor, its data range apart.
static Safetensors::Tensor readTensor(FieldErrors &errors, const Field &field,
                                      uint64_t dataBytes, Range &range) {
  Safetensors::Tensor tensor;
  Fields fields(errors, field, {"dtype", "shape", "data_offsets"});
  tensor.dtype = fields["dtype"].required().string("the name of a type");
  uint64_t count = 1;
  bool fits = true;
  for (const Field &item : fields["shape"].required().list("a list of sizes")) {
    int64_t size = item.integer(0, "a size of 0 or more");
    tensor.shape.push_back(size);
    fits &=
        !MulOverflow(int64_t(count), size, reinterpret_cast<int64_t &>(count));
  }
  Field offsets = fields["data_offsets"].required();
  std::vector<int64_t> ends;
  for (const Field &item : offsets.list("a list of two offsets"))
    ends.push_back(item.integer(0, "an offset of 0 or more"));
  if (errors.any())
    return tensor;
  if (ends.size() != 2 || ends[0] > ends[1])
    offsets.expected("the offsets of begin and end");
  else if (uint64_t(ends[1]) > dataBytes)
    offsets.error("expected at most " + Twine(dataBytes) +
                  ", the bytes of data in the file, got " + Twine(ends[1]));
  if (errors.any())
    return tensor;
  range.begin = ends[0];
  range.end = ends[1];
  uint64_t bytes = elementBytes(tensor.dtype);
  uint64_t got = range.end - range.begin;
  if (bytes != 0 && (!fits || got % bytes != 0 || got / bytes != count))
    offsets.error("expected the bytes of " + tensor.dtype +
                  " of that shape, "
                  "got " +
                  Twine(got));
  return tensor;
}

/// The tensors must cover the data without gap or overlap.
static void checkRanges(FieldErrors &errors, std::vector<Range> &ranges,
                        uint64_t dataBytes) {
  sort(ranges, [](const Range &a, const Range &b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  uint64_t at = 0;
  for (const Range &range : ranges) {
    if (range.begin != at)
      errors.add(range.name + ".data_offsets",
                 "expected data from " + Twine(at) + " on, where the tensor " +
                     "before ends, got " + Twine(range.begin));
    at = range.end;
  }
  if (at != dataBytes)
    errors.add("", "expected " + Twine(at) + " bytes of data, got " +
                       Twine(dataBytes));
}

Error Safetensors::readHeader() {
  StringRef file = buffer->getBuffer();
  if (file.size() < 8)
    return createStringError(path() +
                             ": expected a safetensors file of at "
                             "least 8 bytes, got " +
                             Twine(file.size()));
  uint64_t length = support::endian::read64le(file.data());
  if (length > kMaxHeader || length > file.size() - 8)
    return createStringError(
        path() + ": expected a header of at most " +
        Twine(std::min(kMaxHeader, uint64_t(file.size() - 8))) +
        " bytes, got " + Twine(length));
  Expected<json::Value> json = parseJson(file.substr(8, length), path());
  if (!json)
    return json.takeError();
  StringRef data = file.drop_front(8 + length);
  const json::Object *object = json->getAsObject();
  if (!object)
    return createStringError(path() +
                             ": expected an object in the header, "
                             "got " +
                             describe(*json));
  FieldErrors errors(path());
  std::vector<Range> ranges;
  for (const auto &[key, value] : *object) {
    StringRef name = key;
    if (name == "__metadata__")
      continue;
    Range range{0, 0, name};
    Tensor tensor = readTensor(errors, Field(errors, &value, name.str()),
                               data.size(), range);
    if (errors.any())
      return errors.take();
    tensor.bytes =
        ArrayRef<char>(data.data() + range.begin, range.end - range.begin);
    tensors[name] = std::move(tensor);
    ranges.push_back(range);
  }
  checkRanges(errors, ranges, data.size());
  return errors.take();
}

Expected<std::shared_ptr<const Safetensors>>
Safetensors::parse(std::unique_ptr<MemoryBuffer> buffer) {
  std::shared_ptr<Safetensors> tensors(new Safetensors());
  tensors->buffer = std::move(buffer);
  if (Error error = tensors->readHeader())
    return std::move(error);
  return tensors;
}

Expected<std::shared_ptr<const Safetensors>> Safetensors::open(StringRef path) {
  sys::fs::file_status status;
  if (std::error_code code = sys::fs::status(path, status))
    return createStringError(path + ": " + code.message());
  if (status.type() != sys::fs::file_type::regular_file)
    return createStringError(path + ": expected a file, got a directory or a "
                                    "device");
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer =
      MemoryBuffer::getFile(path, /*IsText=*/false,
                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return createStringError(path + ": " + buffer.getError().message());
  return parse(std::move(*buffer));
}

const Safetensors::Tensor *Safetensors::find(StringRef name) const {
  auto found = tensors.find(name);
  return found == tensors.end() ? nullptr : &found->second;
}

std::vector<std::string> Safetensors::names() const {
  std::vector<std::string> names;
  for (const auto &entry : tensors)
    names.push_back(entry.getKey().str());
  sort(names);
  return names;
}
