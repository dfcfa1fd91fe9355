//===- CpuTarget.cpp - the processor that code is made for ----------------===//
// x86-64 code may use the features of a fixed list only, each of which the
// runtime can test, so that a library refuses a machine that lacks one.
//===----------------------------------------------------------------------===//

#include "skim/Target/CpuTarget.h"

#include "../Runtime/Cpus.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"
#include <mutex>

using namespace llvm;
using namespace skim;

namespace {
/// A feature that generated code may use: LLVM's name and the name by which
/// the runtime tests for it.
struct Feature {
  const char *llvmName;
  const char *runtimeName;
};
} // namespace

static constexpr Feature x86Features[] = {
    {"sse3", "sse3"},
    {"ssse3", "ssse3"},
    {"sse4.1", "sse4.1"},
    {"sse4.2", "sse4.2"},
    {"popcnt", "popcnt"},
    {"avx", "avx"},
    {"f16c", "f16c"},
    {"avx2", "avx2"},
    {"fma", "fma"},
    {"bmi", "bmi"},
    {"bmi2", "bmi2"},
    {"avx512f", "avx512f"},
    {"avx512cd", "avx512cd"},
    {"avx512bw", "avx512bw"},
    {"avx512dq", "avx512dq"},
    {"avx512vl", "avx512vl"},
    {"avx512vnni", "avx512vnni"},
    {"avx512bf16", "avx512bf16"},
    {"avxvnni", "avxvnni"},
    {"amx-tile", "amx-tile"},
    {"amx-bf16", "amx-bf16"},
    {"amx-int8", "amx-int8"},
};

static void initializeTargets() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeX86AsmParser();
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64Target();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64AsmPrinter();
    LLVMInitializeAArch64AsmParser();
  });
}

/// Subtarget of `cpu`, or of no processor in particular where it is empty.
static std::unique_ptr<MCSubtargetInfo> makeSubtarget(const Triple &triple,
                                                      StringRef cpu) {
  std::string error;
  const llvm::Target *target = TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return nullptr;
  return std::unique_ptr<MCSubtargetInfo>(
      target->createMCSubtargetInfo(triple, cpu, ""));
}

static bool knowsCpu(const Triple &triple, StringRef cpu) {
  std::unique_ptr<MCSubtargetInfo> subtarget = makeSubtarget(triple, "");
  return subtarget && subtarget->isCPUStringValid(cpu);
}

static Error unknownCpu(StringRef cpu, const Triple &triple) {
  return createStringError(
      "--mcpu: unknown processor '" + cpu + "' for " + triple.getArchName() +
      ", expected native or a name as LLVM has it (x86-64, x86-64-v3, "
      "x86-64-v4, haswell, znver5, sapphirerapids, neoverse-n1, ...)");
}

static void fillX86(CpuTarget &target,
                    function_ref<bool(const Feature &)> has) {
  target.cpu = "x86-64";
  bool avx = false, avx512 = false;
  for (const Feature &feature : x86Features) {
    // Of use only where its form with 512 bits is not there.
    bool isBetter = avx512 && StringRef(feature.llvmName) == "avxvnni";
    if (!has(feature) || isBetter)
      continue;
    if (!target.features.empty())
      target.features += ',';
    target.features += std::string("+") + feature.llvmName;
    target.required.push_back(feature.runtimeName);
    avx |= StringRef(feature.llvmName) == "avx";
    avx512 |= StringRef(feature.llvmName) == "avx512f";
  }
  target.vectorBits = avx512 ? 512 : avx ? 256 : 128;
  // Some processors ask LLVM for 256-bit vectors, which halves the kernels.
  if (avx512)
    target.features += ",-prefer-256-bit,-prefer-128-bit";
  // Kernels have chains enough; LLVM would cut vpdpwssd in two for one alone.
  if (StringRef(target.features).contains("vnni"))
    target.features += ",+fast-dpwssd";
}

Expected<CpuTarget> skim::resolveCpuTarget(StringRef cpu, StringRef triple) {
  initializeTargets();
  Triple host(sys::getProcessTriple());
  Triple wanted(triple.empty() ? host.str() : Triple::normalize(triple));
  if (!wanted.isX86() && !wanted.isAArch64())
    return createStringError("--mtriple: expected an x86_64 or aarch64 triple, "
                             "got '" +
                             triple + "'");
  if (wanted.isX86() && !wanted.isArch64Bit())
    return createStringError("--mtriple: expected 64 bits, got '" + triple +
                             "'");

  bool foreign = wanted.getArch() != host.getArch();
  if (cpu == "native" && foreign)
    return createStringError("--mcpu: native means " + host.getArchName() +
                             ", but --mtriple is '" + triple + "'");
  bool native = cpu == "native" || (cpu.empty() && !foreign);

  Triple arm("aarch64-unknown-linux-gnu");
  std::string baseline = wanted.isX86() ? "x86-64" : "generic";
  StringRef name = cpu.empty() ? StringRef(baseline) : cpu;
  if (!native && !knowsCpu(wanted, name)) {
    if (!triple.empty() || !knowsCpu(arm, name))
      return unknownCpu(name, wanted);
    wanted = arm;
  }

  CpuTarget target;
  target.triple = wanted.str();
  target.isHost = wanted.getArch() == host.getArch() && wanted.isOSLinux();
  target.name = native ? sys::getHostCPUName().str() : name.str();
  target.tuneCpu = target.name;
  if (!wanted.isX86()) {
    target.cpu = target.name;
    return target;
  }
  if (native) {
    StringMap<bool> features = sys::getHostCPUFeatures();
    // What the runtime would refuse, such as AMX where the system does not
    // allow it, is not used.
    fillX86(target, [&](const Feature &feature) {
      return features.lookup(feature.llvmName) &&
             rt::hasCpuFeature(feature.runtimeName);
    });
    return target;
  }
  std::unique_ptr<MCSubtargetInfo> subtarget = makeSubtarget(wanted, name);
  fillX86(target, [&](const Feature &feature) {
    return subtarget->checkFeatures(std::string("+") + feature.llvmName);
  });
  return target;
}

Expected<std::unique_ptr<TargetMachine>>
skim::createTargetMachine(const CpuTarget &target) {
  initializeTargets();
  Triple triple(target.triple);
  std::string error;
  const llvm::Target *backend = TargetRegistry::lookupTarget(triple, error);
  if (!backend)
    return createStringError("no code generator for " + target.triple + ": " +
                             error);
  // Default options are strict: only explicit fused operations are fused.
  TargetOptions options;
  options.FunctionSections = true;
  options.DataSections = true;
  std::unique_ptr<TargetMachine> machine(backend->createTargetMachine(
      triple, target.cpu, target.features, options, Reloc::PIC_,
      CodeModel::Small, CodeGenOptLevel::Aggressive));
  if (!machine)
    return createStringError("no code generator for " + target.triple);
  return machine;
}
