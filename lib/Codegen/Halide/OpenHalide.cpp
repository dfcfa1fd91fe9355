//===- OpenHalide.cpp - opens the module that runs Halide -----------------===//
// Only when a Halide kernel is asked for. It is found by the place of this
// code: beside the program or extension module, or in the folder lib next to
// the program's.
//===----------------------------------------------------------------------===//

#include "OpenHalide.h"

#include "skim/Codegen/HalideKernels.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <dlfcn.h>

using namespace llvm;
using namespace skim;

/// The file that this code is in. Of a program that was found by $PATH the
/// loader knows its name only.
static std::string findThisFile() {
  void *code = reinterpret_cast<void *>(&findThisFile);
  Dl_info info;
  if (!dladdr(code, &info))
    return "";
  if (StringRef(info.dli_fname).contains('/'))
    return info.dli_fname;
  return sys::fs::getMainExecutable(nullptr, code);
}

/// The module's file; empty where there is none.
static std::string findModule() {
  SmallString<256> here;
  if (sys::fs::real_path(findThisFile(), here))
    return "";
  sys::path::remove_filename(here);
  for (StringRef folder : {".", "../lib", "../../lib"}) {
    SmallString<256> path(here);
    sys::path::append(path, folder, "libskim-halide.so");
    if (sys::fs::exists(path))
      return path.str().str();
  }
  return "";
}

Expected<const halide::Pipelines *> skim::findHalidePipelines() {
  std::string path = findModule();
  if (path.empty())
    return createStringError("this build has no Halide");
  // Its symbols stay its own: it holds another LLVM. It is never closed.
  void *module = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!module)
    return createStringError(Twine("cannot open Halide: ") + dlerror());
  auto *ask = reinterpret_cast<decltype(&skim_halide_pipelines)>(
      dlsym(module, "skim_halide_pipelines"));
  const halide::Pipelines *pipelines =
      ask ? ask(halide::interfaceVersion) : nullptr;
  if (!pipelines)
    return createStringError(path + ": is of another version of skim");
  return pipelines;
}

Error skim::openHalide() {
  Expected<const halide::Pipelines *> found = findHalidePipelines();
  return found ? Error::success() : found.takeError();
}
