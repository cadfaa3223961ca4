/* Units of work on a few threads. Which thread does a unit never matters. */
#include <pthread.h>
#include "match/table_internal.h"

enum { THREADS_MAX = 64 };

typedef struct Crew {
  void (*work)(void *data, uint32_t unit);
  void *data;
  uint32_t count, next;
} Crew;

static void *crew_run(void *data) {
  Crew *crew = data;
  for (;;) {
    uint32_t unit = __atomic_fetch_add(&crew->next, 1, __ATOMIC_RELAXED);
    if (unit >= crew->count) return NULL;
    crew->work(crew->data, unit);
  }
}

void table_work(uint32_t threads, uint32_t count, void (*work)(void *data, uint32_t unit), void *data) {
  Crew crew = {work, data, count, 0};
  pthread_t helpers[THREADS_MAX];
  uint32_t started = 0;
  if (threads > THREADS_MAX) threads = THREADS_MAX;
  while (started + 1 < threads && started + 1 < count && pthread_create(&helpers[started], NULL, crew_run, &crew) == 0)
    started++;
  crew_run(&crew);
  for (uint32_t i = 0; i < started; i++) pthread_join(helpers[i], NULL);
}
