//===- AttentionCases.cpp - batches for tests of attention ----------------===//
// Calls attention kernels, and computes what they should give.
//===----------------------------------------------------------------------===//

#include "AttentionCases.h"

using namespace skim;
using namespace skim::test;

Floats Attention::run(const Batch &batch, const Floats &qkv, int64_t piece,
                      const AttentionOperands &operands) {
  Floats out({batch.rows(), spec.heads * spec.headDim}, NAN);
  Arguments arguments;
  arguments.add(qkv).add(qkv).add(qkv);
  arguments.add(batch.offsets).add(batch.positions);
  if (operands.keyRows)
    arguments.add(operands.keyRows->offsets).add(operands.keyRows->positions);
  arguments.add(batch.sequence).addSome(operands.mask).addSome(operands.bias);
  arguments.add(out).addSome(operands.importance).addSome(operands.diagonal);
  int64_t tasks = kernels.attentionTasks(spec, batch.size(), batch.sequence);
  for (int64_t begin = 0; begin < tasks; begin += piece)
    kernels.callWith(name, begin, std::min(begin + piece, tasks), arguments);
  EXPECT_TRUE(out.intact());
  EXPECT_TRUE(kernels.scratchIntact());
  return out;
}

float Attention::multiplied(float x) const {
  return spec.dtype == Dtype::Fp32 ? x : roundToBf16(x);
}

std::vector<double>
Attention::probabilities(const Batch &batch, const Floats &qkv, int64_t b,
                         int64_t i, int64_t head,
                         const AttentionOperands &operands) {
  const Batch &keys = operands.keyRows ? *operands.keyRows : batch;
  int64_t row = batch.offsets[b] + i, firstKey = keys.offsets[b];
  int64_t n = keys.lengths[b], at = batch.position(b, i);
  int64_t length = batch.sequence, source = batch.source(b);
  std::vector<double> result(n);
  double largest = -INFINITY, total = 0;
  for (int64_t j = 0; j != n; ++j) {
    int64_t q = row * spec.qWidth + spec.qColumn + head * spec.headDim;
    int64_t k = (firstKey + j) * spec.kWidth + spec.kColumn + group(head);
    int64_t keyAt = keys.position(b, j);
    double sum = 0;
    auto product = [&](float factor) {
      double total = 0;
      for (int64_t c = 0; c != spec.headDim; ++c)
        total +=
            double(multiplied(qkv[q + c] * factor)) * multiplied(qkv[k + c]);
      return total;
    };
    // In bf16 the scale is part of what is rounded; where nothing is added to
    // scores, powers are of two.
    bool ofTwo = !spec.mask && !spec.bias && !spec.window;
    if (spec.dtype == Dtype::Fp32)
      sum = product(1) * spec.scale;
    else if (ofTwo)
      sum = product(spec.scale * 1.44269502f) * std::log(2.0);
    else
      sum = product(spec.scale);
    if (operands.bias)
      sum +=
          (*operands
                .bias)[((source * spec.heads + head) * length + at) * length +
                       keyAt];
    if (operands.mask && !(*operands.mask)[source * length + keyAt])
      sum += spec.fill;
    if (spec.window && std::abs(at - keyAt) > *spec.window)
      sum = -INFINITY;
    result[j] = sum;
    largest = std::max(largest, sum);
  }
  for (double &x : result)
    total += x = std::exp(x - largest);
  for (double &x : result)
    x /= total;
  return result;
}

void Attention::check(const Batch &batch, const Floats &qkv, const Floats &out,
                      const AttentionOperands &operands) {
  const Batch &keys = operands.keyRows ? *operands.keyRows : batch;
  int64_t width = spec.heads * spec.headDim;
  int64_t far = 0;
  for (int64_t b = 0; b != batch.size(); ++b)
    for (int64_t i = 0; i != batch.lengths[b]; ++i)
      for (int64_t head = 0; head != spec.heads; ++head) {
        std::vector<double> weights =
            probabilities(batch, qkv, b, i, head, operands);
        int64_t row = batch.offsets[b] + i;
        double largest = 0;
        for (double weight : weights)
          largest = std::max(largest, weight);
        for (int64_t c = 0; c != spec.headDim; ++c) {
          double expected = 0;
          for (int64_t j = 0; j != keys.lengths[b]; ++j)
            // Powers, of which the largest is 1, are multiplied.
            expected += largest * multiplied(weights[j] / largest) *
                        multiplied(qkv[(keys.offsets[b] + j) * spec.vWidth +
                                       spec.vColumn + group(head) + c]);
          double error =
              std::abs(out[row * width + head * spec.headDim + c] - expected);
          far += !(error <= 2e-6);
          ASSERT_LE(error, spec.dtype == Dtype::Fp32 ? 2e-6 : largest / 64)
              << "sequence " << b << " row " << i << " head " << head
              << " column " << c;
        }
      }
  // A power next to a tie may be rounded to the other side.
  EXPECT_LE(far, out.size() / 10);
}

AttentionSpec skim::test::merged(int64_t heads, int64_t headDim,
                                 int64_t kvHeads) {
  AttentionSpec spec;
  spec.heads = heads;
  spec.kvHeads = kvHeads ? kvHeads : heads;
  spec.headDim = headDim;
  spec.scale = 1 / std::sqrt(float(headDim));
  int64_t q = heads * headDim, kv = spec.kvHeads * headDim;
  spec.qWidth = spec.kWidth = spec.vWidth = q + 2 * kv;
  spec.kColumn = q;
  spec.vColumn = q + kv;
  return spec;
}

Floats skim::test::randomStates(const AttentionSpec &spec, int64_t rows) {
  Floats qkv({rows, spec.qWidth});
  std::mt19937 random(11);
  randomize(qkv, random);
  return qkv;
}
