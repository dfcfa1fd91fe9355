//===- InsertPlanModel.cpp - the model that a plan goes into --------------===//
// What must hold before anything is put in; names of outputs; constants.
//===----------------------------------------------------------------------===//

#include "InsertPlan.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/Endian.h"

using namespace mlir;
using namespace skim;

/// Below it a constant is an attribute that can be read in the text.
static constexpr size_t kSmallNumbers = 64;

InFlightDiagnostic PlannedModel::error(const Twine &path) const {
  return main.emitError() << plan.name << ": " << path << ": ";
}

InFlightDiagnostic PlannedModel::error() const {
  return error(plan.tokenPruning ? "token_pruning"
               : plan.blockSkim  ? "block_skim"
                                 : "early_exit");
}

LogicalResult PlannedModel::analyse() {
  EncoderLayers found(main);
  llvm::append_range(layers, found.getLayers());
  if (!cuts() && !plan.earlyExit)
    return findOutputs();
  if (AttentionOp obstacle = found.getObstacle())
    return error() << "expected encoder layers one behind the other, but "
                   << onnx::describe(obstacle) << " " << found.getReason();
  if (layers.empty())
    return error()
           << "expected a model with attention that is raised, got none";
  entryRows = layers.front().attention.getRows();
  for (EncoderLayer &layer : layers) {
    AttentionOp attention = layer.attention;
    streams.insert(layer.input);
    streams.insert(layer.output);
    if (attention.getKeyMask())
      return error() << "expected padding to be removed, but "
                     << onnx::describe(attention) << " has a mask for it";
    if (attention.getRows() != entryRows || attention.getKeyRows())
      return error() << "expected attention over all rows, but "
                     << onnx::describe(attention) << " has others";
  }
  return findOutputs();
}

StringRef PlannedModel::outputName(unsigned index) const {
  auto name = main.getResultAttrOfType<StringAttr>(index, "onnx.name");
  return name ? name.getValue() : StringRef();
}

std::optional<unsigned> PlannedModel::findOutput(StringRef name) const {
  for (unsigned i = 0; i != main.getNumResults(); ++i)
    if (outputName(i) == name)
      return i;
  return std::nullopt;
}

std::string PlannedModel::listOutputs() const {
  std::string text;
  for (unsigned i = 0; i != main.getNumResults(); ++i)
    text += (i ? ", '" : "'") + outputName(i).str() + "'";
  return text;
}

Value PlannedModel::constant(OpBuilder &builder, StringRef name,
                             ArrayRef<int64_t> shape,
                             ArrayRef<float> numbers) const {
  auto type = RankedTensorType::get(shape, builder.getF32Type());
  ElementsAttr attr;
  if (numbers.size() <= kSmallNumbers) {
    attr = DenseElementsAttr::get(type, numbers);
  } else {
    ArrayRef<char> bytes(reinterpret_cast<const char *>(numbers.data()),
                         numbers.size() * sizeof(float));
    attr = DenseResourceElementsAttr::get(
        type, name,
        HeapAsmResourceBlob::allocateAndCopyWithAlign(bytes, alignof(float)));
  }
  return onnx::ConstantOp::create(builder, main.getLoc(), attr);
}

Value PlannedModel::constant(OpBuilder &builder, StringRef name) const {
  const Safetensors::Tensor *tensor = plan.tensors->find(name);
  size_t count = tensor->bytes.size() / sizeof(float);
  bool aligned =
      reinterpret_cast<uintptr_t>(tensor->bytes.data()) % alignof(float) == 0;
  if (count <= kSmallNumbers || !aligned)
    return constant(builder, name, tensor->shape, numbers(name));
  // The bytes stay in the mapped file, which the attribute keeps open.
  std::shared_ptr<const Safetensors> file = plan.tensors;
  auto type = RankedTensorType::get(tensor->shape, builder.getF32Type());
  AsmResourceBlob blob = UnmanagedAsmResourceBlob::allocateWithAlign(
      tensor->bytes, alignof(float), [file](void *, size_t, size_t) {});
  return onnx::ConstantOp::create(
      builder, main.getLoc(),
      DenseResourceElementsAttr::get(type, name, std::move(blob)));
}

std::vector<float> PlannedModel::numbers(StringRef name) const {
  ArrayRef<char> bytes = plan.tensors->find(name)->bytes;
  std::vector<float> numbers(bytes.size() / sizeof(float));
  std::memcpy(numbers.data(), bytes.data(), bytes.size());
  return numbers;
}
