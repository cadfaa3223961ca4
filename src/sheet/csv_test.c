/* CSV in and out: encodings, separators, quotes. */
#include "sheet/sheet_test_help.h"
#include <iconv.h>

static Str encode(Arena *arena, const char *to, Str text) {
  iconv_t converter = iconv_open(to, "UTF-8");
  char *out = arena_alloc(arena, text.size * 4 + 8), *at = out, *in = (char *)(uintptr_t)text.data;
  size_t left = text.size, room = text.size * 4 + 8;
  CHECK(iconv(converter, &in, &left, &at, &room) != (size_t)-1);
  iconv_close(converter);
  return (Str){out, (size_t)(at - out)};
}
static Str join(Arena *arena, Str a, Str b) {
  Buf buf = buf_new(arena);
  buf_add(&buf, a);
  buf_add(&buf, b);
  return buf_str(&buf);
}

TEST(csv_every_encoding_gives_the_same_cells) {
  static const struct {
    const char *to, *encoding;
    Str bom;
  } encodings[] = {
      {"UTF-8", "utf-8", TEXT("")},
      {"UTF-8", "utf-8-bom", TEXT("\xEF\xBB\xBF")},
      {"GBK", "gbk", TEXT("")},
      {"UTF-16LE", "utf-16le", TEXT("\xFF\xFE")},
      {"UTF-16BE", "utf-16be", TEXT("\xFE\xFF")},
      {"UTF-16LE", "utf-16le", TEXT("")},
      {"UTF-16BE", "utf-16be", TEXT("")},
  };
  Str text = STR("户主姓名,身份证号,备注\r\n覃娥兰,45039919900526144X,“住”在三门镇\r\n余婷,450399193407070980,\r\n");
  for (size_t i = 0; i < COUNT_OF(encodings); i++) {
    READ(join(cx->arena, encodings[i].bom, encode(cx->arena, encodings[i].to, text)), "名单.csv");
    CHECK_STR(workbook.encoding, str_from(encodings[i].encoding));
    CHECK_INT(workbook.separator, ',');
    CHECK_INT(sheet->row_count, 3);
    CHECK_STR(cell_text(sheet, 1, 0), STR("户主姓名"));
    CHECK_STR(cell_text(sheet, 2, 0), STR("覃娥兰"));
    CHECK_STR(cell_text(sheet, 2, 2), STR("“住”在三门镇"));
    CHECK_INT(sheet->rows[2].count, 2);
    CHECK_INT(workbook.note_count, 0);
  }
}

TEST(csv_four_byte_characters_of_gb18030_are_read) {
  READ(encode(cx->arena, "GB18030", STR("姓名,村\n𬭎䶮,大地村\n")), "名单.csv");
  CHECK_STR(workbook.encoding, STR("gb18030"));
  CHECK_STR(cell_text(sheet, 2, 0), STR("𬭎䶮"));
}

TEST(csv_gbk_bytes_that_mean_nothing_are_replaced_and_flagged) {
  READ(STR("\xD0\xD5\xC3\xFB,\xB4\xE5\n\xC1\xF5\xFF,\xB4\xF3\xB5\xD8\xB4\xE5\n\xC0\xEE\xCB\xC4,"
           "\xB4\xF3\xB5\xD8\xB4\xE5\n"),
       "名单.csv");
  CHECK_STR(cell_text(sheet, 2, 0), STR("刘\xEF\xBF\xBD"));
  CHECK_INT(cell_of(sheet, 2, 0).flags, CELL_REPLACED);
  CHECK_STR(cell_text(sheet, 2, 1), STR("大地村"));
  CHECK_INT(cell_of(sheet, 2, 1).flags, 0);
  CHECK(has_note(&workbook, "1 处字节无法识别"));
}

TEST(csv_half_a_character_does_not_swallow_the_separator) {
  READ(STR("\xD0\xD5\xC3\xFB,\xB4\xE5\n\xC1,\xB4\xF3\xB5\xD8\xB4\xE5\n\xC0\xEE\xCB\xC4,\xB4\xF3\xB5\xD8\xB4\xE5\n"),
       "名单.csv");
  CHECK_STR(cell_text(sheet, 2, 0), STR("\xEF\xBF\xBD"));
  CHECK_STR(cell_text(sheet, 2, 1), STR("大地村"));
}

TEST(csv_utf8_that_was_cut_stays_utf8) {
  Buf buf = buf_new(cx->arena);
  for (int i = 0; i < 30; i++) buf_add_c(&buf, "余婷,三门镇\n");
  buf_add(&buf, STR("大\xE5\x9C"));
  READ(buf_str(&buf), "名单.csv");
  CHECK_STR(workbook.encoding, STR("utf-8"));
  CHECK_STR(cell_text(sheet, 30, 1), STR("三门镇"));
  CHECK_INT(cell_of(sheet, 31, 0).flags, CELL_REPLACED);
}

TEST(csv_separators_are_found) {
  static const struct {
    Str text;
    char separator;
  } files[] = {
      {TEXT("a;b;c\n1,5;2;3\n4;5,5;6\n"), ';'},
      {TEXT("a\tb\tc\n1,2\t3\t4\n5\t6\t7\n"), '\t'},
      {TEXT("姓名，村，备注\n余婷，大地村，无\n"), ','},
      {TEXT("姓名；村；备注\n余婷；大地村；无\n"), ';'},
      {TEXT("姓名,备注\n余婷,住三门，无房，借住\n刘杰,无\n"), ','},
      {TEXT("sep=;\na;b,c;d\n"), ';'},
  };
  for (size_t i = 0; i < COUNT_OF(files); i++) {
    READ(files[i].text, "名单.csv");
    CHECK_INT(workbook.separator, files[i].separator);
    CHECK(sheet->column_count == (i == 4 ? 2 : 3));
    CHECK_INT(sheet->rows[0].number, 1);
  }
}

TEST(csv_one_column_is_fine) {
  READ(STR("姓名\n余婷\n刘杰\n"), "名单.csv");
  CHECK_INT(workbook.separator, ',');
  CHECK_INT(sheet->row_count, 3);
  CHECK_INT(sheet->column_count, 1);
}

TEST(csv_line_ends_of_every_kind_are_read) {
  READ(STR("a,b\rc,d\r\n\r\ne,f\ng,h"), "名单.csv");
  CHECK_INT(sheet->row_count, 4);
  CHECK_STR(cell_text(sheet, 2, 1), STR("d"));
  CHECK_INT(sheet->rows[2].number, 4); /* the empty record counts, as in a spreadsheet */
  CHECK_STR(cell_text(sheet, 5, 1), STR("h"));
}

TEST(csv_quotes_follow_rfc_4180) {
  READ(STR("a,\"b,\"\"x\"\"\",c\n\"line 1\nline 2\",2,3\n4,5\"5\"5,\"\"\n7,\"8\"9,0\n"), "名单.csv");
  CHECK_STR(cell_text(sheet, 1, 1), STR("b,\"x\""));
  CHECK_STR(cell_text(sheet, 2, 0), STR("line 1\nline 2"));
  CHECK_INT(sheet->rows[2].number, 3); /* records, not lines */
  CHECK_STR(cell_text(sheet, 3, 1), STR("5\"5\"5"));
  CHECK_INT(sheet->rows[2].count, 2);
  CHECK_STR(cell_text(sheet, 4, 1), STR("89"));
  CHECK_STR(cell_text(sheet, 4, 2), STR("0"));
  CHECK_INT(workbook.note_count, 0);
}

TEST(csv_a_lost_quote_costs_one_field_and_is_noted) {
  READ(STR("a,b\n\"余婷,大地村\n刘杰,花坪村\n\"盘姣\",\"大柳村\"\n"), "名单.csv");
  CHECK_INT(sheet->row_count, 4);
  CHECK_STR(cell_text(sheet, 2, 0), STR("\"余婷"));
  CHECK_STR(cell_text(sheet, 2, 1), STR("大地村"));
  CHECK_STR(cell_text(sheet, 3, 0), STR("刘杰"));
  CHECK_STR(cell_text(sheet, 4, 1), STR("大柳村"));
  CHECK(has_note(&workbook, "第 2 行有引号没有配对"));
}

TEST(csv_a_lost_quote_in_the_last_row_ends_there) {
  READ(STR("a,b\n1,\"2\n3,4"), "名单.csv");
  CHECK_INT(sheet->row_count, 3);
  CHECK_STR(cell_text(sheet, 2, 1), STR("\"2"));
  CHECK_STR(cell_text(sheet, 3, 1), STR("4"));
}

TEST(csv_scientific_notation_and_formula_texts_are_flagged) {
  READ(STR("证件号码,编号,甲\n4.50399E+17,12E3,=\"0450399\"\n"), "名单.csv");
  CHECK_INT(cell_of(sheet, 2, 0).flags, CELL_SCIENTIFIC);
  CHECK_STR(cell_text(sheet, 2, 0), STR("4.50399E+17"));
  CHECK_INT(cell_of(sheet, 2, 1).flags, 0);
  CHECK_STR(cell_text(sheet, 2, 2), STR("0450399"));
  CHECK_INT(cell_of(sheet, 2, 2).flags, CELL_FORMULA);
}

TEST(csv_limits_are_sentences) {
  SheetLimits limits = SHEET_LIMITS;
  limits.rows = 2;
  limits.columns = 3;
  Workbook workbook;
  CHECK_FAILS(TOO_LARGE, workbook_read(cx, STR("1\n2\n3\n"), STR("长.csv"), &limits, &workbook));
  CHECK(str_find(cx->error.sentence, STR("2 行")) >= 0);
  CHECK_FAILS(TOO_LARGE, workbook_read(cx, STR("1,2,3,4\n"), STR("宽.csv"), &limits, &workbook));
  CHECK(str_find(cx->error.sentence, STR("D 列")) >= 0);
  CHECK_OK(workbook_read(cx, STR("1,2,3,,,,\n"), STR("宽.csv"), &limits, &workbook));
  limits.cell_size = 4;
  CHECK_OK(workbook_read(cx, STR("三门镇\n"), STR("名.csv"), &limits, &workbook));
  CHECK_STR(cell_text(&workbook.sheets[0], 1, 0), STR("三"));
  CHECK_INT(cell_of(&workbook.sheets[0], 1, 0).flags, CELL_TRUNCATED);
}

TEST(csv_columns_are_read_without_a_limit_on_rows_and_odd_rows_are_told) {
  Str wanted[] = {STR("b"), STR("none"), STR("a")};
  CsvTable table;
  CHECK_OK(csv_table_read(cx,
                          STR("\xEF\xBB\xBF"
                              "a , b,c\r\n1,2,3\r\n\r\n4\r\n5,\"6,\"\"x\"\"\n7\",8,9\r\n=\"012\",,\r\n"),
                          STR("x.csv"), wanted, 3, &table));
  CHECK_INT(table.rows, 4);
  CHECK_INT(table.field_count, 3);
  CHECK(table.found[0] && !table.found[1] && table.found[2]);
  CHECK_STR(table.cells[0][0], STR("2"));
  CHECK_STR(table.cells[2][0], STR("1"));
  CHECK_STR(table.cells[0][1], STR(""));
  CHECK_STR(table.cells[0][2], STR("6,\"x\"\n7"));
  CHECK_STR(table.cells[2][3], STR("012"));
  CHECK(table.short_rows == 1 && table.long_rows == 1 && table.note_count == 2);
  CHECK_INT(table.numbers[1], 4);
  CHECK(str_find(table.notes[0], STR("第 4 行")) >= 0);
}

TEST(csv_columns_are_read_in_any_encoding_and_lost_quotes_do_not_eat_the_file) {
  Str wanted[] = {STR("姓名")};
  CsvTable table;
  CHECK_OK(
      csv_table_read(cx, STR("\xD0\xD5\xC3\xFB,b\n\xC1\xFA\xCA\xA4\xB2\xC5,1\n"), STR("x.csv"), wanted, 1, &table));
  CHECK(table.found[0]);
  CHECK_STR(table.cells[0][0], STR("龙胜才"));
  Buf buf = buf_new(cx->arena);
  buf_add(&buf, STR("姓名,b\n"));
  for (int i = 0; i < 20000; i++) buf_add(&buf, STR("\"龙,1\n"));
  CHECK_OK(csv_table_read(cx, buf_str(&buf), STR("x.csv"), wanted, 1, &table));
  CHECK_INT(table.rows, 20000);
  CHECK_OK(csv_table_read(cx, STR(""), STR("x.csv"), wanted, 1, &table));
  CHECK(table.rows == 0 && !table.found[0]);
}

TEST(csv_out_quotes_only_where_needed_and_reads_back) {
  Str fields[] = {STR("甲"), STR("a,b"), STR("\"x\""), STR("=1+1"), STR("l1\nl2"), STR("-5"), STR(" ")};
  Buf plain = buf_new(cx->arena), guarded = buf_new(cx->arena);
  csv_add_row(&plain, fields, COUNT_OF(fields), false);
  CHECK_STR(buf_str(&plain), STR("甲,\"a,b\",\"\"\"x\"\"\",=1+1,\"l1\nl2\",-5, \n"));
  csv_add_row(&guarded, fields, COUNT_OF(fields), true);
  CHECK_STR(buf_str(&guarded), STR("甲,\"a,b\",\"\"\"x\"\"\",'=1+1,\"l1\nl2\",'-5, \n"));
  READ(buf_str(&plain), "回.csv");
  for (uint32_t i = 0; i < COUNT_OF(fields); i++) CHECK_STR(cell_text(sheet, 1, i), fields[i]);
}
