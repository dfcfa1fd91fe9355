//===- Dtypes.cpp - names and sizes of element types ----------------------===//
// The numbers of ONNX's TensorProto.DataType.
//===----------------------------------------------------------------------===//

#include "Call.h"

using namespace skim::rt;

namespace {
struct Dtype {
  int32_t number;
  int32_t bytes;
  const char *name;
};
} // namespace

static const Dtype dtypes[] = {
    {SKIM_FLOAT32, 4, "float32"},   {SKIM_UINT8, 1, "uint8"},
    {SKIM_INT8, 1, "int8"},         {SKIM_UINT16, 2, "uint16"},
    {SKIM_INT16, 2, "int16"},       {SKIM_INT32, 4, "int32"},
    {SKIM_INT64, 8, "int64"},       {SKIM_BOOL, 1, "bool"},
    {SKIM_FLOAT16, 2, "float16"},   {SKIM_FLOAT64, 8, "float64"},
    {SKIM_UINT32, 4, "uint32"},     {SKIM_UINT64, 8, "uint64"},
    {SKIM_BFLOAT16, 2, "bfloat16"},
};

int64_t skim::rt::dtypeSize(int32_t number) {
  for (const Dtype &dtype : dtypes)
    if (dtype.number == number)
      return dtype.bytes;
  return 0;
}

const char *skim::rt::dtypeName(int32_t number) {
  for (const Dtype &dtype : dtypes)
    if (dtype.number == number)
      return dtype.name;
  return "unknown";
}
