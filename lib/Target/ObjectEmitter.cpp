//===- ObjectEmitter.cpp - LLVM IR to machine code ------------------------===//
// The new pass manager for the optimiser, the legacy one for the code generator
// as LLVM 22 still has it.
//===----------------------------------------------------------------------===//

#include "skim/Target/ObjectEmitter.h"

#include "llvm/IR/LegacyPassManager.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace skim;

void skim::setTarget(Module &module, const CpuTarget &target,
                     TargetMachine &machine) {
  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
  std::string width = std::to_string(target.vectorBits);
  for (Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", target.cpu);
    function.addFnAttr("tune-cpu", target.tuneCpu);
    if (!target.features.empty())
      function.addFnAttr("target-features", target.features);
    function.addFnAttr("prefer-vector-width", width);
    function.addFnAttr("min-legal-vector-width", width);
    function.setDoesNotThrow();
  }
}

void skim::optimizeModule(Module &module, TargetMachine &machine) {
  PipelineTuningOptions tuning;
  tuning.LoopVectorization = true;
  tuning.SLPVectorization = true;
  // Kernels come unrolled as they are meant to be; LLVM's own unrolling leaves
  // their inner loops as they are and takes a third of its time.
  tuning.LoopUnrolling = false;
  PassBuilder builder(&machine, tuning);
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager sccs;
  ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(sccs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, sccs, modules);
  builder.buildPerModuleDefaultPipeline(OptimizationLevel::O3)
      .run(module, modules);
}

static Error emit(Module &module, TargetMachine &machine,
                  SmallVectorImpl<char> &bytes, CodeGenFileType type) {
  raw_svector_ostream stream(bytes);
  legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, type))
    return createStringError("the code generator for " +
                             machine.getTargetTriple().str() +
                             " cannot write this kind of file");
  passes.run(module);
  return Error::success();
}

Error skim::emitAssembly(Module &module, TargetMachine &machine,
                         SmallVectorImpl<char> &text) {
  return emit(module, machine, text, CodeGenFileType::AssemblyFile);
}

Error skim::emitObject(Module &module, TargetMachine &machine,
                       SmallVectorImpl<char> &object) {
  return emit(module, machine, object, CodeGenFileType::ObjectFile);
}
