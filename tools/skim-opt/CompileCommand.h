//===- CompileCommand.h - skim-opt MODEL.onnx -o MODEL.so -------*- C++ -*-===//

#ifndef SKIM_TOOLS_SKIM_OPT_COMPILECOMMAND_H
#define SKIM_TOOLS_SKIM_OPT_COMPILECOMMAND_H

namespace skim {

/// True where the arguments are the compiler's: they name an ONNX file, or ask
/// for help and nothing else.
bool isCompileCommand(int argc, char **argv);

/// Compiles as the arguments say; gives the exit code.
int runCompileCommand(int argc, char **argv);

} // namespace skim

#endif // SKIM_TOOLS_SKIM_OPT_COMPILECOMMAND_H
