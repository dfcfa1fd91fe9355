//===- JsonText.h - JSON from text, stricter and kinder ---------*- C++ -*-===//

#ifndef SKIM_LIB_PLAN_JSONTEXT_H
#define SKIM_LIB_PLAN_JSONTEXT_H

#include "llvm/Support/JSON.h"

namespace skim {

/// Parses JSON text. Refuses what the parser lets pass: a field that is given
/// twice, and nesting so deep that it would exhaust the stack. NaN and infinite
/// numbers, which Python writes, become values that `describe` names, so that
/// the field they stand in can be told. `name` begins every message.
llvm::Expected<llvm::json::Value> parseJson(llvm::StringRef text,
                                            llvm::StringRef name);

/// A value in a message: "-1", "'ltp'", "a list of 3", "an object".
std::string describe(const llvm::json::Value &value);

} // namespace skim

#endif // SKIM_LIB_PLAN_JSONTEXT_H
