/*===- CompiledABI.h - what compiled code and its runtime share -----------===*\
|* The functions that the code of a compiled model calls, the description of
|* the model that the compiler emits as constant data, and the one table that a
|* compiled library exports. Plain C; layouts are fixed by SKIM_ABI_VERSION.
\*===----------------------------------------------------------------------===*/

#ifndef SKIM_RUNTIME_COMPILEDABI_H
#define SKIM_RUNTIME_COMPILEDABI_H

#include "skim/Runtime/Types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Counts up with every change of a layout or of a meaning in this file. */
#define SKIM_ABI_VERSION 6u

/* First eight bytes of skim_library_table. */
#define SKIM_LIBRARY_MAGIC "SKIMLIB"

/*===- 1. The model, emitted by the compiler as constant data
 * --------------===*/

/*
 * FLOPs (2 x multiply-accumulate) of a part of the model as a function of the
 * tokens n of a sequence:
 *   per_token * n + per_pair * pairs(n) + per_sequence
 * pairs(n) is the number of (i, j) with i - j <= left_window and
 * j - i <= right_window, where such a limit is not -1.
 */
struct skim_flops_desc {
  int64_t per_token;
  int64_t per_pair;
  int64_t per_sequence;
  int64_t left_window;
  int64_t right_window;
};

/* An encoder layer (64 bytes). Its per_sequence counts for sequences that have
   a token. */
struct skim_layer_desc {
  int64_t hidden;
  int64_t ffn;
  int64_t heads;
  struct skim_flops_desc flops;
};

/* A number that may be set between runs (24 bytes). */
struct skim_knob_desc {
  const char *name;
  double initial;
  double min;
};

typedef struct skim_rt_call skim_rt_call;

/*
 * The model. abi_version, size and compiler keep their places in every version,
 * so that another version's host can name the compiler.
 */
struct skim_model_desc {
  uint32_t abi_version; /* SKIM_ABI_VERSION */
  uint32_t size;        /* sizeof(struct skim_model_desc) */
  const char *compiler; /* "0.1.0" */
  const char *name;     /* name of the graph, may be "" */
  const char *cpu;      /* as given to --mcpu, resolved: "znver1" */
  const char *dtype;    /* "fp32" */
  /* CPU features the code needs, spelled as __builtin_cpu_supports does. */
  int64_t num_features;
  const char *const *features;
  int64_t num_inputs;
  const struct skim_tensor_desc *inputs;
  int64_t num_outputs;
  const struct skim_tensor_desc *outputs;
  int64_t num_layers;
  const struct skim_layer_desc *layers;
  struct skim_flops_desc other_flops; /* what is outside of the layers */
  int64_t num_knobs;
  const struct skim_knob_desc *knobs;
  int64_t weights_bytes; /* size of the weights segment */
  /* Above 0, sequences do not depend on each other, and a run calls entry for
     parts of the batch of at most this many positions times its threads. */
  int64_t micro_batch;
  void (*entry)(skim_rt_call *);
};

/*===- 2. The call
 * -----------------------------------------------------------===*/

/* A tensor in memory: contiguous, row major. */
struct skim_rt_buffer {
  void *data;
  int64_t rank;
  int64_t dims[SKIM_MAX_RANK];
};

/*
 * What a skim_rt_call begins with; the only part of it that compiled code
 * reads. Inputs are checked: dtype and rank as described, static dimensions as
 * described, dimensions of one name equal. Only the alignment of the element
 * type may be assumed of them. weights is aligned to a page.
 */
struct skim_rt_call_head {
  const struct skim_rt_buffer *inputs;
  struct skim_rt_buffer *outputs;
  const char *weights;
  const double *knobs; /* num_knobs of them, constant during a run */
};

/* What a dispatch's time is counted as. */
enum skim_rt_kind {
  SKIM_KIND_EMBED = 0,
  SKIM_KIND_GEMM = 1,
  SKIM_KIND_ATTENTION = 2,
  SKIM_KIND_NORM = 3,
  SKIM_KIND_ADAPTIVE = 4,
  SKIM_KIND_OTHER = 5
};
#define SKIM_NUM_KINDS 6

/* A dispatch's label: constant data, one for each place that dispatches. */
typedef struct skim_rt_kernel {
  const char *name;
  int32_t kind;  /* enum skim_rt_kind */
  int32_t layer; /* -1: none */
} skim_rt_kernel;

/* Runs the tasks [begin, end) of a kernel. scratch is private to the thread. */
typedef void (*skim_rt_task_fn)(void *args, int64_t begin, int64_t end,
                                void *scratch, skim_rt_call *call);

/*===- 3. What compiled code calls
 * -----------------------------------------===*/
/*
 * All of these but skim_rt_report are called by the thread that runs
 * skim_entry, outside of kernels.
 */

/*
 * Gives `bytes` bytes, 64-byte aligned, contents undefined; never null (the run
 * fails when there is no memory). Blocks belong to the call context and are
 * used again by later runs; what is not freed is taken back at the end.
 */
void *skim_rt_alloc(skim_rt_call *call, int64_t bytes);
void skim_rt_free(skim_rt_call *call, void *block);

/*
 * Runs `fn` over sub-ranges that together make [0, tasks), each once, on up to
 * the call's number of threads, and returns when all are done. Ranges begin at
 * multiples of `grain` (at least 1). `scratch` of fn has `scratch_bytes` bytes,
 * 64-byte aligned. `flops` goes into the statistics. A call from inside a
 * kernel runs on the calling thread.
 */
void skim_rt_parallel_for(skim_rt_call *call, const skim_rt_kernel *kernel,
                          skim_rt_task_fn fn, void *args, int64_t tasks,
                          int64_t grain, int64_t scratch_bytes, int64_t flops);

/*
 * Finds the rows of a batch: the positions (b, s) with mask[b * S + s] != 0, or
 * all of them where mask is null. Writes the cumulated row counts of the
 * sequences to offsets[0 .. B] and b * S + s of each row to positions[0 .. T),
 * and returns T. positions has room for B * S. The first call in entry defines
 * the tokens that statistics speak of.
 */
int64_t skim_rt_pack(skim_rt_call *call, const uint8_t *mask, int64_t B,
                     int64_t S, int32_t *offsets, int32_t *positions);

/*
 * Rows of the sequences that are still in the batch. All fields have 8 bytes.
 * Ascending in sequence and position, as the rows at entry are.
 */
struct skim_rt_rows {
  int32_t *offsets;   /* cumulated row counts, batch + 1 */
  int32_t *positions; /* b * S + s in the batch at entry */
  int32_t *entry;     /* row at entry; null: these are the rows at entry */
  int32_t *source;    /* row among those that these were taken from, or null */
  int64_t batch;      /* sequences */
};

/* The batch at entry. All fields have 8 bytes. */
struct skim_rt_batch {
  const int32_t *offsets; /* of the rows at entry */
  int64_t sequence;       /* S */
};

/*
 * Constant parameters of a decision. All fields have 8 bytes. A knob is an
 * index into the model's knobs, or -1: then the number beside it holds.
 */
struct skim_rt_prune_desc {
  int64_t layer;
  int64_t after_layer; /* 0: before the feed-forward */
  int64_t knob;        /* scale, 1 without */
  double threshold;
  double floor;
  int64_t heads;
  int64_t denominator; /* 0: the rows of the sequence */
  int64_t num_protect;
  const int64_t *protect; /* ascending indices at entry */
};
struct skim_rt_skip_desc {
  int64_t layer;
  int64_t knob;
  double threshold;
  int64_t block_size;
  int64_t align_max; /* every sequence keeps as many blocks */
  int64_t num_protect;
  const int64_t *protect;
  int64_t num_segments;
  const int64_t *segments;
};
enum skim_rt_criterion {
  SKIM_EXIT_ENTROPY = 0,
  SKIM_EXIT_NORMALISED_ENTROPY = 1,
  SKIM_EXIT_MAX_PROBABILITY = 2,
  SKIM_EXIT_PATIENCE = 3
};
struct skim_rt_exit_desc {
  int64_t layer;
  int64_t knob;
  double threshold;
  double temperature;
  int64_t criterion; /* enum skim_rt_criterion */
  int64_t classes;
  int64_t first; /* the first exit of the network */
};

/*
 * The functions below decide which rows go on. They fill offsets, positions,
 * entry and source of `to`, which have room for as many as `from` has, and
 * return the number of rows; `to` may not share memory with `from`. What they
 * compute is said at the ops skim.prune, skim.skip_blocks, skim.early_exit and
 * skim.first_rows.
 */

/* sums[h * T + t]: attention that row t of T receives in head h. */
int64_t skim_rt_prune(skim_rt_call *call, const struct skim_rt_prune_desc *desc,
                      const struct skim_rt_batch *batch,
                      const struct skim_rt_rows *from,
                      const struct skim_rt_rows *to, const float *sums);

/* Writes the cumulated numbers of blocks to blocks[0 .. batch], and the first
   row of each, and the end of the last, to firsts; returns their number. */
int64_t skim_rt_blocks(skim_rt_call *call, const struct skim_rt_rows *rows,
                       int64_t block_size, int32_t *blocks, int32_t *firsts);

/*
 * scores: one a block. `attended` are the rows that the blocks are of, `from`
 * those of them that are left, by their source where they are fewer. segments
 * of the positions at entry, of segment_bytes bytes each, or null.
 */
int64_t skim_rt_skip_blocks(skim_rt_call *call,
                            const struct skim_rt_skip_desc *desc,
                            const struct skim_rt_batch *batch,
                            const struct skim_rt_rows *attended,
                            const struct skim_rt_rows *from,
                            const struct skim_rt_rows *to, const float *scores,
                            const int32_t *blocks, const void *segments,
                            int64_t segment_bytes);

/*
 * logits[b * classes + c] of the sequences of `from`. Copies those of a
 * sequence that exits to its place in `results`; kept[0 .. *to_batch) are the
 * others' numbers in `from`. votes: 2 numbers for each sequence at entry, for
 * patience.
 */
int64_t skim_rt_exit(skim_rt_call *call, const struct skim_rt_exit_desc *desc,
                     const struct skim_rt_batch *batch,
                     const struct skim_rt_rows *from,
                     const struct skim_rt_rows *to, const float *logits,
                     float *results, int32_t *kept, int32_t *votes,
                     int64_t *to_batch);

/* The first row of each sequence that has one. */
int64_t skim_rt_first_rows(skim_rt_call *call, const struct skim_rt_rows *from,
                           const struct skim_rt_rows *to);

/*
 * held[entry row of t] = state of t, rows of `width` numbers, for the rows t of
 * `from` that are not among the sources of `kept`; for all of them without
 * `kept`. The state of t is row index[t], or t without an index.
 */
void skim_rt_hold(skim_rt_call *call, float *held, const float *states,
                  const int32_t *index, const struct skim_rt_rows *from,
                  const struct skim_rt_rows *kept, int64_t width);

/* to[index[i]] = from[i] for count rows of `width` numbers. */
void skim_rt_scatter(skim_rt_call *call, float *to, const float *from,
                     const int32_t *index, int64_t count, int64_t width);

/* composed[i] = outer[inner[i]]. */
void skim_rt_compose(skim_rt_call *call, const int32_t *outer,
                     const int32_t *inner, int32_t *composed, int64_t count);

/*
 * Ends the run with an error. "{0}" and "{1}" in the message stand for a and b.
 * Does not return.
 */
#if defined(__GNUC__)
__attribute__((noreturn))
#endif
void skim_rt_fail(skim_rt_call *call, const char *message, int64_t a,
                  int64_t b);

/*
 * Notes an error from inside a kernel, on any thread, and returns: the kernel
 * goes on with some safe value. The run ends with the first error noted when
 * the dispatch is over; ranges not begun yet are left out.
 */
void skim_rt_report(skim_rt_call *call, const char *message, int64_t a,
                    int64_t b);

/*
 * Gives output `index`, of the sequences that entry was called for. owned != 0:
 * data came from skim_rt_alloc and goes over to the call. owned == 0: data (of
 * an input, of the weights) is copied.
 */
void skim_rt_output(skim_rt_call *call, int64_t index, const void *data,
                    int64_t rank, const int64_t *dims, int32_t owned);

/* Emitted by the compiler: reads the inputs, computes, gives every output. */
void skim_entry(skim_rt_call *call);
extern const struct skim_model_desc skim_model;

/*===- 4. What a library exports
 * --------------------------------------------===*/

/* Threads lent by the host. Null where a library is used alone. */
struct skim_host {
  uint32_t abi_version;
  uint32_t size;
  /* Threads that a run gets when none are asked for. */
  int32_t (*default_threads)(void);
  /*
   * Calls body(arg, slot) on the calling thread with slot 0 and on up to
   * threads - 1 others with slots 1, 2, ... at once; returns when all are out.
   */
  void (*run_team)(int32_t threads, void (*body)(void *arg, int32_t slot),
                   void *arg);
};

/* Parts of a run that cost time and are off by default; bits of `collect`. */
enum skim_collect {
  SKIM_COLLECT_STATISTICS = 1,
  SKIM_COLLECT_PROFILE = 2,
  SKIM_COLLECT_TRACE = 4
};

/*
 * The one exported symbol. magic, abi_version, size and model keep their places
 * in every version. The functions return 0 or a status of skim.h; the text is
 * then in call_error. A call is used by one thread at a time.
 */
struct skim_library_table {
  char magic[8];
  uint32_t abi_version;
  uint32_t size; /* sizeof(struct skim_library_table) */
  const struct skim_model_desc *model;
  /* Address of the weights segment minus the table's; written into the file by
     the linker step. 0: no weights. */
  int64_t weights_delta;
  /* Writes the names of the needed CPU features that this machine lacks, with
     ", " between them and cut to `room`, to text; returns how many. */
  int32_t (*missing_features)(char *text, int64_t room);
  /* Null when there is no memory. host may be null and must outlive the call.
   */
  skim_rt_call *(*call_create)(const struct skim_host *host);
  void (*call_destroy)(skim_rt_call *call);
  const char *(*call_error)(const skim_rt_call *call);
  void (*call_set_threads)(skim_rt_call *call,
                           int32_t threads); /* 0: default */
  int32_t (*call_set_input)(skim_rt_call *call, int64_t index, const void *data,
                            int32_t dtype, int64_t rank, const int64_t *dims);
  /* data null: back to memory of the call. */
  int32_t (*call_set_output)(skim_rt_call *call, int64_t index, void *data,
                             int64_t bytes);
  /* knobs: as many as the model has. */
  int32_t (*call_run)(skim_rt_call *call, const double *knobs,
                      uint32_t collect);
  int32_t (*call_output)(const skim_rt_call *call, int64_t index,
                         struct skim_rt_buffer *out);
  /* JSON of the last run, owned by the call, or null. */
  const char *(*call_statistics)(skim_rt_call *call);
  const char *(*call_profile)(skim_rt_call *call);
  int64_t (*call_memory)(const skim_rt_call *call); /* bytes held */
  const char *(*call_trace)(skim_rt_call *call);    /* as call_profile */
};

#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
extern struct skim_library_table skim_library_table;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* SKIM_RUNTIME_COMPILEDABI_H */
