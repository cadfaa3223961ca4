/* journal: the only way in. Owns: the county directory's lock, table `entry`, the Merkle log,
 * applying entries to derived tables, rebuild, digest, verify. May include: base, crypto, store, db.
 *
 * County directory: anju.db, store/, keys/, campaign/ (frozen copy), lock, anju.sock.
 * Entry: seq (this node's order), id (client-made UUIDv7), kind, household, division, author, device,
 * made_at, received_at, body (canonical JSON), salt, leaf = H(0x00 || header || H(salt || body)).
 * The header is canonical JSON without personal data. Tree: RFC 6962 shape. */
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
  Str body_text; /* canonical bytes */
} Entry;

/* What a module contributes. Derived tables are created by `schema` and emptied and re-derived by rebuild. */
typedef Status ApplyFunction(Context *cx, Journal *journal, const Entry *entry);
typedef struct JournalKind {
  const char *kind;
  ApplyFunction *apply;
} JournalKind;
typedef struct JournalTable {
  const char *name;
  const char *order_by; /* primary key columns */
  const char *columns;  /* comma separated, in digest order; a sealed column is written "sealed:column:aad-prefix" */
} JournalTable;
typedef struct JournalModule {
  const char *name;
  const char *const *migrations;
  size_t migration_count; /* numbered from 1, forward only */
  const JournalTable *tables;
  size_t table_count;
  const JournalKind *kinds;
  size_t kind_count;
} JournalModule;

typedef enum JournalMode { JOURNAL_READ, JOURNAL_WRITE } JournalMode;

/* Makes DIR with keys, store, database and a copy of the campaign folder; EXISTS if DIR holds a county; an interrupted
 * init is completed. */
MUST_CHECK Status journal_init(Context *cx, const char *folder, const char *campaign_folder,
                               const JournalModule *const *modules, size_t module_count);
/* WRITE takes flock(DIR/lock), waiting up to wait_ms, else BUSY naming the holder. READ takes no lock and sees the last
 * commit. Opening for writing completes what a killed process left (migrations, stray temporary files). */
MUST_CHECK Status journal_open(Context *cx, const char *folder, JournalMode mode, int wait_ms,
                               const JournalModule *const *modules, size_t module_count, Journal **ret_journal);
void journal_close(Journal *journal);
void journal_closep(Journal **journal);
Db *journal_db(Journal *journal);
Store *journal_store(Journal *journal);
const Keys *journal_keys(Journal *journal);
const char *journal_folder(Journal *journal);

typedef struct Receipt {
  int64_t seq;
  Str id;
  Digest leaf;
  bool repeated; /* same id and hash had been there */
} Receipt;
/* Appends and applies in one transaction (or inside the caller's, if one is open through journal_begin).
 * draft: kind, author, body needed; id, made_at are filled in if empty/0. Same id and same content: OK with
 * repeated. Same id, other content: CONFLICT, and the second is kept in `id_conflict`. */
MUST_CHECK Status journal_append(Context *cx, Journal *journal, const Entry *draft, Receipt *ret_receipt);
MUST_CHECK Status journal_begin(Context *cx, Journal *journal); /* several entries, one commit */
MUST_CHECK Status journal_commit(Context *cx, Journal *journal);
void journal_rollback(Journal *journal);
MUST_CHECK Status journal_get(Context *cx, Journal *journal, Str id_or_seq,
                              Entry *ret_entry); /* full id, unique prefix (>= 8) or seq */
MUST_CHECK Status journal_each(Context *cx, Journal *journal, Str kind /* "" all */,
                               Status (*each)(Context *cx, void *user, const Entry *entry), void *user);
MUST_CHECK Status journal_head(Context *cx, Journal *journal, int64_t *ret_size, Digest *ret_root);

MUST_CHECK Status journal_rebuild(
    Context *cx, Journal *journal); /* empties derived tables and applies every entry again, one transaction */
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
 * database and compares digests. */
MUST_CHECK Status journal_verify(Context *cx, Journal *journal, Finding **ret_findings, size_t *ret_count);
