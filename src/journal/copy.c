/* Copying a county: the same keys, campaign, stored files and entries in another folder, on either database. Entries
 * keep their numbers, salts, leaves and times of receipt, and are applied anew. */
#include <unistd.h>
#include "journal/internal.h"

enum { KEY_LIMIT = 4096 };

static Status copy_keys(Context *cx, const char *from, const char *to) {
  FolderItem *items;
  size_t count;
  const char *source = path_join(cx->arena, from, "keys"), *target = path_join(cx->arena, to, "keys");
  TRY(folder_make(cx, target));
  TRY(folder_list(cx, source, &items, &count, NULL));
  for (size_t i = 0; i < count; i++) {
    Str bytes, there;
    const char *path = path_join(cx->arena, target, items[i].name);
    TRY(file_read(cx, path_join(cx->arena, source, items[i].name), KEY_LIMIT, &bytes));
    if (!file_exists(path)) TRY(file_write(cx, path, bytes, FILE_DURABLE));
    TRY(file_read(cx, path, KEY_LIMIT, &there));
    bool same = str_equal(bytes, there);
    explicit_bzero((char *)(uintptr_t)bytes.data, bytes.size);
    explicit_bzero((char *)(uintptr_t)there.data, there.size);
    if (!same) return fail(cx, EXISTS, "“%s”里已有另一个县的密钥，没有改动它；请换一个空文件夹。", to);
  }
  return OK;
}

typedef struct Copying {
  Journal *from, *to;
} Copying;

static Status copy_file(Context *cx, void *user, Str key, const Json *value) {
  (void)key;
  Copying *copying = user;
  Digest digest, stored;
  Str bytes;
  if (!digest_from_hex(value->text, &digest)) return fail(cx, TAMPERED, "记录内容里文件的哈希值写得不对。");
  if (store_has(copying->to->store, &digest)) return OK;
  TRY(store_get(cx, copying->from->store, &digest, &bytes));
  return store_put(cx, copying->to->store, bytes, &stored);
}

static Status copy_entry(Context *cx, Copying *copying, Entry *entry, int64_t seq) {
  Db *db = copying->to->db;
  Digest leaf = entry_leaf(cx->arena, entry);
  if (entry->seq != seq || !digest_equal(&leaf, &entry->leaf))
    return fail(cx, TAMPERED, "记录与它的哈希值或顺序不符。");
  TRY(entry_parse_body(cx, entry));
  TRY(entry_files(cx, entry->body, copy_file, copying));
  TRY(entry_insert(cx, db, entry));
  TRY(tree_append(cx, db, seq, &entry->leaf));
  return journal_apply(cx, copying->to, entry);
}

static Status copy_entries(Context *cx, Copying *copying) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  CLEANUP(arena_freep) Arena *arena = arena_new();
  bool more;
  TRY(db_start(cx, copying->from->db, &query, &JOURNAL_ALL));
  for (int64_t seq = 1;; seq++) {
    Entry entry;
    TRY(db_next(cx, query, &more));
    if (!more) return OK;
    arena_reset(arena);
    Context step = {arena, {OK, STR_EMPTY}};
    entry_read(arena, query, &entry);
    Status status = copy_entry(&step, copying, &entry, seq);
    if (status != OK)
      return fail(cx, status, "第 %lld 条记录不能复制：" STR_FMT, (long long)seq, STR_ARG(step.error.sentence));
  }
}

static Status copy_conflicts(Context *cx, Copying *copying) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  bool more;
  TRY(db_start(cx, copying->from->db, &query, &JOURNAL_CONFLICTS));
  for (;;) {
    TRY(db_next(cx, query, &more));
    if (!more) return OK;
    TRY(db_run(cx, copying->to->db, &JOURNAL_CONFLICT_ADD, DB_T(db_text(query, 0)), DB_B(db_blob(query, 1)),
               DB_T(db_text(query, 2)), DB_T(db_text(query, 3)), DB_I(db_int(query, 4))));
  }
}

/* The head and every table's digest. */
static Status compare(Context *cx, Copying *copying) {
  int64_t sizes[2];
  Digest roots[2];
  TableDigest *tables[2];
  size_t counts[2];
  Journal *journals[] = {copying->from, copying->to};
  for (int i = 0; i < 2; i++) {
    TRY(journal_head(cx, journals[i], &sizes[i], &roots[i]));
    TRY(journal_digest(cx, journals[i], &tables[i], &counts[i]));
  }
  if (sizes[0] != sizes[1] || !digest_equal(&roots[0], &roots[1]))
    return fail(cx, TAMPERED, "复制后的日志指纹与原来的不同；请先对原数据运行 verify。");
  for (size_t i = 0; i < counts[0]; i++)
    if (!digest_equal(&tables[0][i].digest, &tables[1][i].digest))
      return fail(cx, TAMPERED, "复制后推出的表 " STR_FMT " 与原来的不同；请先对原数据运行 verify。",
                  STR_ARG(tables[0][i].table));
  return OK;
}

static Status copy_inside(Context *cx, Copying *copying) {
  TRY(copy_entries(cx, copying));
  TRY(copy_conflicts(cx, copying));
  return compare(cx, copying);
}

static Status copy_all(Context *cx, Copying *copying) {
  TRY(db_begin(cx, copying->from->db)); /* one view, whoever writes meanwhile */
  Status status = journal_begin(cx, copying->to);
  if (status == OK) {
    status = copy_inside(cx, copying);
    if (status == OK) status = journal_commit(cx, copying->to);
    Error error = cx->error;
    journal_rollback(copying->to);
    cx->error = error;
  }
  db_rollback(copying->from->db);
  return status;
}

/* `lock` is the new folder's, and taken over. */
static Status copy_locked(Context *cx, Journal *from, const char *to, int *lock) {
  CLEANUP(journal_closep) Journal *journal = NULL;
  int taken = *lock;
  int64_t size;
  Status status = copy_keys(cx, from->folder, to);
  if (status != OK) return status;
  *lock = -1;
  TRY(journal_make(cx, to, JOURNAL_WRITE, taken, 0, from->modules + 1, from->module_count - 1, &journal));
  TRY(db_int_of(cx, journal->db, &size, 0, &JOURNAL_SIZE));
  if (size > 0 || journal->head_disputed)
    return fail(cx, EXISTS, "“%s”或它的数据库里已有县数据，没有改动它；请换一个。", to);
  TRY(copy_campaign(cx, to, path_join(cx->arena, from->folder, "campaign")));
  TRY(copy_all(cx, &(Copying){from, journal}));
  return folder_sync(cx, to);
}

Status journal_copy(Context *cx, const char *from_folder, const char *to, const char *database,
                    const JournalModule *const *modules, size_t module_count) {
  CLEANUP(journal_closep) Journal *from = NULL;
  int lock = -1;
  bool written = false;
  if (database) TRY(settings_check(cx, database));
  TRY(journal_open(cx, from_folder, JOURNAL_READ, 0, modules, module_count, &from));
  TRY(folder_make(cx, to));
  TRY(check_foreign(cx, to));
  TRY(lock_take(cx, to, 0, &lock));
  Status status = database ? settings_write(cx, to, database, &written) : OK;
  if (status == OK) status = copy_locked(cx, from, to, &lock);
  if (status != OK && written) settings_remove(cx->arena, to);
  if (lock >= 0) close(lock);
  return status;
}
