/* .xlsx in: the zip container with its limits, relations, the list of sheets. */
#include "sheet/xlsx_internal.h"
#include <stdlib.h>

enum {
  ENTRIES = 10000,
  RATIO = 200,           /* unpacked : packed, once the whole is larger than RATIO_FROM */
  RATIO_FROM = 64 << 20, /* bytes */
  XML_DEPTH = 256,
  TOKEN_SIZE = 1 << 20, /* bytes of one tag with its attributes */
  CHUNK = 64 * 1024,
};

/* ---- entries ---- */
/* Lower case, '/' between folders, none in front: some writers use '\' or other cases. */
static Str normal_path(Arena *arena, Str path) {
  Str copy = str_copy(arena, path);
  char *data = (char *)(uintptr_t)copy.data;
  for (size_t i = 0; i < copy.size; i++) {
    if (data[i] == '\\') data[i] = '/';
    if (data[i] >= 'A' && data[i] <= 'Z') data[i] |= 0x20;
  }
  while (copy.size && copy.data[0] == '/') copy = str_sub(copy, 1, copy.size);
  return copy;
}

static Status refuse(Xlsx *xlsx, const char *sentence) {
  return fail(xlsx->reader->cx, BAD_FILE, "“" STR_FMT "”%s。", STR_ARG(xlsx->reader->name), sentence);
}

static Status list_entries(Xlsx *xlsx) {
  Reader *reader = xlsx->reader;
  zip_int64_t count = zip_get_num_entries(xlsx->zip, 0);
  uint64_t total = 0;
  if (count > ENTRIES)
    return fail(reader->cx, TOO_LARGE,
                "“" STR_FMT "”里有 %lld 个文件，不像正常的表格；请用 WPS 或 Excel 打开后另存为 .xlsx。",
                STR_ARG(reader->name), (long long)count);
  for (zip_int64_t i = 0; i < count; i++) {
    zip_stat_t stat;
    if (zip_stat_index(xlsx->zip, (zip_uint64_t)i, 0, &stat) != 0 || !(stat.valid & ZIP_STAT_NAME)) continue;
    if ((stat.valid & ZIP_STAT_ENCRYPTION_METHOD) && stat.encryption_method != ZIP_EM_NONE)
      return refuse(xlsx, "是加了密码的压缩文件；请取消密码后重新导入");
    if (stat.valid & ZIP_STAT_SIZE)
      total += stat.size < UINT64_MAX / (2 * ENTRIES) ? stat.size : UINT64_MAX / (2 * ENTRIES);
    strmap_put(&xlsx->entries, normal_path(reader->cx->arena, str_from(stat.name)), (uint32_t)i, NULL);
  }
  if (total > reader->limits->unpacked_size || (total > RATIO_FROM && total / RATIO > reader->bytes.size))
    return fail(reader->cx, TOO_LARGE,
                "“" STR_FMT "”解压后有 %llu MB，不像正常的表格（可能是压缩炸弹），没有打开；请让对方重新导出。",
                STR_ARG(reader->name), (unsigned long long)(total >> 20));
  return OK;
}

/* ---- XML parts ---- */
static const char *local_name(const char *name) {
  const char *colon = strrchr(name, ':');
  return colon ? colon + 1 : name;
}

const char *part_attribute(const char **attributes, const char *name) {
  for (; attributes[0]; attributes += 2)
    if (strcmp(local_name(attributes[0]), name) == 0) return attributes[1];
  return NULL;
}

void part_stop(Part *part, Status status) {
  if (part->status == OK) part->status = status;
  XML_StopParser(part->parser, XML_FALSE);
}

static void on_start(void *user, const XML_Char *name, const XML_Char **attributes) {
  Part *part = user;
  if (++part->depth > XML_DEPTH) {
    part->too_deep = true;
    part_stop(part, BAD_FILE);
  } else if (part->start) {
    part->start(part, local_name(name), attributes);
  }
}

static void on_end(void *user, const XML_Char *name) {
  Part *part = user;
  if (part->end) part->end(part, local_name(name));
  part->depth--;
}

static void on_text(void *user, const XML_Char *data, int size) {
  Part *part = user;
  if (part->text) part->text(part, data, (size_t)size);
}

static void on_doctype(void *user, const XML_Char *name, const XML_Char *system, const XML_Char *public, int internal) {
  Part *part = user;
  (void)name, (void)system, (void)public, (void)internal;
  part->doctype = true;
  part_stop(part, BAD_FILE);
}

static void parser_freep(XML_Parser *parser) {
  if (*parser) XML_ParserFree(*parser);
}
static void zip_file_freep(zip_file_t **file) {
  if (*file) zip_fclose(*file);
}

static Status damaged(Xlsx *xlsx, Str path) {
  return fail(xlsx->reader->cx, BAD_FILE,
              "“" STR_FMT "”已损坏（" STR_FMT " 读不出来），可能没有传完；请重新发送，或用 WPS、Excel 打开修复后另存。",
              STR_ARG(xlsx->reader->name), STR_ARG(path));
}

static Status feed(Part *part, zip_file_t *file, Str path) {
  Xlsx *xlsx = part->xlsx;
  uint64_t fed = 0;
  for (;;) {
    void *chunk = XML_GetBuffer(part->parser, CHUNK);
    if (!chunk) return fail(xlsx->reader->cx, FAILED, "内存不足，读不完“" STR_FMT "”。", STR_ARG(xlsx->reader->name));
    zip_int64_t size = zip_fread(file, chunk, CHUNK);
    if (size < 0) return damaged(xlsx, path);
    xlsx->unpacked += (uint64_t)size;
    fed += (uint64_t)size;
    if (xlsx->unpacked > xlsx->reader->limits->unpacked_size)
      return fail(xlsx->reader->cx, TOO_LARGE,
                  "“" STR_FMT "”解压后太大（可能是压缩炸弹），没有读完；请让对方重新导出。",
                  STR_ARG(xlsx->reader->name));
    enum XML_Status parsed = XML_ParseBuffer(part->parser, (int)size, size == 0);
    if (part->doctype)
      return refuse(xlsx,
                    "的 XML 里有 DOCTYPE 声明，正常的表格不会有，出于安全没有打开；请用 WPS 或 Excel 另存为 .xlsx");
    if (part->too_deep)
      return refuse(xlsx, "的 XML 嵌套太深，不像正常的表格，没有打开；请用 WPS 或 Excel 另存为 .xlsx");
    if (part->status != OK) return part->status;
    XML_Index at = XML_GetCurrentByteIndex(part->parser);
    if (parsed != XML_STATUS_OK || (at >= 0 && fed > (uint64_t)at && fed - (uint64_t)at > TOKEN_SIZE))
      return damaged(xlsx, path);
    if (size == 0) return OK;
  }
}

Status part_parse(Part *part, Str path, bool *ret_found) {
  Xlsx *xlsx = part->xlsx;
  *ret_found = false;
  uint32_t index = strmap_get(&xlsx->entries, normal_path(xlsx->reader->cx->arena, path));
  if (index == STRMAP_NONE) return OK;
  CLEANUP(zip_file_freep) zip_file_t *file = zip_fopen_index(xlsx->zip, index, 0);
  if (!file) return damaged(xlsx, path);
  CLEANUP(parser_freep) XML_Parser parser = XML_ParserCreate(NULL);
  if (!parser) return fail(xlsx->reader->cx, FAILED, "内存不足，读不了“" STR_FMT "”。", STR_ARG(xlsx->reader->name));
  part->parser = parser;
  XML_SetUserData(parser, part);
  XML_SetElementHandler(parser, on_start, on_end);
  if (part->text) XML_SetCharacterDataHandler(parser, on_text);
  XML_SetStartDoctypeDeclHandler(parser, on_doctype);
  TRY(feed(part, file, path));
  *ret_found = true;
  return OK;
}

/* ---- relations and the workbook ---- */
typedef struct Relation {
  Str id, type, target; /* type: the last step of its URI; target: a path in the zip */
} Relation;
typedef struct Relations {
  Str folder; /* of the part that they belong to, with '/' at the end, or empty */
  Relation *items;
  uint32_t count, capacity;
} Relations;

/* Resolves "../x" and "/x" against the folder. */
static Str resolve(Arena *arena, Str folder, Str target) {
  target = normal_path(arena, target).size && (target.data[0] == '/' || target.data[0] == '\\')
               ? normal_path(arena, target)
               : str_format(arena, STR_FMT STR_FMT, STR_ARG(folder), STR_ARG(normal_path(arena, target)));
  Buf buf = buf_new(arena);
  for (size_t at = 0; at < target.size;) {
    ptrdiff_t slash = str_find(str_sub(target, at, target.size), STR("/"));
    Str step = slash < 0 ? str_sub(target, at, target.size) : str_sub(target, at, at + (size_t)slash);
    at += step.size + 1;
    if (str_equal(step, STR("..")))
      while (buf.size > 0 && (--buf.size == 0 || buf.data[buf.size - 1] != '/')) continue;
    else if (!str_equal(step, STR(".")) && step.size)
      buf_add(&buf, step), buf_add(&buf, slash < 0 ? STR_EMPTY : STR("/"));
  }
  return buf_str(&buf);
}

static void relation_start(Part *part, const char *name, const char **attributes) {
  if (strcmp(name, "Relationship") != 0) return;
  Relations *relations = part->state;
  Arena *arena = part->xlsx->reader->cx->arena;
  const char *id = part_attribute(attributes, "Id"), *type = part_attribute(attributes, "Type"),
             *target = part_attribute(attributes, "Target"), *mode = part_attribute(attributes, "TargetMode");
  if (!id || !target || (mode && strcmp(mode, "External") == 0)) return;
  const char *step = type ? strrchr(type, '/') : NULL;
  relations->items = array_room(arena, relations->items, relations->count, &relations->capacity, sizeof(Relation));
  relations->items[relations->count++] =
      (Relation){str_copy(arena, str_from(id)), str_copy(arena, str_from(step ? step + 1 : "")),
                 resolve(arena, relations->folder, str_from(target))};
}

/* Relations of the part at folder/name: folder/_rels/name.rels. */
static Status read_relations(Xlsx *xlsx, Str part_path, Relations *ret_relations) {
  size_t slash = part_path.size;
  while (slash > 0 && part_path.data[slash - 1] != '/') slash--;
  ret_relations->folder = str_sub(part_path, 0, slash);
  Str path = str_format(xlsx->reader->cx->arena, STR_FMT "_rels/" STR_FMT ".rels", STR_ARG(ret_relations->folder),
                        STR_ARG(str_sub(part_path, slash, part_path.size)));
  Part part = {.xlsx = xlsx, .start = relation_start, .state = ret_relations};
  bool found;
  return part_parse(&part, path, &found);
}

static const Relation *relation_find(const Relations *relations, Str id, const char *type) {
  for (uint32_t i = 0; i < relations->count; i++)
    if (id.size ? str_equal(relations->items[i].id, id) : str_equal(relations->items[i].type, str_from(type)))
      return &relations->items[i];
  return NULL;
}

typedef struct SheetEntry {
  Str name, relation;
  bool hidden;
} SheetEntry;
typedef struct Book {
  SheetEntry *sheets;
  uint32_t count, capacity;
  bool date1904, is_workbook;
} Book;

static bool is_true(const char *value) { return value && (strcmp(value, "1") == 0 || strcmp(value, "true") == 0); }

static void book_start(Part *part, const char *name, const char **attributes) {
  Book *book = part->state;
  Arena *arena = part->xlsx->reader->cx->arena;
  if (part->depth == 1) book->is_workbook = strcmp(name, "workbook") == 0;
  if (strcmp(name, "workbookPr") == 0) {
    book->date1904 = is_true(part_attribute(attributes, "date1904"));
  } else if (strcmp(name, "sheet") == 0 && part->depth == 3) {
    const char *title = part_attribute(attributes, "name"), *id = part_attribute(attributes, "id"),
               *state = part_attribute(attributes, "state");
    book->sheets = array_room(arena, book->sheets, book->count, &book->capacity, sizeof(SheetEntry));
    book->sheets[book->count++] =
        (SheetEntry){str_copy(arena, str_from(title)), str_copy(arena, str_from(id)),
                     state && (strcmp(state, "hidden") == 0 || strcmp(state, "veryHidden") == 0)};
  }
}

/* What a zip that holds no workbook is. */
static Status refuse_zip(Xlsx *xlsx) {
  static const struct {
    const char *entry, *sentence;
  } kinds[] = {
      {"word/document.xml",
       "是 Word 文档（.docx），不是表格；请把其中的表格复制到 WPS 表格或 Excel，另存为 .xlsx 再导入"},
      {"ppt/presentation.xml", "是演示文稿（.pptx），不是表格；请向提供单位索要 Excel 原表"},
      {"xl/workbook.bin", "是二进制工作簿（.xlsb）；请用 WPS 或 Excel 打开，另存为 .xlsx 再导入"},
      {"content.xml", "是 OpenDocument 文件（.ods）；请用 WPS 或 Excel 打开，另存为 .xlsx 再导入"},
      {"androidmanifest.xml", "是手机安装包，不是表格；请选择 .xlsx、.xls 或 .csv 文件"},
      {"ofd.xml", "是 OFD 版式文件，不是表格；请向提供单位索要 Excel 原表（.xlsx）"},
      {"meta-inf/manifest.mf", "是 Java 程序，不是表格；请选择 .xlsx、.xls 或 .csv 文件"},
  };
  for (size_t i = 0; i < COUNT_OF(kinds); i++)
    if (strmap_get(&xlsx->entries, str_from(kinds[i].entry)) != STRMAP_NONE) return refuse(xlsx, kinds[i].sentence);
  return refuse(xlsx, "是 ZIP 压缩包，不是表格；请先解压，再导入里面的表格");
}

static Status read_sheets(Xlsx *xlsx, const Book *book, const Relations *relations) {
  static const char *const other[] = {"chartsheet", "dialogsheet", "xlMacrosheet", "xlIntlMacrosheet"};
  for (uint32_t i = 0; i < book->count; i++) {
    const SheetEntry *sheet = &book->sheets[i];
    const Relation *relation = sheet->relation.size ? relation_find(relations, sheet->relation, NULL) : NULL;
    bool skip = false;
    for (size_t k = 0; relation && k < COUNT_OF(other); k++) skip |= str_equal(relation->type, str_from(other[k]));
    if (skip) continue;
    Str path = relation ? relation->target
                        : str_format(xlsx->reader->cx->arena, STR_FMT "worksheets/sheet%u.xml",
                                     STR_ARG(relations->folder), i + 1);
    TRY(xlsx_read_sheet(xlsx, path, sheet->name, sheet->hidden));
  }
  return OK;
}

static Status read_book(Xlsx *xlsx) {
  Relations root = {0}, relations = {0};
  TRY(read_relations(xlsx, STR_EMPTY, &root));
  const Relation *document = relation_find(&root, STR_EMPTY, "officeDocument");
  Str path = document ? document->target : STR("xl/workbook.xml");
  Book book = {0};
  Part part = {.xlsx = xlsx, .start = book_start, .state = &book};
  bool found = false;
  if (str_ends(path, STR(".xml"))) TRY(part_parse(&part, path, &found));
  if (!found || !book.is_workbook) return refuse_zip(xlsx);
  TRY(read_relations(xlsx, path, &relations));
  xlsx->date1904 = book.date1904;
  const Relation *strings = relation_find(&relations, STR_EMPTY, "sharedStrings");
  const Relation *styles = relation_find(&relations, STR_EMPTY, "styles");
  Arena *arena = xlsx->reader->cx->arena;
  TRY(xlsx_read_strings(xlsx, strings ? strings->target : resolve(arena, relations.folder, STR("sharedStrings.xml"))));
  TRY(xlsx_read_styles(xlsx, styles ? styles->target : resolve(arena, relations.folder, STR("styles.xml"))));
  return read_sheets(xlsx, &book, &relations);
}

static void zip_discardp(zip_t **zip) {
  if (*zip) zip_discard(*zip);
}

Status xlsx_read(Reader *reader) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t *source = zip_source_buffer_create(reader->bytes.data, reader->bytes.size, 0, &error);
  CLEANUP(zip_discardp) zip_t *zip = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : NULL;
  if (source && !zip) zip_source_free(source);
  zip_error_fini(&error);
  Xlsx xlsx = {.reader = reader, .zip = zip, .entries = strmap_new(reader->cx->arena)};
  if (!zip) return refuse(&xlsx, "不完整或已损坏（压缩结构读不出来），多半是没有传完；请重新发送完整的文件");
  TRY(list_entries(&xlsx));
  return read_book(&xlsx);
}
