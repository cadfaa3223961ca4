/* The files: layouts with the departments' own headers, in the formats they send. */
#include "base/file.h"
#include "demo/view.h"
#include "sheet/sheet.h"
#include <iconv.h>

static const char *const LIST_NAMES[DEMO_LIST_COUNT] = {"register", "relocated", "renovated", "appraised",
                                                        "civil",    "disabled",  "feedback",  "town_feedback"};
const char *demo_list_name(DemoList list) { return LIST_NAMES[list]; }

static const char *const CLASS_NAMES[C_COUNT] = {[C_ID_TYPO] = "id_typo",
                                                 [C_ID_TRANSPOSED] = "id_transposed",
                                                 [C_ID_MISSING] = "id_missing",
                                                 [C_ID_15] = "id_15",
                                                 [C_ID_SHORT] = "id_short",
                                                 [C_ID_ROUNDED] = "id_rounded",
                                                 [C_ID_COPIED] = "id_copied",
                                                 [C_ID_FORMAT] = "id_format",
                                                 [C_NAME_HOMOPHONE] = "name_homophone",
                                                 [C_NAME_SHAPE] = "name_shape",
                                                 [C_NAME_LOST] = "name_lost_char",
                                                 [C_NAME_DROPPED] = "name_dropped_char",
                                                 [C_NAME_VARIANT] = "name_variant",
                                                 [C_NAME_BLANK] = "name_blank",
                                                 [C_VILLAGE_RENAMED] = "village_renamed",
                                                 [C_VILLAGE_FORM] = "village_form",
                                                 [C_TOWN_RENAMED] = "town_renamed",
                                                 [C_CODE_SHORT] = "hh_no_short",
                                                 [C_PHONE_FORMAT] = "phone_format",
                                                 [C_DUPLICATE] = "duplicate_in_list",
                                                 [C_HEAD_DIFFERS] = "head_differs",
                                                 [C_SIZE_DIFFERS] = "size_differs",
                                                 [C_STATUS_DIFFERS] = "status_differs",
                                                 [C_DIVIDED] = "household_split",
                                                 [C_MERGED] = "household_merged",
                                                 [C_NOT_IN_REGISTER] = "not_in_register"};

typedef struct Column {
  Field field;
  const char *header, *below; /* below: second header row */
  uint32_t span;              /* columns that `header` covers, 0: merged downwards where there are two rows */
} Column;
enum { COLUMNS = 12 };

typedef enum Encoding { XLSX, UTF8, UTF8_BOM, GB18030 } Encoding;
typedef struct Layout {
  Encoding encoding;
  const char *title;
  const char *note[2]; /* second row: first and sixth cell */
  bool two_rows, total;
  Column columns[COLUMNS];
} Layout;

#define COLUMN(field, header) \
  { field, header, NULL, 0 }
static const Layout LAYOUTS[DEMO_LIST_COUNT - 1] = {
    [DEMO_REGISTER] = {XLSX,
                       "龙胜各族自治县建档立卡贫困人口名单",
                       {"填报单位：县扶贫办", "数据日期：2019年12月31日"},
                       false,
                       true,
                       {COLUMN(F_CODE, "户编号"), COLUMN(F_TOWN, "乡(镇)"), COLUMN(F_VILLAGE, "行政村"),
                        COLUMN(F_GROUP, "村组"), COLUMN(F_NAME, "姓名"), COLUMN(F_ID, "证件号码"),
                        COLUMN(F_RELATION, "与户主关系"), COLUMN(F_SEX, "性别"), COLUMN(F_SIZE, "家庭人口数"),
                        COLUMN(F_PHONE, "联系电话"), COLUMN(F_OUT_YEAR, "脱贫年度"), COLUMN(F_KIND, "户类型")}},
    [DEMO_RELOCATED] = {XLSX,
                        "易地扶贫搬迁建档立卡贫困户花名册",
                        {NULL, NULL},
                        true,
                        false,
                        {COLUMN(F_SERIAL, "序号"),
                         {F_TOWN, "迁出地", "乡镇", 2},
                         {F_VILLAGE, NULL, "村", 0},
                         COLUMN(F_NAME, "户主姓名"),
                         COLUMN(F_ID, "户主身份证号"),
                         COLUMN(F_SIZE, "家庭人数"),
                         {F_SETTLEMENT, "安置情况", "安置方式", 2},
                         {F_SITE, NULL, "安置点名称", 0},
                         COLUMN(F_MOVED_IN, "是否入住")}},
    [DEMO_RENOVATED] = {GB18030,
                        NULL,
                        {NULL, NULL},
                        false,
                        false,
                        {COLUMN(F_TOWN, "乡镇"), COLUMN(F_VILLAGE, "村名"), COLUMN(F_NAME, "户主"),
                         COLUMN(F_ID, "身份证"), COLUMN(F_KIND, "贫困户类别"), COLUMN(F_GRADE, "危房等级"),
                         COLUMN(F_RENOVATED, "危改年度"), COLUMN(F_WAY, "改造方式"), COLUMN(F_MOVED_IN, "是否入住"),
                         COLUMN(F_AREA, "改造后面积")}},
    [DEMO_APPRAISED] = {XLSX,
                        "农村住房安全性鉴定结果汇总",
                        {NULL, NULL},
                        false,
                        false,
                        {COLUMN(F_ADDRESS, "地址"), COLUMN(F_NAME, "产权人"), COLUMN(F_ID, "公民身份号码"),
                         COLUMN(F_STRUCTURE, "房屋结构"), COLUMN(F_BUILT, "建造年代"), COLUMN(F_GRADE, "鉴定等级"),
                         COLUMN(F_REPORT, "鉴定报告编号"), COLUMN(F_APPRAISER, "鉴定人员"),
                         COLUMN(F_APPRAISED, "鉴定时间")}},
    [DEMO_CIVIL] = {UTF8_BOM,
                    NULL,
                    {NULL, NULL},
                    false,
                    false,
                    {COLUMN(F_WELFARE_NO, "低保证号"), COLUMN(F_NAME, "姓名"), COLUMN(F_ID, "身份证号"),
                     COLUMN(F_TOWN, "乡镇"), COLUMN(F_VILLAGE, "村(社区)"), COLUMN(F_WELFARE, "低保类别")}},
    [DEMO_DISABLED] = {XLSX,
                       NULL,
                       {NULL, NULL},
                       false,
                       false,
                       {COLUMN(F_NAME, "姓名"), COLUMN(F_ID, "残疾人证号"), COLUMN(F_DISABILITY, "残疾类别"),
                        COLUMN(F_ADDRESS, "家庭住址")}},
    [DEMO_FEEDBACK] = {UTF8,
                       NULL,
                       {NULL, NULL},
                       false,
                       false,
                       {COLUMN(F_CODE, "户编号"), COLUMN(F_TOWN, "乡镇"), COLUMN(F_VILLAGE, "行政村"),
                        COLUMN(F_NAME, "户主姓名"), COLUMN(F_ID, "身份证号码"), COLUMN(F_SIZE, "家庭人数"),
                        COLUMN(F_MODE, "住房保障方式")}},
};

/* Every town has its own idea of the same nine columns. */
static const Field TOWN_FIELDS[] = {F_CODE, F_TOWN, F_VILLAGE, F_NAME, F_ID, F_SIZE, F_MODE, F_GRADE, F_REMARK};
static const char *const TOWN_HEADERS[][COUNT_OF(TOWN_FIELDS)] = {
    {"户编号", "乡镇", "村", "户主姓名", "身份证号", "家庭人口", "保障方式", "住房等级", "备注"},
    {"户编号", "乡（镇）", "行政村", "户主姓名", "身份证号码", "家庭人口数", "住房保障方式", "住房等级", "备注"},
    {"户口本号(户编号)", "镇", "村(社区)", "户主", "户主身份证号", "人数", "保障方式", "评定等级", "备注"},
    {"贫困户编号", "乡镇名称", "村名", "贫困户姓名", "证件号码", "家庭总人数", "住房保障方式", "房屋等级", "备注"},
    {"家庭编号", "乡镇", "村（居）委会", "姓名", "公民身份号码", "当前家庭人口数", "保障方式", "鉴定等级", "备注"},
};

static Status iconv_gb18030(Context *cx, Str utf8, Str *ret_bytes) {
  iconv_t converter = iconv_open("GB18030", "UTF-8");
  if (converter == (iconv_t)-1) return fail(cx, FAILED, "系统不支持 GB18030 编码转换。");
  size_t left = utf8.size, room = utf8.size * 2 + 16, capacity = room;
  char *bytes = arena_alloc(cx->arena, room), *out = bytes, *in = (char *)(uintptr_t)utf8.data;
  size_t done = iconv(converter, &in, &left, &out, &room);
  iconv_close(converter);
  if (done == (size_t)-1) return fail(cx, FAILED, "转换为 GB18030 时出错。");
  *ret_bytes = (Str){bytes, capacity - room};
  return OK;
}

Status write_bytes(Context *cx, const char *folder, Str name, Str bytes) {
  return file_write(cx, path_join(cx->arena, folder, str_c(cx->arena, name)), bytes, FILE_ADVISORY);
}

/* One file being written: rows from..to of the list. */
typedef struct Output {
  const List *list;
  const Layout *layout;
  const char *folder;
  Str name;
  uint32_t from, to, columns, first_row; /* first_row: number of the first data row */
} Output;

static void remember_rows(const World *world, const Output *output, Ledger *ledger) {
  const char *list_name = demo_list_name(output->list->kind);
  for (uint32_t i = output->from; i < output->to; i++) {
    const Row *row = &output->list->rows[i];
    uint32_t number = output->first_row + i - output->from;
    buf_addf(&ledger->truth, "%s,%u,H%05u,P%06u," STR_FMT "\n", list_name, number,
             world->households[row->household].number, world->persons[row->person].number, STR_ARG(output->name));
    for (int c = 0; c < C_COUNT; c++)
      if (row->classes >> c & 1) {
        buf_addf(&ledger->errors, "%s,%u,%s," STR_FMT "\n", list_name, number, CLASS_NAMES[c], STR_ARG(output->name));
        ledger->error_count++;
      }
  }
}

static Status write_csv(Context *cx, const Output *output) {
  const Layout *layout = output->layout;
  Buf buf = buf_new(cx->arena);
  Str fields[COLUMNS];
  if (layout->encoding == UTF8_BOM) buf_add(&buf, STR("\xEF\xBB\xBF"));
  for (uint32_t c = 0; c < output->columns; c++) fields[c] = str_from(layout->columns[c].header);
  csv_add_row(&buf, fields, output->columns, false);
  for (uint32_t i = output->from; i < output->to; i++) {
    for (uint32_t c = 0; c < output->columns; c++) fields[c] = output->list->rows[i].text[layout->columns[c].field];
    csv_add_row(&buf, fields, output->columns, false);
  }
  Str bytes = buf_str(&buf);
  if (layout->encoding == GB18030) TRY(iconv_gb18030(cx, bytes, &bytes));
  return write_bytes(cx, output->folder, output->name, bytes);
}

static OutCell cell(const char *text, CellStyle style) { return (OutCell){str_from(text), style, false}; }

static Status add_title_rows(Context *cx, WorkbookWriter *writer, const Output *output, uint32_t *row) {
  const Layout *layout = output->layout;
  if (layout->title) {
    MergedRange range = {*row, *row, 0, output->columns - 1};
    TRY(workbook_merge(cx, writer, range, cell(layout->title, STYLE_TITLE)));
    ++*row;
  }
  if (layout->note[0]) {
    OutCell cells[6] = {0};
    cells[0] = cell(layout->note[0], STYLE_PLAIN);
    cells[5] = cell(layout->note[1], STYLE_PLAIN);
    TRY(workbook_add_row(cx, writer, (*row)++, cells, 6));
  }
  return OK;
}

/* Two header rows: a cell spans columns and has others below it, or is merged downwards. */
static Status add_double_header(Context *cx, WorkbookWriter *writer, const Output *output, uint32_t row) {
  const Column *columns = output->layout->columns;
  OutCell below[COLUMNS] = {0};
  for (uint32_t c = 0; c < output->columns; c++) {
    if (columns[c].header) {
      uint32_t span = columns[c].span;
      MergedRange range = {row, span ? row : row + 1, c, span ? c + span - 1 : c};
      TRY(workbook_merge(cx, writer, range, cell(columns[c].header, STYLE_HEADER)));
    }
    below[c] = cell(columns[c].below, STYLE_HEADER);
  }
  return workbook_add_row(cx, writer, row + 1, below, output->columns);
}

static Status fill_workbook(Context *cx, WorkbookWriter *writer, Output *output) {
  const Layout *layout = output->layout;
  uint32_t row = 1;
  OutCell cells[COLUMNS] = {0};
  TRY(workbook_add_sheet(cx, writer, STR("Sheet1"), NULL, 0, 0));
  TRY(add_title_rows(cx, writer, output, &row));
  if (layout->two_rows) {
    TRY(add_double_header(cx, writer, output, row));
    row += 2;
  } else {
    for (uint32_t c = 0; c < output->columns; c++) cells[c] = cell(layout->columns[c].header, STYLE_HEADER);
    TRY(workbook_add_row(cx, writer, row++, cells, output->columns));
  }
  output->first_row = row;
  for (uint32_t i = output->from; i < output->to; i++) {
    for (uint32_t c = 0; c < output->columns; c++) {
      Field field = layout->columns[c].field;
      Str text =
          field == F_SERIAL ? str_format(cx->arena, "%u", i - output->from + 1) : output->list->rows[i].text[field];
      cells[c] = (OutCell){text, STYLE_PLAIN, false};
    }
    TRY(workbook_add_row(cx, writer, row++, cells, output->columns));
  }
  if (!layout->total) return OK;
  memset(cells, 0, sizeof cells);
  cells[0] = cell("合计", STYLE_PLAIN);
  cells[4].text = str_format(cx->arena, "%u人", output->to - output->from);
  return workbook_add_row(cx, writer, row, cells, 5);
}

static Status write_workbook(Context *cx, Output *output) {
  const char *path = path_join(cx->arena, output->folder, str_c(cx->arena, output->name));
  WorkbookWriter *writer;
  TRY(workbook_create(cx, path, &writer));
  Status status = fill_workbook(cx, writer, output);
  if (status != OK) {
    workbook_abandon(writer);
    return status;
  }
  return workbook_close(cx, writer);
}

static Status write_output(Context *cx, const World *world, Output *output, Ledger *ledger) {
  while (output->columns < COLUMNS && output->layout->columns[output->columns].field) output->columns++;
  output->first_row = 2;
  if (output->layout->encoding == XLSX)
    TRY(write_workbook(cx, output));
  else
    TRY(write_csv(cx, output));
  remember_rows(world, output, ledger);
  return OK;
}

static Status write_towns(Context *cx, const World *world, const char *folder, const List *list, Ledger *ledger,
                          uint32_t *ret_files) {
  static const Encoding ENCODINGS[] = {XLSX, GB18030, XLSX, UTF8_BOM};
  uint32_t from = 0;
  for (uint32_t t = 0; t < world->town_count; t++) {
    Layout layout = {.encoding = ENCODINGS[t % COUNT_OF(ENCODINGS)], .total = false};
    const char *const *headers = TOWN_HEADERS[t % COUNT_OF(TOWN_HEADERS)];
    for (size_t c = 0; c < COUNT_OF(TOWN_FIELDS); c++)
      layout.columns[c] = (Column){.field = TOWN_FIELDS[c], .header = headers[c]};
    if (layout.encoding == XLSX && t % 4 == 0)
      layout.title =
          str_c(cx->arena, str_format(cx->arena, STR_FMT "住房安全保障情况反馈表", STR_ARG(world->towns[t])));
    uint32_t to = from;
    while (to < list->count && world->villages[world->households[list->rows[to].household].village].town_index == t)
      to++;
    Str name = str_format(cx->arena, "town_feedback_" STR_FMT ".%s", STR_ARG(world->towns[t]),
                          layout.encoding == XLSX ? "xlsx" : "csv");
    Output output = {.list = list, .layout = &layout, .folder = folder, .name = name, .from = from, .to = to};
    TRY(write_output(cx, world, &output, ledger));
    ++*ret_files;
    from = to;
  }
  return OK;
}

Status write_list(Context *cx, const World *world, const char *folder, const List *list, Ledger *ledger,
                  uint32_t *ret_files) {
  if (list->kind == DEMO_TOWN_FEEDBACK) return write_towns(cx, world, folder, list, ledger, ret_files);
  const Layout *layout = &LAYOUTS[list->kind];
  Str name = str_format(cx->arena, "%s.%s", demo_list_name(list->kind), layout->encoding == XLSX ? "xlsx" : "csv");
  Output output = {.list = list, .layout = layout, .folder = folder, .name = name, .to = list->count};
  ++*ret_files;
  return write_output(cx, world, &output, ledger);
}
