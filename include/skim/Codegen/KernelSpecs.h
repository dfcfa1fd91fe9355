//===- KernelSpecs.h - what a kernel computes -------------------*- C++ -*-===//
// One struct for each family of kernels. A spec says all that a kernel's code
// depends on; its name is made from it, so equal specs share one kernel.
//===----------------------------------------------------------------------===//

#ifndef SKIM_CODEGEN_KERNELSPECS_H
#define SKIM_CODEGEN_KERNELSPECS_H

#include "skim/Codegen/TargetInfo.h"
#include <optional>
#include <string>

namespace skim {

/// out[t, n] = act(sum over k of x[t, k] * w[k, n] + bias[n]) + residual[t, n].
/// Arguments: x [?, K], its index [T] with indexed, w [N / T, K, T],
/// bias [N / T * T], residual [?, N], its index [T] with residualIndexed,
/// out [T, N]. With another dtype x is what QuantiseSpec gives, not indexed,
/// and w lies as Words.h says, T as TargetInfo::tileColumnsOf. Int8x3 needs a K
/// of which TargetInfo::tileStep is not 0. In Uint8 zeroPoints says that some
/// of the weights' are not 0. With narrowsResult, in bf16 by tiles, out is what
/// QuantiseSpec would make of it: N is a multiple of a column tile's width.
struct GemmSpec {
  int64_t k = 0, n = 0;
  Activation activation = Activation::None;
  bool bias = false, residual = false;
  bool indexed = false;         ///< row t reads x[index[t]]
  bool residualIndexed = false; ///< row t reads residual[index[t]]
  Dtype dtype = Dtype::Fp32;    ///< of x and w
  bool narrowsResult = false;   ///< out is in dtype
  bool zeroPoints = false;      ///< columns of w have zero points
  std::string name() const;
};

/// skim.matmul. Arguments: x [B, M, K], y [B, K, N], out [B, M, N].
struct MatmulSpec {
  std::string name() const;
};

/// Rows of states in a narrower dtype, as products read them. Arguments:
/// x [?, H], its index [T] with indexed, in Uint8 what TensorScaleSpec gives,
/// out [T, .] as Words.h says.
struct QuantiseSpec {
  int64_t width = 0;
  Dtype dtype = Dtype::Int8;
  bool indexed = false; ///< row t reads x[index[t]]
  std::string name() const;
};

/// The least and the largest number of each row, 0 among them; NaN for a row
/// that is not finite. Arguments: x [?, H], its index [T] with indexed, out
/// [T, 2].
struct RangeSpec {
  int64_t width = 0;
  bool indexed = false; ///< row t reads x[index[t]]
  std::string name() const;
};

/// What DynamicQuantizeLinear rounds a tensor by. Arguments: the ranges [T, 2]
/// of its rows, out [1, 4]: scale, 1 / scale, zero point, and what a sum of
/// products counts in, the scale again. One task.
struct TensorScaleSpec {
  std::string name() const;
};

/// skim.attention on ragged rows. Each of q, k and v is a range of columns of a
/// buffer. Arguments: q [?, qWidth], k [?, kWidth], v [?, vWidth], offsets,
/// positions (and those of the keys with ownKeyRows), the length S of the
/// padded sequences, mask [B, S] i1, bias [., ., S, S], the table of
/// content_to_position, the heads' columns side by side and packed, and its
/// index [2 S - 1] i64, those of position_to_content, out [?, heads * D];
/// importance [heads, T] of the T rows of keys; diagonal [?, heads, size].
/// A sequence is found in mask and bias by the positions of its rows, so the
/// sequences of the rows may be some of those of the batch.
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
  /// Keys farther before or behind the query have no weight; with a mask their
  /// score is `fill`.
  std::optional<int64_t> leftWindow, rightWindow;
  /// Projected positions of a head in content_to_position and in
  /// position_to_content, 0 for none.
  int64_t contentColumns = 0, positionColumns = 0;
  /// importance[h, j] = sum of the probabilities of key j over the queries of
  /// its sequence, these ascending.
  bool importance = false;
  /// Size of the diagonal blocks of the probabilities that are written, a
  /// multiple of 4, or 0 for none: of each query those for the keys of its
  /// block, zeros where there is no key.
  int64_t diagonal = 0;
  /// What products multiply; the states are fp32 in memory. It needs what
  /// TargetInfo::attentionProducts asks for.
  AttentionProducts products = AttentionProducts::Fma;
  bool hasByProducts() const { return importance || diagonal; }
  bool hasWindow() const { return leftWindow || rightWindow; }
  bool hasPositions() const { return contentColumns || positionColumns; }
  /// Something is added to the products of queries and keys, or hides them.
  bool changesScores() const {
    return mask || bias || hasWindow() || hasPositions();
  }
  std::string name() const;
};

/// The score of a block of tokens for skim.skip_blocks: convolution of 3 x 3
/// from heads to heads, ReLU, mean of 2 x 2, the same again, a linear layer to
/// two classes and the probability of the second. Arguments: diagonal
/// [?, heads, size] and the first row of each block (and the end), conv1
/// [heads, heads, 3, 3], bias1 [heads], conv2, bias2, fc [2, heads * size *
/// size / 16], bias3 [2], out [?].
struct BlockScoresSpec {
  int64_t heads = 0, blockSize = 0;
  int64_t flopsPerBlock() const;
  std::string name() const;
};

/// skim.norm of rows of `heads` parts of `width` numbers, a range of columns of
/// a buffer. Arguments: x [?, xWidth], scale [width], bias [width], out [?,
/// heads * width].
struct NormSpec {
  int64_t width = 0;
  NormKind kind = NormKind::Layer;
  bool bias = false;
  float epsilon = 0;
  int64_t heads = 1;
  int64_t xWidth = 0; ///< 0: x has no other columns
  int64_t column = 0;
  /// Whether x is consecutive vectors of `width` numbers, one a row.
  bool isWholeRow() const { return heads == 1 && !xWidth; }
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

/// The rotary positions of skim.attention: heads as the products of queries and
/// keys read them, the first `rotated` numbers of each turned. The heads are
/// columns of a buffer from `column` on. Arguments: x [?, xWidth], positions
/// [T], the length S of the padded sequences, cos [S, rotated], sin [S,
/// rotated], out [T, heads * D].
struct RotarySpec {
  int64_t heads = 1, headDim = 2, rotated = 2;
  int64_t xWidth = 0, column = 0;
  bool interleaved = false; ///< neighbours turn, not halves
  std::string name() const;
};

/// skim.pool. Arguments: x [?, H], its index [T] with indexed, offsets; with a
/// mask positions, S and the mask [B, S] i1; out [., H].
struct PoolSpec {
  int64_t width = 0;
  PoolKind kind = PoolKind::Mean;
  float epsilon = 0;
  bool mask = false;    ///< only rows where the mask is true
  bool indexed = false; ///< row t is x[index[t]]
  std::string name() const;
};

/// skim.restore from rows to [B, S, H], skim.gather the other way.
/// Arguments of restore: x [T, H], positions, S, out; of gather: x, positions,
/// out. The dense side is [B * S, H]. Tasks of restore are the B sequences of
/// the dense side, some of which may have no rows.
struct RestoreSpec {
  int64_t width = 0;
  float fill = 0;
  std::string name() const;
};
struct GatherSpec {
  int64_t width = 0;
  std::string name() const;
};

/// Row-wise maps. Add, Mul: x, y, out. Activation: x, out. Glu: x [?, 2 H],
/// out.
struct ElementwiseSpec {
  enum class Kind { Add, Activation, Glu, GluLast, Mul };
  Kind kind = Kind::Add;
  int64_t width = 0;
  Activation activation = Activation::None;
  std::string name() const;
};

/// skim.weighted_sum: out = weights[0] * x_0 + weights[1] * x_1 + ..., in this
/// order. Arguments: for each weight x [?, H], then out [?, H].
struct WeightedSumSpec {
  int64_t width = 0;
  llvm::SmallVector<float> weights;
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
