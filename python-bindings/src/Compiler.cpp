//===- Compiler.cpp - module skim._compiler: the compiler -----------------===//
// skim::compile as a Python call. The compiler throws nothing and must not be
// thrown through, so what its callbacks bring is kept, or handed over in
// callbacks that let no exception out.
//===----------------------------------------------------------------------===//

#include "skim/Compiler/Compiler.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace nb = nanobind;
using namespace nb::literals;

/// Messages name files and nodes, whose names need not be well-formed UTF-8.
static nb::object text(const std::string &characters) {
  PyObject *object = PyUnicode_DecodeUTF8(
      characters.data(), Py_ssize_t(characters.size()), "replace");
  if (!object)
    throw nb::python_error();
  return nb::steal(object);
}

/// Paths come as bytes, which need not be well-formed UTF-8 either.
static std::string path(const nb::bytes &bytes) {
  return std::string(bytes.c_str(), bytes.size());
}

/// Hands a line to a Python function from a thread that holds no lock.
static void hand(const nb::object &listener, const std::string &line) {
  nb::gil_scoped_acquire acquire;
  try {
    listener(text(line));
  } catch (nb::python_error &error) {
    error.discard_as_unraisable("skim.compile");
  }
}

/// The error message or None, and the warnings.
static nb::tuple
compile(const nb::bytes &input, const nb::bytes &output, const nb::bytes &plan,
        const std::string &cpu, const std::string &dtype,
        const std::string &kernels, bool keepPadding,
        const std::vector<std::string> &outputs, const nb::object &onStage,
        const std::string &planText, const nb::bytes &planDirectory,
        const std::string &dtypeFallback, const std::string &fp32Products) {
  skim::CompileOptions options;
  options.input = path(input);
  options.output = path(output);
  options.plan = path(plan);
  options.planText = planText;
  options.planDirectory = path(planDirectory);
  options.cpu = cpu;
  options.dtype = dtype;
  options.dtypeFallback = dtypeFallback;
  options.fp32Products = fp32Products;
  options.kernels = kernels;
  options.keepPadding = keepPadding;
  options.outputs = outputs;
  std::vector<std::string> warnings;
  options.onWarning = [&](const std::string &line) {
    warnings.push_back(line);
  };
  if (!onStage.is_none())
    options.onStage = [&](const std::string &line) { hand(onStage, line); };

  skim::CompileResult result;
  {
    nb::gil_scoped_release release;
    result = skim::compile(options);
  }
  nb::list lines;
  for (const std::string &line : warnings)
    lines.append(text(line));
  return nb::make_tuple(result.ok ? nb::none() : text(result.error), lines);
}

/// The error message of a plan, or None.
static nb::object checkPlan(const std::string &planText,
                            const nb::bytes &directory) {
  std::string error, folder = path(directory);
  {
    nb::gil_scoped_release release;
    error = skim::checkPlanText(planText, folder);
  }
  return error.empty() ? nb::none() : text(error);
}

NB_MODULE(_compiler, m) {
  m.doc() = "Compiles ONNX models; skim.compile is the way to call it.";
  m.def("compile", &compile, "input"_a, "output"_a, "plan"_a, "cpu"_a,
        "dtype"_a, "kernels"_a, "keep_padding"_a, "outputs"_a,
        "on_stage"_a.none(), "plan_text"_a = "",
        "plan_directory"_a = nb::bytes("", 0), "dtype_fallback"_a = "error",
        "fp32_products"_a = "auto");
  m.def("check_plan", &checkPlan, "text"_a, "directory"_a);
}
