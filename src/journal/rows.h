/* Deriving again, and the rows of derived tables as bytes: for rebuild, digest and verify. */
#pragma once
#include "journal/internal.h"

/* Applies every entry of `from` to `into`, in order; `insert` also copies the entries (into a scratch database). On
 * failure ret_at says seq and id. */
Status journal_derive(Context *cx, Db *from, Journal *into, bool insert, Entry *ret_at);

/* key: primary key joined by "|"; row: the row's part of the table's digest. Both are valid during the call. */
typedef Status RowFunction(Context *cx, void *user, Str key, Str row);
Status table_rows(Context *cx, Journal *journal, Db *db, const JournalTable *table, RowFunction *each, void *user);
