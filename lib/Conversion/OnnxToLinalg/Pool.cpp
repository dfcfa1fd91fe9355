//===- Pool.cpp - MaxPool and AveragePool ---------------------------------===//
// A window's numbers are those of shifted inputs: neighbours in the last
// dimension of the result are found a stride apart.
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "Windows.h"

using namespace mlir;
using namespace skim;
using namespace skim::lowering;

namespace {
/// The windows of a pool over one spatial dimension.
struct PooledAxis {
  int64_t kernel, stride, dilation, begin, end;
  Value size, count;
  /// What windows reach into, pads and all.
  Value extent;
  /// Whether windows end behind the pads.
  bool isOpen;

  int64_t span() const { return (kernel - 1) * dilation + 1; }
};

/// A pool in the making.
template <typename PoolOp> class Pool {
public:
  Pool(Emitter &e, PoolOp op, typename PoolOp::Adaptor in)
      : e(e), op(op), s(e, elementOf(op.getX())), x(in.getX()) {
    Values dims = e.dims(x);
    for (size_t i = 0; i != op.getKernelShape().size(); ++i)
      axes.push_back(measure(i, dims[i + 2]));
  }
  FailureOr<Value> lower();

private:
  PooledAxis measure(size_t i, Value size);
  Value start();
  Value combine(Value all, Value element);
  Value finish(Value all, ValueRange at);
  Value countInside(const PooledAxis &axis, Value window);
  Value sumOfWindow(Value padded, ValueRange at);

  Emitter &e;
  PoolOp op;
  Scalars s;
  Value x;
  SmallVector<PooledAxis> axes;
};
} // namespace

template <typename PoolOp>
PooledAxis Pool<PoolOp>::measure(size_t i, Value size) {
  PooledAxis axis{op.getKernelShape()[i],
                  op.getStrides()[i],
                  op.getDilations()[i],
                  op.getPads()[i],
                  op.getPads()[op.getKernelShape().size() + i],
                  size,
                  {},
                  {},
                  op.getCeilMode() != 0};
  Value padded = e.add(size, e.index(axis.begin + axis.end));
  checkRoom(e, e.index(axis.span()), padded);
  Value room = e.max(e.sub(padded, e.index(axis.span())), e.index(0));
  Value stride = e.index(axis.stride);
  axis.extent = padded;
  if (!axis.isOpen) {
    axis.count = e.add(e.div(room, stride), e.index(1));
    return axis;
  }
  Value steps = e.div(e.add(room, e.index(axis.stride - 1)), stride);
  Value begins = e.compare(Pred::slt, e.mul(steps, stride),
                           e.add(size, e.index(axis.begin)));
  axis.count = e.add(steps, e.select(begins, e.index(1), e.index(0)));
  Value reached =
      e.add(e.mul(e.sub(axis.count, e.index(1)), stride), e.index(axis.span()));
  axis.extent = e.max(padded, reached);
  return axis;
}

template <typename PoolOp> Value Pool<PoolOp>::start() {
  return std::is_same_v<PoolOp, onnx::MaxPoolOp> ? s.lowest() : s.constant(0);
}

template <typename PoolOp>
Value Pool<PoolOp>::combine(Value all, Value element) {
  return std::is_same_v<PoolOp, onnx::MaxPoolOp> ? s.max(all, element)
                                                 : s.add(all, element);
}

/// How many of a window's elements count.
template <typename PoolOp>
Value Pool<PoolOp>::countInside(const PooledAxis &axis, Value window) {
  bool padsCount = true;
  if constexpr (std::is_same_v<PoolOp, onnx::AveragePoolOp>)
    padsCount = op.getCountIncludePad() != 0;
  int64_t begin = padsCount ? 0 : axis.begin;
  Value end =
      e.add(axis.size, e.index(padsCount ? axis.begin + axis.end : axis.begin));
  if (!axis.isOpen && (padsCount || (axis.begin == 0 && axis.end == 0)))
    return e.index(axis.kernel);
  Value first = e.mul(window, e.index(axis.stride));
  // How many lie before a place.
  auto before = [&](Value place) {
    Value room = e.max(e.sub(place, first), e.index(0));
    room =
        e.div(e.add(room, e.index(axis.dilation - 1)), e.index(axis.dilation));
    return e.min(room, e.index(axis.kernel));
  };
  return e.sub(before(end), before(e.index(begin)));
}

template <typename PoolOp>
Value Pool<PoolOp>::finish(Value all, ValueRange at) {
  if constexpr (std::is_same_v<PoolOp, onnx::MaxPoolOp>)
    return all;
  Value count = e.index(1);
  for (auto [i, axis] : llvm::enumerate(axes))
    count = e.mul(count, countInside(axis, at[i + 2]));
  Scalars integers(e, e.b.getI64Type());
  return s.div(all, integers.castTo(e.fromIndex(count, e.b.getI64Type()), s));
}

/// All elements of a window together.
template <typename PoolOp>
Value Pool<PoolOp>::sumOfWindow(Value padded, ValueRange at) {
  auto elementAt = [&](ValueRange tap) {
    Values place = {at[0], at[1]};
    for (auto [i, axis] : llvm::enumerate(axes))
      place.push_back(e.add(e.mul(at[i + 2], e.index(axis.stride)),
                            e.mul(tap[i], e.index(axis.dilation))));
    return s.load(e.extract(padded, place));
  };
  if (auto taps = windowTaps(op.getKernelShape()); !taps.empty()) {
    Value all;
    for (ArrayRef<int64_t> tap : taps) {
      Values indices;
      for (int64_t k : tap)
        indices.push_back(e.index(k));
      Value element = elementAt(indices);
      all = all ? combine(all, element) : element;
    }
    return all;
  }
  Values counts;
  for (const PooledAxis &axis : axes)
    counts.push_back(e.index(axis.kernel));
  return e.loop(counts, start(), [&](ValueRange tap, ValueRange carried) {
    return Values{combine(carried.front(), elementAt(tap))};
  })[0];
}

template <typename PoolOp> FailureOr<Value> Pool<PoolOp>::lower() {
  Values dims = e.dims(x), out = {dims[0], dims[1]}, extents;
  SmallVector<int64_t> begins;
  bool isPadded = false;
  for (const PooledAxis &axis : axes) {
    out.push_back(axis.count);
    extents.push_back(axis.extent);
    begins.push_back(axis.begin);
    isPadded |= axis.isOpen || axis.begin != 0 || axis.end != 0;
  }
  Value padded = isPadded ? surround(e, s, x, begins, extents, start()) : x;
  return e.generate(e.settle(out, e.resultType()), s.stored,
                    [&](ValueRange at) {
                      return s.store(finish(sumOfWindow(padded, at), at));
                    });
}

template <typename PoolOp> static void addPool(Family &family) {
  family.add<PoolOp>([](Emitter &e, PoolOp op, typename PoolOp::Adaptor in) {
    return Pool<PoolOp>(e, op, in).lower();
  });
}

void skim::lowering::addPoolLowerings(Family &family) {
  addPool<onnx::AveragePoolOp>(family);
  addPool<onnx::MaxPoolOp>(family);
}
