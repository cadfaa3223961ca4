#include "journal/internal.h"
#include "journal/rows.h"

/* ---- deriving ---- */
static Status derive_entry(Context *cx, Journal *into, Entry *entry, bool insert) {
  if (insert) TRY(entry_insert(cx, into->db, entry));
  TRY(entry_parse_body(cx, entry));
  if (!kind_known(into, entry->kind))
    return fail(cx, FAILED, "不认识种类“" STR_FMT "”，请升级本程序。", STR_ARG(entry->kind));
  return journal_apply(cx, into, entry);
}

Status journal_derive(Context *cx, Db *from, Journal *into, bool insert, Entry *ret_at) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  bool more;
  TRY(db_start(cx, from, &query, &JOURNAL_ALL));
  for (;;) {
    Entry entry;
    TRY(db_next(cx, query, &more));
    if (!more) return OK;
    arena_reset(into->step);
    Context step = {into->step, {OK, STR_EMPTY}};
    entry_read(into->step, query, &entry);
    Status status = derive_entry(&step, into, &entry, insert);
    if (status == OK) continue;
    ret_at->seq = entry.seq;
    ret_at->id = str_copy(cx->arena, entry.id);
    return fail(cx, status, "第 %lld 条记录（" STR_FMT "）不能重新应用：" STR_FMT, (long long)entry.seq,
                STR_ARG(entry.id), STR_ARG(step.error.sentence));
  }
}

static Status empty_tables(Context *cx, Journal *journal) {
  for (size_t m = journal->module_count; m-- > 0;) {
    const JournalModule *module = journal->modules[m];
    for (size_t t = module->table_count; t-- > 0;)
      TRY(db_script(cx, journal->db,
                    str_c(cx->arena, str_format(cx->arena, "delete from \"%s\"", module->tables[t].name))));
  }
  return OK;
}

static Status rebuild_inside(Context *cx, Journal *journal) {
  Entry at;
  TRY(db_run(cx, journal->db, &JOURNAL_DEFER_FOREIGN_KEYS));
  TRY(empty_tables(cx, journal));
  return journal_derive(cx, journal->db, journal, false, &at);
}

Status journal_rebuild(Context *cx, Journal *journal) {
  TRY(journal_begin(cx, journal));
  Status status = rebuild_inside(cx, journal);
  if (status == OK) return journal_commit(cx, journal);
  Error error = cx->error;
  journal_rollback(journal);
  cx->error = error;
  return status;
}

/* ---- rows of a derived table ---- */
enum { COLUMN_LIMIT = 128 };
typedef struct Column {
  Str name;
  const char *sealed; /* aad prefix, NULL if it lies open */
} Column;

static size_t split_columns(Arena *arena, Str list, Column *columns) {
  size_t count = 0;
  while (list.size && count < COLUMN_LIMIT) {
    ptrdiff_t comma = str_find(list, STR(","));
    Str item = str_trim(comma < 0 ? list : str_sub(list, 0, (size_t)comma));
    list = comma < 0 ? STR_EMPTY : str_sub(list, (size_t)comma + 1, list.size);
    Column column = {item, NULL};
    if (str_starts(item, STR("sealed:"))) {
      item = str_sub(item, 7, item.size);
      ptrdiff_t colon = str_find(item, STR(":"));
      column.name = colon < 0 ? item : str_sub(item, 0, (size_t)colon);
      column.sealed = colon < 0 ? "" : str_c(arena, str_sub(item, (size_t)colon + 1, item.size));
    }
    columns[count++] = column;
  }
  return count;
}

static void add_size(Buf *buf, uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) buf_add_byte(buf, (char)(value >> shift));
}

static void add_counted(Buf *buf, char tag, Str bytes) {
  buf_add_byte(buf, tag);
  add_size(buf, bytes.size);
  buf_add(buf, bytes);
}

static Str key_text(Arena *arena, DbQuery *query, int first, int count) {
  Buf buf = buf_new(arena);
  for (int i = first; i < first + count; i++) {
    if (i > first) buf_add_byte(&buf, '|');
    if (db_kind(query, i) == DB_INT)
      buf_add_int(&buf, db_int(query, i));
    else
      buf_add(&buf, db_text(query, i));
  }
  return buf_str(&buf);
}

static Status add_value(Context *cx, const Keys *keys, const Column *column, Str key, DbQuery *query, int at,
                        Buf *row) {
  Str text;
  switch (db_kind(query, at)) {
    case DB_NULL:
      buf_add_byte(row, 'N');
      return OK;
    case DB_INT:
      buf_add_byte(row, 'I');
      add_size(row, (uint64_t)db_int(query, at));
      return OK;
    case DB_TEXT:
      add_counted(row, 'T', db_text(query, at));
      return OK;
    case DB_BLOB:
      text = db_blob(query, at);
      if (column->sealed) TRY(unseal(cx, keys, journal_aad(cx->arena, column->sealed, key), text, &text));
      add_counted(row, column->sealed ? 'T' : 'B', text);
      return OK;
  }
  return OK;
}

static Str select_text(Arena *arena, const JournalTable *table, const Column *columns, size_t count) {
  Buf sql = buf_new(arena);
  buf_add_c(&sql, "select ");
  for (size_t i = 0; i < count; i++) buf_addf(&sql, STR_FMT ", ", STR_ARG(columns[i].name));
  buf_addf(&sql, "%s from \"%s\" order by %s", table->order_by, table->name, table->order_by);
  return buf_str(&sql);
}

Status table_rows(Context *cx, Journal *journal, Db *db, const JournalTable *table, RowFunction *each, void *user) {
  Column columns[COLUMN_LIMIT], keys[COLUMN_LIMIT];
  int count = (int)split_columns(cx->arena, str_from(table->columns), columns);
  int key_count = (int)split_columns(cx->arena, str_from(table->order_by), keys);
  CLEANUP(db_stop) DbQuery *query = NULL;
  CLEANUP(arena_freep) Arena *arena = arena_new();
  bool more;
  TRY(db_start_text(cx, db, &query, select_text(cx->arena, table, columns, (size_t)count), NULL, 0));
  for (;;) {
    TRY(db_next(cx, query, &more));
    if (!more) return OK;
    arena_reset(arena);
    Context step = {arena, {OK, STR_EMPTY}};
    Str key = key_text(arena, query, count, key_count);
    Buf row = buf_new(arena);
    for (int i = 0; i < count; i++) {
      Status status = add_value(&step, &journal->keys, &columns[i], key, query, i, &row);
      if (status != OK)
        return fail(cx, status, "表 %s 的行“" STR_FMT "”：" STR_FMT, table->name, STR_ARG(key),
                    STR_ARG(step.error.sentence));
    }
    TRY(each(cx, user, key, buf_str(&row)));
  }
}

/* ---- digests ---- */
typedef struct Summing {
  DigestState *state;
  int64_t rows;
} Summing;

static Status sum_row(Context *cx, void *user, Str key, Str row) {
  (void)cx, (void)key;
  Summing *summing = user;
  digest_add(summing->state, row);
  summing->rows++;
  return OK;
}

Status table_digest(Context *cx, Journal *journal, Db *db, const JournalTable *table, TableDigest *ret_digest) {
  Summing summing = {digest_begin(cx->arena), 0};
  Buf title = buf_new(cx->arena);
  add_counted(&title, 'T', str_from(table->name));
  add_counted(&title, 'T', str_from(table->columns));
  digest_add(summing.state, buf_str(&title));
  Status status = table_rows(cx, journal, db, table, sum_row, &summing);
  Digest digest = digest_end(summing.state);
  if (status == OK) *ret_digest = (TableDigest){str_from(table->name), summing.rows, digest};
  return status;
}

static Status digest_all(Context *cx, Journal *journal, TableDigest **ret_digests, size_t *ret_count) {
  size_t count = 0, at = 0;
  for (size_t m = 0; m < journal->module_count; m++) count += journal->modules[m]->table_count;
  TableDigest *digests = arena_array(cx->arena, count, TableDigest);
  for (size_t m = 0; m < journal->module_count; m++)
    for (size_t t = 0; t < journal->modules[m]->table_count; t++)
      TRY(table_digest(cx, journal, journal->db, &journal->modules[m]->tables[t], &digests[at++]));
  *ret_digests = digests;
  *ret_count = count;
  return OK;
}

Status journal_digest(Context *cx, Journal *journal, TableDigest **ret_digests, size_t *ret_count) {
  bool own = !db_in_transaction(journal->db);
  if (own) TRY(db_begin(cx, journal->db)); /* one view of all tables */
  Status status = digest_all(cx, journal, ret_digests, ret_count);
  if (own) db_rollback(journal->db);
  return status;
}
