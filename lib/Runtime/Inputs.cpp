//===- Inputs.cpp - checking and converting inputs ------------------------===//
// What compiled code may rely on is established here: dtype, rank, static
// dimensions, equal named dimensions, bools of 0 and 1.
//===----------------------------------------------------------------------===//

#include "Call.h"

#include <cstdio>
#include <cstring>

using namespace skim::rt;

static bool isIdType(int32_t dtype) {
  return dtype == SKIM_INT32 || dtype == SKIM_INT64 || dtype == SKIM_BOOL;
}

/// Prints "[a, b, 3]" with names where there are some, numbers elsewhere.
static void printShape(char *out, size_t room, int64_t rank,
                       const int64_t *dims, const char *const *names) {
  size_t used = static_cast<size_t>(std::snprintf(out, room, "["));
  for (int64_t i = 0; i < rank && used < room; ++i) {
    const char *comma = i ? ", " : "";
    bool named = names && names[i] && names[i][0];
    int length = dims[i] >= 0
                     ? std::snprintf(out + used, room - used, "%s%lld", comma,
                                     static_cast<long long>(dims[i]))
                     : std::snprintf(out + used, room - used, "%s%s", comma,
                                     named ? names[i] : "?");
    used += static_cast<size_t>(length);
  }
  if (used < room)
    std::snprintf(out + used, room - used, "]");
}

/// The shape fits the description by rank and static dimensions.
static int32_t checkShape(skim_rt_call *call, const skim_tensor_desc &desc,
                          int64_t rank, const int64_t *dims) {
  char expected[256], found[256];
  printShape(expected, sizeof(expected), desc.rank, desc.dims, desc.dim_names);
  if (rank != desc.rank)
    return failWith(call, SKIM_ERROR_INPUT,
                    "input '%s': expected rank %d, shape %s, got rank %lld",
                    desc.name, desc.rank, expected,
                    static_cast<long long>(rank));
  bool fits = true;
  int64_t bytes = dtypeSize(desc.dtype);
  for (int64_t i = 0; i < rank; ++i) {
    fits &= dims[i] >= 0 && (desc.dims[i] < 0 || dims[i] == desc.dims[i]);
    if (fits && dims[i] > 0 && __builtin_mul_overflow(bytes, dims[i], &bytes))
      return failWith(call, SKIM_ERROR_INPUT, "input '%s': shape is too large",
                      desc.name);
  }
  if (fits)
    return SKIM_OK;
  printShape(found, sizeof(found), rank, dims, nullptr);
  return failWith(call, SKIM_ERROR_INPUT,
                  "input '%s': expected shape %s, got %s", desc.name, expected,
                  found);
}

int64_t skim::rt::elementCount(int64_t rank, const int64_t *dims) {
  int64_t count = 1;
  for (int64_t i = 0; i < rank; ++i)
    count *= dims[i];
  return count;
}

int32_t skim::rt::setInput(skim_rt_call *call, int64_t index, const void *data,
                           int32_t dtype, int64_t rank, const int64_t *dims) {
  if (index < 0 || index >= call->model->num_inputs)
    return failWith(call, SKIM_ERROR_ARGUMENT,
                    "input index %lld: the model has %lld inputs",
                    static_cast<long long>(index),
                    static_cast<long long>(call->model->num_inputs));
  const skim_tensor_desc &desc = call->model->inputs[index];
  bool converts = isIdType(desc.dtype) && isIdType(dtype);
  if (dtype != desc.dtype && !converts)
    return failWith(call, SKIM_ERROR_INPUT,
                    "input '%s': expected dtype %s%s, got %s", desc.name,
                    dtypeName(desc.dtype),
                    isIdType(desc.dtype) ? " (or int32, int64, bool)" : "",
                    dtypeName(dtype));
  if (rank > 0 && !dims)
    return failWith(call, SKIM_ERROR_ARGUMENT, "input '%s': dims is null",
                    desc.name);
  if (int32_t status = checkShape(call, desc, rank, dims))
    return status;
  if (!data && elementCount(rank, dims) > 0)
    return failWith(call, SKIM_ERROR_ARGUMENT, "input '%s': data is null",
                    desc.name);
  InputSlot &slot = call->inputSlots[index];
  slot.data = data;
  slot.dtype = dtype;
  slot.set = true;
  for (int64_t i = 0; i < rank; ++i)
    slot.dims[i] = dims[i];
  return SKIM_OK;
}

//===----------------------------------------------------------------------===//
// Before a run
//===----------------------------------------------------------------------===//

/// An id of caller's memory, which may not be aligned. A bool is a byte.
template <typename T> static int64_t loadId(const void *data, int64_t i) {
  T value;
  std::memcpy(&value, static_cast<const char *>(data) + i * sizeof(T),
              sizeof(T));
  return sizeof(T) == 1 ? value != 0 : int64_t(value);
}

/// Converts ids; gives whether all of them fit.
template <typename To, typename From>
static bool convertIds(const void *from, void *to, int64_t count) {
  bool fits = true;
  for (int64_t i = 0; i < count; ++i) {
    int64_t value = loadId<From>(from, i);
    To made = sizeof(To) == 1 ? To(value != 0) : To(value);
    fits &= sizeof(To) == 1 || made == value;
    static_cast<To *>(to)[i] = made;
  }
  return fits;
}
template <typename To>
static bool convertIds(int32_t dtype, const void *from, void *to,
                       int64_t count) {
  return dtype == SKIM_BOOL    ? convertIds<To, uint8_t>(from, to, count)
         : dtype == SKIM_INT32 ? convertIds<To, int32_t>(from, to, count)
                               : convertIds<To, int64_t>(from, to, count);
}

/// Converts ids to the model's dtype, or bools to 0 and 1.
static int32_t convertInput(skim_rt_call *call, const skim_tensor_desc &desc,
                            const InputSlot &slot, skim_rt_buffer &buffer) {
  int64_t count = elementCount(buffer.rank, buffer.dims);
  buffer.data = skim_rt_alloc(call, count * dtypeSize(desc.dtype));
  auto convert = desc.dtype == SKIM_INT64  ? convertIds<int64_t>
                 : desc.dtype == SKIM_BOOL ? convertIds<uint8_t>
                                           : convertIds<int32_t>;
  if (convert(slot.dtype, slot.data, buffer.data, count))
    return SKIM_OK;
  int64_t i = 0; // int64 to int32, and one does not fit
  while (loadId<int64_t>(slot.data, i) ==
         static_cast<const int32_t *>(buffer.data)[i])
    ++i;
  return failWith(call, SKIM_ERROR_INPUT,
                  "input '%s': value %lld does not fit in int32", desc.name,
                  static_cast<long long>(loadId<int64_t>(slot.data, i)));
}

/// Compares the named dimension `dim` of input `index` with those before it.
static int32_t checkNamedDim(skim_rt_call *call, int64_t index, int64_t dim) {
  const skim_model_desc &model = *call->model;
  const char *name = model.inputs[index].dim_names[dim];
  int64_t size = call->inputSlots[index].dims[dim];
  for (int64_t i = 0; i <= index; ++i)
    for (int64_t d = 0; d < (i == index ? dim : model.inputs[i].rank); ++d) {
      int64_t other = call->inputSlots[i].dims[d];
      if (other == size || std::strcmp(model.inputs[i].dim_names[d], name) != 0)
        continue;
      return failWith(call, SKIM_ERROR_INPUT,
                      "inputs '%s' and '%s': expected equal %s, got %lld "
                      "(dimension %lld of '%s') "
                      "and %lld (dimension %lld of '%s')",
                      model.inputs[i].name, model.inputs[index].name, name,
                      static_cast<long long>(other), static_cast<long long>(d),
                      model.inputs[i].name, static_cast<long long>(size),
                      static_cast<long long>(dim), model.inputs[index].name);
    }
  return SKIM_OK;
}

static int32_t checkNamedDims(skim_rt_call *call) {
  for (int64_t i = 0; i < call->model->num_inputs; ++i) {
    const skim_tensor_desc &desc = call->model->inputs[i];
    for (int64_t d = 0; d < desc.rank; ++d)
      if (desc.dims[d] < 0 && desc.dim_names[d] && desc.dim_names[d][0])
        if (int32_t status = checkNamedDim(call, i, d))
          return status;
  }
  return SKIM_OK;
}

int32_t skim::rt::bindInputs(skim_rt_call *call) {
  for (int64_t i = 0; i < call->model->num_inputs; ++i)
    if (!call->inputSlots[i].set)
      return failWith(call, SKIM_ERROR_INPUT, "input '%s' is missing",
                      call->model->inputs[i].name);
  if (int32_t status = checkNamedDims(call))
    return status;
  for (int64_t i = 0; i < call->model->num_inputs; ++i) {
    const skim_tensor_desc &desc = call->model->inputs[i];
    const InputSlot &slot = call->inputSlots[i];
    skim_rt_buffer &buffer = call->inputs[i];
    buffer.data = const_cast<void *>(slot.data);
    buffer.rank = desc.rank;
    std::memcpy(buffer.dims, slot.dims, sizeof(slot.dims));
    if (slot.dtype != desc.dtype || desc.dtype == SKIM_BOOL)
      if (int32_t status = convertInput(call, desc, slot, buffer))
        return status;
  }
  return SKIM_OK;
}
