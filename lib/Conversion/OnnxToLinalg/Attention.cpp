//===- Attention.cpp - the Attention op -----------------------------------===//
// Scores, bias from masks, softmax and the sum of values, step by step over
// whole tensors: the exact meaning of the op, not a fast kernel.
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "Reductions.h"

using namespace mlir;
using namespace skim;
using namespace skim::lowering;

namespace {
/// The lowering of one node. Heads lie apart in everything that it makes:
/// [batch, head, sequence, size].
class AttentionLowering {
public:
  AttentionLowering(Emitter &e, onnx::AttentionOp op,
                    onnx::AttentionOp::Adaptor in)
      : e(e), op(op), in(in), s(e, elementOf(op.getQ())),
        keyType(e, elementOf(op.getK())), valueType(e, elementOf(op.getV())) {}

  FailureOr<Values> run();

private:
  /// A tensor [batch, sequence, heads x size] with its heads apart.
  FailureOr<Value> splitHeads(Value tensor, std::optional<int64_t> heads);
  /// `past` and then `next` along the sequence.
  Value append(Value past, Value next);
  void checkShapes();
  Value scores();
  /// What masks add to the score at `at`: 0, -inf or the mask's number.
  Value biasAt(ValueRange at);
  Value maskAt(ValueRange at);
  bool hasBias();
  int64_t leftWindow() { return op.getLeftWindowSize(); }
  int64_t rightWindow() { return op.getRightWindowSize(); }
  Value probabilities(Value biased);
  Value weightedSum(Value probabilities);
  Value asOutput(Value tensor, unsigned result);

  Emitter &e;
  onnx::AttentionOp op;
  onnx::AttentionOp::Adaptor in;
  Scalars s, keyType, valueType;
  Value query, key, value;
  Values scoreDims; // [batch, heads, queries, keys]
  Value group;      // Query heads for each key head.
  Value offset;     // Keys before the first query; null: by sequence.
};
} // namespace

FailureOr<Value> AttentionLowering::splitHeads(Value tensor,
                                               std::optional<int64_t> heads) {
  Values dims = e.dims(tensor);
  if (dims.size() == 4)
    return tensor;
  if (dims.size() != 3 || !heads || *heads <= 0)
    return e.fail("expected operands of rank 4, or of rank 3 and head counts");
  Value count = e.index(*heads), size = e.div(dims[2], count);
  e.check(e.compare(Pred::eq, e.mul(size, count), dims[2]),
          "expected a width that {1} heads share, got {0}", {dims[2], count});
  Type element = cast<RankedTensorType>(tensor.getType()).getElementType();
  return e.generate({dims[0], count, dims[1], size}, element,
                    [&](ValueRange at) {
                      Value column = e.add(e.mul(at[1], size), at[3]);
                      return e.extract(tensor, {at[0], at[2], column});
                    });
}

Value AttentionLowering::append(Value past, Value next) {
  if (isa<NoneType>(past.getType()))
    return next;
  Values before = e.dims(past), dims = e.dims(next);
  for (int i : {0, 1, 3})
    e.check(e.compare(Pred::eq, before[i], dims[i]),
            "expected a past with a dimension of {0}, got {1}",
            {dims[i], before[i]});
  Type element = cast<RankedTensorType>(next.getType()).getElementType();
  dims[2] = e.add(before[2], dims[2]);
  return e.generate(dims, element, [&](ValueRange at) {
    Values shifted = llvm::to_vector(at);
    shifted[2] = e.sub(at[2], before[2]);
    return e.ifElse(
        element, e.compare(Pred::slt, at[2], before[2]),
        [&] { return Values{e.extract(past, at)}; },
        [&] { return Values{e.extract(next, shifted)}; })[0];
  });
}

/// That everything read later lies inside of its tensor.
void AttentionLowering::checkShapes() {
  Values q = e.dims(query), k = e.dims(key), v = e.dims(value);
  auto equal = [&](Value x, Value y, const Twine &what) {
    e.check(e.compare(Pred::eq, x, y),
            "expected equal " + what + ", got {0} and {1}", {x, y});
  };
  equal(q[0], k[0], "batches of query and key");
  equal(q[0], v[0], "batches of query and value");
  equal(q[3], k[3], "head sizes of query and key");
  equal(k[1], v[1], "numbers of heads of key and value");
  equal(k[2], v[2], "lengths of key and value");
  group = e.div(q[1], e.max(k[1], e.index(1)));
  equal(e.mul(group, k[1]), q[1], "multiples of the key's heads");
  scoreDims = {q[0], q[1], q[2], k[2]};
}

Value AttentionLowering::scores() {
  Value size = e.dim(query, 3);
  Value scale;
  if (op.getScale()) {
    scale = s.constant(op.getScale()->convertToDouble());
  } else {
    Scalars whole(e, e.b.getI64Type());
    Value number = whole.castTo(e.fromIndex(size, whole.stored), s);
    scale = s.div(s.constant(1), s.sqrt(number));
  }
  return e.generate(scoreDims, s.computed, [&](ValueRange at) {
    Value head = e.div(at[1], group);
    Value dot = e.loop(size, s.constant(0), [&](ValueRange i, ValueRange so) {
      Value q = s.load(e.extract(query, {at[0], at[1], at[2], i[0]}));
      Value k = keyType.load(e.extract(key, {at[0], head, at[3], i[0]}));
      return Values{math::FmaOp::create(e.b, e.loc, q, k, so[0])};
    })[0];
    return s.mul(dot, scale);
  });
}

bool AttentionLowering::hasBias() {
  return !onnx::isAbsent(op.getAttnMask()) || op.getIsCausal() ||
         leftWindow() >= 0 || rightWindow() >= 0 ||
         !onnx::isAbsent(op.getNonpadKvSeqlen());
}

/// Keys beyond the mask's last dimension are masked.
Value AttentionLowering::maskAt(ValueRange at) {
  Value mask = in.getAttnMask();
  Scalars m(e, elementOf(op.getAttnMask()));
  Value width = e.dims(mask).back(), none = s.lowest();
  Value inside = e.compare(Pred::slt, at[3], width);
  Values dims = scoreDims;
  dims[3] = width;
  return e.ifElse(
      s.computed, inside,
      [&] {
        Value x = e.readBroadcast(mask, dims, at);
        if (m.stored.isInteger(1))
          return Values{e.select(x, s.constant(0), none)};
        return Values{m.castTo(m.load(x), s)};
      },
      [&] { return Values{none}; })[0];
}

Value AttentionLowering::biasAt(ValueRange at) {
  Value bias = s.constant(0), none = s.lowest();
  if (!onnx::isAbsent(op.getAttnMask()))
    bias = maskAt(at);
  Value valid, first = offset;
  if (!onnx::isAbsent(op.getNonpadKvSeqlen()))
    valid = e.toIndex(e.extract(in.getNonpadKvSeqlen(), at[0]));
  if (!first)
    first = e.sub(valid, scoreDims[2]);
  Value allowed = e.boolean(true), place = e.add(at[2], first);
  Value behind = e.sub(place, at[3]);
  if (op.getIsCausal())
    allowed = e.both(allowed, e.compare(Pred::sge, behind, e.index(0)));
  if (leftWindow() >= 0)
    allowed =
        e.both(allowed, e.compare(Pred::sle, behind, e.index(leftWindow())));
  if (rightWindow() >= 0)
    allowed =
        e.both(allowed, e.compare(Pred::sge, behind, e.index(-rightWindow())));
  if (valid)
    allowed = e.both(allowed, e.compare(Pred::slt, at[3], valid));
  return e.select(allowed, bias, none);
}

/// Softmax over the keys; a row without any allowed key gives zeros.
Value AttentionLowering::probabilities(Value biased) {
  Scalars real(e, s.computed);
  auto type = cast<RankedTensorType>(biased.getType());
  AxisFlags axes = staticAxes(e, 4, 3);
  Values rows = scoreDims;
  rows[3] = e.index(1);
  Value zero = s.constant(0), none = s.lowest();
  auto largest = [&](function_ref<Value(ValueRange)> read) {
    return e.generate(rows, s.computed, [&](ValueRange at) {
      return e.loop(scoreDims[3], s.lowest(), [&](ValueRange i, ValueRange so) {
        return Values{s.max(so[0], read({at[0], at[1], at[2], i[0]}))};
      })[0];
    });
  };
  Value best = largest([&](ValueRange at) { return e.extract(biased, at); });
  Value open; // The largest bias: -inf where a row is masked as a whole.
  if (hasBias())
    open = largest([&](ValueRange at) { return biasAt(at); });
  Value powers = e.elementwise({biased, best}, type, [&](ValueRange x) {
    Value shift = e.select(s.equal(x[1], none), zero, x[1]);
    return s.exp(s.sub(x[0], shift));
  });
  Value sums =
      foldAxes(e, real, powers, axes, /*keep=*/true, 4, s.computed,
               {[&] { return s.constant(0); },
                [&](Value sum, Value x) { return s.add(sum, x); },
                [&](Value sum, Value) {
                  return e.select(s.equal(sum, zero), s.constant(1), sum);
                }});
  Values operands = {powers, sums};
  if (open)
    operands.push_back(open);
  return e.elementwise(operands, type, [&](ValueRange x) {
    Value p = s.div(x[0], x[1]);
    return open ? e.select(s.equal(x[2], none), zero, p) : p;
  });
}

Value AttentionLowering::weightedSum(Value p) {
  Value size = e.dim(value, 3), heads = scoreDims[1];
  bool flat = e.resultType(0).getRank() == 3;
  Values dims = flat ? Values{scoreDims[0], scoreDims[2], e.mul(heads, size)}
                     : Values{scoreDims[0], heads, scoreDims[2], size};
  return e.generate(
      e.settle(dims, e.resultType(0)), s.stored, [&](ValueRange at) {
        Value head = flat ? e.div(at[2], size) : at[1];
        Value row = flat ? at[1] : at[2];
        Value d = flat ? e.rem(at[2], size) : at[3];
        Value kept = e.div(head, group);
        return s.store(e.loop(
            scoreDims[3], s.constant(0), [&](ValueRange i, ValueRange so) {
              Value weight = e.extract(p, {at[0], head, row, i[0]});
              Value v =
                  valueType.load(e.extract(value, {at[0], kept, i[0], d}));
              return Values{math::FmaOp::create(e.b, e.loc, weight, v, so[0])};
            })[0]);
      });
}

Value AttentionLowering::asOutput(Value tensor, unsigned result) {
  Scalars real(e, s.computed), to(e, elementOf(op->getResult(result)));
  return e.elementwise(tensor, e.resultType(result), [&](ValueRange x) {
    return to.store(real.castTo(x[0], to));
  });
}

FailureOr<Values> AttentionLowering::run() {
  if (keyType.computed != s.computed || valueType.computed != s.computed)
    return e.fail("expected query, key and value of one precision");
  FailureOr<Value> q = splitHeads(in.getQ(), op.getQNumHeads());
  FailureOr<Value> k = splitHeads(in.getK(), op.getKvNumHeads());
  FailureOr<Value> v = splitHeads(in.getV(), op.getKvNumHeads());
  if (failed(q) || failed(k) || failed(v))
    return failure();
  query = *q;
  key = append(in.getPastKey(), *k);
  value = append(in.getPastValue(), *v);
  checkShapes();
  if (!onnx::isAbsent(op.getPastKey()))
    offset = e.dim(in.getPastKey(), 2);
  else if (onnx::isAbsent(op.getNonpadKvSeqlen()))
    offset = e.index(0);
  if (!onnx::isAbsent(op.getAttnMask())) {
    Values dims = scoreDims;
    dims[3] = e.dims(in.getAttnMask()).back();
    e.checkBroadcast(in.getAttnMask(), dims);
  }

  Value raw = scores();
  auto type = cast<RankedTensorType>(raw.getType());
  Value capped = raw;
  double cap = op.getSoftcap().convertToDouble();
  if (cap > 0)
    capped = e.elementwise(raw, type, [&](ValueRange x) {
      Value limit = s.constant(cap);
      return s.mul(limit, s.tanh(s.div(x[0], limit)));
    });
  Value biased = capped;
  if (hasBias())
    biased = e.generate(scoreDims, s.computed, [&](ValueRange at) {
      return s.add(e.extract(capped, at), biasAt(at));
    });
  Value p = probabilities(biased);

  Values results(4);
  results[0] = weightedSum(p);
  if (!onnx::isAbsent(op.getPresentKey()))
    results[1] = key;
  if (!onnx::isAbsent(op.getPresentValue()))
    results[2] = value;
  if (!onnx::isAbsent(op.getQkMatmulOutput())) {
    Value kept[] = {raw, capped, biased, p};
    if (op.getQkMatmulOutputMode() > 3)
      return e.fail("expected qk_matmul_output_mode in 0 .. 3");
    results[3] = asOutput(kept[op.getQkMatmulOutputMode()], 3);
  }
  return results;
}

void skim::lowering::addAttentionLowerings(Family &family) {
  family.add<onnx::AttentionOp>(
      [](Emitter &e, onnx::AttentionOp op, onnx::AttentionOp::Adaptor in) {
        return AttentionLowering(e, op, in).run();
      });
}
