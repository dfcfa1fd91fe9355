//===- ContextTest.cpp - calls through skim.h -----------------------------===//
// Inputs, outputs, knobs, statistics and errors, for the fake model from its
// file and linked in, from one thread and from many.
//===----------------------------------------------------------------------===//

#include "FakeLibrary.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <thread>

using namespace skim::test;

namespace {

/// Runs with the library from its file and with the linked one.
class ContextTest : public testing::TestWithParam<bool> {
protected:
  ContextTest()
      : library(GetParam() ? openFake() : bindFake()),
        context(makeContext(library)) {}

  skim_context *get() { return context.get(); }
  void expectRuns() {
    ASSERT_EQ(skim_run(get()), SKIM_OK) << skim_last_error();
  }
  void expectError(skim_status got, skim_status status, const char *text) {
    EXPECT_EQ(got, status);
    EXPECT_STREQ(skim_last_error(), text);
  }

  Library library;
  Context context;
};

} // namespace

INSTANTIATE_TEST_SUITE_P(Fake, ContextTest, testing::Bool(),
                         [](const testing::TestParamInfo<bool> &info) {
                           return info.param ? "Opened" : "Linked";
                         });

TEST_P(ContextTest, RunsABatch) {
  Batch batch(3, 7);
  batch.mask = {1, 1, 0, 0, 0, 0, 0, /**/ 0, 0, 1, 0, 1, 1, 1, /**/
                0, 0, 0, 0, 0, 0, 0};
  batch.set(get());
  expectRuns();
  EXPECT_EQ(getOutput<float>(get(), 0), batch.states());
  EXPECT_EQ(getOutput<int32_t>(get(), 1), (std::vector<int32_t>{2, 4, 0}));
  EXPECT_EQ(getOutput<int64_t>(get(), 2), batch.ids);
  skim_tensor tensor;
  ASSERT_EQ(skim_context_get_output(get(), 0, &tensor), SKIM_OK);
  EXPECT_EQ(tensor.rank, 3);
  EXPECT_EQ(tensor.dtype, SKIM_FLOAT32);
  EXPECT_EQ(tensor.dims[1], 7);
  EXPECT_EQ(tensor.dims[2], 4);
}

TEST_P(ContextTest, EmptyBatchesWork) {
  for (auto [B, S] : {std::pair<int64_t, int64_t>{0, 0}, {0, 5}, {3, 0}}) {
    Batch batch(B, S);
    batch.set(get());
    expectRuns();
    skim_tensor tensor;
    ASSERT_EQ(skim_context_get_output(get(), 0, &tensor), SKIM_OK);
    EXPECT_EQ(tensor.dims[0], B);
    EXPECT_EQ(tensor.dims[1], S);
    EXPECT_EQ(getOutput<int32_t>(get(), 1), std::vector<int32_t>(B, 0));
  }
}

TEST_P(ContextTest, AnyThreadCountGivesTheSame) {
  Batch batch(5, 33);
  batch.set(get());
  for (int threads : {1, 2, 3, 8, 0}) {
    ASSERT_EQ(skim_context_set_threads(get(), threads), SKIM_OK);
    expectRuns();
    EXPECT_EQ(getOutput<float>(get(), 0), batch.states());
  }
  expectError(skim_context_set_threads(get(), -1), SKIM_ERROR_ARGUMENT,
              "threads: expected 0 to 1024, got -1");
}

TEST_P(ContextTest, RunsOfTheSameSizeAllocateNothing) {
  Batch large(8, 100), small(1, 3);
  large.set(get());
  expectRuns();
  int64_t held = skim_context_memory(get());
  for (int i = 0; i < 5; ++i) {
    small.set(get());
    expectRuns();
    large.set(get());
    expectRuns();
    EXPECT_EQ(skim_context_memory(get()), held);
  }
}

TEST_P(ContextTest, IntegerDtypesAreConverted) {
  Batch batch(2, 2);
  batch.mask = {1, 0, 1, 1};
  batch.set(get());
  std::vector<int32_t> ids(batch.ids.begin(), batch.ids.end());
  std::vector<int64_t> mask{-3, 0, 7, int64_t(1) << 40};
  std::vector<uint8_t> segments{1, 0, 0, 1};
  ASSERT_EQ(skim_context_set_input_by_name(get(), "ids", ids.data(), SKIM_INT32,
                                           2, batch.dims),
            SKIM_OK);
  ASSERT_EQ(skim_context_set_input_by_name(get(), "mask", mask.data(),
                                           SKIM_INT64, 2, batch.dims),
            SKIM_OK);
  ASSERT_EQ(skim_context_set_input_by_name(get(), "segments", segments.data(),
                                           SKIM_BOOL, 2, batch.dims),
            SKIM_OK);
  expectRuns();
  EXPECT_EQ(getOutput<float>(get(), 0), batch.states());
  EXPECT_EQ(getOutput<int64_t>(get(), 2), batch.ids);
}

TEST_P(ContextTest, BoolsNeedNotBeOne) {
  Batch batch(1, 3);
  batch.mask = {255, 0, 2};
  batch.set(get());
  expectRuns();
  EXPECT_EQ(getOutput<float>(get(), 0), batch.states());
}

TEST_P(ContextTest, UnalignedInputsAreRead) {
  Batch batch(2, 2);
  batch.set(get());
  std::vector<char> bytes(1 + 4 * sizeof(int32_t));
  std::vector<int32_t> ids(batch.ids.begin(), batch.ids.end());
  std::memcpy(bytes.data() + 1, ids.data(), 4 * sizeof(int32_t));
  ASSERT_EQ(skim_context_set_input(get(), 0, bytes.data() + 1, SKIM_INT32, 2,
                                   batch.dims),
            SKIM_OK);
  expectRuns();
  EXPECT_EQ(getOutput<int64_t>(get(), 2), batch.ids);
}

TEST_P(ContextTest, WideIdsThatDoNotFitAreRefused) {
  Batch batch(1, 1);
  batch.set(get());
  int64_t wide = int64_t(1) << 32;
  ASSERT_EQ(skim_context_set_input(get(), 2, &wide, SKIM_INT64, 2, batch.dims),
            SKIM_OK);
  expectError(skim_run(get()), SKIM_ERROR_INPUT,
              "input 'segments': value 4294967296 does not fit in int32");
}

TEST_P(ContextTest, WrongInputsAreRefused) {
  float value = 0;
  int64_t dims[] = {2, 3, 4}, negative[] = {2, -3};
  auto set = [&](int64_t index, int32_t dtype, int64_t rank, int64_t *shape) {
    return skim_context_set_input(get(), index, &value, dtype, rank, shape);
  };
  expectError(set(0, SKIM_FLOAT32, 2, dims), SKIM_ERROR_INPUT,
              "input 'ids': expected dtype int64 (or int32, int64, bool), got "
              "float32");
  expectError(set(3, SKIM_INT64, 1, dims), SKIM_ERROR_INPUT,
              "input 'bias': expected dtype float32, got int64");
  expectError(set(3, 99, 1, dims), SKIM_ERROR_INPUT,
              "input 'bias': expected dtype float32, got unknown");
  expectError(set(0, SKIM_INT64, 3, dims), SKIM_ERROR_INPUT,
              "input 'ids': expected rank 2, shape [batch, sequence], got rank "
              "3");
  expectError(set(0, SKIM_INT64, -1, dims), SKIM_ERROR_INPUT,
              "input 'ids': expected rank 2, shape [batch, sequence], got rank "
              "-1");
  expectError(set(3, SKIM_FLOAT32, 1, dims), SKIM_ERROR_INPUT,
              "input 'bias': expected shape [4], got [2]");
  expectError(set(0, SKIM_INT64, 2, negative), SKIM_ERROR_INPUT,
              "input 'ids': expected shape [batch, sequence], got [2, ?]");
  int64_t huge[] = {int64_t(1) << 40, int64_t(1) << 40};
  expectError(set(0, SKIM_INT64, 2, huge), SKIM_ERROR_INPUT,
              "input 'ids': shape is too large");
  expectError(set(7, SKIM_INT64, 2, dims), SKIM_ERROR_ARGUMENT,
              "input index 7: the model has 4 inputs");
  expectError(skim_context_set_input(get(), 0, nullptr, SKIM_INT64, 2, dims),
              SKIM_ERROR_ARGUMENT, "input 'ids': data is null");
  expectError(skim_context_set_input(get(), 0, &value, SKIM_INT64, 2, nullptr),
              SKIM_ERROR_ARGUMENT, "input 'ids': dims is null");
  expectError(skim_context_set_input_by_name(get(), "token_ids", &value,
                                             SKIM_INT64, 2, dims),
              SKIM_ERROR_ARGUMENT,
              "input 'token_ids': the model has no such input");
}

TEST_P(ContextTest, MissingInputIsNamed) {
  expectError(skim_run(get()), SKIM_ERROR_INPUT, "input 'ids' is missing");
  Batch batch(1, 1);
  ASSERT_EQ(skim_context_set_input(get(), 0, batch.ids.data(), SKIM_INT64, 2,
                                   batch.dims),
            SKIM_OK);
  expectError(skim_run(get()), SKIM_ERROR_INPUT, "input 'mask' is missing");
}

TEST_P(ContextTest, NamedDimensionsMustAgree) {
  Batch batch(2, 3), longer(2, 4);
  batch.set(get());
  ASSERT_EQ(skim_context_set_input(get(), 1, longer.mask.data(), SKIM_BOOL, 2,
                                   longer.dims),
            SKIM_OK);
  expectError(skim_run(get()), SKIM_ERROR_INPUT,
              "inputs 'ids' and 'mask': expected equal sequence, got 3 "
              "(dimension 1 of 'ids') and 4 (dimension 1 of 'mask')");
}

TEST_P(ContextTest, ModelsErrorsReachTheCaller) {
  Batch tooLong(1, 513);
  tooLong.set(get());
  expectError(skim_run(get()), SKIM_ERROR_RUN,
              "sequence of 513 positions, expected at most 512");
  Batch unknown(2, 2);
  unknown.ids[3] = 1000;
  unknown.set(get());
  expectError(skim_run(get()), SKIM_ERROR_RUN,
              "id 1000 is out of the vocabulary of 1000");
  skim_tensor tensor;
  expectError(skim_context_get_output(get(), 0, &tensor), SKIM_ERROR_ARGUMENT,
              "output 'states': the last run failed, or there was none");
  ASSERT_EQ(skim_context_collect(get(), SKIM_STATISTICS | SKIM_PROFILE),
            SKIM_OK);
  EXPECT_EQ(skim_run(get()), SKIM_ERROR_RUN);
  const char *json = "unset";
  expectError(skim_context_statistics(get(), &json), SKIM_ERROR_ARGUMENT,
              "statistics: the last run failed, or there was none");
  EXPECT_EQ(json, nullptr);
  expectError(skim_context_profile(get(), &json), SKIM_ERROR_ARGUMENT,
              "profile: the last run failed, or there was none");
  unknown.ids[3] = 999;
  expectRuns();
  EXPECT_EQ(getOutput<float>(get(), 0), unknown.states());
}

TEST_P(ContextTest, OutputsGoToTheCallersMemory) {
  Batch batch(2, 3);
  batch.set(get());
  std::vector<float> states(2 * 3 * 4, -1);
  std::vector<int64_t> ids(2 * 3, -1);
  int64_t bytes = static_cast<int64_t>(states.size() * sizeof(float));
  ASSERT_EQ(skim_context_set_output(get(), 0, states.data(), bytes), SKIM_OK);
  ASSERT_EQ(skim_context_set_output(get(), 2, ids.data(), 48), SKIM_OK);
  expectRuns();
  EXPECT_EQ(states, batch.states());
  EXPECT_EQ(ids, batch.ids);
  skim_tensor tensor;
  ASSERT_EQ(skim_context_get_output(get(), 0, &tensor), SKIM_OK);
  EXPECT_EQ(tensor.data, states.data());
  Batch larger(3, 3);
  larger.set(get());
  expectError(skim_run(get()), SKIM_ERROR_OUTPUT,
              "output 'states': expected a buffer of 144 bytes, got 96");
  ASSERT_EQ(skim_context_set_output(get(), 0, nullptr, 0), SKIM_OK);
  ASSERT_EQ(skim_context_set_output(get(), 2, nullptr, 0), SKIM_OK);
  expectRuns();
  expectError(skim_context_set_output(get(), 9, nullptr, 0),
              SKIM_ERROR_ARGUMENT, "output index 9: the model has 4 outputs");
}

TEST_P(ContextTest, KnobsOfLibraryAndContext) {
  Batch batch(1, 2);
  batch.set(get());
  ASSERT_EQ(skim_set_knob(library.get(), "scale.factor", 3), SKIM_OK);
  expectRuns();
  EXPECT_EQ(getOutput<float>(get(), 0), batch.states(3, 0));
  ASSERT_EQ(skim_context_set_knob(get(), "scale", 2), SKIM_OK); // both
  expectRuns();
  EXPECT_EQ(getOutput<float>(get(), 0), batch.states(2, 2));
  skim_context_reset_knobs(get());
  expectRuns();
  EXPECT_EQ(getOutput<float>(get(), 0), batch.states(3, 0));
  double value = 0;
  ASSERT_EQ(skim_get_knob(library.get(), "scale.factor", &value), SKIM_OK);
  EXPECT_EQ(value, 3);
  EXPECT_STREQ(skim_knob_name(library.get(), 1), "scale.offset");
}

TEST_P(ContextTest, WrongKnobsAreRefused) {
  expectError(skim_set_knob(library.get(), "scal", 1), SKIM_ERROR_KNOB,
              "knob 'scal': the model has no such knob");
  expectError(skim_context_set_knob(get(), "scale.factor", -1), SKIM_ERROR_KNOB,
              "knob 'scale.factor': expected a finite value of at least 0, got "
              "-1");
  EXPECT_EQ(skim_set_knob(library.get(), "scale.factor", 0.0 / 0.0),
            SKIM_ERROR_KNOB);
  EXPECT_EQ(skim_set_knob(library.get(), nullptr, 0), SKIM_ERROR_ARGUMENT);
  double value = 0;
  EXPECT_EQ(skim_get_knob(library.get(), "x", &value), SKIM_ERROR_KNOB);
}

TEST_P(ContextTest, StatisticsOfARun) {
  Batch batch(2, 3);
  batch.mask = {1, 0, 1, 0, 0, 0};
  batch.set(get());
  const char *json = nullptr;
  ASSERT_EQ(skim_context_collect(get(), SKIM_STATISTICS), SKIM_OK);
  expectRuns();
  ASSERT_EQ(skim_context_statistics(get(), &json), SKIM_OK);
  std::string text = json;
  // Layers: 100 n + 10 pairs; the second with a window of 1 and 1 a sequence.
  // The rest: 7 n + 5.
  // Dense: n = 2 and 0; padded: n = 3 twice.
  // The sequence without a token costs its heads, not its layers.
  std::string expected =
      "{\"tokens\": 2, \"padded_tokens\": 6, \"layers\": "
      "[{\"tokens_in\": 2, \"tokens_ffn\": 2, \"tokens_out\": 2}, "
      "{\"tokens_in\": 2, \"tokens_ffn\": 2, \"tokens_out\": 2}], "
      "\"exit_layer\": [1, 1], "
      "\"last_layer\": [[1, -1, 1], [-1, -1, -1]], "
      "\"flops\": {\"executed\": 200, \"dense\": 505, \"padded\": 1574, "
      "\"overhead\": 0}, \"seconds\": {\"total\": ";
  EXPECT_EQ(text.substr(0, expected.size()), expected);
  EXPECT_EQ(skim_context_profile(get(), &json), SKIM_ERROR_ARGUMENT);
}

TEST_P(ContextTest, ProfileNamesKernels) {
  Batch batch(1, 5);
  batch.set(get());
  ASSERT_EQ(skim_context_collect(get(), SKIM_PROFILE), SKIM_OK);
  ASSERT_EQ(skim_context_set_knob(get(), "hold.milliseconds", 1), SKIM_OK);
  expectRuns();
  const char *json = nullptr;
  ASSERT_EQ(skim_context_profile(get(), &json), SKIM_OK);
  std::string text = json;
  EXPECT_NE(text.find("{\"kernel\": \"embed_\\\"4\\\"\", \"kind\": \"embed\", "
                      "\"layer\": -1, \"calls\": 1, \"tasks\": 5, \"flops\": "
                      "500, \"seconds\": "),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("{\"kernel\": \"hold\", \"kind\": \"gemm\", \"layer\": "
                      "1,"),
            std::string::npos)
      << text;
  EXPECT_EQ(skim_context_statistics(get(), &json), SKIM_ERROR_ARGUMENT);
  EXPECT_EQ(skim_context_collect(get(), 8), SKIM_ERROR_ARGUMENT);
}

/// The number behind `key` in the line of `text` that has `part` in it.
static double numberAt(const std::string &text, const std::string &part,
                       const std::string &key) {
  size_t line = text.find(part);
  size_t place = line == std::string::npos ? line : text.find(key, line);
  return place == std::string::npos
             ? -1
             : std::strtod(text.c_str() + place + key.size(), nullptr);
}

TEST_P(ContextTest, ProfileHoldsAllOfTheTime) {
  Batch batch(2, 5);
  batch.set(get());
  ASSERT_EQ(skim_context_collect(get(), SKIM_PROFILE | SKIM_STATISTICS),
            SKIM_OK);
  expectRuns();
  const char *profile = nullptr, *statistics = nullptr;
  ASSERT_EQ(skim_context_profile(get(), &profile), SKIM_OK);
  ASSERT_EQ(skim_context_statistics(get(), &statistics), SKIM_OK);
  double sum = 0;
  for (const char *name : {"embed_", "\"pack\"", "between kernels"}) {
    double seconds = numberAt(profile, name, "\"seconds\": ");
    EXPECT_GE(seconds, 0) << name << " in " << profile;
    sum += seconds;
  }
  double total = numberAt(statistics, "\"seconds\"", "\"total\": ");
  EXPECT_NEAR(sum, total, 1e-6 + 1e-6 * total) << profile;
}

TEST_P(ContextTest, TraceSaysWhichThreadDidWhat) {
  Batch batch(1, 5);
  batch.mask = {1, 1, 0, 1, 1};
  batch.set(get());
  ASSERT_EQ(skim_context_set_threads(get(), 2), SKIM_OK);
  ASSERT_EQ(skim_context_set_knob(get(), "hold.milliseconds", 1), SKIM_OK);
  ASSERT_EQ(skim_context_collect(get(), SKIM_TRACE), SKIM_OK);
  expectRuns();
  const char *json = nullptr;
  ASSERT_EQ(skim_context_trace(get(), &json), SKIM_OK);
  std::string text = json;
  EXPECT_NE(text.find("\"threads\": 2, "), std::string::npos) << text;
  double total = numberAt(text, "{\"seconds\"", ": ");
  // 4 rows in grains of 3, by one thread or by two: 400 FLOPs together.
  double tasks = 0, flops = 0;
  for (size_t at = text.find("embed_"); at != std::string::npos;
       at = text.find("embed_", at + 1)) {
    tasks += numberAt(text.substr(at), "", "\"tasks\": ");
    flops += numberAt(text.substr(at), "", "\"flops\": ");
  }
  EXPECT_EQ(tasks, 4) << text;
  EXPECT_EQ(flops, 400) << text;
  std::string hold = text.substr(text.find("\"hold\""));
  EXPECT_EQ(numberAt(hold, "", "\"layer\": "), 1);
  EXPECT_EQ(numberAt(hold, "", "\"rows\": "), 4);
  double begin = numberAt(hold, "", "\"begin\": ");
  double seconds = numberAt(hold, "", "\"seconds\": ");
  EXPECT_GE(begin, 0);
  EXPECT_GE(seconds, 1e-3);
  EXPECT_LE(begin + seconds, total * (1 + 1e-6));
  EXPECT_EQ(skim_context_profile(get(), &json), SKIM_ERROR_ARGUMENT);
  ASSERT_EQ(skim_context_collect(get(), 0), SKIM_OK);
  expectRuns();
  expectError(skim_context_trace(get(), &json), SKIM_ERROR_ARGUMENT,
              "trace: the last run did not collect it, or there was none");
}

TEST_P(ContextTest, NothingIsCollectedUnasked) {
  Batch batch(1, 1);
  batch.set(get());
  expectRuns();
  const char *json = nullptr;
  expectError(skim_context_statistics(get(), &json), SKIM_ERROR_ARGUMENT,
              "statistics: the last run did not collect it, or there was none");
}

TEST_P(ContextTest, OneContextRunsOnOneThreadAtATime) {
  Batch batch(1, 1);
  batch.set(get());
  ASSERT_EQ(skim_context_set_knob(get(), "hold.milliseconds", 5), SKIM_OK);
  std::atomic<bool> met{false};
  auto runUntilMet = [&] {
    for (int i = 0; i < 2000 && !met; ++i)
      if (skim_run(get()) == SKIM_ERROR_BUSY)
        met = true;
  };
  std::thread other(runUntilMet);
  runUntilMet();
  other.join();
  EXPECT_TRUE(met);
}

TEST_P(ContextTest, ManyThreadsWithContextsOfTheirOwn) {
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      Context mine = makeContext(library);
      skim_context_set_threads(mine.get(), 1 + t % 3);
      for (int i = 0; i < 50; ++i) {
        Batch batch(1 + (t + i) % 4, 1 + (i * 7) % 40);
        if ((t + i) % 5 == 0)
          batch.ids[0] = 5000; // this one must fail, and only here
        batch.set(mine.get());
        skim_status status = skim_run(mine.get());
        if (batch.ids[0] == 5000) {
          good += status == SKIM_ERROR_RUN &&
                  std::string(skim_last_error()) ==
                      "id 5000 is out of the vocabulary of 1000";
          continue;
        }
        good += status == SKIM_OK &&
                getOutput<float>(mine.get(), 0) == batch.states();
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(good.load(), 8 * 50);
}

TEST(NullArguments, AreRefused) {
  EXPECT_EQ(skim_run(nullptr), SKIM_ERROR_ARGUMENT);
  EXPECT_EQ(skim_bind(nullptr, nullptr), SKIM_ERROR_ARGUMENT);
  EXPECT_EQ(skim_context_create(nullptr, nullptr), SKIM_ERROR_ARGUMENT);
  auto *context = reinterpret_cast<skim_context *>(1);
  EXPECT_EQ(skim_context_create(nullptr, &context), SKIM_ERROR_ARGUMENT);
  EXPECT_EQ(context, nullptr);
  auto *json = "unset";
  EXPECT_EQ(skim_context_statistics(nullptr, &json), SKIM_ERROR_ARGUMENT);
  EXPECT_EQ(json, nullptr);
  EXPECT_EQ(skim_context_trace(nullptr, nullptr), SKIM_ERROR_ARGUMENT);
  EXPECT_STREQ(skim_last_error(), "skim_context_trace: null argument");
  EXPECT_EQ(skim_set_knob(nullptr, "x", 0), SKIM_ERROR_ARGUMENT);
  EXPECT_EQ(skim_context_memory(nullptr), 0);
  skim_context_reset_knobs(nullptr);
  skim_close(nullptr);
  skim_context_destroy(nullptr);
}

TEST(NullArguments, NullLibraryHasNothing) {
  EXPECT_EQ(skim_num_inputs(nullptr), 0);
  EXPECT_EQ(skim_num_outputs(nullptr), 0);
  EXPECT_EQ(skim_num_knobs(nullptr), 0);
  EXPECT_EQ(skim_get_input(nullptr, 0), nullptr);
  EXPECT_EQ(skim_get_output(nullptr, 0), nullptr);
  EXPECT_EQ(skim_knob_name(nullptr, 0), nullptr);
  EXPECT_EQ(skim_find_input(nullptr, "ids"), -1);
  EXPECT_EQ(skim_find_output(nullptr, "states"), -1);
}
