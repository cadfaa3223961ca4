#include "roster/import_internal.h"
#include "roster/roster_sql.h"

/* ---- earlier versions ---- */

static void values_from_json(const Catalogue *catalogue, const Json *values, Str ret_value[COLUMN_LIMIT]) {
  for (uint32_t i = 0; i < COLUMN_LIMIT; i++) ret_value[i] = STR_EMPTY;
  JSON_EACH(item, values) {
    uint32_t column = catalogue_column(catalogue, item->key);
    if (column != NO_INDEX) ret_value[column] = item->text;
  }
}

static Status load_old_file(Taking *t, OldFile *file, int64_t rows) {
  Context *cx = t->cx;
  CLEANUP(db_stop) DbQuery *query = NULL;
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Context inner = {arena, {OK, STR_EMPTY}};
  file->rows = arena_array(cx->arena, (size_t)rows + 1, OldRow);
  TRY(db_start(cx, journal_db(t->journal), &query, &ROSTER_ROWS_OF_FILE, DB_T(file->id)));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) break;
    if (file->count >= rows)
      return fail(cx, TAMPERED, "文件“" STR_FMT "”的行数与登记不符，请运行 anju verify。", STR_ARG(file->name));
    OldRow *row = &file->rows[file->count++];
    Str text, value[COLUMN_LIMIT];
    Json *json;
    *row = (OldRow){.key = str_copy(cx->arena, db_text(query, 0)), .origin = str_copy(cx->arena, db_text(query, 4))};
    Status status = roster_unseal(&inner, t->journal, "list_row.content", row->key, db_blob(query, 5), &text);
    if (status == OK) status = json_parse_view(&inner, text, &json);
    if (status != OK) return fail(cx, status, STR_FMT, STR_ARG(inner.error.sentence));
    values_from_json(t->catalogue, json_get(json, "values"), value);
    row->content = taking_content(t, value);
    taking_identity(t, value, &row->id, &row->name, &row->hh_no);
    row->place = row_place(db_text(query, 2), (uint32_t)db_int(query, 3));
    arena_reset(arena);
    if (arena_used(t->scratch) > 512 * 1024) arena_reset(t->scratch);
  }
  return OK;
}

static Status load_old_files(Taking *t, OldFiles *ret_old) {
  Context *cx = t->cx;
  CurrentFile *files;
  uint32_t count;
  TRY(current_files_load(cx, t->journal, t->list->code, &files, &count));
  OldFiles old = {arena_array(cx->arena, (size_t)count + 1, OldFile), count};
  for (uint32_t i = 0; i < count; i++) {
    old.items[i] = (OldFile){.id = files[i].id, .name = files[i].name, .raw_file = files[i].raw_file};
    TRY(load_old_file(t, &old.items[i], files[i].rows));
  }
  *ret_old = old;
  return OK;
}

/* Which new row an old one has become: the same content, else the same person or household. */
typedef struct Successors {
  StrMap maps[4];       /* content, id+name, household number+name, id (household lists: household number) */
  uint32_t *next_equal; /* per new row: the next one with the same content */
} Successors;
enum { SUCCESSOR_WAYS = 4 };

static Str successor_key(const Taking *t, int way, const Digest *content, Str id, Str name, Str hh_no) {
  Arena *arena = t->cx->arena;
  switch (way) {
    case 0:
      return (Str){(const char *)content->bytes, DIGEST_SIZE};
    case 1:
      return id.size && name.size ? str_format(arena, STR_FMT "\x1f" STR_FMT, STR_ARG(id), STR_ARG(name)) : STR_EMPTY;
    case 2:
      return hh_no.size && name.size ? str_format(arena, STR_FMT "\x1f" STR_FMT, STR_ARG(hh_no), STR_ARG(name))
                                     : STR_EMPTY;
    default:
      return t->list->person_unit || hh_no.size == 0 ? id : hh_no;
  }
}

static void index_new_rows(const Taking *t, Successors *s) {
  s->maps[0] = strmap_new(t->cx->arena);
  s->next_equal = arena_array(t->cx->arena, t->new_count + 1, uint32_t);
  for (uint32_t i = t->new_count; i-- > 0;) { /* from the last, so that each map entry is the first of its equals */
    Str key = {(const char *)t->new_rows[i].content.bytes, DIGEST_SIZE};
    s->next_equal[i] = strmap_get(&s->maps[0], key);
    strmap_set(&s->maps[0], key, i);
  }
  for (int way = 1; way < SUCCESSOR_WAYS; way++) {
    s->maps[way] = strmap_new(t->cx->arena);
    for (uint32_t i = 0; i < t->new_count; i++) {
      const NewRow *row = &t->new_rows[i];
      Str key = successor_key(t, way, &row->content, row->id, row->name, row->hh_no);
      if (key.size == 0) continue;
      bool added;
      strmap_put(&s->maps[way], key, i, &added);
      if (!added) strmap_set(&s->maps[way], key, UINT32_MAX - 1); /* not unique: says nothing */
    }
  }
}

static bool lives_on(const Taking *t, const Successors *s, const OldRow *row) {
  for (int way = 0; way < SUCCESSOR_WAYS; way++) {
    Str key = successor_key(t, way, &row->content, row->id, row->name, row->hh_no);
    uint32_t at = key.size ? strmap_get(&s->maps[way], key) : STRMAP_NONE;
    if (at < t->new_count) return true;
  }
  return false;
}

/* A file is replaced when at least half of its rows live on in the new one. */
static void judge_replaced(const Taking *t, const Successors *s, Str forced, OldFiles *old) {
  for (uint32_t f = 0; f < old->count; f++) {
    if (forced.size) {
      old->items[f].replaced = str_equal(old->items[f].id, forced);
      continue;
    }
    uint32_t found = 0;
    for (uint32_t i = 0; i < old->items[f].count; i++) found += lives_on(t, s, &old->items[f].rows[i]);
    old->items[f].replaced = old->items[f].count == 0 || found * 2 >= old->items[f].count;
  }
}

static void put_hex(Buf *buf, size_t at, Str hex) { memcpy(buf->data + at, hex.data, KEY_HEX); }

static Str row_key(const Taking *t, const NewRow *row, uint32_t ordinal) {
  Digest digest = digest_pair(0x02, str_format(t->scratch, STR_FMT "|%u|", STR_ARG(t->list->code), ordinal),
                              (Str){(const char *)row->content.bytes, DIGEST_SIZE});
  return str_sub(digest_hex(t->cx->arena, &digest), 0, KEY_HEX);
}

/* The first unclaimed new row with the same content; claims are made in order, so equal rows pair up one to one. */
static uint32_t claim_equal(const Taking *t, Successors *s, const OldRow *row) {
  Str key = successor_key(t, 0, &row->content, row->id, row->name, row->hh_no);
  uint32_t at = strmap_get(&s->maps[0], key);
  if (at >= t->new_count) return STRMAP_NONE;
  strmap_set(&s->maps[0], key, s->next_equal[at]);
  return at;
}

static uint32_t claim_alike(const Taking *t, const Successors *s, const OldRow *row) {
  for (int way = 1; way < SUCCESSOR_WAYS; way++) {
    Str key = successor_key(t, way, &row->content, row->id, row->name, row->hh_no);
    uint32_t at = key.size ? strmap_get(&s->maps[way], key) : STRMAP_NONE;
    if (at < t->new_count && !t->new_rows[at].claimed) return at;
  }
  return STRMAP_NONE;
}

/* A corrected version keeps the rows where they are: each is the row that stood in its place. */
static int64_t claim_places(Taking *t, OldFile *file, Str *origins) {
  StrMap places = strmap_new(t->cx->arena);
  int64_t same = 0;
  for (uint32_t i = 0; i < t->new_count; i++)
    strmap_put(&places, (Str){(const char *)&t->new_rows[i].place, sizeof(uint64_t)}, i, NULL);
  for (uint32_t i = 0; i < file->count; i++) {
    OldRow *row = &file->rows[i];
    uint32_t at = strmap_get(&places, (Str){(const char *)&row->place, sizeof(uint64_t)});
    if (at == STRMAP_NONE || t->new_rows[at].claimed) continue;
    row->claimed = t->new_rows[at].claimed = true;
    origins[at] = row->origin;
    same += digest_equal(&row->content, &t->new_rows[at].content);
  }
  return same;
}

/* Which new row each replaced one has become: equal ones first, so that they are not taken by look-alikes. Returns how
 * many are as they were. */
static int64_t claim_origins(Taking *t, Successors *s, const OldFiles *old, Str *origins) {
  int64_t same = 0;
  for (int pass = 0; pass < 2; pass++)
    for (uint32_t f = 0; f < old->count; f++)
      for (uint32_t i = 0; i < old->items[f].count && old->items[f].replaced; i++) {
        OldRow *row = &old->items[f].rows[i];
        if (row->claimed) continue;
        uint32_t at = pass == 0 ? claim_equal(t, s, row) : claim_alike(t, s, row);
        if (at == STRMAP_NONE) continue;
        row->claimed = t->new_rows[at].claimed = true;
        origins[at] = row->origin;
        same += pass == 0;
      }
  return same;
}

/* Keys: ordinal among equals, skipping those that other files of the list hold. Origins: inherited from the version
 * before, else the row's own key. Returns the number of rows that are new or different. */
static int64_t assign_keys(Taking *t, Successors *s, Str forced, const OldFiles *old) {
  StrMap taken = strmap_new(t->cx->arena), used = strmap_new(t->cx->arena), ordinals = strmap_new(t->cx->arena);
  for (uint32_t f = 0; f < old->count; f++)
    for (uint32_t i = 0; i < old->items[f].count && !old->items[f].replaced; i++) {
      strmap_put(&taken, old->items[f].rows[i].key, 0, NULL);
      strmap_put(&used, old->items[f].rows[i].origin, 0, NULL);
    }
  Str *origins = arena_array(t->cx->arena, t->new_count + 1, Str);
  int64_t same = 0;
  for (uint32_t f = 0; f < old->count; f++)
    if (forced.size && old->items[f].replaced) same += claim_places(t, &old->items[f], origins);
  if (old->count && forced.size == 0) same += claim_origins(t, s, old, origins);
  for (uint32_t i = 0; i < t->new_count; i++)
    if (origins[i].size) strmap_put(&used, origins[i], 0, NULL);
  for (uint32_t i = 0; i < t->new_count; i++) {
    NewRow *row = &t->new_rows[i];
    Str content = {(const char *)row->content.bytes, DIGEST_SIZE}, key;
    uint32_t ordinal = strmap_get(&ordinals, content);
    if (ordinal == STRMAP_NONE) ordinal = 0;
    do key = row_key(t, row, ordinal++);
    while (strmap_get(&taken, key) != STRMAP_NONE);
    strmap_set(&ordinals, content, ordinal);
    if (origins[i].size == 0) {
      origins[i] = key;
      while (strmap_get(&used, origins[i]) != STRMAP_NONE) /* another row has inherited it */
        origins[i] = hash_id(t->cx->arena, str_format(t->scratch, STR_FMT "|again", STR_ARG(origins[i])), KEY_HEX);
      strmap_put(&used, origins[i], 0, NULL);
    }
    put_hex(&t->rows, row->key_at, key);
    put_hex(&t->rows, row->origin_at, origins[i]);
  }
  return (int64_t)t->new_count - same;
}

Status taking_versions(Taking *t, Str forced, OldFiles *ret_old, int64_t *ret_changed) {
  Successors successors = {0};
  TRY(load_old_files(t, ret_old));
  if (ret_old->count) index_new_rows(t, &successors);
  judge_replaced(t, &successors, forced, ret_old);
  *ret_changed = assign_keys(t, &successors, forced, ret_old);
  return OK;
}
