//===- Trace.cpp - what ran when, on which thread -------------------------===//
// Threads note their spans in places of their own; the calling thread makes
// events of them when the dispatch is over, so nothing is locked.
//===----------------------------------------------------------------------===//

#include "Trace.h"

#include <cstdlib>
#include <ctime>

using namespace skim::rt;

double skim::rt::secondsNow() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}

const char *skim::rt::kindName(int32_t kind) {
  static const char *const names[SKIM_NUM_KINDS] = {
      "embed", "gemm", "attention", "norm", "adaptive", "other"};
  bool known = kind >= 0 && kind < SKIM_NUM_KINDS;
  return names[known ? kind : int32_t(SKIM_KIND_OTHER)];
}

Tracer::~Tracer() {
  std::free(places);
  std::free(events);
}

void Tracer::begin(bool newOn, double newStarted, int32_t newThreads) {
  on = newOn;
  if (!on)
    return;
  lost = false;
  started = newStarted;
  threads = newThreads;
  numEvents = 0;
  if (threads <= placeRoom)
    return;
  std::free(places);
  void *memory = nullptr;
  size_t bytes = static_cast<size_t>(threads) * sizeof(Span);
  lost = posix_memalign(&memory, alignof(Span), bytes) != 0;
  places = lost ? nullptr : static_cast<Span *>(memory);
  placeRoom = lost ? 0 : threads;
}

void Tracer::append(const Event &event) {
  if (numEvents == eventRoom) {
    int64_t room = eventRoom ? 2 * eventRoom : 256;
    auto *grown = static_cast<Event *>(
        std::realloc(events, static_cast<size_t>(room) * sizeof(Event)));
    lost |= !grown;
    if (!grown)
      return;
    events = grown;
    eventRoom = room;
  }
  events[numEvents++] = event;
}

/// FLOPs of the first `done` of `tasks` tasks, so that parts add up exactly.
static int64_t share(int64_t flops, int64_t done, int64_t tasks) {
  return flops / tasks * done + flops % tasks * done / tasks;
}

void Tracer::addSpans(Place place, int64_t rows, int32_t used, int64_t tasks,
                      int64_t flops) {
  if (lost)
    return;
  int64_t done = 0;
  for (int32_t thread = 0; thread < used; ++thread) {
    const Span &span = places[thread];
    if (span.tasks == 0)
      continue;
    int64_t part = share(flops, done + span.tasks, tasks);
    part -= share(flops, done, tasks);
    done += span.tasks;
    append({place, thread, span.begin, span.end, rows, span.tasks, part});
  }
}

void Tracer::add(Place place, int64_t rows, double begin, double end) {
  if (on)
    append({place, 0, begin, end, rows, 0, 0});
}

const char *Tracer::json(double seconds) {
  if (!on || lost)
    return nullptr;
  text.clear();
  text << "{\"seconds\": " << seconds << ", \"threads\": " << int64_t(threads)
       << ", \"events\": [";
  for (int64_t i = 0; i < numEvents; ++i) {
    const Event &event = events[i];
    text << (i ? ",\n " : "\n ") << "{\"kernel\": ";
    text.quoted(event.place.kernel->name) << ", \"kind\": ";
    text.quoted(kindName(event.place.kernel->kind))
        << ", \"layer\": " << int64_t(event.place.layer)
        << ", \"thread\": " << int64_t(event.thread)
        << ", \"begin\": " << event.begin - started
        << ", \"seconds\": " << event.end - event.begin
        << ", \"rows\": " << event.rows << ", \"tasks\": " << event.tasks
        << ", \"flops\": " << event.flops << "}";
  }
  text << "]}";
  return text.get();
}
