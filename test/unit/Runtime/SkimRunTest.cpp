//===- SkimRunTest.cpp - options and made-up inputs of skim-run -----------===//
// Command lines, and that made-up inputs are what the model accepts.
//===----------------------------------------------------------------------===//

#include "Model.h"
#include "Options.h"
#include "Profile.h"
#include "RandomInputs.h"
#include "StagedFiles.h"

#include <gtest/gtest.h>

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace skim::run;

static Options parse(std::vector<std::string> words) {
  std::vector<char *> argv{const_cast<char *>("skim-run")};
  for (std::string &word : words)
    argv.push_back(word.data());
  return parseOptions(static_cast<int>(argv.size()), argv.data());
}

static std::string parseError(std::vector<std::string> words) {
  try {
    parse(std::move(words));
  } catch (const Error &error) {
    return error.what();
  }
  return "";
}

using Ints = std::vector<int64_t>;

TEST(SkimRun, ParsesItsOptions) {
  Options options = parse({"--set", "a.b=0.5", "m.so", "--random-batch=3x7",
                           "--repeat=4", "--set=c=2", "--threads", "2"});
  EXPECT_EQ(options.model, "m.so");
  EXPECT_EQ(options.lengths, (Ints{7, 7, 7}));
  EXPECT_EQ(options.positions, 7);
  EXPECT_EQ(options.repeat, 4);
  EXPECT_EQ(options.threads, 2);
  ASSERT_EQ(options.knobs.size(), 2u);
  EXPECT_EQ(options.knobs[0].first, "a.b");
  EXPECT_EQ(options.knobs[0].second, 0.5);
  EXPECT_EQ(options.knobs[1].first, "c");
  options = parse({"m.so", "--lengths=12,80,33"});
  EXPECT_EQ(options.lengths, (Ints{12, 80, 33}));
  EXPECT_EQ(options.positions, 80);
  EXPECT_EQ(parse({"m.so"}).lengths, (Ints{128}));
  EXPECT_EQ(parse({"m.so", "--random-batch=0x5"}).lengths, Ints{});
  EXPECT_FALSE(parse({"m.so", "--stats=s.json"}).printStats);
  EXPECT_TRUE(parse({"m.so", "--stats=-"}).printStats);
  EXPECT_EQ(parse({"m.so", "--stats=-"}).stats, "");
}

TEST(SkimRun, ProfileMayHaveAFile) {
  EXPECT_FALSE(parse({"m.so"}).profile);
  Options options = parse({"--profile", "m.so"});
  EXPECT_TRUE(options.profile);
  EXPECT_EQ(options.trace, "");
  EXPECT_EQ(options.model, "m.so");
  options = parse({"--profile=t.json", "m.so"});
  EXPECT_TRUE(options.profile);
  EXPECT_EQ(options.trace, "t.json");
}

TEST(SkimRun, ProfileSumsKernelsAndLayers) {
  const char *json =
      R"([{"kernel": "g", "kind": "gemm", "layer": 0, "calls": 1, "tasks": 2,
           "flops": 1000000, "seconds": 0.001},
          {"kernel": "between kernels", "kind": "other", "layer": -1,
           "calls": 3, "tasks": 0, "flops": 0, "seconds": 0.006},
          {"kernel": "g", "kind": "gemm", "layer": 1, "calls": 1, "tasks": 2,
           "flops": 2000000, "seconds": 0.003}])";
  EXPECT_EQ(profileTables(json, {"such multiply-adds", 1, 2e9}),
            "run   10.000 ms, 0.003 GFLOP, 0.3 GFLOP/s, 15.0% of peak\n"
            "peak  2.0 GFLOP/s: such multiply-adds, 1 thread, measured now\n\n"
            "kernel            kind        calls         ms   share   GFLOP/s  "
            "of peak\n"
            "between kernels   other           3      6.000   60.0%\n"
            "g                 gemm            2      4.000   40.0%       0.8  "
            "  37.5%\n"
            "\n"
            "layer             kind        calls         ms   share   GFLOP/s  "
            "of peak\n"
            "layer 0                           1      1.000   10.0%       1.0  "
            "  50.0%\n"
            "  g               gemm            1      1.000   10.0%       1.0  "
            "  50.0%\n"
            "outside of layers                 3      6.000   60.0%\n"
            "  between kernels other           3      6.000   60.0%\n"
            "layer 1                           1      3.000   30.0%       0.7  "
            "  33.3%\n"
            "  g               gemm            1      3.000   30.0%       0.7  "
            "  33.3%\n");
}

TEST(SkimRun, PeakIsMeasuredForTheModelsInstructions) {
  Model model(FAKE_LIBRARY);
  skim_model_info info;
  skim_get_model_info(model.library(), &info);
  Peak peak = measurePeak(info, "[]", 2);
  EXPECT_EQ(peak.threads, 2);
  EXPECT_GT(peak.flops, 1e8);
  EXPECT_NE(peak.instructions.find("fp32"), std::string::npos);
}

TEST(SkimRun, PeakIsOfAQuantisedModelsIntegers) {
  if (!__builtin_cpu_supports("avx512vnni"))
    GTEST_SKIP() << "needs AVX512-VNNI";
  const char *features[] = {"avx512f", "avx512vnni"};
  skim_model_info info = {};
  info.dtype = "fp32";
  info.features = features;
  info.num_features = 2;
  auto instructionsOf = [&](const char *profile) {
    return measurePeak(info, profile, 1).instructions;
  };
  EXPECT_EQ(instructionsOf("[{\"kernel\": \"gemm_uint8_8x8\"}]"),
            "AVX-512 int8 dot products");
  EXPECT_EQ(instructionsOf("[{\"kernel\": \"gemm_8x8\"}]"),
            "AVX-512 fp32 multiply-adds");
}

TEST(SkimRun, RefusesWrongOptions) {
  EXPECT_EQ(parseError({}), "MODEL is required");
  EXPECT_EQ(parseError({"m.so", "--random-batch=8"}),
            "--random-batch: expected BxS as in 8x128, got '8'");
  EXPECT_EQ(parseError({"m.so", "--random-batch=8x-1"}),
            "--random-batch: expected BxS as in 8x128, got '8x-1'");
  EXPECT_EQ(parseError({"m.so", "--lengths=1,x"}),
            "--lengths: expected numbers as in 12,80,33, got '1,x'");
  EXPECT_EQ(parseError({"m.so", "--set=k"}),
            "--set: expected KNOB=VALUE, got 'k'");
  EXPECT_EQ(parseError({"m.so", "--set=k=1y"}),
            "--set: expected KNOB=VALUE, got 'k=1y'");
  EXPECT_NE(parseError({"m.so", "--lengths=1", "--inputs=x.npz"}), "");
  EXPECT_NE(parseError({"m.so", "--repeat=0"}), "");
  EXPECT_NE(parseError({"m.so", "--nothing"}), "");
  for (const char *option :
       {"--outputs", "--stats", "--inputs", "--lengths", "--random-batch"}) {
    EXPECT_NE(parseError({"m.so", std::string(option) + "="}), "");
    EXPECT_EQ(parseError({"m.so", option, ""}),
              std::string(option) + ": expected a value, got none");
  }
  EXPECT_EQ(parseError({"m.so", "--outputs=-"}),
            "--outputs: expected a file, got '-'");
}

TEST(SkimRun, MadeUpInputsAreAccepted) {
  Model model(FAKE_LIBRARY);
  for (const Ints &lengths : {Ints{}, Ints{1}, Ints{0, 5, 3}}) {
    std::vector<Array> inputs = makeRandomInputs(model.library(), lengths, 5);
    model.setInputs(inputs);
    model.run();
    std::vector<Array> outputs = model.outputs();
    ASSERT_EQ(outputs[1].name, "lengths");
    for (size_t i = 0; i < lengths.size(); ++i)
      EXPECT_EQ(outputs[1].data<int32_t>()[i], lengths[i]);
  }
}

TEST(SkimRun, MadeUpInputsFollowTheDescription) {
  Model model(FAKE_LIBRARY);
  std::vector<Array> inputs = makeRandomInputs(model.library(), {2, 4}, 4);
  ASSERT_EQ(inputs.size(), 4u);
  EXPECT_EQ(inputs[0].dims, (Ints{2, 4}));
  EXPECT_EQ(inputs[3].dims, (Ints{4}));
  for (int i = 0; i < 8; ++i) {
    bool token = i < 2 || i >= 4;
    EXPECT_EQ(inputs[1].bytes[i], token);
    int64_t id = inputs[0].data<int64_t>()[i];
    EXPECT_GE(id, token ? 1 : 0);
    EXPECT_LT(id, token ? 1000 : 1);
    EXPECT_LT(inputs[2].data<int32_t>()[i], 2);
  }
  EXPECT_EQ(makeRandomInputs(model.library(), {2, 4}, 4)[0].bytes,
            inputs[0].bytes); // the same in every run
}

static bool exists(const std::string &path) {
  return access(path.c_str(), F_OK) == 0;
}

static size_t countFiles(const std::string &folder) {
  DIR *listing = opendir(folder.c_str());
  size_t count = 0;
  while (dirent *entry = readdir(listing))
    count += entry->d_name[0] != '.';
  closedir(listing);
  return count;
}

TEST(StagedFiles, AppearTogetherOrNotAtAll) {
  std::string folder =
      testing::TempDir() + "skim-staged-" + std::to_string(getpid());
  ASSERT_EQ(mkdir(folder.c_str(), 0777), 0);
  {
    StagedFiles files;
    files.add(folder + "/a", "text");
  }
  EXPECT_EQ(countFiles(folder), 0u);
  StagedFiles files;
  files.add(folder + "/a", "text");
  files.add(folder + "/b", "text");
  EXPECT_FALSE(exists(folder + "/a"));
  EXPECT_THROW(files.add("/nonexistent/x", ""), Error);
  EXPECT_THROW(files.add("/tmp", ""), Error);
  files.commit();
  EXPECT_TRUE(exists(folder + "/a"));
  EXPECT_EQ(countFiles(folder), 2u);
  for (const char *name : {"/a", "/b", ""})
    remove((folder + name).c_str());
}

TEST(StagedFiles, EveryOutputHasAPlaceOfItsOwn) {
  auto refusal = [](std::vector<std::string> words) -> std::string {
    try {
      checkFiles(parse(std::move(words)));
    } catch (const Error &error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(refusal({"m.so", "--outputs=x", "--stats=./x"}),
            "--outputs, --stats: expected two files, got 'x' for both");
  EXPECT_EQ(refusal({"m.so", "--profile=x", "--stats=x"}),
            "--stats, --profile: expected two files, got 'x' for both");
  EXPECT_EQ(refusal({"m.so", "--stats=m.so"}),
            "--stats: 'm.so' is the model itself");
  EXPECT_EQ(refusal({"m.so", "--inputs=i.npz", "--outputs=i.npz"}),
            "--outputs: 'i.npz' is what --inputs reads");
  EXPECT_EQ(refusal({"m.so", "--outputs=/dev/null", "--stats=/dev/null"}), "");
  EXPECT_EQ(refusal({"m.so", "--stats=/nonexistent/x"}),
            "cannot write '/nonexistent/x': directory '/nonexistent': No such "
            "file or directory");
}
