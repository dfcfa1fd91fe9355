//===- JsonFields.cpp - read fields and say what is wrong -----------------===//
// "plan.json: token_pruning.layers[2]: expected ..., got ...".
//===----------------------------------------------------------------------===//

#include "JsonFields.h"

#include "JsonText.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <cfloat>
#include <cmath>

using namespace llvm;
using namespace skim;

void FieldErrors::add(const Twine &path, const Twine &text) {
  if (!message.empty())
    return;
  std::string where = path.str();
  message = name + ": " + (where.empty() ? "" : where + ": ") + text.str();
}

Error FieldErrors::take() const {
  return any() ? createStringError(message) : Error::success();
}

std::string skim::listNames(ArrayRef<StringRef> names) {
  return join(names, ", ");
}

Field Field::required() const {
  if (!value)
    error("expected the field, got none");
  return *this;
}

void Field::expected(const Twine &what) const {
  error("expected " + what + ", got " + describe(*value));
}

std::string Field::string(StringRef what) const {
  if (!value)
    return "";
  std::optional<StringRef> text = value->getAsString();
  if (text && !text->empty() && text->front() != '\x01')
    return text->str();
  if (text && text->empty())
    error("expected " + what + ", got an empty string");
  else
    expected(what);
  return "";
}

double Field::number(double least, bool above) const {
  if (!value)
    return 0;
  std::optional<double> number = value->getAsNumber();
  // What counts is what f32 makes of it: of a tiny number it makes zero.
  if (number && std::isfinite(*number) && std::abs(*number) <= FLT_MAX &&
      (above ? float(*number) > least : *number >= least))
    return *number;
  std::string bound;
  if (std::isfinite(least))
    bound = above ? formatv(" above {0}", least).str()
                  : formatv(" of {0} or more", least).str();
  if (std::isfinite(least) && least == std::floor(least))
    bound = (above ? " above " : " of ") + std::to_string(int64_t(least)) +
            (above ? "" : " or more");
  bool rounds = number && above && *number > least && *number <= FLT_MAX;
  expected("a finite number" + bound + (rounds ? " in fp32" : ""));
  return 0;
}

int64_t Field::integer(int64_t least, StringRef what) const {
  if (!value)
    return 0;
  std::optional<int64_t> number = value->getAsInteger();
  if (number && *number >= least)
    return *number;
  expected(what);
  return 0;
}

std::vector<Field> Field::list(StringRef what) const {
  std::vector<Field> fields;
  if (!value)
    return fields;
  const json::Array *array = value->getAsArray();
  if (!array) {
    expected(what);
    return fields;
  }
  for (auto [index, item] : enumerate(*array))
    fields.emplace_back(errors, &item,
                        path + "[" + std::to_string(index) + "]");
  return fields;
}

std::vector<int64_t> Field::layers() const {
  std::vector<int64_t> layers;
  for (const Field &item : list("a list of layers")) {
    int64_t layer = item.integer(0, "a layer, an integer of 0 or more");
    if (!layers.empty() && layer <= layers.back())
      item.error("expected layers that ascend, got " + Twine(layer) +
                 " behind " + Twine(layers.back()));
    layers.push_back(layer);
  }
  if (value && value->getAsArray() && layers.empty())
    expected("at least one layer");
  return layers;
}

std::vector<int64_t> Field::indices(std::vector<int64_t> byDefault) const {
  if (!value)
    return byDefault;
  std::vector<int64_t> indices;
  for (const Field &item : list("a list of integers")) {
    int64_t index = item.integer(0, "an integer of 0 or more");
    if (is_contained(indices, index))
      item.error("expected each number once, got " + Twine(index) + " again");
    indices.push_back(index);
  }
  sort(indices);
  return indices;
}

size_t Field::choice(ArrayRef<StringRef> names) const {
  if (!value)
    return 0;
  std::optional<StringRef> text = value->getAsString();
  for (auto [index, name] : enumerate(names))
    if (text == name)
      return index;
  expected(names.size() == 1 ? "'" + names.front().str() + "'"
                             : "one of " + listNames(names));
  return 0;
}

Fields::Fields(FieldErrors &errors, const Field &field,
               ArrayRef<StringRef> known)
    : errors(errors),
      object(field.get() ? field.get()->getAsObject() : nullptr),
      prefix(field.getPath().empty() ? "" : field.getPath() + ".") {
  if (!object) {
    if (field)
      field.expected("an object");
    return;
  }
  // In the order of names: the object has none of its own.
  std::vector<StringRef> names;
  for (const auto &entry : *object)
    names.push_back(entry.first);
  sort(names);
  for (StringRef name : names)
    if (!is_contained(known, name))
      errors.add(prefix + name,
                 "unknown field, expected one of " + listNames(known));
}

Field Fields::operator[](StringRef name) const {
  return Field(errors, object ? object->get(name) : nullptr,
               prefix + name.str());
}
