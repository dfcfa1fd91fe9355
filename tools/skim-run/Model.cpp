//===- Model.cpp - skim.h with exceptions ---------------------------------===//
// A library and one call context, closed on their own; statuses become Errors.
//===----------------------------------------------------------------------===//

#include "Model.h"

using namespace skim::run;

static void check(skim_status status) {
  if (status != SKIM_OK)
    throw Error(skim_last_error());
}

Model::Model(const std::string &path) {
  check(skim_open(path.c_str(), &handle));
  skim_status status = skim_context_create(handle, &call);
  if (status != SKIM_OK)
    skim_close(handle);
  check(status);
}

Model::~Model() {
  skim_context_destroy(call);
  skim_close(handle);
}

void Model::setInputs(const std::vector<Array> &arrays) {
  static const int64_t nothing = 0; // an empty array has no address
  for (const Array &array : arrays)
    check(skim_context_set_input_by_name(
        call, array.name.c_str(),
        array.bytes.empty() ? static_cast<const void *>(&nothing)
                            : array.bytes.data(),
        array.dtype, static_cast<int64_t>(array.dims.size()),
        array.dims.data()));
}

void Model::setKnob(const std::string &name, double value) {
  check(skim_context_set_knob(call, name.c_str(), value));
}

void Model::setThreads(int threads) {
  check(skim_context_set_threads(call, threads));
}

void Model::collect(uint32_t flags) {
  check(skim_context_collect(call, flags));
}

void Model::run() { check(skim_run(call)); }

std::vector<Array> Model::outputs() const {
  std::vector<Array> arrays;
  for (int64_t i = 0; i < skim_num_outputs(handle); ++i) {
    skim_tensor tensor;
    check(skim_context_get_output(call, i, &tensor));
    Array array{skim_get_output(handle, i)->name, tensor.dtype, {}, {}};
    int64_t bytes = skim_dtype_size(tensor.dtype);
    for (int d = 0; d < tensor.rank; ++d) {
      array.dims.push_back(tensor.dims[d]);
      bytes *= tensor.dims[d];
    }
    const char *data = static_cast<const char *>(tensor.data);
    array.bytes.assign(data, data + bytes);
    arrays.push_back(std::move(array));
  }
  return arrays;
}

std::string Model::statistics() const {
  const char *json = nullptr;
  check(skim_context_statistics(call, &json));
  return json;
}

std::string Model::profile() const {
  const char *json = nullptr;
  check(skim_context_profile(call, &json));
  return json;
}

std::string Model::trace() const {
  const char *json = nullptr;
  check(skim_context_trace(call, &json));
  return json;
}

std::vector<const skim_tensor_desc *>
skim::run::inputsOf(const skim_library *library) {
  std::vector<const skim_tensor_desc *> descs;
  for (int64_t i = 0; i < skim_num_inputs(library); ++i)
    descs.push_back(skim_get_input(library, i));
  return descs;
}

std::vector<const skim_tensor_desc *>
skim::run::outputsOf(const skim_library *library) {
  std::vector<const skim_tensor_desc *> descs;
  for (int64_t i = 0; i < skim_num_outputs(library); ++i)
    descs.push_back(skim_get_output(library, i));
  return descs;
}

std::string skim::run::shapeText(const std::vector<int64_t> &dims) {
  std::string text = "[";
  for (size_t i = 0; i < dims.size(); ++i)
    text += (i ? ", " : "") + std::to_string(dims[i]);
  return text + "]";
}
