//===- Gather.cpp - rows by an index in Halide ----------------------------===//
//
// What is computed
//
//   out[t] = x[index[t]]
//
// How it is scheduled
//
//   for each row, four vectors at a time. Nothing is used twice, so the time is
//   that of the memory.
//
// Measured by bench/kernels on an Emerald Rapids core of a virtual machine: 128
// of 256 rows of 768 take 13 us, 59 GB/s read and written in L2.
//===----------------------------------------------------------------------===//

#include "Generate.h"

using namespace Halide;
using namespace skim::halide;

bool skim::halide::makeGather(const Machine &machine, const Gather &spec,
                              const std::string &name, Code &code,
                              std::string &error) {
  return guarded(error, [&] {
    ImageParam x(Float(32), 2, "x"), index(Int(32), 1, "index");
    Param<int> rows("rows");
    Var c("c"), t("t");
    Func out("out");
    out(c, t) = x(c, anyRow(index(t), x));
    int width = int(spec.width), lanes = machine.vectorWidth;
    out.vectorize(c, lanes, tailOf(width, lanes));
    if (width % (4 * lanes) == 0)
      out.unroll(c, 4);

    for (OutputImageParam buffer : {OutputImageParam(x), out.output_buffer()}) {
      buffer.dim(0).set_bounds(0, width);
      buffer.dim(1).set_min(0).set_stride(width);
    }
    index.dim(0).set_min(0);
    out.output_buffer().dim(1).set_bounds(0, rows);

    // An index may name any row.
    Size count = {0, 2}, most = {INT32_MAX};
    code.arguments = {{true, true, 32, {{{width}, {1}}, {most, {width}}}},
                      {true, false, 32, {{count, {1}}}},
                      {},
                      {true, true, 32, {{{width}, {1}}, {count, {width}}}}};
    code.bitcode = generate(machine, {out}, {x, index, rows}, name);
  });
}
