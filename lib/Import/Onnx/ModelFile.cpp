//===- ModelFile.cpp - reading the protobuf -------------------------------===//
// Opens a model file, tells what it is when it is no model, and parses it.
//===----------------------------------------------------------------------===//

#include "ModelFile.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Errno.h"
#include "llvm/Support/JSON.h"
#include <cerrno>
#include <fcntl.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace llvm;

LogicalResult skim::import::reportError(mlir::MLIRContext *context,
                                        StringRef path, const Twine &message) {
  std::string text = json::fixUTF8(message.str());
  for (char &c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == 127)
      c = '?';
  return mlir::emitError(mlir::UnknownLoc::get(context))
         << path << ": " << text;
}

static Error error(const Twine &text) { return createStringError(text); }

/// What the first bytes of a file that does not parse look like.
static std::string guess(StringRef head) {
  if (head.starts_with("version https://git-lfs"))
    return "this is a git-lfs pointer, not the model: run 'git lfs pull'";
  if (head.starts_with("PK"))
    return "this is a zip archive (a PyTorch file?), not an ONNX model";
  if (head.starts_with("\x93NUMPY"))
    return "this is a NumPy array, not an ONNX model";
  if (head.starts_with("<") || head.starts_with("{"))
    return "this is a text file, not an ONNX model";
  return "expected an ONNX model (protobuf), the data is damaged, cut short or "
         "something else";
}

Expected<std::unique_ptr<::onnx::ModelProto>>
skim::import::readModel(StringRef path) {
  int fd = ::open(path.str().c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return error("cannot open the model: " + sys::StrError(errno));
  llvm::scope_exit closeFile([&] { ::close(fd); });

  struct stat status;
  if (::fstat(fd, &status) != 0)
    return error("cannot read the model: " + sys::StrError(errno));
  if (S_ISDIR(status.st_mode))
    return error("expected a model file, got a directory");
  if (S_ISREG(status.st_mode) && status.st_size == 0)
    return error("expected a model, the file is empty");
  if (status.st_size > INT32_MAX)
    return error("expected a model of at most 2 GiB, got " +
                 Twine(static_cast<uint64_t>(status.st_size)) +
                 " bytes: larger models keep their weights as external data");

  auto model = std::make_unique<::onnx::ModelProto>();
  google::protobuf::io::FileInputStream stream(fd, /*block_size=*/1 << 20);
  if (!model->ParseFromZeroCopyStream(&stream)) {
    if (stream.GetErrno() != 0)
      return error("cannot read the model: " +
                   sys::StrError(stream.GetErrno()));
    char head[32] = {};
    ssize_t count = ::pread(fd, head, sizeof(head), 0);
    return error(guess(StringRef(head, count > 0 ? count : 0)));
  }
  return model;
}
