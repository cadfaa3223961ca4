/* Work on several threads. Tasks are numbered; each writes only what is its own, so that results do not
 * depend on the number of threads or on who takes which task. */
#include "match/match_internal.h"
#ifndef __wasm__
#include <pthread.h>
#include <stdatomic.h>

enum { MOST_THREADS = 16 };

typedef struct Crew {
  ParallelTask *task;
  void *context;
  uint32_t tasks;
  atomic_uint next;
} Crew;

static void *work(void *of_crew) {
  Crew *crew = of_crew;
  for (uint32_t i; (i = atomic_fetch_add(&crew->next, 1)) < crew->tasks;) crew->task(crew->context, i);
  return NULL;
}

void parallel(uint32_t threads, uint32_t tasks, ParallelTask *task, void *context) {
  Crew crew = {.task = task, .context = context, .tasks = tasks};
  pthread_t helpers[MOST_THREADS];
  uint32_t wanted = threads < MOST_THREADS ? threads : MOST_THREADS, started = 0;
  if (wanted > tasks) wanted = tasks;
  while (started + 1 < wanted && pthread_create(&helpers[started], NULL, work, &crew) == 0) started++;
  work(&crew); /* with as many helpers as there are */
  for (uint32_t i = 0; i < started; i++) pthread_join(helpers[i], NULL);
}
#else
void parallel(uint32_t threads, uint32_t tasks, ParallelTask *task, void *context) {
  (void)threads;
  for (uint32_t i = 0; i < tasks; i++) task(context, i);
}
#endif
