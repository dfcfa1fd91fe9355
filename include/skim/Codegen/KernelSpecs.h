//===- KernelSpecs.h - what a kernel computes -------------------*- C++ -*-===//
// One struct for each family of kernels. A spec says all that a kernel's code
// depends on; its name is made from it, so equal specs share one kernel.
//===----------------------------------------------------------------------===//

#ifndef SKIM_CODEGEN_KERNELSPECS_H
#define SKIM_CODEGEN_KERNELSPECS_H

#include "skim/Dialect/Skim/IR/SkimDialect.h"
#include <optional>
#include <string>

namespace skim {

/// out[t, n] = act(sum over k of x[t, k] * w[k, n] + bias[n]) + residual[t, n].
/// Arguments: x [?, K], w [N / T, K, T], bias [N / T * T], residual [?, N],
/// out [?, N].
struct GemmSpec {
  int64_t k = 0, n = 0;
  Activation activation = Activation::None;
  bool bias = false, residual = false;
  std::string name() const;
};

/// skim.attention on ragged rows. Each of q, k and v is a range of columns of a
/// buffer. Arguments: q [?, qWidth], k [?, kWidth], v [?, vWidth], offsets,
/// positions (and those of the keys with ownKeyRows), the length S of the
/// padded sequences, mask [B, S] i1, bias [., ., S, S], out [?, heads * D].
struct AttentionSpec {
  int64_t heads = 1, kvHeads = 1, headDim = 1;
  float scale = 1;
  int64_t qWidth = 0, kWidth = 0, vWidth = 0;
  int64_t qColumn = 0, kColumn = 0, vColumn = 0;
  bool ownKeyRows = false;
  bool mask = false;
  float fill = 0;
  EmptyKeys emptyKeys = EmptyKeys::Uniform;
  bool maskQueries = false; ///< with a mask: queries without a token as well
  bool bias = false;
  std::optional<int64_t> window;
  std::string name() const;
};

/// skim.norm. Arguments: x [?, H], scale [H], bias [H], out [?, H].
struct NormSpec {
  int64_t width = 0;
  NormKind kind = NormKind::Layer;
  bool bias = false;
  float epsilon = 0;
  std::string name() const;
};

/// skim.embed. Arguments: for each table its ids [B | 1, S] and itself
/// [V, H]; positions [T] with ragged; S; out [?, H]. Without `ragged` row t is
/// position t.
struct EmbedSpec {
  struct Table {
    int64_t rows = 0;
    unsigned idBits = 64;
    bool shared = false; ///< ids are [1, S]
    std::string label;   ///< for the message: what the ids are
  };
  int64_t width = 0;
  llvm::SmallVector<Table> tables;
  bool ragged = true;
  std::string name() const;
};

/// skim.pool. Arguments: x [?, H], offsets; with a mask positions, S and the
/// mask [B, S] i1; out [B, H].
struct PoolSpec {
  int64_t width = 0;
  PoolKind kind = PoolKind::Mean;
  float epsilon = 0;
  bool mask = false; ///< only rows where the mask is true
  std::string name() const;
};

/// skim.restore from rows to [B, S, H], skim.gather the other way.
/// Arguments of restore: x, offsets, positions, S, out; of gather: x,
/// positions, out. The dense side is [B * S, H].
struct RestoreSpec {
  int64_t width = 0;
  float fill = 0;
  std::string name() const;
};
struct GatherSpec {
  int64_t width = 0;
  std::string name() const;
};

/// Row-wise maps. Add: x, y, out. Activation: x, out. Glu: x [?, 2 H], out.
struct ElementwiseSpec {
  enum class Kind { Add, Activation, Glu, GluLast };
  Kind kind = Kind::Add;
  int64_t width = 0;
  Activation activation = Activation::None;
  std::string name() const;
};

/// skim.l2_normalize. Arguments: x [?, H], out [?, H].
struct L2Spec {
  int64_t width = 0;
  float epsilon = 0;
  std::string name() const;
};

} // namespace skim

#endif // SKIM_CODEGEN_KERNELSPECS_H
