//===- RowsTest.cpp - which rows go on ------------------------------------===//
// Pruning, skipping and exits on hand-made batches: thresholds, protection, the
// last survivor, what statistics say of it.
//===----------------------------------------------------------------------===//

#include "Call.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

using namespace skim::rt;

namespace {
using Ints = std::vector<int32_t>;

/// Tables of rows and the record that points to them.
struct Tables {
  Ints offsets, positions, entry, source;
  skim_rt_rows rows{};

  /// Sequences of these lengths over positions without holes.
  static Tables atEntry(std::vector<int32_t> lengths, int32_t sequence) {
    Tables made;
    made.offsets.push_back(0);
    for (size_t b = 0; b != lengths.size(); ++b) {
      for (int32_t i = 0; i != lengths[b]; ++i)
        made.positions.push_back(static_cast<int32_t>(b) * sequence + i);
      made.offsets.push_back(static_cast<int32_t>(made.positions.size()));
    }
    made.rows = {made.offsets.data(), made.positions.data(), nullptr, nullptr,
                 static_cast<int64_t>(lengths.size())};
    return made;
  }
  /// Room for as many rows as `other` has.
  static Tables like(const Tables &other) {
    Tables made;
    made.offsets.resize(other.offsets.size(), -7);
    for (Ints *table : {&made.positions, &made.entry, &made.source})
      table->resize(other.positions.size(), -7);
    made.rows = {made.offsets.data(), made.positions.data(), made.entry.data(),
                 made.source.data(), other.rows.batch};
    return made;
  }
  Ints sources(int64_t count) const {
    return Ints(source.begin(), source.begin() + count);
  }
};

class RowsTest : public testing::Test {
protected:
  RowsTest() {
    model.num_layers = 3;
    model.layers = layers;
    call = createCall(&model, nullptr, nullptr);
  }
  ~RowsTest() override { destroyCall(call); }

  /// Statistics of the cuts from here on.
  void collect(const Tables &entry, int64_t sequence) {
    call->collector.begin(SKIM_COLLECT_STATISTICS, model.num_layers, 1);
    call->collector.addRows(entry.rows.batch, sequence, entry.rows.offsets,
                            entry.rows.positions);
  }
  std::string statistics() {
    call->collector.end();
    const char *text = call->collector.statistics(model);
    return text ? text : "";
  }

  skim_model_desc model{};
  skim_layer_desc layers[3] = {};
  skim_rt_call *call;
};

class PruneTest : public RowsTest {
protected:
  /// One head of denominator 1: the sums are the scores.
  int64_t prune(const Tables &from, const std::vector<float> &scores,
                double threshold) {
    desc.threshold = threshold;
    to = Tables::like(from);
    skim_rt_batch batch{entryOffsets ? entryOffsets : from.rows.offsets, 8};
    return skim_rt_prune(call, &desc, &batch, &from.rows, &to.rows,
                         scores.data());
  }

  const int32_t *entryOffsets = nullptr;
  skim_rt_prune_desc desc{1, 0, -1, 0, 1e-5, 1, 1, 0, nullptr};
  Tables to;
};

TEST_F(PruneTest, CutsStrictlyBelowTheThreshold) {
  Tables from = Tables::atEntry({4, 2}, 8);
  EXPECT_EQ(prune(from, {0.5f, 0.25f, 0.125f, 1, 0.25f, 0.2f}, 0.25), 4);
  EXPECT_EQ(to.sources(4), (Ints{0, 1, 3, 4}));
  EXPECT_EQ(to.offsets, (Ints{0, 3, 4}));
  EXPECT_EQ(to.positions[3], 8);
  EXPECT_EQ(to.entry[2], 3);
}

TEST_F(PruneTest, KeepsTheFirstOfTheHighestWhenAllWouldGo) {
  Tables from = Tables::atEntry({3, 1}, 8);
  EXPECT_EQ(prune(from, {0.1f, 0.2f, 0.2f, 0.05f}, 1), 2);
  EXPECT_EQ(to.sources(2), (Ints{1, 3}));
}

TEST_F(PruneTest, HasAFloor) {
  Tables from = Tables::atEntry({3}, 8);
  EXPECT_EQ(prune(from, {0.9e-5f, 1.1e-5f, 1}, 0), 2);
  EXPECT_EQ(to.sources(2), (Ints{1, 2}));
}

TEST_F(PruneTest, AddsHeadsAndDividesByTheDenominator) {
  Tables from = Tables::atEntry({2}, 8);
  desc.heads = 2;
  desc.denominator = 10;
  // (1 + 3) / 20 and (1 + 0) / 20.
  EXPECT_EQ(prune(from, {1, 1, 3, 0}, 0.1), 1);
  desc.denominator = 0; // the two rows: / 4
  EXPECT_EQ(prune(from, {1, 1, 3, 0}, 0.25), 2);
}

TEST_F(PruneTest, ProtectsByIndexAtEntry) {
  Tables entry = Tables::atEntry({4, 3}, 8);
  int64_t protect[] = {0, 2, 9};
  desc.protect = protect;
  desc.num_protect = 3;
  EXPECT_EQ(prune(entry, {0, 1, 0, 0, 0, 0, 0}, 0.5), 5);
  EXPECT_EQ(to.sources(5), (Ints{0, 1, 2, 4, 6}));
  // A second cut of what is left still speaks of the indices at entry.
  Tables first = to;
  first.rows = {first.offsets.data(), first.positions.data(),
                first.entry.data(), first.source.data(), 2};
  entryOffsets = entry.rows.offsets;
  EXPECT_EQ(prune(first, {0, 0, 0, 0, 0}, 0.5), 4);
  EXPECT_EQ(to.sources(4), (Ints{0, 2, 3, 4}));
  EXPECT_EQ(to.entry[1], 2);
}

TEST_F(PruneTest, IsOffAtScaleZero) {
  Tables from = Tables::atEntry({2, 0, 1}, 8);
  double knobs[] = {0};
  call->head.knobs = knobs;
  desc.knob = 0;
  EXPECT_EQ(prune(from, {0, 0, 0}, 0.5), 3);
  EXPECT_EQ(to.offsets, (Ints{0, 2, 2, 3}));
  knobs[0] = 2; // twice the threshold
  EXPECT_EQ(prune(from, {0.3f, 0.6f, 0.3f}, 0.25), 2);
}

TEST_F(PruneTest, NaNStays) {
  Tables from = Tables::atEntry({2}, 8);
  EXPECT_EQ(prune(from, {std::nanf(""), 0}, 0.5), 1);
  EXPECT_EQ(to.sources(1), (Ints{0}));
}

TEST_F(PruneTest, StatisticsTellLayersAndPositions) {
  Tables from = Tables::atEntry({3, 1}, 4);
  collect(from, 4);
  desc.after_layer = 1;
  skim_rt_batch batch{from.rows.offsets, 4};
  to = Tables::like(from);
  desc.threshold = 0.5;
  float scores[] = {1, 0, 1, 0};
  skim_rt_prune(call, &desc, &batch, &from.rows, &to.rows, scores);
  std::string text = statistics();
  EXPECT_NE(
      text.find("{\"tokens_in\": 4, \"tokens_ffn\": 4, \"tokens_out\": 3},"
                " {\"tokens_in\": 3, \"tokens_ffn\": 3, \"tokens_out\": "
                "3}]"),
      std::string::npos)
      << text;
  EXPECT_NE(text.find("\"last_layer\": [[2, 1, 2, -1], [2, -1, -1, -1]]"),
            std::string::npos)
      << text;
}

class SkipTest : public RowsTest {
protected:
  int64_t skip(const Tables &attended, const Tables &from,
               const std::vector<float> &scores,
               const std::vector<int64_t> &segments = {}) {
    blocks.assign(attended.offsets.size(), 0);
    firsts.assign(scores.size() + 1, -1);
    EXPECT_EQ(skim_rt_blocks(call, &attended.rows, desc.block_size,
                             blocks.data(), firsts.data()),
              static_cast<int64_t>(scores.size()));
    to = Tables::like(from);
    skim_rt_batch batch{attended.rows.offsets, 16};
    return skim_rt_skip_blocks(call, &desc, &batch, &attended.rows, &from.rows,
                               &to.rows, scores.data(), blocks.data(),
                               segments.empty() ? nullptr : segments.data(), 8);
  }

  skim_rt_skip_desc desc{0, -1, 0.5, 4, 0, 0, nullptr, 0, nullptr};
  Ints blocks, firsts;
  Tables to;
};

TEST_F(SkipTest, CutsBlocksBelowTheThreshold) {
  Tables rows = Tables::atEntry({6, 4, 0, 9}, 16);
  EXPECT_EQ(skip(rows, rows, {0.4f, 0.5f, 0.9f, 0, 0.6f, 0.1f}), 10);
  EXPECT_EQ(blocks, (Ints{0, 2, 3, 3, 6}));
  EXPECT_EQ(firsts, (Ints{0, 4, 6, 10, 14, 18, 19}));
  EXPECT_EQ(to.offsets, (Ints{0, 2, 6, 6, 10}));
  EXPECT_EQ(to.source[0], 4);
}

TEST_F(SkipTest, KeepsTheBestBlockThatHoldsASurvivor) {
  Tables attended = Tables::atEntry({8}, 16);
  // Of the better block nothing is left.
  Tables from = Tables::like(attended);
  from.offsets = {0, 2};
  from.positions = {5, 6};
  from.entry = {5, 6};
  from.source = {5, 6};
  from.rows = {from.offsets.data(), from.positions.data(), from.entry.data(),
               from.source.data(), 1};
  EXPECT_EQ(skip(attended, from, {0.4f, 0.1f}), 2);
  EXPECT_EQ(to.sources(2), (Ints{0, 1}));
}

TEST_F(SkipTest, ProtectsByIndexAndSegment) {
  Tables rows = Tables::atEntry({12}, 16);
  int64_t protect[] = {0}, wanted[] = {1};
  desc.protect = protect;
  desc.num_protect = 1;
  desc.segments = wanted;
  desc.num_segments = 1;
  std::vector<int64_t> segments(16, 0);
  segments[11] = 1;
  EXPECT_EQ(skip(rows, rows, {0, 0, 0}, segments), 8);
  EXPECT_EQ(to.sources(8), (Ints{0, 1, 2, 3, 8, 9, 10, 11}));
}

TEST_F(SkipTest, AlignsToTheSequenceThatKeepsMost) {
  Tables rows = Tables::atEntry({8, 12, 4}, 16);
  desc.align_max = 1;
  EXPECT_EQ(skip(rows, rows, {0.9f, 0.8f, 0.1f, 0.3f, 0.2f, 0.6f}), 8 + 8 + 4);
  EXPECT_EQ(to.offsets, (Ints{0, 8, 16, 20}));
  EXPECT_EQ(to.source[8], 12); // the blocks of 0.3 and 0.2
}

TEST_F(SkipTest, IsOffAtThresholdZero) {
  Tables rows = Tables::atEntry({5}, 16);
  desc.threshold = 0;
  EXPECT_EQ(skip(rows, rows, {std::nanf(""), 0}), 5);
}

class ExitTest : public RowsTest {
protected:
  int64_t leave(const Tables &from, const std::vector<float> &logits) {
    to = Tables::like(from);
    results.assign(logits.size(), -9);
    kept.assign(from.offsets.size(), -1);
    votes.resize(8);
    skim_rt_batch batch{from.rows.offsets, 4};
    int64_t count =
        skim_rt_exit(call, &desc, &batch, &from.rows, &to.rows, logits.data(),
                     results.data(), kept.data(), votes.data(), &staying);
    desc.first = 0;
    return count;
  }

  skim_rt_exit_desc desc{0, -1, 0.5, 1, SKIM_EXIT_ENTROPY, 2, 1};
  Tables to;
  std::vector<float> results;
  Ints kept, votes;
  int64_t staying = -1;
};

TEST_F(ExitTest, SureSequencesLeaveTheBatch) {
  Tables from = Tables::atEntry({2, 1, 3}, 4);
  EXPECT_EQ(leave(from, {9, 0, 0, 0, 0, 9}), 1);
  EXPECT_EQ(staying, 1);
  EXPECT_EQ(kept[0], 1);
  EXPECT_EQ(to.source[0], 2);
  EXPECT_EQ(to.offsets[1], 1);
  EXPECT_EQ(results, (std::vector<float>{9, 0, -9, -9, 0, 9}));
}

TEST_F(ExitTest, EntropiesDifferByLnC) {
  Tables from = Tables::atEntry({1}, 4);
  desc.threshold = 0.9;
  EXPECT_EQ(leave(from, {0, 0}), 0); // ln 2 < 0.9
  EXPECT_EQ(staying, 0);
  desc.criterion = SKIM_EXIT_NORMALISED_ENTROPY;
  EXPECT_EQ(leave(from, {0, 0}), 1); // 1 >= 0.9
  desc.threshold = 0;                // never, whatever the entropy
  float inf = std::numeric_limits<float>::infinity();
  EXPECT_EQ(leave(from, {0, -inf}), 1);
  desc.threshold = 1e-30;
  EXPECT_EQ(leave(from, {0, -inf}), 0); // 0 ln 0 is 0
}

TEST_F(ExitTest, TemperatureFlattens) {
  Tables from = Tables::atEntry({1}, 4);
  desc.criterion = SKIM_EXIT_MAX_PROBABILITY;
  desc.threshold = 0.8;
  EXPECT_EQ(leave(from, {2, 0}), 0); // 0.88
  desc.temperature = 2;
  EXPECT_EQ(leave(from, {2, 0}), 1); // 0.73
  desc.threshold = 2;
  desc.temperature = 1;
  EXPECT_EQ(leave(from, {900, 0}), 1);
}

TEST_F(ExitTest, PatienceCountsEqualVotes) {
  Tables from = Tables::atEntry({1, 1}, 4);
  desc.criterion = SKIM_EXIT_PATIENCE;
  desc.threshold = 2;
  EXPECT_EQ(leave(from, {1, 0, 0, 1}), 2);
  EXPECT_EQ(leave(from, {1, 1, 0, 1}), 2); // a tie votes for the first class
  EXPECT_EQ(leave(from, {0, 1, 0, 1}), 1); // the second has three in a row
  EXPECT_EQ(kept[0], 0);
  desc.threshold = 0;
  desc.first = 1;
  EXPECT_EQ(leave(from, {1, 0, 0, 1}), 2);
}

TEST_F(ExitTest, SequencesWithoutTokensGoOn) {
  Tables from = Tables::atEntry({0, 1}, 4);
  EXPECT_EQ(leave(from, {9, 0, 9, 0}), 0);
  EXPECT_EQ(staying, 1);
  EXPECT_EQ(kept[0], 0);
}

TEST_F(ExitTest, StatisticsTellTheLayer) {
  Tables from = Tables::atEntry({2, 1}, 4);
  collect(from, 4);
  desc.layer = 1;
  leave(from, {9, 0, 0, 0});
  std::string text = statistics();
  EXPECT_NE(text.find("\"exit_layer\": [1, 2]"), std::string::npos) << text;
  EXPECT_NE(text.find("\"last_layer\": [[1, 1, -1, -1], [2, -1, -1, -1]]"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("{\"tokens_in\": 3, \"tokens_ffn\": 3, \"tokens_out\": "
                      "1}, {\"tokens_in\": 1"),
            std::string::npos)
      << text;
}

TEST_F(RowsTest, FirstRowsOfSequencesThatHaveOne) {
  Tables from = Tables::atEntry({2, 0, 3}, 4), to = Tables::like(from);
  EXPECT_EQ(skim_rt_first_rows(call, &from.rows, &to.rows), 2);
  EXPECT_EQ(to.sources(2), (Ints{0, 2}));
  EXPECT_EQ(to.offsets, (Ints{0, 1, 1, 2}));
}

TEST_F(RowsTest, HeldStatesLieAtTheRowsAtEntry) {
  Tables from = Tables::atEntry({3}, 4), kept = Tables::like(from);
  kept.offsets = {0, 1};
  kept.source[0] = 1;
  kept.entry[0] = 1;
  kept.rows.offsets = kept.offsets.data();
  std::vector<float> held(6, 0), states = {1, 2, 3, 4, 5, 6};
  skim_rt_hold(call, held.data(), states.data(), nullptr, &from.rows,
               &kept.rows, 2);
  EXPECT_EQ(held, (std::vector<float>{1, 2, 0, 0, 5, 6}));
  int32_t index[] = {2};
  skim_rt_hold(call, held.data(), states.data(), index, &kept.rows, nullptr, 2);
  EXPECT_EQ(held, (std::vector<float>{1, 2, 5, 6, 5, 6}));
}

TEST_F(RowsTest, ScatterAndCompose) {
  std::vector<float> to(4, 0), from = {1, 2};
  int32_t places[] = {3, 1}, outer[] = {5, 6, 7}, inner[] = {2, 0};
  skim_rt_scatter(call, to.data(), from.data(), places, 2, 1);
  EXPECT_EQ(to, (std::vector<float>{0, 2, 0, 1}));
  int32_t composed[2];
  skim_rt_compose(call, outer, inner, composed, 2);
  EXPECT_EQ(composed[0], 7);
  EXPECT_EQ(composed[1], 5);
}
} // namespace
