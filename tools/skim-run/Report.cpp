//===- Report.cpp - what skim-run prints ----------------------------------===//
// Descriptions, summaries of outputs, times.
//===----------------------------------------------------------------------===//

#include "Report.h"

#include "Model.h"

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstring>

using namespace skim::run;

static std::string describeShape(const skim_tensor_desc &desc) {
  std::string text = "[";
  for (int64_t d = 0; d < desc.rank; ++d) {
    const char *name = desc.dim_names[d];
    text += d ? ", " : "";
    text += desc.dims[d] >= 0 ? std::to_string(desc.dims[d])
            : *name           ? std::string(name)
                              : std::string("?");
  }
  return text + "]";
}

static void printTensors(const char *title,
                         const std::vector<const skim_tensor_desc *> &descs) {
  std::printf("%s\n", title);
  for (const skim_tensor_desc *desc : descs) {
    std::printf("  %-24s %-8s %s", desc->name, skim_dtype_name(desc->dtype),
                describeShape(*desc).c_str());
    if (desc->max_value >= 0)
      std::printf(", values below %" PRId64, desc->max_value);
    std::printf("\n");
  }
}

void skim::run::printDescription(const skim_library *library) {
  skim_model_info info;
  skim_get_model_info(library, &info);
  std::printf("model     %s\n", *info.name ? info.name : "(no name)");
  std::printf("compiler  skim %s\n", info.compiler);
  std::printf("cpu       %s", info.cpu);
  for (int64_t i = 0; i < info.num_features; ++i)
    std::printf("%s%s", i ? " " : ", needs ", info.features[i]);
  std::printf("\nweights   %" PRId64 " bytes, %s\n", info.weights_bytes,
              info.dtype);
  std::printf("layers    %" PRId64 "\n", info.num_layers);
  printTensors("inputs", inputsOf(library));
  printTensors("outputs", outputsOf(library));
  std::printf("knobs%s\n", skim_num_knobs(library) ? "" : "     none");
  for (int64_t i = 0; i < skim_num_knobs(library); ++i) {
    double value = 0;
    skim_get_knob(library, skim_knob_name(library, i), &value);
    std::printf("  %s = %g\n", skim_knob_name(library, i), value);
  }
}

/// "min .. max, mean ..." of values of one type.
template <typename T> static std::string rangeText(const Array &array) {
  const T *data = reinterpret_cast<const T *>(array.bytes.data());
  size_t count = array.bytes.size() / sizeof(T);
  if (count == 0)
    return "empty";
  double sum = 0;
  for (size_t i = 0; i < count; ++i)
    sum += double(data[i]);
  char text[128];
  std::snprintf(text, sizeof(text), "min %g, max %g, mean %g",
                double(*std::min_element(data, data + count)),
                double(*std::max_element(data, data + count)),
                sum / double(count));
  return text;
}

static std::string rangeOf(const Array &array) {
  switch (array.dtype) {
  case SKIM_FLOAT32:
    return rangeText<float>(array);
  case SKIM_FLOAT64:
    return rangeText<double>(array);
  case SKIM_INT32:
    return rangeText<int32_t>(array);
  case SKIM_INT64:
    return rangeText<int64_t>(array);
  case SKIM_BOOL:
  case SKIM_UINT8:
    return rangeText<uint8_t>(array);
  default:
    return "";
  }
}

void skim::run::printOutputs(const std::vector<Array> &outputs) {
  for (const Array &output : outputs)
    std::printf("%-24s %-8s %-20s %s\n", output.name.c_str(),
                skim_dtype_name(output.dtype), shapeText(output.dims).c_str(),
                rangeOf(output).c_str());
}

void skim::run::printTimes(std::vector<double> seconds) {
  std::sort(seconds.begin(), seconds.end());
  size_t half = seconds.size() / 2;
  double median = seconds.size() % 2 ? seconds[half]
                                     : (seconds[half - 1] + seconds[half]) / 2;
  std::printf("runs %zu, min %.3f ms, median %.3f ms\n", seconds.size(),
              1e3 * seconds.front(), 1e3 * median);
}

void skim::run::flushOutput() {
  bool good = std::fflush(stdout) == 0 && !std::ferror(stdout);
  if (!good)
    throw Error(std::string("cannot write 'standard output': ") +
                std::strerror(errno));
}
