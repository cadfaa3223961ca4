#include <pthread.h>
#include <stdlib.h>
#include "roster/roster_internal.h"
#include "roster/roster_sql.h"

Str fact_identity(Arena *arena, const Fact *fact) {
  Str text = str_format(arena, STR_FMT "\x1f" STR_FMT "\x1f" STR_FMT, STR_ARG(text_fold(arena, fact->name)),
                        STR_ARG(text_fold(arena, fact->id)), STR_ARG(text_fold(arena, fact->hh_no)));
  return hash_id(arena, text, 32);
}

/* The versions of the lists, the link decisions, the engine and the rules: what a result depends on. */
Status facts_inputs(Context *cx, Journal *journal, Str *ret_inputs) {
  Buf buf = buf_new(cx->arena);
  buf_addf(&buf, "match %s|rules %d|", MATCH_VERSION, DIFFERENCE_RULES);
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

                                                   .rows = (uint32_t)db_int(query, 6),
                                                   .first = (uint32_t)rows,
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

typedef enum Vocabulary { VOCABULARY_MODE, VOCABULARY_GRADE, VOCABULARY_RELATION, VOCABULARIES } Vocabulary;
enum { MEMO = 48 };
typedef struct Memo { /* values repeat: the few there are, with their codes */
  Str text[MEMO], code[MEMO];
  uint32_t count;
} Memo;

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
  Memo memos[VOCABULARIES];
  Str last_town, last_village, last_address; /* of the row before: neighbours live in one village */
  Place last_place;
} Loader;

static Str keep(Loader *l, Str text) { return intern(l->arena, &l->interned, &l->table, &l->table_capacity, text); }

static Str code_of(Loader *l, Vocabulary vocabulary, Str text) {
  static const char *const names[] = {"mode", "grade", "relation"};
  Memo *memo = &l->memos[vocabulary];
  if (text.size == 0) return STR_EMPTY;
  for (uint32_t i = 0; i < memo->count; i++)
    if (str_equal(memo->text[i], text)) return memo->code[i];
  Str code = catalogue_value(l->facts->catalogue, l->scratch, names[vocabulary], text);
  if (memo->count < MEMO) {
    memo->text[memo->count] = text; /* kept: texts of vocabularies are interned */
    memo->code[memo->count++] = code;
  }
  return code;
}

static Place cached_place(Loader *l, Str town, Str village, Str address) {
  if (str_equal(town, l->last_town) && str_equal(village, l->last_village) && str_equal(address, l->last_address))
    return l->last_place;
  l->last_town = town, l->last_village = village, l->last_address = address; /* interned */
  Str key =
      str_format(l->scratch, STR_FMT "\x1f" STR_FMT "\x1f" STR_FMT, STR_ARG(town), STR_ARG(village), STR_ARG(address));
  uint32_t at = strmap_get(&l->place_cache, key);
  if (at != STRMAP_NONE) return l->last_place = l->places[at];
  if (l->place_cache.count == l->place_capacity) {
    uint32_t larger = l->place_capacity ? l->place_capacity * 2 : 512;
    l->places = arena_grow(l->arena, l->places, l->place_capacity * sizeof(Place), larger * sizeof(Place));
    l->place_capacity = larger;
  }
  at = l->place_cache.count;
  l->places[at] = place_find(l->facts->catalogue->places, town, village, address);
  strmap_put(&l->place_cache, str_copy(l->arena, key), at, NULL);
  return l->last_place = l->places[at];
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
  fact->mode = code_of(l, VOCABULARY_MODE, fact->mode_text);
  fact->grade = code_of(l, VOCABULARY_GRADE, fact->grade_text);
  fact->relation_code = code_of(l, VOCABULARY_RELATION, fact->relation);
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

static Status read_row(Loader *l, Str key, Str sealed, Fact *fact) {
  Context inner = {l->scratch, {OK, STR_EMPTY}};
  Str text;
  Json *json;
  Status status = roster_unseal(&inner, l->journal, "list_row.content", key, sealed, &text);
  if (status == OK) status = json_parse_view(&inner, text, &json);
  if (status != OK) return fail(l->cx, status, STR_FMT, STR_ARG(inner.error.sentence));
  read_values(l, json_get(json, "values"), fact);
  return OK;
}

static Loader *loader_new(Context *cx, Journal *journal, Facts *facts, Arena *scratch) {
  Loader *l = arena_one(cx->arena, Loader);
  *l = (Loader){.cx = cx, .journal = journal, .facts = facts, .arena = cx->arena, .scratch = scratch};
  l->interned = strmap_new(cx->arena);
  l->place_cache = strmap_new(cx->arena);
  l->last_town = l->last_village = l->last_address = STR_EMPTY;
  l->last_place = place_find(facts->catalogue->places, STR_EMPTY, STR_EMPTY, STR_EMPTY);
  return l;
}

/* One file's rows into its stretch of the facts. */
static Status load_rows(Loader *l, Db *db, uint32_t file_index) {
  Context *cx = l->cx;
  const FactFile *file = &l->facts->files[file_index];
  bool household_row = !l->facts->catalogue->lists[file->list].person_unit;
  CLEANUP(db_stop) DbQuery *query = NULL;
  uint32_t loaded = 0;
  TRY(db_start(cx, db, &query, &ROSTER_ROWS_OF_FILE, DB_T(file->id)));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more || loaded == file->rows) break;
    Fact *fact = &l->facts->facts[file->first + loaded++];
    *fact = (Fact){.key = str_copy(cx->arena, db_text(query, 0)),
                   .file = file_index,
                   .number = (uint32_t)db_int(query, 3),
                   .list = (uint16_t)file->list,
                   .household_row = household_row};
    Str origin = db_text(query, 4);
    fact->origin = str_equal(origin, fact->key) ? fact->key : str_copy(cx->arena, origin);
    fact->sheet = keep(l, db_text(query, 2));
    TRY(read_row(l, fact->key, db_blob(query, 5), fact));
    if (arena_used(l->scratch) > 256 * 1024) arena_reset(l->scratch);
  }
  if (loaded != file->rows)
    return fail(cx, TAMPERED, "文件“" STR_FMT "”的行数与登记不符，请运行 anju verify。", STR_ARG(file->name));
  return OK;
}

/* ---- two threads: each loads some of the files, on a connection and in an arena of its own ---- */
typedef struct Share {
  Context cx;
  Journal *journal;
  Facts *facts;
  Db *db;
  const bool *mine; /* per file */
  Status status;
} Share;

static Status load_share(Share *share) {
  CLEANUP(arena_freep) Arena *scratch = arena_new();
  Loader *l = loader_new(&share->cx, share->journal, share->facts, scratch);
  for (uint32_t i = 0; i < share->facts->file_count; i++)
    if (share->mine[i]) TRY(load_rows(l, share->db, i));
  return OK;
}

static void *load_in_thread(void *argument) {
  Share *share = argument;
  share->status = load_share(share);
  return NULL;
}

/* The largest file here, the others there until both have about as much. */
static bool divide(const Facts *facts, bool *ours, bool *theirs) {
  uint64_t sums[2] = {0};
  for (uint32_t done = 0; done < facts->file_count; done++) {
    uint32_t largest = MATCH_NONE;
    for (uint32_t i = 0; i < facts->file_count; i++)
      if (!ours[i] && !theirs[i] && (largest == MATCH_NONE || facts->files[i].rows > facts->files[largest].rows))
        largest = i;
    int side = sums[0] <= sums[1] ? 0 : 1;
    (side ? theirs : ours)[largest] = true;
    sums[side] += facts->files[largest].rows;
  }
  return sums[1] > 2000; /* else not worth a thread */
}

static Status load_all(Context *cx, Journal *journal, Facts *facts) {
  bool *ours = arena_array(cx->arena, facts->file_count + 1, bool),
       *theirs = arena_array(cx->arena, facts->file_count + 1, bool);
  CLEANUP(db_closep) Db *reader = NULL;
  pthread_t thread;
  bool threaded = divide(facts, ours, theirs) && !journal_in_transaction(journal) &&
                  journal_open_reader(cx, journal, &reader) == OK;
  Arena *other_arena = arena_new();
  Share here = {.cx = *cx, .journal = journal, .facts = facts, .db = journal_db(journal), .mine = ours};
  Share there = {
      .cx = {other_arena, {OK, STR_EMPTY}}, .journal = journal, .facts = facts, .db = reader, .mine = theirs};
  threaded = threaded && pthread_create(&thread, NULL, load_in_thread, &there) == 0;
  if (!threaded) {
    there.db = journal_db(journal);
    there.status = load_share(&there);
  }
  here.status = load_share(&here);
  if (threaded) pthread_join(thread, NULL);
  cx->error = here.cx.error;
  arena_absorb(cx->arena, other_arena);
  if (there.status != OK) return fail(cx, there.status, STR_FMT, STR_ARG(there.cx.error.sentence));
  return here.status;
}

/* Rows of a list with one household number are one household; without numbers a person list's households begin at the
 * householder's row. */
static void set_groups(Facts *facts) {
  CLEANUP(arena_freep) Arena *scratch = arena_new();
  StrMap groups[LIST_LIMIT];
  for (uint32_t i = 0; i < LIST_LIMIT; i++) groups[i] = strmap_new(scratch);
  uint32_t next = 0, loose = MATCH_NONE, previous_group = MATCH_NONE;
  for (uint32_t i = 0; i < facts->count; i++) {
    Fact *fact = &facts->facts[i];
    const Fact *before = i ? fact - 1 : NULL;
    bool same_file = before && before->file == fact->file;
    fact->group = MATCH_NONE;
    if (fact->hh_no.size) {
      loose = MATCH_NONE;
      if (same_file && previous_group != MATCH_NONE && str_equal(fact->hh_no, before->hh_no)) { /* the usual case */
        fact->group = previous_group;
        continue;
      }
      Str key = text_fold(scratch, fact->hh_no);
      uint32_t at = strmap_get(&groups[fact->list], key);
      if (at == STRMAP_NONE) strmap_put(&groups[fact->list], key, at = next++, NULL);
      fact->group = previous_group = at;
      continue;
    }
    previous_group = MATCH_NONE;
    if (!facts->catalogue->lists[fact->list].person_unit || fact->relation.size == 0) continue;
    if (!same_file) loose = MATCH_NONE;
    if (fact->head || loose == MATCH_NONE) loose = next++;
    fact->group = loose;
  }
}

static int order_facts(const void *left, const void *right) {
  const Fact *a = *(const Fact *const *)left, *b = *(const Fact *const *)right;
  if (a->list != b->list) return a->list < b->list ? -1 : 1;
  int order = str_compare(a->origin, b->origin);
  return order ? order : str_compare(a->key, b->key);
}

/* By list and origin, so that neither the order of importing nor of the rows in a file shows in any result. */
static void sort_facts(Facts *facts) {
  CLEANUP(arena_freep) Arena *scratch = arena_new();
  const Fact **order = arena_array(scratch, facts->count + 1, const Fact *);
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
}

typedef struct KeyOrder {
  const Fact *fact;
  uint32_t index;
} KeyOrder;

static int compare_keys(const void *a, const void *b) {
  return str_compare(((const KeyOrder *)a)->fact->key, ((const KeyOrder *)b)->fact->key);
}

static void sort_by_key(Arena *arena, Facts *facts) {
  CLEANUP(arena_freep) Arena *scratch = arena_new();
  KeyOrder *order = arena_array(scratch, facts->count + 1, KeyOrder);
  for (uint32_t i = 0; i < facts->count; i++) order[i] = (KeyOrder){&facts->facts[i], i};
  qsort(order, facts->count, sizeof *order, compare_keys);
  facts->by_key = arena_array(arena, facts->count + 1, uint32_t);
  for (uint32_t i = 0; i < facts->count; i++) facts->by_key[i] = order[i].index;
}

uint32_t facts_find(const Facts *facts, Str key) {
  uint32_t low = 0, high = facts->count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    int order = str_compare(facts->facts[facts->by_key[middle]].key, key);
    if (order == 0) return facts->by_key[middle];
    order < 0 ? (low = middle + 1) : (high = middle);
  }
  return MATCH_NONE;
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

Status facts_load(Context *cx, Journal *journal, Facts *ret_facts) {
  Facts facts = {0};
  int64_t rows;
  TRY(roster_catalogue(cx, journal, &facts.catalogue));
  TRY(load_files(cx, journal, &facts, &rows));
  TRY(facts_inputs(cx, journal, &facts.inputs));
  facts.facts = arena_array(cx->arena, (size_t)rows + 1, Fact);
  facts.count = (uint32_t)rows;
  TRY(load_all(cx, journal, &facts));
  set_groups(&facts);
  sort_facts(&facts);
  sort_by_key(cx->arena, &facts);
  *ret_facts = facts;
  return OK;
}
