//===- Windows.h - what convolutions and pools share ------------*- C++ -*-===//
// Windows over the spatial dimensions of `[batch, channels, spatial..]`.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CONVERSION_ONNXTOLINALG_WINDOWS_H
#define SKIM_LIB_CONVERSION_ONNXTOLINALG_WINDOWS_H

#include "Emitter.h"
#include "Scalars.h"

namespace skim::lowering {

/// A window's numbers are written out up to so many.
inline constexpr int64_t unrolledTaps = 128;

/// The offsets within a window of these sizes, row major; nothing where they
/// are more than are written out.
SmallVector<SmallVector<int64_t>> windowTaps(ArrayRef<int64_t> kernel);

/// Checks that there is room for one window of `span` positions.
void checkRoom(Emitter &e, Value span, Value padded);

/// The input with `fill` around it: `begins` elements before each spatial
/// dimension, so many behind that the dimension has `extents`.
Value surround(Emitter &e, Scalars &s, Value x, ArrayRef<int64_t> begins,
               ValueRange extents, Value fill);

} // namespace skim::lowering

#endif // SKIM_LIB_CONVERSION_ONNXTOLINALG_WINDOWS_H
