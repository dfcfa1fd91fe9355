/*===- FakeModel.c - what a compiled model would be -----------------------===*\
|* Stands in for the compiler's output in the runtime's tests: describes a model
|* and runs it, in the way that compiled code does. Its results are easy to say:
|*   states[b, s, h] = ids[b, s] * scale.factor + scale.offset + h at tokens,
else 0
|*   lengths[b]      = tokens of the sequence
|*   ids_out         = ids
|*   first_word      = first four bytes of the weights, 0 without any
\*===----------------------------------------------------------------------===*/

#include "skim/Runtime/CompiledABI.h"

#include <string.h>
#include <time.h>

enum { HIDDEN = 4, VOCABULARY = 1000, MOST_POSITIONS = 512 };

/*===- Description
 * ----------------------------------------------------------===*/

#ifdef FAKE_FEATURES
static const char *const features[] = {FAKE_FEATURES};
#define NUM_FEATURES (sizeof(features) / sizeof(features[0]))
#else
static const char *const *const features = 0;
#define NUM_FEATURES 0
#endif

static const int64_t any_dims[] = {-1, -1};
static const int64_t bias_dims[] = {HIDDEN};
static const int64_t states_dims[] = {-1, -1, HIDDEN};
static const char *const batch_names[] = {"batch", "sequence"};
static const char *const bias_names[] = {""};
static const char *const states_names[] = {"batch", "sequence", ""};

static const struct skim_tensor_desc inputs[] = {
    {"ids", SKIM_INT64, 2, any_dims, batch_names, VOCABULARY, SKIM_ROLE_TOKENS,
     0},
    {"mask", SKIM_BOOL, 2, any_dims, batch_names, -1, SKIM_ROLE_MASK, 0},
    {"segments", SKIM_INT32, 2, any_dims, batch_names, 2, SKIM_ROLE_SEGMENTS,
     0},
    {"bias", SKIM_FLOAT32, 1, bias_dims, bias_names, -1, SKIM_ROLE_UNKNOWN, 0},
};
static const struct skim_tensor_desc outputs[] = {
    {"states", SKIM_FLOAT32, 3, states_dims, states_names, -1, 0, 0},
    {"lengths", SKIM_INT32, 1, any_dims, batch_names, -1, 0, 0},
    {"ids_out", SKIM_INT64, 2, any_dims, batch_names, -1, 0, 0},
    {"first_word", SKIM_INT32, 0, 0, 0, -1, 0, 0},
};
static const struct skim_layer_desc layers[] = {
    {HIDDEN, 16, 2, {100, 10, 0, -1, -1}},
    {HIDDEN, 16, 2, {100, 10, 1, 1, 1}},
};
static const struct skim_knob_desc knobs[] = {
    {"scale.factor", 1, 0},
    {"scale.offset", 0, 0},
    {"hold.milliseconds", 0, 0},
};
enum { FACTOR, OFFSET, HOLD };

const struct skim_model_desc skim_model = {SKIM_ABI_VERSION,
                                           sizeof(struct skim_model_desc),
                                           "9.8.7",
                                           "fake",
                                           "fakecpu",
                                           "fp32",
                                           NUM_FEATURES,
                                           features,
                                           sizeof(inputs) / sizeof(inputs[0]),
                                           inputs,
                                           sizeof(outputs) / sizeof(outputs[0]),
                                           outputs,
                                           2,
                                           layers,
                                           {7, 0, 5, -1, -1},
                                           sizeof(knobs) / sizeof(knobs[0]),
                                           knobs,
                                           0,
                                           0,
                                           skim_entry};

/*===- Code
 * -----------------------------------------------------------------===*/

static const skim_rt_kernel embed_kernel = {"embed_\"4\"", SKIM_KIND_EMBED, -1};
static const skim_rt_kernel hold_kernel = {"hold", SKIM_KIND_GEMM, 1};

struct embed_args {
  const int64_t *ids;
  const int32_t *positions;
  float *rows;
  float factor, offset;
};

static void embed(void *opaque, int64_t begin, int64_t end, void *scratch,
                  skim_rt_call *call) {
  const struct embed_args *args = opaque;
  float *row = scratch; /* through scratch, to see that it is private */
  for (int64_t r = begin; r < end; ++r) {
    int64_t id = args->ids[args->positions[r]];
    if (id < 0 || id >= VOCABULARY) {
      skim_rt_report(call, "id {0} is out of the vocabulary of {1}", id,
                     VOCABULARY);
      id = 0;
    }
    for (int h = 0; h < HIDDEN; ++h)
      row[h] = (float)id * args->factor + args->offset + (float)h;
    memcpy(args->rows + r * HIDDEN, row, HIDDEN * sizeof(float));
  }
}

static void hold(void *opaque, int64_t begin, int64_t end, void *scratch,
                 skim_rt_call *call) {
  double milliseconds = *(const double *)opaque;
  struct timespec span = {(time_t)(milliseconds / 1000),
                          (long)(milliseconds * 1e6) % 1000000000};
  (void)begin, (void)end, (void)scratch, (void)call;
  nanosleep(&span, 0);
}

static void give_states(skim_rt_call *call, const float *rows,
                        const int32_t *positions, int64_t count, int64_t B,
                        int64_t S) {
  int64_t bytes = B * S * HIDDEN * (int64_t)sizeof(float);
  int64_t dims[3] = {B, S, HIDDEN};
  float *states = skim_rt_alloc(call, bytes);
  memset(states, 0, (size_t)bytes);
  for (int64_t r = 0; r < count; ++r)
    memcpy(states + (int64_t)positions[r] * HIDDEN, rows + r * HIDDEN,
           HIDDEN * sizeof(float));
  skim_rt_output(call, 0, states, 3, dims, 1);
}

void skim_entry(skim_rt_call *call) {
  const struct skim_rt_call_head *head = (const struct skim_rt_call_head *)call;
  int64_t B = head->inputs[0].dims[0], S = head->inputs[0].dims[1];
  int32_t first_word = 0;
  if (S > MOST_POSITIONS)
    skim_rt_fail(call, "sequence of {0} positions, expected at most {1}", S,
                 MOST_POSITIONS);

  int32_t *offsets = skim_rt_alloc(call, (B + 1) * 4);
  int32_t *positions = skim_rt_alloc(call, B * S * 4);
  int64_t count =
      skim_rt_pack(call, head->inputs[1].data, B, S, offsets, positions);
  float *rows = skim_rt_alloc(call, count * HIDDEN * 4);
  struct embed_args args = {head->inputs[0].data, positions, rows,
                            (float)head->knobs[FACTOR],
                            (float)head->knobs[OFFSET]};
  skim_rt_parallel_for(call, &embed_kernel, embed, &args, count, 3,
                       HIDDEN * sizeof(float), 100 * count);
  if (head->knobs[HOLD] > 0)
    skim_rt_parallel_for(call, &hold_kernel, hold, (void *)&head->knobs[HOLD],
                         1, 1, 0, 0);

  give_states(call, rows, positions, count, B, S);
  for (int64_t b = 0; b < B; ++b)
    offsets[b] = offsets[b + 1] - offsets[b];
  skim_rt_output(call, 1, offsets, 1, &B, 1);
  skim_rt_output(call, 2, head->inputs[0].data, 2, head->inputs[0].dims, 0);
  if (head->weights)
    memcpy(&first_word, head->weights, sizeof(first_word));
  skim_rt_output(call, 3, &first_word, 0, 0, 0);
  skim_rt_free(call, rows);
  skim_rt_free(call, positions);
}
