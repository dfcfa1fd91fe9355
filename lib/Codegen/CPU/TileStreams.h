//===- TileStreams.h - weights that are asked for ahead ---------*- C++ -*-===//
// A core reads several streams of memory faster than one, and lines of
// different pages faster than neighbours: a tile of weights is asked for as
// streams, one line of each at a time.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_CPU_TILESTREAMS_H
#define SKIM_LIB_CODEGEN_CPU_TILESTREAMS_H

#include "KernelBuilder.h"

namespace skim {

/// What a panel of rows asks for of the tile that comes next.
struct TileStreams {
  Value w, tile, k; ///< the packed weights, and where in them the streams begin
  Value lines;      ///< of a stream, 64 bytes each
  Value first;      ///< line of every stream that the panel begins with

  /// Lines of the words of a column tile for one k.
  static int64_t linesPerWord(const TargetInfo &target);
  /// `first` of one of `panels` panels, which have `own` steps each: they share
  /// every stream, with overlaps where they could ask for more.
  static Value share(KernelBuilder &b, Value lines, Value own, Value panel,
                     Value panels);
  /// Asks for line `at` of each of the streams [begin, end). A word holds
  /// `perWord` numbers, and k has `depth` words.
  void fetch(KernelBuilder &b, int64_t perWord, int64_t depth, Value at,
             int64_t begin, int64_t end) const;
};

} // namespace skim

#endif // SKIM_LIB_CODEGEN_CPU_TILESTREAMS_H
