/* Shared by ole.c (compound file), biff.c (records) and xls_in.c (the child and its pipe). */
#pragma once
#include "sheet/sheet_internal.h"

/* What the child found; the parent has a sentence for each. */
typedef enum XlsVerdict {
  XLS_OK,
  XLS_BROKEN,
  XLS_PASSWORD,
  XLS_WORD,
  XLS_SLIDES,
  XLS_OTHER, /* a compound file without a workbook */
  XLS_OLD,   /* before BIFF5 */
  XLS_MANY_SHEETS,
  XLS_VERDICTS
} XlsVerdict;

/* ---- ole.c ---- */
typedef struct Ole {
  Arena *arena;
  Str bytes;
  uint32_t sector_shift, mini_shift, mini_cutoff;
  uint32_t *fat, *mini_fat;
  uint32_t fat_count, mini_fat_count;
  Str directory, mini_stream;
} Ole;
#define OLE_MAGIC STR("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")
bool ole_open(Arena *arena, Str bytes, Ole *ret_ole);
/* A stream in the root storage; shorter than it should be where its chain breaks off. */
bool ole_find(const Ole *ole, const char *name, Str *ret_stream);

/* ---- the child's message ---- */
typedef struct XlsSink {
  Buf buf;
  int fd; /* flushed there now and then; -1: everything stays in buf */
} XlsSink;
/* Items: 'S' hidden u8, name; 'C' row u32, column u32, kind u8, flags u8, text; 'M' first row, last
 * row, first column, last column u32; 'Z' verdict u8 ends. Texts: size u32, bytes. Native byte order. */
void sink_sheet(XlsSink *sink, bool hidden, Str name);
void sink_cell(XlsSink *sink, const SheetLimits *limits, uint32_t row, uint32_t column, Cell cell);
void sink_merge(XlsSink *sink, MergedRange range);

/* ---- biff.c ---- */
/* `gb18030`: an iconv_t from GB18030 to UTF-8 (opened before the sandbox closes), or NULL. */
XlsVerdict biff_parse(Arena *arena, Str stream, const SheetLimits *limits, void *gb18030, XlsSink *sink);

/* The whole of the child's work: container, records, message with its verdict. No system calls but
 * memory and writes to sink->fd, so that it also runs in-process when fuzzed. */
void xls_parse(Arena *arena, Str bytes, const SheetLimits *limits, void *gb18030, XlsSink *sink);

/* ---- the parent's half ---- */
typedef struct XlsDecoder {
  Reader *reader;
  Grid grid;
  bool in_sheet, finished;
} XlsDecoder;
/* Takes whole items from the front of `bytes`; every length is checked. */
MUST_CHECK Status xls_decode(XlsDecoder *decoder, Str bytes, size_t *ret_used);

static inline uint16_t le16(const char *at) {
  uint16_t value;
  memcpy(&value, at, sizeof value);
  return value;
}
static inline uint32_t le32(const char *at) {
  uint32_t value;
  memcpy(&value, at, sizeof value);
  return value;
}
