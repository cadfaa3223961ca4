#include <fcntl.h>
#include <stdlib.h>
#include <errno.h>
#include <unistd.h>
#include "roster/roster_http.h"

/* ---- masking ---- */
static bool digit_rune(uint32_t rune) { return (rune >= '0' && rune <= '9') || (rune >= 0xFF10 && rune <= 0xFF19); }
static bool gap_rune(uint32_t rune) {
  return rune == ' ' || rune == '-' || rune == 0xA0 || rune == 0x3000 || rune == '\t';
}
static bool end_rune(uint32_t rune) {
  return rune == 'x' || rune == 'X' || rune == 0xFF38 || rune == 0xFF58 || rune == '*';
}

/* From `from`: bytes of a run of digits with gaps, and how many digits; ends with a digit or X. */
static size_t digit_run(Str text, size_t from, uint32_t *ret_digits) {
  size_t end = from;
  uint32_t digits = 0;
  for (size_t at = from; at < text.size;) {
    uint32_t rune = str_next_rune(text, &at);
    if (digit_rune(rune)) {
      digits++, end = at;
    } else if (digits && end_rune(rune) && digits >= 14) {
      digits++, end = at;
      break;
    } else if (!gap_rune(rune)) {
      break;
    }
  }
  *ret_digits = digits;
  return end;
}

/* 1[3-9] and nine more: a mobile number. */
static bool mobile(Str run, uint32_t digits) {
  return digits == 11 && run.size >= 2 && run.data[0] == '1' && run.data[1] >= '3' && run.data[1] <= '9';
}

static Str mask_runs(Arena *arena, Str text, uint32_t least) {
  enum { HEAD = 3, HEAD_LONG = 6, TAIL = 4 };
  Buf buf = buf_new(arena);
  for (size_t at = 0; at < text.size;) {
    size_t next = at, end;
    uint32_t rune = str_next_rune(text, &next), digits = 0, seen = 0;
    end = digit_rune(rune) ? digit_run(text, at, &digits) : at;
    if (digits < least && !mobile(str_sub(text, at, end), digits)) {
      if (end < next) end = next;
      buf_add(&buf, str_sub(text, at, end));
      at = end;
      continue;
    }
    uint32_t head = digits >= 15 ? HEAD_LONG : HEAD;
    while (at < end) {
      size_t from = at;
      uint32_t one = str_next_rune(text, &at);
      bool counted = digit_rune(one) || end_rune(one);
      seen += counted;
      if (counted && seen > head && seen + TAIL <= digits)
        buf_add_byte(&buf, '*');
      else
        buf_add(&buf, str_sub(text, from, at));
    }
  }
  return buf_str(&buf);
}

Str mask_numbers(Arena *arena, Str text) { return mask_runs(arena, text, 12); }

Str mask_cell(Arena *arena, const Catalogue *catalogue, uint32_t column, Str value) {
  if (column == NO_INDEX) return mask_numbers(arena, value);
  if (column == catalogue->known[COL_HH_NO]) return value;
  if (column == catalogue->known[COL_BIRTH] && value.size > 4)
    return str_format(arena, STR_FMT "-**-**", STR_ARG(str_sub(value, 0, 4)));
  Content content = catalogue->columns[column].content;
  return mask_runs(arena, value, content == CONTENT_ID || content == CONTENT_PHONE ? 8 : 12);
}

static uint32_t runes(Str text, uint32_t *out, uint32_t most) {
  uint32_t count = 0;
  for (size_t at = 0; at < text.size && count < most;) out[count++] = str_next_rune(text, &at);
  return count;
}

Marked mark_differing(Str left, Str right) {
  enum { MOST = 256 };
  uint32_t a[MOST], b[MOST], a_count = runes(left, a, MOST), b_count = runes(right, b, MOST), head = 0, tail = 0;
  while (head < a_count && head < b_count && a[head] == b[head]) head++;
  while (tail < a_count - head && tail < b_count - head && a[a_count - 1 - tail] == b[b_count - 1 - tail]) tail++;
  return (Marked){{head, head}, {a_count - tail, b_count - tail}};
}

/* ---- looking at whole numbers ---- */
typedef struct Unmasking {
  const char *what;
  Str which, household, purpose, author;
} Unmasking;

static Status write_unmasked(Context *cx, void *worker, void *user) {
  const Unmasking *u = user;
  Json *body = json_new_object(cx->arena);
  json_set_text(cx->arena, body, "purpose", u->purpose);
  json_set_text(cx->arena, body, "what", str_from(u->what));
  json_set_text(cx->arena, body, "which", u->which);
  Entry draft = {.kind = STR("unmasked"), .household = u->household, .author = u->author, .body = body};
  Receipt receipt;
  return journal_append(cx, worker, &draft, &receipt);
}

Status journal_unmasked(Context *cx, const Request *rq, const char *what, Str which, Str household, Str purpose) {
  Unmasking u = {what, which, household, str_trim(purpose), request_author(rq)};
  if (u.purpose.size == 0) return fail(cx, BAD_VALUE, "请写明查看完整号码的用途。");
  return server_write(cx, true, write_unmasked, &u);
}

/* ---- files as answers ---- */
Status out_file_make(Context *cx, Journal *journal, OutFile *ret_file) {
  const char *folder = path_join(cx->arena, journal_folder(journal), "uploads");
  Str path = str_format(cx->arena, "%s/answer-XXXXXX", folder);
  char *name = (char *)(uintptr_t)path.data;
  TRY(folder_make(cx, folder));
  int file = mkostemp(name, O_CLOEXEC);
  if (file < 0) return file_fail(cx, errno, "写入", name);
  close(file);
  *ret_file = (OutFile){name};
  return OK;
}

Status out_file_send(Context *cx, const OutFile *file, const char *type, Str name, Response *response) {
  int descriptor = open(file->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor < 0) return file_fail(cx, errno, "读取", file->path);
  response->file = descriptor;
  response->type = type;
  response->download = name;
  return OK;
}

void out_file_remove(OutFile *file) {
  if (file->path) unlink(file->path);
}

/* ---- tables ---- */
Status table_begin(Context *cx, Journal *journal, Str format, Str sheet, const Str *titles, uint32_t count,
                   Table *ret_table) {
  *ret_table = (Table){.csv = -1, .buf = buf_new(cx->arena)}; /* at once: what it holds is released on failure */
  TRY(out_file_make(cx, journal, &ret_table->file));
  if (str_equal(format, STR("csv"))) {
    ret_table->csv = open(ret_table->file.path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW);
    if (ret_table->csv < 0) return file_fail(cx, errno, "写入", ret_table->file.path);
    buf_add(&ret_table->buf, STR("\xEF\xBB\xBF")); /* or spreadsheet programs take it for GBK */
  } else {
    TRY(workbook_create(cx, ret_table->file.path, &ret_table->writer));
    TRY(workbook_add_sheet(cx, ret_table->writer, sheet, NULL, 0, 1));
  }
  return table_row(cx, ret_table, titles, count);
}

static Status flush(Context *cx, Table *table, bool always) {
  if (!always && table->buf.size < 1 << 18) return OK;
  for (size_t at = 0; at < table->buf.size;) {
    ssize_t put = write(table->csv, table->buf.data + at, table->buf.size - at);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return file_fail(cx, errno, "写入", table->file.path);
    at += (size_t)put;
  }
  table->buf.size = 0;
  return OK;
}

Status table_row(Context *cx, Table *table, const Str *cells, uint32_t count) {
  enum { MOST = 32 };
  OutCell out[MOST] = {{{0}, STYLE_PLAIN, false}};
  table->row++;
  if (!table->writer) {
    csv_add_row(&table->buf, cells, count, true);
    return flush(cx, table, false);
  }
  for (uint32_t i = 0; i < count && i < MOST; i++)
    out[i] = (OutCell){cells[i], table->row == 1 ? STYLE_HEADER : STYLE_PLAIN, false};
  return workbook_add_row(cx, table->writer, table->row, out, count < MOST ? count : MOST);
}

Status table_send(Context *cx, Table *table, Str name, Response *response) {
  bool workbook = table->writer != NULL;
  if (workbook) {
    WorkbookWriter *writer = table->writer;
    table->writer = NULL;
    TRY(workbook_close(cx, writer));
  } else {
    TRY(flush(cx, table, true));
  }
  return out_file_send(
      cx, &table->file,
      workbook ? "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" : "text/csv; charset=utf-8",
      str_format(cx->arena, STR_FMT ".%s", STR_ARG(name), workbook ? "xlsx" : "csv"), response);
}

void table_end(Table *table) {
  if (table->writer) workbook_abandon(table->writer);
  if (table->csv >= 0) close(table->csv);
  out_file_remove(&table->file);
}
