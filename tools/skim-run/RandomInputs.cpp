//===- RandomInputs.cpp - made-up batches ---------------------------------===//
// What an input means is taken from the model's description, or guessed by its
// name where the description does not say.
//===----------------------------------------------------------------------===//

#include "RandomInputs.h"

#include "Model.h"

#include <algorithm>
#include <map>
#include <random>

using namespace skim::run;

namespace {

/// The size of a batch and how its dimensions' names map to it.
struct BatchShape {
  const std::vector<int64_t> &lengths;
  int64_t positions;
  std::map<std::string, int64_t> sizes;
};

} // namespace

static bool contains(const std::string &text, const char *part) {
  return text.find(part) != std::string::npos;
}

static int32_t roleOf(const skim_tensor_desc &desc) {
  if (desc.role != SKIM_ROLE_UNKNOWN || desc.rank != 2)
    return desc.role;
  std::string name = desc.name;
  if (contains(name, "mask"))
    return SKIM_ROLE_MASK;
  if (contains(name, "type") || contains(name, "segment"))
    return SKIM_ROLE_SEGMENTS;
  if (contains(name, "position"))
    return SKIM_ROLE_POSITIONS;
  if (contains(name, "ids"))
    return SKIM_ROLE_TOKENS;
  return SKIM_ROLE_UNKNOWN;
}

/// A symbolic dimension's size: the first name that occurs is the batch, every
/// other one the positions.
static int64_t sizeOf(const skim_tensor_desc &desc, int64_t dim,
                      BatchShape &shape) {
  if (desc.dims[dim] >= 0)
    return desc.dims[dim];
  auto batch = static_cast<int64_t>(shape.lengths.size());
  std::string name = desc.dim_names[dim];
  if (name.empty())
    return dim == 0 ? batch : shape.positions;
  return shape.sizes
      .try_emplace(name, shape.sizes.empty() ? batch : shape.positions)
      .first->second;
}

static void storeInteger(Array &array, size_t i, int64_t value) {
  if (array.dtype == SKIM_INT64)
    array.data<int64_t>()[i] = value;
  else if (array.dtype == SKIM_INT32)
    array.data<int32_t>()[i] = static_cast<int32_t>(value);
  else if (array.dtype == SKIM_FLOAT32)
    array.data<float>()[i] = static_cast<float>(value);
  else if (skim_dtype_size(array.dtype) == 1)
    array.bytes[i] = static_cast<char>(value);
  else
    throw Error("input '" + array.name + "': cannot make up " +
                skim_dtype_name(array.dtype) + " values, give --inputs");
}

/// The value at position s of a sequence of `length` tokens.
static int64_t makeValue(const skim_tensor_desc &desc, int64_t s,
                         int64_t length, std::mt19937 &random) {
  // Where the bound is unknown ids stay small enough for any vocabulary.
  int64_t bound = desc.max_value > 0 ? desc.max_value : 16;
  bool token = s < length;
  switch (roleOf(desc)) {
  case SKIM_ROLE_MASK:
    return token;
  case SKIM_ROLE_TOKENS:
    return token && bound > 1 ? 1 + int64_t(random() % uint64_t(bound - 1)) : 0;
  case SKIM_ROLE_SEGMENTS:
    return desc.max_value > 1 && token && s >= length / 2;
  case SKIM_ROLE_POSITIONS:
    return desc.max_value > 0 ? std::min(s, desc.max_value - 1) : s;
  default:
    return 0;
  }
}

static Array makeInput(const skim_tensor_desc &desc, BatchShape &shape,
                       std::mt19937 &random) {
  Array array{desc.name, desc.dtype, {}, {}};
  int64_t count = 1;
  for (int64_t d = 0; d < desc.rank; ++d) {
    array.dims.push_back(sizeOf(desc, d, shape));
    count *= array.dims.back();
  }
  array.bytes.resize(static_cast<size_t>(count * skim_dtype_size(desc.dtype)));
  if (roleOf(desc) == SKIM_ROLE_UNKNOWN && desc.dtype == SKIM_FLOAT32) {
    std::uniform_real_distribution<float> values(-1, 1);
    std::generate_n(array.data<float>(), count, [&] { return values(random); });
    return array;
  }
  int64_t positions = array.dims.size() > 1 ? array.dims[1] : 1;
  for (int64_t i = 0; i < count; ++i) {
    auto sequence = static_cast<size_t>(i / positions);
    int64_t length =
        sequence < shape.lengths.size() ? shape.lengths[sequence] : positions;
    storeInteger(array, static_cast<size_t>(i),
                 makeValue(desc, i % positions, length, random));
  }
  return array;
}

std::vector<Array>
skim::run::makeRandomInputs(const skim_library *library,
                            const std::vector<int64_t> &lengths,
                            int64_t positions) {
  BatchShape shape{lengths, positions, {}};
  std::mt19937 random(0);
  std::vector<Array> arrays;
  for (const skim_tensor_desc *desc : inputsOf(library))
    arrays.push_back(makeInput(*desc, shape, random));
  return arrays;
}
