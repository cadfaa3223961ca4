#include "base/base.h"
#include <time.h>

static int64_t clock_read(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t stamp_now(void) { return clock_read(CLOCK_REALTIME); }
int64_t stamp_monotonic(void) { return clock_read(CLOCK_MONOTONIC); }

Str stamp_format(Arena *arena, int64_t stamp) {
  int64_t seconds = stamp >= 0 ? stamp / 1000000 : -((-stamp + 999999) / 1000000);
  time_t time = (time_t)seconds;
  struct tm utc;
  gmtime_r(&time, &utc);
  return str_format(arena, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                    utc.tm_hour, utc.tm_min, utc.tm_sec, (int)(stamp - seconds * 1000000));
}
