/* What the files of journal share; nobody else includes it. */
#pragma once
#include "base/file.h"
#include "journal/journal.h"
#include "journal/journal_sql.h"

enum { SALT_SIZE = 32, UUID_SIZE = 36, BODY_LIMIT = 8 * 1024 * 1024, LEVELS = 62 };

/* An entry of the same id with other content, seen in the caller's transaction; kept if that is rolled back. */
typedef struct Kept {
  struct Kept *next;
  Str id, header, body;
  Digest leaf;
  int64_t received_at;
} Kept;

struct Journal {
  Arena *arena; /* what lives as long as the journal */
  Arena *step;  /* reset for each entry applied */
  const char *folder;
  const char *target; /* of db_open */
  JournalMode mode;
  int lock; /* file descriptor of DIR/lock, -1 if none */
  int head; /* of DIR/head, kept open by a writer, -1 if none */
  Db *db;
  Store *store;
  Keys keys;
  const JournalModule **modules; /* the journal's own first */
  size_t module_count;
  bool in_transaction, applying;
  bool head_disputed; /* DIR/head says more than the log has: it is evidence, not to be overwritten */
  Kept *kept;
};

extern const JournalModule JOURNAL_MODULE;

/* entry.c */
bool uuid_valid(Str id);
Digest entry_leaf(Arena *arena, const Entry *entry); /* from header, salt and body_text */
Str entry_header(Arena *arena, const Entry *entry);
/* Copies the current row of one of the statements that select whole entries; body stays NULL. */
void entry_read(Arena *arena, DbQuery *query, Entry *ret_entry);
Status entry_parse_body(Context *cx, Entry *entry); /* body from body_text */
/* Fills in id, made_at and body_text, and refuses what is not allowed. */
Status entry_check_draft(Context *cx, const Entry *draft, int64_t now, Entry *ret_entry);
/* Calls back for each digest that the body names under a key ending in _file or _files. */
typedef Status FileFunction(Context *cx, void *user, Str key, const Json *value);
Status entry_files(Context *cx, const Json *body, FileFunction *each, void *user);

/* append.c */
Status entry_insert(Context *cx, Db *db, const Entry *entry);
bool kind_known(const Journal *journal, Str kind);
Status journal_apply(Context *cx, Journal *journal, const Entry *entry); /* every module that has its kind */

/* tree.c */
Status tree_append(Context *cx, Db *db, int64_t seq, const Digest *leaf);
Status tree_root(Context *cx, Db *db, int64_t size, Digest *ret_root); /* of the first `size` leaves */
/* The nodes that adding leaf number `seq` completes, from level 1 upward; `left(level)` holds the last complete node.
 */
typedef struct TreeStack {
  Digest complete[LEVELS + 1];
  int64_t size;
} TreeStack;
Digest tree_node(const Digest *left, const Digest *right);
Digest tree_stack_root(const TreeStack *stack);

/* journal.c */
Status lock_take(Context *cx, const char *folder, int wait_ms, int *ret_lock);
Status journal_make(Context *cx, const char *folder, JournalMode mode, int lock, int wait_ms,
                    const JournalModule *const *modules, size_t module_count,
                    Journal **ret_journal); /* takes over the lock also on failure */
Status journal_migrate(Context *cx, Journal *journal, Db *db);
void head_write(Journal *journal); /* advisory: what was committed stays committed if this fails */
Status head_read(Context *cx, const char *folder, int64_t *ret_size, Digest *ret_root); /* NOT_FOUND, BAD_FILE */

/* settings.c: DIR/anju.toml */
/* What db_open gets: the address in DIR/anju.toml, or DIR/anju.db. NOT_FOUND if there is neither and not `create`. */
Status settings_target(Context *cx, const char *folder, bool create, const char **ret_target);
/* *ret_written: it was not there before. EXISTS if the folder's county is elsewhere. */
Status settings_write(Context *cx, const char *folder, const char *database, bool *ret_written);
void settings_remove(Arena *arena, const char *folder);
Status settings_check(Context *cx, const char *database); /* whether the address can be written there */
Str database_name(const Journal *journal);                /* for findings: "anju.db", "postgresql" */

/* init.c */
Status copy_campaign(Context *cx, const char *folder, const char *campaign_folder);
Status check_foreign(Context *cx, const char *folder); /* EXISTS if what we would write over is somebody else's */
Status campaign_body(Context *cx, const char *folder, Str name, Json **ret_body); /* body of county_created */

/* rebuild.c */
Status table_digest(Context *cx, Journal *journal, Db *db, const JournalTable *table, TableDigest *ret_digest);
