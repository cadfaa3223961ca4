/* .xlsx out, read back. */
#include "sheet/sheet_test_help.h"
#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static Str read_path(Arena *arena, const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) return STR_EMPTY;
  Buf buf = buf_new(arena);
  char chunk[65536];
  for (size_t size; (size = fread(chunk, 1, sizeof chunk, file)) > 0;) buf_add(&buf, (Str){chunk, size});
  fclose(file);
  return buf_str(&buf);
}
static const char *folder(Arena *arena) {
  char *path = (char *)(uintptr_t)str_c(arena, STR("/tmp/anju-sheet-XXXXXX"));
  CHECK(mkdtemp(path) != NULL);
  return path;
}
static int entries(const char *path) {
  DIR *directory = opendir(path);
  int count = 0;
  while (directory && readdir(directory)) count++;
  if (directory) closedir(directory);
  return count - 2;
}

static Status write_sample(Context *cx, const char *path) {
  WorkbookWriter *writer;
  TRY(workbook_create(cx, path, &writer));
  double widths[] = {10, 20, 8};
  TRY(workbook_add_sheet(cx, writer, STR("比对:结果/2020"), widths, 3, 2));
  TRY(workbook_merge(cx, writer, (MergedRange){1, 1, 0, 3}, (OutCell){STR("标题"), STYLE_TITLE, false}));
  OutCell heads[] = {
      {STR("姓名"), STYLE_HEADER, false}, {STR("住址"), STYLE_HEADER, false}, {STR(""), STYLE_HEADER, false}};
  TRY(workbook_add_row(cx, writer, 2, heads, 3));
  TRY(workbook_merge(cx, writer, (MergedRange){2, 3, 3, 3}, (OutCell){STR("两行"), STYLE_HEADER, false}));
  OutCell more[] = {
      {STR(""), STYLE_PLAIN, false}, {STR("村"), STYLE_HEADER, false}, {STR(""), 0, 0}, {STR("藏"), 0, 0}};
  TRY(workbook_add_row(cx, writer, 3, more, 4));
  OutCell cells[] = {{STR("=1+1"), STYLE_PLAIN, false},
                     {STR("007"), STYLE_CHANGED, true},
                     {STR("45.5"), STYLE_ASKED, true},
                     {STR("450399196004131168"), STYLE_NOTE, true},
                     {STR("a\x01"
                          "b\r\nc"),
                      STYLE_PLAIN, false},
                     {STR("_x0041_ \xFF"), STYLE_PLAIN, false},
                     {STR(" 留白 "), STYLE_PLAIN, false},
                     {STR("-3"), STYLE_PLAIN, true},
                     {STR("12"), STYLE_PLAIN, false}};
  TRY(workbook_add_row(cx, writer, 4, cells, COUNT_OF(cells)));
  TRY(workbook_add_sheet(cx, writer, STR("比对：结果／2020"), NULL, 0, 0));
  TRY(workbook_add_row(cx, writer, 1, cells, 1));
  TRY(workbook_add_sheet(cx, writer, STR(""), NULL, 0, 0));
  return workbook_close(cx, writer);
}

TEST(xlsx_out_reads_back_as_written) {
  const char *place = folder(cx->arena), *path = str_c(cx->arena, str_format(cx->arena, "%s/结果.xlsx", place));
  CHECK_OK(write_sample(cx, path));
  CHECK_INT(entries(place), 1); /* no temporary file is left */
  struct stat info;
  CHECK(stat(path, &info) == 0 && (info.st_mode & 077) == 0);
  READ(read_path(cx->arena, path), "结果.xlsx");
  CHECK_INT(workbook.sheet_count, 3);
  CHECK_STR(sheet->name, STR("比对：结果／2020"));
  CHECK_STR(workbook.sheets[1].name, STR("比对：结果／2020(2)"));
  CHECK_STR(workbook.sheets[2].name, STR("Sheet3"));
  CHECK_INT(sheet->merge_count, 2);
  CHECK_STR(cell_text(sheet, 1, 0), STR("标题"));
  CHECK_STR(cell_text(sheet, 2, 3), STR("两行"));
  CHECK_STR(cell_text(sheet, 3, 3), STR("两行")); /* what a merged range covers does not show */
  CHECK_STR(cell_text(sheet, 4, 0), STR("=1+1"));
  CHECK_INT(cell_of(sheet, 4, 0).kind, CELL_TEXT);
  CHECK_INT(cell_of(sheet, 4, 0).flags, 0);
  CHECK_STR(cell_text(sheet, 4, 1), STR("007"));
  CHECK_INT(cell_of(sheet, 4, 2).kind, CELL_NUMBER);
  CHECK_STR(cell_text(sheet, 4, 3), STR("450399196004131168"));
  CHECK_INT(cell_of(sheet, 4, 3).kind, CELL_TEXT);
  CHECK_STR(cell_text(sheet, 4, 4), STR("ab\nc"));
  CHECK_STR(cell_text(sheet, 4, 5), STR("_x0041_ \xEF\xBF\xBD"));
  CHECK_STR(cell_text(sheet, 4, 6), STR(" 留白 "));
  CHECK_INT(cell_of(sheet, 4, 7).kind, CELL_NUMBER);
  CHECK_INT(cell_of(sheet, 4, 8).kind, CELL_TEXT);
  unlink(path);
  rmdir(place);
}

TEST(xlsx_out_gives_the_same_bytes_for_the_same_rows) {
  const char *place = folder(cx->arena), *one = str_c(cx->arena, str_format(cx->arena, "%s/1.xlsx", place)),
             *two = str_c(cx->arena, str_format(cx->arena, "%s/2.xlsx", place));
  CHECK_OK(write_sample(cx, one));
  sleep(1); /* a clock in the file would show */
  CHECK_OK(write_sample(cx, two));
  CHECK(read_path(cx->arena, one).size > 1000);
  CHECK(str_equal(read_path(cx->arena, one), read_path(cx->arena, two)));
  unlink(one), unlink(two), rmdir(place);
}

TEST(xlsx_out_cuts_what_a_cell_cannot_hold) {
  const char *place = folder(cx->arena), *path = str_c(cx->arena, str_format(cx->arena, "%s/长.xlsx", place));
  char *text = arena_alloc(cx->arena, 40000);
  memset(text, 'x', 40000);
  WorkbookWriter *writer;
  CHECK_OK(workbook_create(cx, path, &writer));
  CHECK_OK(workbook_add_sheet(cx, writer, STR("一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五"),
                              NULL, 0, 0));
  OutCell cell = {{text, 40000}, STYLE_PLAIN, false};
  CHECK_OK(workbook_add_row(cx, writer, 1, &cell, 1));
  CHECK_OK(workbook_close(cx, writer));
  READ(read_path(cx->arena, path), "长.xlsx");
  CHECK_INT(cell_text(sheet, 1, 0).size, 32767);
  CHECK_INT(str_rune_count(sheet->name), 31);
  unlink(path), rmdir(place);
}

TEST(xlsx_out_refuses_rows_out_of_order_and_leaves_nothing_behind) {
  const char *place = folder(cx->arena), *path = str_c(cx->arena, str_format(cx->arena, "%s/序.xlsx", place));
  WorkbookWriter *writer;
  OutCell cell = {STR("x"), STYLE_PLAIN, false};
  CHECK_OK(workbook_create(cx, path, &writer));
  CHECK_FAILS(FAILED, workbook_add_row(cx, writer, 1, &cell, 1)); /* no sheet yet */
  CHECK_OK(workbook_add_sheet(cx, writer, STR("a"), NULL, 0, 0));
  CHECK_OK(workbook_add_row(cx, writer, 5, &cell, 1));
  CHECK_FAILS(FAILED, workbook_add_row(cx, writer, 4, &cell, 1));
  CHECK_FAILS(TOO_LARGE, workbook_add_row(cx, writer, 1048577, &cell, 1));
  CHECK_OK(workbook_merge(cx, writer, (MergedRange){6, 7, 0, 1}, cell));
  CHECK_FAILS(FAILED, workbook_merge(cx, writer, (MergedRange){7, 8, 1, 2}, cell));
  workbook_abandon(writer);
  CHECK_INT(entries(place), 0);
  rmdir(place);
  CHECK_FAILS(INPUT_OUTPUT, workbook_create(cx, path, &writer));
}
