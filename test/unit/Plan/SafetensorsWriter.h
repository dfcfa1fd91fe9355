//===- SafetensorsWriter.h - files of tensors for tests ---------*- C++ -*-===//
// Writes the format byte by byte, so that tests can break it.
//===----------------------------------------------------------------------===//

#ifndef SKIM_TEST_UNIT_PLAN_SAFETENSORSWRITER_H
#define SKIM_TEST_UNIT_PLAN_SAFETENSORSWRITER_H

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <unistd.h>
#include <vector>

/// A folder of its own, removed at the end.
class TemporaryFolder {
public:
  TemporaryFolder() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "skim-plan-XXXXXX").string();
    folder = mkdtemp(pattern.data()) ? pattern : "";
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
  std::string path(const std::string &name) const {
    return name.empty() ? folder : folder + "/" + name;
  }
  void write(const std::string &name, const std::string &text) const {
    std::ofstream(path(name), std::ios::binary) << text;
  }

private:
  std::string folder;
};

/// Tensors of zeros.
class SafetensorsWriter {
public:
  void add(const std::string &name, std::vector<int64_t> shape,
           const std::string &dtype = "F32", int64_t elementBytes = 4) {
    int64_t bytes = elementBytes;
    for (int64_t size : shape)
      bytes *= size;
    tensors[name] = {shape, dtype, bytes};
  }
  void remove(const std::string &name) { tensors.erase(name); }

  std::string str() const {
    std::string header = "{";
    int64_t at = 0;
    for (auto &[name, tensor] : tensors) {
      std::string shape;
      for (int64_t size : tensor.shape)
        shape += (shape.empty() ? "" : ",") + std::to_string(size);
      header += (at || header.size() > 1 ? ",\"" : "\"") + name +
                "\":{\"dtype\":\"" + tensor.dtype + "\",\"shape\":[" + shape +
                "],\"data_offsets\":[" + std::to_string(at) + "," +
                std::to_string(at + tensor.bytes) + "]}";
      at += tensor.bytes;
    }
    return frame(header + "}", at);
  }

  /// A header with its length before it and `bytes` zeros behind it.
  static std::string frame(const std::string &header, int64_t bytes) {
    std::string length;
    for (int i = 0; i != 8; ++i)
      length += char(uint64_t(header.size()) >> (8 * i));
    return length + header + std::string(bytes, '\0');
  }

  void write(const std::string &path) const {
    std::ofstream(path, std::ios::binary) << str();
  }

private:
  struct Tensor {
    std::vector<int64_t> shape;
    std::string dtype;
    int64_t bytes;
  };
  std::map<std::string, Tensor> tensors;
};

#endif // SKIM_TEST_UNIT_PLAN_SAFETENSORSWRITER_H
