//===- EncoderLayers.h - where an encoder's layers begin and end -*- C++
//-*-===//
// Each attention's layer in a function of the packed or a later skim form: the
// residual stream that goes in and the one that comes out.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_SKIM_TRANSFORMS_ENCODERLAYERS_H
#define SKIM_DIALECT_SKIM_TRANSFORMS_ENCODERLAYERS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "skim/Dialect/Skim/IR/SkimDialect.h"
#include <string>

namespace skim {

struct EncoderLayer {
  AttentionOp attention;
  /// The residual stream that goes into the layer.
  mlir::Value input;
  /// What the layer hands on: the next one's input.
  mlir::Value output;
};

/// Goes over the ops of a function in their order. A layer begins at the last
/// point before its attention where one ragged value alone is live: that value
/// is the residual stream, before or behind norms. What comes out of the last
/// layer is found by its residual additions, as many as the first layer has,
/// since heads that work on tokens may follow. Attentions of exit heads (ops
/// with the attribute `skim.overhead`) are none of the encoder's.
class EncoderLayers {
public:
  explicit EncoderLayers(mlir::func::FuncOp function);

  llvm::ArrayRef<EncoderLayer> getLayers() const { return layers; }
  size_t size() const { return layers.size(); }
  const EncoderLayer &operator[](size_t index) const { return layers[index]; }

  /// The first attention of which the layer was not found; null when all were.
  /// Then `getLayers` is empty and `getReason` says why in words that follow
  /// the op's name.
  AttentionOp getObstacle() const { return obstacle; }
  llvm::StringRef getReason() const { return reason; }

private:
  void findInputs();
  void findLastOutput();
  void stop(AttentionOp attention, const llvm::Twine &why);

  llvm::SmallVector<EncoderLayer> layers;
  AttentionOp obstacle;
  std::string reason;
};

} // namespace skim

#endif // SKIM_DIALECT_SKIM_TRANSFORMS_ENCODERLAYERS_H
