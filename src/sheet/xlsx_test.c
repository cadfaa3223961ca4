/* .xlsx in: cells of every type, dates, merges, containers written in odd ways, bad files. */
#include "sheet/sheet_test_help.h"

static Str sheet_of(Arena *arena, Str body) { return test_xlsx(arena, body, STR_EMPTY, STR_EMPTY); }

TEST(xlsx_shared_strings_join_runs_and_skip_phonetic_ones) {
  Str strings =
      STR("<si><t>余婷</t></si><si><r><rPr><b/></rPr><t>数据</t></r><r><t xml:space=\"preserve\"> 日期</t></r>"
          "<rPh sb=\"0\" eb=\"1\"><t>shu</t></rPh></si><si><t>a_x000D__x0041__x005F_x0042_</t></si><si/>");
  READ(test_xlsx(cx->arena,
                 STR("<sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c>"
                     "<c r=\"C1\" t=\"s\"><v>2</v></c><c r=\"D1\" t=\"s\"><v>3</v></c><c r=\"E1\" t=\"s\"><v>9</v></c>"
                     "<c r=\"F1\" t=\"inlineStr\"><is><r><t>内</t></r><r><t>联</t></r></is></c></row></sheetData>"),
                 strings, STR_EMPTY),
       "名单.xlsx");
  CHECK_STR(workbook.format, STR("xlsx"));
  CHECK_STR(sheet->name, STR("表一"));
  CHECK_STR(cell_text(sheet, 1, 0), STR("余婷"));
  CHECK_STR(cell_text(sheet, 1, 1), STR("数据 日期"));
  CHECK_STR(cell_text(sheet, 1, 2), STR("aA_x0042_"));
  CHECK_INT(cell_of(sheet, 1, 3).kind, CELL_EMPTY);
  CHECK_INT(cell_of(sheet, 1, 4).kind, CELL_EMPTY);
  CHECK_STR(cell_text(sheet, 1, 5), STR("内联"));
}

TEST(xlsx_numbers_are_shortest_decimals_without_exponent) {
  static const struct {
    const char *stored;
    Str text;
    uint8_t flags;
  } numbers[] = {
      {"2", TEXT("2"), 0},
      {"45.5", TEXT("45.5"), 0},
      {"0.1", TEXT("0.1"), 0},
      {"-3", TEXT("-3"), 0},
      {"1E3", TEXT("1000"), 0},
      {"450399196004131", TEXT("450399196004131"), 0},
      {"4.50399196004131E+17", TEXT("450399196004131000"), CELL_PRECISION},
      {"450399196004131000", TEXT("450399196004131000"), CELL_PRECISION},
      {"1.0000000000000001E-5", TEXT("0.00001"), 0},
      {"0.30000000000000004", TEXT("0.30000000000000004"), 0},
      {"1e15", TEXT("1000000000000000"), CELL_PRECISION},
      {"-0", TEXT("0"), 0},
      {"007", TEXT("7"), 0},
  };
  for (size_t i = 0; i < COUNT_OF(numbers); i++) {
    READ(sheet_of(cx->arena,
                  str_format(cx->arena, "<sheetData><row><c><v>%s</v></c></row></sheetData>", numbers[i].stored)),
         "数.xlsx");
    CHECK_STR(cell_text(sheet, 1, 0), numbers[i].text);
    CHECK_INT(cell_of(sheet, 1, 0).kind, CELL_NUMBER);
    CHECK_INT(cell_of(sheet, 1, 0).flags, numbers[i].flags);
  }
}

static Str dated(Arena *arena, const char *format, const char *value) {
  return test_xlsx(
      arena, str_format(arena, "<sheetData><row><c s=\"1\"><v>%s</v></c></row></sheetData>", value), STR_EMPTY,
      str_format(arena,
                 "<numFmts><numFmt numFmtId=\"176\" formatCode=\"%s\"/></numFmts><cellStyleXfs><xf numFmtId=\"14\"/>"
                 "</cellStyleXfs><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"%s\"/></cellXfs>",
                 format, format[0] >= '1' && format[0] <= '9' ? format : "176"));
}

TEST(xlsx_dates_are_known_by_their_number_format) {
  static const struct {
    const char *format, *value;
    Str text;
    uint8_t kind;
  } dates[] = {
      {"yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;;@", "43725", TEXT("2019-09-17"), CELL_DATE},
      {"[$-804]yyyy年m月d日", "43725", TEXT("2019-09-17"), CELL_DATE},
      {"yyyy/m/d h:mm", "43725.3541666667", TEXT("2019-09-17 08:30:00"), CELL_DATE},
      {"yyyy/m/d h:mm", "43725", TEXT("2019-09-17"), CELL_DATE},
      {"14", "43725.5", TEXT("2019-09-17"), CELL_DATE},
      {"31", "43725", TEXT("2019-09-17"), CELL_DATE},
      {"57", "43725", TEXT("2019-09-17"), CELL_DATE},
      {"h:mm", "0.5", TEXT("12:00:00"), CELL_DATE},
      {"m-d", "43725", TEXT("2019-09-17"), CELL_DATE},
      {"14", "59", TEXT("1900-02-28"), CELL_DATE},
      {"14", "60", TEXT("1900-02-29"), CELL_DATE},
      {"14", "61", TEXT("1900-03-01"), CELL_DATE},
      {"14", "1", TEXT("1900-01-01"), CELL_DATE},
      {"14", "-5", TEXT("-5"), CELL_NUMBER},
      {"14", "99999999", TEXT("99999999"), CELL_NUMBER},
      {"14", "2958465", TEXT("9999-12-31"), CELL_DATE},
      {"0.00&quot;m&quot;", "43725", TEXT("43725"), CELL_NUMBER},
      {"[h]:mm", "43725", TEXT("43725"), CELL_NUMBER},
      {"General", "43725", TEXT("43725"), CELL_NUMBER},
      {"[Red]0.00E+00", "43725", TEXT("43725"), CELL_NUMBER},
      {"@", "43725", TEXT("43725"), CELL_NUMBER},
      {"0\\d", "43725", TEXT("43725"), CELL_NUMBER},
  };
  for (size_t i = 0; i < COUNT_OF(dates); i++) {
    READ(dated(cx->arena, dates[i].format, dates[i].value), "日期.xlsx");
    CHECK_STR(cell_text(sheet, 1, 0), dates[i].text);
    CHECK_INT(cell_of(sheet, 1, 0).kind, dates[i].kind);
  }
}

TEST(xlsx_booleans_errors_formulas_and_iso_dates) {
  READ(
      sheet_of(cx->arena, STR("<sheetData><row><c t=\"b\"><v>1</v></c><c t=\"b\"><v>0</v></c><c t=\"e\"><v>#N/A</v></c>"
                              "<c t=\"str\"><f>A1&amp;B1</f><v>合计</v></c><c><f>1+1</f><v>2</v></c><c><f>1+1</f></c>"
                              "<c t=\"d\"><v>2019-09-17T00:00:00</v></c><c t=\"d\"><v>2019-09-17T08:30:00.000</v></c>"
                              "</row></sheetData>")),
      "名单.xlsx");
  CHECK_STR(cell_text(sheet, 1, 0), STR("TRUE"));
  CHECK_INT(cell_of(sheet, 1, 0).kind, CELL_BOOL);
  CHECK_STR(cell_text(sheet, 1, 1), STR("FALSE"));
  CHECK_STR(cell_text(sheet, 1, 2), STR("#N/A"));
  CHECK_INT(cell_of(sheet, 1, 2).kind, CELL_ERROR);
  CHECK_STR(cell_text(sheet, 1, 3), STR("合计"));
  CHECK_INT(cell_of(sheet, 1, 3).flags, CELL_FORMULA);
  CHECK_INT(cell_of(sheet, 1, 4).flags, CELL_FORMULA);
  CHECK(has_note(&workbook, "1 个公式没有保存计算结果"));
  CHECK_STR(cell_text(sheet, 1, 6), STR("2019-09-17"));
  CHECK_STR(cell_text(sheet, 1, 7), STR("2019-09-17 08:30:00"));
}

TEST(xlsx_places_without_references_and_wrong_dimensions) {
  READ(sheet_of(
           cx->arena,
           STR("<dimension ref=\"A1\"/><sheetData><row><c><v>1</v></c><c r=\"D1\"><v>2</v></c><c><v>3</v></c></row>"
               "<row r=\"5\"><c r=\"B5\"><v>4</v></c></row><row><c><v>5</v></c></row>"
               "<row r=\"2\"><c r=\"A2\"><v>6</v></c></row><row r=\"5\"><c r=\"A5\"><v>7</v></c></row></sheetData>")),
       "名单.xlsx");
  CHECK_STR(cell_text(sheet, 1, 4), STR("3"));
  CHECK_STR(cell_text(sheet, 6, 0), STR("5"));
  CHECK_INT(sheet->row_count, 4);
  CHECK_INT(sheet->rows[1].number, 2);
  CHECK_STR(cell_text(sheet, 5, 0), STR("7"));
  CHECK_STR(cell_text(sheet, 5, 1), STR("4"));
  CHECK_INT(sheet->column_count, 5);
}

TEST(xlsx_merged_cells_are_copied_into_what_they_cover) {
  READ(
      sheet_of(
          cx->arena,
          STR("<sheetData><row r=\"1\"><c r=\"A1\" t=\"str\"><v>标题</v></c></row>"
              "<row r=\"2\"><c r=\"A2\" t=\"str\"><v>三门镇</v></c><c r=\"B2\"><v>1</v></c><c "
              "r=\"C2\"><v>9</v></c></row>"
              "<row r=\"3\"><c r=\"B3\"><v>2</v></c></row></sheetData>"
              "<mergeCells count=\"3\"><mergeCell ref=\"A1:XFD1\"/><mergeCell ref=\"A2:A3\"/><mergeCell ref=\"E9:E9\"/>"
              "<mergeCell ref=\"A7:B9\"/></mergeCells>")),
      "名单.xlsx");
  CHECK_STR(cell_text(sheet, 1, 2), STR("标题"));
  CHECK_INT(cell_of(sheet, 1, 1).flags, CELL_MERGED);
  CHECK_INT(cell_of(sheet, 1, 0).flags, 0);
  CHECK_INT(sheet->column_count, 3);
  CHECK_STR(cell_text(sheet, 3, 0), STR("三门镇"));
  CHECK_STR(cell_text(sheet, 3, 1), STR("2"));
  CHECK_INT(sheet->merge_count, 3);
  CHECK_INT(sheet->row_count, 3);
}

TEST(xlsx_far_columns_matter_only_where_they_hold_something) {
  {
    READ(sheet_of(cx->arena, STR("<sheetData><row r=\"1\"><c r=\"A1\"><v>1</v></c><c r=\"XFD1\" s=\"1\"/></row>"
                                 "<row r=\"1048576\"><c r=\"XFD1048576\" s=\"1\"/></row></sheetData>")),
         "名单.xlsx");
    CHECK_INT(sheet->column_count, 1);
    CHECK_INT(sheet->row_count, 1);
  }
  check_refused(cx, sheet_of(cx->arena, STR("<sheetData><row r=\"3\"><c r=\"XFD3\"><v>1</v></c></row></sheetData>")),
                "名单.xlsx", TOO_LARGE, "第 3 行|XFD 列|512 列");
  check_refused(cx, sheet_of(cx->arena, STR("<sheetData><row r=\"1048577\"><c><v>1</v></c></row></sheetData>")),
                "名单.xlsx", TOO_LARGE, "1048576 行");
}

#define NS                                                     \
  "xmlns:x=\"http://purl.oclc.org/ooxml/spreadsheetml/main\" " \
  "xmlns:r=\"http://purl.oclc.org/ooxml/officeDocument/relationships\""
TEST(xlsx_prefixes_strict_namespaces_absolute_targets_and_odd_paths) {
  PartFile files[] = {
      {"_rels/.rels",
       STR("<p:Relationships xmlns:p=\"x\"><p:Relationship Id=\"a\" Type=\"http://purl.oclc.org/ooxml/officeDocument/"
           "relationships/officeDocument\" Target=\"/xl/book.xml\"/></p:Relationships>")},
      {"XL\\Book.xml",
       STR("<x:workbook " NS "><x:workbookPr date1904=\"1\"/><x:sheets><x:sheet name=\"甲\" sheetId=\"7\" r:id=\"b\"/>"
           "<x:sheet name=\"图\" sheetId=\"8\" r:id=\"c\"/><x:sheet name=\"乙\" sheetId=\"1\" state=\"hidden\" "
           "r:id=\"d\"/>"
           "<x:sheet name=\"丙\" sheetId=\"2\" state=\"visible\" r:id=\"e\"/></x:sheets></x:workbook>")},
      {"xl/_rels/book.xml.rels", STR("<Relationships><Relationship Id=\"e\" Type=\"t/worksheet\" "
                                     "Target=\"./sub/../s3.xml\"/><Relationship Id=\"d\" Type=\"t/worksheet\" "
                                     "Target=\"../other/s2.xml\"/><Relationship Id=\"c\" Type=\"t/chartsheet\" "
                                     "Target=\"none.xml\"/><Relationship Id=\"b\" "
                                     "Type=\"t/worksheet\" Target=\"/xl/s1.xml\"/><Relationship Id=\"s\" "
                                     "Type=\"t/styles\" Target=\"st.xml\"/></Relationships>")},
      {"xl/s1.xml", STR("<x:worksheet " NS "><x:sheetData><x:row r=\"1\"><x:c r=\"A1\" "
                        "s=\"0\"><x:v>0</x:v></x:c></x:row></x:sheetData></x:worksheet>")},
      {"other/s2.xml", STR("<worksheet><sheetData><row><c t=\"str\"><v>藏</v></c></row></sheetData></worksheet>")},
      {"xl/s3.xml", STR("<worksheet><sheetData/></worksheet>")},
      {"xl/st.xml", STR("<styleSheet><cellXfs><xf numFmtId=\"14\"/></cellXfs></styleSheet>")},
  };
  READ(test_zip(cx->arena, files, COUNT_OF(files)), "名单.xlsx");
  CHECK_INT(workbook.sheet_count, 3);
  if (workbook.sheet_count != 3) return;
  CHECK_STR(cell_text(sheet, 1, 0), STR("1904-01-01"));
  CHECK_STR(workbook.sheets[1].name, STR("乙"));
  CHECK(workbook.sheets[1].hidden);
  CHECK(!workbook.sheets[2].hidden);
  CHECK_INT(workbook.sheets[2].row_count, 0);
  CHECK(has_note(&workbook, "“乙”|隐藏"));
}

TEST(xlsx_doctype_depth_and_broken_xml_are_refused) {
  PartFile evil[] = {{"xl/workbook.xml", STR("<!DOCTYPE x [<!ENTITY a \"aaaa\">]><workbook>&a;</workbook>")}};
  check_refused(cx, test_zip(cx->arena, evil, 1), "坏.xlsx", BAD_FILE, "DOCTYPE|另存为");
  Buf deep = buf_new(cx->arena);
  for (int i = 0; i < 300; i++) buf_add_c(&deep, "<a>");
  check_refused(cx, sheet_of(cx->arena, buf_str(&deep)), "坏.xlsx", BAD_FILE, "嵌套太深");
  check_refused(cx, sheet_of(cx->arena, STR("<sheetData><row>")), "坏.xlsx", BAD_FILE, "已损坏|sheet1.xml");
  PartFile lost[] = {{"xl/workbook.xml", STR("<workbook><sheets><sheet name=\"甲\"/></sheets></workbook>")}};
  check_refused(cx, test_zip(cx->arena, lost, 1), "坏.xlsx", BAD_FILE, "缺少工作表“甲”");
  check_refused(cx, sheet_of(cx->arena, STR("<sheetData/>")), "空.xlsx", BAD_FILE, "没有任何内容");
}

TEST(xlsx_bombs_are_refused_before_they_are_unpacked) {
  Buf big = buf_new(cx->arena);
  Str blank = {arena_alloc(cx->arena, 1 << 20), 1 << 20};
  memset((char *)(uintptr_t)blank.data, ' ', blank.size);
  for (int i = 0; i < 70; i++) buf_add(&big, blank);
  PartFile bomb[] = {{"xl/workbook.xml", buf_str(&big)}};
  check_refused(cx, test_zip(cx->arena, bomb, 1), "弹.xlsx", TOO_LARGE, "解压后|压缩炸弹");
  SheetLimits limits = SHEET_LIMITS;
  limits.unpacked_size = 100;
  Workbook workbook;
  CHECK_FAILS(TOO_LARGE,
              workbook_read(cx, sheet_of(cx->arena, STR("<sheetData/>")), STR("弹.xlsx"), &limits, &workbook));
}

TEST(xlsx_truncated_and_damaged_files_get_sentences) {
  Str whole = test_file(cx->arena, "lists-small/disabled.xlsx");
  check_refused(cx, str_sub(whole, 0, whole.size / 2), "半.xlsx", BAD_FILE, "不完整|重新发送");
  check_refused(cx, str_sub(whole, 0, 30), "半.xlsx", BAD_FILE, "不完整");
  for (size_t at = 0; at < whole.size; at += 97) {
    Str copy = str_copy(cx->arena, whole);
    ((char *)(uintptr_t)copy.data)[at] ^= 0x55;
    Workbook workbook;
    Status status = workbook_read(cx, copy, STR("损.xlsx"), &SHEET_LIMITS, &workbook);
    CHECK(status == OK || cx->error.sentence.size > 0);
  }
}
