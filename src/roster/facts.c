#include <stdlib.h>
#include "roster/roster_internal.h"
#include "roster/roster_sql.h"

Str fact_identity(Arena *arena, const Fact *fact) {
  Str text = str_format(arena, STR_FMT "\x1f" STR_FMT "\x1f" STR_FMT, STR_ARG(text_fold(arena, fact->name)),
                        STR_ARG(text_fold(arena, fact->id)), STR_ARG(text_fold(arena, fact->hh_no)));
  return hash_id(arena, text, 32);
}

/* The versions of the lists, the link decisions and the engine: what a result depends on. */
Status facts_inputs(Context *cx, Journal *journal, Str *ret_inputs) {
  Buf buf = buf_new(cx->arena);
  buf_addf(&buf, "match %s|", MATCH_VERSION);
  DbQuery *query = NULL;
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_FILES_CURRENT));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) break;
    buf_addf(&buf, STR_FMT "|", STR_ARG(db_text(query, 0)));
  }
  query = NULL;
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_CONSTRAINTS_ACTIVE));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) break;
    buf_addf(&buf, STR_FMT "~" STR_FMT "~%lld~" STR_FMT "~" STR_FMT "|", STR_ARG(db_text(query, 0)),
             STR_ARG(db_text(query, 1)), (long long)db_int(query, 2), STR_ARG(db_text(query, 3)),
             STR_ARG(db_text(query, 4)));
  }
  *ret_inputs = hash_id(cx->arena, buf_str(&buf), DIGEST_HEX);
  return OK;
}

static Status load_files(Context *cx, Journal *journal, Facts *facts, int64_t *ret_rows) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  uint32_t capacity = 0;
  int64_t rows = 0;
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_FILES_CURRENT));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) break;
    uint32_t list = catalogue_list(facts->catalogue, db_text(query, 1));
    if (list == NO_INDEX) return fail(cx, FAILED, "活动定义里没有名单种类“" STR_FMT "”。", STR_ARG(db_text(query, 1)));
    if (facts->file_count == capacity) {
      uint32_t larger = capacity ? capacity * 2 : 32;
      facts->files = arena_grow(cx->arena, facts->files, capacity * sizeof(FactFile), larger * sizeof(FactFile));
      capacity = larger;
    }
    facts->files[facts->file_count++] = (FactFile){.id = str_copy(cx->arena, db_text(query, 0)),
                                                   .name = str_copy(cx->arena, db_text(query, 3)),
                                                   .sender = str_copy(cx->arena, db_text(query, 2)),
                                                   .list = list,
                                                   .seq = db_int(query, 8)};
    rows += db_int(query, 6);
  }
  *ret_rows = rows;
  return OK;
}

/* Strings that repeat (villages, relations, sheets): one copy each. */
static Str intern(Arena *arena, StrMap *map, Str **table, uint32_t *capacity, Str text) {
  if (text.size == 0) return STR_EMPTY;
  uint32_t at = strmap_get(map, text);
  if (at != STRMAP_NONE) return (*table)[at];
  if (map->count == *capacity) {
    uint32_t larger = *capacity ? *capacity * 2 : 256;
    *table = arena_grow(arena, *table, *capacity * sizeof(Str), larger * sizeof(Str));
    *capacity = larger;
  }
  Str copy = str_copy(arena, text);
  (*table)[map->count] = copy;
  strmap_put(map, copy, map->count, NULL);
  return copy;
}

typedef struct Loader {
  Context *cx;
  Journal *journal;
  Facts *facts;
  Arena *arena, *scratch;
  StrMap interned;
  Str *table;
  uint32_t table_capacity;
  StrMap place_cache;
  Place *places;
  uint32_t place_capacity;
  StrMap groups; /* "list|household number" -> dense group */
  uint32_t next_group, loose_group;
} Loader;

static Str keep(Loader *l, Str text) { return intern(l->arena, &l->interned, &l->table, &l->table_capacity, text); }

static Place cached_place(Loader *l, Str town, Str village, Str address) {
  Str key =
      str_format(l->scratch, STR_FMT "\x1f" STR_FMT "\x1f" STR_FMT, STR_ARG(town), STR_ARG(village), STR_ARG(address));
  uint32_t at = strmap_get(&l->place_cache, key);
  if (at != STRMAP_NONE) return l->places[at];
  if (l->place_cache.count == l->place_capacity) {
    uint32_t larger = l->place_capacity ? l->place_capacity * 2 : 512;
    l->places = arena_grow(l->arena, l->places, l->place_capacity * sizeof(Place), larger * sizeof(Place));
    l->place_capacity = larger;
  }
  at = l->place_cache.count;
  l->places[at] = place_find(l->facts->catalogue->places, town, village, address);
  strmap_put(&l->place_cache, str_copy(l->arena, key), at, NULL);
  return l->places[at];
}

static void read_values(Loader *l, const Json *values, Fact *fact) {
  const Catalogue *c = l->facts->catalogue;
  Str value[COLUMN_LIMIT];
  for (uint32_t i = 0; i < COLUMN_LIMIT; i++) value[i] = STR_EMPTY;
  JSON_EACH(item, values) {
    uint32_t column = catalogue_column(c, item->key);
    if (column != NO_INDEX) value[column] = item->text;
  }
  const uint32_t *known = c->known;
  RowPerson person = row_person(c, value);
  if (person.name_column != NO_INDEX) fact->name = str_copy(l->arena, value[person.name_column]);
  if (person.id_column != NO_INDEX) fact->id = str_copy(l->arena, value[person.id_column]);
  fact->hh_no = keep(l, value[known[COL_HH_NO]]);
  fact->relation = keep(l, value[known[COL_RELATION]]);
  fact->sex = keep(l, value[known[COL_SEX]]);
  fact->birth = value[known[COL_BIRTH]].size ? str_copy(l->arena, value[known[COL_BIRTH]]) : STR_EMPTY;
  fact->phone = value[known[COL_PHONE]].size ? str_copy(l->arena, value[known[COL_PHONE]]) : STR_EMPTY;
  fact->village_text = keep(l, value[known[COL_VILLAGE]]);
  fact->address = keep(l, value[known[COL_ADDRESS]]);
  fact->town_text = keep(l, value[known[COL_TOWN]]);
  fact->size_text = keep(l, value[known[COL_SIZE]]);
  fact->mode_text = keep(l, value[known[COL_MODE]]);
  fact->grade_text = keep(l, value[known[COL_GRADE]]);
  fact->mode = catalogue_value(c, l->scratch, "mode", fact->mode_text);
  fact->grade = catalogue_value(c, l->scratch, "grade", fact->grade_text);
  fact->relation_code = catalogue_value(c, l->scratch, "relation", fact->relation);
  int64_t size;
  Str folded = text_fold(l->scratch, fact->size_text);
  if (str_ends(folded, STR("人"))) folded.size -= STR("人").size;
  if (str_int64(folded, &size) && size > 0 && size < 1000) fact->size = (int32_t)size;
  Place place = cached_place(l, fact->town_text, fact->village_text, fact->address);
  fact->town = place.town_code;
  fact->village = place.village_code;
  fact->place_how = place.how;
  /* 姓名 beside another 户主姓名: a member; a person list without relations or a household list names the householder
   */
  bool other_head = value[known[COL_NAME]].size && value[known[COL_HEAD_NAME]].size &&
                    !str_equal(value[known[COL_NAME]], value[known[COL_HEAD_NAME]]);
  fact->head = fact->household_row ? !other_head : str_equal(fact->relation_code, STR("01"));
}

/* Rows of a list with one household number are one household; without numbers a person list's households begin at the
 * householder's row. */
static void set_group(Loader *l, Fact *fact, bool new_file) {
  const List *list = &l->facts->catalogue->lists[fact->list];
  fact->group = MATCH_NONE;
  if (fact->hh_no.size) {
    Str key = str_format(l->scratch, "%u|" STR_FMT, fact->list, STR_ARG(text_fold(l->scratch, fact->hh_no)));
    uint32_t at = strmap_get(&l->groups, key);
    if (at == STRMAP_NONE) strmap_put(&l->groups, str_copy(l->arena, key), at = l->next_group++, NULL);
    fact->group = at;
    l->loose_group = MATCH_NONE;
    return;
  }
  if (!list->person_unit || fact->relation.size == 0) return;
  if (new_file) l->loose_group = MATCH_NONE;
  if (fact->head || l->loose_group == MATCH_NONE) l->loose_group = l->next_group++;
  fact->group = l->loose_group;
}

static Status read_row(Loader *l, Str key, Str sealed, Fact *fact) {
  Context inner = {l->scratch, {OK, STR_EMPTY}};
  Str text;
  Json *json;
  Status status = roster_unseal(&inner, l->journal, "list_row.content", key, sealed, &text);
  if (status == OK) status = json_parse(&inner, text, &json);
  if (status != OK) return fail(l->cx, status, STR_FMT, STR_ARG(inner.error.sentence));
  read_values(l, json_get(json, "values"), fact);
  return OK;
}

static Status load_rows(Loader *l, uint32_t file_index) {
  Context *cx = l->cx;
  Facts *facts = l->facts;
  FactFile *file = &facts->files[file_index];
  CLEANUP(db_stop) DbQuery *query = NULL;
  bool first = true;
  TRY(db_start(cx, journal_db(l->journal), &query, &ROSTER_ROWS_OF_FILE, DB_T(file->id)));
  for (bool more;; first = false) {
    TRY(db_next(cx, query, &more));
    if (!more) return OK;
    Fact *fact = &facts->facts[facts->count];
    *fact = (Fact){.key = str_copy(cx->arena, db_text(query, 0)),
                   .file = file_index,
                   .number = (uint32_t)db_int(query, 3),
                   .list = (uint16_t)file->list};
    fact->household_row = !facts->catalogue->lists[file->list].person_unit;
    Str origin = db_text(query, 4);
    fact->origin = str_equal(origin, fact->key) ? fact->key : str_copy(cx->arena, origin);
    fact->sheet = keep(l, db_text(query, 2));
    TRY(read_row(l, fact->key, db_blob(query, 5), fact));
    set_group(l, fact, first);
    facts->count++;
    if (arena_used(l->scratch) > 256 * 1024) arena_reset(l->scratch);
  }
}

static Loader *loader_new(Context *cx, Journal *journal, Facts *facts, Arena *scratch) {
  Loader *l = arena_one(cx->arena, Loader);
  *l = (Loader){
      .cx = cx, .journal = journal, .facts = facts, .arena = cx->arena, .scratch = scratch, .loose_group = MATCH_NONE};
  l->interned = strmap_new(cx->arena);
  l->place_cache = strmap_new(cx->arena);
  l->groups = strmap_new(cx->arena);
  return l;
}

Status facts_one(Context *cx, Journal *journal, Catalogue *catalogue, Str key, Fact *ret_fact) {
  Facts facts = {.catalogue = catalogue};
  CLEANUP(db_stop) DbQuery *query = NULL;
  CLEANUP(arena_freep) Arena *scratch = arena_new();
  bool more;
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_ROW_GET, DB_T(key)));
  TRY(db_next(cx, query, &more));
  if (!more) return fail(cx, CONFLICT, "名单已换成新版本，请重新运行 anju compare 后再处理。");
  Fact fact = {.key = str_copy(cx->arena, key),
               .number = (uint32_t)db_int(query, 4),
               .origin = str_copy(cx->arena, db_text(query, 5)),
               .group = MATCH_NONE};
  uint32_t list = catalogue_list(facts.catalogue, db_text(query, 0));
  if (list == NO_INDEX) return fail(cx, FAILED, "活动定义里没有名单种类“" STR_FMT "”。", STR_ARG(db_text(query, 0)));
  fact.list = (uint16_t)list;
  fact.household_row = !facts.catalogue->lists[list].person_unit;
  TRY(read_row(loader_new(cx, journal, &facts, scratch), fact.key, db_blob(query, 6), &fact));
  *ret_fact = fact;
  return OK;
}

static int order_facts(const void *left, const void *right) {
  const Fact *a = *(const Fact *const *)left, *b = *(const Fact *const *)right;
  if (a->list != b->list) return a->list < b->list ? -1 : 1;
  int order = str_compare(a->origin, b->origin);
  return order ? order : str_compare(a->key, b->key);
}

/* By list and origin, so that neither the order of importing nor of the rows in a file shows in any result. */
static void sort_facts(Context *cx, Facts *facts) {
  const Fact **order = arena_array(cx->arena, facts->count + 1, const Fact *);
  for (uint32_t i = 0; i < facts->count; i++) order[i] = &facts->facts[i];
  qsort(order, facts->count, sizeof *order, order_facts);
  for (uint32_t start = 0; start < facts->count; start++) { /* in place, along the cycles of the permutation */
    Fact first = facts->facts[start];
    uint32_t at = start;
    while (order[at]) {
      uint32_t from = (uint32_t)(order[at] - facts->facts);
      facts->facts[at] = from == start ? first : facts->facts[from];
      order[at] = NULL;
      at = from;
    }
  }
  for (uint32_t i = 0; i < facts->count; i++) {
    strmap_put(&facts->by_key, facts->facts[i].key, i, NULL);
    strmap_put(&facts->by_origin, facts->facts[i].origin, i, NULL);
  }
}

Status facts_load(Context *cx, Journal *journal, Facts *ret_facts) {
  Facts facts = {0};
  int64_t rows;
  TRY(roster_catalogue(cx, journal, &facts.catalogue));
  TRY(load_files(cx, journal, &facts, &rows));
  TRY(facts_inputs(cx, journal, &facts.inputs));
  facts.facts = arena_array(cx->arena, (size_t)rows + 1, Fact);
  facts.by_key = strmap_new(cx->arena);
  facts.by_origin = strmap_new(cx->arena);
  CLEANUP(arena_freep) Arena *scratch = arena_new();
  Loader *l = arena_one(cx->arena, Loader);
  *l = (Loader){
      .cx = cx, .journal = journal, .facts = &facts, .arena = cx->arena, .scratch = scratch, .loose_group = MATCH_NONE};
  l->interned = strmap_new(cx->arena);
  l->place_cache = strmap_new(cx->arena);
  l->groups = strmap_new(cx->arena);
  for (uint32_t i = 0; i < facts.file_count; i++) TRY(load_rows(l, i));
  sort_facts(cx, &facts);
  *ret_facts = facts;
  return OK;
}
