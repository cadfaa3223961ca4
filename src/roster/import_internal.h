/* Private to the import files: a file's way from its bytes to an entry.
 * import.c reads and recognises, import_rows.c writes decoded rows, import_versions.c finds what is replaced,
 * import_patch.c takes returned corrections in, import_apply.c derives the tables. */
#pragma once
#include "roster/roster_internal.h"

enum { KEY_HEX = 32, FILE_LIMIT_MB = 200 };

/* ---- a new row, while its file is being taken in ---- */
typedef struct NewRow {
  size_t key_at, origin_at; /* offsets of their 32 digits in the decoded rows */
  Digest content;           /* over the folded values */
  Str id, name, hh_no;      /* folded; id only if it is a whole number */
  uint64_t place;           /* row_place: sheet and row number */
  bool claimed;             /* an earlier version's row has become this one */
} NewRow;

typedef struct Taking { /* one list out of one file */
  Context *cx;
  Journal *journal;
  const Catalogue *catalogue;
  const List *list;
  uint32_t list_index;
  const Workbook *workbook;
  const Layout *layout;
  Buf rows; /* canonical NDJSON */
  NewRow *new_rows;
  uint32_t new_count, new_capacity;
  int64_t flags, other_rows, flag_counts[256];
  uint32_t column_order[COLUMN_LIMIT]; /* catalogue columns by code: canonical key order */
  Arena *scratch;
  Str sheets, town; /* names of its sheets; the one township of all its rows, "" several */
} Taking;

typedef struct OldRow {
  Str key, origin;
  Digest content;
  Str id, name, hh_no;
  uint64_t place;
  bool claimed; /* it lives on in the new version */
} OldRow;
typedef struct OldFile {
  Str id, name, raw_file;
  OldRow *rows;
  uint32_t count;
  bool replaced;
} OldFile;
typedef struct OldFiles {
  OldFile *items;
  uint32_t count;
} OldFiles;

typedef struct FilePart {
  const ImportRequest *request;
  Str name, raw_hex, signature, sender, mapping_text;
  bool remember;
  Str forced;        /* the file that this is a corrected version of, "" = judge by the rows */
  Json *patch_files; /* corrections applied to raw_file, in order; NULL none */
} FilePart;

/* What reading a file needs to know of the county, loaded once for all files of a command. */
typedef struct KnownMapping {
  Str sender, signature, mapping;
  int64_t seq;
} KnownMapping;
typedef struct ImportKnown {
  Catalogue *catalogue;
  KnownMapping *mappings;
  uint32_t mapping_count;
  StrMap raw_files; /* hashes of the current files and their corrections */
} ImportKnown;

typedef struct Reading { /* one file. Reading it (import_read) touches no database, so that another thread can do it */
  Context *cx;
  Journal *journal; /* only in import_take */
  const ImportKnown *known;
  Catalogue *catalogue;
  Arena *book; /* the workbook's memory: given back as soon as its rows are decoded */
  Workbook workbook;
  Str bytes;
  FilePart part;
  Json *mapping;
  Layout *layouts;
  uint32_t *layout_list, layout_count;
  Str *notes;
  size_t note_count;
  bool parsed;
  Taking *takings[LIST_LIMIT]; /* decoded; NULL: the file holds no such list, or it is a patch */
} Reading;

uint64_t row_place(Str sheet, uint32_t number); /* one number for both */
void taking_begin(Taking *taking);              /* after its fields are set */
MUST_CHECK Status taking_decode(Taking *taking, const Layout *layout);
Digest taking_content(const Taking *taking, const Str value[COLUMN_LIMIT]);
void taking_identity(Taking *taking, const Str value[COLUMN_LIMIT], Str *ret_id, Str *ret_name, Str *ret_hh_no);
/* Finds what the new rows replace (`forced`: exactly this file), gives keys and origins. */
MUST_CHECK Status taking_versions(Taking *taking, Str forced, OldFiles *ret_old, int64_t *ret_changed);
MUST_CHECK Status import_known(Context *cx, Journal *journal, ImportKnown *ret_known);
/* Bytes, workbook, layouts, decoded rows. request must outlive the reading. */
MUST_CHECK Status import_read(Context *cx, const ImportKnown *known, const ImportRequest *request,
                              Reading **ret_reading);
/* Versions, keys, entry: on the thread that owns the journal. */
MUST_CHECK Status import_take(Reading *reading, Journal *journal, ImportReport **ret_reports, size_t *ret_count);
/* All sheets of the workbook that are the list: decoded, then taken in as one entry. */
MUST_CHECK Status import_decode(Taking *taking, const Layout *layouts, const uint32_t *layout_list,
                                uint32_t layout_count);
MUST_CHECK Status import_list(Taking *taking, FilePart *part, ImportReport *ret_report);
void import_release(Reading *reading); /* NULL is fine */
void import_note(Reading *reading, Str sentence);
/* Corrections that came back (they have a column 安居行号): new versions of the files that hold the rows. */
MUST_CHECK Status import_patch(Reading *reading, ImportReport *reports, uint32_t *count);
bool import_is_patch(const Reading *reading);
