//===- Options.h - names of stages and checks of options --------*- C++ -*-===//
// What can be said of the options before the model is read.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_COMPILER_OPTIONS_H
#define SKIM_LIB_COMPILER_OPTIONS_H

#include "skim/Compiler/Compiler.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace skim {

llvm::StringRef stageName(Stage stage);

/// Checks the options and the output's path.
llvm::Error checkOptions(const CompileOptions &options);

} // namespace skim

#endif // SKIM_LIB_COMPILER_OPTIONS_H
