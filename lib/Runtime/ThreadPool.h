//===- ThreadPool.h - the process's threads -------------------------------===//
// One pool, the only global state there is: started when first needed, shared
// by all runs, asleep between them.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_RUNTIME_THREADPOOL_H
#define SKIM_LIB_RUNTIME_THREADPOOL_H

#include "skim/Runtime/CompiledABI.h"

namespace skim::rt {

/// Most threads that a run may have.
constexpr int32_t kMaxThreads = 1024;

/// The pool of this program (or, in a library used alone, of that library).
const skim_host *processHost();

/// Threads that the pool has started and not lost to a fork.
int32_t startedThreads();

} // namespace skim::rt

#endif // SKIM_LIB_RUNTIME_THREADPOOL_H
