//===- NameDims.cpp - names for dimensions that have none -----------------===//
// Inputs without dimension names that a graph adds or compares have to agree:
// with one name for both, the analysis knows it and the run checks it.
//===----------------------------------------------------------------------===//

#include "skim/Dialect/Onnx/Transforms/SymbolicShapes.h"

using namespace mlir;
using namespace skim::onnx;

/// The function's own mark of a dimension without a name.
static bool isUnnamed(StringRef name) { return name.starts_with("?"); }

/// New names of unnamed dimensions that meet in one broadcast.
static void collect(const SymAtom &atom, llvm::StringMap<std::string> &names) {
  if (atom.kind != SymAtom::Kind::Broadcast)
    return;
  StringRef name;
  for (const SymDim &arg : atom.args)
    if (StringRef symbol = arg.symbolName(); !symbol.empty())
      if (name.empty() || (isUnnamed(name) && !isUnnamed(symbol)))
        name = symbol;
  for (const SymDim &arg : atom.args)
    if (isUnnamed(arg.symbolName()) &&
        !SymbolicShapes::isFresh(arg.symbolName()))
      names.try_emplace(arg.symbolName(), name.ltrim('?').str());
}

bool skim::onnx::nameBroadcastDims(func::FuncOp func, SymbolicShapes &shapes) {
  llvm::StringMap<std::string> names;
  func.walk([&](Operation *op) {
    for (Value result : op->getResults())
      for (const SymDim &dim : shapes.dims(result).value_or(ArrayRef<SymDim>()))
        dim.walk([&](const SymAtom &atom) { collect(atom, names); });
  });
  if (names.empty())
    return false;
  Builder builder(func.getContext());
  for (BlockArgument argument : func.getArguments()) {
    SmallVector<Attribute> attrs;
    for (const SymDim &dim :
         shapes.dims(argument).value_or(ArrayRef<SymDim>())) {
      auto found = names.find(dim.symbolName());
      std::string name = found != names.end() ? found->second : dim.str();
      attrs.push_back(
          builder.getStringAttr(isUnnamed(name) ? StringRef() : name));
    }
    if (!attrs.empty())
      func.setArgAttr(argument.getArgNumber(), "onnx.dims",
                      builder.getArrayAttr(attrs));
  }
  return true;
}
