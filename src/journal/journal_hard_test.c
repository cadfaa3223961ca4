/* Tampering, killed processes, two writers, a full disk. */
#include "journal/internal.h"
#include "journal/test_module.h"
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static Str findings_text(Context *cx, Journal *journal) {
  Finding *findings = NULL;
  size_t count = 0;
  Buf buf = buf_new(cx->arena);
  CHECK_OK(journal_verify(cx, journal, &findings, &count));
  for (size_t i = 0; i < count; i++)
    buf_addf(&buf, STR_FMT " [" STR_FMT "] " STR_FMT "\n", STR_ARG(findings[i].what), STR_ARG(findings[i].which),
             STR_ARG(findings[i].sentence));
  return buf_str(&buf);
}

static Str verify_text(Context *cx, const char *county) {
  CLEANUP(journal_closep) Journal *journal = county_open(cx, county, JOURNAL_READ);
  return journal ? findings_text(cx, journal) : STR("closed");
}

/* Something else than the program writes to the database. */
static void tamper(Context *cx, const char *county, const char *sql) {
  CLEANUP(db_closep) Db *db = NULL;
  const char *target;
  CHECK_OK(settings_target(cx, county, false, &target));
  CHECK_OK(db_open(cx, target, DB_WRITE, &db));
  bool sqlite = !db_is_postgresql(target);
  if (db)
    CHECK_OK(db_script(cx, db, str_format(cx->arena, "%s%s", sqlite ? "pragma foreign_keys=off; " : "", sql).data));
}

static const char *county_with_things(Context *cx, const char *folder, int count) {
  const char *county = county_make(cx, folder);
  CLEANUP(journal_closep) Journal *journal = county_open(cx, county, JOURNAL_WRITE);
  for (int i = 0; i < count; i++) append(cx, journal, thing_added(cx, i));
  return county;
}

/* CHECKs that `change` is found as `expected` ("entry [4 "), then that the county is clean after `undo`. */
static void check_found(Context *cx, const char *county, const char *change, const char *expected) {
  const char *path = path_join(cx->arena, county, "anju.db");
  Str before, found;
  tamper(cx, county, "pragma wal_checkpoint(truncate)");
  CHECK_OK(file_read(cx, path, 1 << 26, &before));
  tamper(cx, county, change);
  found = verify_text(cx, county);
  bool named = str_find(found, str_from(expected)) >= 0;
  if (!named) printf("# after \"%s\" not \"%s\" but:\n# " STR_FMT "\n", change, expected, STR_ARG(found));
  CHECK(named);
  tamper(cx, county, "pragma wal_checkpoint(truncate)");
  CHECK_OK(file_write(cx, path, before, FILE_ADVISORY));
}

TEST(every_change_behind_the_programs_back_is_found_and_named) {
  const char *folder = test_folder(cx), *county = county_with_things(cx, folder, 11); /* 12 entries */
  CHECK_STR(verify_text(cx, county), STR_EMPTY);
  static const struct {
    const char *change, *expected;
  } CHANGES[] = {
      {"update entry set body = replace(body, '水井', '水塘') where seq = 4", "entry [4 0"},
      {"update entry set body = body || ' ' where seq = 4", "entry [4 0"},
      {"update entry set body = '{' where seq = 12", "entry [12 0"},
      {"update entry set salt = randomblob(32) where seq = 5", "entry [5 0"},
      {"update entry set salt = x'' where seq = 5", "entry [5 0"},
      {"update entry set leaf = randomblob(32) where seq = 6", "entry [6 0"},
      {"update entry set leaf = randomblob(32) where seq = 6", "tree [1/2] "},
      {"update entry set leaf = x'00' where seq = 12", "entry [12 0"},
      {"update entry set author = 'other' where seq = 7", "entry [7 0"},
      {"update entry set household = 'h' where seq = 7", "entry [7 0"},
      {"update entry set division = '450328100002' where seq = 7", "entry [7 0"},
      {"update entry set device = 'd' where seq = 7", "entry [7 0"},
      {"update entry set made_at = made_at + 1 where seq = 7", "entry [7 0"},
      {"update entry set supersedes = id where seq = 7", "entry [7 0"},
      {"update entry set kind = 'thing_noted' where seq = 7", "entry [7 0"},
      {"update entry set id = '01900000-0000-7000-8000-000000000001' where seq = 7", "entry [7 0190"},
      {"delete from entry where seq = 12", "文件 head 记着 12 条"},
      {"delete from entry where seq = 12", "按记录只应有"},
      {"delete from entry where seq > 8", "文件 head 记着 12 条"},
      {"delete from entry where seq = 8", "entry [8] "},
      {"delete from entry where seq = 1", "entry [1] "},
      {"delete from entry where seq between 5 and 7", "entry [5-7] "},
      {"delete from entry", "文件 head 记着 12 条"},
      {"update entry set seq = 13 where seq = 12", "entry [12] "},
      {"update entry set seq = 99 where seq = 4; update entry set seq = 4 where seq = 5; update entry set seq = 5"
       " where seq = 99",
       "tree [1/1] "},
      {"update tree set hash = randomblob(32) where level = 2 and position = 1", "tree [2/1] "},
      {"delete from tree where level = 3", "tree [3/0] "},
      {"insert into tree values (1, 6, randomblob(32))", "tree [nodes] "},
      {"update thing set name = '水塘' where id = 't000003'", "“t000003”"},
      {"update thing set rev = 2 where id = 't000003'", "table [thing] "},
      {"update thing set secret = randomblob(59) where id = 't000003'", "t000003"},
      {"update thing set secret = (select secret from thing where id = 't000004') where id = 't000003'", "t000003"},
      {"delete from thing where id = 't000010'", "“t000010”"},
      {"insert into thing select 'x', name, secret, rev from thing where id = 't000003'", "table [thing] "},
      {"insert into mark values ('t000003', 8, null)", "“t000003|8”"},
      {"update mark set note = '' where note is null and thing = 't000003'", "“t000003|7”"},
      {"delete from mark", "table [mark] "}};
  for (size_t i = 0; i < COUNT_OF(CHANGES); i++) check_found(cx, county, CHANGES[i].change, CHANGES[i].expected);
  CHECK_STR(verify_text(cx, county), STR_EMPTY);
  test_folder_remove(cx, folder);
}

TEST_COUNTY(a_forged_log_with_all_hashes_made_anew_differs_from_the_head_file) {
  const char *folder = test_folder(cx), *county = county_with_things(cx, folder, 6);
  Journal *journal = county_open(cx, county, JOURNAL_WRITE);
  Entry entry;
  CHECK_OK(journal_get(cx, journal, STR("7"), &entry)); /* the last: only the head covers it alone */
  entry.author = STR("forger");
  entry.leaf = entry_leaf(cx->arena, &entry);
  CHECK_OK(db_script(cx, journal_db(journal), "delete from entry where seq = 7"));
  CHECK_OK(entry_insert(cx, journal_db(journal), &entry));
  journal_close(journal);
  CHECK(str_find(verify_text(cx, county), STR("tree [head] 前 7 条记录的树根")) >= 0);
  test_folder_remove(cx, folder);
}

TEST_COUNTY(a_disputed_head_file_is_kept_as_evidence) {
  const char *folder = test_folder(cx), *county = county_with_things(cx, folder, 6);
  tamper(cx, county,
         "delete from entry where seq = 7; delete from mark where thing = 't000005';"
         "delete from thing where id = 't000005'"); /* size 7: seq 7 completes no node */
  CHECK(str_find(verify_text(cx, county), STR("文件 head 记着 7 条")) >= 0);
  Journal *journal = county_open(cx, county, JOURNAL_WRITE);
  append(cx, journal, thing_added(cx, 20)); /* takes the place of the one removed */
  append(cx, journal, thing_added(cx, 21));
  journal_close(journal);
  CHECK(str_find(verify_text(cx, county), STR("tree [head] 前 7 条记录的树根")) >= 0);
  CHECK_OK(file_write(cx, path_join(cx->arena, county, "head"), STR("{}"), FILE_ADVISORY));
  CHECK(str_find(verify_text(cx, county), STR("file [head]")) >= 0);
  journal_close(county_open(cx, county, JOURNAL_WRITE)); /* a spoilt one is made anew */
  CHECK_STR(verify_text(cx, county), STR_EMPTY);
  test_folder_remove(cx, folder);
}

static void check_file_found(Context *cx, const char *county, const char *path, Str which) {
  Str bytes;
  CHECK_OK(file_read(cx, path, 1000, &bytes));
  for (size_t bit = 0; bit < bytes.size * 8; bit += 5) {
    Str copy = str_copy(cx->arena, bytes);
    ((char *)(uintptr_t)copy.data)[bit / 8] ^= (char)(1 << bit % 8);
    CHECK_OK(file_write(cx, path, copy, FILE_ADVISORY));
    CHECK(str_find(verify_text(cx, county), str_format(cx->arena, "file [" STR_FMT "]", STR_ARG(which))) >= 0);
  }
  CHECK_INT(unlink(path), 0);
  CHECK(str_find(verify_text(cx, county), str_format(cx->arena, "file [" STR_FMT "]", STR_ARG(which))) >= 0);
  CHECK_OK(file_write(cx, path, bytes, FILE_ADVISORY));
}

TEST_COUNTY(a_flipped_bit_in_each_file_is_found_and_named) {
  const char *folder = test_folder(cx), *county = county_make(cx, folder);
  Journal *journal = county_open(cx, county, JOURNAL_WRITE);
  Digest digests[3];
  Json *body = json_new_object(cx->arena), *more = json_new_array(cx->arena), *inner = json_new_object(cx->arena);
  for (int i = 0; i < 3; i++)
    CHECK_OK(store_put(cx, journal_store(journal), str_format(cx->arena, "file %d", i), &digests[i]));
  json_set_text(cx->arena, body, "rows_file", digest_hex(cx->arena, &digests[0]));
  json_add(more, json_new_string(cx->arena, digest_hex(cx->arena, &digests[1])));
  json_set(cx->arena, body, "photo_files", more);
  json_set_text(cx->arena, inner, "raw_file", digest_hex(cx->arena, &digests[2]));
  json_set(cx->arena, body, "inner", inner);
  append(cx, journal, (Entry){.kind = STR("thing_noted"), .author = STR("t"), .body = body});
  Store *store = journal_store(journal);
  CHECK_STR(findings_text(cx, journal), STR_EMPTY); /* a writer may verify, too */
  for (int i = 0; i < 3; i++)
    check_file_found(cx, county, store_path(cx->arena, store, &digests[i]), digest_hex(cx->arena, &digests[i]));
  journal_close(journal);
  check_file_found(cx, county, path_join(cx->arena, county, "campaign/places.csv"), STR("campaign/places.csv"));
  check_file_found(cx, county, path_join(cx->arena, county, "campaign/forms/visit.json"),
                   STR("campaign/forms/visit.json"));
  CHECK_OK(file_write(cx, path_join(cx->arena, county, "campaign/more"), STR("x"), FILE_ADVISORY));
  CHECK(str_find(verify_text(cx, county), STR("file [campaign/more]")) >= 0);
  CHECK_INT(unlink(path_join(cx->arena, county, "campaign/more")), 0);
  CHECK_STR(verify_text(cx, county), STR_EMPTY);
  test_folder_remove(cx, folder);
}

TEST(flipped_bits_in_the_database_file_are_never_taken_for_good_data) {
  const char *folder = test_folder(cx), *county = county_with_things(cx, folder, 40);
  const char *path = path_join(cx->arena, county, "anju.db");
  tamper(cx, county, "pragma wal_checkpoint(truncate)");
  Str bytes, digests;
  CHECK_OK(file_read(cx, path, 1 << 26, &bytes));
  Journal *journal = county_open(cx, county, JOURNAL_READ);
  digests = digests_text(cx, journal);
  journal_close(journal);
  uint32_t random = 12345;
  int refused = 0, found = 0, harmless = 0;
  for (int i = 0; i < 60; i++) {
    random = random * 1664525u + 1013904223u;
    size_t bit = (size_t)random % (bytes.size * 8);
    Str copy = str_copy(cx->arena, bytes);
    ((char *)(uintptr_t)copy.data)[bit / 8] ^= (char)(1 << bit % 8);
    CHECK_OK(file_write(cx, path, copy, FILE_ADVISORY));
    CLEANUP(journal_closep) Journal *changed = NULL;
    Finding *findings;
    size_t count;
    if (journal_open(cx, county, JOURNAL_READ, 0, TEST_MODULES, 1, &changed) != OK ||
        journal_verify(cx, changed, &findings, &count) != OK) {
      refused++;
    } else if (count > 0) {
      found++;
    } else { /* unused space, or something no hash is meant to cover (received_at, statistics of the file) */
      harmless++;
      CHECK_STR(digests_text(cx, changed), digests);
    }
  }
  CHECK_INT(refused + found + harmless, 60);
  CHECK(found > 0);
  test_folder_remove(cx, folder);
}

/* ---- killed processes ---- */
static void sleep_us(long us) { nanosleep(&(struct timespec){us / 1000000, us % 1000000 * 1000}, NULL); }

typedef struct Acknowledged {
  int64_t seq;
  char id[UUID_SIZE];
} Acknowledged;

/* Appends until it is killed: alone, in batches, with files; says what is committed. */
static _Noreturn void append_for_ever(const char *county, int pipe_end, int round) {
  Arena *arena = arena_new();
  Context cx = {arena, {OK, STR_EMPTY}};
  Journal *journal;
  if (journal_open(&cx, county, JOURNAL_WRITE, 2000, TEST_MODULES, 1, &journal) != OK) _exit(2);
  for (int i = 0;; i++) {
    Acknowledged done[4];
    int count = i % 3 == 0 ? 4 : 1;
    if (count > 1 && journal_begin(&cx, journal) != OK) _exit(3);
    for (int k = 0; k < count; k++) {
      Receipt receipt;
      Digest digest;
      Entry draft = thing_added(&cx, round * 10000 + i * 4 + k);
      if (store_put(&cx, journal_store(journal), draft.body->first->text, &digest) != OK) _exit(4);
      json_set_text(arena, draft.body, "own_file", digest_hex(arena, &digest));
      if (journal_append(&cx, journal, &draft, &receipt) != OK) _exit(5);
      done[k].seq = receipt.seq;
      memcpy(done[k].id, receipt.id.data, UUID_SIZE);
    }
    if (count > 1 && journal_commit(&cx, journal) != OK) _exit(6);
    for (int k = 0; k < count; k++)
      if (write(pipe_end, &done[k], sizeof done[k]) != sizeof done[k]) _exit(7);
  }
}

static int64_t check_acknowledged(Context *cx, const char *county, int pipe_end) {
  CLEANUP(journal_closep) Journal *journal = county_open(cx, county, JOURNAL_WRITE);
  Acknowledged done;
  int64_t count = 0, wrong = 0;
  while (journal && read(pipe_end, &done, sizeof done) == sizeof done) {
    Entry entry;
    count++;
    if (journal_get(cx, journal, (Str){done.id, UUID_SIZE}, &entry) != OK || entry.seq != done.seq) wrong++;
  }
  CHECK_INT(wrong, 0);
  return count;
}

TEST_COUNTY(a_writer_killed_at_any_moment_loses_nothing_it_acknowledged) {
  const char *folder = test_folder(cx), *county = county_make(cx, folder);
  int64_t acknowledged = 0;
  uint32_t random = 1;
  for (int round = 0; round < 60 || (acknowledged <= 60 && round < 600); round++) { /* more on a busy machine */
    int ends[2];
    CHECK_INT(pipe(ends), 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
      close(ends[0]);
      append_for_ever(county, ends[1], round);
    }
    close(ends[1]);
    random = random * 1664525u + 1013904223u;
    if (round % 2) /* while writing, however slow the machine; else also while opening */
      CHECK_INT(poll(&(struct pollfd){.fd = ends[0], .events = POLLIN}, 1, 60000), 1);
    sleep_us((long)(random >> 8) % 25000);
    int how = 0;
    kill(child, SIGKILL);
    waitpid(child, &how, 0);
    CHECK(WIFSIGNALED(how));
    acknowledged += check_acknowledged(cx, county, ends[0]);
    close(ends[0]);
    if (round % 15 == 14) CHECK_STR(verify_text(cx, county), STR_EMPTY);
  }
  CHECK(acknowledged >= 30);
  Journal *journal = county_open(cx, county, JOURNAL_WRITE);
  int64_t size;
  Digest root;
  CHECK_OK(journal_head(cx, journal, &size, &root));
  CHECK(size > acknowledged && thing_count(cx, journal) == size - 1);
  journal_close(journal);
  printf("# %lld acknowledged, %lld stored\n", (long long)acknowledged, (long long)size - 1);
  test_folder_remove(cx, folder);
}

TEST_COUNTY(a_reader_verifies_while_another_process_writes) {
  const char *folder = test_folder(cx), *county = county_make(cx, folder);
  int nowhere[2];
  CHECK_INT(pipe(nowhere), 0);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) append_for_ever(county, nowhere[1], 1);
  Acknowledged first;
  CHECK_INT(read(nowhere[0], &first, sizeof first), sizeof first);
  for (int i = 0; i < 25; i++) CHECK_STR(verify_text(cx, county), STR_EMPTY);
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  close(nowhere[0]);
  close(nowhere[1]);
  CHECK_STR(verify_text(cx, county), STR_EMPTY);
  test_folder_remove(cx, folder);
}

TEST_COUNTY(an_init_killed_at_any_moment_leaves_no_county_or_a_whole_one) {
  const char *folder = test_folder(cx), *plan = path_join(cx->arena, folder, "plan"), *made = county_make(cx, folder);
  int whole = 0, none = 0;
  CHECK(made != NULL);
  for (int round = 0; round < 40; round++) {
    const char *county = path_join(cx->arena, folder, str_format(cx->arena, "c%d", round).data);
    const char *database = test_database ? test_schema(cx) : NULL;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) _exit(journal_init_on(cx, county, plan, database, TEST_MODULES, 1) == OK ? 0 : 1);
    sleep_us(round * (database ? 4000L : 800L));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    Journal *journal = NULL;
    Status status = journal_open(cx, county, round % 2 ? JOURNAL_READ : JOURNAL_WRITE, 0, TEST_MODULES, 1, &journal);
    if (status != NOT_FOUND) CHECK_OK(status);
    journal_close(journal);
    if (status == OK) {
      whole++;
      CHECK_FAILS(EXISTS, journal_init_on(cx, county, plan, database, TEST_MODULES, 1));
    } else {
      none++;
      CHECK_OK(journal_init_on(cx, county, plan, database, TEST_MODULES, 1));
    }
    CHECK_STR(verify_text(cx, county), STR_EMPTY);
  }
  printf("# %d whole, %d completed\n", whole, none);
  test_folder_remove(cx, folder);
}

TEST(init_writes_over_nothing_that_is_not_its_own) {
  const char *folder = test_folder(cx), *plan = path_join(cx->arena, folder, "plan");
  county_make(cx, folder);
  CHECK_OK(folder_make(cx, path_join(cx->arena, folder, "store")));
  CHECK_FAILS(EXISTS, journal_init(cx, folder, plan, TEST_MODULES, 1));
  CHECK(!file_exists(path_join(cx->arena, folder, "lock")));
  CHECK_INT(symlink("x", path_join(cx->arena, plan, "link")), 0);
  CHECK_FAILS(BAD_FILE, journal_init(cx, path_join(cx->arena, folder, "b"), plan, TEST_MODULES, 1));
  CHECK(!file_exists(path_join(cx->arena, folder, "b")));
  Journal *journal;
  CHECK_FAILS(NOT_FOUND, journal_open(cx, plan, JOURNAL_WRITE, 0, TEST_MODULES, 1, &journal));
  CHECK(!file_exists(path_join(cx->arena, plan, "lock")));
  test_folder_remove(cx, folder);
}

/* ---- the lock ---- */
TEST_COUNTY(a_second_writer_is_told_who_holds_the_county_or_waits) {
  const char *folder = test_folder(cx), *county = county_make(cx, folder);
  Journal *journal, *second;
  int ends[2];
  char byte;
  CHECK_INT(pipe(ends), 0);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) { /* holds it for 0.3 s and is then killed */
    if (journal_open(cx, county, JOURNAL_WRITE, 0, TEST_MODULES, 1, &journal) != OK) _exit(1);
    if (write(ends[1], "x", 1) != 1) _exit(1);
    sleep_us(300000);
    kill(getpid(), SIGKILL);
  }
  CHECK_INT(read(ends[0], &byte, 1), 1);
  CHECK_FAILS(BUSY, journal_open(cx, county, JOURNAL_WRITE, 0, TEST_MODULES, 1, &second));
  CHECK(str_find(cx->error.sentence, str_format(cx->arena, "进程 %d ", (int)child)) >= 0);
  CHECK(str_find(cx->error.sentence, STR("unit_tests")) >= 0);
  CHECK_FAILS(BUSY, journal_init(cx, county, path_join(cx->arena, folder, "plan"), TEST_MODULES, 1));
  journal = county_open(cx, county, JOURNAL_READ); /* readers need no lock */
  journal_close(journal);
  CHECK_OK(journal_open(cx, county, JOURNAL_WRITE, 20000, TEST_MODULES, 1, &journal));
  CHECK_FAILS(BUSY, journal_open(cx, county, JOURNAL_WRITE, 50, TEST_MODULES, 1, &second));
  journal_close(journal);
  CHECK_OK(journal_open(cx, county, JOURNAL_WRITE, 0, TEST_MODULES, 1, &journal));
  journal_close(journal);
  waitpid(child, NULL, 0);
  close(ends[0]);
  close(ends[1]);
  test_folder_remove(cx, folder);
}

/* ---- a full disk ---- */
TEST(a_full_disk_is_said_and_nothing_is_lost) {
  const char *folder = test_folder(cx), *county = county_with_things(cx, folder, 20);
  struct rlimit old, small;
  void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
  CHECK_INT(getrlimit(RLIMIT_FSIZE, &old), 0);
  for (int round = 0; round < 12; round++) {
    Journal *journal = county_open(cx, county, JOURNAL_WRITE);
    int64_t before, after;
    Digest root;
    CHECK_OK(journal_head(cx, journal, &before, &root));
    small = old;
    small.rlim_cur = 4096 * 10 + (rlim_t)round * 7001;
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &small), 0);
    Status status = OK;
    int done = 0;
    while (status == OK && done < 200) {
      Receipt receipt;
      Entry draft = thing_added(cx, 1000 * (round + 1) + done);
      status = journal_append(cx, journal, &draft, &receipt);
      done += status == OK;
    }
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &old), 0);
    CHECK_FAILS(NO_SPACE, status);
    if (status != NO_SPACE) printf("# " STR_FMT "\n", STR_ARG(cx->error.sentence));
    CHECK_OK(journal_head(cx, journal, &after, &root));
    CHECK_INT(after, before + done);
    append(cx, journal, thing_added(cx, 1000 * (round + 1) + 999)); /* space is back */
    journal_close(journal);
    CHECK_STR(verify_text(cx, county), STR_EMPTY);
  }
  signal(SIGXFSZ, handler);
  test_folder_remove(cx, folder);
}

TEST_COUNTY(a_database_that_a_newer_or_older_program_wrote_is_not_read_as_ours) {
  static const char *const more[] = {"select 1", "select 1", "create table newer(x bigint primary key)"};
  JournalModule newer = TEST_MODULE;
  newer.migrations = more;
  newer.migration_count = 3;
  const JournalModule *const modules[] = {&newer};
  const char *folder = test_folder(cx), *county = county_make(cx, folder);
  Journal *journal;
  CHECK_FAILS(FAILED, journal_open(cx, county, JOURNAL_READ, 0, modules, 1, &journal));
  CHECK_OK(journal_open(cx, county, JOURNAL_WRITE, 0, modules, 1, &journal));
  journal_close(journal);
  CHECK_OK(journal_open(cx, county, JOURNAL_READ, 0, modules, 1, &journal));
  journal_close(journal);
  CHECK_FAILS(FAILED, journal_open(cx, county, JOURNAL_WRITE, 0, TEST_MODULES, 1, &journal));
  CHECK_FAILS(FAILED, journal_open(cx, county, JOURNAL_READ, 0, TEST_MODULES, 1, &journal));
  test_folder_remove(cx, folder);
}

/* ---- the database elsewhere ---- */
static Status open_with(Context *cx, const char *county, const char *settings) {
  Journal *journal = NULL;
  CHECK_OK(file_write(cx, path_join(cx->arena, county, "anju.toml"), str_from(settings), FILE_ADVISORY));
  Status status = journal_open(cx, county, JOURNAL_READ, 0, TEST_MODULES, 1, &journal);
  journal_close(journal);
  return status;
}

TEST(settings_that_are_not_understood_are_refused_with_their_line) {
  static const char *const BAD[] = {"database = \"postgresql://a@h/d\"\n",
                                    "# x\n\ndb = postgresql://a@h/d\n",
                                    "",
                                    "db = \"\"",
                                    "db = \"mysql://a@h/d\"",
                                    "db = \"postgresql://a@h/d\" x",
                                    "db = \"postgresql://a@h/d",
                                    "db = \"postgresql://a@h/d\"\ndb = \"postgresql://a@h/d\"\n"};
  const char *folder = test_folder(cx), *county = county_make(cx, folder);
  for (size_t i = 0; i < COUNT_OF(BAD); i++) {
    CHECK_FAILS(BAD_FILE, open_with(cx, county, BAD[i]));
    CHECK(str_find(cx->error.sentence, STR("anju.toml")) >= 0);
  }
  CHECK_FAILS(INPUT_OUTPUT, open_with(cx, county, "  db=\"postgresql://anju:hemlig@127.0.0.1:1/d\" # here"));
  CHECK(str_find(cx->error.sentence, STR("hemlig")) < 0);
  CHECK_FAILS(BAD_USAGE, journal_init_on(cx, path_join(cx->arena, folder, "b"), path_join(cx->arena, folder, "plan"),
                                         "postgresql://a@h/d\"x", TEST_MODULES, 1));
  CHECK(!file_exists(path_join(cx->arena, folder, "b")));
  test_folder_remove(cx, folder);
}

TEST(a_county_whose_server_is_not_there_is_not_begun) {
  const char *folder = test_folder(cx), *plan = path_join(cx->arena, folder, "plan");
  const char *county = path_join(cx->arena, folder, "b");
  county_make(cx, folder);
  CHECK_FAILS(INPUT_OUTPUT, journal_init_on(cx, county, plan, "postgresql://a@127.0.0.1:1/d", TEST_MODULES, 1));
  CHECK(!file_exists(path_join(cx->arena, county, "anju.toml")));
  CHECK_OK(journal_init(cx, county, plan, TEST_MODULES, 1)); /* elsewhere, then */
  CHECK_FAILS(EXISTS, journal_init_on(cx, county, plan, "postgresql://a@127.0.0.1:1/d", TEST_MODULES, 1));
  test_folder_remove(cx, folder);
}

static Str digests_of(Context *cx, const char *county) {
  CLEANUP(journal_closep) Journal *journal = county_open(cx, county, JOURNAL_READ);
  int64_t size = 0;
  Digest root = {0};
  CHECK_OK(journal_head(cx, journal, &size, &root));
  return str_format(cx->arena, "%lld " STR_FMT "\n" STR_FMT, (long long)size, STR_ARG(digest_hex(cx->arena, &root)),
                    STR_ARG(digests_text(cx, journal)));
}

/* From SQLite to PostgreSQL and back: nothing differs, and each goes on by itself. */
TEST(a_copy_is_the_same_county_on_either_database) {
  const char *there = test_schema(cx);
  if (!there) return;
  const char *folder = test_folder(cx), *county = county_make(cx, folder);
  const char *second = path_join(cx->arena, folder, "second"), *third = path_join(cx->arena, folder, "third");
  Journal *journal = county_open(cx, county, JOURNAL_WRITE);
  Digest file;
  Receipt receipt, again;
  for (int i = 0; i < 20; i++) append(cx, journal, thing_added(cx, i));
  CHECK_OK(store_put(cx, journal_store(journal), STR("bytes"), &file));
  Entry with_file = thing_added(cx, 50), other = thing_added(cx, 51);
  json_set_text(cx->arena, with_file.body, "own_file", digest_hex(cx->arena, &file));
  other.id = append(cx, journal, with_file).id;
  CHECK_FAILS(CONFLICT, journal_append(cx, journal, &other, &again));
  journal_close(journal);
  Str digests = digests_of(cx, county);
  CHECK_OK(journal_copy(cx, county, second, there, TEST_MODULES, 1));
  CHECK_STR(digests_of(cx, second), digests);
  CHECK_STR(verify_text(cx, second), STR_EMPTY);
  CHECK_OK(journal_copy(cx, second, third, NULL, TEST_MODULES, 1));
  CHECK_STR(digests_of(cx, third), digests);
  CHECK_STR(verify_text(cx, third), STR_EMPTY);
  CHECK_FAILS(EXISTS, journal_copy(cx, county, second, there, TEST_MODULES, 1));
  CHECK_FAILS(EXISTS, journal_copy(cx, county, path_join(cx->arena, folder, "fourth"), there, TEST_MODULES, 1));
  CHECK(!file_exists(path_join(cx->arena, folder, "fourth/anju.toml")));
  Entry next = thing_added(cx, 60);
  next.id = STR("01900000-0000-7000-8000-000000000060");
  next.salt = STR("0123456789abcdef0123456789abcdef");
  next.made_at = 7;
  Str ends[3];
  const char *const COUNTIES[] = {county, second, third};
  for (int i = 0; i < 3; i++) {
    journal = county_open(cx, COUNTIES[i], JOURNAL_WRITE);
    receipt = append(cx, journal, next);
    CHECK_INT(receipt.seq, 23);
    int64_t kept;
    CHECK_OK(db_int_of(cx, journal_db(journal), &kept, 0, &JOURNAL_CONFLICT_COUNT, DB_T(other.id)));
    CHECK_INT(kept, 1);
    journal_close(journal);
    ends[i] = digests_of(cx, COUNTIES[i]);
  }
  CHECK_STR(ends[1], ends[0]);
  CHECK_STR(ends[2], ends[0]);
  tamper(cx, second, "update entry set author = 'other' where seq = 5");
  CHECK_FAILS(TAMPERED, journal_copy(cx, second, path_join(cx->arena, folder, "fifth"), NULL, TEST_MODULES, 1));
  test_folder_remove(cx, folder);
}

/* Two folders with one database, as two machines may have them. */
TEST(the_database_itself_lets_only_one_writer_in) {
  const char *there = test_schema(cx);
  if (!there) return;
  const char *folder = test_folder(cx), *plan = path_join(cx->arena, folder, "plan"), *county, *other;
  county_make(cx, folder);
  county = path_join(cx->arena, folder, "a");
  other = path_join(cx->arena, folder, "b");
  CHECK_OK(journal_init_on(cx, county, plan, there, TEST_MODULES, 1));
  CHECK_OK(folder_make(cx, other));
  Str settings;
  CHECK_OK(file_read(cx, path_join(cx->arena, county, "anju.toml"), 1000, &settings));
  CHECK_OK(file_write(cx, path_join(cx->arena, other, "anju.toml"), settings, FILE_ADVISORY));
  CHECK_OK(keys_create(cx, path_join(cx->arena, other, "keys")));
  Journal *journal = county_open(cx, county, JOURNAL_WRITE), *second = NULL;
  CHECK_FAILS(BUSY, journal_open(cx, other, JOURNAL_WRITE, 0, TEST_MODULES, 1, &second));
  journal_close(journal);
  CHECK_OK(journal_open(cx, other, JOURNAL_WRITE, 0, TEST_MODULES, 1, &second));
  journal_close(second);
  test_folder_remove(cx, folder);
}
