#include <pthread.h>
#include "roster/roster_internal.h"
#include "roster/roster_sql.h"

/* Making the register takes as long as loading every row; requests share one until an entry changes it. What decisions
 * leave as it is, most of the work, is shared further. Numbers are in memory in the clear meanwhile, as they are during
 * a comparison. Everything below is touched under the mutex only; what is handed out is read-only. */
typedef struct Foundation {
  Arena *arena;
  Str folder;
  int64_t mark;
  int references;
  AgreedBase *base;
  Catalogue *catalogue;
  StrMap lists; /* household -> bit mask */
} Foundation;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static Register *current;
static Foundation *foundation;

static Status last_change(Context *cx, Journal *journal, bool decisions, int64_t *ret_mark) {
  static const Str kinds[] = {STR("list_imported"), STR("compare_run"), STR("undo"), STR("decision")};
  int64_t mark = 0, seq;
  for (size_t i = 0; i < COUNT_OF(kinds) - !decisions; i++) {
    TRY(journal_last_of_kind(cx, journal, kinds[i], &seq));
    if (seq > mark) mark = seq;
  }
  *ret_mark = mark;
  return OK;
}

static void release_foundation(Foundation *f) {
  if (--f->references == 0) arena_free(f->arena);
}

static Status load_lists(Context *cx, Journal *journal, Foundation *f) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  f->lists = strmap_new(cx->arena);
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_LINKS_BY_LIST));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) return OK;
    uint32_t list = catalogue_list(f->catalogue, db_text(query, 0)), before = strmap_get(&f->lists, db_text(query, 2));
    if (list == NO_INDEX) continue;
    if (before == STRMAP_NONE)
      strmap_put(&f->lists, str_copy(cx->arena, db_text(query, 2)), 1u << list, NULL);
    else if (!(before >> list & 1))
      strmap_set(&f->lists, str_copy(cx->arena, db_text(query, 2)), before | 1u << list);
  }
}

static Status lay(Context *cx, Journal *journal, Foundation *f) {
  TRY(roster_catalogue(cx, journal, &f->catalogue));
  TRY(agreed_base(cx, journal, &f->base));
  return load_lists(cx, journal, f);
}

/* The foundation for what this reader sees; one more reference. An older reader beside a newer one makes its own. */
static Status find_foundation(Context *cx, Journal *journal, Foundation **ret_foundation) {
  int64_t mark;
  Str folder = str_from(journal_folder(journal));
  TRY(last_change(cx, journal, false, &mark));
  if (foundation && foundation->mark == mark && str_equal(foundation->folder, folder)) {
    foundation->references++;
    *ret_foundation = foundation;
    return OK;
  }
  Arena *arena = arena_new();
  Context own = {arena, {OK, STR_EMPTY}};
  Foundation *f = arena_one(arena, Foundation);
  *f = (Foundation){.arena = arena, .folder = str_copy(arena, folder), .mark = mark, .references = 1};
  Status status = lay(&own, journal, f);
  if (status != OK) {
    fail(cx, status, STR_FMT, STR_ARG(own.error.sentence));
    arena_free(arena);
    return status;
  }
  if (!foundation || foundation->mark < mark || !str_equal(foundation->folder, folder)) {
    if (foundation) release_foundation(foundation);
    foundation = f;
    f->references++;
  }
  *ret_foundation = f;
  return OK;
}

static Status make(Context *cx, Journal *journal, Register *r) {
  TRY(find_foundation(cx, journal, &r->foundation));
  r->catalogue = r->foundation->catalogue;
  TRY(agreed_rows(cx, journal, r->foundation->base, &r->rows, &r->count));
  r->initials = arena_array(cx->arena, r->count + 1, Str);
  r->lists = arena_array(cx->arena, r->count + 1, uint32_t);
  for (size_t i = 0; i < r->count; i++) {
    Name name = name_read(r->rows[i].name);
    r->initials[i] = name_initials(cx->arena, &name);
    uint32_t mask = strmap_get(&r->foundation->lists, r->rows[i].household);
    r->lists[i] = mask == STRMAP_NONE ? 0 : mask;
  }
  return OK;
}

static void release(Register *r) {
  if (--r->references) return;
  if (r->foundation) release_foundation(r->foundation);
  arena_free(r->arena);
}

static Status find_register(Context *cx, Journal *journal, Register **ret_register) {
  int64_t mark;
  Str folder = str_from(journal_folder(journal));
  TRY(last_change(cx, journal, true, &mark));
  if (current && current->mark == mark && str_equal(current->folder, folder)) {
    current->references++;
    *ret_register = current;
    return OK;
  }
  Arena *arena = arena_new();
  Context own = {arena, {OK, STR_EMPTY}};
  Register *r = arena_one(arena, Register);
  *r = (Register){.arena = arena, .folder = str_copy(arena, folder), .mark = mark, .references = 1};
  Status status = make(&own, journal, r);
  if (status != OK) {
    fail(cx, status, STR_FMT, STR_ARG(own.error.sentence));
    release(r);
    return status;
  }
  if (!current || current->mark < mark || !str_equal(current->folder, folder)) {
    if (current) release(current);
    current = r;
    r->references++;
  }
  *ret_register = r;
  return OK;
}

Status register_open(Context *cx, Journal *journal, Register **ret_register) {
  pthread_mutex_lock(&mutex);
  Status status = find_register(cx, journal, ret_register);
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
