//===- NameDims.cpp - names for dimensions that have none -----------------===//
// Inputs without dimension names that a graph adds or compares, or reshapes by
// each other, have to agree: with one name for both, the analysis knows it and
// the run checks it. So have those that an exporter numbered.
//===----------------------------------------------------------------------===//

#include "skim/Dialect/Onnx/IR/OnnxDialect.h"
#include "skim/Dialect/Onnx/Transforms/SymbolicShapes.h"

using namespace mlir;
using namespace skim::onnx;

/// New names by old ones.
using Names = llvm::StringMap<std::string>;

/// The function's own mark of a dimension without a name.
static bool isUnnamed(StringRef name) { return name.starts_with("?"); }

/// Exporters give every dimension of an input that has no name a number of its
/// own: tf2onnx `unk__7`, paddle2onnx `DynamicDimension.7`.
static bool isNumbered(StringRef name) {
  return (name.consume_front("unk__") ||
          name.consume_front("DynamicDimension.")) &&
         !name.empty() && llvm::all_of(name, llvm::isDigit);
}

/// How much a name says: none, a number, or a name that somebody gave.
static int rankName(StringRef name) {
  return isUnnamed(name) ? 0 : isNumbered(name) ? 1 : 2;
}

/// Whether a dimension of the first name takes the second, of two that are
/// equal: one order for all, so that none goes back and forth.
static bool yields(StringRef name, StringRef other) {
  auto key = [](StringRef name) {
    return std::make_tuple(-rankName(name), name.size(), name);
  };
  return key(other) < key(name);
}

/// New names of dimensions without a given one that are to be equal.
static void collect(ArrayRef<SymDim> dims, Names &names) {
  StringRef name;
  SmallVector<StringRef> symbols;
  for (const SymDim &dim : dims)
    if (StringRef symbol = dim.symbolName();
        !symbol.empty() && !SymbolicShapes::isFresh(symbol))
      symbols.push_back(symbol);
  for (StringRef symbol : symbols)
    if (name.empty() || yields(name, symbol))
      name = symbol;
  for (StringRef symbol : symbols)
    if (rankName(symbol) < 2 && (symbol != name || isUnnamed(name)))
      names.try_emplace(symbol, name.ltrim('?').str());
}

/// The dimensions but those of 1, products of numbered ones taken apart: in the
/// order of their numbers, which is that of an argument's axes.
static SmallVector<SymDim> getFactors(ArrayRef<SymDim> dims) {
  SmallVector<SymDim> factors;
  for (const SymDim &dim : dims) {
    if (dim.isConstant(1))
      continue;
    auto [coefficient, parts] = dim.splitFactors();
    if (parts.size() < 2 || coefficient != 1 ||
        !llvm::all_of(parts, [](const SymDim &part) {
          return isNumbered(part.symbolName());
        })) {
      factors.push_back(dim);
      continue;
    }
    llvm::sort(parts, [](const SymDim &x, const SymDim &y) {
      return yields(y.symbolName(), x.symbolName());
    });
    llvm::append_range(factors, parts);
  }
  return factors;
}

/// The same of an argument that is reshaped by the dimensions of another, with
/// axes of 1 put between, or of a tensor of its elements in a row.
static void collectReshaped(ReshapeOp op, SymbolicShapes &shapes,
                            Names &names) {
  auto dimsOf = [&](Value value) {
    return getFactors(shapes.dims(value).value_or(ArrayRef<SymDim>()));
  };
  SmallVector<SymDim> from = dimsOf(op.getData()),
                      to = dimsOf(op.getReshaped());
  // Dimensions on both sides may have changed places.
  if (from.size() != to.size() || llvm::any_of(from, [&](const SymDim &dim) {
        return !dim.constant() && llvm::is_contained(to, dim);
      }))
    return;
  for (auto [a, b] : llvm::zip(from, to))
    if (!a.symbolName().empty() && !b.symbolName().empty() && a != b)
      collect({a, b}, names);
}

/// What broadcasts tell.
static Names collectBroadcasts(func::FuncOp func, SymbolicShapes &shapes) {
  Names names;
  func.walk([&](Operation *op) {
    for (Value result : op->getResults())
      for (const SymDim &dim : shapes.dims(result).value_or(ArrayRef<SymDim>()))
        dim.walk([&](const SymAtom &atom) {
          if (atom.kind == SymAtom::Kind::Broadcast)
            collect(atom.args, names);
        });
  });
  return names;
}

/// What reshapes tell; nothing where that would make two dimensions of one
/// argument the same, so that some have changed places.
static Names collectReshapes(func::FuncOp func, SymbolicShapes &shapes) {
  Names names;
  func.walk([&](ReshapeOp op) { collectReshaped(op, shapes, names); });
  for (BlockArgument argument : func.getArguments()) {
    llvm::StringMap<StringRef> olds;
    for (const SymDim &dim :
         shapes.dims(argument).value_or(ArrayRef<SymDim>())) {
      StringRef old = dim.symbolName();
      auto found = names.find(old);
      StringRef name = found == names.end() ? old : StringRef(found->second);
      if (!name.empty() && olds.try_emplace(name, old).first->second != old)
        return {};
    }
  }
  return names;
}

bool skim::onnx::nameEqualDims(func::FuncOp func, SymbolicShapes &shapes) {
  Names names = collectBroadcasts(func, shapes);
  // Only what is left after them.
  if (names.empty())
    names = collectReshapes(func, shapes);
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
