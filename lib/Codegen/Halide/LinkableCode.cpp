//===- LinkableCode.cpp - Halide's bitcode made ready to link -------------===//
// Halide's LLVM is older than ours, which reads its bitcode. Products that may
// be contracted become fused multiply-adds, numbers are looked up by vectors,
// then every flag that would let the
// optimiser round otherwise goes, with all that names Halide's target.
//===----------------------------------------------------------------------===//

#include "LinkableCode.h"

#include "../CPU/GeluTables.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicsX86.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace skim;

static bool isMarked(Value *value) {
  auto *product = dyn_cast<Instruction>(value);
  return product && product->getOpcode() == Instruction::FMul &&
         product->hasAllowContract();
}

/// The fused form of a sum that `product` goes into, or null. Of two products
/// none is known to be the one that is rounded first.
static Value *fuse(IRBuilder<> &builder, Instruction &product, Value *user) {
  auto *sum = dyn_cast<BinaryOperator>(user);
  if (!sum ||
      (sum->getOpcode() != Instruction::FAdd &&
       sum->getOpcode() != Instruction::FSub) ||
      (isMarked(sum->getOperand(0)) && isMarked(sum->getOperand(1))))
    return nullptr;
  bool isFirst = sum->getOperand(0) == &product;
  bool isDifference = sum->getOpcode() == Instruction::FSub;
  builder.SetInsertPoint(sum);
  Value *x = product.getOperand(0), *y = product.getOperand(1);
  Value *z = sum->getOperand(isFirst ? 1 : 0);
  // LLVM writes a sum with a negative factor as a difference.
  if (isDifference && isFirst)
    z = builder.CreateFNeg(z);
  else if (isDifference)
    x = builder.CreateFNeg(x);
  return builder.CreateIntrinsic(sum->getType(), Intrinsic::fma, {x, y, z});
}

static Error fuseProducts(Function &function) {
  SmallVector<Instruction *> products;
  for (Instruction &instruction : instructions(function))
    if (isMarked(&instruction))
      products.push_back(&instruction);
  IRBuilder<> builder(function.getContext());
  for (Instruction *product : products) {
    for (User *user : make_early_inc_range(product->users())) {
      Value *fused = fuse(builder, *product, user);
      if (!fused)
        return createStringError("expected a product that is to be fused to "
                                 "go into a sum of it and no other product");
      user->replaceAllUsesWith(fused);
      cast<Instruction>(user)->eraseFromParent();
    }
    product->eraseFromParent();
  }
  return Error::success();
}

/// Looks numbers up by vectors for the elements that `function` is called with.
static void lookUp(Function &function, const Lookup &numbers) {
  IRBuilder<> builder(function.getContext());
  auto *type = FixedVectorType::get(builder.getFloatTy(), 16);
  auto *bits = FixedVectorType::get(builder.getInt32Ty(), 16);
  auto half = [&](size_t first) {
    return ConstantDataVector::get(function.getContext(),
                                   ArrayRef(numbers).slice(first, 16));
  };
  auto look = [&](Value *vector) {
    return builder.CreateIntrinsic(
        Intrinsic::x86_avx512_vpermi2var_ps_512,
        {half(0), builder.CreateBitCast(vector, bits), half(16)});
  };
  DenseMap<Value *, Value *> found;
  for (User *user : make_early_inc_range(function.users())) {
    auto *call = cast<CallInst>(user);
    Value *place = call->getArgOperand(0), *result;
    auto *element = dyn_cast<ExtractElementInst>(place);
    if (element && element->getVectorOperandType() == type) {
      Value *&results = found[element->getVectorOperand()];
      if (!results) {
        auto *vector = cast<Instruction>(element->getVectorOperand());
        builder.SetInsertPoint(*vector->getInsertionPointAfterDef());
        results = look(vector);
      }
      builder.SetInsertPoint(call);
      result =
          builder.CreateExtractElement(results, element->getIndexOperand());
    } else {
      builder.SetInsertPoint(call);
      result = builder.CreateExtractElement(
          look(builder.CreateVectorSplat(16, place)), uint64_t(0));
    }
    call->replaceAllUsesWith(result);
    call->eraseFromParent();
  }
  function.eraseFromParent();
}

static void lookUpAll(Module &module) {
  for (forms::Tail tail : {forms::Tail::Erf, forms::Tail::Tanh})
    for (auto [degree, numbers] : enumerate(tailQuartics(tail))) {
      std::string name =
          halide::lookUpName(tail == forms::Tail::Erf, int(degree));
      if (Function *function = module.getFunction(name))
        lookUp(*function, numbers);
    }
}

/// Takes away what Halide says of its target and of rounding, and what it says
/// of aliases, which does not hold across calls.
static void clean(Function &function) {
  for (Instruction &instruction : instructions(function)) {
    instruction.dropUnknownNonDebugMetadata({LLVMContext::MD_loop});
    if (isa<FPMathOperator>(instruction))
      instruction.copyFastMathFlags(FastMathFlags());
    if (auto *call = dyn_cast<CallBase>(&instruction))
      call->setAttributes({});
  }
  function.setAttributes({});
  function.setDoesNotThrow();
}

namespace {
/// Writes the function over plain numbers.
class Wrapper {
public:
  Wrapper(Module &module, ArrayRef<halide::Argument> arguments)
      : builder(module.getContext()), module(module), arguments(arguments) {}
  Error write(Function &pipeline, StringRef name);

private:
  Value *number(const halide::Size &size) {
    if (size.argument < 0)
      return builder.getInt64(size.constant);
    return builder.CreateMul(function->getArg(size.argument),
                             builder.getInt64(size.times));
  }
  void store(Value *value, Value *base, int64_t offset) {
    Value *place =
        builder.CreateConstInBoundsGEP1_64(builder.getInt8Ty(), base, offset);
    builder.CreateStore(value, place);
  }
  Value *reserve(int64_t bytes) {
    auto *type = ArrayType::get(builder.getInt8Ty(), bytes);
    AllocaInst *place = builder.CreateAlloca(type);
    place->setAlignment(Align(8));
    return place;
  }
  Value *makeBuffer(const halide::Argument &argument, Value *address);

  IRBuilder<> builder;
  Module &module;
  ArrayRef<halide::Argument> arguments;
  Function *function = nullptr;
};
} // namespace

/// A halide_buffer_t on the stack, as HalideRuntime.h lays it out.
Value *Wrapper::makeBuffer(const halide::Argument &argument, Value *address) {
  Value *dimensions = reserve(16 * argument.dimensions.size());
  for (auto [i, dimension] : enumerate(argument.dimensions)) {
    auto narrow = [&](const halide::Size &size) {
      return builder.CreateTrunc(number(size), builder.getInt32Ty());
    };
    store(builder.getInt32(0), dimensions, 16 * i);
    store(narrow(dimension.extent), dimensions, 16 * i + 4);
    store(narrow(dimension.stride), dimensions, 16 * i + 8);
    store(builder.getInt32(0), dimensions, 16 * i + 12);
  }
  Value *buffer = reserve(56);
  Value *host = builder.CreateIntToPtr(address, builder.getPtrTy());
  store(builder.getInt64(0), buffer, 0);
  store(builder.getInt64(0), buffer, 8);
  store(host, buffer, 16);
  store(builder.getInt64(0), buffer, 24);
  // halide_type_t: code (0: integer, 2: float), bits, lanes.
  unsigned code = argument.isFloat ? 2 : 0;
  store(builder.getInt32(code | argument.bits << 8 | 1 << 16), buffer, 32);
  store(builder.getInt32(argument.dimensions.size()), buffer, 36);
  store(dimensions, buffer, 40);
  store(builder.getInt64(0), buffer, 48);
  return buffer;
}

Error Wrapper::write(Function &pipeline, StringRef name) {
  if (pipeline.arg_size() != arguments.size() + 1)
    return createStringError("expected a pipeline of " +
                             Twine(arguments.size() + 1) + " arguments, got " +
                             Twine(pipeline.arg_size()));
  SmallVector<Type *> types(arguments.size(), builder.getInt64Ty());
  auto *type = FunctionType::get(builder.getVoidTy(), types, false);
  function = Function::Create(type, GlobalValue::ExternalLinkage, name, module);
  builder.SetInsertPoint(BasicBlock::Create(module.getContext(), "", function));
  SmallVector<Value *> operands = {
      ConstantPointerNull::get(builder.getPtrTy())};
  for (auto [i, argument] : enumerate(arguments)) {
    Value *given = function->getArg(i);
    operands.push_back(argument.isBuffer
                           ? makeBuffer(argument, given)
                           : builder.CreateTrunc(given, builder.getInt32Ty()));
  }
  builder.CreateCall(&pipeline, operands);
  builder.CreateRetVoid();
  return Error::success();
}

/// Everything but `pipeline` and what it uses goes.
static void keepOnly(Module &module, Function &pipeline) {
  for (Function &function : make_early_inc_range(module))
    if (&function != &pipeline && !function.isDeclaration())
      function.deleteBody();
  pipeline.setLinkage(GlobalValue::InternalLinkage);
  for (Function &function : make_early_inc_range(module)) {
    function.removeDeadConstantUsers();
    if (function.isDeclaration() && function.use_empty())
      function.eraseFromParent();
  }
  for (int round = 0; round != 3; ++round)
    for (GlobalVariable &global : make_early_inc_range(module.globals())) {
      global.removeDeadConstantUsers();
      if (global.use_empty())
        global.eraseFromParent();
    }
}

/// What is not there when the library is linked.
static Error checkSymbols(const Module &module) {
  for (const Function &function : module)
    if (function.isDeclaration() && !function.isIntrinsic())
      return createStringError("a pipeline calls '" + function.getName() + "'");
  return Error::success();
}

Expected<std::string> skim::makeLinkable(const halide::Code &code,
                                         StringRef pipelineName,
                                         StringRef name) {
  LLVMContext context;
  Expected<std::unique_ptr<Module>> read =
      parseBitcodeFile(MemoryBufferRef(code.bitcode, name), context);
  if (!read)
    return read.takeError();
  Module &module = **read;
  Function *pipeline = module.getFunction(pipelineName);
  if (!pipeline || pipeline->isDeclaration())
    return createStringError("expected a pipeline '" + pipelineName + "'");
  keepOnly(module, *pipeline);
  while (!module.named_metadata_empty())
    module.eraseNamedMetadata(&*module.named_metadata_begin());
  if (Error error = fuseProducts(*pipeline))
    return error;
  lookUpAll(module);
  clean(*pipeline);
  // The optimiser would take its panels apart in every caller.
  pipeline->addFnAttr(Attribute::NoInline);
  if (Error error = Wrapper(module, code.arguments).write(*pipeline, name))
    return error;
  if (Error error = checkSymbols(module))
    return error;
  std::string problem;
  raw_string_ostream problems(problem);
  if (verifyModule(module, &problems))
    return createStringError("broken bitcode: " + problem);
  std::string bytes;
  raw_string_ostream stream(bytes);
  WriteBitcodeToFile(module, stream);
  return bytes;
}
