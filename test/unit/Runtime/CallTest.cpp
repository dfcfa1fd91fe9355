//===- CallTest.cpp - what compiled code calls ----------------------------===//
// Each test is the entry function of a model without inputs: packing, parallel
// loops, errors, outputs.
//===----------------------------------------------------------------------===//

#include "Call.h"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <string>
#include <vector>

using namespace skim::rt;

namespace {

const int64_t anyDims[] = {-1, -1};
const char *const noNames[] = {"", ""};
const skim_tensor_desc outputs[] = {
    {"out", SKIM_INT32, 1, anyDims, noNames, -1, 0, 0}};
const skim_rt_kernel kernel = {"kernel", SKIM_KIND_OTHER, -1};

std::function<void(skim_rt_call *)> currentEntry;

/// A model whose entry is a function of the test.
class Call : public testing::Test {
protected:
  Call() {
    desc.abi_version = SKIM_ABI_VERSION;
    desc.size = sizeof(desc);
    desc.entry = [](skim_rt_call *call) { currentEntry(call); };
    call = createCall(&desc, nullptr, nullptr);
  }
  ~Call() override { destroyCall(call); }

  int32_t run(std::function<void(skim_rt_call *)> entry) {
    currentEntry = std::move(entry);
    return runCall(call, nullptr, 0);
  }

  /// A parallel loop over a lambda.
  template <typename Body>
  static void loop(skim_rt_call *call, int64_t tasks, int64_t grain,
                   int64_t scratch, Body body) {
    auto each = [](void *args, int64_t begin, int64_t end, void *scratch,
                   skim_rt_call *call) {
      (*static_cast<Body *>(args))(begin, end, scratch, call);
    };
    skim_rt_parallel_for(call, &kernel, each, &body, tasks, grain, scratch, 0);
  }

  void addOutput() {
    desc.num_outputs = 1;
    desc.outputs = outputs;
    destroyCall(call);
    call = createCall(&desc, nullptr, nullptr);
  }

  skim_model_desc desc = {};
  skim_rt_call *call;
};

struct Rows {
  std::vector<int32_t> offsets, positions;
};

} // namespace

static Rows pack(skim_rt_call *call, const std::vector<uint8_t> &mask,
                 int64_t B, int64_t S) {
  Rows rows;
  rows.offsets.resize(static_cast<size_t>(B + 1), -1);
  std::vector<int32_t> room(static_cast<size_t>(B * S) + 1, -1);
  int64_t count = skim_rt_pack(call, mask.empty() ? nullptr : mask.data(), B, S,
                               rows.offsets.data(), room.data());
  EXPECT_EQ(room.back(), -1) << "written beyond B * S";
  rows.positions.assign(room.begin(), room.begin() + count);
  return rows;
}

using Ints = std::vector<int32_t>;

TEST_F(Call, PackKeepsWhereTheMaskIsNotZero) {
  run([](skim_rt_call *call) {
    Rows rows = pack(call, {1, 1, 0, /**/ 0, 0, 255, /**/ 1, 0, 2}, 3, 3);
    EXPECT_EQ(rows.offsets, (Ints{0, 2, 3, 5}));
    EXPECT_EQ(rows.positions, (Ints{0, 1, 5, 6, 8}));
  });
}

TEST_F(Call, PackOfEmptySequences) {
  run([](skim_rt_call *call) {
    Rows rows = pack(call, {0, 0, 1, 1, 0, 0}, 3, 2);
    EXPECT_EQ(rows.offsets, (Ints{0, 0, 2, 2}));
    EXPECT_EQ(rows.positions, (Ints{2, 3}));
  });
}

TEST_F(Call, PackWithoutMaskKeepsAll) {
  run([](skim_rt_call *call) {
    Rows rows = pack(call, {}, 2, 2);
    EXPECT_EQ(rows.offsets, (Ints{0, 2, 4}));
    EXPECT_EQ(rows.positions, (Ints{0, 1, 2, 3}));
  });
}

TEST_F(Call, PackOfNothing) {
  run([](skim_rt_call *call) {
    EXPECT_EQ(pack(call, {}, 0, 5).offsets, (Ints{0}));
    EXPECT_EQ(pack(call, {}, 3, 0).offsets, (Ints{0, 0, 0, 0}));
  });
}

TEST_F(Call, PackRefusesMorePositionsThanFit) {
  int32_t status = run([](skim_rt_call *call) {
    int32_t one = 0;
    skim_rt_pack(call, nullptr, 1 << 20, 1 << 20, &one, &one);
  });
  EXPECT_EQ(status, SKIM_ERROR_RUN);
  EXPECT_STREQ(call->error, "batch of 1048576 sequences of 1048576 positions, "
                            "expected fewer than 2^31 positions");
}

TEST_F(Call, EveryTaskRunsOnce) {
  for (int32_t threads : {1, 2, 3, 8}) {
    call->wantedThreads = threads;
    for (int64_t tasks : {0, 1, 2, 7, 64, 1001})
      for (int64_t grain : {-1, 1, 4, 5000}) {
        std::vector<std::atomic<int>> runs(static_cast<size_t>(tasks));
        run([&](skim_rt_call *call) {
          loop(call, tasks, grain, 0,
               [&](int64_t begin, int64_t end, void *, skim_rt_call *) {
                 EXPECT_LT(begin, end);
                 EXPECT_EQ(begin % std::max<int64_t>(grain, 1), 0);
                 for (int64_t i = begin; i < end; ++i)
                   runs[static_cast<size_t>(i)].fetch_add(1);
               });
        });
        for (auto &count : runs)
          ASSERT_EQ(count.load(), 1) << tasks << " tasks, grain " << grain;
      }
  }
}

TEST_F(Call, ScratchIsPrivateAlignedAndGrows) {
  call->wantedThreads = 4;
  run([](skim_rt_call *call) {
    for (int64_t bytes : {64, 1, 5000, 100})
      loop(call, 100, 1, bytes,
           [=](int64_t begin, int64_t, void *scratch, skim_rt_call *) {
             EXPECT_EQ(reinterpret_cast<uintptr_t>(scratch) % 64, 0u);
             auto mark = static_cast<unsigned char>(begin);
             std::memset(scratch, mark, static_cast<size_t>(bytes));
             sched_yield();
             auto *last = static_cast<unsigned char *>(scratch) + bytes - 1;
             EXPECT_EQ(*last, mark);
           });
  });
}

TEST_F(Call, NestedLoopsRunInline) {
  call->wantedThreads = 4;
  std::atomic<int64_t> inner{0};
  run([&](skim_rt_call *call) {
    loop(call, 8, 1, 64,
         [&](int64_t begin, int64_t end, void *outerScratch, skim_rt_call *c) {
           for (int64_t i = begin; i < end; ++i)
             loop(c, 10, 1, 64,
                  [&](int64_t b, int64_t e, void *scratch, skim_rt_call *) {
                    EXPECT_NE(scratch, outerScratch);
                    inner.fetch_add(e - b);
                  });
         });
  });
  EXPECT_EQ(inner.load(), 80);
}

TEST_F(Call, FailEndsTheRunWithItsMessage) {
  bool after = false;
  int32_t status = run([&](skim_rt_call *call) {
    skim_rt_fail(call, "got {1}, not {0}, in {0}{2}", 5, -7);
    after = true;
  });
  EXPECT_EQ(status, SKIM_ERROR_RUN);
  EXPECT_STREQ(call->error, "got -7, not 5, in 5{2}");
  EXPECT_FALSE(after);
}

TEST_F(Call, ARunAfterAFailingOneWorks) {
  run([](skim_rt_call *call) {
    skim_rt_alloc(call, 1000);
    skim_rt_fail(call, "no", 0, 0);
  });
  int64_t held = heldMemory(call);
  EXPECT_EQ(run([](skim_rt_call *call) { skim_rt_alloc(call, 1000); }),
            SKIM_OK);
  EXPECT_STREQ(call->error, "");
  EXPECT_EQ(heldMemory(call), held) << "the failing run's block was lost";
}

TEST_F(Call, ReportEndsTheRunAfterTheKernel) {
  call->wantedThreads = 3;
  bool after = false;
  int32_t status = run([&](skim_rt_call *call) {
    loop(call, 100, 1, 0, [](int64_t, int64_t, void *, skim_rt_call *call) {
      skim_rt_report(call, "id {0}", 12, 0);
    });
    after = true;
  });
  EXPECT_EQ(status, SKIM_ERROR_RUN);
  EXPECT_STREQ(call->error, "id 12");
  EXPECT_FALSE(after);
}

TEST_F(Call, OnlyTheFirstReportCounts) {
  call->wantedThreads = 1;
  run([](skim_rt_call *call) {
    loop(call, 3, 1, 0, [](int64_t, int64_t, void *, skim_rt_call *call) {
      skim_rt_report(call, "first", 0, 0);
      skim_rt_report(call, "second", 0, 0);
    });
  });
  EXPECT_STREQ(call->error, "first");
}

TEST_F(Call, LongMessagesAreCut) {
  std::string message(5000, 'x');
  run([&](skim_rt_call *call) { skim_rt_fail(call, message.c_str(), 0, 0); });
  EXPECT_EQ(std::string(call->error), std::string(kMessageRoom - 1, 'x'));
}

TEST_F(Call, ImpossibleAllocationIsAnError) {
  int32_t status =
      run([](skim_rt_call *call) { skim_rt_alloc(call, INT64_MAX); });
  EXPECT_EQ(status, SKIM_ERROR_MEMORY);
  EXPECT_STREQ(call->error,
               "out of memory: could not get 9223372036854775807 bytes");
}

TEST_F(Call, ImpossibleScratchIsAnError) {
  int32_t status = run([](skim_rt_call *call) {
    loop(call, 1, 1, int64_t(1) << 50,
         [](int64_t, int64_t, void *, skim_rt_call *) { ADD_FAILURE(); });
  });
  EXPECT_EQ(status, SKIM_ERROR_MEMORY);
}

TEST_F(Call, OutputThatNobodyGaveIsAnError) {
  addOutput();
  EXPECT_EQ(run([](skim_rt_call *) {}), SKIM_ERROR_RUN);
  EXPECT_STREQ(call->error, "output 'out': the model's code did not give it");
}

TEST_F(Call, OwnedOutputKeepsItsBlock) {
  addOutput();
  void *block = nullptr;
  EXPECT_EQ(run([&](skim_rt_call *call) {
              int64_t dims[] = {3};
              block = skim_rt_alloc(call, 12);
              skim_rt_output(call, 0, block, 1, dims, 1);
              EXPECT_NE(skim_rt_alloc(call, 12), block);
            }),
            SKIM_OK);
  skim_rt_buffer out;
  ASSERT_EQ(getOutput(call, 0, &out), SKIM_OK);
  EXPECT_EQ(out.data, block);
  EXPECT_EQ(out.dims[0], 3);
}
