//===- CpuTarget.h - the processor that code is made for --------*- C++ -*-===//
// Turns what --mcpu and --mtriple say into LLVM's triple, features and tuning,
// and into the list of features that a library checks when it is loaded.
//===----------------------------------------------------------------------===//

#ifndef SKIM_TARGET_CPUTARGET_H
#define SKIM_TARGET_CPUTARGET_H

#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"
#include <memory>
#include <string>
#include <vector>

namespace skim {

struct CpuTarget {
  /// Name of the processor: the host's where "native" was asked for.
  std::string name;
  std::string triple;
  /// What LLVM selects instructions for: processor and feature string.
  std::string cpu;
  std::string features;
  /// Processor that scheduling is tuned for.
  std::string tuneCpu;
  /// Features that the machine needs, as __builtin_cpu_supports spells them.
  std::vector<std::string> required;
  /// Width of the widest vectors, in bits.
  unsigned vectorBits = 128;
  /// True where this machine's architecture can load the code.
  bool isHost = true;
};

/// Resolves `cpu` ("native", or a processor as LLVM names it; empty: native, or
/// generic where the triple is not the host's) for `triple` (empty: the host's,
/// or AArch64 Linux where only that architecture knows the name).
llvm::Expected<CpuTarget> resolveCpuTarget(llvm::StringRef cpu,
                                           llvm::StringRef triple = "");

/// Makes LLVM's code generator for position independent code of `target`.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createTargetMachine(const CpuTarget &target);

} // namespace skim

#endif // SKIM_TARGET_CPUTARGET_H
