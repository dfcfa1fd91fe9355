//===- BlockScores.cpp - scores of blocks of tokens -----------------------===//
//
// What is computed, for a block x of size s x s, one plane for each head: block
// c is the rows [firsts[c], firsts[c + 1]) of the diagonal, and zeros below
//
//   c1 = relu(conv1(x) + bias1)     3 x 3, padded by 1, heads to heads
//   p1 = means of c1 over 2 x 2
//   p2 = the same of p1 with conv2 and bias2
//   z = fc(p2, in the order plane, row, column) + bias3
//   out = exp(z[1]) / (exp(z[0]) + exp(z[1]))
//
// A sum of a convolution has one accumulator, input planes ascending, then rows
// and columns of the 3 x 3.
//
// How it is scheduled
//
//   task = a block
//     copy its planes into padded ones: zeros around, whole vectors in a row
//     for each convolution
//       for a register tile of rows, output planes in groups of as many as a
//       register tile has rows:
//         for each input plane, 9 taps:  a vector of the plane, shifted, times
//                                        one weight of each output plane
//     means of 2 x 2 of the planes, into the padded planes of the next one
//     dot products of the last planes with the two rows of fc
//
// Weights are read as they are: the nine of a pair of planes lie together, and
// those of an output plane are heads * 36 bytes, which L1 holds for a group.
// Lanes beyond a row's end compute what is not stored; sizes below two vectors
// take two rows at once for enough chains.
//
// Measured by bench/kernels on an Emerald Rapids core of a virtual machine, 12
// heads: 19%, 38%, 73%, 85% and 80% of the FMA peak for blocks of 4, 8, 16, 32
// and 64 tokens.
//===----------------------------------------------------------------------===//

#include "BlockScores.h"
#include "VectorMath.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace skim;

namespace {
/// Planes of one convolution: `size` x `size` numbers, in rows of whole vectors
/// and with a border of zeros on the way in.
struct Planes {
  Planes(const TargetInfo &target, int64_t heads, int64_t size)
      : heads(heads), size(size),
        width(llvm::alignTo(size, target.vectorWidth)),
        padded(width + target.vectorWidth) {}
  int64_t inputFloats() const { return heads * (size + 2) * padded; }
  int64_t outputFloats() const { return heads * size * width; }
  MemRefType inputType(KernelBuilder &b) const {
    return b.buffer({heads, size + 2, padded});
  }
  MemRefType outputType(KernelBuilder &b) const {
    return b.buffer({heads, size, width});
  }
  int64_t heads, size;
  int64_t width;  ///< of a row that is computed
  int64_t padded; ///< of a row that is read
};

/// Input of the two convolutions, output of both, and what fc reads, in this
/// order in scratch memory.
struct Places {
  Places(const TargetInfo &target, const BlockScoresSpec &spec)
      : first(target, spec.heads, spec.blockSize),
        second(target, spec.heads, spec.blockSize / 2),
        features(spec.heads * (spec.blockSize / 4) * (spec.blockSize / 4)) {
    auto place = [&](int64_t floats) {
      int64_t offset = total;
      total += llvm::alignTo(floats * 4, 64);
      return offset;
    };
    input1 = place(first.inputFloats());
    input2 = place(second.inputFloats());
    output = place(first.outputFloats());
    last = place(features);
  }
  Planes first, second;
  int64_t features;
  int64_t input1, input2, output, last, total = 0;
};

class BlockScoresKernel {
public:
  BlockScoresKernel(KernelBuilder &b, const BlockScoresSpec &spec)
      : b(b), spec(spec), places(b.target, spec) {}
  func::FuncOp emit(ModuleOp module);

private:
  void emitBlock(Value block);
  void copyBlock(Value block);
  void clear(Value planes, const Planes &shape);
  void emitConvolution(const Planes &shape, Value in, Value weights, Value bias,
                       Value out);
  void emitTile(const Planes &shape, Value in, Value weights, Value bias,
                Value out, Value plane, int64_t planes, Value row, Value column,
                int64_t rows, int64_t vectors);
  void emitMeans(const Planes &shape, Value in,
                 function_ref<Values(Value plane, Value row, Value column)> to,
                 Value out);
  Value dot(int64_t row);

  KernelBuilder &b;
  const BlockScoresSpec &spec;
  Places places;
  Value diagonal, firsts, conv1, bias1, conv2, bias2, fc, bias3, out;
  Value input1, input2, output1, output2, last;
};
} // namespace

func::FuncOp BlockScoresKernel::emit(ModuleOp module) {
  assert(spec.blockSize > 0 && spec.blockSize % 4 == 0 &&
         "two means of 2 x 2 need a multiple of 4");
  constexpr int64_t any = ShapedType::kDynamic;
  int64_t heads = spec.heads, size = spec.blockSize;
  Type weights = b.buffer({heads, heads, 3, 3}), bias = b.buffer({heads});
  func::FuncOp function = startKernel(
      b, module, spec.name(),
      {b.buffer({any, heads, size}), MemRefType::get({any}, b.getI32Type()),
       weights, bias, weights, bias, b.buffer({2, places.features}),
       b.buffer({2}), b.buffer({any})});
  auto *next = function.getArguments().begin();
  for (Value *argument :
       {&diagonal, &firsts, &conv1, &bias1, &conv2, &bias2, &fc, &bias3, &out})
    *argument = *next++;
  Value begin = *next++, end = *next++, scratch = *next++;
  auto view = [&](int64_t offset, MemRefType type) {
    return b.view(scratch, b.index(offset), type);
  };
  input1 = view(places.input1, places.first.inputType(b));
  input2 = view(places.input2, places.second.inputType(b));
  output1 = view(places.output, places.first.outputType(b));
  output2 = view(places.output, places.second.outputType(b));
  last = view(places.last, b.buffer({places.features}));
  // Nothing writes to the borders afterwards.
  clear(input1, places.first);
  clear(input2, places.second);
  b.loop(begin, end, 1, [&](Value block) { emitBlock(block); });
  finishKernel(b, function);
  return function;
}

void BlockScoresKernel::emitBlock(Value block) {
  copyBlock(block);
  emitConvolution(places.first, input1, conv1, bias1, output1);
  emitMeans(
      places.first, output1,
      [&](Value plane, Value row, Value column) {
        return Values{plane, b.add(row, 1), b.add(column, 1)};
      },
      input2);
  emitConvolution(places.second, input2, conv2, bias2, output2);
  int64_t quarter = spec.blockSize / 4;
  emitMeans(
      places.second, output2,
      [&](Value plane, Value row, Value column) {
        Value line = b.add(b.mul(plane, quarter), row);
        return Values{b.add(b.mul(line, quarter), column)};
      },
      last);
  // The probability of the second class is sigmoid(z[1] - z[0]).
  Value difference = b.subf(dot(1), dot(0));
  Value score = emitSigmoid(b, b.broadcast(difference));
  b.store(vector::ExtractOp::create(b, score, ArrayRef<int64_t>{0}), out,
          {block});
}

void BlockScoresKernel::clear(Value planes, const Planes &shape) {
  b.loop(b.index(0), b.index(shape.heads), 1, [&](Value plane) {
    b.loop(b.index(0), b.index(shape.size + 2), 1, [&](Value row) {
      b.forColumns(shape.padded, [&](Value column, int64_t) {
        b.storeVector(b.splat(0.0f), planes, {plane, row, column});
      });
    });
  });
}

void BlockScoresKernel::copyBlock(Value block) {
  Value first = b.toIndex(b.load(firsts, {block}));
  Value last = b.toIndex(b.load(firsts, {b.add(block, 1)}));
  Value rows = b.sub(last, first), size = b.index(spec.blockSize);
  b.loop(b.index(0), b.index(spec.heads), 1, [&](Value plane) {
    auto write = [&](Value begin, Value end, auto part) {
      b.loop(begin, end, 1, [&](Value row) {
        b.forColumns(spec.blockSize, [&](Value column, int64_t count) {
          b.storeVector(part(row, column, count), input1,
                        {plane, b.add(row, 1), b.add(column, 1)}, count);
        });
      });
    };
    write(b.index(0), rows, [&](Value row, Value column, int64_t count) {
      return b.loadVector(diagonal, {b.add(first, row), plane, column}, count);
    });
    write(rows, size, [&](Value, Value, int64_t) { return b.splat(0.0f); });
  });
}

void BlockScoresKernel::emitConvolution(const Planes &shape, Value in,
                                        Value weights, Value bias, Value out) {
  int64_t lanes = b.target.vectorWidth, perRow = shape.width / lanes;
  int64_t most = b.target.tileVectors(), group = b.target.tileRows;
  int64_t whole = shape.heads / group * group;
  // Output planes in groups, inside of a tile of positions.
  auto position = [&](Value row, Value column, int64_t rows, int64_t vectors) {
    auto tile = [&](Value plane, int64_t planes) {
      emitTile(shape, in, weights, bias, out, plane, planes, row, column, rows,
               vectors);
    };
    if (whole)
      b.loop(b.index(0), b.index(whole), group,
             [&](Value plane) { tile(plane, group); });
    if (whole != shape.heads)
      tile(b.index(whole), shape.heads - whole);
  };
  int64_t rows = perRow == 1 ? std::min(most, shape.size) : 1;
  int64_t vectors = std::min(most, perRow);
  b.loop(b.index(0), b.index(shape.size), rows, [&](Value row) {
    int64_t full = perRow / vectors * vectors;
    b.loop(b.index(0), b.index(full * lanes), vectors * lanes,
           [&](Value column) { position(row, column, rows, vectors); });
    if (full != perRow)
      position(row, b.index(full * lanes), rows, perRow - full);
  });
}

/// The sums of `planes` output planes at rows [row, row + rows), each `vectors`
/// vectors from `column` on.
void BlockScoresKernel::emitTile(const Planes &shape, Value in, Value weights,
                                 Value bias, Value out, Value plane,
                                 int64_t planes, Value row, Value column,
                                 int64_t rows, int64_t vectors) {
  int64_t lanes = b.target.vectorWidth, places = rows * vectors;
  auto lane = [&](int64_t v) { return b.add(column, v % vectors * lanes); };
  Values sums = b.reduce(
      b.index(0), b.index(shape.heads), 1,
      Values(planes * places, b.splat(0.0f)), [&](Value from, ValueRange in9) {
        Values next(in9);
        for (int64_t tap = 0; tap != 9; ++tap) {
          Values parts;
          for (int64_t v = 0; v != places; ++v)
            parts.push_back(
                b.loadVector(in, {from, b.add(row, v / vectors + tap / 3),
                                  b.add(lane(v), tap % 3)}));
          for (int64_t i = 0; i != planes; ++i) {
            Value weight = b.broadcast(
                b.load(weights, {b.add(plane, i), from, b.index(tap / 3),
                                 b.index(tap % 3)}));
            for (int64_t v = 0; v != places; ++v)
              next[i * places + v] =
                  b.fma(weight, parts[v], next[i * places + v]);
          }
        }
        return next;
      });
  for (int64_t i = 0; i != planes; ++i) {
    Value to = b.add(plane, i), added = b.broadcast(b.load(bias, {to}));
    for (int64_t v = 0; v != places; ++v) {
      Value sum = emitActivation(b, Activation::Relu,
                                 b.addf(sums[i * places + v], added));
      b.storeVector(sum, out, {to, b.add(row, v / vectors), lane(v)});
    }
  }
}

/// out[to(plane, row, column)] = mean of a square of 2 x 2 of in.
void BlockScoresKernel::emitMeans(
    const Planes &shape, Value in,
    function_ref<Values(Value plane, Value row, Value column)> to, Value out) {
  int64_t lanes = b.target.vectorWidth, half = shape.size / 2;
  SmallVector<int64_t> even, odd;
  for (int64_t i = 0; i != lanes; ++i) {
    even.push_back(2 * i);
    odd.push_back(2 * i + 1);
  }
  b.loop(b.index(0), b.index(shape.heads), 1, [&](Value plane) {
    b.loop(b.index(0), b.index(half), 1, [&](Value row) {
      Value first = b.mul(row, 2), second = b.add(first, 1);
      b.forColumns(half, [&](Value column, int64_t count) {
        Value at = b.mul(column, 2), after = b.add(at, lanes);
        auto columnSums = [&](Value at) {
          return b.addf(b.loadVector(in, {plane, first, at}),
                        b.loadVector(in, {plane, second, at}));
        };
        // Half a vector of means needs no second vector, which is not there.
        Value low = columnSums(at);
        Value high = 2 * count > lanes ? columnSums(after) : low;
        Value sum = b.addf(vector::ShuffleOp::create(b, low, high, even),
                           vector::ShuffleOp::create(b, low, high, odd));
        b.storeVector(b.mulf(sum, b.splat(0.25f)), out, to(plane, row, column),
                      count);
      });
    });
  });
}

/// z[row], in partial sums by lanes.
Value BlockScoresKernel::dot(int64_t row) {
  Value sum = b.reduceColumns(
      places.features, b.splat(0.0f),
      [&](Value column, int64_t count, ValueRange sum) {
        return Values{b.fma(b.loadVector(last, {column}, count),
                            b.loadVector(fc, {b.index(row), column}, count),
                            sum[0])};
      })[0];
  return b.addf(b.sumLanes(sum), b.load(bias3, {b.index(row)}));
}

int64_t BlockScoresSpec::flopsPerBlock() const {
  int64_t area = blockSize * blockSize, taps = 9 * heads * heads;
  return 2 * (taps * area + taps * area / 4 + 2 * heads * area / 16);
}

func::FuncOp skim::emitBlockScores(KernelBuilder &b, ModuleOp module,
                                   const BlockScoresSpec &spec) {
  return BlockScoresKernel(b, spec).emit(module);
}

Launch skim::launchBlockScores(KernelBuilder &b, const BlockScoresSpec &spec,
                               Value blocks) {
  return {blocks, b.index(1), b.index(Places(b.target, spec).total)};
}
