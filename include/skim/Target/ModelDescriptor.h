//===- ModelDescriptor.h - the constant that describes a model --*- C++ -*-===//
// What a compiled library says of itself: CompiledABI.h's skim_model_desc, as
// plain C++ on the compiler's side and as LLVM globals in the library.
//===----------------------------------------------------------------------===//

#ifndef SKIM_TARGET_MODELDESCRIPTOR_H
#define SKIM_TARGET_MODELDESCRIPTOR_H

#include "llvm/IR/Module.h"
#include <cstdint>
#include <string>
#include <vector>

namespace skim {

struct TensorDescription {
  std::string name;
  /// ONNX's number of the element type.
  int32_t dtype = 1;
  /// -1: known at run time only.
  std::vector<int64_t> dims;
  /// As many as dims; empty where static or nameless.
  std::vector<std::string> dimNames;
  /// Ids: exclusive upper bound; -1: unknown.
  int64_t maxValue = -1;
  /// CompiledABI.h's skim_role.
  int32_t role = 0;
  /// Its leading dimension is the batch that a run may split.
  bool batched = false;
};

struct FlopsDescription {
  int64_t perToken = 0;
  int64_t perPair = 0;
  int64_t perSequence = 0;
  /// How far before and behind a token it attends; -1: any distance.
  int64_t leftWindow = -1;
  int64_t rightWindow = -1;
};

struct LayerDescription {
  int64_t hidden = 0;
  int64_t ffn = 0;
  int64_t heads = 0;
  FlopsDescription flops;
};

struct KnobDescription {
  std::string name;
  double initial = 0;
  double min = 0;
};

struct ModelDescription {
  std::string compiler;
  std::string name;
  std::string cpu;
  std::string dtype;
  std::vector<std::string> features;
  std::vector<TensorDescription> inputs;
  std::vector<TensorDescription> outputs;
  std::vector<LayerDescription> layers;
  FlopsDescription otherFlops;
  std::vector<KnobDescription> knobs;
  int64_t weightsBytes = 0;
  /// Most positions of a part of a batch and thread, 0: a batch is not split.
  int64_t microBatch = 0;
};

/// Adds the hidden constant `skim_model` to `module`, whose data layout is set
/// and which holds or declares `skim_entry`.
void emitModelDescriptor(llvm::Module &module,
                         const ModelDescription &description);

} // namespace skim

#endif // SKIM_TARGET_MODELDESCRIPTOR_H
