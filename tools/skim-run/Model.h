//===- Model.h - skim.h with exceptions -----------------------------------===//
// A library and one call context, closed on their own; statuses become Errors.
//===----------------------------------------------------------------------===//

#ifndef SKIM_TOOLS_SKIMRUN_MODEL_H
#define SKIM_TOOLS_SKIMRUN_MODEL_H

#include "Array.h"

namespace skim::run {

class Model {
public:
  explicit Model(const std::string &path);
  ~Model();
  Model(const Model &) = delete;
  Model &operator=(const Model &) = delete;

  skim_library *library() const { return handle; }
  skim_context *context() const { return call; }

  /// Sets the arrays as inputs by name; they must outlive the runs.
  void setInputs(const std::vector<Array> &arrays);
  void setKnob(const std::string &name, double value);
  void setThreads(int threads);
  void collect(uint32_t flags);
  void run();
  std::vector<Array> outputs() const;
  std::string statistics() const;
  std::string profile() const;
  std::string trace() const;

private:
  skim_library *handle = nullptr;
  skim_context *call = nullptr;
};

/// The model's inputs or outputs.
std::vector<const skim_tensor_desc *> inputsOf(const skim_library *library);
std::vector<const skim_tensor_desc *> outputsOf(const skim_library *library);

} // namespace skim::run

#endif // SKIM_TOOLS_SKIMRUN_MODEL_H
