//===- JsonFields.h - read fields and say what is wrong ---------*- C++ -*-===//
// Values with their JSON path; the first error is kept.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_PLAN_JSONFIELDS_H
#define SKIM_LIB_PLAN_JSONFIELDS_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/JSON.h"
#include <optional>
#include <string>
#include <vector>

namespace skim {

/// Keeps the first error of a file.
class FieldErrors {
public:
  explicit FieldErrors(llvm::StringRef name) : name(name) {}
  void add(const llvm::Twine &path, const llvm::Twine &message);
  bool any() const { return !message.empty(); }
  llvm::Error take() const;

private:
  std::string name, message;
};

/// A value and where it stands. A field that is not there has no value; reading
/// it gives the default, or an error from `required`.
class Field {
public:
  Field(FieldErrors &errors, const llvm::json::Value *value, std::string path)
      : errors(errors), value(value), path(std::move(path)) {}

  explicit operator bool() const { return value; }
  const std::string &getPath() const { return path; }
  const llvm::json::Value *get() const { return value; }
  Field required() const;
  void error(const llvm::Twine &message) const { errors.add(path, message); }
  /// "expected WHAT, got VALUE".
  void expected(const llvm::Twine &what) const;

  std::string string(llvm::StringRef what) const;
  /// A number from `least` on that f32 can hold; with `above`, above it.
  double number(double least, bool above = false) const;
  int64_t integer(int64_t least, llvm::StringRef what) const;
  std::vector<Field> list(llvm::StringRef what) const;
  /// Layers: ascending from 0, at least one.
  std::vector<int64_t> layers() const;
  /// Different integers of 0 or more in any order, sorted.
  std::vector<int64_t> indices(std::vector<int64_t> byDefault) const;
  /// One of `names`; its place among them.
  size_t choice(llvm::ArrayRef<llvm::StringRef> names) const;

private:
  FieldErrors &errors;
  const llvm::json::Value *value;
  std::string path;
};

/// The fields of an object: all must be known.
class Fields {
public:
  Fields(FieldErrors &errors, const Field &object,
         llvm::ArrayRef<llvm::StringRef> known);
  Field operator[](llvm::StringRef name) const;

private:
  FieldErrors &errors;
  const llvm::json::Object *object;
  std::string prefix;
};

/// "a, b, c".
std::string listNames(llvm::ArrayRef<llvm::StringRef> names);

} // namespace skim

#endif // SKIM_LIB_PLAN_JSONFIELDS_H
