#include "journal/internal.h"

Status entry_insert(Context *cx, Db *db, const Entry *entry) {
  return db_run(cx, db, &JOURNAL_ADD, DB_I(entry->seq), DB_T(entry->id), DB_T(entry->kind), DB_T(entry->household),
                DB_T(entry->division), DB_T(entry->author), DB_T(entry->device), DB_T(entry->supersedes),
                DB_I(entry->made_at), DB_I(entry->received_at), DB_T(entry->body_text), DB_B(entry->salt),
                DB_B(((Str){(const char *)entry->leaf.bytes, DIGEST_SIZE})));
}

bool kind_known(const Journal *journal, Str kind) {
  for (size_t m = 0; m < journal->module_count; m++)
    for (size_t k = 0; k < journal->modules[m]->kind_count; k++)
      if (str_equal(str_from(journal->modules[m]->kinds[k].kind), kind)) return true;
  return false;
}

Status journal_apply(Context *cx, Journal *journal, const Entry *entry) {
  Status status = OK;
  journal->applying = true;
  for (size_t m = 0; m < journal->module_count && status == OK; m++) {
    const JournalModule *module = journal->modules[m];
    for (size_t k = 0; k < module->kind_count && status == OK; k++)
      if (module->kinds[k].apply && str_equal(str_from(module->kinds[k].kind), entry->kind))
        status = module->kinds[k].apply(cx, journal, entry);
  }
  journal->applying = false;
  return status;
}

static Status check_file(Context *cx, void *user, Str key, const Json *value) {
  Journal *journal = user;
  Digest digest;
  if (value->kind != JSON_STRING || !digest_from_hex(value->text, &digest))
    return fail(cx, BAD_VALUE, "记录内容里的“" STR_FMT "”必须是文件的哈希值（64 位小写十六进制）。", STR_ARG(key));
  if (!store_has(journal->store, &digest))
    return fail(cx, NOT_FOUND, "记录内容里的“" STR_FMT "”指的文件 " STR_FMT " 还没有存入，请先存文件。", STR_ARG(key),
                STR_ARG(value->text));
  return OK;
}

static Status conflict_insert(Context *cx, Db *db, const Kept *kept) {
  return db_run(cx, db, &JOURNAL_CONFLICT_ADD, DB_T(kept->id),
                DB_B(((Str){(const char *)kept->leaf.bytes, DIGEST_SIZE})), DB_T(kept->header), DB_T(kept->body),
                DB_I(kept->received_at));
}

static void remember_conflict(Journal *journal, const Kept *kept) {
  Kept *copy = arena_one(journal->arena, Kept);
  *copy = *kept;
  copy->id = str_copy(journal->arena, kept->id);
  copy->header = str_copy(journal->arena, kept->header);
  copy->body = str_copy(journal->arena, kept->body);
  copy->next = journal->kept;
  journal->kept = copy;
}

/* The id is there already. Content is compared with the stored salt, because a repetition may bring none. */
static Status receive_again(Context *cx, Journal *journal, const Entry *draft, Entry *entry, const Entry *stored,
                            Receipt *ret_receipt, bool *ret_kept) {
  if (draft->made_at == 0) entry->made_at = stored->made_at;
  if (entry->salt.size == 0) entry->salt = stored->salt;
  Digest leaf = entry_leaf(cx->arena, entry);
  if (digest_equal(&leaf, &stored->leaf)) {
    *ret_receipt = (Receipt){stored->seq, stored->id, stored->leaf, true};
    return OK;
  }
  Kept kept = {NULL, entry->id, entry_header(cx->arena, entry), entry->body_text, leaf, entry->received_at};
  if (journal->in_transaction) remember_conflict(journal, &kept);
  TRY(conflict_insert(cx, journal->db, &kept));
  *ret_kept = true;
  return fail(cx, CONFLICT, "记录号 " STR_FMT " 已被另一内容占用（第 %lld 条）；后到的这份已另行保存，请人工核对。",
              STR_ARG(entry->id), (long long)stored->seq);
}

static Status receive_new(Context *cx, Journal *journal, Entry *entry, Receipt *ret_receipt) {
  int64_t size;
  TRY(entry_files(cx, entry->body, check_file, journal));
  TRY(db_int_of(cx, journal->db, &size, 0, &JOURNAL_SIZE));
  if (entry->made_at == 0) entry->made_at = entry->received_at;
  if (entry->salt.size == 0) {
    char *salt = arena_alloc(cx->arena, SALT_SIZE);
    random_bytes(salt, SALT_SIZE);
    entry->salt = (Str){salt, SALT_SIZE};
  }
  entry->seq = size + 1;
  entry->leaf = entry_leaf(cx->arena, entry);
  TRY(entry_insert(cx, journal->db, entry));
  TRY(tree_append(cx, journal->db, entry->seq, &entry->leaf));
  TRY(journal_apply(cx, journal, entry));
  *ret_receipt = (Receipt){entry->seq, str_copy(cx->arena, entry->id), entry->leaf, false};
  return OK;
}

static Status append_inside(Context *cx, Journal *journal, const Entry *draft, Entry *entry, Receipt *ret_receipt,
                            bool *ret_kept) {
  Entry stored;
  bool more;
  {
    CLEANUP(db_stop) DbQuery *query = NULL;
    TRY(db_start(cx, journal->db, &query, &JOURNAL_BY_ID, DB_T(entry->id)));
    TRY(db_next(cx, query, &more));
    if (more) entry_read(cx->arena, query, &stored);
  }
  return more ? receive_again(cx, journal, draft, entry, &stored, ret_receipt, ret_kept)
              : receive_new(cx, journal, entry, ret_receipt);
}

static Status check_writable(Context *cx, const Journal *journal) {
  if (journal->mode != JOURNAL_WRITE) return fail(cx, FAILED, "程序错误：只读打开的台账不能写入。");
  if (journal->applying) return fail(cx, FAILED, "程序错误：应用记录时不能再写记录。");
  return OK;
}

Status journal_append(Context *cx, Journal *journal, const Entry *draft, Receipt *ret_receipt) {
  Entry entry;
  Receipt receipt;
  TRY(check_writable(cx, journal));
  TRY(entry_check_draft(cx, draft, stamp_now(), &entry));
  if (!kind_known(journal, entry.kind))
    return fail(cx, BAD_VALUE, "不认识记录的种类“" STR_FMT "”；请检查程序的版本。", STR_ARG(entry.kind));
  bool own = !journal->in_transaction;
  if (own)
    TRY(journal_begin(cx, journal));
  else
    TRY(db_savepoint(cx, journal->db));
  bool kept = false; /* the id was taken: what was stored about that stays */
  Status status = append_inside(cx, journal, draft, &entry, &receipt, &kept);
  Error error = cx->error;
  Status end = OK;
  if (status != OK && !kept) {
    if (own)
      journal_rollback(journal);
    else
      db_savepoint_rollback(journal->db);
  } else {
    end = own ? journal_commit(cx, journal) : db_savepoint_release(cx, journal->db);
  }
  if (end != OK) return end;
  if (status != OK) return cx->error = error, status;
  *ret_receipt = receipt;
  return OK;
}

Status journal_begin(Context *cx, Journal *journal) {
  TRY(check_writable(cx, journal));
  if (journal->in_transaction) return fail(cx, FAILED, "程序错误：台账的事务已经开始。");
  TRY(db_begin(cx, journal->db));
  journal->in_transaction = true;
  return OK;
}

Status journal_commit(Context *cx, Journal *journal) {
  if (!journal->in_transaction) return fail(cx, FAILED, "程序错误：台账没有开始事务。");
  Status status = db_commit(cx, journal->db);
  if (status != OK) {
    Error error = cx->error;
    journal_rollback(journal);
    cx->error = error;
    return status;
  }
  journal->in_transaction = false;
  journal->kept = NULL;
  head_write(journal);
  return OK;
}

/* An entry whose id was taken is kept although the caller gives up: a person has to see it. */
static Status keep_conflicts(Context *cx, Journal *journal) {
  TRY(db_begin(cx, journal->db));
  for (const Kept *kept = journal->kept; kept; kept = kept->next) TRY(conflict_insert(cx, journal->db, kept));
  return db_commit(cx, journal->db);
}

void journal_rollback(Journal *journal) {
  if (!journal->in_transaction) return;
  db_rollback(journal->db);
  journal->in_transaction = false;
  if (journal->kept) {
    Arena *arena = arena_new();
    Context cx = {arena, {OK, STR_EMPTY}};
    if (keep_conflicts(&cx, journal) != OK) db_rollback(journal->db);
    arena_free(arena);
    journal->kept = NULL;
  }
}

bool journal_in_transaction(Journal *journal) { return journal->in_transaction; }
