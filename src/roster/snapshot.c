#include <pthread.h>
#include "roster/roster_internal.h"
#include "roster/roster_sql.h"

/* Making the register takes as long as loading every row; requests share one until an entry changes it. Numbers are in
 * memory in the clear meanwhile, as they are during a comparison. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static Register *current;

static Status last_change(Context *cx, Journal *journal, int64_t *ret_mark) {
  static const Str kinds[] = {STR("list_imported"), STR("compare_run"), STR("decision"), STR("undo")};
  int64_t mark = 0, seq;
  for (size_t i = 0; i < COUNT_OF(kinds); i++) {
    TRY(journal_last_of_kind(cx, journal, kinds[i], &seq));
    if (seq > mark) mark = seq;
  }
  *ret_mark = mark;
  return OK;
}

static Status load_lists(Context *cx, Journal *journal, Register *r) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  StrMap masks = strmap_new(cx->arena);
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_LINKS_BY_LIST));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) break;
    uint32_t list = catalogue_list(r->catalogue, db_text(query, 0));
    if (list == NO_INDEX) continue;
    uint32_t before = strmap_get(&masks, db_text(query, 2));
    uint32_t after = (before == STRMAP_NONE ? 0 : before) | 1u << list;
    if (before == STRMAP_NONE)
      strmap_put(&masks, str_copy(cx->arena, db_text(query, 2)), after, NULL);
    else if (after != before)
      strmap_set(&masks, str_copy(cx->arena, db_text(query, 2)), after);
  }
  for (size_t i = 0; i < r->count; i++) {
    uint32_t mask = strmap_get(&masks, r->rows[i].household);
    r->lists[i] = mask == STRMAP_NONE ? 0 : mask;
  }
  return OK;
}

static Status make(Context *cx, Journal *journal, Register *r) {
  TRY(roster_catalogue(cx, journal, &r->catalogue));
  TRY(roster_agreed(cx, journal, &r->rows, &r->count));
  r->initials = arena_array(cx->arena, r->count + 1, Str);
  r->lists = arena_array(cx->arena, r->count + 1, uint32_t);
  for (size_t i = 0; i < r->count; i++) {
    Name name = name_read(r->rows[i].name);
    r->initials[i] = name_initials(cx->arena, &name);
  }
  return load_lists(cx, journal, r);
}

static void release(Register *r) {
  if (--r->references == 0) arena_free(r->arena);
}

Status register_open(Context *cx, Journal *journal, Register **ret_register) {
  int64_t mark;
  TRY(last_change(cx, journal, &mark));
  pthread_mutex_lock(&mutex);
  Str folder = str_from(journal_folder(journal));
  if (current && current->mark == mark && str_equal(current->folder, folder)) {
    current->references++;
    *ret_register = current;
    pthread_mutex_unlock(&mutex);
    return OK;
  }
  Arena *arena = arena_new();
  Context own = {arena, {OK, STR_EMPTY}};
  Register *r = arena_one(arena, Register);
  *r = (Register){.arena = arena, .folder = str_copy(arena, folder), .mark = mark, .references = 1};
  Status status = make(&own, journal, r);
  if (status != OK) {
    fail(cx, status, STR_FMT, STR_ARG(own.error.sentence));
    arena_free(arena);
  } else if (!current || current->mark < mark || !str_equal(current->folder, folder)) {
    if (current) release(current);
    current = r;
    r->references++;
  }
  if (status == OK) *ret_register = r;
  pthread_mutex_unlock(&mutex);
  return status;
}

void register_close(Register **roster) {
  if (!*roster) return;
  pthread_mutex_lock(&mutex);
  release(*roster);
  pthread_mutex_unlock(&mutex);
  *roster = NULL;
}
