#include "roster/roster_internal.h"
#include "roster/roster_sql.h"

static const char *const MIGRATIONS[] = {
    "CREATE TABLE list_file (id text PRIMARY KEY, list text NOT NULL, sender text NOT NULL, file_name text NOT NULL, "
    "format text NOT NULL,"
    " raw_file text NOT NULL, rows_file text NOT NULL, signature text NOT NULL, row_count bigint NOT NULL, flag_count "
    "bigint NOT NULL,"
    " seq bigint NOT NULL, reason text NOT NULL, patch_files text NOT NULL, mapping text NOT NULL, replaced_by text "
    "NOT NULL);"
    "CREATE TABLE list_row (key text NOT NULL UNIQUE, list text NOT NULL, file text NOT NULL, position bigint NOT "
    "NULL, "
    "sheet text NOT NULL,"
    " number bigint NOT NULL, origin text NOT NULL, content bytea NOT NULL, PRIMARY KEY (file, position)) WITHOUT "
    "ROWID;"
    "CREATE TABLE list_mapping (sender text NOT NULL, signature text NOT NULL, mapping text NOT NULL, seq bigint NOT "
    "NULL,"
    " PRIMARY KEY (sender, signature));"
    "CREATE TABLE compare_run (seq bigint PRIMARY KEY, id text NOT NULL, result_file text NOT NULL, inputs text NOT "
    "NULL, engine text NOT NULL);"
    "CREATE TABLE row_link (key text PRIMARY KEY, list text NOT NULL, person text NOT NULL, household text NOT NULL, "
    "state bigint NOT "
    "NULL, bits bigint NOT NULL,"
    " partner text NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE household (household text PRIMARY KEY, town text NOT NULL, village text NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE difference (id text PRIMARY KEY, class text NOT NULL, left_list text NOT NULL, right_list text NOT "
    "NULL, unit text NOT NULL,"
    " town text NOT NULL, subject text NOT NULL, field text NOT NULL, list text NOT NULL, row_key text NOT NULL, "
    "other_list text NOT NULL,"
    " other_key text NOT NULL, household text NOT NULL, person text NOT NULL, owner text NOT NULL, position bigint NOT "
    "NULL, content bytea NOT NULL);"
    "CREATE INDEX difference_subject ON difference (subject, field);"
    "CREATE TABLE decision (difference text NOT NULL, seq bigint NOT NULL, item bigint NOT NULL, entry text NOT NULL, "
    "action text NOT NULL,"
    " author text NOT NULL, content bytea NOT NULL, undone text NOT NULL, PRIMARY KEY (difference, seq, item));"
    "CREATE INDEX decision_entry ON decision (entry);"
    "CREATE TABLE row_constraint (entry text NOT NULL, item bigint NOT NULL, left_origin text NOT NULL, right_origin "
    "text NOT NULL,"
    " link bigint NOT NULL, left_identity text NOT NULL, right_identity text NOT NULL, seq bigint NOT NULL, undone "
    "text NOT NULL, PRIMARY KEY (entry, item));"
    "CREATE TABLE register_lock (name text PRIMARY KEY, seq bigint NOT NULL, entry text NOT NULL, households bigint "
    "NOT NULL, persons bigint NOT NULL,"
    " digest text NOT NULL, set_file text NOT NULL, reason text NOT NULL, author text NOT NULL, made_at bigint NOT "
    "NULL);"
    "CREATE TABLE removal (household text NOT NULL, person text NOT NULL, seq bigint NOT NULL, entry text NOT NULL, "
    "persons bigint NOT NULL,"
    " reason text NOT NULL, undone text NOT NULL, PRIMARY KEY (household, person, seq));",
    "CREATE INDEX row_link_household ON row_link (household);"};

static const JournalTable TABLES[] = {
    {"list_file", "id",
     "id,list,sender,file_name,format,raw_file,rows_file,signature,row_count,flag_count,seq,reason,patch_files,mapping,"
     "replaced_by"},
    {"list_row", "key", "key,list,file,position,sheet,number,origin,sealed:content:list_row.content"},
    {"list_mapping", "sender,signature", "sender,signature,mapping,seq"},
    {"compare_run", "seq", "seq,id,result_file,inputs,engine"},
    {"row_link", "key", "key,list,person,household,state,bits,partner"},
    {"household", "household", "household,town,village"},
    {"difference", "id",
     "id,class,left_list,right_list,unit,town,subject,field,list,row_key,other_list,other_key,household,person,owner,"
     "position,"
     "sealed:content:difference.content"},
    {"decision", "difference,seq,item",
     "difference,seq,item,entry,action,author,sealed:content:decision.content,undone"},
    {"row_constraint", "entry,item",
     "entry,item,left_origin,right_origin,link,left_identity,right_identity,seq,undone"},
    {"register_lock", "name", "name,seq,entry,households,persons,digest,set_file,reason,author,made_at"},
    {"removal", "household,person,seq", "household,person,seq,entry,persons,reason,undone"},
};

static const JournalKind KINDS[] = {
    {"list_imported", roster_apply_import},
    {"compare_run", roster_apply_run},
    {"decision", roster_apply_decision},
    {"undo", roster_apply_undo},
    {"register_lock", roster_apply_lock},
    {"removal", roster_apply_removal},
    {"unmasked", NULL}, /* who looked at whole numbers, and for what: only kept */
};

const JournalModule ROSTER_MODULE = {.name = "roster",
                                     .migrations = MIGRATIONS,
                                     .migration_count = COUNT_OF(MIGRATIONS),
                                     .tables = TABLES,
                                     .table_count = COUNT_OF(TABLES),
                                     .kinds = KINDS,
                                     .kind_count = COUNT_OF(KINDS),
                                     .statements = ROSTER_STATEMENTS,
                                     .statement_count = ROSTER_STATEMENT_COUNT};
