//===- MicroBatchesTest.cpp - a batch in parts ----------------------------===//
// A model of sums whose entry notes what it was called for: parts of the batch
// have to give what the whole batch gives.
//===----------------------------------------------------------------------===//

#include "Call.h"

#include <gtest/gtest.h>

#include <functional>
#include <numeric>
#include <string>
#include <vector>

using namespace skim::rt;

namespace {

const int64_t anyDims[] = {-1, -1};
const char *const names[] = {"", ""};
const skim_tensor_desc inputs[] = {
    {"scale", SKIM_FLOAT32, 1, anyDims, names, -1, 0, /*batched=*/1},
    {"ids", SKIM_INT64, 2, anyDims, names, -1, 0, /*batched=*/1},
    {"bias", SKIM_FLOAT32, 1, anyDims, names, -1, 0, /*batched=*/0}};
const skim_tensor_desc outputs[] = {
    {"sums", SKIM_FLOAT32, 1, anyDims, names, -1, 0, /*batched=*/1},
    {"ids_out", SKIM_INT64, 2, anyDims, names, -1, 0, /*batched=*/1},
    {"bias_out", SKIM_FLOAT32, 1, anyDims, names, -1, 0, /*batched=*/0}};
const skim_layer_desc layers[] = {{4, 16, 2, {100, 10, 0, -1, -1}},
                                  {4, 16, 2, {100, 10, 1, -1, -1}}};

using Sizes = std::vector<int64_t>;

class MicroBatches : public testing::Test {
protected:
  MicroBatches() {
    current = this;
    desc.abi_version = SKIM_ABI_VERSION;
    desc.size = sizeof(desc);
    desc.num_inputs = 3;
    desc.inputs = inputs;
    desc.num_outputs = 3;
    desc.outputs = outputs;
    desc.num_layers = 2;
    desc.layers = layers;
    desc.micro_batch = 30;
    desc.entry = [](skim_rt_call *call) { current->enter(call); };
    call = createCall(&desc, nullptr, nullptr);
    call->wantedThreads = 1;
  }
  ~MicroBatches() override { destroyCall(call); }

  void setBatch(int64_t batch, int64_t sequence) {
    scale.resize(static_cast<size_t>(batch));
    ids.resize(static_cast<size_t>(batch * sequence));
    std::iota(scale.begin(), scale.end(), 1.0f);
    std::iota(ids.begin(), ids.end(), 1);
    const int64_t dims[] = {batch, sequence}, two = 2;
    ASSERT_EQ(setInput(call, 0, scale.data(), SKIM_FLOAT32, 1, dims), 0);
    ASSERT_EQ(setInput(call, 1, ids.data(), SKIM_INT64, 2, dims), 0);
    ASSERT_EQ(setInput(call, 2, bias, SKIM_FLOAT32, 1, &two), 0);
  }

  /// Sequences of each call of entry.
  Sizes run(int64_t batch, int64_t sequence, uint32_t collect = 0) {
    setBatch(batch, sequence);
    parts.clear();
    runCall(call, nullptr, collect);
    return parts;
  }

  float sum(int64_t sequence) const {
    skim_rt_buffer out;
    EXPECT_EQ(getOutput(call, 0, &out), SKIM_OK);
    return static_cast<const float *>(out.data)[sequence];
  }

  /// sums[b] = scale[b] * sum of ids[b, s] + bias[0].
  void enter(skim_rt_call *call) {
    const skim_rt_buffer *in = call->head.inputs;
    int64_t batch = in[1].dims[0], length = in[1].dims[1];
    parts.push_back(batch);
    if (inside)
      inside(call);
    const auto *scales = static_cast<const float *>(in[0].data);
    const auto *numbers = static_cast<const int64_t *>(in[1].data);
    const auto *added = static_cast<const float *>(in[2].data);
    auto *sums = static_cast<float *>(skim_rt_alloc(call, batch * 4));
    for (int64_t b = 0; b < batch; ++b) {
      int64_t total = 0;
      for (int64_t s = 0; s < length; ++s)
        total += numbers[b * length + s];
      sums[b] = scales[b] * static_cast<float>(total) + added[0];
    }
    skim_rt_output(call, 0, sums, 1, &batch, 1);
    skim_rt_output(call, 1, numbers, 2, in[1].dims, 0);
    skim_rt_output(call, 2, added, 1, in[2].dims, 0);
  }

  static MicroBatches *current;
  skim_model_desc desc = {};
  skim_rt_call *call;
  std::vector<float> scale;
  std::vector<int64_t> ids;
  const float bias[2] = {0.5f, 1.5f};
  Sizes parts;
  std::function<void(skim_rt_call *)> inside;
};
MicroBatches *MicroBatches::current;

} // namespace

TEST_F(MicroBatches, AsManySequencesAsFitAndOfAllPartsAboutAsMany) {
  EXPECT_EQ(run(3, 10), (Sizes{3}));
  EXPECT_EQ(run(4, 10), (Sizes{2, 2}));
  EXPECT_EQ(run(7, 10), (Sizes{3, 3, 1}));
  EXPECT_EQ(run(2, 50), (Sizes{1, 1}));
  EXPECT_EQ(run(0, 10), (Sizes{0}));
  EXPECT_EQ(run(50, 0), (Sizes{50}));
}

TEST_F(MicroBatches, ThreadsHaveAPartEach) {
  call->wantedThreads = 2;
  EXPECT_EQ(run(6, 10), (Sizes{6}));
  EXPECT_EQ(run(8, 10), (Sizes{4, 4}));
}

TEST_F(MicroBatches, NoneWhereTheModelDoesNotSay) {
  desc.micro_batch = 0;
  EXPECT_EQ(run(7, 10), (Sizes{7}));
}

TEST_F(MicroBatches, NoneWhereInputsDisagree) {
  setBatch(7, 10);
  int64_t six = 6;
  ASSERT_EQ(setInput(call, 0, scale.data(), SKIM_FLOAT32, 1, &six), 0);
  runCall(call, nullptr, 0);
  EXPECT_EQ(parts, (Sizes{7}));
}

TEST_F(MicroBatches, OutputsAreJoined) {
  ASSERT_EQ(run(7, 10), (Sizes{3, 3, 1}));
  for (int64_t b = 0; b < 7; ++b)
    EXPECT_EQ(sum(b), float(b + 1) * float(100 * b + 55) + 0.5f);
  skim_rt_buffer out;
  ASSERT_EQ(getOutput(call, 1, &out), SKIM_OK);
  EXPECT_EQ(out.dims[0], 7);
  EXPECT_EQ(out.dims[1], 10);
  EXPECT_EQ(std::vector<int64_t>(static_cast<int64_t *>(out.data),
                                 static_cast<int64_t *>(out.data) + 70),
            ids);
  ASSERT_EQ(getOutput(call, 2, &out), SKIM_OK);
  EXPECT_EQ(out.dims[0], 2);
  EXPECT_EQ(static_cast<const float *>(out.data)[1], 1.5f);
}

TEST_F(MicroBatches, OutputsInTheCallersMemory) {
  std::vector<float> sums(7, -1);
  ASSERT_EQ(setOutput(call, 0, sums.data(), 7 * 4), SKIM_OK);
  run(7, 10);
  EXPECT_EQ(call->status, SKIM_OK);
  EXPECT_EQ(sums[6], 7.0f * 655 + 0.5f);
  ASSERT_EQ(setOutput(call, 0, sums.data(), 6 * 4), SKIM_OK);
  run(7, 10);
  EXPECT_EQ(call->status, SKIM_ERROR_OUTPUT);
  EXPECT_STREQ(call->error,
               "output 'sums': expected a buffer of 28 bytes, got 24");
}

TEST_F(MicroBatches, IdsAreConvertedOnce) {
  setBatch(7, 10);
  std::vector<int32_t> narrow(ids.begin(), ids.end());
  const int64_t dims[] = {7, 10};
  ASSERT_EQ(setInput(call, 1, narrow.data(), SKIM_INT32, 2, dims), 0);
  ASSERT_EQ(runCall(call, nullptr, 0), SKIM_OK);
  EXPECT_EQ(parts, (Sizes{3, 3, 1}));
  EXPECT_EQ(sum(4), 5.0f * 455 + 0.5f);
}

TEST_F(MicroBatches, MessagesNameThePlaceInTheWholeBatch) {
  inside = [](skim_rt_call *call) {
    const skim_rt_buffer &ids = call->head.inputs[1];
    for (int64_t at = 0; at < ids.dims[0] * ids.dims[1]; ++at)
      if (static_cast<const int64_t *>(ids.data)[at] == 58)
        skim_rt_fail(call, "id {0} at {1}", 58, at);
  };
  EXPECT_EQ(run(7, 10), (Sizes{3, 3, 7}));
  EXPECT_EQ(call->status, SKIM_ERROR_RUN);
  EXPECT_STREQ(call->error, "id 58 at 57");
  inside = nullptr;
  EXPECT_EQ(run(7, 10), (Sizes{3, 3, 1}));
  EXPECT_EQ(call->status, SKIM_OK);
}

TEST_F(MicroBatches, OutputsThatDoNotFitRunAsAWhole) {
  inside = [&](skim_rt_call *call) {
    int64_t one = 1;
    float zero = 0;
    if (parts.size() == 1)
      skim_rt_output(call, 0, &zero, 1, &one, 0);
  };
  EXPECT_EQ(run(4, 10), (Sizes{2, 4}));
  EXPECT_EQ(call->status, SKIM_OK);
  EXPECT_EQ(sum(3), 4.0f * 355 + 0.5f);
}

TEST_F(MicroBatches, MemoryIsThatOfAPart) {
  inside = [](skim_rt_call *call) {
    int64_t states = call->head.inputs[1].dims[0] * (1 << 20);
    skim_rt_free(call, skim_rt_alloc(call, states));
  };
  run(9, 10);
  EXPECT_LT(heldMemory(call), 4 << 20);
  desc.micro_batch = 0;
  run(9, 10);
  EXPECT_GT(heldMemory(call), 8 << 20);
}

/// Two layers: the first prunes rows by their ids, and sequences whose first id
/// is even exit behind it; the second prunes to one row.
static void runLayers(skim_rt_call *call) {
  int64_t batch = call->head.inputs[1].dims[0];
  int64_t length = call->head.inputs[1].dims[1];
  const auto *ids = static_cast<const int64_t *>(call->head.inputs[1].data);
  std::vector<uint8_t> mask(static_cast<size_t>(batch * length));
  for (size_t at = 0; at < mask.size(); ++at)
    mask[at] = ids[at] % 7 != 0;
  using Table = std::vector<int32_t>;
  size_t room = mask.size() + 1;
  std::vector<Table> tables(12, Table(room));
  skim_rt_rows sets[3];
  for (int i = 0; i < 3; ++i)
    sets[i] = {tables[4 * i].data(), tables[4 * i + 1].data(),
               tables[4 * i + 2].data(), tables[4 * i + 3].data(), batch};
  skim_rt_rows entry = {sets[0].offsets, sets[0].positions, nullptr, nullptr,
                        batch};
  int64_t rows = skim_rt_pack(call, mask.data(), batch, length, entry.offsets,
                              entry.positions);
  skim_rt_batch whole = {entry.offsets, length};
  std::vector<float> scores(static_cast<size_t>(rows));
  for (int64_t t = 0; t < rows; ++t)
    scores[static_cast<size_t>(t)] = float(ids[entry.positions[t]] % 3);
  skim_rt_prune_desc cut{0, 0, -1, 1.5, 1e-5, 1, 1, 0, nullptr};
  skim_rt_prune(call, &cut, &whole, &entry, &sets[1], scores.data());
  std::vector<float> logits(static_cast<size_t>(2 * batch)), results(logits);
  std::vector<int32_t> kept(static_cast<size_t>(batch)), votes(logits.size());
  for (int64_t b = 0; b < batch; ++b)
    logits[static_cast<size_t>(2 * b)] = ids[b * length] % 2 ? 0.0f : 9.0f;
  skim_rt_exit_desc leave{0, -1, 0.9, 1, SKIM_EXIT_MAX_PROBABILITY, 2, 1};
  int64_t left = 0;
  skim_rt_exit(call, &leave, &whole, &sets[1], &sets[2], logits.data(),
               results.data(), kept.data(), votes.data(), &left);
  sets[2].batch = left;
  if (left == 0)
    return;
  cut.layer = 1;
  cut.threshold = 9;
  skim_rt_prune(call, &cut, &whole, &sets[2], &sets[1], scores.data());
}

TEST_F(MicroBatches, StatisticsAreThoseOfTheWholeBatch) {
  inside = runLayers;
  // Sequences of 9 ids: odd and even first ids take turns.
  auto statistics = [&] {
    std::string text = call->collector.statistics(desc);
    return text.substr(0, text.find("\"seconds\""));
  };
  ASSERT_EQ(run(8, 9, SKIM_COLLECT_STATISTICS), (Sizes{3, 3, 2}));
  std::string inParts = statistics();
  desc.micro_batch = 0;
  ASSERT_EQ(run(8, 9, SKIM_COLLECT_STATISTICS), (Sizes{8}));
  EXPECT_EQ(inParts, statistics());
  EXPECT_NE(inParts.find("\"exit_layer\": [1, 0, 1, 0, 1, 0, 1, 0]"),
            std::string::npos)
      << inParts;
  // A part whose sequences have all left does not reach the second layer.
  desc.micro_batch = 9;
  ASSERT_EQ(run(8, 9, SKIM_COLLECT_STATISTICS), Sizes(8, 1));
  EXPECT_EQ(inParts, statistics());
}
