/* .xlsx out, a row at a time (libxlsxwriter in constant memory): legal names, safe texts, merged
 * ranges, a temporary file beside the path. */
#include <xlsxwriter.h>
/* sheet.h gives our workbook_close another name; this is the library's. */
static lxw_error library_close(lxw_workbook *book) { return workbook_close(book); }
#include "sheet/sheet_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
  TEXT_UNITS = 32767, /* UTF-16 units in a cell */
  NAME_UNITS = 31,
  ROWS = 1048576,
  COLUMNS = 16384,
  MERGES = 60000,
  STYLES = STYLE_NOTE + 1,
  CREATED = 1577836800, /* 2020-01-01: the same in every file, so that equal rows give equal bytes */
};

struct WorkbookWriter {
  Arena *arena, *row_arena; /* row_arena: one row's cleaned texts */
  char *path, *temporary;
  lxw_workbook *book;
  lxw_worksheet *sheet;
  lxw_format *formats[STYLES];
  StrMap names; /* sheets' names in lower case */
  uint32_t sheet_count, row;
  MergedRange *merges; /* of the present sheet */
  CellStyle *merge_styles;
  uint32_t merge_count, merge_capacity, style_capacity;
  uint32_t first_active; /* merges before it end above the present row */
};

/* ---- texts ---- */
static bool is_escape(Str text, size_t at) {
  if (text.size - at < 7 || text.data[at] != '_' || text.data[at + 1] != 'x' || text.data[at + 6] != '_') return false;
  for (size_t i = at + 2; i < at + 6; i++)
    if (!strchr("0123456789abcdefABCDEF", text.data[i]) || !text.data[i]) return false;
  return true;
}

/* What XML can hold, CRLF and CR as LF, "_x0041_" kept from being read as "A", cut to `limit` units. */
static Str clean_text(Arena *arena, Str text, uint32_t limit) {
  Buf buf = buf_new(arena);
  uint32_t units = 0;
  for (size_t at = 0; at < text.size;) {
    bool escape = is_escape(text, at);
    uint32_t rune = str_next_rune(text, &at);
    if (rune == '\r') {
      if (at < text.size && text.data[at] == '\n') continue;
      rune = '\n';
    }
    if ((rune < 0x20 && rune != '\t' && rune != '\n') || rune == 0x7F || rune == 0xFFFE || rune == 0xFFFF) continue;
    units += escape ? 7 : rune > 0xFFFF ? 2 : 1;
    if (units > limit) break;
    if (escape)
      buf_add_c(&buf, "_x005F_");
    else
      buf_add_rune(&buf, rune);
  }
  buf_add_byte(&buf, 0);
  return (Str){buf.data, buf.size - 1};
}

/* "45.5", "-3", "0": at most 15 digits, no leading zeros, nothing else; "007" and "+1" are texts. */
static bool number_value(Str text, double *ret_value) {
  if (text.size == 0 || text.size > 17) return false;
  size_t at = text.data[0] == '-', digits = 0, first = at;
  bool point = false;
  for (; at < text.size; at++) {
    if (text.data[at] == '.' && !point && digits > 0 && at + 1 < text.size)
      point = true;
    else if (text.data[at] >= '0' && text.data[at] <= '9')
      digits++;
    else
      return false;
  }
  if (digits == 0 || digits > 15) return false;
  if (text.data[first] == '0' && text.size > first + 1 && text.data[first + 1] != '.') return false;
  char copy[20];
  memcpy(copy, text.data, text.size);
  copy[text.size] = 0;
  *ret_value = strtod(copy, NULL);
  return true;
}

/* ---- styles ---- */
static void make_formats(WorkbookWriter *writer) {
  static const struct {
    double size;
    uint32_t fill, colour;
    bool bold, centre, border, wrap;
  } styles[STYLES] = {
      [STYLE_PLAIN] = {.size = 11, .border = true},
      [STYLE_TITLE] = {.size = 16, .bold = true, .centre = true},
      [STYLE_HEADER] = {.size = 11, .fill = 0xDDEBF7, .bold = true, .centre = true, .border = true, .wrap = true},
      [STYLE_CHANGED] = {.size = 11, .fill = 0xFFF2CC, .border = true},
      [STYLE_ASKED] = {.size = 11, .fill = 0xFCE4D6, .border = true, .wrap = true},
      [STYLE_NOTE] = {.size = 10, .colour = 0x595959, .wrap = true},
  };
  for (size_t i = 0; i < STYLES; i++) {
    lxw_format *format = writer->formats[i] = workbook_add_format(writer->book);
    format_set_font_name(format, "宋体");
    format_set_font_size(format, styles[i].size);
    format_set_align(format, LXW_ALIGN_VERTICAL_CENTER);
    if (styles[i].fill) format_set_bg_color(format, styles[i].fill);
    if (styles[i].colour) format_set_font_color(format, styles[i].colour);
    if (styles[i].bold) format_set_bold(format);
    if (styles[i].centre) format_set_align(format, LXW_ALIGN_CENTER);
    if (styles[i].border) format_set_border(format, LXW_BORDER_THIN);
    if (styles[i].wrap) format_set_text_wrap(format);
  }
}

static lxw_format *format_of(const WorkbookWriter *writer, CellStyle style) {
  return writer->formats[(unsigned)style < STYLES ? style : STYLE_PLAIN];
}

/* ---- life ---- */
static void writer_free(WorkbookWriter *writer) {
  arena_free(writer->row_arena);
  arena_free(writer->arena);
}

Status workbook_create(Context *cx, const char *path, WorkbookWriter **ret_writer) {
  Arena *arena = arena_new();
  WorkbookWriter *writer = arena_one(arena, WorkbookWriter);
  writer->arena = arena;
  writer->row_arena = arena_new();
  writer->names = strmap_new(arena);
  writer->path = (char *)(uintptr_t)str_c(arena, str_from(path));
  writer->temporary = (char *)(uintptr_t)str_c(arena, str_format(arena, "%s.XXXXXX", path));
  int fd = mkstemp(writer->temporary);
  if (fd < 0) {
    Status status = fail(cx, errno == ENOSPC ? NO_SPACE : INPUT_OUTPUT,
                         "不能在“%s”的文件夹里写文件（%s）；请检查文件夹是否存在、能否写入。", path, strerror(errno));
    writer_free(writer);
    return status;
  }
  close(fd);
  lxw_workbook_options options = {.constant_memory = LXW_TRUE};
  writer->book = workbook_new_opt(writer->temporary, &options);
  if (!writer->book) {
    unlink(writer->temporary);
    writer_free(writer);
    return fail(cx, FAILED, "内存不足，不能写“%s”；请关闭其他程序后重试。", path);
  }
  lxw_doc_properties properties = {.created = CREATED};
  workbook_set_properties(writer->book, &properties);
  make_formats(writer);
  *ret_writer = writer;
  return OK;
}

void workbook_abandon(WorkbookWriter *writer) {
  if (!writer) return;
  lxw_workbook_free(writer->book);
  unlink(writer->temporary);
  writer_free(writer);
}

/* Makes the renamed file survive a power cut. */
static bool sync_path(const char *path, int flags) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
  if (fd < 0) return false;
  bool done = fsync(fd) == 0;
  close(fd);
  return done;
}

static bool sync_folder(Arena *arena, const char *path) {
  const char *slash = strrchr(path, '/');
  const char *folder = !slash ? "." : slash == path ? "/" : str_c(arena, (Str){path, (size_t)(slash - path)});
  return sync_path(folder, O_DIRECTORY);
}

Status workbook_close(Context *cx, WorkbookWriter *writer) {
  Status status = OK;
  if (writer->sheet_count == 0) status = workbook_add_sheet(cx, writer, STR("Sheet1"), NULL, 0, 0);
  errno = 0;
  lxw_error error = library_close(writer->book);
  if (status == OK && error != LXW_NO_ERROR)
    status = fail(cx, errno == ENOSPC ? NO_SPACE : INPUT_OUTPUT, "写“%s”失败（%s）；请检查磁盘空间后重试。",
                  writer->path, errno ? strerror(errno) : lxw_strerror(error));
  if (status == OK && (!sync_path(writer->temporary, 0) || rename(writer->temporary, writer->path) != 0 ||
                       !sync_folder(writer->arena, writer->path)))
    status = fail(cx, errno == ENOSPC ? NO_SPACE : INPUT_OUTPUT,
                  "保存“%s”失败（%s）；请检查磁盘空间和文件夹的权限后重试。", writer->path, strerror(errno));
  if (status != OK) unlink(writer->temporary);
  writer_free(writer);
  return status;
}

/* ---- sheets ---- */
/* Without the characters that spreadsheets refuse, at most 31 units, not taken yet. */
static Str legal_name(WorkbookWriter *writer, Str name) {
  static const char refused[] = "[]:*?/\\'";
  static const char *const instead[] = {"（", "）", "：", "＊", "？", "／", "＼", "’"};
  Buf buf = buf_new(writer->arena);
  name = str_trim(name);
  for (size_t at = 0; at < name.size;) {
    uint32_t rune = str_next_rune(name, &at);
    const char *found = rune && rune < 0x80 ? strchr(refused, (int)rune) : NULL;
    if (found)
      buf_add_c(&buf, instead[found - refused]);
    else
      buf_add_rune(&buf, rune == '\n' || rune == '\t' ? ' ' : rune);
  }
  Str base = buf.size ? buf_str(&buf) : str_format(writer->arena, "Sheet%u", writer->sheet_count + 1);
  for (uint32_t number = 1;; number++) {
    Str suffix = number == 1 ? STR_EMPTY : str_format(writer->arena, "(%u)", number);
    Str cut = clean_text(writer->arena, base, NAME_UNITS - (uint32_t)suffix.size);
    Str tried = str_format(writer->arena, STR_FMT STR_FMT, STR_ARG(cut), STR_ARG(suffix));
    Str lower = str_copy(writer->arena, tried);
    for (size_t i = 0; i < lower.size; i++)
      if (lower.data[i] >= 'A' && lower.data[i] <= 'Z') ((char *)(uintptr_t)lower.data)[i] |= 0x20;
    if (str_equal(lower, STR("history")) || lower.size == 0) continue; /* Excel keeps that name to itself */
    bool added;
    strmap_put(&writer->names, lower, number, &added);
    if (added) return tried;
  }
}

Status workbook_add_sheet(Context *cx, WorkbookWriter *writer, Str name, const double *widths, uint32_t width_count,
                          uint32_t freeze_rows) {
  const char *legal = str_c(writer->arena, legal_name(writer, name));
  writer->sheet = workbook_add_worksheet(writer->book, legal);
  if (!writer->sheet)
    return fail(cx, FAILED, "不能在“%s”里添加工作表“%s”；请检查磁盘空间后重试。", writer->path, legal);
  writer->sheet_count++;
  writer->row = 0;
  writer->merge_count = writer->first_active = 0;
  for (uint32_t i = 0; i < width_count && widths && i < COLUMNS; i++)
    worksheet_set_column(writer->sheet, (lxw_col_t)i, (lxw_col_t)i, widths[i], NULL);
  if (freeze_rows) worksheet_freeze_panes(writer->sheet, freeze_rows, 0);
  return OK;
}

/* ---- cells ---- */
static Status check_place(Context *cx, const WorkbookWriter *writer, uint64_t row, uint64_t columns) {
  if (!writer->sheet) return fail(cx, FAILED, "写“%s”时还没有工作表。", writer->path);
  if (row == 0 || row > ROWS || columns > COLUMNS)
    return fail(cx, TOO_LARGE, "“%s”的内容超过一张工作表能放的 %d 行、%d 列；请分开导出。", writer->path, ROWS,
                COLUMNS);
  if (row < writer->row)
    return fail(cx, FAILED, "写“%s”时第 %llu 行排在第 %u 行之后。", writer->path, (unsigned long long)row, writer->row);
  return OK;
}

static Status write_cell(Context *cx, WorkbookWriter *writer, uint32_t row, uint32_t column, const OutCell *cell) {
  lxw_format *format = format_of(writer, cell->style);
  lxw_error error = LXW_NO_ERROR;
  double value;
  Str text = clean_text(writer->row_arena, cell->text, TEXT_UNITS);
  if (text.size == 0)
    error = worksheet_write_blank(writer->sheet, row - 1, (lxw_col_t)column, format);
  else if (cell->number && number_value(text, &value))
    error = worksheet_write_number(writer->sheet, row - 1, (lxw_col_t)column, value, format);
  else
    error = worksheet_write_string(writer->sheet, row - 1, (lxw_col_t)column, text.data, format);
  if (error == LXW_NO_ERROR) return OK;
  return fail(cx, FAILED, "写“%s”第 %u 行失败（%s）。", writer->path, row, lxw_strerror(error));
}

/* The merged range that covers the cell, or NULL. */
static const MergedRange *merge_over(const WorkbookWriter *writer, uint32_t row, uint32_t column) {
  for (uint32_t i = writer->first_active; i < writer->merge_count; i++) {
    const MergedRange *range = &writer->merges[i];
    if (row >= range->first_row && row <= range->last_row && column >= range->first_column &&
        column <= range->last_column)
      return range;
  }
  return NULL;
}

static void move_to(WorkbookWriter *writer, uint32_t row) {
  if (row != writer->row) arena_reset(writer->row_arena);
  writer->row = row;
  while (writer->first_active < writer->merge_count && writer->merges[writer->first_active].last_row < row)
    writer->first_active++;
}

Status workbook_add_row(Context *cx, WorkbookWriter *writer, uint32_t row, const OutCell *cells, uint32_t count) {
  TRY(check_place(cx, writer, row, count));
  move_to(writer, row);
  for (uint32_t column = 0; column < count; column++) {
    const MergedRange *range = merge_over(writer, row, column);
    if (range && row == range->first_row && column == range->first_column) continue;
    OutCell blank = {STR_EMPTY, range ? writer->merge_styles[range - writer->merges] : STYLE_PLAIN, false};
    TRY(write_cell(cx, writer, row, column, range ? &blank : &cells[column]));
  }
  return OK;
}

static bool ranges_touch(const MergedRange *a, const MergedRange *b) {
  return a->first_row <= b->last_row && b->first_row <= a->last_row && a->first_column <= b->last_column &&
         b->first_column <= a->last_column;
}

static void remember_merge(WorkbookWriter *writer, MergedRange range, CellStyle style) {
  uint32_t count = writer->merge_count;
  writer->merges = array_room(writer->arena, writer->merges, count, &writer->merge_capacity, sizeof *writer->merges);
  writer->merge_styles =
      array_room(writer->arena, writer->merge_styles, count, &writer->style_capacity, sizeof(CellStyle));
  writer->merges[count] = range;
  writer->merge_styles[count] = style;
  writer->merge_count++;
}

/* worksheet_merge_range would write the lower rows' cells at once, which constant memory cannot: so
 * the range goes into the library's list, and the cells come with their rows. */
static bool list_merge(lxw_worksheet *sheet, MergedRange range) {
  lxw_merged_range *item = calloc(1, sizeof *item); /* the library frees it */
  if (!item) return false;
  item->first_row = range.first_row - 1;
  item->last_row = range.last_row - 1;
  item->first_col = (lxw_col_t)range.first_column;
  item->last_col = (lxw_col_t)range.last_column;
  STAILQ_INSERT_TAIL(sheet->merged_ranges, item, list_pointers);
  sheet->merged_range_count++;
  return true;
}

Status workbook_merge(Context *cx, WorkbookWriter *writer, MergedRange range, OutCell cell) {
  TRY(check_place(cx, writer, range.first_row, (uint64_t)range.last_column + 1));
  if (range.last_row > ROWS || range.last_row < range.first_row || range.last_column < range.first_column)
    return fail(cx, FAILED, "写“%s”时合并单元格的范围不对（第 %u 行）。", writer->path, range.first_row);
  move_to(writer, range.first_row);
  TRY(write_cell(cx, writer, range.first_row, range.first_column, &cell));
  if (range.first_row == range.last_row && range.first_column == range.last_column) return OK;
  for (uint32_t i = writer->first_active; i < writer->merge_count; i++)
    if (ranges_touch(&writer->merges[i], &range))
      return fail(cx, FAILED, "写“%s”时第 %u 行的合并单元格互相重叠。", writer->path, range.first_row);
  if (writer->merge_count >= MERGES || !list_merge(writer->sheet, range))
    return fail(cx, TOO_LARGE, "“%s”的合并单元格太多；请分开导出。", writer->path);
  remember_merge(writer, range, cell.style);
  OutCell blank = {STR_EMPTY, cell.style, false};
  for (uint32_t column = range.first_column + 1; column <= range.last_column; column++)
    TRY(write_cell(cx, writer, range.first_row, column, &blank));
  return OK;
}
