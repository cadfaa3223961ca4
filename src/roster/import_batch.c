#include <pthread.h>
#include "roster/import_internal.h"

/* Many files: a second thread reads and decodes while this one writes what is decoded. Files are taken in their order,
 * so the result does not depend on the threads. */
/* What may be read and not yet taken: bounds the memory. */
enum { AHEAD_FILES = 64, AHEAD_BYTES = 4 << 20 };

typedef struct Slot {
  Arena *arena;
  Context cx;
  Reading *reading;
  Status status;
  bool ready;
} Slot;

typedef struct Batch {
  const ImportKnown *known;
  const ImportRequest *requests;
  Slot *slots;
  size_t count, taken;
  size_t held; /* bytes of the files that are read and not yet taken */
  bool stop;
  pthread_mutex_t mutex;
  pthread_cond_t changed;
} Batch;

static size_t slot_bytes(const Slot *slot) { return slot->reading ? slot->reading->bytes.size : 0; }

static void read_slot(Batch *batch, size_t i) {
  Slot *slot = &batch->slots[i];
  slot->arena = arena_new();
  slot->cx = (Context){slot->arena, {OK, STR_EMPTY}};
  slot->status = import_read(&slot->cx, batch->known, &batch->requests[i], &slot->reading);
}

static void *read_ahead(void *argument) {
  Batch *batch = argument;
  for (size_t i = 0; i < batch->count; i++) {
    pthread_mutex_lock(&batch->mutex);
    while (!batch->stop && i > batch->taken && (i >= batch->taken + AHEAD_FILES || batch->held > AHEAD_BYTES))
      pthread_cond_wait(&batch->changed, &batch->mutex);
    bool stop = batch->stop;
    pthread_mutex_unlock(&batch->mutex);
    if (stop) break;
    read_slot(batch, i);
    pthread_mutex_lock(&batch->mutex);
    batch->slots[i].ready = true;
    batch->held += slot_bytes(&batch->slots[i]);
    pthread_cond_broadcast(&batch->changed);
    pthread_mutex_unlock(&batch->mutex);
  }
  return NULL;
}

static void wait_for(Batch *batch, size_t i) {
  pthread_mutex_lock(&batch->mutex);
  while (!batch->slots[i].ready) pthread_cond_wait(&batch->changed, &batch->mutex);
  pthread_mutex_unlock(&batch->mutex);
}

static void release_slot(Batch *batch, size_t i) {
  size_t bytes = slot_bytes(&batch->slots[i]);
  import_release(batch->slots[i].reading);
  batch->slots[i].reading = NULL;
  arena_freep(&batch->slots[i].arena);
  pthread_mutex_lock(&batch->mutex);
  batch->taken = i + 1;
  batch->held -= bytes < batch->held ? bytes : batch->held;
  pthread_cond_broadcast(&batch->changed);
  pthread_mutex_unlock(&batch->mutex);
}

static Status take_slot(Batch *batch, size_t i, Journal *journal, ImportVisitor *visit, void *user) {
  Slot *slot = &batch->slots[i];
  ImportReport *reports = NULL;
  size_t count = 0;
  Status status = slot->status;
  if (status == OK) status = import_take(slot->reading, journal, &reports, &count);
  return visit(&slot->cx, user, i, status, reports, status == OK ? count : 0);
}

Status roster_import_files(Context *cx, Journal *journal, const ImportRequest *requests, size_t count,
                           ImportVisitor *visit, void *user) {
  ImportKnown known;
  TRY(import_known(cx, journal, &known));
  Batch batch = {
      .known = &known, .requests = requests, .count = count, .slots = arena_array(cx->arena, count + 1, Slot)};
  pthread_t thread;
  bool threaded = count > 1;
  pthread_mutex_init(&batch.mutex, NULL);
  pthread_cond_init(&batch.changed, NULL);
  if (threaded && pthread_create(&thread, NULL, read_ahead, &batch) != 0) threaded = false;
  Status status = OK;
  for (size_t i = 0; i < count && status == OK; i++) {
    if (threaded)
      wait_for(&batch, i);
    else
      read_slot(&batch, i);
    status = take_slot(&batch, i, journal, visit, user);
    if (status != OK) fail(cx, status, STR_FMT, STR_ARG(batch.slots[i].cx.error.sentence));
    release_slot(&batch, i);
  }
  if (threaded) {
    pthread_mutex_lock(&batch.mutex);
    batch.stop = true;
    pthread_cond_broadcast(&batch.changed);
    pthread_mutex_unlock(&batch.mutex);
    pthread_join(thread, NULL);
  }
  for (size_t i = 0; i < count; i++) { /* read ahead and not taken */
    import_release(batch.slots[i].reading);
    arena_freep(&batch.slots[i].arena);
  }
  pthread_cond_destroy(&batch.changed);
  pthread_mutex_destroy(&batch.mutex);
  return status;
}

Status roster_import(Context *cx, Journal *journal, const ImportRequest *request, ImportReport **ret_reports,
                     size_t *ret_count) {
  ImportKnown known;
  Reading *reading = NULL;
  TRY(import_known(cx, journal, &known));
  Status status = import_read(cx, &known, request, &reading);
  if (status == OK) status = import_take(reading, journal, ret_reports, ret_count);
  import_release(reading);
  return status;
}
