/* Verify: nothing is believed that can be computed again. A finding names the entry ("12 0190..."), the file or the
 * table; what goes wrong while checking (a damaged database) is a finding too. */
#include "journal/internal.h"
#include "journal/rows.h"

typedef struct Verify {
  Journal *journal;
  Finding *findings;
  size_t count, capacity;
  TreeStack tree;
  int64_t nodes; /* complete nodes the tree should have */
  int64_t last_seq;
  bool gap;        /* an entry is missing: positions no longer mean anything */
  bool head_known; /* DIR/head says size and root */
  int64_t head_size;
  Digest head_root;
  Json *campaign; /* body of entry 1 */
  StrMap files;   /* hex digest -> seq of the first entry that names it */
} Verify;

PRINTF(5, 6)
static void find(Context *cx, Verify *v, const char *what, Str which, const char *format, ...) {
  Buf buf = buf_new(cx->arena);
  va_list args;
  va_start(args, format);
  buf_addv(&buf, format, args);
  va_end(args);
  if (v->count == v->capacity) {
    size_t capacity = v->capacity ? v->capacity * 2 : 16;
    v->findings = arena_grow(cx->arena, v->findings, v->capacity * sizeof *v->findings, capacity * sizeof *v->findings);
    v->capacity = capacity;
  }
  v->findings[v->count++] = (Finding){str_from(what), str_copy(cx->arena, which), buf_str(&buf)};
}

static Str entry_name(Arena *arena, const Entry *entry) {
  return str_format(arena, "%lld " STR_FMT, (long long)entry->seq, STR_ARG(entry->id));
}

/* ---- entries and tree ---- */
static Status check_node(Context *cx, Verify *v, int level, int64_t position, const Digest *expected) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  bool more;
  v->nodes++;
  TRY(db_start(cx, v->journal->db, &query, &JOURNAL_NODE, DB_I(level), DB_I(position)));
  TRY(db_next(cx, query, &more));
  long long first = (long long)(position << level) + 1, last = (long long)((position + 1) << level);
  if (!more)
    find(cx, v, "tree", str_format(cx->arena, "%d/%lld", level, (long long)position),
         "记录树缺少第 %lld 至 %lld 条记录的节点。", first, last);
  else if (db_blob(query, 0).size != DIGEST_SIZE || memcmp(db_blob(query, 0).data, expected->bytes, DIGEST_SIZE) != 0)
    find(cx, v, "tree", str_format(cx->arena, "%d/%lld", level, (long long)position),
         "记录树中第 %lld 至 %lld 条记录的节点与记录不符：其中有记录或节点被改动过。", first, last);
  return OK;
}

static Status push_leaf(Context *cx, Verify *v, const Digest *leaf) {
  Digest hash = *leaf;
  int64_t size = ++v->tree.size;
  int level = 0;
  for (; (size >> level) % 2 == 0; level++) {
    hash = tree_node(&v->tree.complete[level], &hash);
    TRY(check_node(cx, v, level + 1, (size >> (level + 1)) - 1, &hash));
  }
  v->tree.complete[level] = hash;
  if (v->head_known && size == v->head_size) {
    Digest root = tree_stack_root(&v->tree);
    if (!digest_equal(&root, &v->head_root))
      find(cx, v, "tree", STR("head"), "前 %lld 条记录的树根与文件 head 所记的不符：有记录被改动或替换过。",
           (long long)size);
  }
  return OK;
}

typedef struct Named {
  Verify *verify;
  const Entry *entry;
  Context *outer;
} Named;

static Status note_file(Context *cx, void *user, Str key, const Json *value) {
  (void)cx, (void)key;
  Named *named = user;
  Digest digest;
  if (value->kind != JSON_STRING || !digest_from_hex(value->text, &digest)) {
    find(named->outer, named->verify, "entry", entry_name(named->outer->arena, named->entry),
         "第 %lld 条记录的内容里，文件的哈希值写得不对。", (long long)named->entry->seq);
    return OK;
  }
  if (strmap_get(&named->verify->files, value->text) == STRMAP_NONE)
    strmap_put(&named->verify->files, str_copy(named->outer->arena, value->text), (uint32_t)named->entry->seq, NULL);
  return OK;
}

static void check_order(Context *cx, Verify *v, const Entry *entry) {
  long long first = (long long)v->last_seq + 1, last = (long long)entry->seq - 1;
  if (last < first - 1)
    find(cx, v, "entry", entry_name(cx->arena, entry), "记录的顺序号 %lld 不对。", (long long)entry->seq);
  else if (last == first)
    find(cx, v, "entry", str_format(cx->arena, "%lld", first), "第 %lld 条记录不见了。", first);
  else if (last > first)
    find(cx, v, "entry", str_format(cx->arena, "%lld-%lld", first, last), "第 %lld 至 %lld 条记录不见了。", first,
         last);
  if (last != first - 1) v->gap = true;
  v->last_seq = entry->seq;
}

/* `step` holds what is needed for this entry only; findings go to cx. */
static Status check_entry(Context *cx, Context *step, Verify *v, DbQuery *query) {
  Entry entry;
  entry_read(step->arena, query, &entry);
  check_order(cx, v, &entry);
  Digest leaf = entry_leaf(step->arena, &entry);
  if (entry.salt.size != SALT_SIZE || db_blob(query, 12).size != DIGEST_SIZE || !digest_equal(&leaf, &entry.leaf))
    find(cx, v, "entry", entry_name(cx->arena, &entry),
         "第 %lld 条记录（" STR_FMT "）与它的哈希值不符：内容、抬头、盐值或哈希值被改动过。", (long long)entry.seq,
         STR_ARG(entry.id));
  if (entry_parse_body(step, &entry) != OK) {
    find(cx, v, "entry", entry_name(cx->arena, &entry), "第 %lld 条记录的内容读不懂：" STR_FMT, (long long)entry.seq,
         STR_ARG(step->error.sentence));
  } else {
    Named named = {v, &entry, cx};
    TRY(entry_files(step, entry.body, note_file, &named));
    if (entry.seq == 1 && str_equal(entry.kind, STR("county_created")))
      TRY(json_parse(cx, entry.body_text, &v->campaign));
  }
  return v->gap ? OK : push_leaf(cx, v, &entry.leaf);
}

static Status check_extra_nodes(Context *cx, Verify *v) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  int64_t found = 0;
  bool more;
  TRY(db_start(cx, v->journal->db, &query, &JOURNAL_NODES));
  for (;; found++) {
    TRY(db_next(cx, query, &more));
    if (!more) break;
  }
  if (found > v->nodes)
    find(cx, v, "tree", STR("nodes"), "记录树有 %lld 个节点，按记录只应有 %lld 个：末尾有记录被删去。",
         (long long)found, (long long)v->nodes);
  return OK;
}

static Status check_entries(Context *cx, Verify *v) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  CLEANUP(arena_freep) Arena *arena = arena_new();
  bool more;
  TRY(db_start(cx, v->journal->db, &query, &JOURNAL_ALL));
  for (;;) {
    TRY(db_next(cx, query, &more));
    if (!more) break;
    arena_reset(arena);
    Context step = {arena, {OK, STR_EMPTY}};
    TRY(check_entry(cx, &step, v, query));
  }
  if (v->head_known && v->head_size > v->last_seq)
    find(cx, v, "tree", STR("head"), "记录只有 %lld 条，而文件 head 记着 %lld 条：末尾有记录被删去。",
         (long long)v->last_seq, (long long)v->head_size);
  return v->gap ? OK : check_extra_nodes(cx, v);
}

static Status check_database(Context *cx, Verify *v) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  bool more;
  TRY(db_start(cx, v->journal->db, &query, &JOURNAL_INTEGRITY)); /* PostgreSQL's server checks its pages itself */
  for (;;) {
    TRY(db_next(cx, query, &more));
    if (!more) return OK;
    if (!str_equal(db_text(query, 0), STR("ok")))
      find(cx, v, "file", database_name(v->journal), "数据库文件有损坏：" STR_FMT "。", STR_ARG(db_text(query, 0)));
  }
}

/* ---- files ---- */
static Status check_files(Context *cx, Verify *v) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  for (uint32_t i = 0; i < v->files.capacity; i++) {
    Str hex;
    uint32_t seq;
    if (!strmap_at(&v->files, i, &hex, &seq)) continue;
    arena_reset(arena);
    Context step = {arena, {OK, STR_EMPTY}};
    Digest digest;
    Str bytes;
    if (digest_from_hex(hex, &digest) && store_get(&step, v->journal->store, &digest, &bytes) != OK)
      find(cx, v, "file", hex, "第 %u 条记录所指的文件有问题：" STR_FMT, seq, STR_ARG(step.error.sentence));
  }
  return OK;
}

static const Json *file_named(const Json *files, Str path) {
  JSON_EACH(file, files) if (str_equal(json_text(file, "path"), path)) return file;
  return NULL;
}

static Status check_campaign(Context *cx, Verify *v) {
  Json *now;
  if (!v->campaign) return OK;
  if (campaign_body(cx, path_join(cx->arena, v->journal->folder, "campaign"), STR_EMPTY, &now) != OK) {
    find(cx, v, "file", STR("campaign"), "工作方案的副本读不出：" STR_FMT, STR_ARG(cx->error.sentence));
    return OK;
  }
  const Json *then_files = json_get(v->campaign, "files"), *now_files = json_get(now, "files");
  JSON_EACH(file, then_files) {
    Str path = json_text(file, "path");
    const Json *found = file_named(now_files, path);
    if (!found || !str_equal(json_text(found, "hash"), json_text(file, "hash")))
      find(cx, v, "file", str_format(cx->arena, "campaign/" STR_FMT, STR_ARG(path)), "工作方案的文件“" STR_FMT "”%s。",
           STR_ARG(path), found ? "被改动过" : "不见了");
  }
  JSON_EACH(file, now_files)
  if (!file_named(then_files, json_text(file, "path")))
    find(cx, v, "file", str_format(cx->arena, "campaign/" STR_FMT, STR_ARG(json_text(file, "path"))),
         "工作方案里多了文件“" STR_FMT "”。", STR_ARG(json_text(file, "path")));
  return OK;
}

/* ---- derived tables ---- */
typedef struct RowList {
  Str *keys;
  Digest *digests;
  size_t count, capacity;
} RowList;

static Status keep_row(Context *cx, void *user, Str key, Str row) {
  RowList *list = user;
  if (list->count == list->capacity) {
    size_t capacity = list->capacity ? list->capacity * 2 : 64;
    list->keys = arena_grow(cx->arena, list->keys, list->capacity * sizeof(Str), capacity * sizeof(Str));
    list->digests = arena_grow(cx->arena, list->digests, list->capacity * sizeof(Digest), capacity * sizeof(Digest));
    list->capacity = capacity;
  }
  list->keys[list->count] = str_copy(cx->arena, key);
  list->digests[list->count++] = digest_of(row);
  return OK;
}

/* Names the first row that differs. */
static Status find_row(Context *cx, Verify *v, const JournalTable *table, Db *scratch) {
  RowList now = {0}, then = {0};
  TRY(table_rows(cx, v->journal, v->journal->db, table, keep_row, &now));
  TRY(table_rows(cx, v->journal, scratch, table, keep_row, &then));
  size_t i = 0;
  while (i < now.count && i < then.count && str_equal(now.keys[i], then.keys[i]) &&
         digest_equal(&now.digests[i], &then.digests[i]))
    i++;
  StrMap expected = strmap_new(cx->arena);
  for (size_t k = i; k < then.count; k++) strmap_put(&expected, then.keys[k], 0, NULL);
  bool added = i < now.count && strmap_get(&expected, now.keys[i]) == STRMAP_NONE; /* a row that should not be there */
  const RowList *in = added || i >= then.count ? &now : &then;
  find(cx, v, "table", str_from(table->name),
       "表 %s 与记录推出的不符（现有 %zu 行，应有 %zu 行），先看主键为“" STR_FMT "”的行；运行 rebuild 可按记录重建。",
       table->name, now.count, then.count, STR_ARG(i < in->count ? in->keys[i] : STR_EMPTY));
  return OK;
}

static Status compare_table(Context *cx, Verify *v, const JournalTable *table, Db *scratch) {
  TableDigest now, then;
  Status status = table_digest(cx, v->journal, v->journal->db, table, &now);
  if (status == TAMPERED) {
    find(cx, v, "table", str_from(table->name), STR_FMT, STR_ARG(cx->error.sentence));
    return OK;
  }
  TRY(status);
  TRY(table_digest(cx, v->journal, scratch, table, &then));
  return digest_equal(&now.digest, &then.digest) ? OK : find_row(cx, v, table, scratch);
}

static Status derive_scratch(Context *cx, Verify *v, Journal *shadow) {
  Entry at = {.seq = 0, .id = STR_EMPTY};
  TRY(journal_migrate(cx, shadow, shadow->db));
  TRY(db_begin(cx, shadow->db));
  TRY(db_run(cx, shadow->db, &JOURNAL_DEFER_FOREIGN_KEYS));
  if (journal_derive(cx, v->journal->db, shadow, true, &at) != OK) {
    find(cx, v, "entry", entry_name(cx->arena, &at), STR_FMT, STR_ARG(cx->error.sentence));
    return OK; /* tables cannot be compared */
  }
  for (size_t m = 0; m < shadow->module_count; m++)
    for (size_t t = 0; t < shadow->modules[m]->table_count; t++)
      TRY(compare_table(cx, v, &shadow->modules[m]->tables[t], shadow->db));
  return OK;
}

static Status check_derived(Context *cx, Verify *v) {
  CLEANUP(db_closep) Db *scratch = NULL;
  CLEANUP(arena_freep) Arena *step = arena_new();
  TRY(db_open(cx, ":memory:", DB_CREATE, &scratch));
  Journal shadow = *v->journal; /* apply sees the county's store and keys, and the scratch database */
  shadow.db = scratch;
  shadow.step = step;
  shadow.mode = JOURNAL_READ;
  shadow.lock = shadow.head = -1;
  return derive_scratch(cx, v, &shadow);
}

/* ---- all of it ---- */
static Status run_checks(Context *cx, Verify *v) {
  static Status (*const CHECKS[])(Context * cx, Verify * v) = {check_database, check_entries, check_files,
                                                               check_campaign, check_derived};
  for (size_t i = 0; i < COUNT_OF(CHECKS); i++) {
    Status status = CHECKS[i](cx, v);
    if (status == TAMPERED) {
      find(cx, v, "file", database_name(v->journal), STR_FMT, STR_ARG(cx->error.sentence));
      status = OK;
    }
    TRY(status);
  }
  return OK;
}

Status journal_verify(Context *cx, Journal *journal, Finding **ret_findings, size_t *ret_count) {
  if (db_in_transaction(journal->db)) return fail(cx, FAILED, "程序错误：事务中不能核对台账。");
  Verify v = {.journal = journal, .files = strmap_new(cx->arena)};
  /* before the view of the database begins: the file never runs ahead of a commit */
  Status status = head_read(cx, journal->folder, &v.head_size, &v.head_root);
  v.head_known = status == OK;
  if (status != OK) find(cx, &v, "file", STR("head"), "没有可用的 head 文件，末尾有无记录被删去无从核对。");
  TRY(db_begin(cx, journal->db));
  status = run_checks(cx, &v);
  db_rollback(journal->db);
  TRY(status);
  *ret_findings = v.findings;
  *ret_count = v.count;
  return OK;
}
