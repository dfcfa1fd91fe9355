//===- KernelHarness.cpp - runs single kernels ----------------------------===//
// Lowers kernels through MLIR's own conversions and compiles them in memory.
//===----------------------------------------------------------------------===//

#include "KernelHarness.h"

#include "Cpus.h"
#include "InstructionEmulator.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/Passes.h"
#include "skim/Codegen/HalideKernels.h"
#include "skim/Conversion/KernelsToLLVM/Passes.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"
#include "skim/Target/ObjectEmitter.h"
#include "skim/Target/Translate.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Transforms/Instrumentation/AddressSanitizer.h"
#include <cmath>

using namespace mlir;
using namespace skim;
using namespace skim::test;

static Report lastReport;

static void noteReport(int64_t a, int64_t b) {
  ++lastReport.count;
  lastReport.a = a;
  lastReport.b = b;
}

Report skim::test::takeReport() { return std::exchange(lastReport, {}); }

void skim::test::randomize(Floats &array, std::mt19937 &random, float scale) {
  std::normal_distribution<float> normal(0, scale);
  for (int64_t i = 0; i != array.size(); ++i)
    array[i] = normal(random);
}

Floats skim::test::packWeight(const Floats &weight, int64_t tile) {
  int64_t k = weight.shape[0], n = weight.shape[1];
  int64_t tiles = (n + tile - 1) / tile;
  Floats packed({tiles, k, tile});
  for (int64_t i = 0; i != k; ++i)
    for (int64_t j = 0; j != n; ++j)
      packed[(j / tile * k + i) * tile + j % tile] = weight[i * n + j];
  return packed;
}

Floats skim::test::padVector(const Floats &vector, int64_t tile) {
  Floats padded({(vector.size() + tile - 1) / tile * tile});
  std::copy_n(vector.data(), vector.size(), padded.data());
  return padded;
}

bool skim::test::hasHalide() { return !errorToBool(openHalide()); }

float skim::test::roundToBf16(float x) {
  if (std::isnan(x))
    return fromBits((bitsOf(x) | 0x400000) & 0xffff0000);
  uint32_t bits = bitsOf(x), low = bits & 0xffff, kept = bits - low;
  bool up = low > 0x8000 || (low == 0x8000 && (kept & 0x10000));
  return fromBits(kept + (up ? 0x10000 : 0));
}

static bool canRun(const CpuTarget &cpu) {
  return cpu.isHost && llvm::all_of(cpu.required, [](auto &feature) {
           return rt::hasCpuFeature(feature.c_str()) ||
                  emulatesCpuFeature(feature);
         });
}
bool skim::test::canRun(llvm::StringRef cpu) {
  return ::canRun(llvm::cantFail(resolveCpuTarget(cpu)));
}

Kernels::Kernels(llvm::StringRef name, llvm::StringRef triple, bool halide) {
  if (const char *other = std::getenv("SKIM_TEST_CPU");
      other && name == "native")
    name = other;
  DialectRegistry registry;
  registry.insert<SkimDialect, arith::ArithDialect, func::FuncDialect,
                  math::MathDialect, memref::MemRefDialect, scf::SCFDialect,
                  vector::VectorDialect, LLVM::LLVMDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  context =
      std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  context->loadAllAvailableDialects();
  module = ModuleOp::create(UnknownLoc::get(context.get()));
  cpu = llvm::cantFail(resolveCpuTarget(name, triple));
  info = TargetInfo::get(cpu);
  kernelEmitter = createCpuKernelEmitter(*module, info);
  if (halide)
    kernelEmitter =
        createHalideKernelEmitter(*module, info, std::move(kernelEmitter));
}

Kernels::~Kernels() = default;

std::string Kernels::add(func::FuncOp function) {
  if (failed(verify(*module)))
    llvm::report_fatal_error("a kernel is not valid");
  function.setPublic();
  function->setAttr("llvm.emit_c_interface", UnitAttr::get(context.get()));
  return function.getName().str();
}

/// skim.report becomes a call of `noteReport`.
static void lowerReports(ModuleOp module) {
  OpBuilder builder(module.getContext());
  SmallVector<ReportOp> reports;
  module.walk([&](ReportOp op) { reports.push_back(op); });
  if (reports.empty())
    return;
  builder.setInsertionPointToEnd(module.getBody());
  Type index = builder.getIndexType();
  auto callee = func::FuncOp::create(
      builder, module.getLoc(), "note_report",
      builder.getFunctionType({index, index}, TypeRange()));
  callee.setPrivate();
  for (ReportOp op : reports) {
    builder.setInsertionPoint(op);
    func::CallOp::create(builder, op.getLoc(), callee, op.getValues());
    op.erase();
  }
}

std::unique_ptr<llvm::Module> Kernels::translate(llvm::LLVMContext &llvm) {
  lowerReports(*module);
  PassManager pm(context.get());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createExpandMathPass({cpu.name, cpu.triple}));
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  if (failed(pm.run(*module)))
    llvm::report_fatal_error("kernels do not lower");
  auto result = translateModuleToLLVMIR(*module, llvm);
  if (!result || failed(linkBitcode(*module, *result)))
    llvm::report_fatal_error("kernels do not link");
  auto machine = llvm::cantFail(createTargetMachine(cpu));
  setTarget(*result, cpu, *machine);
  optimizeModule(*result, *machine);
  return result;
}

#if __has_feature(address_sanitizer)
/// Has the kernels check what they read and write, as the tests' own code does.
static void instrument(llvm::Module &module) {
  for (llvm::Function &function : module)
    if (!function.isDeclaration())
      function.addFnAttr(llvm::Attribute::SanitizeAddress);
  llvm::PassBuilder builder;
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager sccs;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(sccs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, sccs, modules);
  llvm::ModulePassManager passes;
  passes.addPass(llvm::AddressSanitizerPass(llvm::AddressSanitizerOptions()));
  passes.run(module, modules);
}
#else
static void instrument(llvm::Module &) {}
#endif

void Kernels::compile() {
  if (!::canRun(cpu))
    llvm::report_fatal_error("kernels for a processor that is not here");
  auto llvm = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> code = translate(*llvm);
  instrument(*code);
  llvm::orc::JITTargetMachineBuilder builder{llvm::Triple(cpu.triple)};
  builder.setCPU(cpu.cpu);
  for (llvm::StringRef feature : llvm::split(cpu.features, ','))
    if (!feature.empty())
      builder.getFeatures().AddFeature(feature.drop_front(),
                                       feature.front() == '+');
  jit = llvm::cantFail(
      llvm::orc::LLJITBuilder().setJITTargetMachineBuilder(builder).create());
  llvm::orc::MangleAndInterner mangle(jit->getExecutionSession(),
                                      jit->getDataLayout());
  llvm::cantFail(jit->getMainJITDylib().define(llvm::orc::absoluteSymbols(
      {{mangle("note_report"),
        {llvm::orc::ExecutorAddr::fromPtr(&noteReport),
         llvm::JITSymbolFlags::Exported}}})));
  llvm::cantFail(jit->addIRModule({std::move(code), std::move(llvm)}));
}

std::string Kernels::assembly() {
  llvm::LLVMContext llvm;
  std::unique_ptr<llvm::Module> code = translate(llvm);
  auto machine = llvm::cantFail(createTargetMachine(cpu));
  llvm::SmallString<0> text;
  llvm::raw_svector_ostream stream(text);
  llvm::legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, stream, nullptr,
                                   llvm::CodeGenFileType::AssemblyFile))
    llvm::report_fatal_error("no assembly for this target");
  passes.run(*code);
  return text.str().str();
}

void *Kernels::lookUp(const std::string &name) {
  void *&address = addresses[name];
  if (!address)
    address =
        llvm::cantFail(jit->lookup("_mlir_ciface_" + name)).toPtr<void *>();
  return address;
}

template <size_t> using Word = uintptr_t;

template <size_t... I>
static void invoke(void *function, const uintptr_t *words,
                   std::index_sequence<I...>) {
  reinterpret_cast<void (*)(Word<I>...)>(function)(words[I]...);
}

/// Calls with as many words as there are, up to the length of the sequence.
template <size_t... N>
static bool invokeAny(void *function, llvm::ArrayRef<uintptr_t> words,
                      std::index_sequence<N...>) {
  return (
      (words.size() == N &&
       (invoke(function, words.data(), std::make_index_sequence<N>()), true)) ||
      ...);
}

void Kernels::callWith(const std::string &name, int64_t begin, int64_t end,
                       const Arguments &arguments) {
  Descriptor<uint8_t> space = scratch.describe();
  std::vector<uintptr_t> words = arguments.get();
  words.insert(words.end(), {uintptr_t(begin), uintptr_t(end),
                             reinterpret_cast<uintptr_t>(&space)});
  if (!invokeAny(lookUp(name), words, std::make_index_sequence<20>()))
    llvm::report_fatal_error("too many arguments");
}

/// The constant that launch code folds to.
static int64_t fold(Value value) {
  IntegerAttr constant;
  if (!matchPattern(value, m_Constant(&constant)))
    llvm::report_fatal_error("launch code does not fold");
  return constant.getInt();
}

int64_t
Kernels::prepare(llvm::function_ref<Launch(OpBuilder &, Location)> make) {
  OpBuilder builder(context.get());
  auto holder = ModuleOp::create(builder, builder.getUnknownLoc());
  builder.setInsertionPointToStart(holder.getBody());
  Launch launch = make(builder, holder.getLoc());
  int64_t tasks = fold(launch.tasks), bytes = fold(launch.scratchBytes);
  // NaN as floats: nothing may come of what a task before has left.
  if (bytes > scratch.size())
    scratch = Array<uint8_t>({bytes}, 0xFF);
  holder->erase();
  return tasks;
}

int64_t Kernels::gemmTasks(const GemmSpec &spec, int64_t rows) {
  return prepare([&](OpBuilder &builder, Location loc) {
    Value count = arith::ConstantIndexOp::create(builder, loc, rows);
    return kernelEmitter->launchGemm(builder, loc, spec, count);
  });
}

int64_t Kernels::matmulTasks(int64_t batch, int64_t rows, int64_t depth,
                             int64_t columns) {
  return prepare([&](OpBuilder &builder, Location loc) {
    auto index = [&](int64_t value) -> Value {
      return arith::ConstantIndexOp::create(builder, loc, value);
    };
    return kernelEmitter->launchMatmul(
        builder, loc,
        {index(batch), index(rows), index(depth), index(columns)});
  });
}

int64_t Kernels::attentionTasks(const AttentionSpec &spec, int64_t batch,
                                int64_t sequence) {
  return prepare([&](OpBuilder &builder, Location loc) {
    return kernelEmitter->launchAttention(
        builder, loc, spec, arith::ConstantIndexOp::create(builder, loc, batch),
        arith::ConstantIndexOp::create(builder, loc, sequence));
  });
}

void Kernels::reserveBlockScores(const BlockScoresSpec &spec) {
  prepare([&](OpBuilder &builder, Location loc) {
    Value blocks = arith::ConstantIndexOp::create(builder, loc, 1);
    return kernelEmitter->launchBlockScores(builder, loc, spec, blocks);
  });
}
