//===- SkipBlocks.cpp - blocks of tokens of low score ---------------------===//
// Block skimming's decision. Blocks are of the rows that attended; the rows
// that are left of them may be fewer.
//===----------------------------------------------------------------------===//

#include "Rows.h"

#include <cstring>

using namespace skim::rt;

int64_t skim_rt_blocks(skim_rt_call *call, const skim_rt_rows *rows,
                       int64_t block_size, int32_t *blocks, int32_t *firsts) {
  int32_t count = 0;
  blocks[0] = 0;
  for (int64_t b = 0; b < rows->batch; ++b) {
    for (int64_t row = rows->offsets[b]; row < rows->offsets[b + 1];
         row += block_size)
      firsts[count++] = static_cast<int32_t>(row);
    blocks[b + 1] = count;
  }
  firsts[count] = rows->offsets[rows->batch];
  return count;
}

namespace {
enum : uint8_t { kKept = 1, kLive = 2 };

class Skimmer {
public:
  Skimmer(const skim_rt_skip_desc &desc, const skim_rt_batch &batch,
          const skim_rt_rows &attended, const skim_rt_rows &from,
          const float *scores, const int32_t *blocks, const void *segments,
          int64_t segmentBytes, uint8_t *flags)
      : desc(desc), batch(batch), attended(attended), from(from),
        scores(scores), blocks(blocks), segments(segments),
        segmentBytes(segmentBytes), flags(flags) {}

  /// Flags the blocks of a sequence; gives how many are kept.
  int32_t decide(int64_t sequence, double threshold);
  /// Keeps further blocks, those of highest score, until there are `wanted`.
  void fill(int64_t sequence, int32_t kept, int32_t wanted);
  void write(int64_t sequence, RowWriter &writer) const;

private:
  bool isProtected(int32_t row) const;
  /// The block of row t of `from`, which belongs to `sequence`.
  int32_t blockOf(int64_t sequence, int32_t t) const {
    int32_t row = from.offsets == attended.offsets ? t : from.source[t];
    return blocks[sequence] +
           static_cast<int32_t>((row - attended.offsets[sequence]) /
                                desc.block_size);
  }
  /// The block of highest score, the first at a tie, whose flags are `wanted`
  /// under `mask`; -1 without one.
  int32_t best(int64_t sequence, uint8_t mask, uint8_t wanted) const;

  const skim_rt_skip_desc &desc;
  const skim_rt_batch &batch;
  const skim_rt_rows &attended;
  const skim_rt_rows &from;
  const float *scores;
  const int32_t *blocks;
  const void *segments;
  int64_t segmentBytes;
  uint8_t *flags;
};
} // namespace

bool Skimmer::isProtected(int32_t row) const {
  if (contains(desc.protect, desc.num_protect,
               indexAtEntry(batch, attended, row)))
    return true;
  if (!segments)
    return false;
  int32_t at = attended.positions[row];
  int64_t segment = segmentBytes == 8
                        ? static_cast<const int64_t *>(segments)[at]
                        : static_cast<const int32_t *>(segments)[at];
  return contains(desc.segments, desc.num_segments, segment);
}

int32_t Skimmer::best(int64_t sequence, uint8_t mask, uint8_t wanted) const {
  int32_t found = -1;
  for (int32_t k = blocks[sequence]; k < blocks[sequence + 1]; ++k)
    if ((flags[k] & mask) == wanted && (found < 0 || scores[k] > scores[found]))
      found = k;
  return found;
}

int32_t Skimmer::decide(int64_t sequence, double threshold) {
  int32_t first = blocks[sequence], last = blocks[sequence + 1];
  for (int32_t k = first; k < last; ++k)
    flags[k] = threshold <= 0 || double(scores[k]) >= threshold ? kKept : 0;
  for (int32_t row = attended.offsets[sequence];
       row < attended.offsets[sequence + 1]; ++row)
    if (isProtected(row))
      flags[first + (row - attended.offsets[sequence]) / desc.block_size] |=
          kKept;
  bool survives = false;
  for (int32_t t = from.offsets[sequence]; t < from.offsets[sequence + 1];
       ++t) {
    uint8_t &flag = flags[blockOf(sequence, t)];
    flag |= kLive;
    survives |= (flag & kKept) != 0;
  }
  if (!survives) {
    int32_t block = best(sequence, kLive, kLive);
    if (block >= 0)
      flags[block] |= kKept;
  }
  int32_t kept = 0;
  for (int32_t k = first; k < last; ++k)
    kept += flags[k] & kKept;
  return kept;
}

void Skimmer::fill(int64_t sequence, int32_t kept, int32_t wanted) {
  for (; kept < wanted; ++kept) {
    int32_t block = best(sequence, kKept, 0);
    if (block < 0)
      return;
    flags[block] |= kKept;
  }
}

void Skimmer::write(int64_t sequence, RowWriter &writer) const {
  for (int32_t t = from.offsets[sequence]; t < from.offsets[sequence + 1]; ++t)
    if (flags[blockOf(sequence, t)] & kKept)
      writer.keep(t);
  writer.endSequence();
}

int64_t skim_rt_skip_blocks(skim_rt_call *call, const skim_rt_skip_desc *desc,
                            const skim_rt_batch *batch,
                            const skim_rt_rows *attended,
                            const skim_rt_rows *from, const skim_rt_rows *to,
                            const float *scores, const int32_t *blocks,
                            const void *segments, int64_t segment_bytes) {
  static const skim_rt_kernel label = {"skip_blocks", SKIM_KIND_ADAPTIVE, -1};
  WorkTime time(call, label, desc->layer);
  int64_t numBlocks = blocks[from->batch];
  auto *flags = static_cast<uint8_t *>(skim_rt_alloc(call, numBlocks + 1));
  Skimmer skimmer(*desc, *batch, *attended, *from, scores, blocks, segments,
                  segment_bytes, flags);
  double threshold = knobValue(call, desc->knob, desc->threshold);
  int32_t most = 0;
  for (int64_t b = 0; b < from->batch; ++b) {
    int32_t kept = skimmer.decide(b, threshold);
    most = kept > most ? kept : most;
  }
  RowWriter writer(*from, *to);
  for (int64_t b = 0; b < from->batch; ++b) {
    if (desc->align_max) {
      int32_t kept = 0;
      for (int32_t k = blocks[b]; k < blocks[b + 1]; ++k)
        kept += flags[k] & kKept;
      skimmer.fill(b, kept, most);
    }
    skimmer.write(b, writer);
  }
  skim_rt_free(call, flags);
  if (call->collector.active())
    call->collector.addCut(desc->layer, false, *from, *to, writer.count());
  return writer.count();
}
