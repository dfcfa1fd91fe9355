//===- RuntimeCalls.cpp - what generated code calls -----------------------===//
// Signatures as in include/skim/Runtime/CompiledABI.h.
//===----------------------------------------------------------------------===//

#include "RuntimeCalls.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"

using namespace mlir;
using namespace skim;

RuntimeCalls::RuntimeCalls(ModuleOp module)
    : module(module), converter(module.getContext()), symbols(module),
      pointer(LLVM::LLVMPointerType::get(module.getContext())) {}

static LLVM::LLVMFunctionType signatureOf(StringRef name,
                                          MLIRContext *context) {
  Type ptr = LLVM::LLVMPointerType::get(context);
  Type i32 = IntegerType::get(context, 32), i64 = IntegerType::get(context, 64);
  Type none = LLVM::LLVMVoidType::get(context);
  auto make = [](Type result, ArrayRef<Type> operands) {
    return LLVM::LLVMFunctionType::get(result, operands);
  };
  if (name == "skim_rt_alloc")
    return make(ptr, {ptr, i64});
  if (name == "skim_rt_free")
    return make(none, {ptr, ptr});
  if (name == "skim_rt_parallel_for")
    return make(none, {ptr, ptr, ptr, ptr, i64, i64, i64, i64});
  if (name == "skim_rt_pack")
    return make(i64, {ptr, ptr, i64, i64, ptr, ptr});
  if (name == "skim_rt_output")
    return make(none, {ptr, i64, ptr, i64, ptr, i32});
  if (name == "skim_rt_prune")
    return make(i64, {ptr, ptr, ptr, ptr, ptr, ptr});
  if (name == "skim_rt_blocks")
    return make(i64, {ptr, ptr, i64, ptr, ptr});
  if (name == "skim_rt_skip_blocks")
    return make(i64, {ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, i64});
  if (name == "skim_rt_exit")
    return make(i64, {ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr});
  if (name == "skim_rt_first_rows")
    return make(i64, {ptr, ptr, ptr});
  if (name == "skim_rt_hold")
    return make(none, {ptr, ptr, ptr, ptr, ptr, ptr, i64});
  if (name == "skim_rt_scatter")
    return make(none, {ptr, ptr, ptr, ptr, i64, i64});
  if (name == "skim_rt_compose")
    return make(none, {ptr, ptr, ptr, ptr, i64});
  assert(name == "skim_rt_fail" || name == "skim_rt_report");
  return make(none, {ptr, ptr, i64, i64});
}

LLVM::LLVMFuncOp RuntimeCalls::declare(StringRef name) {
  if (auto function = symbols.lookup<LLVM::LLVMFuncOp>(name))
    return function;
  OpBuilder builder(module.getContext());
  auto function = LLVM::LLVMFuncOp::create(
      builder, module.getLoc(), name, signatureOf(name, module.getContext()));
  if (name == "skim_rt_fail")
    function.setPassthroughAttr(builder.getStrArrayAttr({"noreturn", "cold"}));
  if (name == "skim_rt_report")
    function.setPassthroughAttr(builder.getStrArrayAttr({"cold"}));
  // Memory of its own: nothing else points to it.
  if (name == "skim_rt_alloc")
    function.setResAttrsAttr(builder.getArrayAttr({builder.getDictionaryAttr(
        {builder.getNamedAttr("llvm.noalias", builder.getUnitAttr()),
         builder.getNamedAttr("llvm.align", builder.getI64IntegerAttr(64))})}));
  symbols.insert(function, module.getBody()->begin());
  return function;
}

LLVM::CallOp RuntimeCalls::call(OpBuilder &builder, Location loc,
                                StringRef name, ValueRange operands) {
  return LLVM::CallOp::create(builder, loc, declare(name), operands);
}

Value RuntimeCalls::text(OpBuilder &builder, Location loc, StringRef value) {
  LLVM::GlobalOp &global = texts[value];
  if (!global) {
    std::string bytes = value.str() + '\0';
    auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), bytes.size());
    OpBuilder atModule(module.getContext());
    global = LLVM::GlobalOp::create(atModule, module.getLoc(), type,
                                    /*isConstant=*/true, LLVM::Linkage::Private,
                                    "skim.text", atModule.getStringAttr(bytes));
    symbols.insert(global, module.getBody()->begin());
  }
  return LLVM::AddressOfOp::create(builder, loc, global);
}

/// A constant global of `type`; `fill` gives its value.
static LLVM::GlobalOp makeConstant(SymbolTable &symbols, ModuleOp module,
                                   Type type, StringRef name,
                                   function_ref<Value(OpBuilder &)> fill) {
  OpBuilder atModule(module.getContext());
  auto global = LLVM::GlobalOp::create(
      atModule, module.getLoc(), type,
      /*isConstant=*/true, LLVM::Linkage::Private, name, Attribute());
  symbols.insert(global, module.getBody()->begin());
  OpBuilder inside = OpBuilder::atBlockEnd(
      atModule.createBlock(&global.getInitializerRegion()));
  LLVM::ReturnOp::create(inside, module.getLoc(), fill(inside));
  return global;
}

static Value insertFields(OpBuilder &builder, Location loc, Type type,
                          ArrayRef<Value> fields) {
  Value value = LLVM::UndefOp::create(builder, loc, type);
  for (auto [index, field] : llvm::enumerate(fields))
    value =
        LLVM::InsertValueOp::create(builder, loc, value, field, int64_t(index));
  return value;
}

Value RuntimeCalls::label(OpBuilder &builder, Location loc, StringRef name,
                          KernelKind kind, int64_t layer) {
  Type i32 = builder.getI32Type();
  auto type = LLVM::LLVMStructType::getLiteral(module.getContext(),
                                               {pointer, i32, i32});
  auto fill = [&](OpBuilder &inside) {
    return insertFields(inside, loc, type,
                        {text(inside, loc, name),
                         constant(inside, loc, int64_t(kind), 32),
                         constant(inside, loc, layer, 32)});
  };
  return LLVM::AddressOfOp::create(
      builder, loc, makeConstant(symbols, module, type, "skim.label", fill));
}

Value RuntimeCalls::constant(OpBuilder &builder, Location loc, int64_t value,
                             unsigned bits) {
  Type type = builder.getIntegerType(bits);
  return LLVM::ConstantOp::create(builder, loc, type,
                                  builder.getIntegerAttr(type, value));
}

Value RuntimeCalls::record(OpBuilder &builder, Location loc,
                           ArrayRef<Attribute> fields) {
  Type i64 = builder.getI64Type(), f64 = builder.getF64Type();
  SmallVector<Type> types;
  SmallVector<LLVM::GlobalOp> lists;
  for (Attribute field : fields) {
    auto list = dyn_cast<DenseI64ArrayAttr>(field);
    types.push_back(isa<FloatAttr>(field) ? f64 : i64);
    if (!list)
      continue;
    types.push_back(pointer);
    // An array of no elements has no address worth having.
    auto type = LLVM::LLVMArrayType::get(
        i64, std::max<size_t>(list.asArrayRef().size(), 1));
    lists.push_back(makeConstant(
        symbols, module, type, "skim.list", [&](OpBuilder &inside) {
          SmallVector<Value> numbers;
          for (int64_t number : list.asArrayRef())
            numbers.push_back(constant(inside, loc, number));
          return insertFields(inside, loc, type, numbers);
        }));
  }
  auto type = LLVM::LLVMStructType::getLiteral(module.getContext(), types);
  auto fill = [&](OpBuilder &inside) {
    SmallVector<Value> values;
    auto *next = lists.begin();
    for (Attribute field : fields) {
      if (auto number = dyn_cast<FloatAttr>(field)) {
        values.push_back(LLVM::ConstantOp::create(
            inside, loc, f64,
            inside.getF64FloatAttr(number.getValueAsDouble())));
      } else if (auto list = dyn_cast<DenseI64ArrayAttr>(field)) {
        values.push_back(constant(inside, loc, list.size()));
        values.push_back(LLVM::AddressOfOp::create(inside, loc, *next++));
      } else {
        values.push_back(
            constant(inside, loc, cast<IntegerAttr>(field).getInt()));
      }
    }
    return insertFields(inside, loc, type, values);
  };
  return LLVM::AddressOfOp::create(
      builder, loc, makeConstant(symbols, module, type, "skim.record", fill));
}

Value RuntimeCalls::record(OpBuilder &builder, Location loc,
                           func::FuncOp function, ValueRange fields) {
  OpBuilder atStart = OpBuilder::atBlockBegin(&function.getBody().front());
  Type i64 = builder.getI64Type();
  Value memory = LLVM::AllocaOp::create(atStart, loc, pointer, i64,
                                        constant(atStart, loc, fields.size()));
  for (auto [index, field] : llvm::enumerate(fields)) {
    Value place = LLVM::GEPOp::create(builder, loc, pointer, i64, memory,
                                      ArrayRef<LLVM::GEPArg>{int32_t(index)});
    LLVM::StoreOp::create(builder, loc, field, place);
  }
  return memory;
}

Value RuntimeCalls::field(OpBuilder &builder, Location loc, Type record,
                          Value address, int32_t index) {
  return LLVM::GEPOp::create(builder, loc, pointer, record, address,
                             ArrayRef<LLVM::GEPArg>{0, index});
}

Value RuntimeCalls::loadAt(OpBuilder &builder, Location loc, Type type,
                           Value address, int64_t offset) {
  Value place =
      LLVM::GEPOp::create(builder, loc, pointer, builder.getI8Type(), address,
                          ArrayRef<LLVM::GEPArg>{int32_t(offset)});
  return LLVM::LoadOp::create(builder, loc, type, place);
}

Value RuntimeCalls::makeMemRef(OpBuilder &builder, Location loc,
                               MemRefType type, Value address,
                               ValueRange sizes) {
  assert(type.getLayout().isIdentity() && "strides follow from the sizes");
  Type converted = converter.convertType(type);
  auto descriptor = MemRefDescriptor::poison(builder, loc, converted);
  descriptor.setAllocatedPtr(builder, loc, address);
  descriptor.setAlignedPtr(builder, loc, address);
  descriptor.setConstantOffset(builder, loc, 0);
  Value stride = constant(builder, loc, 1);
  unsigned dynamic = type.getNumDynamicDims();
  for (int64_t i = type.getRank() - 1; i >= 0; --i) {
    Value size = type.isDynamicDim(i)
                     ? Value(sizes[--dynamic])
                     : constant(builder, loc, type.getDimSize(i));
    descriptor.setSize(builder, loc, i, size);
    descriptor.setStride(builder, loc, i, stride);
    if (i > 0)
      stride = LLVM::MulOp::create(builder, loc, stride, size);
  }
  return fromLLVM(builder, loc, type, Value(descriptor));
}

Value RuntimeCalls::pointerOf(OpBuilder &builder, Location loc, Value memref) {
  MemRefDescriptor descriptor(toLLVM(builder, loc, memref));
  return descriptor.bufferPtr(builder, loc, converter,
                              cast<MemRefType>(memref.getType()));
}

Value RuntimeCalls::sizeOf(OpBuilder &builder, Location loc, Value memref,
                           unsigned dimension) {
  auto type = cast<MemRefType>(memref.getType());
  if (!type.isDynamicDim(dimension))
    return constant(builder, loc, type.getDimSize(dimension));
  MemRefDescriptor descriptor(toLLVM(builder, loc, memref));
  return descriptor.size(builder, loc, dimension);
}

Value RuntimeCalls::toLLVM(OpBuilder &builder, Location loc, Value value) {
  Type type = converter.convertType(value.getType());
  if (type == value.getType())
    return value;
  return UnrealizedConversionCastOp::create(builder, loc, type, value)
      .getResult(0);
}

Value RuntimeCalls::fromLLVM(OpBuilder &builder, Location loc, Type type,
                             Value value) {
  if (type == value.getType())
    return value;
  return UnrealizedConversionCastOp::create(builder, loc, type, value)
      .getResult(0);
}

Value skim::callOf(Operation *op) {
  auto function = op->getParentOfType<func::FuncOp>();
  if (!function || function.getNumArguments() == 0)
    return nullptr;
  Value last = function.getBody().front().getArguments().back();
  return isa<LLVM::LLVMPointerType>(last.getType()) ? last : nullptr;
}
