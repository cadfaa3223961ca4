/* What a file really is, by its content; one sentence for everything that is not a spreadsheet. */
#include "sheet/sheet_internal.h"

const SheetLimits SHEET_LIMITS = {.file_size = 200u << 20,
                                  .unpacked_size = 1u << 30,
                                  .rows = 1048576,
                                  .columns = 512,
                                  .sheets = 64,
                                  .cell_size = 32 * 1024};

Str sheet_column_name(Arena *arena, uint32_t column) {
  char letters[8];
  size_t at = sizeof letters;
  uint64_t rest = (uint64_t)column + 1;
  while (rest > 0) {
    rest--;
    letters[--at] = (char)('A' + rest % 26);
    rest /= 26;
  }
  return str_copy(arena, (Str){letters + at, sizeof letters - at});
}

void reader_note(Reader *reader, const char *format, ...) {
  Workbook *workbook = reader->workbook;
  if (workbook->note_count >= NOTES_PER_FILE) return;
  Buf buf = buf_new(reader->cx->arena);
  va_list args;
  va_start(args, format);
  buf_addv(&buf, format, args);
  va_end(args);
  workbook->notes = array_room(reader->cx->arena, workbook->notes, workbook->note_count, &reader->note_capacity,
                               sizeof *workbook->notes);
  workbook->notes[workbook->note_count++] = buf_str(&buf);
}

typedef struct Magic {
  uint32_t offset;
  Str bytes;
  Status (*read)(Reader *reader); /* NULL: not a spreadsheet */
  const char *sentence;           /* what it is and what to do; follows the file's name */
} Magic;
#define BYTES(literal) \
  { literal, sizeof(literal) - 1 }
#define ASK_FOR_TABLE "请向提供单位索要 Excel 原表（.xlsx）"
static const char OLD_BIFF[] = "是很旧的 Excel 4 以前的格式；请用 WPS 或 Excel 打开后另存为 .xlsx 再导入";

static const Magic MAGICS[] = {
    {0, BYTES("PK\3\4"), xlsx_read, NULL},
    {0, BYTES("PK\5\6"), xlsx_read, NULL},
    {0, BYTES("PK\7\x8"), xlsx_read, NULL},
    {0, BYTES("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), xls_read, NULL},
    {0, BYTES("\x09\0\x04\0"), NULL, OLD_BIFF},
    {0, BYTES("\x09\x02\x06\0"), NULL, OLD_BIFF},
    {0, BYTES("\x09\x04\x06\0"), NULL, OLD_BIFF},
    {0, BYTES("\x09\x08\x08\0"), xls_read, NULL}, /* BIFF5 or 8 without a container */
    {0, BYTES("\x09\x08\x10\0"), xls_read, NULL},
    {0, BYTES("%PDF"), NULL, "是 PDF 文件，不是表格；" ASK_FOR_TABLE},
    {0, BYTES("Rar!"), NULL, "是 RAR 压缩包；请先解压，再导入里面的表格"},
    {0, BYTES("7z\xBC\xAF\x27\x1C"), NULL, "是 7z 压缩包；请先解压，再导入里面的表格"},
    {0, BYTES("\x1F\x8B"), NULL, "是 gzip 压缩包；请先解压，再导入里面的表格"},
    {0,
     BYTES("\xFD"
           "7zXZ"),
     NULL, "是 xz 压缩包；请先解压，再导入里面的表格"},
    {0, BYTES("\x89PNG"), NULL, "是图片（PNG），不是表格；" ASK_FOR_TABLE},
    {0, BYTES("\xFF\xD8\xFF"), NULL, "是图片（JPEG），不是表格；" ASK_FOR_TABLE},
    {0, BYTES("GIF8"), NULL, "是图片（GIF），不是表格；" ASK_FOR_TABLE},
    {0, BYTES("II*\0"), NULL, "是图片（TIFF），不是表格；" ASK_FOR_TABLE},
    {0, BYTES("MM\0*"), NULL, "是图片（TIFF），不是表格；" ASK_FOR_TABLE},
    {6, BYTES("\0\0\0\0"), NULL, NULL}, /* BMP: see is_bitmap */
    {8, BYTES("WEBP"), NULL, "是图片（WebP），不是表格；" ASK_FOR_TABLE},
    {4, BYTES("ftyp"), NULL, "是视频或手机照片，不是表格；" ASK_FOR_TABLE},
    {0, BYTES("{\\rtf"), NULL,
     "是 RTF 文档（Word 类），不是表格；请把其中的表格复制到 WPS 表格或 Excel，另存为 .xlsx 再导入"},
    {0, BYTES("SQLite format 3"), NULL, "是 SQLite 数据库，不是表格；请导出为 .xlsx 或 .csv 再导入"},
    {0,
     BYTES("\x7F"
           "ELF"),
     NULL, "是程序，不是表格；请选择 .xlsx、.xls 或 .csv 文件"},
    {0, BYTES("MZ\x90"), NULL, "是程序，不是表格；请选择 .xlsx、.xls 或 .csv 文件"},
    {4, BYTES("Standard Jet DB"), NULL, "是 Access 数据库，不是表格；请导出为 .xlsx 再导入"},
    {4, BYTES("Standard ACE DB"), NULL, "是 Access 数据库，不是表格；请导出为 .xlsx 再导入"},
};

/* Text formats that are no lists, by what their beginning holds (lower case, blanks skipped). */
typedef struct Markup {
  Str starts, holds; /* either may be empty */
  const char *sentence;
} Markup;
static const Markup MARKUPS[] = {
    {BYTES("<"), BYTES("urn:schemas-microsoft-com:office:spreadsheet"),
     "是“XML 电子表格 2003”；请用 WPS 或 Excel 打开，另存为 .xlsx 再导入"},
    {BYTES("<"), BYTES("<html"), "其实是网页（HTML），只是改名成了表格；请用 WPS 或 Excel 打开，另存为 .xlsx 再导入"},
    {BYTES("<"), BYTES("<!doctype html"),
     "其实是网页（HTML），只是改名成了表格；请用 WPS 或 Excel 打开，另存为 .xlsx 再导入"},
    {BYTES("<"), BYTES("<table"), "其实是网页（HTML）里的表格；请用 WPS 或 Excel 打开，另存为 .xlsx 再导入"},
    {BYTES("<"), BYTES("<meta"), "其实是网页（HTML）；请用 WPS 或 Excel 打开，另存为 .xlsx 再导入"},
    {BYTES("mime-version:"), BYTES(""), "其实是单个文件网页（MHT）；请用 WPS 或 Excel 打开，另存为 .xlsx 再导入"},
    {BYTES("<?xml"), BYTES("office:document"), "是 ODF 的 XML 文件；请用 WPS 或 Excel 打开，另存为 .xlsx 再导入"},
    {BYTES("<?xml"), BYTES(""), "是 XML 文件，不是表格；" ASK_FOR_TABLE},
    {BYTES("id;p"), BYTES(""), "是 SYLK 格式；请用 WPS 或 Excel 打开，另存为 .xlsx 再导入"},
};

static bool magic_at(Str bytes, const Magic *magic) {
  return magic->bytes.size > 0 && bytes.size >= magic->offset + magic->bytes.size &&
         memcmp(bytes.data + magic->offset, magic->bytes.data, magic->bytes.size) == 0;
}

/* "BM" may begin a text; the reserved zeros after the size do not. */
static bool is_bitmap(Str bytes) { return str_starts(bytes, STR("BM")); }

/* The first 4 KB in lower case without NULs (so that UTF-16 markup is seen too), BOM and blanks skipped. */
static Str lower_head(Arena *arena, Str bytes) {
  Buf buf = buf_new(arena);
  for (size_t i = 0; i < bytes.size && i < 4096; i++) {
    unsigned char c = (unsigned char)bytes.data[i];
    if (c == 0 || (buf.size == 0 && (c <= ' ' || c == 0xEF || c == 0xBB || c == 0xBF || c >= 0xFE))) continue;
    buf_add_byte(&buf, (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c));
  }
  return buf_str(&buf);
}

static Status refuse(Reader *reader, const char *sentence) {
  return fail(reader->cx, BAD_FILE, "“" STR_FMT "”%s。", STR_ARG(reader->name), sentence);
}

static Status read_by_content(Reader *reader, Str *ret_format) {
  Str bytes = reader->bytes;
  for (size_t i = 0; i < COUNT_OF(MAGICS); i++) {
    if (!magic_at(bytes, &MAGICS[i])) continue;
    if (MAGICS[i].read) {
      *ret_format = MAGICS[i].read == xlsx_read ? STR("xlsx") : STR("xls");
      return MAGICS[i].read(reader);
    }
    if (MAGICS[i].sentence) return refuse(reader, MAGICS[i].sentence);
    if (is_bitmap(bytes)) return refuse(reader, "是图片（BMP），不是表格；" ASK_FOR_TABLE);
  }
  Str head = lower_head(reader->cx->arena, bytes);
  for (size_t i = 0; i < COUNT_OF(MARKUPS); i++)
    if (str_starts(head, MARKUPS[i].starts) && str_find(head, MARKUPS[i].holds) >= 0)
      return refuse(reader, MARKUPS[i].sentence);
  *ret_format = STR("csv");
  return csv_read(reader);
}

static Str lower_extension(Arena *arena, Str name) {
  size_t dot = name.size;
  while (dot > 0 && name.data[dot - 1] != '.' && name.data[dot - 1] != '/') dot--;
  if (dot == 0 || name.data[dot - 1] != '.') return STR_EMPTY;
  Str extension = str_copy(arena, str_sub(name, dot, name.size));
  char *data = (char *)(uintptr_t)extension.data;
  for (size_t i = 0; i < extension.size; i++)
    if (data[i] >= 'A' && data[i] <= 'Z') data[i] |= 0x20;
  return extension;
}

/* A name that promises another of our formats is worth a note; .et and .txt are no wrong names. */
static void note_extension(Reader *reader) {
  static const struct {
    const char *extension, *format;
  } promises[] = {{"xlsx", "xlsx"}, {"xlsm", "xlsx"}, {"xls", "xls"}, {"csv", "csv"}};
  Str extension = lower_extension(reader->cx->arena, reader->name);
  for (size_t i = 0; i < COUNT_OF(promises); i++)
    if (str_equal(extension, str_from(promises[i].extension)) &&
        !str_equal(reader->workbook->format, str_from(promises[i].format)))
      reader_note(reader, "文件名以 ." STR_FMT " 结尾，内容其实是 " STR_FMT "，已按内容读取。", STR_ARG(extension),
                  STR_ARG(reader->workbook->format));
}

Status workbook_read(Context *cx, Str bytes, Str name, const SheetLimits *limits, Workbook *ret_workbook) {
  Workbook workbook = {.encoding = STR_EMPTY};
  if (!limits) limits = &SHEET_LIMITS;
  if (name.size == 0) name = STR("表格文件");
  Reader reader = {.cx = cx, .bytes = bytes, .name = name, .limits = limits, .workbook = &workbook};
  if (bytes.size == 0) return refuse(&reader, "是空文件（0 字节），可能没有传完；请重新发送");
  if (bytes.size > limits->file_size)
    return fail(cx, TOO_LARGE, "“" STR_FMT "”有 %zu MB，超过 %zu MB；请删去图片或拆成几个文件再导入。", STR_ARG(name),
                bytes.size >> 20, limits->file_size >> 20);
  TRY(read_by_content(&reader, &workbook.format));
  uint64_t rows = 0;
  for (uint32_t i = 0; i < workbook.sheet_count; i++) rows += workbook.sheets[i].row_count;
  if (rows == 0) return refuse(&reader, "里没有任何内容；请检查是否选错了文件");
  note_extension(&reader);
  *ret_workbook = workbook;
  return OK;
}
