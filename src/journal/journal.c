#include "journal/internal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define SERVER_MARK " serve " /* of the command line in DIR/lock: "1234 anju serve DIR" */
enum { POLL_MS = 20, HOLDER_LIMIT = 200, HEAD_LIMIT = 4096 };

static const char *const MIGRATIONS[] = {
    "create table entry(seq integer primary key, id text not null unique, kind text not null, household text not null,"
    " division text not null, author text not null, device text not null, supersedes text not null,"
    " made_at bigint not null, received_at bigint not null, body text, salt blob, leaf blob not null);"
    "create index entry_kind on entry(kind, seq);"
    "create index entry_household on entry(household, seq) where household <> '';"
    "create index entry_supersedes on entry(supersedes) where supersedes <> '';"
    "create table tree(level integer not null, position bigint not null, hash blob not null,"
    " primary key(level, position)) without rowid;"
    "create table id_conflict(id text not null, leaf blob not null, header text not null, body text not null,"
    " received_at bigint not null, primary key(id, leaf));"};
static const JournalKind KINDS[] = {{"county_created", NULL}};
const JournalModule JOURNAL_MODULE = {.name = "journal",
                                      .migrations = MIGRATIONS,
                                      .migration_count = COUNT_OF(MIGRATIONS),
                                      .kinds = KINDS,
                                      .kind_count = COUNT_OF(KINDS),
                                      .statements = JOURNAL_STATEMENTS,
                                      .statement_count = JOURNAL_STATEMENT_COUNT};

/* ---- the lock ---- */
/* "1234 anju import register.xlsx": who holds the lock, for the sentence that another process shows. */
static void lock_sign(Arena *arena, int lock) {
  char words[HOLDER_LIMIT];
  int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
  ssize_t got = fd < 0 ? 0 : read(fd, words, sizeof words);
  if (fd >= 0) close(fd);
  for (ssize_t i = 0; i < got; i++)
    if (words[i] == '\0' || words[i] == '\n') words[i] = ' ';
  Str name = str_trim((Str){words, got > 0 ? (size_t)got : 0});
  Str text = str_format(arena, "%d " STR_FMT, (int)getpid(), STR_ARG(name));
  if (ftruncate(lock, 0) == 0) { /* a courtesy: without it the sentence says less */
    ssize_t ignored = pwrite(lock, text.data, text.size, 0);
    (void)ignored;
  }
}

static Status lock_busy(Context *cx, const char *folder, int lock) {
  char text[HOLDER_LIMIT + 16];
  ssize_t got = pread(lock, text, sizeof text, 0);
  size_t size = got > 0 ? (size_t)got : 0, digits = 0;
  while (digits < size && text[digits] >= '0' && text[digits] <= '9') digits++;
  while (size > digits && !str_utf8_valid((Str){text, size})) size--; /* cut inside a character */
  if (str_find((Str){text, size}, STR(SERVER_MARK)) >= 0)
    return fail(cx, BUSY,
                "“%s”正由服务器管理（进程 %.*s）：请在网页上操作，或先停止服务器（kill %.*s）再用命令行写入。", folder,
                (int)digits, text, (int)digits, text);
  if (digits == 0) return fail(cx, BUSY, "“%s”正被另一个程序写入，请等它结束后再试。", folder);
  return fail(cx, BUSY, "“%s”正被进程 %.*s 写入（%.*s），请等它结束后再试。", folder, (int)digits, text,
              (int)(size - digits - (size > digits)), text + digits + (size > digits));
}

/* A server does not end soon: nobody waits for it. */
static bool held_by_server(int lock) {
  char text[HOLDER_LIMIT + 16];
  ssize_t got = pread(lock, text, sizeof text, 0);
  return got > 0 && str_find((Str){text, (size_t)got}, STR(SERVER_MARK)) >= 0;
}

Status lock_take(Context *cx, const char *folder, int wait_ms, int *ret_lock) {
  const char *path = path_join(cx->arena, folder, "lock");
  int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock < 0) return file_fail(cx, errno, "打开", path);
  int64_t deadline = stamp_monotonic() + (int64_t)wait_ms * 1000;
  while (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    Status status = OK;
    if (errno != EWOULDBLOCK && errno != EINTR)
      status = file_fail(cx, errno, "锁定", path);
    else if (stamp_monotonic() >= deadline || held_by_server(lock))
      status = lock_busy(cx, folder, lock);
    if (status != OK) return close(lock), status;
    nanosleep(&(struct timespec){0, POLL_MS * 1000000L}, NULL);
  }
  lock_sign(cx->arena, lock);
  *ret_lock = lock;
  return OK;
}

/* ---- DIR/head ---- */
/* It is overwritten in place, by one short write that only ever grows: a temporary file and a rename after each commit
 * would halve the rate of commits. So a reader takes what it has read twice alike. */
static Status head_text(Context *cx, const char *path, Str *ret_text) {
  Str text = STR_EMPTY, again;
  TRY(file_read(cx, path, HEAD_LIMIT, &again));
  for (int tries = 0; tries < 10 && !str_equal(text, again); tries++) {
    text = again;
    TRY(file_read(cx, path, HEAD_LIMIT, &again));
  }
  *ret_text = again;
  return OK;
}

Status head_read(Context *cx, const char *folder, int64_t *ret_size, Digest *ret_root) {
  Str text;
  Json *json;
  Digest root;
  const char *path = path_join(cx->arena, folder, "head");
  TRY(head_text(cx, path, &text));
  if (json_parse(cx, text, &json) != OK || json_int(json, "size", -1) < 0 ||
      !digest_from_hex(json_text(json, "root"), &root))
    return fail(cx, BAD_FILE, "“%s”的内容不对，不能用来核对记录的条数。", path);
  *ret_size = json_int(json, "size", 0);
  *ret_root = root;
  return OK;
}

void head_write(Journal *journal) {
  if (journal->head < 0 || journal->head_disputed) return;
  Arena *arena = arena_new();
  Context cx = {arena, {OK, STR_EMPTY}};
  int64_t size;
  Digest root;
  if (journal_head(&cx, journal, &size, &root) == OK) {
    Str text = str_format(arena, "{\"root\":\"" STR_FMT "\",\"size\":%lld}\n", STR_ARG(digest_hex(arena, &root)),
                          (long long)size);
    ssize_t ignored = pwrite(journal->head, text.data, text.size, 0);
    (void)ignored;
  }
  arena_free(arena);
}

/* A head file that the log does not bear out is kept as evidence; one that is behind (the process was killed between
 * commit and writing it) or spoilt is made anew. */
static Status head_settle(Context *cx, Journal *journal) {
  int64_t size, log_size;
  Digest root, log_root;
  const char *path = path_join(cx->arena, journal->folder, "head");
  TRY(db_int_of(cx, journal->db, &log_size, 0, &JOURNAL_SIZE));
  bool known = head_read(cx, journal->folder, &size, &root) == OK;
  if (known)
    journal->head_disputed =
        size > log_size || tree_root(cx, journal->db, size, &log_root) != OK || !digest_equal(&root, &log_root);
  journal->head = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (journal->head < 0) return file_fail(cx, errno, "打开", path);
  if (!known && ftruncate(journal->head, 0) != 0) return file_fail(cx, errno, "写入", path);
  head_write(journal);
  return OK;
}

/* ---- opening ---- */
Status journal_migrate(Context *cx, Journal *journal, Db *db) {
  for (size_t m = 0; m < journal->module_count; m++) {
    const JournalModule *module = journal->modules[m];
    TRY(db_migrate(cx, db, module->name, module->migrations, module->migration_count));
  }
  return OK;
}

static Status check_migrated(Context *cx, Journal *journal) {
  for (size_t m = 0; m < journal->module_count; m++)
    TRY(db_migrated(cx, journal->db, journal->modules[m]->name, journal->modules[m]->migration_count));
  return OK;
}

static Status no_county(Context *cx, const char *folder) {
  return fail(cx, NOT_FOUND, "“%s”里还没有建好的县数据，请先运行 init。", folder);
}

/* Readers only: whether the tables are there at all. */
static Status check_begun(Context *cx, Journal *journal) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  bool more;
  TRY(db_start_text(cx, journal->db, &query, STR("select 1 from sqlite_master where name in ('entry', 'migration')"),
                    NULL, 0));
  for (int found = 0; found < 2; found++) {
    TRY(db_next(cx, query, &more));
    if (!more) return no_county(cx, journal->folder);
  }
  return OK;
}

/* Entry 1 makes the county. Without it, a head file with a size tells that the log was emptied: verify must see that.
 */
static Status check_complete(Context *cx, Journal *journal) {
  int64_t size, head_size = 0;
  Digest root;
  TRY(db_int_of(cx, journal->db, &size, 0, &JOURNAL_SIZE));
  if (size == 0 && head_read(cx, journal->folder, &head_size, &root) != OK) head_size = 0;
  return size == 0 && head_size == 0 ? no_county(cx, journal->folder) : OK;
}

static Status open_parts(Context *cx, Journal *journal, bool create) {
  Arena *arena = journal->arena;
  Context own = {arena, {OK, STR_EMPTY}}; /* the store lives as long as the journal */
  bool writes = journal->mode == JOURNAL_WRITE;
  TRY(keys_load(cx, path_join(arena, journal->folder, "keys"), &journal->keys));
  Status status = store_open(&own, path_join(arena, journal->folder, "store"), &journal->store);
  if (status != OK) return fail(cx, status, STR_FMT, STR_ARG(own.error.sentence));
  TRY(db_open(cx, path_join(arena, journal->folder, "anju.db"),
              create   ? DB_CREATE
              : writes ? DB_WRITE
                       : DB_READ,
              &journal->db));
  if (!writes) {
    TRY(check_begun(cx, journal));
    TRY(check_complete(cx, journal));
    return check_migrated(cx, journal);
  }
  TRY(store_remove_strays(cx, journal->store));
  TRY(journal_migrate(cx, journal, journal->db));
  return head_settle(cx, journal);
}

static Journal *journal_new(const char *folder, JournalMode mode, int lock, const JournalModule *const *modules,
                            size_t module_count) {
  Arena *arena = arena_new();
  Journal *journal = arena_one(arena, Journal);
  *journal = (Journal){.arena = arena, .step = arena_new(), .mode = mode, .lock = lock, .head = -1};
  journal->folder = str_c(arena, str_from(folder));
  journal->module_count = module_count + 1;
  journal->modules = arena_array(arena, module_count + 1, const JournalModule *);
  journal->modules[0] = &JOURNAL_MODULE;
  for (size_t i = 0; i < module_count; i++) journal->modules[i + 1] = modules[i];
  return journal;
}

Status journal_make(Context *cx, const char *folder, JournalMode mode, int lock, const JournalModule *const *modules,
                    size_t module_count, Journal **ret_journal) {
  bool create = lock >= 0 && !file_exists(path_join(cx->arena, folder, "anju.db"));
  CLEANUP(journal_closep) Journal *journal = journal_new(folder, mode, lock, modules, module_count);
  TRY(open_parts(cx, journal, create));
  *ret_journal = journal;
  journal = NULL;
  return OK;
}

Status journal_open(Context *cx, const char *folder, JournalMode mode, int wait_ms, const JournalModule *const *modules,
                    size_t module_count, Journal **ret_journal) {
  int lock = -1;
  if (!file_exists(path_join(cx->arena, folder, "anju.db"))) return no_county(cx, folder);
  if (mode == JOURNAL_WRITE) TRY(lock_take(cx, folder, wait_ms, &lock));
  CLEANUP(journal_closep) Journal *journal = NULL;
  TRY(journal_make(cx, folder, mode, lock, modules, module_count, &journal));
  if (mode == JOURNAL_WRITE) TRY(check_complete(cx, journal));
  *ret_journal = journal;
  journal = NULL;
  return OK;
}

void journal_close(Journal *journal) {
  if (!journal) return;
  journal_rollback(journal);
  db_close(journal->db);
  if (journal->head >= 0) close(journal->head);
  if (journal->lock >= 0) {
    int ignored = ftruncate(journal->lock, 0);
    (void)ignored;
    close(journal->lock); /* gives the lock back, after the database's last checkpoint */
  }
  explicit_bzero(&journal->keys, sizeof journal->keys);
  arena_free(journal->step);
  arena_free(journal->arena);
}

void journal_closep(Journal **journal) {
  journal_close(*journal);
  *journal = NULL;
}

Db *journal_db(Journal *journal) { return journal->db; }
Status journal_open_reader(Context *cx, Journal *journal, Db **ret_db) {
  return db_open(cx, path_join(cx->arena, journal->folder, "anju.db"), DB_READ, ret_db);
}

Store *journal_store(Journal *journal) { return journal->store; }
const Keys *journal_keys(Journal *journal) { return &journal->keys; }
const char *journal_folder(Journal *journal) { return journal->folder; }

Status journal_check_statements(Context *cx, Journal *journal) {
  for (size_t m = 0; m < journal->module_count; m++)
    for (size_t s = 0; s < journal->modules[m]->statement_count; s++)
      TRY(db_check(cx, journal->db, journal->modules[m]->statements[s]));
  return OK;
}

/* ---- reading ---- */
static Status get_one(Context *cx, DbQuery *query, Str wanted, Entry *ret_entry) {
  bool more;
  Entry entry;
  TRY(db_next(cx, query, &more));
  if (!more) return fail(cx, NOT_FOUND, "没有编号为“" STR_FMT "”的记录。", STR_ARG(wanted));
  entry_read(cx->arena, query, &entry);
  TRY(db_next(cx, query, &more));
  if (more) return fail(cx, CONFLICT, "以“" STR_FMT "”开头的记录不止一条，请多写几位。", STR_ARG(wanted));
  TRY(entry_parse_body(cx, &entry));
  *ret_entry = entry;
  return OK;
}

/* Digits without a leading zero are a seq; the ids of our days begin with a zero (a UUIDv7 until the year 2527). */
Status journal_get(Context *cx, Journal *journal, Str id_or_seq, Entry *ret_entry) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  int64_t seq;
  if (id_or_seq.size && id_or_seq.data[0] != '0' && str_int64(id_or_seq, &seq)) {
    TRY(db_start(cx, journal->db, &query, &JOURNAL_BY_SEQ, DB_I(seq)));
  } else if (uuid_valid(id_or_seq)) {
    TRY(db_start(cx, journal->db, &query, &JOURNAL_BY_ID, DB_T(id_or_seq)));
  } else {
    if (id_or_seq.size < 8)
      return fail(cx, BAD_VALUE, "记录号“" STR_FMT "”太短：请写顺序号，或记录号的前 8 位以上。", STR_ARG(id_or_seq));
    Str below = str_format(cx->arena, STR_FMT "g", STR_ARG(id_or_seq)); /* 'g' comes after every hex digit and '-' */
    TRY(db_start(cx, journal->db, &query, &JOURNAL_BY_PREFIX, DB_T(id_or_seq), DB_T(below)));
  }
  return get_one(cx, query, id_or_seq, ret_entry);
}

Status journal_each(Context *cx, Journal *journal, Str kind,
                    Status (*each)(Context *cx, void *user, const Entry *entry), void *user) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  bool more;
  if (kind.size)
    TRY(db_start(cx, journal->db, &query, &JOURNAL_OF_KIND, DB_T(kind)));
  else
    TRY(db_start(cx, journal->db, &query, &JOURNAL_ALL));
  for (;;) {
    Entry entry;
    TRY(db_next(cx, query, &more));
    if (!more) return OK;
    entry_read(cx->arena, query, &entry);
    TRY(entry_parse_body(cx, &entry));
    TRY(each(cx, user, &entry));
  }
}

Status journal_since(Context *cx, Journal *journal, int64_t seq, int64_t most, Entry **ret_entries, size_t *ret_count) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  Entry *entries = arena_array(cx->arena, (size_t)most + 1, Entry);
  size_t count = 0;
  TRY(db_start(cx, journal->db, &query, &JOURNAL_SINCE, DB_I(seq), DB_I(most)));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) break;
    entries[count++] = (Entry){.seq = db_int(query, 0),
                               .id = str_copy(cx->arena, db_text(query, 1)),
                               .kind = str_copy(cx->arena, db_text(query, 2)),
                               .household = str_copy(cx->arena, db_text(query, 3)),
                               .author = str_copy(cx->arena, db_text(query, 4)),
                               .made_at = db_int(query, 5)};
  }
  *ret_entries = entries;
  *ret_count = count;
  return OK;
}

Status journal_last_of_kind(Context *cx, Journal *journal, Str kind, int64_t *ret_seq) {
  return db_int_of(cx, journal->db, ret_seq, 0, &JOURNAL_LAST_OF_KIND, DB_T(kind));
}
