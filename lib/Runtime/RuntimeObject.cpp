//===- RuntimeObject.cpp - the runtime as one object ----------------------===//
// What skim-opt links into every library, compiled as one translation unit so
// that it is one object file. Needs libc and libm only.
//===----------------------------------------------------------------------===//

#include "Arena.cpp"
#include "Bfloat16.cpp"
#include "Call.cpp"
#include "CpuFeatures.cpp"
#include "Cpus.cpp"
#include "Dtypes.cpp"
#include "Exit.cpp"
#include "Hold.cpp"
#include "Inputs.cpp"
#include "MicroBatches.cpp"
#include "Outputs.cpp"
#include "Pack.cpp"
#include "Parallel.cpp"
#include "Prune.cpp"
#include "SkipBlocks.cpp"
#include "Statistics.cpp"
#include "Table.cpp"
#include "Text.cpp"
#include "ThreadPool.cpp"
#include "Trace.cpp"
