/* .xls in: a file with every kind of cell, hand-made records, damage of every kind. */
#include "sheet/sheet_test_help.h"

static void record(Buf *buf, uint16_t id, Str data) {
  uint16_t head[2] = {id, (uint16_t)data.size};
  buf_add(buf, (Str){(const char *)head, 4});
  buf_add(buf, data);
}
#define BYTES(literal) ((Str){literal, sizeof(literal) - 1})

TEST(xls_cells_of_every_kind_are_read) {
  READ(test_file(cx->arena, "sheets/features.xls"), "features.xls");
  CHECK_STR(sheet->name, STR("花名册"));
  CHECK_STR(cell_text(sheet, 2, 0), STR("余婷"));
  CHECK_STR(cell_text(sheet, 2, 1), STR("2019-09-17"));
  CHECK_INT(cell_of(sheet, 2, 1).kind, CELL_DATE);
  CHECK_STR(cell_text(sheet, 2, 2), STR("450399196004131000"));
  CHECK_INT(cell_of(sheet, 2, 2).flags, CELL_PRECISION);
  CHECK_STR(cell_text(sheet, 3, 1), STR("2019-12-31 08:30:00"));
  CHECK_STR(cell_text(sheet, 3, 2), STR("45.5"));
  CHECK_STR(cell_text(sheet, 4, 1), STR("TRUE"));
  CHECK_INT(cell_of(sheet, 4, 1).kind, CELL_BOOL);
  CHECK_STR(cell_text(sheet, 4, 2), STR("FALSE"));
  CHECK_INT(cell_of(sheet, 4, 2).flags, CELL_FORMULA);
  CHECK_STR(cell_text(sheet, 5, 1), STR("#DIV/0!"));
  CHECK_INT(cell_of(sheet, 5, 1).kind, CELL_ERROR);
  CHECK_STR(cell_text(sheet, 5, 2), STR("余婷同志"));
  CHECK_STR(cell_text(sheet, 6, 0), STR("91"));
  CHECK_STR(cell_text(sheet, 6, 1), STR("-3"));
  CHECK_STR(cell_text(sheet, 6, 2), STR("0.1"));
  CHECK_STR(cell_text(sheet, 8, 0), STR("合并"));
  CHECK_INT(cell_of(sheet, 8, 1).flags, CELL_MERGED);
  CHECK_INT(workbook.sheet_count, 3);
  CHECK(workbook.sheets[1].hidden);
  CHECK_INT(workbook.sheets[2].row_count, 0);
  CHECK(has_note(&workbook, "隐藏表"));
}

TEST(xls_long_strings_go_on_in_further_records) {
  READ(test_file(cx->arena, "sheets/features.xls"), "features.xls");
  for (uint32_t row = 20; row < 80; row++) {
    Str number = str_format(cx->arena, "%u", row);
    CHECK_INT(cell_text(sheet, row, 0).size, 452);
    CHECK(str_starts(cell_text(sheet, row, 0), STR("长长长")) && str_ends(cell_text(sheet, row, 0), number));
    CHECK_INT(cell_text(sheet, row, 1).size, 202);
    CHECK(str_starts(cell_text(sheet, row, 1), STR("aaa")) && str_ends(cell_text(sheet, row, 1), number));
  }
}

static void bof(Buf *buf, char kind) {
  char data[16] = {0, 6, kind, 0};
  record(buf, 0x809, (Str){data, sizeof data});
}

TEST(xls_strings_cut_by_a_record_may_change_their_width) {
  Buf buf = buf_new(cx->arena);
  bof(&buf, 5);
  record(&buf, 0x85, BYTES("\x53\0\0\0\0\0\x02\0ab"));
  record(&buf, 0xFC, BYTES("\1\0\0\0\1\0\0\0\4\0\0XY"));
  record(&buf, 0x3C, BYTES("\1\x59\x4F\x77\x5A"));
  record(&buf, 0x0A, STR_EMPTY);
  size_t at = buf.size;
  ((char *)buf.data)[24] = (char)at; /* BOUNDSHEET's offset */
  bof(&buf, 0x10);
  record(&buf, 0xFD, BYTES("\2\0\1\0\0\0\0\0\0\0"));
  record(&buf, 0x0A, STR_EMPTY);
  READ(buf_str(&buf), "手.xls");
  CHECK_STR(sheet->name, STR("ab"));
  CHECK_STR(cell_text(sheet, 3, 1), STR("XY余婷"));
  Workbook contained = {0};
  CHECK_OK(workbook_read(cx, test_ole(cx->arena, "Workbook", buf_str(&buf)), STR("手.et"), &SHEET_LIMITS, &contained));
  CHECK(contained.sheet_count == 1 && contained.note_count == 0);
}

TEST(xls_bare_worksheets_of_web_exports_are_read) {
  Buf buf = buf_new(cx->arena);
  record(&buf, 0x809, BYTES("\0\0\x10\0\0\0\0\0"));
  record(&buf, 0x204, BYTES("\0\0\0\0\0\0\4\0\xD3\xE0\xE6\xC3"));
  record(&buf, 0x204, BYTES("\0\0\1\0\0\0\6\0\xE5\xA4\xA7\xE5\x9C\xB0"));
  record(&buf, 0x203, BYTES("\1\0\1\0\0\0\0\0\0\0\0\0\x46\x40"));
  record(&buf, 0x0A, STR_EMPTY);
  READ(buf_str(&buf), "网.xls");
  Workbook small = {0};
  CHECK_OK(
      workbook_read(cx, test_ole_mini(cx->arena, "Workbook", buf_str(&buf)), STR("小.xls"), &SHEET_LIMITS, &small));
  CHECK(small.sheet_count == 1 && str_equal(cell_text(&small.sheets[0], 2, 1), STR("44")));
  CHECK_STR(cell_text(sheet, 1, 0), STR("余婷"));
  CHECK_STR(cell_text(sheet, 1, 1), STR("大地"));
  CHECK_STR(cell_text(sheet, 2, 1), STR("44"));
}

TEST(xls_old_excel_95_files_are_read_in_their_code_page) {
  Buf buf = buf_new(cx->arena);
  record(&buf, 0x809, BYTES("\0\5\5\0\0\0\0\0"));
  record(&buf, 0x42, BYTES("\xA8\3"));
  record(&buf, 0x41E, BYTES("\xB0\0\x0Ayyyy\"\xC4\xEA\"\\m"));
  record(&buf, 0xE0, BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
  record(&buf, 0xE0, BYTES("\0\0\xB0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
  size_t sheet_at = buf.size;
  record(&buf, 0x85, BYTES("\0\0\0\0\0\0\4\xC3\xFB\xB5\xA5"));
  record(&buf, 0x0A, STR_EMPTY);
  buf.data[sheet_at + 4] = (char)buf.size;
  record(&buf, 0x809, BYTES("\0\5\x10\0\0\0\0\0"));
  record(&buf, 0x204, BYTES("\0\0\0\0\0\0\4\0\xC1\xAA\xCD\xA8")); /* valid as UTF-8 too: the code page decides */
  record(&buf, 0x27E, BYTES("\0\0\1\0\1\0\x36\xAB\2\0"));
  record(&buf, 0x06, BYTES("\1\0\0\0\0\0\0\0\0\0\0\0\xFF\xFF\0\0\0\0\0\0"));
  record(&buf, 0x207, BYTES("\4\0\xD3\xE0\xE6\xC3"));
  record(&buf, 0x0A, STR_EMPTY);
  READ(test_ole(cx->arena, "Book", buf_str(&buf)), "旧.xls");
  CHECK_STR(sheet->name, STR("名单"));
  CHECK_STR(cell_text(sheet, 1, 0), STR("联通"));
  CHECK_STR(cell_text(sheet, 1, 1), STR("2019-09-17"));
  CHECK_STR(cell_text(sheet, 2, 0), STR("余婷"));
  CHECK_INT(cell_of(sheet, 2, 0).flags, CELL_FORMULA);
}

TEST(xls_passwords_get_their_sentence) {
  Buf buf = buf_new(cx->arena);
  bof(&buf, 5);
  record(&buf, 0x2F, BYTES("\0\0\1\2\3\4"));
  record(&buf, 0x0A, STR_EMPTY);
  check_refused(cx, test_ole(cx->arena, "Workbook", buf_str(&buf)), "密.xls", BAD_FILE, "密码|取消密码");
}

TEST(xls_truncated_and_damaged_files_get_sentences) {
  Str whole = test_file(cx->arena, "lists-small/relocated.xls");
  check_refused(cx, str_sub(whole, 0, 600), "半.xls", BAD_FILE, "已损坏|另存为");
  check_refused(cx, str_sub(whole, 0, whole.size / 2), "半.xls", BAD_FILE, "已损坏");
  check_refused(cx, str_sub(whole, 0, 8), "半.xls", BAD_FILE, "已损坏");
  for (size_t at = 0; at < whole.size; at += 211) {
    Str copy = str_copy(cx->arena, whole);
    ((char *)(uintptr_t)copy.data)[at] ^= (char)0xFF;
    Workbook workbook;
    Status status = workbook_read(cx, copy, STR("损.xls"), &SHEET_LIMITS, &workbook);
    CHECK(status == OK || cx->error.sentence.size > 0);
  }
}

TEST(xls_limits_are_sentences) {
  SheetLimits limits = SHEET_LIMITS;
  limits.columns = 5;
  Workbook workbook;
  Str file = test_file(cx->arena, "lists-small/relocated.xls");
  CHECK_FAILS(TOO_LARGE, workbook_read(cx, file, STR("宽.xls"), &limits, &workbook));
  CHECK(str_find(cx->error.sentence, STR("列有内容")) >= 0);
  limits = SHEET_LIMITS;
  limits.rows = 10;
  CHECK_FAILS(TOO_LARGE, workbook_read(cx, file, STR("长.xls"), &limits, &workbook));
  limits = SHEET_LIMITS;
  limits.cell_size = 3;
  CHECK_OK(workbook_read(cx, file, STR("字.xls"), &limits, &workbook));
  CHECK_STR(cell_text(&workbook.sheets[0], 2, 3), STR("户"));
  CHECK_INT(cell_of(&workbook.sheets[0], 2, 3).flags, CELL_TRUNCATED);
  limits = SHEET_LIMITS;
  limits.sheets = 2;
  CHECK_FAILS(TOO_LARGE,
              workbook_read(cx, test_file(cx->arena, "sheets/features.xls"), STR("多.xls"), &limits, &workbook));
}
