//===- Runtime.cpp - module skim._skim: running compiled models -----------===//
// A thin layer over skim.h. Checks that need words for Python's types, and the
// package's public face, are in _model.py.
//===----------------------------------------------------------------------===//

#include "skim/Runtime/skim.h"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace nb = nanobind;
using namespace nb::literals;

namespace {
/// Any contiguous array in the process's memory, which is only read.
using Array = nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu>;
using Knobs = std::vector<std::pair<std::string, double>>;

/// Text of the runtime, whose names come from model files and need not be
/// well-formed UTF-8.
nb::object text(const char *characters) {
  PyObject *object = PyUnicode_DecodeUTF8(
      characters, Py_ssize_t(std::strlen(characters)), "replace");
  if (!object)
    throw nb::python_error();
  return nb::steal(object);
}

/// Raises the exception class `name` of skim._errors.
[[noreturn]] void raise(const char *name, const char *message) {
  nb::object type = nb::module_::import_("skim._errors").attr(name);
  PyErr_SetObject(type.ptr(), text(message).ptr());
  throw nb::python_error();
}

void check(skim_status status) {
  if (status == SKIM_OK)
    return;
  // Names of knobs are checked in _knobs.py: this is about a value.
  raise(status == SKIM_ERROR_KNOB ? "KnobValueError" : "RunError",
        status == SKIM_ERROR_MEMORY ? "out of memory" : skim_last_error());
}

/// The number of an element type; 0, which no input has, for other types.
int32_t dtypeNumber(nb::dlpack::dtype dtype) {
  if (dtype.lanes != 1)
    return 0;
  int bytes = dtype.bits / 8;
  switch (static_cast<nb::dlpack::dtype_code>(dtype.code)) {
  case nb::dlpack::dtype_code::Bool:
    return SKIM_BOOL;
  case nb::dlpack::dtype_code::Int:
    return bytes == 1   ? SKIM_INT8
           : bytes == 2 ? SKIM_INT16
           : bytes == 4 ? SKIM_INT32
                        : SKIM_INT64;
  case nb::dlpack::dtype_code::UInt:
    return bytes == 1   ? SKIM_UINT8
           : bytes == 2 ? SKIM_UINT16
           : bytes == 4 ? SKIM_UINT32
                        : SKIM_UINT64;
  case nb::dlpack::dtype_code::Float:
    return bytes == 2   ? SKIM_FLOAT16
           : bytes == 4 ? SKIM_FLOAT32
           : bytes == 8 ? SKIM_FLOAT64
                        : 0;
  default:
    return 0;
  }
}

nb::dlpack::dtype numpyDtype(int32_t number) {
  switch (number) {
  case SKIM_FLOAT16:
    return {uint8_t(nb::dlpack::dtype_code::Float), 16, 1};
  case SKIM_FLOAT32:
    return nb::dtype<float>();
  case SKIM_FLOAT64:
    return nb::dtype<double>();
  case SKIM_INT8:
    return nb::dtype<int8_t>();
  case SKIM_INT16:
    return nb::dtype<int16_t>();
  case SKIM_INT32:
    return nb::dtype<int32_t>();
  case SKIM_INT64:
    return nb::dtype<int64_t>();
  case SKIM_UINT8:
    return nb::dtype<uint8_t>();
  case SKIM_UINT16:
    return nb::dtype<uint16_t>();
  case SKIM_UINT32:
    return nb::dtype<uint32_t>();
  case SKIM_UINT64:
    return nb::dtype<uint64_t>();
  default: // what is left, since _model.py refuses other outputs
    return nb::dtype<bool>();
  }
}

struct Free {
  void operator()(void *memory) const { std::free(memory); }
};

/// A copy of an output, in memory that the array will own.
struct Output {
  std::unique_ptr<void, Free> data;
  skim_tensor tensor;

  static Output copy(const skim_tensor &tensor) {
    int64_t bytes = skim_dtype_size(tensor.dtype);
    for (int32_t i = 0; i < tensor.rank; ++i)
      bytes *= tensor.dims[i];
    // aligned_alloc takes multiples of the alignment.
    size_t room = (size_t(bytes) + 64) / 64 * 64;
    Output output{std::unique_ptr<void, Free>(std::aligned_alloc(64, room)),
                  tensor};
    if (output.data)
      std::memcpy(output.data.get(), tensor.data, size_t(bytes));
    return output;
  }

  nb::object array() {
    void *memory = data.release();
    nb::capsule owner(memory, [](void *p) noexcept { std::free(p); });
    size_t shape[SKIM_MAX_RANK];
    for (int32_t i = 0; i < tensor.rank; ++i)
      shape[i] = size_t(tensor.dims[i]);
    return nb::cast(nb::ndarray<nb::numpy>(memory, size_t(tensor.rank), shape,
                                           owner, nullptr,
                                           numpyDtype(tensor.dtype)));
  }
};

struct DestroyContext {
  void operator()(skim_context *context) const {
    skim_context_destroy(context);
  }
};
using Context = std::unique_ptr<skim_context, DestroyContext>;

/// An open library and the call contexts that no run uses now.
class Library {
public:
  explicit Library(const nb::bytes &path) {
    check(skim_open(path.c_str(), &library));
  }
  Library(const Library &) = delete;
  Library &operator=(const Library &) = delete;
  ~Library() {
    idle.clear();
    skim_close(library);
  }

  nb::dict info() const;
  nb::list inputs() const { return describe(skim_num_inputs, skim_get_input); }
  nb::list outputs() const {
    return describe(skim_num_outputs, skim_get_output);
  }
  std::vector<nb::object> knobNames() const;
  double getKnob(const std::string &name) const;
  void setKnob(const std::string &name, double value);
  nb::tuple run(const std::vector<Array> &inputs, int32_t threads,
                const Knobs &knobs, bool statistics);

private:
  nb::list describe(int64_t (*count)(const skim_library *),
                    const skim_tensor_desc *(*get)(const skim_library *,
                                                   int64_t)) const;
  Context take();
  void giveBack(Context context);
  skim_status set(skim_context *context, const std::vector<Array> &inputs,
                  int32_t threads, const Knobs &knobs, bool statistics);
  skim_status execute(skim_context *context, std::vector<Output> &outputs);

  /// As many contexts stay as runs can be under way on a small server; their
  /// buffers are as large as the largest run's.
  static constexpr size_t maxIdle = 8;

  skim_library *library = nullptr;
  std::mutex mutex;
  std::vector<Context> idle;
};
} // namespace

nb::dict Library::info() const {
  skim_model_info info;
  check(skim_get_model_info(library, &info));
  nb::dict dict;
  dict["name"] = text(info.name);
  dict["compiler"] = text(info.compiler);
  dict["cpu"] = text(info.cpu);
  dict["dtype"] = text(info.dtype);
  dict["layers"] = info.num_layers;
  dict["weights_bytes"] = info.weights_bytes;
  return dict;
}

/// A list of (name, dtype's name, dimensions), where a dimension is a number, a
/// name, or "?".
nb::list Library::describe(int64_t (*count)(const skim_library *),
                           const skim_tensor_desc *(*get)(const skim_library *,
                                                          int64_t)) const {
  nb::list all;
  for (int64_t i = 0; i < count(library); ++i) {
    const skim_tensor_desc &desc = *get(library, i);
    nb::list dims;
    for (int32_t d = 0; d < desc.rank; ++d) {
      if (desc.dims[d] >= 0)
        dims.append(desc.dims[d]);
      else
        dims.append(text(*desc.dim_names[d] ? desc.dim_names[d] : "?"));
    }
    all.append(nb::make_tuple(
        text(desc.name), text(skim_dtype_name(desc.dtype)), nb::tuple(dims)));
  }
  return all;
}

std::vector<nb::object> Library::knobNames() const {
  std::vector<nb::object> names;
  for (int64_t i = 0; i < skim_num_knobs(library); ++i)
    names.push_back(text(skim_knob_name(library, i)));
  return names;
}

double Library::getKnob(const std::string &name) const {
  double value = 0;
  check(skim_get_knob(library, name.c_str(), &value));
  return value;
}

void Library::setKnob(const std::string &name, double value) {
  check(skim_set_knob(library, name.c_str(), value));
}

Context Library::take() {
  {
    std::lock_guard<std::mutex> lock(mutex);
    if (!idle.empty()) {
      Context context = std::move(idle.back());
      idle.pop_back();
      return context;
    }
  }
  skim_context *context = nullptr;
  check(skim_context_create(library, &context));
  return Context(context);
}

void Library::giveBack(Context context) {
  skim_context_reset_knobs(context.get());
  std::lock_guard<std::mutex> lock(mutex);
  if (idle.size() < maxIdle)
    idle.push_back(std::move(context));
}

skim_status Library::set(skim_context *context,
                         const std::vector<Array> &inputs, int32_t threads,
                         const Knobs &knobs, bool statistics) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Array &input = inputs[i];
    int64_t dims[SKIM_MAX_RANK] = {};
    // A rank that does not fit is refused before its dimensions are read.
    for (size_t d = 0; d < input.ndim() && d < SKIM_MAX_RANK; ++d)
      dims[d] = int64_t(input.shape(d));
    if (skim_status status = skim_context_set_input(
            context, int64_t(i), input.data(), dtypeNumber(input.dtype()),
            int64_t(input.ndim()), dims))
      return status;
  }
  for (const auto &[name, value] : knobs)
    if (skim_status status =
            skim_context_set_knob(context, name.c_str(), value))
      return status;
  if (skim_status status = skim_context_set_threads(context, threads))
    return status;
  return skim_context_collect(context, statistics ? SKIM_STATISTICS : 0);
}

/// Runs and copies the outputs; needs no lock of the interpreter.
skim_status Library::execute(skim_context *context,
                             std::vector<Output> &outputs) {
  if (skim_status status = skim_run(context))
    return status;
  for (int64_t i = 0; i < skim_num_outputs(library); ++i) {
    skim_tensor tensor;
    if (skim_status status = skim_context_get_output(context, i, &tensor))
      return status;
    outputs.push_back(Output::copy(tensor));
    if (!outputs.back().data)
      return SKIM_ERROR_MEMORY;
  }
  return SKIM_OK;
}

/// The outputs as arrays, and the statistics' JSON text or None.
nb::tuple Library::run(const std::vector<Array> &inputs, int32_t threads,
                       const Knobs &knobs, bool statistics) {
  Context context = take();
  skim_status status = set(context.get(), inputs, threads, knobs, statistics);
  std::vector<Output> outputs;
  if (status == SKIM_OK) {
    nb::gil_scoped_release release;
    status = execute(context.get(), outputs);
  }
  nb::object json = nb::none();
  if (status == SKIM_OK && statistics) {
    const char *characters = nullptr;
    status = skim_context_statistics(context.get(), &characters);
    if (status == SKIM_OK)
      json = text(characters);
  }
  giveBack(std::move(context));
  check(status);
  nb::list arrays;
  for (Output &output : outputs)
    arrays.append(output.array());
  return nb::make_tuple(arrays, json);
}

NB_MODULE(_skim, m) {
  m.doc() = "Opens and runs libraries that skim compiled.";
  m.def("version", [] { return text(skim_version()); });
  nb::class_<Library>(m, "Library")
      .def(nb::init<nb::bytes>(), "path"_a)
      .def("info", &Library::info)
      .def("inputs", &Library::inputs)
      .def("outputs", &Library::outputs)
      .def("knob_names", &Library::knobNames)
      .def("get_knob", &Library::getKnob, "name"_a)
      .def("set_knob", &Library::setKnob, "name"_a, "value"_a)
      .def("run", &Library::run, "inputs"_a, "threads"_a, "knobs"_a,
           "statistics"_a);
}
