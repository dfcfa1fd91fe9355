//===- EvaluateNorms.cpp - norms of constants -----------------------------===//
// LayerNormalization: relative position embeddings behind their norm, say
// (DeBERTa-v3), which no input changes.
//===----------------------------------------------------------------------===//

#include "Evaluate.h"

using namespace mlir;
using namespace skim::onnx;

/// The elements of a scale or bias, `absent` where there is none; nothing when
/// they are not `count` numbers of type `element`, one for each of a row.
template <typename T>
static std::optional<std::vector<double>>
readParameter(const ConstantTensor *tensor, Type element, int64_t count,
              double absent) {
  std::vector<double> values(count, absent);
  if (!tensor)
    return values;
  if (tensor->size() != count || tensor->getType().getElementType() != element)
    return std::nullopt;
  for (int64_t i = 0; i < count; ++i)
    values[i] = static_cast<ComputeType<T>>(tensor->get<T>(i));
  return values;
}

template <typename T>
static void normaliseRow(const ConstantTensor &in, ConstantTensor &out,
                         int64_t first, double epsilon, ArrayRef<double> scale,
                         ArrayRef<double> bias) {
  int64_t count = scale.size();
  SmallVector<double> row(count);
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < count; ++i)
    sum += row[i] = static_cast<ComputeType<T>>(in.get<T>(first + i));
  for (double &x : row) {
    x -= sum / count;
    squares += x * x;
  }
  double inverse = 1 / std::sqrt(squares / count + epsilon);
  for (int64_t i = 0; i < count; ++i)
    out.set<T>(first + i, T(static_cast<ComputeType<T>>(
                              row[i] * inverse * scale[i] + bias[i])));
}

bool skim::onnx::evaluateNorms(const Evaluation &e) {
  auto op = dyn_cast<LayerNormalizationOp>(e.op);
  // Statistics are asked for in training only.
  if (!op || !op.getMean().use_empty() || !op.getInvStdDev().use_empty())
    return false;
  const ConstantTensor &in = *e.in[0];
  auto axis = normaliseAxis(op.getAxis(), in.shape().size());
  if (!axis)
    return false;
  int64_t count = 1;
  for (int64_t extent : in.shape().drop_front(*axis))
    count *= extent;
  Type element = in.getType().getElementType();
  return withElementType(element, [&](auto zero) {
    using T = decltype(zero);
    if constexpr (!std::is_floating_point_v<ComputeType<T>>) {
      return false;
    } else {
      auto scale = readParameter<T>(e.in[1], element, count, 1);
      auto bias = readParameter<T>(e.in[2], element, count, 0);
      if (!scale || !bias)
        return false;
      double epsilon = op.getEpsilon().convertToDouble();
      for (int64_t first = 0; first < in.size(); first += count)
        normaliseRow<T>(in, e.out[0], first, epsilon, *scale, *bias);
      return true;
    }
  });
}
