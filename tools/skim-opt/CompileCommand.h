//===- CompileCommand.h - skim-opt MODEL.onnx -o MODEL.so -------*- C++ -*-===//

#ifndef SKIM_TOOLS_SKIM_OPT_COMPILECOMMAND_H
#define SKIM_TOOLS_SKIM_OPT_COMPILECOMMAND_H

namespace skim {

/// True where the arguments are the compiler's: they name an ONNX file, by its
/// name or since it is binary and no MLIR, or ask for help and nothing else.
bool isCompileCommand(int argc, char **argv);

/// Compiles as the arguments say; gives the exit code.
int runCompileCommand(int argc, char **argv);

} // namespace skim

#endif // SKIM_TOOLS_SKIM_OPT_COMPILECOMMAND_H
