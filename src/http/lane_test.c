#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include "http/internal.h"
#include "test.h"

/* A worker that counts transactions; a commit can be made to fail. */
typedef struct Ledger {
  int begun, committed, rolled_back, written, most;
  int in_this;
  bool fail_commit;
} Ledger;
typedef struct Work {
  Job job;
  Context cx;
  bool fails;
  atomic_bool done;
  Status status;
} Work;

static Status start(Context *cx, void *app, void **ret_worker) {
  (void)cx;
  *ret_worker = app;
  return OK;
}
static Status begin(Context *cx, void *worker) {
  (void)cx;
  Ledger *l = worker;
  l->begun++;
  l->in_this = 0;
  nanosleep(&(struct timespec){0, 20000000}, NULL); /* others queue up meanwhile */
  return OK;
}
static Status commit(Context *cx, void *worker) {
  Ledger *l = worker;
  if (l->fail_commit) return fail(cx, NO_SPACE, "磁盘已满");
  l->committed++;
  if (l->in_this > l->most) l->most = l->in_this;
  return OK;
}
static void rollback(void *worker) { ((Ledger *)worker)->rolled_back++; }
static Status run(Context *cx, Job *job, void *worker) {
  Ledger *l = worker;
  l->in_this++;
  if (((Work *)job)->fails) return fail(cx, CONFLICT, "冲突");
  l->written++;
  return OK;
}
static void done(Job *job, Status status, Context *cx) {
  (void)cx;
  Work *work = (Work *)job;
  work->status = status;
  atomic_store(&work->done, true);
}

enum { COUNT = 40 };
static void run_all(Context *cx, Ledger *ledger, Work *works, bool grouped) {
  ServerLane specs[LANE_COUNT] = {{0}};
  Lanes *lanes = NULL;
  specs[LANE_WRITE] =
      (ServerLane){.threads = 1, .start = start, .begin = begin, .commit = commit, .rollback = rollback};
  CHECK_OK(lanes_start(cx, specs, ledger, &lanes));
  for (int i = 0; i < COUNT; i++) {
    works[i].cx = (Context){arena_new(), {OK, STR_EMPTY}};
    works[i].job = (Job){.grouped = grouped, .run = run, .done = done, .cx = &works[i].cx};
    works[i].fails = i % 10 == 3;
    CHECK(lanes_add(lanes, LANE_WRITE, &works[i].job));
  }
  lanes_stop(lanes); /* finishes what is queued */
  for (int i = 0; i < COUNT; i++) CHECK(atomic_load(&works[i].done));
}

static void free_all(Work *works) {
  for (int i = 0; i < COUNT; i++) arena_free(works[i].cx.arena);
  free(works);
}

TEST(what_queues_up_during_a_commit_shares_the_next_one_and_a_failure_fails_alone) {
  Ledger ledger = {0};
  Work *works = calloc(COUNT, sizeof *works);
  run_all(cx, &ledger, works, true);
  for (int i = 0; i < COUNT; i++) CHECK_INT(works[i].status, i % 10 == 3 ? CONFLICT : OK);
  CHECK_INT(ledger.written, COUNT - COUNT / 10);
  CHECK(ledger.committed < COUNT && ledger.most > 1 && ledger.most <= 32);
  CHECK_INT(ledger.begun, ledger.committed);
  free_all(works);
}

TEST(nothing_is_acknowledged_whose_commit_failed) {
  Ledger ledger = {.fail_commit = true};
  Work *works = calloc(COUNT, sizeof *works);
  run_all(cx, &ledger, works, true);
  for (int i = 0; i < COUNT; i++) {
    CHECK_INT(works[i].status, i % 10 == 3 ? CONFLICT : NO_SPACE);
    if (works[i].status == NO_SPACE) CHECK_STR(works[i].cx.error.sentence, STR("磁盘已满"));
  }
  CHECK_INT(ledger.rolled_back, ledger.begun);
  free_all(works);
}

TEST(what_is_not_grouped_runs_without_a_transaction_around_it) {
  Ledger ledger = {0};
  Work *works = calloc(COUNT, sizeof *works);
  run_all(cx, &ledger, works, false);
  CHECK_INT(ledger.begun, 0);
  CHECK_INT(ledger.written, COUNT - COUNT / 10);
  free_all(works);
}

TEST(a_lane_without_threads_takes_nothing) {
  ServerLane specs[LANE_COUNT] = {{0}};
  Lanes *lanes = NULL;
  Work work = {.cx = *cx};
  CHECK_OK(lanes_start(cx, specs, NULL, &lanes));
  CHECK(!lanes_add(lanes, LANE_READ, &work.job));
  lanes_stop(lanes);
}
