//===- Diagnostics.cpp - MLIR's diagnostics as messages -------------------===//
// The importer's texts are complete; those of passes get the file and the node
// in front.
//===----------------------------------------------------------------------===//

#include "Diagnostics.h"

#include "mlir/IR/Location.h"

using namespace mlir;
using namespace skim;

DiagnosticCollector::DiagnosticCollector(
    MLIRContext *context, std::string path,
    std::function<void(const std::string &)> onWarning)
    : path(std::move(path)), onWarning(std::move(onWarning)),
      handler(context, [this](Diagnostic &diagnostic) {
        std::string text = format(diagnostic);
        switch (diagnostic.getSeverity()) {
        case DiagnosticSeverity::Error:
          if (firstError.empty())
            firstError = text;
          break;
        case DiagnosticSeverity::Warning:
          if (this->onWarning)
            this->onWarning(text);
          break;
        case DiagnosticSeverity::Remark:
        case DiagnosticSeverity::Note:
          remarks.push_back(text);
          break;
        }
        return success();
      }) {}

/// `node 'name' (Type): ` where the location is a node's, else nothing.
static std::string describeNode(Location loc) {
  NameLoc node;
  loc->walk([&](Location inner) {
    node = dyn_cast<NameLoc>(inner);
    return node ? WalkResult::interrupt() : WalkResult::advance();
  });
  if (!node)
    return "";
  std::string text = "node '" + node.getName().str() + "'";
  if (auto type = dyn_cast<NameLoc>(node.getChildLoc()))
    text += " (" + type.getName().str() + ")";
  return text + ": ";
}

std::string DiagnosticCollector::format(Diagnostic &diagnostic) const {
  std::string text = diagnostic.str();
  for (Diagnostic &note : diagnostic.getNotes())
    if (StringRef(note.str()).count('\n') == 0 &&
        !StringRef(note.str()).starts_with("see current operation"))
      text += "; " + note.str();
  if (StringRef(text).starts_with(path) ||
      llvm::any_of(complete, [&](StringRef prefix) {
        return StringRef(text).starts_with(prefix);
      }))
    return text;
  // MLIR puts the op's name in front, which the node says better.
  StringRef body = text;
  if (body.starts_with("'")) {
    size_t end = body.find("' op ");
    if (end != StringRef::npos && body.take_front(end).count(' ') == 0)
      body = body.drop_front(end + 5);
  }
  std::string node = describeNode(diagnostic.getLocation());
  if (body.starts_with("node '"))
    node.clear();
  // Without a node, the op's own name is better than nothing.
  return path + ": " + (node.empty() ? text : node + body.str());
}

std::string DiagnosticCollector::error(StringRef stage) const {
  if (!firstError.empty())
    return firstError;
  return path + ": stage '" + stage.str() + "' failed without a message";
}

std::vector<std::string> DiagnosticCollector::takeRemarks() {
  return std::exchange(remarks, {});
}
