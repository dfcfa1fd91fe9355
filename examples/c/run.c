/* run.c - opens a compiled encoder, runs a batch, prints the output. */
#include <skim/Runtime/skim.h>
#include <stdio.h>

static int fail(void) {
  fprintf(stderr, "%s\n", skim_last_error());
  return 1;
}

int main(int argc, char **argv) {
  int64_t ids[2][4] = {{5, 6, 7, 8}, {9, 10, 0, 0}}, shape[] = {2, 4};
  int64_t mask[2][4] = {{1, 1, 1, 1}, {1, 1, 0, 0}}, segments[2][4] = {{0}};
  const void *values[] = {ids, mask, segments};
  skim_library *library;
  skim_context *context;
  struct skim_tensor output;

  if (skim_open(argc > 1 ? argv[1] : "model.so", &library) ||
      skim_context_create(library, &context))
    return fail();
  for (int64_t i = 0; i < skim_num_inputs(library) && i < 3; ++i)
    if (skim_context_set_input(context, i, values[i], SKIM_INT64, 2, shape))
      return fail();
  if (skim_run(context) || skim_context_get_output(context, 0, &output))
    return fail();
  printf("%s: rank %d, first value %g\n", skim_get_output(library, 0)->name,
         output.rank, ((const float *)output.data)[0]);
  skim_context_destroy(context);
  skim_close(library);
  return 0;
}
