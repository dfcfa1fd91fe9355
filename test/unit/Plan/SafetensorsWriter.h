//===- SafetensorsWriter.h - files of tensors for tests ---------*- C++ -*-===//
// Writes the format byte by byte, so that tests can break it.
//===----------------------------------------------------------------------===//

#ifndef SKIM_TEST_UNIT_PLAN_SAFETENSORSWRITER_H
#define SKIM_TEST_UNIT_PLAN_SAFETENSORSWRITER_H

#include <cstdint>
#include <cstring>
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

/// Tensors of zeros, but for the floats that are set.
class SafetensorsWriter {
public:
  void add(const std::string &name, std::vector<int64_t> shape,
           const std::string &dtype = "F32", int64_t elementBytes = 4) {
    int64_t bytes = elementBytes;
    for (int64_t size : shape)
      bytes *= size;
    tensors[name] = {shape, dtype, bytes, {}};
  }
  void set(const std::string &name, int64_t index, float value) {
    tensors[name].floats[index] = value;
  }
  void remove(const std::string &name) { tensors.erase(name); }

  std::string str() const {
    std::string header = "{";
    std::string data;
    for (auto &[name, tensor] : tensors) {
      std::string shape;
      for (int64_t size : tensor.shape)
        shape += (shape.empty() ? "" : ",") + std::to_string(size);
      header += (header.size() > 1 ? ",\"" : "\"") + name + "\":{\"dtype\":\"" +
                tensor.dtype + "\",\"shape\":[" + shape +
                "],\"data_offsets\":[" + std::to_string(data.size()) + "," +
                std::to_string(data.size() + tensor.bytes) + "]}";
      size_t begin = data.size();
      data.append(tensor.bytes, '\0');
      for (auto &[index, value] : tensor.floats)
        std::memcpy(&data[begin + 4 * index], &value, 4);
    }
    return frame(header + "}", data);
  }

  /// A header with its length before it and `data` behind it.
  static std::string frame(const std::string &header, const std::string &data) {
    std::string length;
    for (int i = 0; i != 8; ++i)
      length += char(uint64_t(header.size()) >> (8 * i));
    return length + header + data;
  }

  void write(const std::string &path) const {
    std::ofstream(path, std::ios::binary) << str();
  }

private:
  struct Tensor {
    std::vector<int64_t> shape;
    std::string dtype;
    int64_t bytes;
    std::map<int64_t, float> floats;
  };
  std::map<std::string, Tensor> tensors;
};

#endif // SKIM_TEST_UNIT_PLAN_SAFETENSORSWRITER_H
