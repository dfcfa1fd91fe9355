//===- Precompiled.cpp - the target that owns the precompiled header ------===//
// Every compiler library reuses its header; it has no code of its own.
//===----------------------------------------------------------------------===//
