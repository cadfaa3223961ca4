#include "roster/roster_internal.h"
#include "roster/roster_sql.h"

Status file_names_load(Context *cx, Journal *journal, FileNames *ret_names) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  FileNames names = {strmap_new(cx->arena), NULL};
  uint32_t capacity = 0;
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_FILES_ALL));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) break;
    uint32_t at = names.index.count;
    if (at == capacity) {
      uint32_t larger = capacity ? capacity * 2 : 64;
      names.names = arena_grow(cx->arena, names.names, capacity * sizeof(Str), larger * sizeof(Str));
      capacity = larger;
    }
    names.names[at] = str_copy(cx->arena, db_text(query, 3));
    strmap_put(&names.index, str_copy(cx->arena, db_text(query, 0)), at, NULL);
  }
  *ret_names = names;
  return OK;
}

Str file_name(const FileNames *names, Str id) {
  uint32_t at = strmap_get(&names->index, id);
  return at == STRMAP_NONE ? STR_EMPTY : names->names[at];
}

Status current_files_load(Context *cx, Journal *journal, Str list, CurrentFile **ret_files, uint32_t *ret_count) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  CurrentFile *files = NULL;
  uint32_t count = 0, capacity = 0;
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_FILES_CURRENT));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) break;
    if (list.size && !str_equal(db_text(query, 1), list)) continue;
    if (count == capacity) {
      uint32_t larger = capacity ? capacity * 2 : 64;
      files = arena_grow(cx->arena, files, capacity * sizeof *files, larger * sizeof *files);
      capacity = larger;
    }
    files[count++] = (CurrentFile){.id = str_copy(cx->arena, db_text(query, 0)),
                                   .list = str_copy(cx->arena, db_text(query, 1)),
                                   .sender = str_copy(cx->arena, db_text(query, 2)),
                                   .name = str_copy(cx->arena, db_text(query, 3)),
                                   .raw_file = str_copy(cx->arena, db_text(query, 4)),
                                   .rows_file = str_copy(cx->arena, db_text(query, 5)),
                                   .rows = db_int(query, 6)};
  }
  *ret_files = files;
  *ret_count = count;
  return OK;
}

Status roster_links(Context *cx, Journal *journal, LinkVisitor *visit, void *user) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  FileNames names;
  TRY(file_names_load(cx, journal, &names));
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_LINKS_WITH_ROWS));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) return OK;
    if (db_is_null(query, 5)) return fail(cx, CONFLICT, "有的行还没有比对，请先运行 anju compare。");
    LinkView link = {.key = db_text(query, 0),
                     .list = db_text(query, 1),
                     .file = file_name(&names, db_text(query, 2)),
                     .sheet = db_text(query, 3),
                     .row = db_int(query, 4),
                     .person = db_text(query, 5),
                     .household = db_text(query, 6),
                     .state = (uint8_t)db_int(query, 7),
                     .bits = db_int(query, 8),
                     .partner = db_text(query, 9)};
    TRY(visit(cx, user, &link));
  }
}

static Status visit_flags(Context *cx, const Str *list, Str file, DbQuery *query, const Json *flags, FlagVisitor *visit,
                          void *user) {
  JSON_EACH(item, flags) {
    FlagView flag = {.list = *list,
                     .file = file,
                     .sheet = db_text(query, 2),
                     .row = db_int(query, 3),
                     .column = json_text(item, "column"),
                     .header = json_text(item, "header"),
                     .value = json_text(item, "value"),
                     .code = json_text(item, "code")};
    uint8_t kind = flag_find(flag.code);
    flag.sentence = kind == UINT8_MAX ? STR_EMPTY
                                      : flag_sentence(cx->arena, file, flag.sheet, (uint32_t)flag.row, flag.column,
                                                      flag.header, flag.value, kind);
    TRY(visit(cx, user, &flag));
  }
  return OK;
}

static Status file_flags(Context *cx, Journal *journal, Str list, Str file, Str name, FlagVisitor *visit, void *user) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Context inner = {arena, {OK, STR_EMPTY}};
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_ROWS_OF_FILE, DB_T(file)));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) return OK;
    Str text;
    Json *json;
    Status status = roster_unseal(&inner, journal, "list_row.content", db_text(query, 0), db_blob(query, 5), &text);
    if (status == OK) status = json_parse_view(&inner, text, &json);
    if (status == OK) status = visit_flags(&inner, &list, name, query, json_get(json, "flags"), visit, user);
    if (status != OK) return fail(cx, status, STR_FMT, STR_ARG(inner.error.sentence));
    arena_reset(arena);
  }
}

Status roster_flags(Context *cx, Journal *journal, Str list, FlagVisitor *visit, void *user) {
  return roster_flags_of(cx, journal, list, STR_EMPTY, visit, user);
}

Status roster_flags_of(Context *cx, Journal *journal, Str list, Str sender, FlagVisitor *visit, void *user) {
  CurrentFile *files;
  uint32_t count;
  TRY(current_files_load(cx, journal, list, &files, &count));
  for (uint32_t i = 0; i < count; i++)
    if (sender.size == 0 || str_equal(files[i].sender, sender))
      TRY(file_flags(cx, journal, files[i].list, files[i].id, files[i].name, visit, user));
  return OK;
}

/* ---- a household's history ---- */
typedef struct History {
  Context *cx;
  Str household;
  StrMap files; /* files that hold a row of it: entry id -> number of rows */
  StrMap told;  /* entries that concern it */
  HistoryVisitor *visit;
  void *user;
} History;

static Status tell(History *h, const Entry *entry, Str sentence) {
  HistoryView view = {.seq = entry->seq,
                      .made_at = entry->made_at,
                      .entry = entry->id,
                      .kind = entry->kind,
                      .author = entry->author,
                      .sentence = sentence};
  strmap_put(&h->told, str_copy(h->cx->arena, entry->id), 0, NULL);
  return h->visit(h->cx, h->user, &view);
}

static Status tell_decision(Context *cx, History *h, const Entry *entry) {
  JSON_EACH(item, json_get(entry->body, "items")) {
    if (!str_equal(json_text(item, "household"), h->household)) continue;
    Str settled = json_text(item, "settled"), reason = json_text(entry->body, "reason");
    TRY(tell(h, entry,
             str_format(
                 cx->arena,
                 "差异 " STR_FMT "（" STR_FMT "，" STR_FMT "）：" STR_FMT "%s" STR_FMT "%s" STR_FMT "  记录号 " STR_FMT,
                 STR_ARG(json_text(item, "difference")), STR_ARG(json_text(item, "class")),
                 STR_ARG(json_text(item, "field")), STR_ARG(json_text(item, "action")), settled.size ? " → " : "",
                 STR_ARG(settled), reason.size ? "；理由：" : "", STR_ARG(reason), STR_ARG(entry->id))));
  }
  return OK;
}

static Status visit_entry(Context *cx, void *user, const Entry *entry) {
  History *h = user;
  if (str_equal(entry->kind, STR("decision"))) return tell_decision(cx, h, entry);
  if (str_equal(entry->kind, STR("list_imported"))) {
    uint32_t rows = strmap_get(&h->files, entry->id);
    if (rows == STRMAP_NONE) return OK;
    return tell(
        h, entry,
        str_format(cx->arena, "名单 " STR_FMT "《" STR_FMT "》有本户 %u 行", STR_ARG(json_text(entry->body, "list")),
                   STR_ARG(json_text(entry->body, "file_name")), rows));
  }
  if (str_equal(entry->kind, STR("removal")) && str_equal(json_text(entry->body, "household"), h->household))
    return tell(h, entry,
                str_format(cx->arena, "核减%s：" STR_FMT, json_text(entry->body, "person").size ? "成员" : "本户",
                           STR_ARG(json_text(entry->body, "reason"))));
  if (str_equal(entry->kind, STR("undo"))) {
    if (strmap_get(&h->told, json_text(entry->body, "undoes")) == STRMAP_NONE) return OK;
    return tell(h, entry, str_format(cx->arena, "撤销记录 " STR_FMT, STR_ARG(json_text(entry->body, "undoes"))));
  }
  if (str_equal(entry->kind, STR("register_lock")))
    return tell(h, entry, str_format(cx->arena, "锁定 " STR_FMT, STR_ARG(json_text(entry->body, "name"))));
  return OK;
}

Status roster_history(Context *cx, Journal *journal, Str household, HistoryVisitor *visit, void *user) {
  History h = {.cx = cx,
               .household = household,
               .files = strmap_new(cx->arena),
               .told = strmap_new(cx->arena),
               .visit = visit,
               .user = user};
  uint32_t rows = 0;
  {
    CLEANUP(db_stop) DbQuery *query = NULL;
    TRY(db_start(cx, journal_db(journal), &query, &ROSTER_LINKS_OF_HOUSEHOLD, DB_T(household)));
    for (bool more;;) {
      TRY(db_next(cx, query, &more));
      if (!more) break;
      rows++;
      Str file = str_copy(cx->arena, db_text(query, 2));
      uint32_t before = strmap_get(&h.files, file);
      strmap_set(&h.files, file, before == STRMAP_NONE ? 1 : before + 1);
    }
  }
  if (rows == 0)
    return fail(cx, NOT_FOUND, "没有编号为“" STR_FMT "”的户；户编号见 anju register 的第一列。", STR_ARG(household));
  return journal_each(cx, journal, STR_EMPTY, visit_entry, &h);
}
