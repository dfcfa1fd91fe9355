//===- ModelDescriptor.cpp - the constant that describes a model ----------===//
// Fields in the order of include/skim/Runtime/CompiledABI.h; sizes are checked
// against that header.
//===----------------------------------------------------------------------===//

#include "skim/Target/ModelDescriptor.h"

#include "skim/Runtime/CompiledABI.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DataLayout.h"
#include "llvm/IR/DerivedTypes.h"
#include "llvm/IR/GlobalVariable.h"

using namespace llvm;
using namespace skim;

namespace {
class Emitter {
public:
  explicit Emitter(Module &module)
      : module(module), context(module.getContext()) {}

  Constant *number(int64_t value) {
    return ConstantInt::get(Type::getInt64Ty(context), value, true);
  }
  Constant *word(int32_t value) {
    return ConstantInt::get(Type::getInt32Ty(context), value, true);
  }
  Constant *real(double value) {
    return ConstantFP::get(Type::getDoubleTy(context), value);
  }
  Constant *text(StringRef value);
  /// A record; `size` is what C makes of it.
  Constant *record(ArrayRef<Constant *> fields, size_t size);
  /// Pointer to an array of `elements`, null where it is empty.
  Constant *array(ArrayRef<Constant *> elements);
  /// Pointer to an array of what `emit` makes of each value.
  template <typename T, typename Emit>
  Constant *arrayOf(const std::vector<T> &values, Emit emit) {
    SmallVector<Constant *> elements;
    for (const T &value : values)
      elements.push_back(emit(value));
    return array(elements);
  }

  Constant *tensor(const TensorDescription &tensor);
  Constant *flops(const FlopsDescription &flops);
  Constant *layer(const LayerDescription &layer);
  Constant *knob(const KnobDescription &knob);
  Constant *model(const ModelDescription &model);

private:
  Constant *global(Constant *value);

  Module &module;
  LLVMContext &context;
};
} // namespace

Constant *Emitter::global(Constant *value) {
  return new GlobalVariable(module, value->getType(), /*isConstant=*/true,
                            GlobalValue::PrivateLinkage, value, "skim.desc");
}

Constant *Emitter::text(StringRef value) {
  return global(ConstantDataArray::getString(context, value));
}

Constant *Emitter::record(ArrayRef<Constant *> fields, size_t size) {
  Constant *value = ConstantStruct::getAnon(context, fields);
  assert(module.getDataLayout().getTypeAllocSize(value->getType()) == size &&
         "record differs from CompiledABI.h");
  return value;
}

Constant *Emitter::array(ArrayRef<Constant *> elements) {
  if (elements.empty())
    return ConstantPointerNull::get(PointerType::getUnqual(context));
  auto *type = ArrayType::get(elements.front()->getType(), elements.size());
  return global(ConstantArray::get(type, elements));
}

Constant *Emitter::tensor(const TensorDescription &tensor) {
  auto asNumber = [&](int64_t value) { return number(value); };
  auto asText = [&](const std::string &value) { return text(value); };
  return record({text(tensor.name), word(tensor.dtype),
                 word(tensor.dims.size()), arrayOf(tensor.dims, asNumber),
                 arrayOf(tensor.dimNames, asText), number(tensor.maxValue),
                 word(tensor.role), word(tensor.batched)},
                sizeof(skim_tensor_desc));
}

Constant *Emitter::flops(const FlopsDescription &flops) {
  return record({number(flops.perToken), number(flops.perPair),
                 number(flops.perSequence), number(flops.leftWindow),
                 number(flops.rightWindow)},
                sizeof(skim_flops_desc));
}

Constant *Emitter::layer(const LayerDescription &layer) {
  return record({number(layer.hidden), number(layer.ffn), number(layer.heads),
                 flops(layer.flops)},
                sizeof(skim_layer_desc));
}

Constant *Emitter::knob(const KnobDescription &knob) {
  return record({text(knob.name), real(knob.initial), real(knob.min)},
                sizeof(skim_knob_desc));
}

Constant *Emitter::model(const ModelDescription &model) {
  auto asText = [&](const std::string &value) { return text(value); };
  auto asTensor = [&](const TensorDescription &value) { return tensor(value); };
  auto asLayer = [&](const LayerDescription &value) { return layer(value); };
  auto asKnob = [&](const KnobDescription &value) { return knob(value); };
  auto entryType =
      FunctionType::get(Type::getVoidTy(context),
                        {PointerType::getUnqual(context)}, /*isVarArg=*/false);
  auto *entry = cast<Constant>(
      module.getOrInsertFunction("skim_entry", entryType).getCallee());
  return record({word(SKIM_ABI_VERSION),
                 word(sizeof(skim_model_desc)),
                 text(model.compiler),
                 text(model.name),
                 text(model.cpu),
                 text(model.dtype),
                 number(model.features.size()),
                 arrayOf(model.features, asText),
                 number(model.inputs.size()),
                 arrayOf(model.inputs, asTensor),
                 number(model.outputs.size()),
                 arrayOf(model.outputs, asTensor),
                 number(model.layers.size()),
                 arrayOf(model.layers, asLayer),
                 flops(model.otherFlops),
                 number(model.knobs.size()),
                 arrayOf(model.knobs, asKnob),
                 number(model.weightsBytes),
                 number(model.microBatch),
                 entry},
                sizeof(skim_model_desc));
}

void skim::emitModelDescriptor(Module &module,
                               const ModelDescription &description) {
  Constant *value = Emitter(module).model(description);
  auto *model = new GlobalVariable(
      module, value->getType(),
      /*isConstant=*/true, GlobalValue::ExternalLinkage, value, "skim_model");
  model->setVisibility(GlobalValue::HiddenVisibility);
  model->setAlignment(Align(8));
}
