#include <stdlib.h>
#include "roster/roster_internal.h"
#include "roster/roster_sql.h"

enum { KEY_HEX = 32, FILE_LIMIT_MB = 200 };

/* ---- a new row, while its file is being taken in ---- */
typedef struct NewRow {
  size_t key_at, origin_at; /* offsets of their 32 digits in the decoded rows */
  Digest content;           /* over the folded values */
  Str id, name, hh_no;      /* folded; id only if it is a whole number */
  bool claimed;             /* an earlier version's row has become this one */
} NewRow;

typedef struct Taking { /* one list out of one file */
  Context *cx;
  Journal *journal;
  const Catalogue *catalogue;
  const List *list;
  uint32_t list_index;
  const Workbook *workbook;
  const Layout *layout;
  Buf rows; /* canonical NDJSON */
  NewRow *new_rows;
  uint32_t new_count, new_capacity;
  int64_t flags, other_rows, flag_counts[256];
  uint32_t column_order[COLUMN_LIMIT]; /* catalogue columns by code: canonical key order */
  Arena *scratch;
} Taking;

static void sort_columns(Taking *t) {
  for (uint32_t i = 0; i < t->catalogue->column_count; i++) {
    uint32_t at = i;
    for (;
         at > 0 && str_compare(t->catalogue->columns[t->column_order[at - 1]].code, t->catalogue->columns[i].code) > 0;
         at--)
      t->column_order[at] = t->column_order[at - 1];
    t->column_order[at] = i;
  }
}

static bool counts_for_key(const Catalogue *catalogue, uint32_t column) {
  const uint32_t *known = catalogue->known;
  return column != known[COL_SEQ] && column != known[COL_ANJU_ROW] && column != known[COL_ANJU_PROBLEM] &&
         column != known[COL_ANJU_ADVICE];
}

/* What makes a row the same row: its values, folded, whatever their order in the file. */
static Digest content_digest(const Taking *t, const Str value[COLUMN_LIMIT]) {
  Buf buf = buf_new(t->scratch);
  for (uint32_t i = 0; i < t->catalogue->column_count; i++) {
    uint32_t column = t->column_order[i];
    if (!counts_for_key(t->catalogue, column) || value[column].size == 0) continue;
    buf_add(&buf, t->catalogue->columns[column].code);
    buf_add_byte(&buf, '\x1f');
    buf_add(&buf, text_fold(t->scratch, value[column]));
    buf_add_byte(&buf, '\x1e');
  }
  return digest_of(buf_str(&buf));
}

static Str whole_id(Arena *arena, Str raw) {
  IdNumber id = id_read(raw);
  if (id.state != ID_VALID && id.state != ID_INVALID) return STR_EMPTY;
  return str_copy(arena, (Str){id.text, id.size});
}

static void take_identity(Taking *t, const Str value[COLUMN_LIMIT], Str *ret_id, Str *ret_name, Str *ret_hh_no) {
  RowPerson person = row_person(t->catalogue, value);
  Arena *arena = t->cx->arena;
  *ret_id = person.id_column == NO_INDEX ? STR_EMPTY : whole_id(arena, value[person.id_column]);
  *ret_name =
      person.name_column == NO_INDEX ? STR_EMPTY : str_copy(arena, text_fold(t->scratch, value[person.name_column]));
  *ret_hh_no = str_copy(arena, text_fold(t->scratch, value[t->catalogue->known[COL_HH_NO]]));
}

static NewRow *new_row(Taking *t) {
  if (t->new_count == t->new_capacity) {
    uint32_t capacity = t->new_capacity ? t->new_capacity * 2 : 1024;
    t->new_rows = arena_grow(t->cx->arena, t->new_rows, t->new_capacity * sizeof(NewRow), capacity * sizeof(NewRow));
    t->new_capacity = capacity;
  }
  NewRow *row = &t->new_rows[t->new_count++];
  *row = (NewRow){0};
  return row;
}

static void write_cells(Buf *buf, const SheetRow *row) {
  buf_add(buf, STR("{\"cells\":["));
  for (uint32_t i = 0; i < row->count; i++) {
    if (i) buf_add_byte(buf, ',');
    json_write_string(buf, row->cells[i].text);
  }
  buf_add_byte(buf, ']');
}

static void write_flags(const Taking *t, Buf *buf, const DecodedRow *row) {
  buf_add(buf, STR(",\"flags\":["));
  for (uint32_t i = 0; i < row->flag_count; i++) {
    const RowFlag *flag = &row->flags[i];
    if (i) buf_add_byte(buf, ',');
    buf_addf(buf, "{\"code\":\"%s\"", flag_code(flag->kind));
    if (flag->column != NO_INDEX) {
      buf_addf(buf, ",\"column\":\"" STR_FMT "\",\"header\":", STR_ARG(sheet_column_name(t->scratch, flag->column)));
      json_write_string(buf, flag->column < t->layout->column_count ? t->layout->header[flag->column] : STR_EMPTY);
    }
    if (flag->value.size) {
      buf_add(buf, STR(",\"value\":"));
      json_write_string(buf, flag->value);
    }
    buf_add_byte(buf, '}');
  }
  buf_add_byte(buf, ']');
}

static size_t write_hole(Buf *buf, const char *key) {
  static const Str zeros = STR("00000000000000000000000000000000");
  buf_addf(buf, ",\"%s\":\"", key);
  size_t at = buf->size;
  buf_add(buf, zeros);
  buf_add_byte(buf, '"');
  return at;
}

/* {"cells","flags","key","origin","row","sheet","values"}: keys in canonical order, so that the line is canonical. */
static void write_data_row(Taking *t, const DecodedRow *row) {
  NewRow *new = new_row(t);
  Buf *buf = &t->rows;
  write_cells(buf, row->raw);
  write_flags(t, buf, row);
  new->key_at = write_hole(buf, "key");
  new->origin_at = write_hole(buf, "origin");
  buf_addf(buf, ",\"row\":%u,\"sheet\":", row->raw->number);
  json_write_string(buf, t->workbook->sheets[t->layout->sheet].name);
  buf_add(buf, STR(",\"values\":{"));
  bool first = true;
  for (uint32_t i = 0; i < t->catalogue->column_count; i++) {
    uint32_t column = t->column_order[i];
    if (row->value[column].size == 0) continue;
    if (!first) buf_add_byte(buf, ',');
    first = false;
    json_write_string(buf, t->catalogue->columns[column].code);
    buf_add_byte(buf, ':');
    json_write_string(buf, row->value[column]);
  }
  buf_add(buf, STR("}}\n"));
  new->content = content_digest(t, row->value);
  take_identity(t, row->value, &new->id, &new->name, &new->hh_no);
}

static Status take_row(Context *cx, void *user, const DecodedRow *row) {
  (void)cx;
  Taking *t = user;
  if (arena_used(t->scratch) > 512 * 1024) arena_reset(t->scratch);
  if (row->role == ROW_DATA) {
    for (uint32_t i = 0; i < row->flag_count; i++) {
      t->flag_counts[row->flags[i].kind]++;
      t->flags += !flag_is_information(row->flags[i].kind);
    }
    write_data_row(t, row);
    return OK;
  }
  t->other_rows++;
  write_cells(&t->rows, row->raw);
  buf_addf(&t->rows, ",\"role\":\"%s\",\"row\":%u,\"sheet\":", row_role_code(row->role), row->raw->number);
  json_write_string(&t->rows, t->workbook->sheets[t->layout->sheet].name);
  buf_add(&t->rows, STR("}\n"));
  return OK;
}

/* The sheet's form, so that corrections can be written in it:
 * {"columns","header_row","header_rows","headers","merges","role","sheet"}. */
static void write_layout(Taking *t) {
  const Sheet *sheet = &t->workbook->sheets[t->layout->sheet];
  Buf *buf = &t->rows;
  buf_add(buf, STR("{\"columns\":["));
  for (uint32_t i = 0; i < t->layout->column_count; i++) {
    if (i) buf_add_byte(buf, ',');
    json_write_string(buf,
                      t->layout->column[i] == NO_INDEX ? STR_EMPTY : t->catalogue->columns[t->layout->column[i]].code);
  }
  uint32_t header_row = t->layout->header_rows ? sheet->rows[t->layout->first_header].number : 0;
  buf_addf(buf, "],\"header_row\":%u,\"header_rows\":%u,\"headers\":[", header_row, t->layout->header_rows);
  for (uint32_t i = 0; i < t->layout->column_count; i++) {
    if (i) buf_add_byte(buf, ',');
    json_write_string(buf, t->layout->header[i]);
  }
  buf_add(buf, STR("],\"merges\":["));
  bool first = true;
  for (uint32_t i = 0; i < sheet->merge_count; i++) {
    MergedRange m = sheet->merges[i];
    if (m.last_row >= header_row + t->layout->header_rows || header_row == 0) continue;
    buf_addf(buf, "%s[%u,%u,%u,%u]", first ? "" : ",", m.first_row, m.last_row, m.first_column, m.last_column);
    first = false;
  }
  buf_add(buf, STR("],\"role\":\"layout\",\"sheet\":"));
  json_write_string(buf, sheet->name);
  buf_add(buf, STR("}\n"));
}

/* ---- earlier versions ---- */
typedef struct OldRow {
  Str key, origin;
  Digest content;
  Str id, name, hh_no;
} OldRow;
typedef struct OldFile {
  Str id, name, raw_file;
  OldRow *rows;
  uint32_t count;
  bool replaced;
} OldFile;
typedef struct OldFiles {
  OldFile *items;
  uint32_t count;
} OldFiles;

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
    if (file->count > rows)
      return fail(cx, TAMPERED, "文件“" STR_FMT "”的行数与登记不符，请运行 anju verify。", STR_ARG(file->name));
    OldRow *row = &file->rows[file->count++];
    Str text, value[COLUMN_LIMIT];
    Json *json;
    *row = (OldRow){.key = str_copy(cx->arena, db_text(query, 0)), .origin = str_copy(cx->arena, db_text(query, 4))};
    Status status = roster_unseal(&inner, t->journal, "list_row.content", row->key, db_blob(query, 5), &text);
    if (status == OK) status = json_parse(&inner, text, &json);
    if (status != OK) return fail(cx, status, STR_FMT, STR_ARG(inner.error.sentence));
    values_from_json(t->catalogue, json_get(json, "values"), value);
    row->content = content_digest(t, value);
    take_identity(t, value, &row->id, &row->name, &row->hh_no);
    arena_reset(arena);
    if (arena_used(t->scratch) > 512 * 1024) arena_reset(t->scratch);
  }
  return OK;
}

static Status load_old_files(Taking *t, OldFiles *ret_old) {
  Context *cx = t->cx;
  OldFiles old = {arena_array(cx->arena, 4096, OldFile), 0};
  int64_t rows[4096];
  CLEANUP(db_stop) DbQuery *query = NULL;
  TRY(db_start(cx, journal_db(t->journal), &query, &ROSTER_FILES_CURRENT));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) break;
    if (!str_equal(db_text(query, 1), t->list->code) || old.count == 4096) continue;
    rows[old.count] = db_int(query, 6);
    old.items[old.count++] = (OldFile){.id = str_copy(cx->arena, db_text(query, 0)),
                                       .name = str_copy(cx->arena, db_text(query, 3)),
                                       .raw_file = str_copy(cx->arena, db_text(query, 4))};
  }
  for (uint32_t i = 0; i < old.count; i++) TRY(load_old_file(t, &old.items[i], rows[i]));
  *ret_old = old;
  return OK;
}

/* Which new row an old one has become: the same content, else the same person or household. */
typedef struct Successors {
  StrMap maps[4]; /* content, id+name, household number+name, id (household lists: household number) */
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
  for (int way = 0; way < SUCCESSOR_WAYS; way++) {
    s->maps[way] = strmap_new(t->cx->arena);
    for (uint32_t i = 0; i < t->new_count; i++) {
      const NewRow *row = &t->new_rows[i];
      Str key = successor_key(t, way, &row->content, row->id, row->name, row->hh_no);
      if (key.size == 0) continue;
      bool added;
      strmap_put(&s->maps[way], key, i, &added);
      if (!added && way > 0) strmap_set(&s->maps[way], key, UINT32_MAX - 1); /* not unique: says nothing */
    }
  }
}

static uint32_t successor_of(const Taking *t, const Successors *s, const OldRow *row, int *ret_way) {
  for (int way = 0; way < SUCCESSOR_WAYS; way++) {
    Str key = successor_key(t, way, &row->content, row->id, row->name, row->hh_no);
    uint32_t at = key.size ? strmap_get(&s->maps[way], key) : STRMAP_NONE;
    if (at < t->new_count) {
      *ret_way = way;
      return at;
    }
  }
  return STRMAP_NONE;
}

/* A file is replaced when at least half of its rows live on in the new one. */
static void judge_replaced(const Taking *t, const Successors *s, OldFiles *old) {
  for (uint32_t f = 0; f < old->count; f++) {
    uint32_t found = 0;
    int way;
    for (uint32_t i = 0; i < old->items[f].count; i++)
      found += successor_of(t, s, &old->items[f].rows[i], &way) != STRMAP_NONE;
    old->items[f].replaced = old->items[f].count == 0 || found * 2 >= old->items[f].count;
  }
}

static void put_hex(Buf *buf, size_t at, Str hex) { memcpy(buf->data + at, hex.data, KEY_HEX); }

static Str row_key(const Taking *t, const NewRow *row, uint32_t ordinal) {
  Digest digest = digest_pair(0x02, str_format(t->scratch, STR_FMT "|%u|", STR_ARG(t->list->code), ordinal),
                              (Str){(const char *)row->content.bytes, DIGEST_SIZE});
  return str_sub(digest_hex(t->cx->arena, &digest), 0, KEY_HEX);
}

/* Keys: ordinal among equals, skipping those that other files of the list hold. Origins: inherited from the version
 * before, else the row's own key. Returns the number of rows that are new or different. */
static int64_t assign_keys(Taking *t, const Successors *s, const OldFiles *old) {
  StrMap taken = strmap_new(t->cx->arena);
  for (uint32_t f = 0; f < old->count; f++)
    for (uint32_t i = 0; i < old->items[f].count && !old->items[f].replaced; i++)
      strmap_put(&taken, old->items[f].rows[i].key, 0, NULL);
  Str *origins = arena_array(t->cx->arena, t->new_count + 1, Str);
  int64_t same = 0;
  StrMap used_origin = strmap_new(t->cx->arena);
  for (int pass = 0; pass < 2; pass++) /* exact ones first, so that they are not taken by look-alikes */
    for (uint32_t f = 0; f < old->count; f++)
      for (uint32_t i = 0; i < old->items[f].count && old->items[f].replaced; i++) {
        int way = 0;
        const OldRow *row = &old->items[f].rows[i];
        uint32_t at = successor_of(t, s, row, &way);
        if (at == STRMAP_NONE || (way == 0) != (pass == 0) || t->new_rows[at].claimed) continue;
        t->new_rows[at].claimed = true;
        origins[at] = row->origin;
        strmap_put(&used_origin, row->origin, 0, NULL);
        same += way == 0;
      }
  StrMap ordinals = strmap_new(t->cx->arena);
  int64_t repeats = 0;
  for (uint32_t i = 0; i < t->new_count; i++) {
    NewRow *row = &t->new_rows[i];
    Str content = {(const char *)row->content.bytes, DIGEST_SIZE}, key;
    uint32_t ordinal = strmap_get(&ordinals, content);
    if (ordinal == STRMAP_NONE)
      ordinal = 0;
    else
      repeats++;
    do key = row_key(t, row, ordinal++);
    while (strmap_get(&taken, key) != STRMAP_NONE);
    strmap_set(&ordinals, content, ordinal);
    put_hex(&t->rows, row->key_at, key);
    put_hex(&t->rows, row->origin_at, origins[i].size ? origins[i] : key);
  }
  return (int64_t)t->new_count - same - (old->count ? repeats : 0) < 0 ? 0 : (int64_t)t->new_count - same;
}

/* ---- the entry ---- */
static Json *strings(Arena *arena, const OldFiles *old) {
  Json *array = json_new_array(arena);
  for (uint32_t i = 0; i < old->count; i++)
    if (old->items[i].replaced) json_add(array, json_new_string(arena, old->items[i].id));
  return array;
}

typedef struct FilePart {
  const ImportRequest *request;
  Str name, raw_hex, signature, sender, mapping_text;
  bool remember;
} FilePart;

static Status append_entry(Taking *t, const FilePart *part, const OldFiles *old, Receipt *ret_receipt) {
  Context *cx = t->cx;
  Digest rows;
  TRY(store_put(cx, journal_store(t->journal), buf_str(&t->rows), &rows));
  Json *body = json_new_object(cx->arena);
  json_set_text(cx->arena, body, "file_name", part->name);
  json_set_int(cx->arena, body, "flag_count", t->flags);
  json_set_text(cx->arena, body, "format", t->workbook->format);
  json_set_text(cx->arena, body, "list", t->list->code);
  if (part->mapping_text.size) json_set_text(cx->arena, body, "mapping", part->mapping_text);
  if (part->request->reason.size) json_set_text(cx->arena, body, "reason", part->request->reason);
  json_set_text(cx->arena, body, "raw_file", part->raw_hex);
  json_set(cx->arena, body, "remember", json_new_bool(cx->arena, part->remember));
  json_set(cx->arena, body, "replaces", strings(cx->arena, old));
  json_set_int(cx->arena, body, "row_count", t->new_count);
  json_set_text(cx->arena, body, "rows_file", digest_hex(cx->arena, &rows));
  json_set_text(cx->arena, body, "sender", part->sender);
  json_set_text(cx->arena, body, "signature", part->signature);
  Entry draft = {.kind = STR("list_imported"), .author = part->request->author, .body = body};
  return journal_append(cx, t->journal, &draft, ret_receipt);
}

static Str replaced_names(Arena *arena, const OldFiles *old) {
  Buf buf = buf_new(arena);
  for (uint32_t i = 0; i < old->count; i++)
    if (old->items[i].replaced) {
      if (buf.size) buf_add(&buf, STR("、"));
      buf_add(&buf, old->items[i].name);
    }
  return buf_str(&buf);
}

static void count_flags(Taking *t, ImportReport *report) {
  report->flag_counts = arena_array(t->cx->arena, flag_kinds() + 1, ImportFlagCount);
  for (uint8_t i = 0; i < flag_kinds(); i++)
    if (t->flag_counts[i])
      report->flag_counts[report->flag_count_size++] =
          (ImportFlagCount){str_from(flag_code(i)), flag_what(i), t->flag_counts[i]};
}

/* All sheets of the file that are this list, as one entry. */
static Status take_list(Taking *t, const Layout *layouts, const uint32_t *layout_list, uint32_t layout_count,
                        FilePart *part, ImportReport *ret_report) {
  Context *cx = t->cx;
  uint64_t cells = 0;
  Buf sheets = buf_new(cx->arena);
  for (uint32_t i = 0; i < layout_count; i++)
    if (layout_list[i] == t->list_index)
      cells += (uint64_t)t->workbook->sheets[layouts[i].sheet].row_count * (layouts[i].column_count * 44 + 240);
  t->rows = (Buf){cx->arena, arena_alloc(cx->arena, cells + 4096), 0,
                  cells + 4096}; /* pages that stay untouched cost nothing */
  bool single_town = true;
  Str town = STR_EMPTY;
  for (uint32_t i = 0; i < layout_count; i++) {
    if (layout_list[i] != t->list_index) continue;
    t->layout = &layouts[i];
    write_layout(t);
    TRY(decode_sheet(cx, t->catalogue, t->list, t->workbook, t->layout, take_row, t));
    if (sheets.size) buf_add(&sheets, STR("、"));
    buf_add(&sheets, t->workbook->sheets[layouts[i].sheet].name);
    if (town.size && !str_equal(town, layouts[i].town_code)) single_town = false;
    town = layouts[i].town_code;
  }
  part->sender = part->request->sender.size                                               ? part->request->sender
                 : str_equal(t->list->owner, STR("township")) && single_town && town.size ? town
                                                                                          : t->list->owner;
  OldFiles old;
  Successors successors;
  TRY(load_old_files(t, &old));
  index_new_rows(t, &successors);
  judge_replaced(t, &successors, &old);
  int64_t changed = assign_keys(t, &successors, &old);
  Receipt receipt;
  TRY(append_entry(t, part, &old, &receipt));
  *ret_report = (ImportReport){.file = part->name,
                               .list = t->list->code,
                               .list_title = t->list->title,
                               .sheets = buf_str(&sheets),
                               .sender = part->sender,
                               .entry = receipt.id,
                               .rows = t->new_count,
                               .flags = t->flags,
                               .other_rows = t->other_rows,
                               .replaces = replaced_names(cx->arena, &old),
                               .changed_rows = changed};
  count_flags(t, ret_report);
  return OK;
}

/* ---- the file ---- */
static Status find_repeated(Context *cx, Journal *journal, const FilePart *part, const Catalogue *catalogue,
                            ImportReport *report, uint32_t *ret_count) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  *ret_count = 0;
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_FILES_CURRENT));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) return OK;
    if (!str_equal(db_text(query, 4), part->raw_hex)) continue;
    Str list = str_copy(cx->arena, db_text(query, 1));
    if (part->request->list.size && !str_equal(list, part->request->list)) continue;
    if (part->request->sender.size && !str_equal(db_text(query, 2), part->request->sender)) continue;
    uint32_t index = catalogue_list(catalogue, list);
    if (*ret_count < LIST_LIMIT)
      report[(*ret_count)++] = (ImportReport){.file = part->name,
                                              .list = list,
                                              .list_title = index == NO_INDEX ? list : catalogue->lists[index].title,
                                              .sender = str_copy(cx->arena, db_text(query, 2)),
                                              .entry = str_copy(cx->arena, db_text(query, 0)),
                                              .repeated = true,
                                              .rows = db_int(query, 6),
                                              .flags = db_int(query, 7),
                                              .replaces = STR_EMPTY};
  }
}

static Status remembered_mapping(Context *cx, Journal *journal, Str sender, Str signature, Json **ret_mapping,
                                 Str *ret_text) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  bool more;
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_MAPPING_GET, DB_T(sender), DB_T(signature)));
  TRY(db_next(cx, query, &more));
  if (!more) return OK;
  *ret_text = str_copy(cx->arena, db_text(query, 0));
  return json_parse(cx, *ret_text, ret_mapping);
}

static bool mapping_fits_sheet(const Json *mapping, Str sheet) {
  Str wanted = json_text(mapping, "sheet");
  return mapping && (wanted.size == 0 || str_equal(wanted, sheet));
}

typedef struct Reading {
  Context *cx;
  Journal *journal;
  Catalogue *catalogue;
  Workbook workbook;
  FilePart part;
  Json *mapping;
  Layout *layouts;
  uint32_t *layout_list, layout_count;
  Str *notes;
  size_t note_count;
} Reading;

static void note(Reading *r, Str sentence) { r->notes[r->note_count++] = sentence; }

static Status choose_list(Reading *r, const Layout *layout, Str sheet_name, uint32_t *ret_list) {
  Context *cx = r->cx;
  Str wanted = r->part.request->list.size ? r->part.request->list : json_text(r->mapping, "list");
  if (wanted.size) {
    *ret_list = catalogue_list(r->catalogue, wanted);
    if (*ret_list == NO_INDEX) return fail(cx, BAD_USAGE, "没有名为“" STR_FMT "”的名单种类。", STR_ARG(wanted));
    return OK;
  }
  Str hints = str_format(cx->arena, STR_FMT " " STR_FMT, STR_ARG(r->part.name), STR_ARG(r->part.request->sender));
  Guess guess = layout_guess_list(cx, r->catalogue, layout, sheet_name, hints);
  *ret_list = guess.list;
  if (guess.list != NO_INDEX && guess.score - guess.runner_up < 3)
    note(r, str_format(cx->arena,
                       "《" STR_FMT "》" STR_FMT "按“" STR_FMT "”导入，但把握不大；如不对请用 --list 指明后重新导入。",
                       STR_ARG(r->part.name), STR_ARG(sheet_name), STR_ARG(r->catalogue->lists[guess.list].title)));
  return OK;
}

static Status read_sheet(Reading *r, uint32_t index) {
  Context *cx = r->cx;
  const Sheet *sheet = &r->workbook.sheets[index];
  Layout layout;
  if (sheet->row_count == 0) return OK;
  if (sheet->hidden && r->workbook.sheet_count > 1) return OK; /* workbook_read has noted it */
  TRY(layout_recognise(cx, r->catalogue, &r->workbook, index, NULL, &layout));
  Str signature = hash_id(cx->arena, layout_signature(cx->arena, sheet, &layout),
                          32); /* of the form as found, before any correction */
  if (r->part.signature.size == 0) r->part.signature = signature;
  if (!r->mapping && !r->part.request->mapping_path) { /* what a person corrected for this form before */
    TRY(remembered_mapping(cx, r->journal, r->part.request->sender, signature, &r->mapping, &r->part.mapping_text));
    if (r->mapping)
      note(r, str_format(cx->arena, "《" STR_FMT "》沿用了以前为同样表头保存的对应关系。", STR_ARG(r->part.name)));
  }
  if (mapping_fits_sheet(r->mapping, sheet->name))
    TRY(layout_recognise(cx, r->catalogue, &r->workbook, index, r->mapping, &layout));
  uint32_t list = NO_INDEX;
  if (layout.mapped) TRY(choose_list(r, &layout, sheet->name, &list));
  if (layout.mapped < 2 || list == NO_INDEX) {
    note(r, str_format(cx->arena,
                       "《" STR_FMT "》工作表“" STR_FMT "”没有认出%s，没有导入；请用 --list 和 --mapping 指明。",
                       STR_ARG(r->part.name), STR_ARG(sheet->name), layout.mapped < 2 ? "表头" : "是哪一种名单"));
    return OK;
  }
  for (uint32_t i = 0; i < layout.column_count; i++)
    if (layout.from_content[i])
      note(r, str_format(cx->arena, "《" STR_FMT "》" STR_FMT " 列按内容认作“" STR_FMT "”。", STR_ARG(r->part.name),
                         STR_ARG(sheet_column_name(cx->arena, i)),
                         STR_ARG(r->catalogue->columns[layout.column[i]].title)));
  r->layouts[r->layout_count] = layout;
  r->layout_list[r->layout_count++] = list;
  return OK;
}

/* A file that a person names may be a link; the county's own files may not (file_read refuses links). */
static Status read_given(Context *cx, const char *path, size_t limit, Str *ret_bytes) {
  char *real = realpath(path, NULL);
  const char *target = real ? str_c(cx->arena, str_from(real)) : path;
  free(real);
  return file_read(cx, target, limit, ret_bytes);
}

static Status read_mapping(Reading *r) {
  Str bytes;
  const char *path = r->part.request->mapping_path;
  if (!path) return OK;
  TRY(read_given(r->cx, path, 1 << 20, &bytes));
  if (json_parse(r->cx, bytes, &r->mapping) != OK)
    return fail(r->cx, BAD_VALUE, "对应关系文件“%s”不是合格的 JSON：" STR_FMT, path, STR_ARG(r->cx->error.sentence));
  r->part.mapping_text = str_trim(bytes);
  r->part.remember = true;
  return OK;
}

static Status take_lists(Reading *r, ImportReport *reports, uint32_t *count) {
  Context *cx = r->cx;
  for (uint32_t list = 0; list < r->catalogue->list_count; list++) {
    bool present = false;
    for (uint32_t i = 0; i < r->layout_count; i++) present |= r->layout_list[i] == list;
    if (!present) continue;
    CLEANUP(arena_freep) Arena *scratch = arena_new();
    Taking *t = arena_one(cx->arena, Taking);
    *t = (Taking){.cx = cx,
                  .journal = r->journal,
                  .catalogue = r->catalogue,
                  .list = &r->catalogue->lists[list],
                  .list_index = list,
                  .workbook = &r->workbook,
                  .scratch = scratch};
    sort_columns(t);
    TRY(take_list(t, r->layouts, r->layout_list, r->layout_count, &r->part, &reports[(*count)++]));
  }
  return OK;
}

Status roster_import(Context *cx, Journal *journal, const ImportRequest *request, ImportReport **ret_reports,
                     size_t *ret_count) {
  Reading *r = arena_one(cx->arena, Reading);
  *r = (Reading){.cx = cx, .journal = journal, .part = {.request = request, .name = path_name(request->path)}};
  ImportReport *reports = arena_array(cx->arena, LIST_LIMIT + 1, ImportReport);
  uint32_t count = 0;
  Str bytes;
  TRY(roster_catalogue(cx, journal, &r->catalogue));
  if (request->list.size && catalogue_list(r->catalogue, request->list) == NO_INDEX)
    return fail(
        cx, BAD_USAGE,
        "没有名为“" STR_FMT
        "”的名单种类；可用：register、relocated、renovated、appraised、civil、disabled、town_feedback、feedback。",
        STR_ARG(request->list));
  TRY(read_given(cx, request->path, (size_t)FILE_LIMIT_MB << 20, &bytes));
  Digest raw = digest_of(bytes);
  r->part.raw_hex = digest_hex(cx->arena, &raw);
  TRY(read_mapping(r));
  if (!r->mapping) TRY(find_repeated(cx, journal, &r->part, r->catalogue, reports, &count));
  if (count) {
    *ret_reports = reports;
    *ret_count = count;
    return OK;
  }
  TRY(workbook_read(cx, bytes, r->part.name, &SHEET_LIMITS, &r->workbook));
  r->layouts = arena_array(cx->arena, r->workbook.sheet_count + 1, Layout);
  r->layout_list = arena_array(cx->arena, r->workbook.sheet_count + 1, uint32_t);
  r->notes = arena_array(cx->arena, (size_t)r->workbook.note_count + 600 * ((size_t)r->workbook.sheet_count + 1), Str);
  for (uint32_t i = 0; i < r->workbook.note_count; i++) note(r, r->workbook.notes[i]);
  for (uint32_t i = 0; i < r->workbook.sheet_count; i++) TRY(read_sheet(r, i));
  if (r->layout_count == 0)
    return fail(
        cx, BAD_FILE,
        "《" STR_FMT "》里没有认出名单：%s请检查表头，或用 --list 指明是哪种名单、用 --mapping 指明各列含义。",
        STR_ARG(r->part.name),
        r->note_count ? str_c(cx->arena, str_format(cx->arena, STR_FMT, STR_ARG(r->notes[r->note_count - 1]))) : "");
  TRY(store_put(cx, journal_store(journal), bytes, &raw));
  TRY(take_lists(r, reports, &count));
  reports[0].notes = r->notes;
  reports[0].note_count = r->note_count;
  *ret_reports = reports;
  *ret_count = count;
  return OK;
}

/* ---- apply ---- */
static Status apply_row(Context *cx, Journal *journal, const Entry *entry, Str list, int64_t position, Str line) {
  Json *json;
  TRY(json_parse(cx, line, &json));
  if (json_get(json, "role")) return OK;
  const Json *flags = json_get(json, "flags"), *values = json_get(json, "values");
  Str key = json_text(json, "key");
  Buf text = buf_new(cx->arena);
  buf_add(&text, STR("{\"flags\":"));
  TRY(json_write_canonical(cx, flags, &text));
  buf_add(&text, STR(",\"values\":"));
  TRY(json_write_canonical(cx, values, &text));
  buf_add_byte(&text, '}');
  return db_run(cx, journal_db(journal), &ROSTER_ROW_INSERT, DB_T(key), DB_T(list), DB_T(entry->id), DB_I(position),
                DB_T(json_text(json, "sheet")), DB_I(json_int(json, "row", 0)), DB_T(json_text(json, "origin")),
                DB_B(roster_seal(cx->arena, journal, "list_row.content", key, buf_str(&text))));
}

typedef struct ApplyRows {
  Journal *journal;
  const Entry *entry;
  Str list;
} ApplyRows;

static Status visit_row(Context *cx, void *user, int64_t number, Str line) {
  const ApplyRows *rows = user;
  return apply_row(cx, rows->journal, rows->entry, rows->list, number, line);
}

Status roster_apply_import(Context *cx, Journal *journal, const Entry *entry) {
  Db *db = journal_db(journal);
  const Json *body = entry->body;
  Str list = json_text(body, "list");
  JSON_EACH(old, json_get(body, "replaces")) {
    TRY(db_run(cx, db, &ROSTER_ROWS_DELETE_FILE, DB_T(old->text)));
    TRY(db_run(cx, db, &ROSTER_FILE_REPLACE, DB_T(old->text), DB_T(entry->id)));
  }
  TRY(db_run(cx, db, &ROSTER_FILE_INSERT, DB_T(entry->id), DB_T(list), DB_T(json_text(body, "sender")),
             DB_T(json_text(body, "file_name")), DB_T(json_text(body, "format")), DB_T(json_text(body, "raw_file")),
             DB_T(json_text(body, "rows_file")), DB_T(json_text(body, "signature")),
             DB_I(json_int(body, "row_count", 0)), DB_I(json_int(body, "flag_count", 0)), DB_I(entry->seq),
             DB_T(json_text(body, "reason"))));
  if (json_bool(body, "remember", false) && json_text(body, "mapping").size)
    TRY(db_run(cx, db, &ROSTER_MAPPING_PUT, DB_T(json_text(body, "sender")), DB_T(json_text(body, "signature")),
               DB_T(json_text(body, "mapping")), DB_I(entry->seq)));
  Str rows;
  TRY(roster_stored_file(cx, journal, body, "rows_file", &rows));
  return roster_each_line(cx, rows, visit_row, &(ApplyRows){journal, entry, list});
}

/* The undone file goes, the ones it replaced come back with the rows they had. */
Status roster_apply_import_undo(Context *cx, Journal *journal, Str file, const Entry *undo) {
  Db *db = journal_db(journal);
  struct {
    Str id, list, rows_file;
  } back[256];
  uint32_t count = 0;
  DbQuery *query = NULL;
  TRY(db_start(cx, db, &query, &ROSTER_FILES_REPLACED_BY, DB_T(file)));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) break;
    if (count == COUNT_OF(back)) return fail(cx, FAILED, "被取代的文件太多，不能撤销。");
    back[count].id = str_copy(cx->arena, db_text(query, 0));
    back[count].list = str_copy(cx->arena, db_text(query, 1));
    back[count++].rows_file = str_copy(cx->arena, db_text(query, 2));
  }
  TRY(db_run(cx, db, &ROSTER_ROWS_DELETE_FILE, DB_T(file)));
  TRY(db_run(cx, db, &ROSTER_FILE_REPLACE, DB_T(file), DB_T(undo->id)));
  for (uint32_t i = 0; i < count; i++) {
    Digest digest;
    Str rows;
    if (!digest_from_hex(back[i].rows_file, &digest))
      return fail(cx, TAMPERED, "导入记录 " STR_FMT " 没有 rows_file。", STR_ARG(back[i].id));
    TRY(store_get(cx, journal_store(journal), &digest, &rows));
    TRY(db_run(cx, db, &ROSTER_FILE_REPLACE, DB_T(back[i].id), DB_T(STR_EMPTY)));
    Entry old = {.id = back[i].id};
    TRY(roster_each_line(cx, rows, visit_row, &(ApplyRows){journal, &old, back[i].list}));
  }
  return OK;
}
