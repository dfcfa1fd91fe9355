//===- Library.cpp - opening and describing compiled libraries ------------===//
// The host side of skim.h: what a program or the Python package links.
//===----------------------------------------------------------------------===//

#include "Library.h"

#include "Call.h"
#include "ThreadPool.h"

#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <new>
#include <string>
#include <sys/mman.h>

using namespace skim::rt;

static thread_local char lastError[kMessageRoom];

skim_status skim::rt::fail(skim_status status, const char *format, ...) {
  va_list values;
  va_start(values, format);
  std::vsnprintf(lastError, sizeof(lastError), format, values);
  va_end(values);
  return status;
}

uint32_t skim_abi_version(void) { return SKIM_ABI_VERSION; }
const char *skim_version(void) { return SKIM_VERSION; }
const char *skim_last_error(void) { return lastError; }
const char *skim_dtype_name(int32_t dtype) { return dtypeName(dtype); }
int64_t skim_dtype_size(int32_t dtype) { return dtypeSize(dtype); }

//===----------------------------------------------------------------------===//
// Opening and closing
//===----------------------------------------------------------------------===//

static skim_status checkVersion(const char *name,
                                const struct skim_library_table &table) {
  if (std::memcmp(table.magic, SKIM_LIBRARY_MAGIC,
                  sizeof(SKIM_LIBRARY_MAGIC)) != 0)
    return fail(SKIM_ERROR_FORMAT,
                "%s: not a compiled model: skim_library_table is damaged",
                name);
  if (table.abi_version != SKIM_ABI_VERSION) {
    bool older = table.abi_version < SKIM_ABI_VERSION;
    return fail(SKIM_ERROR_VERSION,
                "%s: compiled by skim %s for ABI version %u, %s than this "
                "program's version %u "
                "(skim %s): %s",
                name, table.model->compiler, table.abi_version,
                older ? "older" : "newer", SKIM_ABI_VERSION, SKIM_VERSION,
                older ? "compile the model again"
                      : "use a newer skim to run it");
  }
  if (table.size != sizeof(struct skim_library_table) ||
      table.model->size != sizeof(skim_model_desc) ||
      table.model->abi_version != SKIM_ABI_VERSION)
    return fail(SKIM_ERROR_FORMAT,
                "%s: not a compiled model: skim_library_table is damaged",
                name);
  return SKIM_OK;
}

static skim_status checkCpu(const char *name,
                            const struct skim_library_table &table) {
  char missing[512];
  if (table.missing_features(missing, sizeof(missing)) == 0)
    return SKIM_OK;
  return fail(SKIM_ERROR_CPU, "%s: compiled for %s, this CPU lacks %s", name,
              table.model->cpu, missing);
}

static skim_status bindTable(const char *name,
                             const struct skim_library_table &table,
                             skim_library **out) {
  if (skim_status status = checkVersion(name, table))
    return status;
  if (skim_status status = checkCpu(name, table))
    return status;
  int64_t knobs = table.model->num_knobs;
  std::unique_ptr<skim_library> library(new (std::nothrow) skim_library);
  if (library)
    library->knobs.reset(
        new (std::nothrow) std::atomic<double>[static_cast<size_t>(knobs) + 1]);
  if (!library || !library->knobs)
    return fail(SKIM_ERROR_MEMORY, "%s: out of memory", name);
  library->table = &table;
  library->model = table.model;
  for (int64_t i = 0; i < knobs; ++i)
    library->knobs[i].store(table.model->knobs[i].initial,
                            std::memory_order_relaxed);
  *out = library.release();
  return SKIM_OK;
}

skim_status skim_bind(const struct skim_library_table *table,
                      skim_library **library) {
  if (!library)
    return fail(SKIM_ERROR_ARGUMENT, "skim_bind: library is null");
  *library = nullptr;
  if (!table)
    return fail(SKIM_ERROR_ARGUMENT, "skim_bind: table is null");
  return bindTable("linked library", *table, library);
}

/// A path that means the same file and is spelled differently for each content
/// of it: the loader takes a path that it has seen for the library that it has,
/// even when the file has been replaced.
static std::string spellPath(const char *path, uint64_t identity) {
  const char *slash = std::strrchr(path, '/');
  std::string spelled = slash ? std::string(path, slash) : std::string(".");
  for (int bit = 0; bit < 24; ++bit)
    spelled += identity >> bit & 1 ? "/." : "/";
  return spelled + "/" + (slash ? slash + 1 : path);
}

/// Maps the weights at once, so that the first run does not stop at each of
/// their pages, in huge pages where what the system has of the file lies so, or
/// is read now. Only a hint: where the system cannot, runs fetch them.
static void fetchWeights(const struct skim_library_table &table) {
  if (table.weights_delta == 0 || table.model->weights_bytes <= 0)
    return;
  auto address = reinterpret_cast<uintptr_t>(&table) +
                 static_cast<uintptr_t>(table.weights_delta);
  auto *weights = reinterpret_cast<void *>(address);
  auto bytes = static_cast<size_t>(table.model->weights_bytes);
#ifdef MADV_HUGEPAGE
  madvise(weights, bytes, MADV_HUGEPAGE);
#endif
#ifdef MADV_POPULATE_READ
  if (madvise(weights, bytes, MADV_POPULATE_READ) == 0)
    return;
#endif
  madvise(weights, bytes, MADV_WILLNEED);
}

skim_status skim_open(const char *path, skim_library **library) {
  if (!library)
    return fail(SKIM_ERROR_ARGUMENT, "skim_open: library is null");
  *library = nullptr;
  if (!path || !*path)
    return fail(SKIM_ERROR_ARGUMENT, "skim_open: path is empty");
  uint64_t identity = 0;
  if (skim_status status = checkLibraryFile(path, identity))
    return status;
  void *handle =
      dlopen(spellPath(path, identity).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    return fail(SKIM_ERROR_FILE, "%s: cannot load: %s", path, dlerror());
  auto *table = static_cast<struct skim_library_table *>(
      dlsym(handle, "skim_library_table"));
  skim_status status =
      table ? bindTable(path, *table, library)
            : fail(SKIM_ERROR_FORMAT,
                   "%s: not a compiled model: it exports no skim_library_table",
                   path);
  if (status) {
    dlclose(handle);
    return status;
  }
  (*library)->handle = handle;
  fetchWeights(*table);
  return SKIM_OK;
}

void skim::rt::retain(skim_library *library) {
  library->users.fetch_add(1, std::memory_order_relaxed);
}

void skim::rt::release(skim_library *library) {
  if (library->users.fetch_sub(1, std::memory_order_acq_rel) != 1)
    return;
  if (library->handle)
    dlclose(library->handle);
  delete library;
}

void skim_close(skim_library *library) {
  if (library)
    release(library);
}

//===----------------------------------------------------------------------===//
// Descriptions
//===----------------------------------------------------------------------===//

skim_status skim_get_model_info(const skim_library *library,
                                skim_model_info *info) {
  if (!library || !info)
    return fail(SKIM_ERROR_ARGUMENT, "skim_get_model_info: null argument");
  const skim_model_desc &model = *library->model;
  *info = {model.name,         model.compiler,      model.cpu,
           model.dtype,        model.weights_bytes, model.num_layers,
           model.num_features, model.features};
  return SKIM_OK;
}

int64_t skim_num_inputs(const skim_library *library) {
  return library ? library->model->num_inputs : 0;
}
int64_t skim_num_outputs(const skim_library *library) {
  return library ? library->model->num_outputs : 0;
}

const skim_tensor_desc *skim_get_input(const skim_library *library,
                                       int64_t index) {
  bool inside = index >= 0 && index < skim_num_inputs(library);
  return inside ? library->model->inputs + index : nullptr;
}

const skim_tensor_desc *skim_get_output(const skim_library *library,
                                        int64_t index) {
  bool inside = index >= 0 && index < skim_num_outputs(library);
  return inside ? library->model->outputs + index : nullptr;
}

static int64_t findTensor(const skim_tensor_desc *descs, int64_t count,
                          const char *name) {
  for (int64_t i = 0; name && i < count; ++i)
    if (std::strcmp(descs[i].name, name) == 0)
      return i;
  return -1;
}

int64_t skim_find_input(const skim_library *library, const char *name) {
  return library ? findTensor(library->model->inputs,
                              library->model->num_inputs, name)
                 : -1;
}

int64_t skim_find_output(const skim_library *library, const char *name) {
  return library ? findTensor(library->model->outputs,
                              library->model->num_outputs, name)
                 : -1;
}

//===----------------------------------------------------------------------===//
// Knobs
//===----------------------------------------------------------------------===//

int64_t skim_num_knobs(const skim_library *library) {
  return library ? library->model->num_knobs : 0;
}

const char *skim_knob_name(const skim_library *library, int64_t index) {
  bool inside = index >= 0 && index < skim_num_knobs(library);
  return inside ? library->model->knobs[index].name : nullptr;
}

bool skim::rt::knobMatches(const char *knob, const char *given) {
  size_t length = std::strlen(given);
  return std::strncmp(knob, given, length) == 0 &&
         (knob[length] == 0 || knob[length] == '.');
}

skim_status skim::rt::checkKnob(const skim_library *library, const char *name,
                                double value) {
  if (!name)
    return fail(SKIM_ERROR_ARGUMENT, "knob name is null");
  bool found = false;
  for (int64_t i = 0; i < library->model->num_knobs; ++i) {
    const skim_knob_desc &knob = library->model->knobs[i];
    if (!knobMatches(knob.name, name))
      continue;
    found = true;
    if (!std::isfinite(value) || value < knob.min)
      return fail(SKIM_ERROR_KNOB,
                  "knob '%s': expected a finite value of at least %g, got %g",
                  name, knob.min, value);
  }
  if (!found)
    return fail(SKIM_ERROR_KNOB, "knob '%s': the model has no such knob%s",
                name, library->model->num_knobs ? "" : " (it has none)");
  return SKIM_OK;
}

skim_status skim_get_knob(const skim_library *library, const char *name,
                          double *value) {
  if (!library || !name || !value)
    return fail(SKIM_ERROR_ARGUMENT, "skim_get_knob: null argument");
  for (int64_t i = 0; i < library->model->num_knobs; ++i)
    if (knobMatches(library->model->knobs[i].name, name)) {
      *value = library->knobs[i].load(std::memory_order_relaxed);
      return SKIM_OK;
    }
  return checkKnob(library, name, 0);
}

skim_status skim_set_knob(skim_library *library, const char *name,
                          double value) {
  if (!library)
    return fail(SKIM_ERROR_ARGUMENT, "skim_set_knob: library is null");
  if (skim_status status = checkKnob(library, name, value))
    return status;
  for (int64_t i = 0; i < library->model->num_knobs; ++i)
    if (knobMatches(library->model->knobs[i].name, name))
      library->knobs[i].store(value, std::memory_order_relaxed);
  return SKIM_OK;
}
