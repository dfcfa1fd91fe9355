//===- Npz.h - numpy's archives of arrays ---------------------------------===//
// Files as numpy.savez and numpy.savez_compressed write them.
//===----------------------------------------------------------------------===//

#ifndef SKIM_TOOLS_SKIMRUN_NPZ_H
#define SKIM_TOOLS_SKIMRUN_NPZ_H

#include "Array.h"
#include "skim/Support/StagedFile.h"

namespace skim::run {

/// All arrays of the file. Throws Error naming the file and the array.
std::vector<Array> readNpz(const std::string &path);

/// Writes an archive of the arrays. Throws Error.
void writeNpz(const std::vector<Array> &arrays, StagedFile &file);

} // namespace skim::run

#endif // SKIM_TOOLS_SKIMRUN_NPZ_H
