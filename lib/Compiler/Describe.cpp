//===- Describe.cpp - a module's inputs and outputs -----------------------===//
// Names and symbolic dimensions come from the attributes that the importer put
// on the main function.
//===----------------------------------------------------------------------===//

#include "Describe.h"

#include "skim/Compiler/Compiler.h"
#include "skim/Dialect/Onnx/IR/OnnxDialect.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"
#include "skim/Runtime/CompiledABI.h"

using namespace mlir;
using namespace skim;

/// ONNX's number of an element type, or 0 for one that it does not have.
static int32_t dtypeOf(Type type) {
  if (type.isF32())
    return SKIM_FLOAT32;
  if (type.isF16())
    return SKIM_FLOAT16;
  if (type.isBF16())
    return SKIM_BFLOAT16;
  if (type.isF64())
    return SKIM_FLOAT64;
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer)
    return 0;
  bool isUnsigned = integer.isUnsigned();
  switch (integer.getWidth()) {
  case 1:
    return SKIM_BOOL;
  case 8:
    return isUnsigned ? SKIM_UINT8 : SKIM_INT8;
  case 16:
    return isUnsigned ? SKIM_UINT16 : SKIM_INT16;
  case 32:
    return isUnsigned ? SKIM_UINT32 : SKIM_INT32;
  case 64:
    return isUnsigned ? SKIM_UINT64 : SKIM_INT64;
  default:
    return 0;
  }
}

static FailureOr<TensorDescription> describeTensor(func::FuncOp main, Type type,
                                                   DictionaryAttr attributes,
                                                   const Twine &what) {
  TensorDescription tensor;
  if (auto name =
          attributes ? attributes.getAs<StringAttr>("onnx.name") : StringAttr())
    tensor.name = name.str();
  auto ranked = dyn_cast<RankedTensorType>(type);
  if (!ranked || ranked.getRank() > SKIM_MAX_RANK)
    return main.emitError()
           << what << " '" << tensor.name << "': expected a tensor of at most "
           << SKIM_MAX_RANK << " dimensions, got " << type;
  tensor.dtype = dtypeOf(ranked.getElementType());
  if (tensor.dtype == 0)
    return main.emitError()
           << what << " '" << tensor.name << "': unsupported element type "
           << ranked.getElementType();
  tensor.batched = attributes && attributes.contains("skim.batched");
  auto names =
      attributes ? attributes.getAs<ArrayAttr>("onnx.dims") : ArrayAttr();
  for (auto [index, size] : llvm::enumerate(ranked.getShape())) {
    bool dynamic = ShapedType::isDynamic(size);
    tensor.dims.push_back(dynamic ? -1 : size);
    auto name = names && index < names.size()
                    ? dyn_cast<StringAttr>(names[index])
                    : StringAttr();
    tensor.dimNames.push_back(dynamic && name ? name.str() : "");
  }
  return tensor;
}

/// What exporters call their inputs.
static int32_t roleOf(StringRef name) {
  std::string lower = name.lower();
  StringRef text = lower;
  if (text.contains("mask"))
    return SKIM_ROLE_MASK;
  if (text.contains("token_type") || text.contains("segment"))
    return SKIM_ROLE_SEGMENTS;
  if (text.contains("position"))
    return SKIM_ROLE_POSITIONS;
  if (text.contains("ids") || text.contains("tokens"))
    return SKIM_ROLE_TOKENS;
  return SKIM_ROLE_UNKNOWN;
}

/// Inputs that select rows of a table are bounded by its size.
static void boundIds(func::FuncOp main,
                     std::vector<TensorDescription> &inputs) {
  main.walk([&](EmbedOp embed) {
    for (auto [ids, table] :
         llvm::zip_equal(embed.getIds(), embed.getTables())) {
      Value source = ids;
      while (auto cast = source.getDefiningOp<onnx::CastOp>())
        source = cast->getOperand(0);
      auto argument = dyn_cast<BlockArgument>(source);
      if (!argument || argument.getOwner() != &main.getBody().front())
        continue;
      TensorDescription &input = inputs[argument.getArgNumber()];
      input.maxValue = cast<ShapedType>(table.getType()).getDimSize(0);
      if (input.role == SKIM_ROLE_UNKNOWN)
        input.role = SKIM_ROLE_TOKENS;
    }
  });
}

/// The knobs that inserting a plan has listed on the module.
static std::vector<KnobDescription> listKnobs(ModuleOp module) {
  std::vector<KnobDescription> knobs;
  auto listed = module->getAttrOfType<ArrayAttr>("skim.knobs");
  for (auto knob : listed ? listed.getAsRange<DictionaryAttr>()
                          : ArrayAttr::get(module.getContext(), {})
                                .getAsRange<DictionaryAttr>())
    knobs.push_back({knob.getAs<StringAttr>("name").str(),
                     knob.getAs<FloatAttr>("initial").getValueAsDouble(),
                     /*min=*/0});
  return knobs;
}

FailureOr<ModelDescription> skim::describeModel(ModuleOp module,
                                                const CpuTarget &target) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (!main)
    return module.emitError() << "expected a function 'main'";
  ModelDescription model;
  model.compiler = compilerVersion();
  model.name = module.getSymName().value_or("").str();
  model.cpu = target.name;
  model.features = target.required;
  for (auto [index, type] : llvm::enumerate(main.getArgumentTypes())) {
    FailureOr<TensorDescription> tensor =
        describeTensor(main, type, main.getArgAttrDict(index), "input");
    if (failed(tensor))
      return failure();
    tensor->role = roleOf(tensor->name);
    model.inputs.push_back(std::move(*tensor));
  }
  for (auto [index, type] : llvm::enumerate(main.getResultTypes())) {
    FailureOr<TensorDescription> tensor =
        describeTensor(main, type, main.getResultAttrDict(index), "output");
    if (failed(tensor))
      return failure();
    model.outputs.push_back(std::move(*tensor));
  }
  if (auto positions = main->getAttrOfType<IntegerAttr>("skim.micro_batch"))
    model.microBatch = positions.getInt();
  model.knobs = listKnobs(module);
  boundIds(main, model.inputs);
  return model;
}
