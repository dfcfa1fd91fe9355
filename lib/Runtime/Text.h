//===- Text.h - text that grows without exceptions ------------------------===//
// For JSON and messages inside compiled libraries. When memory runs out the
// text stays as it is and says so.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_RUNTIME_TEXT_H
#define SKIM_LIB_RUNTIME_TEXT_H

#include <cstddef>
#include <cstdint>

namespace skim::rt {

class Text {
public:
  Text() = default;
  Text(const Text &) = delete;
  Text &operator=(const Text &) = delete;
  ~Text();

  void clear();
  Text &operator<<(const char *text);
  Text &operator<<(int64_t value);
  /// Shortest form that reads back as the same number.
  Text &operator<<(double value);
  /// A JSON string with its quotes.
  Text &quoted(const char *text);

  /// Null when memory ran out.
  const char *get() const { return failed ? nullptr : (data ? data : ""); }

private:
  void append(const char *text, size_t length);

  char *data = nullptr;
  size_t size = 0;
  size_t capacity = 0;
  bool failed = false;
};

/// Writes `message` with "{0}" and "{1}" replaced by a and b, cut to `room`.
void formatMessage(char *out, size_t room, const char *message, int64_t a,
                   int64_t b);

} // namespace skim::rt

#endif // SKIM_LIB_RUNTIME_TEXT_H
