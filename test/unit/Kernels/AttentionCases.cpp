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
  std::vector<Floats> tables;
  for (auto [table, index] :
       {std::pair{operands.content, operands.contentIndex},
        {operands.position, operands.positionIndex}})
    if (table) {
      tables.push_back(packWeight(*table, kernels.target().tileColumns));
      arguments.add(tables.back()).add(*index);
    }
  arguments.add(out).addSome(operands.importance).addSome(operands.diagonal);
  int64_t tasks = kernels.attentionTasks(spec, batch.size(), batch.sequence);
  for (int64_t begin = 0; begin < tasks; begin += piece)
    kernels.callWith(name, begin, std::min(begin + piece, tasks), arguments);
  EXPECT_TRUE(out.intact());
  EXPECT_TRUE(kernels.scratchIntact());
  return out;
}

double Attention::multiplied(double power) const {
  if (looksUp())
    return power;
  if (ofIntegers())
    return std::nearbyint(power * 4096) / 4096;
  return spec.products == AttentionProducts::Fma ? power
                                                 : roundToBf16(float(power));
}

/// The integer next to x * inverse, of the product as it is or as rounded.
static float toInteger(float x, float inverse, bool fused) {
  constexpr float magic = 12582912;
  volatile float product = x * inverse;
  return (fused ? std::fma(x, inverse, magic) : product + magic) - magic;
}
/// The largest integer: `terms` products of two, or of one and `other`, are
/// below 2^31.
static float mostOf(int64_t terms, double other = 0) {
  double each = 2147483647.0 / terms;
  return std::min(32767.0, std::floor(other ? each / other : std::sqrt(each)));
}
static float largestOf(const std::vector<float> &numbers) {
  float largest = 0;
  for (float number : numbers)
    largest = std::max(largest, std::abs(number));
  return largest;
}

/// Numbers as products read them: integers up to `most` are `unit` times them.
std::vector<double> Attention::rounded(const std::vector<float> &numbers,
                                       float most, double &unit) const {
  float largest = largestOf(numbers);
  unit = ofIntegers() ? double(largest) / most : 1;
  float inverse = largest ? most / largest : 0;
  bool fused = kernels.target().hasFMA;
  std::vector<double> result;
  for (float number : numbers)
    result.push_back(spec.products == AttentionProducts::Fma ? number
                     : ofIntegers() ? toInteger(number, inverse, fused)
                                    : roundToBf16(number));
  return result;
}

/// The numbers less what lies halfway between the least and the largest.
static std::vector<float> centred(std::vector<float> numbers) {
  auto [low, high] = std::minmax_element(numbers.begin(), numbers.end());
  float centre = *low * 0.5f + *high * 0.5f;
  for (float &number : numbers)
    number -= centre;
  return numbers;
}

/// Column `column` of the keys or values of sequence b.
static std::vector<float> columnOf(const Batch &keys, const Floats &states,
                                   int64_t b, int64_t width, int64_t column) {
  std::vector<float> result;
  for (int64_t j = 0; j != keys.lengths[b]; ++j)
    result.push_back(states[(keys.offsets[b] + j) * width + column]);
  return result;
}

Attention::Matrix Attention::valuesOf(const Batch &keys, const Floats &qkv,
                                      int64_t b, int64_t head) const {
  int64_t n = keys.lengths[b], width = spec.headDim;
  Matrix values(n, std::vector<double>(width));
  for (int64_t c = 0; c != width; ++c) {
    double unit = 1;
    auto column = rounded(
        columnOf(keys, qkv, b, spec.vWidth, spec.vColumn + group(head) + c),
        mostOf(256, 4096), unit);
    for (int64_t j = 0; j != n; ++j)
      values[j][c] = column[j] * unit;
  }
  return values;
}

Attention::Matrix Attention::keysAndQuery(const Batch &keys, const Floats &qkv,
                                          int64_t b, int64_t row, int64_t head,
                                          double &unit) const {
  int64_t n = keys.lengths[b], width = spec.headDim;
  // Rounded numbers have the scale in the query, and integers those of the
  // keys' columns; where nothing is added to scores, powers are of two.
  bool fma = spec.products == AttentionProducts::Fma;
  bool ofTwo = !spec.changesScores() && !fma;
  float scale = ofTwo ? spec.scale * 1.44269502f : spec.scale;
  float most = spec.products == AttentionProducts::Int8 ? 127 : mostOf(width);
  Matrix result(n, std::vector<double>(width));
  std::vector<float> query;
  for (int64_t c = 0; c != width; ++c) {
    auto column =
        columnOf(keys, qkv, b, spec.kWidth, spec.kColumn + group(head) + c);
    // The centre adds the same to all scores of a query.
    if (ofIntegers())
      column = centred(column);
    double ofColumn = 1;
    auto numbers = rounded(column, most, ofColumn);
    for (int64_t j = 0; j != n; ++j)
      result[j][c] = numbers[j];
    float factor = fma            ? 1
                   : ofIntegers() ? largestOf(column) * (scale / most)
                                  : scale;
    query.push_back(
        qkv[row * spec.qWidth + spec.qColumn + head * spec.headDim + c] *
        factor);
  }
  double ofQuery = 1;
  result.push_back(rounded(query, most, ofQuery));
  unit = ofQuery * (fma ? spec.scale : ofTwo ? std::log(2.0) : 1);
  return result;
}

double Attention::ofTable(const Floats &table, const Array<int64_t> &index,
                          int64_t distance, int64_t head, const Floats &states,
                          int64_t from) const {
  int64_t width = table.size() / spec.headDim;
  int64_t column = head * (width / spec.heads) + index[distance];
  double sum = 0;
  for (int64_t d = 0; d != spec.headDim; ++d)
    sum += double(states[from + d]) * table[d * width + column];
  return spec.scale * sum;
}

std::vector<double>
Attention::probabilities(const Batch &batch, const Floats &qkv, int64_t b,
                         int64_t i, int64_t head,
                         const AttentionOperands &operands) {
  const Batch &keys = operands.keyRows ? *operands.keyRows : batch;
  int64_t row = batch.offsets[b] + i;
  int64_t n = keys.lengths[b], at = batch.position(b, i);
  int64_t length = batch.sequence, source = batch.source(b);
  double unit = 1;
  Matrix factors = keysAndQuery(keys, qkv, b, row, head, unit);
  std::vector<double> result(n);
  double largest = -INFINITY, total = 0;
  for (int64_t j = 0; j != n; ++j) {
    int64_t keyAt = keys.position(b, j);
    double sum = 0;
    for (int64_t c = 0; c != spec.headDim; ++c)
      sum += factors[n][c] * factors[j][c];
    sum *= unit;
    if (operands.bias)
      sum +=
          (*operands
                .bias)[((source * spec.heads + head) * length + at) * length +
                       keyAt];
    int64_t distance = at - keyAt + length - 1;
    if (operands.content)
      sum +=
          ofTable(*operands.content, *operands.contentIndex, distance, head,
                  qkv, row * spec.qWidth + spec.qColumn + head * spec.headDim);
    if (operands.position)
      sum += ofTable(
          *operands.position, *operands.positionIndex, distance, head, qkv,
          (keys.offsets[b] + j) * spec.kWidth + spec.kColumn + group(head));
    if (operands.mask && !(*operands.mask)[source * length + keyAt])
      sum += spec.fill;
    if ((spec.leftWindow && at - keyAt > *spec.leftWindow) ||
        (spec.rightWindow && keyAt - at > *spec.rightWindow))
      sum = spec.mask ? spec.fill : -INFINITY;
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
  for (int64_t b = 0; b != batch.size(); ++b) {
    std::vector<Matrix> values;
    for (int64_t head = 0; head != spec.heads; ++head)
      values.push_back(valuesOf(keys, qkv, b, head));
    for (int64_t i = 0; i != batch.lengths[b]; ++i)
      for (int64_t head = 0; head != spec.heads; ++head) {
        std::vector<double> weights =
            probabilities(batch, qkv, b, i, head, operands);
        int64_t row = batch.offsets[b] + i;
        double largest = 0;
        for (double weight : weights)
          largest = std::max(largest, weight);
        for (int64_t c = 0; c != spec.headDim; ++c) {
          double expected = 0, ofLookedUp = 2 * ofPowers();
          for (int64_t j = 0; j != keys.lengths[b]; ++j) {
            // The next of 64 numbers an octave, and half a unit.
            ofLookedUp += (0.0055 * weights[j] + largest / 8192) * 2 *
                          std::abs(values[head][j][c]);
            // Powers, of which the largest is 1, are multiplied.
            expected +=
                largest * multiplied(weights[j] / largest) * values[head][j][c];
          }
          double error =
              std::abs(out[row * width + head * spec.headDim + c] - expected);
          far += !looksUp() && !(error <= 2 * ofPowers());
          ASSERT_LE(error, looksUp() ? ofLookedUp
                           : spec.products == AttentionProducts::Fma
                               ? 2 * ofPowers()
                               : largest / 64)
              << "sequence " << b << " row " << i << " head " << head
              << " column " << c;
        }
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
