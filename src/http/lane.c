#include <stdlib.h>
#include "http/internal.h"

enum { BATCH = 32, WAITING_MOST = 1024 };

typedef struct LaneState {
  const ServerLane *spec;
  void *app;
  pthread_mutex_t mutex;
  pthread_cond_t ready;
  Job *first, *last;
  unsigned waiting;
  bool ending;
  pthread_t threads[16];
  unsigned thread_count;
} LaneState;
struct Lanes {
  LaneState lanes[LANE_COUNT];
};

/* The next job, with others that may share its commit; NULL at the end. */
static Job *take(LaneState *lane) {
  pthread_mutex_lock(&lane->mutex);
  while (!lane->first && !lane->ending) pthread_cond_wait(&lane->ready, &lane->mutex);
  Job *taken = lane->first;
  if (taken) {
    Job *last = taken;
    lane->waiting--;
    for (int count = 1; taken->grouped && count < BATCH && last->next && last->next->grouped; count++)
      last = last->next, lane->waiting--;
    lane->first = last->next;
    if (!lane->first) lane->last = NULL;
    last->next = NULL;
  }
  pthread_mutex_unlock(&lane->mutex);
  return taken;
}

static void run_batch(const ServerLane *spec, Job *jobs, void *worker) {
  Status status = spec->begin(jobs->cx, worker);
  Context *spoken = jobs->cx; /* whose sentence tells what happened to the batch */
  if (status == OK) {
    for (Job *job = jobs; job; job = job->next) job->status = job->run(job->cx, job, worker);
    status = spec->commit(spoken, worker);
  }
  if (status != OK) spec->rollback(worker);
  Str sentence = status == OK ? STR_EMPTY : spoken->error.sentence;
  for (Job *job = jobs, *next; job; job = next) {
    next = job->next;
    if (status != OK && job->status == OK) {
      job->cx->error = (Error){status, str_copy(job->cx->arena, sentence)};
      job->status = status;
    }
    if (job != jobs) job->done(job, job->status, job->cx);
  }
  jobs->done(jobs, jobs->status, jobs->cx); /* last: the others copied from its memory */
}

static void *lane_main(void *argument) {
  LaneState *lane = argument;
  void *worker = NULL;
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Context cx = {arena, {OK, STR_EMPTY}};
  Status started = lane->spec->start ? lane->spec->start(&cx, lane->app, &worker) : OK;
  for (Job *job; (job = take(lane));) {
    if (started != OK) {
      job->cx->error = (Error){started, str_copy(job->cx->arena, cx.error.sentence)};
      for (Job *next; job; job = next) {
        next = job->next;
        job->cx->error = (Error){started, str_copy(job->cx->arena, cx.error.sentence)};
        job->done(job, started, job->cx);
      }
    } else if (job->grouped && lane->spec->begin) {
      run_batch(lane->spec, job, worker);
    } else {
      for (Job *next; job; job = next) {
        next = job->next;
        job->status = job->run(job->cx, job, worker);
        job->done(job, job->status, job->cx);
      }
    }
  }
  if (lane->spec->stop && started == OK) lane->spec->stop(worker);
  return NULL;
}

Status lanes_start(Context *cx, const ServerLane specs[LANE_COUNT], void *app, Lanes **ret_lanes) {
  Lanes *lanes = calloc(1, sizeof *lanes);
  if (!lanes) return fail(cx, FAILED, "内存不足，不能启动服务器。");
  for (int i = 0; i < LANE_COUNT; i++) {
    LaneState *lane = &lanes->lanes[i];
    lane->spec = &specs[i];
    lane->app = app;
    pthread_mutex_init(&lane->mutex, NULL);
    pthread_cond_init(&lane->ready, NULL);
    for (unsigned t = 0; t < specs[i].threads && t < COUNT_OF(lane->threads); t++) {
      if (pthread_create(&lane->threads[t], NULL, lane_main, lane) != 0) {
        lanes_stop(lanes);
        return fail(cx, FAILED, "不能启动服务器的工作线程。");
      }
      lane->thread_count++;
    }
  }
  *ret_lanes = lanes;
  return OK;
}

bool lanes_add(Lanes *lanes, Lane which, Job *job) {
  LaneState *lane = &lanes->lanes[which];
  job->next = NULL;
  pthread_mutex_lock(&lane->mutex);
  bool room = lane->waiting < WAITING_MOST && !lane->ending && lane->thread_count;
  if (room) {
    if (lane->last)
      lane->last->next = job;
    else
      lane->first = job;
    lane->last = job;
    lane->waiting++;
    pthread_cond_signal(&lane->ready);
  }
  pthread_mutex_unlock(&lane->mutex);
  return room;
}

/* The writing lane ends last: others may still hand work to it. */
void lanes_stop(Lanes *lanes) {
  static const Lane order[] = {LANE_READ, LANE_PASSWORD, LANE_LONG, LANE_WRITE};
  for (size_t i = 0; i < COUNT_OF(order); i++) {
    LaneState *lane = &lanes->lanes[order[i]];
    if (!lane->spec) continue;
    pthread_mutex_lock(&lane->mutex);
    lane->ending = true;
    pthread_cond_broadcast(&lane->ready);
    pthread_mutex_unlock(&lane->mutex);
    for (unsigned t = 0; t < lane->thread_count; t++) pthread_join(lane->threads[t], NULL);
    pthread_mutex_destroy(&lane->mutex);
    pthread_cond_destroy(&lane->ready);
  }
  free(lanes);
}
