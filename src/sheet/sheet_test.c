/* Helpers of the room's tests; what concerns every format: sniffing, sentences, limits. */
#include "sheet/sheet_test_help.h"
#include <stdlib.h>
#include <zip.h>

Str test_zip(Arena *arena, const PartFile *files, size_t count) {
  zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, NULL);
  zip_t *zip = zip_open_from_source(source, ZIP_TRUNCATE, NULL);
  zip_source_keep(source);
  for (size_t i = 0; i < count; i++) {
    zip_source_t *file = zip_source_buffer(zip, files[i].bytes.data, files[i].bytes.size, 0);
    zip_file_add(zip, files[i].path, file, ZIP_FL_ENC_UTF_8);
  }
  CHECK(zip_close(zip) == 0);
  zip_source_open(source);
  zip_source_seek(source, 0, SEEK_END);
  size_t size = (size_t)zip_source_tell(source);
  zip_source_seek(source, 0, SEEK_SET);
  char *data = arena_alloc(arena, size);
  CHECK(zip_source_read(source, data, size) == (zip_int64_t)size);
  zip_source_close(source);
  zip_source_free(source);
  return (Str){data, size};
}

#define MAIN_NS "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define REL_NS "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define RELS(items) STR("<?xml version=\"1.0\"?><Relationships>" items "</Relationships>")

Str test_xlsx(Arena *arena, Str body, Str strings, Str styles) {
  PartFile files[] = {
      {"_rels/.rels", RELS("<Relationship Id=\"r1\" Type=\"" REL_NS "/officeDocument\" Target=\"xl/workbook.xml\"/>")},
      {"xl/workbook.xml", STR("<workbook xmlns=\"" MAIN_NS "\" xmlns:r=\"" REL_NS
                              "\"><sheets><sheet name=\"表一\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>")},
      {"xl/_rels/workbook.xml.rels",
       RELS("<Relationship Id=\"rId1\" Type=\"" REL_NS "/worksheet\" Target=\"worksheets/sheet1.xml\"/>")},
      {"xl/worksheets/sheet1.xml",
       str_format(arena, "<worksheet xmlns=\"" MAIN_NS "\">" STR_FMT "</worksheet>", STR_ARG(body))},
      {"xl/sharedStrings.xml", str_format(arena, "<sst xmlns=\"" MAIN_NS "\">" STR_FMT "</sst>", STR_ARG(strings))},
      {"xl/styles.xml",
       str_format(arena, "<styleSheet xmlns=\"" MAIN_NS "\">" STR_FMT "</styleSheet>", STR_ARG(styles))},
  };
  return test_zip(arena, files, COUNT_OF(files));
}

static void put16(char *at, uint32_t value) { at[0] = (char)value, at[1] = (char)(value >> 8); }
static void put32(char *at, uint32_t value) { put16(at, value), put16(at + 2, value >> 16); }

/* Sector 0: FAT; 1: directory; 2: mini FAT; from 3: the stream, or the root's mini stream that holds it. */
static Str compound(Arena *arena, const char *stream, Str bytes, bool mini) {
  enum { SECTOR = 512, MINI = 64 };
  static const uint32_t END = 0xFFFFFFFE, FREE = 0xFFFFFFFF;
  size_t sectors = (bytes.size + SECTOR - 1) / SECTOR;
  CHECK(sectors < 120);
  char *file = arena_alloc(arena, SECTOR * (4 + sectors));
  memcpy(file, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8);
  put16(file + 26, 3), put16(file + 28, 0xFFFE), put16(file + 30, 9), put16(file + 32, 6);
  put32(file + 44, 1), put32(file + 48, 1), put32(file + 56, mini ? 4096 : 0), put32(file + 60, 2),
      put32(file + 68, END);
  for (size_t i = 0; i < 109; i++) put32(file + 76 + i * 4, i == 0 ? 0 : FREE);
  char *fat = file + SECTOR, *directory = file + SECTOR * 2, *mini_fat = file + SECTOR * 3;
  for (size_t i = 0; i < 128; i++) put32(fat + i * 4, FREE), put32(mini_fat + i * 4, FREE);
  put32(fat, 0xFFFFFFFD), put32(fat + 4, END), put32(fat + 8, END);
  for (size_t i = 0; i < sectors; i++) put32(fat + 12 + i * 4, i + 1 < sectors ? (uint32_t)i + 4 : END);
  size_t minis = (bytes.size + MINI - 1) / MINI;
  for (size_t i = 0; mini && i < minis; i++) put32(mini_fat + i * 4, i + 1 < minis ? (uint32_t)i + 1 : END);
  const char *names[] = {"Root Entry", stream};
  for (int entry = 0; entry < 2; entry++) {
    char *at = directory + entry * 128;
    for (size_t i = 0; names[entry][i]; i++) at[i * 2] = names[entry][i];
    put16(at + 64, (uint32_t)(strlen(names[entry]) + 1) * 2);
    at[66] = entry == 0 ? 5 : 2;
    put32(at + 68, FREE), put32(at + 72, FREE), put32(at + 76, entry == 0 ? 1 : FREE);
    bool holds_bytes = (entry == 0) == mini;
    put32(at + 116, holds_bytes ? 3 : entry == 0 ? END : 0);
    put32(at + 120, entry == 0 && !mini ? 0 : (uint32_t)bytes.size);
  }
  if (bytes.size) memcpy(file + SECTOR * 4, bytes.data, bytes.size);
  return (Str){file, SECTOR * (4 + sectors)};
}
Str test_ole(Arena *arena, const char *stream, Str bytes) { return compound(arena, stream, bytes, false); }
Str test_ole_mini(Arena *arena, const char *stream, Str bytes) { return compound(arena, stream, bytes, true); }

Str test_file(Arena *arena, const char *path) {
  const char *full = str_c(arena, str_format(arena, TEST_DATA "/%s", path));
  FILE *file = fopen(full, "rb");
  CHECK(file != NULL);
  if (!file) return STR_EMPTY;
  Buf buf = buf_new(arena);
  char chunk[65536];
  for (size_t size; (size = fread(chunk, 1, sizeof chunk, file)) > 0;) buf_add(&buf, (Str){chunk, size});
  fclose(file);
  return buf_str(&buf);
}

Cell cell_of(const Sheet *sheet, uint32_t row, uint32_t column) {
  for (uint32_t i = 0; i < sheet->row_count; i++)
    if (sheet->rows[i].number == row && column < sheet->rows[i].count) return sheet->rows[i].cells[column];
  return (Cell){STR_EMPTY, CELL_EMPTY, 0};
}
Str cell_text(const Sheet *sheet, uint32_t row, uint32_t column) { return cell_of(sheet, row, column).text; }

static bool holds_words(Str sentence, const char *words) {
  while (*words) {
    size_t size = strcspn(words, "|");
    if (str_find(sentence, (Str){words, size}) < 0) return false;
    words += size + (words[size] == '|');
  }
  return true;
}

void check_refused(Context *cx, Str bytes, const char *name, Status status, const char *words) {
  Workbook workbook;
  Status got = workbook_read(cx, bytes, str_from(name), &SHEET_LIMITS, &workbook);
  CHECK_INT(got, status);
  if (got == OK) return;
  CHECK(str_find(cx->error.sentence, str_from(name)) >= 0);
  bool found = holds_words(cx->error.sentence, words);
  CHECK(found);
  if (!found) printf("# %s: " STR_FMT " lacks %s\n", name, STR_ARG(cx->error.sentence), words);
}

bool has_note(const Workbook *workbook, const char *words) {
  for (uint32_t i = 0; i < workbook->note_count; i++)
    if (holds_words(workbook->notes[i], words)) return true;
  return false;
}

TEST(sheet_column_names_run_past_z) {
  CHECK_STR(sheet_column_name(cx->arena, 0), STR("A"));
  CHECK_STR(sheet_column_name(cx->arena, 25), STR("Z"));
  CHECK_STR(sheet_column_name(cx->arena, 26), STR("AA"));
  CHECK_STR(sheet_column_name(cx->arena, 16383), STR("XFD"));
}

TEST(sheet_files_that_are_something_else_get_a_sentence_each) {
  static const struct {
    const char *name;
    Str bytes;
    const char *words;
  } files[] = {
      {"a.xls", TEXT("<html><table><tr><td>1</td></tr></table>"), "网页|另存为 .xlsx"},
      {"b.xls", TEXT("\xEF\xBB\xBF\r\n<TABLE border=1>"), "网页|另存为 .xlsx"},
      {"c.xls", TEXT("<?xml version=\"1.0\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">"),
       "XML 电子表格 2003|另存为"},
      {"d.xls", TEXT("MIME-Version: 1.0\r\nX-Document-Type: Workbook"), "网页|MHT"},
      {"e.xlsx", TEXT("%PDF-1.7\n"), "PDF|索要"},
      {"f.xlsx", TEXT("Rar!\x1A\x07\0"), "RAR|解压"},
      {"g.xlsx", TEXT("7z\xBC\xAF\x27\x1C"), "7z|解压"},
      {"h.jpg", TEXT("\xFF\xD8\xFF\xE0\0\0"), "图片|JPEG"},
      {"i.png", TEXT("\x89PNG\r\n\x1A\n"), "图片|PNG"},
      {"j.xls", TEXT("\x09\0\x04\0\x02\0\x10\0"), "很旧|另存为"},
      {"k.csv", TEXT("{\\rtf1\\ansi"), "RTF"},
      {"l.xlsx", TEXT(""), "空文件|重新发送"},
      {"m.csv", TEXT("\r\n\r\n,,\r\n"), "没有任何内容"},
      {"n.xml", TEXT("<?xml version=\"1.0\"?><a/>"), "XML 文件"},
      {"o.bin", TEXT("\x01\x02\x03\x04\xFF\xFE\x05\x06\x07\x08\x0E\x0F\x10\x11"), "无法识别"},
  };
  for (size_t i = 0; i < COUNT_OF(files); i++)
    check_refused(cx, files[i].bytes, files[i].name, BAD_FILE, files[i].words);
}

TEST(sheet_zip_files_that_are_no_workbook_get_a_sentence_each) {
  static const struct {
    const char *entry, *words;
  } kinds[] = {{"word/document.xml", "Word|.docx"},
               {"content.xml", "OpenDocument|另存为 .xlsx"},
               {"xl/workbook.bin", "xlsb"},
               {"ppt/presentation.xml", "演示文稿"},
               {"2019/名单.xlsx", "ZIP 压缩包|解压"}};
  for (size_t i = 0; i < COUNT_OF(kinds); i++) {
    PartFile file = {kinds[i].entry, STR("x")};
    check_refused(cx, test_zip(cx->arena, &file, 1), "名单.xlsx", BAD_FILE, kinds[i].words);
  }
}

TEST(sheet_compound_files_that_are_no_workbook_get_a_sentence_each) {
  static const struct {
    const char *stream, *words;
  } kinds[] = {{"WordDocument", "Word|WPS 文字"},
               {"EncryptedPackage", "密码|取消密码"},
               {"PowerPoint Document", "演示文稿"},
               {"Contents", "没有工作表"}};
  for (size_t i = 0; i < COUNT_OF(kinds); i++)
    check_refused(cx, test_ole(cx->arena, kinds[i].stream, STR("abcdefgh")), "名单.xls", BAD_FILE, kinds[i].words);
}

TEST(sheet_a_file_beyond_the_size_limit_is_too_large) {
  SheetLimits limits = SHEET_LIMITS;
  limits.file_size = 4;
  Workbook workbook;
  CHECK_FAILS(TOO_LARGE, workbook_read(cx, STR("a,b,c"), STR("大.csv"), &limits, &workbook));
}

TEST(sheet_wrong_extensions_are_noted_and_read_by_content) {
  {
    READ(STR("姓名,人数\n余婷,2\n"), "名单.XLSX");
    CHECK_STR(workbook.format, STR("csv"));
    CHECK(has_note(&workbook, ".xlsx|csv|按内容读取"));
  }
  {
    READ(STR("姓名,人数\n余婷,2\n"), "名单.txt");
    CHECK_INT(workbook.note_count, 0);
  }
}

TEST(sheet_reads_all_sample_lists) {
  static const struct {
    const char *path;
    uint32_t rows, columns, row, column;
    Str text;
  } samples[] = {
      {"lists-small/register.xlsx", 1227, 12, 4, 5, TEXT("450399196204131168")},
      {"lists-small/register.xlsx", 1227, 12, 2, 5, TEXT("数据日期：2019年12月31日")},
      {"lists-small/register.xlsx", 1227, 12, 1, 11, TEXT("龙胜各族自治县建档立卡贫困人口名单")},
      {"lists-small/appraised.xlsx", 260, 9, 3, 8, TEXT("2019-09-17")},
      {"lists-small/disabled.xlsx", 86, 4, 2, 0, TEXT("唐 发")},
      {"lists-small/relocated.xls", 42, 9, 3, 1, TEXT("乡镇")},
      {"lists-small/relocated.xls", 42, 9, 3, 3, TEXT("户主姓名")},
      {"lists-small/relocated.xls", 42, 9, 5, 4, TEXT("45039919710419131X")},
      {"lists-small/civil.csv", 144, 6, 2, 2, TEXT("45039920050728147X")},
      {"lists-small/renovated.csv", 73, 10, 1, 4, TEXT("贫困户类别")},
      {"lists-small/renovated.csv", 73, 10, 2, 7, TEXT("原址翻建")},
      {"lists-small/feedback.csv", 299, 7, 2, 6, TEXT("鉴定安全")},
  };
  for (size_t i = 0; i < COUNT_OF(samples); i++) {
    Workbook workbook = {0};
    CHECK_OK(
        workbook_read(cx, test_file(cx->arena, samples[i].path), str_from(samples[i].path), &SHEET_LIMITS, &workbook));
    CHECK_INT(workbook.sheet_count, 1);
    if (workbook.sheet_count == 0) continue;
    CHECK_INT(workbook.note_count, 0);
    CHECK_INT(workbook.sheets[0].row_count, samples[i].rows);
    CHECK_INT(workbook.sheets[0].column_count, samples[i].columns);
    CHECK_STR(cell_text(&workbook.sheets[0], samples[i].row, samples[i].column), samples[i].text);
  }
}

TEST(sheet_relocated_xls_has_its_two_row_header_and_merges) {
  READ(test_file(cx->arena, "lists-small/relocated.xls"), "relocated.xls");
  CHECK_STR(workbook.format, STR("xls"));
  CHECK_INT(sheet->merge_count, 8);
  CHECK_STR(cell_text(sheet, 2, 2), STR("迁出地"));
  CHECK_INT(cell_of(sheet, 2, 2).flags, CELL_MERGED);
  CHECK_INT(cell_of(sheet, 2, 1).flags, 0);
  CHECK_STR(cell_text(sheet, 3, 7), STR("安置点名称"));
  CHECK_STR(cell_text(sheet, 3, 8), STR("是否入住"));
}
