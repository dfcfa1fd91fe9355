//===- Conv.cpp - Conv ----------------------------------------------------===//
// Windows side by side are the rows of one matrix for each group, weights the
// other: what is multiplied has a kernel. Where each channel has a window of
// its own that matrix has one column, and sums of shifted inputs take its
// place.
//===----------------------------------------------------------------------===//

#include "Contract.h"
#include "Patterns.h"
#include "Windows.h"

using namespace mlir;
using namespace skim;
using namespace skim::lowering;

namespace {
/// The sizes of a convolution.
struct ConvSizes {
  Value batch, group, inner, outer; // Channels of a group, and of its results.
  Value depth;                      // Numbers that a window sees of a group.
  Values kernel, out;

  /// [group, batch, out.., last..].
  Values rows(ValueRange last) const {
    Values dims = {group, batch};
    dims.append(out);
    dims.append(last.begin(), last.end());
    return dims;
  }
};
} // namespace

static ConvSizes sizesOf(Emitter &e, onnx::ConvOp op,
                         onnx::ConvOp::Adaptor in) {
  Values x = e.dims(in.getX()), w = e.dims(in.getW());
  ConvSizes sizes;
  sizes.batch = x[0];
  sizes.group = e.index(op.getGroup());
  sizes.inner = w[1];
  sizes.outer = e.div(w[0], sizes.group);
  sizes.kernel.assign(w.begin() + 2, w.end());
  sizes.depth = e.mul(sizes.inner, e.count(sizes.kernel));
  e.check(e.compare(Pred::eq, x[1], e.mul(sizes.group, w[1])),
          "expected {0} channels, got {1}", {e.mul(sizes.group, w[1]), x[1]});
  size_t spatial = sizes.kernel.size();
  for (size_t i = 0; i != spatial; ++i) {
    Value span =
        e.add(e.mul(e.sub(w[i + 2], e.index(1)), e.index(op.getDilations()[i])),
              e.index(1));
    Value size =
        e.add(x[i + 2], e.index(op.getPads()[i] + op.getPads()[spatial + i]));
    checkRoom(e, span, size);
    sizes.out.push_back(e.add(e.div(e.max(e.sub(size, span), e.index(0)),
                                    e.index(op.getStrides()[i])),
                              e.index(1)));
  }
  return sizes;
}

/// [group, batch, out.., inner, kernel..]: what every window sees.
static Value windowsOf(Emitter &e, Scalars &s, onnx::ConvOp op, Value x,
                       const ConvSizes &sizes) {
  size_t spatial = sizes.kernel.size();
  Values from = e.dims(x), last = {sizes.inner};
  last.append(sizes.kernel);
  return e.generate(sizes.rows(last), s.stored, [&](ValueRange at) {
    Value channel = e.add(e.mul(at[0], sizes.inner), at[2 + spatial]);
    Values place = {at[1], channel};
    Value inside = e.boolean(true);
    for (size_t i = 0; i != spatial; ++i) {
      Value position =
          e.add(e.mul(at[2 + i], e.index(op.getStrides()[i])),
                e.mul(at[3 + spatial + i], e.index(op.getDilations()[i])));
      if (int64_t begin = op.getPads()[i]; begin || op.getPads()[spatial + i]) {
        position = e.sub(position, e.index(begin));
        inside =
            e.both(inside, e.both(e.compare(Pred::sge, position, e.index(0)),
                                  e.compare(Pred::slt, position, from[2 + i])));
        // Read in any case; an empty dimension has no window.
        position =
            e.max(e.min(position, e.sub(from[2 + i], e.index(1))), e.index(0));
      }
      place.push_back(position);
    }
    return e.select(inside, e.extract(x, place), s.store(s.constant(0)));
  });
}

/// The window's offsets, where each channel has one of its own with a few
/// numbers; nothing for other convolutions.
static SmallVector<SmallVector<int64_t>> depthwiseTaps(onnx::ConvOp op,
                                                       const ConvSizes &sizes) {
  if (getConstantIntValue(sizes.inner) != 1 ||
      getConstantIntValue(sizes.outer) != 1)
    return {};
  SmallVector<int64_t> kernel;
  for (Value size : sizes.kernel) {
    std::optional<int64_t> count = getConstantIntValue(size);
    if (!count)
      return {};
    kernel.push_back(*count);
  }
  return windowTaps(kernel);
}

/// The input with zeros around it, so that every window lies within.
static Value surround(Emitter &e, Scalars &s, onnx::ConvOp op, Value x) {
  if (llvm::all_of(op.getPads(), [](int64_t pad) { return pad == 0; }))
    return x;
  size_t spatial = op.getStrides().size();
  Values dims = e.dims(x), extents;
  for (size_t i = 0; i != spatial; ++i)
    extents.push_back(e.add(
        dims[i + 2], e.index(op.getPads()[i] + op.getPads()[spatial + i])));
  return surround(e, s, x, op.getPads().take_front(spatial), extents,
                  s.constant(0));
}

/// `sum over taps of w[c, tap] x[b, c, out * stride + tap * dilation] + bias`:
/// neighbours in the last dimension are neighbours in the input, so the loops
/// over them become vectors.
static Value lowerDepthwise(Emitter &e, Scalars &s, onnx::ConvOp op,
                            onnx::ConvOp::Adaptor in, const ConvSizes &sizes,
                            ArrayRef<SmallVector<int64_t>> taps) {
  Value x = surround(e, s, op, in.getX());
  Values dims = {sizes.batch, sizes.group};
  dims.append(sizes.out);
  bool hasBias = !onnx::isAbsent(op.getB());
  return e.generate(
      e.settle(dims, e.resultType()), s.stored, [&](ValueRange at) {
        Value sum;
        for (ArrayRef<int64_t> tap : taps) {
          Values place = {at[0], at[1]}, weight = {at[1], e.index(0)};
          for (auto [i, k] : llvm::enumerate(tap)) {
            weight.push_back(e.index(k));
            place.push_back(e.add(e.mul(at[i + 2], e.index(op.getStrides()[i])),
                                  e.index(k * op.getDilations()[i])));
          }
          Value part = s.mul(s.load(e.extract(in.getW(), weight)),
                             s.load(e.extract(x, place)));
          sum = sum ? s.add(sum, part) : part;
        }
        if (hasBias)
          sum = s.add(sum, s.load(e.extract(in.getB(), at[1])));
        return s.store(sum);
      });
}

static FailureOr<Value> lowerConv(Emitter &e, onnx::ConvOp op,
                                  onnx::ConvOp::Adaptor in) {
  Scalars s(e, elementOf(op.getX()));
  ConvSizes sizes = sizesOf(e, op, in);
  if (auto taps = depthwiseTaps(op, sizes); !taps.empty())
    return lowerDepthwise(e, s, op, in, sizes, taps);
  Value rows = e.mul(sizes.batch, e.count(sizes.out));
  Value windows = e.reshape(windowsOf(e, s, op, in.getX(), sizes),
                            Values{sizes.group, rows, sizes.depth});
  Value weights =
      e.reshape(in.getW(), Values{sizes.group, sizes.outer, sizes.depth});
  Value product = contract(e, s, windows, /*transposeA=*/false, weights,
                           /*transposeB=*/true);
  product = e.reshape(product, sizes.rows(sizes.outer));
  Values dims = {sizes.batch, sizes.group, sizes.outer};
  dims.append(sizes.out);
  bool hasBias = !onnx::isAbsent(op.getB());
  Type element = e.resultType().getElementType();
  Value result = e.generate(dims, element, [&](ValueRange at) {
    Values place = {at[1], at[0]};
    place.append(at.begin() + 3, at.end());
    place.push_back(at[2]);
    Value sum = e.extract(product, place);
    if (hasBias) {
      Value channel = e.add(e.mul(at[1], sizes.outer), at[2]);
      sum = s.add(sum, s.load(e.extract(in.getB(), channel)));
    }
    return s.store(sum);
  });
  Values joined = {sizes.batch, e.mul(sizes.group, sizes.outer)};
  joined.append(sizes.out);
  return e.reshape(result, e.settle(joined, e.resultType()));
}

static FailureOr<Value> lowerFitsWindow(Emitter &e, onnx::FitsWindowOp op,
                                        onnx::FitsWindowOp::Adaptor in) {
  Values dims = e.dims(in.getX());
  for (auto [axis, span] : llvm::zip(op.getAxes(), op.getSpans()))
    checkRoom(e, e.index(span), dims[*onnx::normaliseAxis(axis, dims.size())]);
  return in.getX();
}

void skim::lowering::addConvLowerings(Family &family) {
  family.add<onnx::ConvOp>(lowerConv);
  family.add<onnx::FitsWindowOp>(lowerFitsWindow);
}
