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
} Taking;

typedef struct OldRow {
  Str key, origin;
  Digest content;
  Str id, name, hh_no;
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

typedef struct Reading {
  Context *cx;
  Journal *journal;
  Catalogue *catalogue;
  Workbook workbook;
  FilePart part;
  Json *mapping;
  Layout *layouts;
  uint32_t *layout_list, layout_count;
  Str *notes;
  size_t note_count;
} Reading;

void taking_begin(Taking *taking); /* after its fields are set */
MUST_CHECK Status taking_decode(Taking *taking, const Layout *layout);
Digest taking_content(const Taking *taking, const Str value[COLUMN_LIMIT]);
void taking_identity(Taking *taking, const Str value[COLUMN_LIMIT], Str *ret_id, Str *ret_name, Str *ret_hh_no);
/* Finds what the new rows replace (`forced`: exactly this file), gives keys and origins. */
MUST_CHECK Status taking_versions(Taking *taking, Str forced, OldFiles *ret_old, int64_t *ret_changed);
/* All sheets of the workbook that are the list, as one entry. */
MUST_CHECK Status import_list(Taking *taking, const Layout *layouts, const uint32_t *layout_list, uint32_t layout_count,
                              FilePart *part, ImportReport *ret_report);
MUST_CHECK Status import_sheet(Reading *reading, uint32_t index); /* recognises one sheet, adds its layout */
void import_note(Reading *reading, Str sentence);
/* Corrections that came back (they have a column 安居行号): new versions of the files that hold the rows. */
MUST_CHECK Status import_patch(Reading *reading, ImportReport *reports, uint32_t *count);
bool import_is_patch(const Reading *reading);
