/* journal: the only way in. Owns: the county directory's lock, table `entry`, the Merkle log,
 * applying entries to derived tables, rebuild, digest, verify. May include: base, crypto, store, db.
 *
 * County directory: anju.db, store/, keys/, campaign/ (frozen copy), lock, anju.sock.
 * Entry: seq (this node's order), id (client-made UUIDv7), kind, household, division, author, device,
 * made_at, received_at, body (canonical JSON), salt, leaf = H(0x00 || header || H(salt || body)).
 *
 * Leaf. H is SHA-256. The header is the canonical JSON object of author, device, division, household, id, kind, made_at
 * and supersedes: all eight always there, "" where empty. It holds no personal data. It does not hold seq and
 * received_at: they are what this node says about the receipt, and an entry must have the same leaf at every node and
 * however often it arrives. The tree (RFC 6962 shape, entry.leaf being the hash of leaf seq - 1) binds the order, hence
 * seq; received_at alone is not covered by any hash.
 *
 * Stored files. A body names a file of the store under a key that ends in `_file` (a string of 64 lower-case hex
 * digits) or `_files` (an array of such strings), at any depth. Such keys may hold nothing else, and the file must be
 * in the store before the entry is appended. Verify re-hashes these files. A list's decoded rows are `rows_file`.
 *
 * DIR/head ({"root":...,"size":...}) is written after each commit. It is advisory: verify says if the log is shorter
 * than it. */
#pragma once
#include "base/base.h"
#include "crypto/crypto.h"
#include "db/db.h"
#include "store/store.h"

typedef struct Journal Journal;

typedef struct Entry {
  int64_t seq; /* 0 in a draft */
  Str id, kind, household, division, author, device, supersedes;
  int64_t made_at, received_at;
  Json *body;    /* parsed */
  Str body_text; /* canonical bytes; in a draft: used if `body` is NULL, and must be canonical */
  Str salt;      /* 32 bytes; in a draft normally empty: made here */
  Digest leaf;   /* not used in a draft */
} Entry;

/* What a module contributes. Its derived tables are created by its migrations, and emptied and re-derived by rebuild.
 * Apply gets an entry with body parsed from the stored bytes, and derives from it and from earlier entries alone: no
 * clock, no randomness, no floating point, no auto-increment, nothing from later entries (at rebuild they are already
 * in `entry`), no received_at. Its cx->arena lasts until the next entry. It must not append, begin, commit or roll
 * back. */
typedef Status ApplyFunction(Context *cx, Journal *journal, const Entry *entry);
typedef struct JournalKind {
  const char *kind;
  ApplyFunction *apply; /* NULL: the entry is only kept */
} JournalKind;
typedef struct JournalTable {
  const char *name;
  const char *order_by; /* primary key columns, comma separated */
  /* Comma separated, in digest order; a sealed column is written "sealed:column:aad-prefix" and enters the digest
   * unsealed. Its aad is journal_aad(arena, prefix, key). No floating point. */
  const char *columns;
} JournalTable;
/* prefix || "|" || key. The key of a row with several primary-key columns is their texts joined by "|", integers in
 * decimal: journal_aad(arena, "person.id_number", STR("r3|7")) gives "person.id_number|r3|7". */
Str journal_aad(Arena *arena, const char *prefix, Str key);
typedef struct JournalModule {
  const char *name;
  const char *const *migrations;
  size_t migration_count;     /* numbered from 1, forward only */
  const JournalTable *tables; /* parents before children (foreign keys): rebuild empties them from the last */
  size_t table_count;
  const JournalKind *kinds; /* several modules may have the same kind: applied in the order of the modules */
  size_t kind_count;
  const DbStatement *const *statements; /* X_STATEMENTS of x_sql.h, for journal_check_statements */
  size_t statement_count;
} JournalModule;

typedef enum JournalMode { JOURNAL_READ, JOURNAL_WRITE } JournalMode;

/* Makes DIR with keys, store, database and a copy of the campaign folder; EXISTS if DIR holds a county; an interrupted
 * init is completed. Keeps the campaign's files (regular files, no links) and appends entry 1, `county_created`, with
 * the campaign's name, its files' hashes and the hash over them. Until that entry is there, journal_open says
 * NOT_FOUND. */
MUST_CHECK Status journal_init(Context *cx, const char *folder, const char *campaign_folder,
                               const JournalModule *const *modules, size_t module_count);
/* The modules must outlive the journal. WRITE takes flock(DIR/lock), waiting up to wait_ms, else BUSY naming the
 * holder. READ takes no lock and sees the last commit. Opening for writing completes what a killed process left
 * (migrations, stray temporary files). */
MUST_CHECK Status journal_open(Context *cx, const char *folder, JournalMode mode, int wait_ms,
                               const JournalModule *const *modules, size_t module_count, Journal **ret_journal);
void journal_close(Journal *journal);
void journal_closep(Journal **journal);
Db *journal_db(Journal *journal);
/* A second connection that only reads and sees the last commit: for another thread. Close it with db_close. */
MUST_CHECK Status journal_open_reader(Context *cx, Journal *journal, Db **ret_db);
Store *journal_store(Journal *journal);
const Keys *journal_keys(Journal *journal);
const char *journal_folder(Journal *journal);
bool journal_in_transaction(Journal *journal);
/* Prepares every named statement of every module: for tests. */
MUST_CHECK Status journal_check_statements(Context *cx, Journal *journal);

typedef struct Receipt {
  int64_t seq;
  Str id;
  Digest leaf;
  bool repeated; /* same id and hash had been there */
} Receipt;
/* Appends and applies in one transaction (or inside the caller's, if one is open through journal_begin).
 * draft: kind, author, body needed; id, made_at are filled in if empty/0. Same id and same content: OK with
 * repeated (also if the repetition brings no salt). Same id, other content: CONFLICT, and the second is kept in
 * `id_conflict`, even if the caller rolls back. An entry that fails inside journal_begin undoes itself alone; the
 * caller may go on and commit the others. A kind that no module has is refused (BAD_VALUE). */
MUST_CHECK Status journal_append(Context *cx, Journal *journal, const Entry *draft, Receipt *ret_receipt);
MUST_CHECK Status journal_begin(Context *cx, Journal *journal); /* several entries, one commit */
MUST_CHECK Status journal_commit(Context *cx, Journal *journal);
void journal_rollback(Journal *journal);
MUST_CHECK Status journal_get(Context *cx, Journal *journal, Str id_or_seq,
                              Entry *ret_entry); /* full id, unique prefix (>= 8) or seq */
MUST_CHECK Status journal_each(Context *cx, Journal *journal, Str kind /* "" all */,
                               Status (*each)(Context *cx, void *user, const Entry *entry), void *user);
/* The entries after `seq`, at most `most` of them, without bodies. */
MUST_CHECK Status journal_since(Context *cx, Journal *journal, int64_t seq, int64_t most, Entry **ret_entries,
                                size_t *ret_count);
MUST_CHECK Status journal_last_of_kind(Context *cx, Journal *journal, Str kind, int64_t *ret_seq); /* 0: none */
MUST_CHECK Status journal_head(Context *cx, Journal *journal, int64_t *ret_size, Digest *ret_root);

MUST_CHECK Status journal_rebuild(
    Context *cx, Journal *journal); /* empties derived tables and applies every entry again, one transaction */
/* One digest per derived table, in the order of modules and tables: SHA-256 over the table's name and columns, then
 * each row in primary-key order, each value as a tag byte and, but for N: N (null), I and 8 bytes big endian, T or B
 * and the length in 8 bytes big endian and the bytes. TAMPERED if a sealed value does not open. */
typedef struct TableDigest {
  Str table;
  int64_t rows;
  Digest digest;
} TableDigest;
MUST_CHECK Status journal_digest(Context *cx, Journal *journal, TableDigest **ret_digests, size_t *ret_count);
/* A problem found names an entry, a stored file, or a table. */
typedef struct Finding {
  Str what; /* entry | file | table | tree */
  Str which;
  Str sentence;
} Finding;
/* Recomputes every leaf and the tree, re-hashes every stored file that an entry names, re-derives into a scratch
 * database and compares digests. Also SQLite's own check, DIR/campaign against entry 1, and DIR/head. Not inside a
 * transaction; a reader may do it beside a writer. received_at and id_conflict are covered by no hash. */
MUST_CHECK Status journal_verify(Context *cx, Journal *journal, Finding **ret_findings, size_t *ret_count);
