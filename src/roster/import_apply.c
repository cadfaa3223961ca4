#include "roster/roster_internal.h"
#include "roster/roster_sql.h"

/* ---- apply ---- */
static Status apply_row(Context *cx, Journal *journal, const Entry *entry, Str list, int64_t position, Str line) {
  Json *json;
  TRY(json_parse_view(cx, line, &json));
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

static Str joined(Arena *arena, const Json *array) {
  Buf buf = buf_new(arena);
  JSON_EACH(item, array) {
    if (buf.size) buf_add_byte(&buf, ',');
    buf_add(&buf, item->text);
  }
  return buf_str(&buf);
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
             DB_T(json_text(body, "reason")), DB_T(joined(cx->arena, json_get(body, "patch_files"))),
             DB_T(json_text(body, "mapping"))));
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
  CLEANUP(db_stop) DbQuery *query = NULL;
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
