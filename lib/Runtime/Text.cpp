//===- Text.cpp - text that grows without exceptions ----------------------===//
// For JSON and messages inside compiled libraries.
//===----------------------------------------------------------------------===//

#include "Text.h"

#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace skim::rt;

Text::~Text() { std::free(data); }

void Text::clear() {
  size = 0;
  failed = false;
  if (data)
    data[0] = 0;
}

void Text::append(const char *text, size_t length) {
  if (size + length + 1 > capacity) {
    size_t wanted = 2 * (size + length + 1);
    auto *grown = static_cast<char *>(std::realloc(data, wanted));
    if (!grown) {
      failed = true;
      return;
    }
    data = grown;
    capacity = wanted;
  }
  std::memcpy(data + size, text, length);
  size += length;
  data[size] = 0;
}

Text &Text::operator<<(const char *text) {
  append(text, std::strlen(text));
  return *this;
}

Text &Text::operator<<(int64_t value) {
  char digits[24];
  int length = std::snprintf(digits, sizeof(digits), "%" PRId64, value);
  append(digits, static_cast<size_t>(length));
  return *this;
}

/// A program may have set a locale whose decimal point is a comma.
static void usePoint(char *digits) {
  for (; *digits; ++digits)
    if (*digits == ',')
      *digits = '.';
}

Text &Text::operator<<(double value) {
  if (!std::isfinite(value))
    return *this << "null";
  char digits[40];
  for (int precision = 6; precision <= 17; precision += 11) {
    std::snprintf(digits, sizeof(digits), "%.*g", precision, value);
    if (std::strtod(digits, nullptr) == value)
      break;
  }
  usePoint(digits);
  return *this << digits;
}

Text &Text::quoted(const char *text) {
  *this << "\"";
  for (; *text; ++text) {
    auto c = static_cast<unsigned char>(*text);
    char escape[8] = {static_cast<char>(c), 0};
    if (c == '"' || c == '\\')
      std::snprintf(escape, sizeof(escape), "\\%c", c);
    else if (c < 0x20)
      std::snprintf(escape, sizeof(escape), "\\u%04x", c);
    *this << escape;
  }
  return *this << "\"";
}

void skim::rt::formatMessage(char *out, size_t room, const char *message,
                             int64_t a, int64_t b) {
  size_t used = 0;
  while (*message && used + 1 < room) {
    bool first = std::strncmp(message, "{0}", 3) == 0;
    if (!first && std::strncmp(message, "{1}", 3) != 0) {
      out[used++] = *message++;
      continue;
    }
    int length =
        std::snprintf(out + used, room - used, "%" PRId64, first ? a : b);
    used += static_cast<size_t>(length);
    if (used >= room)
      used = room - 1;
    message += 3;
  }
  out[used] = 0;
}
