/*===- skim.h - running compiled models from C ----------------------------===*\
|* Open a library that skim-opt made, make a call context, set inputs, run, read
|* outputs. Plain C; see docs/runtime.md and examples/c/run.c.
|*
|* Unless a function says otherwise:
|* - It returns SKIM_OK, or a status whose text skim_last_error() gives.
|* - A library may be used from any number of threads at once; a context by one
|*   thread at a time, and any number of contexts of a library may run at once.
|* - Pointers that come back belong to the library or the context that they came
|*   from. Strings are UTF-8 and end in a zero byte.
|* - No exception leaves a function, and none ends the process.
\*===----------------------------------------------------------------------===*/

#ifndef SKIM_RUNTIME_SKIM_H
#define SKIM_RUNTIME_SKIM_H

#include "skim/Runtime/Types.h"

#ifndef SKIM_API
#if defined(__GNUC__)
#define SKIM_API __attribute__((visibility("default")))
#else
#define SKIM_API
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef enum skim_status {
  SKIM_OK = 0,
  SKIM_ERROR_ARGUMENT = 1, /* null pointer, index out of range, unknown name */
  SKIM_ERROR_FILE = 2,     /* file missing, unreadable or truncated */
  SKIM_ERROR_FORMAT = 3,   /* file is not a library that skim compiled */
  SKIM_ERROR_VERSION = 4,  /* compiled for another ABI version */
  SKIM_ERROR_CPU = 5,      /* this CPU lacks instructions the library needs */
  SKIM_ERROR_INPUT = 6,    /* input missing, or of wrong dtype or shape */
  SKIM_ERROR_OUTPUT = 7,   /* output buffer of the wrong size */
  SKIM_ERROR_KNOB = 8,     /* unknown knob or value out of range */
  SKIM_ERROR_MEMORY = 9,   /* out of memory */
  SKIM_ERROR_RUN = 10,     /* the model refused the values it was given */
  SKIM_ERROR_BUSY = 11     /* the context is running on another thread */
} skim_status;

/* A compiled model, open for use. */
typedef struct skim_library skim_library;

/* Buffers and settings of calls to a library. */
typedef struct skim_context skim_context;

/* What a compiled library exports; see CompiledABI.h. */
struct skim_library_table;

/*===- Versions and errors
 * --------------------------------------------------===*/

/* The ABI version of this header's implementation. */
SKIM_API uint32_t skim_abi_version(void);

/* The version of skim, "0.1.0". */
SKIM_API const char *skim_version(void);

/*
 * What went wrong in the calling thread's last failing call, one line; "" if
 * none failed yet. Valid until the thread's next failing call.
 */
SKIM_API const char *skim_last_error(void);

/* "float32", "int64", ...; "unknown" for numbers that are no skim_dtype. */
SKIM_API const char *skim_dtype_name(int32_t dtype);

/* Bytes of an element, 0 for numbers that are no skim_dtype. */
SKIM_API int64_t skim_dtype_size(int32_t dtype);

/*===- Libraries
 * -------------------------------------------------------------===*/

/*
 * Opens the compiled library in file `path` (absolute, or relative to the
 * working directory; no search path is used). *library is null on failure.
 */
SKIM_API skim_status skim_open(const char *path, skim_library **library);

/*
 * The same for a compiled library that the program is linked with, or has
 * loaded itself: table is the address of its skim_library_table, which must
 * stay loaded until the last context is destroyed.
 */
SKIM_API skim_status skim_bind(const struct skim_library_table *table,
                               skim_library **library);

/*
 * Gives the library back; to be called once, from any thread. Contexts made
 * from it stay usable, the file is unmapped with the last of them. Null is
 * fine.
 */
SKIM_API void skim_close(skim_library *library);

/* Facts about a compiled model. */
struct skim_model_info {
  const char *name;     /* name of the graph, may be "" */
  const char *compiler; /* version of skim that compiled it */
  const char *cpu;      /* CPU that it was compiled for */
  const char *dtype;    /* "fp32", "bf16", "int8" */
  int64_t weights_bytes;
  int64_t num_layers; /* encoder layers */
  int64_t num_features;
  const char *const *features; /* CPU features that it needs */
};
SKIM_API skim_status skim_get_model_info(const skim_library *library,
                                         struct skim_model_info *info);

/* Inputs and outputs, in the model's order; 0 for a null library. */
SKIM_API int64_t skim_num_inputs(const skim_library *library);
SKIM_API int64_t skim_num_outputs(const skim_library *library);

/* Null, without an error text, for an index out of range or a null library. */
SKIM_API const struct skim_tensor_desc *
skim_get_input(const skim_library *library, int64_t index);
SKIM_API const struct skim_tensor_desc *
skim_get_output(const skim_library *library, int64_t index);

/*
 * The index of a name, -1 where there is none or an argument is null (without
 * an error text).
 */
SKIM_API int64_t skim_find_input(const skim_library *library, const char *name);
SKIM_API int64_t skim_find_output(const skim_library *library,
                                  const char *name);

/*===- Knobs
 * -----------------------------------------------------------------===*/
/*
 * Numbers that change how much the model skips. A library holds the values that
 * its contexts' runs use; a context may override them. Setting `a.b` sets knob
 * `a.b`, if there is one, and every knob whose name begins with `a.b.`. A null
 * library has 0 knobs.
 */
SKIM_API int64_t skim_num_knobs(const skim_library *library);

/* Null, without an error text, for an index out of range or a null library. */
SKIM_API const char *skim_knob_name(const skim_library *library, int64_t index);

SKIM_API skim_status skim_get_knob(const skim_library *library,
                                   const char *name, double *value);
SKIM_API skim_status skim_set_knob(skim_library *library, const char *name,
                                   double value);

/*===- Call contexts
 * ----------------------------------------------------------===*/

/*
 * Makes a context. It keeps its buffers from run to run, so that runs of the
 * same size allocate nothing. *context is null on failure.
 */
SKIM_API skim_status skim_context_create(skim_library *library,
                                         skim_context **context);

/* Null is fine. */
SKIM_API void skim_context_destroy(skim_context *context);

/*
 * Most threads that a run uses, the calling one included. 0, the default: as
 * many as the calling thread's CPU affinity and the cgroup's CPU quota allow.
 * Results do not depend on it.
 */
SKIM_API skim_status skim_context_set_threads(skim_context *context,
                                              int32_t threads);

/* Overrides a knob for this context's runs; skim_context_reset_knobs undoes it
 * and takes null, too. */
SKIM_API skim_status skim_context_set_knob(skim_context *context,
                                           const char *name, double value);
SKIM_API void skim_context_reset_knobs(skim_context *context);

/*
 * Sets input `index`: contiguous, row major, `rank` dimensions. The memory is
 * read by every run, not before; it stays the caller's, must stay in its place
 * until the input is set anew, and need only be aligned for its element type.
 * The integer dtypes int32, int64 and bool are taken for each other and
 * converted by runs (a bool is 0 or 1 as an integer; an integer is true where
 * it is not 0). Other dtypes than the model's, wrong ranks and wrong static
 * dimensions are refused. That dimensions of one name agree is checked by
 * skim_run.
 */
SKIM_API skim_status skim_context_set_input(skim_context *context,
                                            int64_t index, const void *data,
                                            int32_t dtype, int64_t rank,
                                            const int64_t *dims);
SKIM_API skim_status skim_context_set_input_by_name(skim_context *context,
                                                    const char *name,
                                                    const void *data,
                                                    int32_t dtype, int64_t rank,
                                                    const int64_t *dims);

/*
 * Has runs write output `index` to the caller's memory of `bytes` bytes instead
 * of the context's. The run fails where the output has another size. Memory
 * that overlaps no input; a run that fails may have written some of it. data
 * null: back to the context's memory.
 */
SKIM_API skim_status skim_context_set_output(skim_context *context,
                                             int64_t index, void *data,
                                             int64_t bytes);

/* What runs collect; bits of skim_context_collect's flags. */
enum { SKIM_STATISTICS = 1, SKIM_PROFILE = 2, SKIM_TRACE = 4 };
SKIM_API skim_status skim_context_collect(skim_context *context,
                                          uint32_t flags);

/* Runs the model on the inputs that are set. */
SKIM_API skim_status skim_run(skim_context *context);

/* An output of the last run. */
struct skim_tensor {
  const void *data;
  int32_t dtype;
  int32_t rank;
  int64_t dims[SKIM_MAX_RANK];
};

/*
 * Reads output `index` of the last run, which must have succeeded. The memory
 * is valid until the context's next run (or, set by skim_context_set_output,
 * the caller's own).
 */
SKIM_API skim_status skim_context_get_output(skim_context *context,
                                             int64_t index,
                                             struct skim_tensor *output);

/*
 * JSON text of what the last run collected, which must have succeeded, as
 * docs/runtime.md says: statistics, seconds and FLOPs for each kernel, what
 * each thread did when. Valid until the next run. *json is null on failure.
 */
SKIM_API skim_status skim_context_statistics(skim_context *context,
                                             const char **json);
SKIM_API skim_status skim_context_profile(skim_context *context,
                                          const char **json);
SKIM_API skim_status skim_context_trace(skim_context *context,
                                        const char **json);

/* Bytes of memory that the context's buffers hold, 0 for a null context. */
SKIM_API int64_t skim_context_memory(const skim_context *context);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* SKIM_RUNTIME_SKIM_H */
