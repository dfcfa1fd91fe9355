/*===- Types.h - element types and descriptions of tensors ----------------===*\
|* The part of the runtime's ABI that users of a model and compiled code share.
|* Plain C.
\*===----------------------------------------------------------------------===*/

#ifndef SKIM_RUNTIME_TYPES_H
#define SKIM_RUNTIME_TYPES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Most dimensions that a tensor may have. */
#define SKIM_MAX_RANK 8

/* Element types: the numbers of ONNX's TensorProto.DataType. */
enum skim_dtype {
  SKIM_FLOAT32 = 1,
  SKIM_UINT8 = 2,
  SKIM_INT8 = 3,
  SKIM_UINT16 = 4,
  SKIM_INT16 = 5,
  SKIM_INT32 = 6,
  SKIM_INT64 = 7,
  SKIM_BOOL = 9, /* one byte each, 0 or 1 */
  SKIM_FLOAT16 = 10,
  SKIM_FLOAT64 = 11,
  SKIM_UINT32 = 12,
  SKIM_UINT64 = 13,
  SKIM_BFLOAT16 = 16
};

/* What an input means; tells how to make up a sensible one. */
enum skim_role {
  SKIM_ROLE_UNKNOWN = 0,
  SKIM_ROLE_TOKENS = 1,
  SKIM_ROLE_MASK = 2,
  SKIM_ROLE_SEGMENTS = 3,
  SKIM_ROLE_POSITIONS = 4
};

/* An input or an output (48 bytes). */
struct skim_tensor_desc {
  const char *name;
  int32_t dtype;                /* enum skim_dtype */
  int32_t rank;                 /* 0 to SKIM_MAX_RANK */
  const int64_t *dims;          /* rank of them, -1: known at run time only */
  const char *const *dim_names; /* rank of them, "" where static or nameless */
  int64_t max_value;            /* ids: exclusive upper bound, -1: unknown */
  int32_t role;                 /* enum skim_role */
  int32_t batched;              /* 1: dims[0] is the batch that a run may split,
                                   0: it is not, or is not known to be */
};

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* SKIM_RUNTIME_TYPES_H */
