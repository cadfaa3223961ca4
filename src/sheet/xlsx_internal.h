/* Shared by xlsx_in.c (zip container, workbook, relations) and xlsx_parts.c (strings, styles, sheets). */
#pragma once
#include "sheet/sheet_internal.h"
#include <expat.h>
#include <zip.h>

typedef struct Xlsx {
  Reader *reader;
  zip_t *zip;
  StrMap entries;    /* normalised path -> index in the zip */
  uint64_t unpacked; /* bytes unpacked so far */
  bool date1904;
  Str *strings;
  uint32_t string_count, string_capacity;
  uint8_t *formats; /* FORMAT_ bits of each cell style */
  uint32_t format_count, format_capacity;
} Xlsx;

/* Handlers get names without their prefix. `state` is the part's own. A handler that fails sets
 * part->status; parsing stops. */
typedef struct Part {
  Xlsx *xlsx;
  XML_Parser parser;
  uint32_t depth;
  Status status;
  bool doctype, too_deep;
  void (*start)(struct Part *part, const char *name, const char **attributes);
  void (*end)(struct Part *part, const char *name);
  void (*text)(struct Part *part, const char *data, size_t size);
  void *state;
} Part;
/* Value of an attribute by its name without prefix, or NULL. */
const char *part_attribute(const char **attributes, const char *name);
void part_stop(Part *part, Status status);
/* Unpacks and parses one entry. A missing entry leaves *ret_found false. */
MUST_CHECK Status part_parse(Part *part, Str path, bool *ret_found);

MUST_CHECK Status xlsx_read_strings(Xlsx *xlsx, Str path);
MUST_CHECK Status xlsx_read_styles(Xlsx *xlsx, Str path);
MUST_CHECK Status xlsx_read_sheet(Xlsx *xlsx, Str path, Str name, bool hidden);
