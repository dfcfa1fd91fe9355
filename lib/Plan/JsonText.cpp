//===- JsonText.cpp - JSON from text, stricter and kinder -----------------===//
// A scan over the tokens before LLVM's parser runs.
//===----------------------------------------------------------------------===//

#include "JsonText.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;
using namespace skim;

/// Files of people nest four deep.
static constexpr size_t kMaxDepth = 64;

/// Begins the strings that stand for numbers which JSON does not have.
static constexpr StringLiteral kNoNumber = "\x01";

namespace {
/// Goes over the tokens of a text; what is no JSON is left to the parser.
class Scanner {
public:
  Scanner(StringRef text, StringRef name) : text(text), name(name) {}
  Error run();
  std::string result;

private:
  /// An object or a list that is open.
  struct Level {
    bool isObject = false;
    StringSet<> keys;
    std::string key;
    size_t index = 0;
  };

  Error takeString();
  Error takeOther();
  std::string path() const;
  Error error(const Twine &message) const {
    return createStringError(name + ": " + message);
  }

  StringRef text, name;
  size_t at = 0;
  std::vector<Level> levels;
};
} // namespace

std::string Scanner::path() const {
  std::string path;
  for (const Level &level : levels) {
    if (!level.isObject)
      path += "[" + std::to_string(level.index) + "]";
    else if (!level.key.empty())
      path += (path.empty() ? "" : ".") + level.key;
  }
  return path;
}

/// A string; before a colon it is the name of a field.
Error Scanner::takeString() {
  size_t begin = at++;
  while (at < text.size() && text[at] != '"')
    at += text[at] == '\\' ? 2 : 1;
  at = std::min(at + 1, text.size());
  StringRef token = text.slice(begin, at);
  result += token;
  if (levels.empty() || !levels.back().isObject ||
      !text.substr(at).ltrim().starts_with(":"))
    return Error::success();
  levels.back().key = token.drop_front().drop_back().str();
  if (!levels.back().keys.insert(levels.back().key).second)
    return error(path() + ": expected the field once, got it twice");
  return Error::success();
}

Error Scanner::takeOther() {
  char c = text[at];
  if (c == '{' || c == '[') {
    if (levels.size() == kMaxDepth)
      return error("expected nesting of at most " + Twine(kMaxDepth) +
                   " levels, got more");
    levels.emplace_back();
    levels.back().isObject = c == '{';
  } else if ((c == '}' || c == ']') && !levels.empty()) {
    levels.pop_back();
  } else if (c == ',' && !levels.empty()) {
    ++levels.back().index;
  } else {
    for (StringRef word : {"NaN", "Infinity", "-Infinity"})
      if (text.substr(at).starts_with(word)) {
        result += "\"\\u0001" + word.str() + "\"";
        at += word.size();
        return Error::success();
      }
  }
  result += c;
  ++at;
  return Error::success();
}

Error Scanner::run() {
  while (at < text.size())
    if (Error error = text[at] == '"' ? takeString() : takeOther())
      return error;
  return Error::success();
}

Expected<json::Value> skim::parseJson(StringRef text, StringRef name) {
  Scanner scanner(text, name);
  if (Error error = scanner.run())
    return std::move(error);
  Expected<json::Value> value = json::parse(scanner.result);
  if (value)
    return value;
  return createStringError(name + ": expected JSON, got an error at " +
                           toString(value.takeError()));
}

/// With as few digits as say the number.
static std::string describeNumber(double number) {
  std::string text;
  for (int digits = 6; digits <= 17; ++digits) {
    text.clear();
    raw_string_ostream(text) << format("%.*g", digits, number);
    double parsed = 0;
    if (!StringRef(text).getAsDouble(parsed) && parsed == number)
      break;
  }
  return text;
}

std::string skim::describe(const json::Value &value) {
  if (std::optional<StringRef> text = value.getAsString()) {
    if (text->starts_with(kNoNumber))
      return text->drop_front().str();
    std::string shown =
        text->size() > 60 ? text->take_front(60).str() + "..." : text->str();
    return "'" + shown + "'";
  }
  if (const json::Array *list = value.getAsArray())
    return list->empty() ? "an empty list"
                         : "a list of " + std::to_string(list->size());
  if (value.getAsObject())
    return "an object";
  if (std::optional<double> number = value.getAsNumber();
      number && !value.getAsInteger())
    return describeNumber(*number);
  return formatv("{0}", value).str();
}
