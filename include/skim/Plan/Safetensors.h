//===- Safetensors.h - tensors in a file, mapped ----------------*- C++ -*-===//
// Reads the header of a .safetensors file and checks it; data stay in the file.
//===----------------------------------------------------------------------===//

#ifndef SKIM_PLAN_SAFETENSORS_H
#define SKIM_PLAN_SAFETENSORS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>
#include <string>
#include <vector>

namespace skim {

class Safetensors {
public:
  struct Tensor {
    std::string dtype; // as in the file: "F32", "BF16", ...
    std::vector<int64_t> shape;
    llvm::ArrayRef<char> bytes; // little endian, as aligned as the file has it
  };

  /// Maps the file. Errors say what is wrong with it and name it.
  static llvm::Expected<std::shared_ptr<const Safetensors>>
  open(llvm::StringRef path);

  /// The same over a buffer.
  static llvm::Expected<std::shared_ptr<const Safetensors>>
  parse(std::unique_ptr<llvm::MemoryBuffer> buffer);

  /// The tensor of that name, or null.
  const Tensor *find(llvm::StringRef name) const;

  /// All names, sorted.
  std::vector<std::string> names() const;

  llvm::StringRef path() const { return buffer->getBufferIdentifier(); }

private:
  Safetensors() = default;
  llvm::Error readHeader();

  std::unique_ptr<llvm::MemoryBuffer> buffer;
  llvm::StringMap<Tensor> tensors;
};

} // namespace skim

#endif // SKIM_PLAN_SAFETENSORS_H
