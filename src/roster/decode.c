#include "roster/decode.h"

/* ---- flags ---- */
#define FLAGS(X)                                                                                                   \
  X(ID_CHECK, "id_bad_check", "身份证号码校验位不对，有一位或两位写错", "请对照身份证原件改正", false)             \
  X(ID_DATE, "id_bad_date", "身份证号码里的出生日期不存在", "请对照身份证原件改正", false)                         \
  X(ID_LENGTH, "id_length", "身份证号码位数不对", "应为18位，请对照身份证原件补全", false)                         \
  X(ID_SHAPE, "id_shape", "身份证号码里有不该有的字符", "请对照身份证原件改正", false)                             \
  X(ID_ROUNDED, "id_rounded", "身份证号码被表格当作数字，后几位已丢失", "请把该列设为“文本”格式后重新填写", false) \
  X(ID_15, "id_15", "15位旧身份证号码", "已按规则换算成18位比对，请换成现用号码", false)                           \
  X(ID_DUMMY, "id_dummy", "用999999开头的临时号码", "请办理或补录真实号码", false)                                 \
  X(ID_MISSING, "id_missing", "没有身份证号码", "请补填", false)                                                   \
  X(NAME_MISSING, "name_missing", "没有姓名", "请补填", false)                                                     \
  X(NAME_LOST, "name_lost_char", "姓名里有丢失的字", "请补写该字，可用GB18030或UTF-8编码重新导出", false)          \
  X(NO_IDENTITY, "no_identity", "既没有姓名也没有号码，无法比对", "请补填姓名和身份证号码", false)                 \
  X(PLACE, "place_unknown", "村名不在行政区划表中", "请写规范村名，或在地名别名表中登记曾用名", false)             \
  X(PLACE_TWICE, "place_ambiguous", "两个乡镇都有这个村名", "请同时写明乡镇", false)                               \
  X(RELATION, "relation_unknown", "与户主关系的写法不认识", "请用户主、配偶、之子、之女等规范写法", false)         \
  X(SEX, "sex_unknown", "性别写法不认识", "请写男或女", false)                                                     \
  X(SIZE, "size_unreadable", "人数不是整数", "请改成数字", false)                                                  \
  X(CELL_ERROR, "cell_error", "单元格是公式错误", "请改成实际内容", false)                                         \
  X(REPLACED, "bytes_replaced", "有不能识别的字节，以�代替", "请用WPS或Excel另存为.xlsx后重新导入", false)         \
  X(TRUNCATED, "cell_truncated", "内容过长，已截断", "请精简该单元格", false)                                      \
  X(FILLED, "filled_down", "该格为空，沿用了上一行的内容", "如不对请补填", true)
enum FlagKind {
#define X(name, code, what, advice, information) FLAG_##name,
  FLAGS(X)
#undef X
      FLAG_KINDS
};
static const struct {
  const char *code, *what, *advice;
  bool information;
} FLAG_TABLE[] = {
#define X(name, code, what, advice, information) {code, what, advice, information},
    FLAGS(X)
#undef X
};

const char *flag_code(uint8_t kind) { return FLAG_TABLE[kind].code; }
uint32_t flag_kinds(void) { return FLAG_KINDS; }
const char *flag_what(uint8_t kind) { return FLAG_TABLE[kind].what; }
const char *flag_advice(uint8_t kind) { return FLAG_TABLE[kind].advice; }
bool flag_is_information(uint8_t kind) { return FLAG_TABLE[kind].information; }

uint8_t flag_find(Str code) {
  for (uint8_t i = 0; i < FLAG_KINDS; i++)
    if (str_equal(code, str_from(FLAG_TABLE[i].code))) return i;
  return UINT8_MAX;
}

Str flag_sentence(Arena *arena, Str file, Str sheet, uint32_t row, Str column_name, Str header, Str value,
                  uint8_t kind) {
  Buf buf = buf_new(arena);
  buf_addf(&buf, "《" STR_FMT "》", STR_ARG(file));
  if (sheet.size) buf_addf(&buf, "工作表“" STR_FMT "”", STR_ARG(sheet));
  buf_addf(&buf, "第 %u 行", row);
  if (column_name.size) buf_addf(&buf, " " STR_FMT " 列", STR_ARG(column_name));
  if (header.size) buf_addf(&buf, "（" STR_FMT "）", STR_ARG(header));
  if (value.size) buf_addf(&buf, "“" STR_FMT "”", STR_ARG(value));
  buf_addf(&buf, "：%s；%s。", FLAG_TABLE[kind].what, FLAG_TABLE[kind].advice);
  return buf_str(&buf);
}

RowPerson row_person(const Catalogue *catalogue, const Str value[COLUMN_LIMIT]) {
  const uint32_t *known = catalogue->known;
  RowPerson person = {NO_INDEX, NO_INDEX};
  if (value[known[COL_NAME]].size)
    person.name_column = known[COL_NAME];
  else if (value[known[COL_HEAD_NAME]].size)
    person.name_column = known[COL_HEAD_NAME];
  const uint32_t order[] = {known[COL_ID_NO], known[COL_DISABILITY_NO], known[COL_HEAD_ID]};
  bool member = person.name_column == known[COL_NAME] && value[known[COL_HEAD_NAME]].size &&
                !str_equal(value[known[COL_NAME]], value[known[COL_HEAD_NAME]]);
  for (uint32_t i = 0; i < COUNT_OF(order) && person.id_column == NO_INDEX; i++) {
    if (order[i] == known[COL_HEAD_ID] && member) continue; /* the householder's number says nothing about the member */
    if (value[order[i]].size) person.id_column = order[i];
  }
  return person;
}

/* ---- walking a sheet ---- */
typedef struct Walk {
  Context *cx;
  const Catalogue *catalogue;
  const List *list;
  const Sheet *sheet;
  const Layout *layout;
  Arena *scratch;
  Str carried[COLUMN_LIMIT]; /* values of the last data row, for cells left blank below the first */
  Str section_town, section_village;
  Str title_town;               /* the one township that the title or the sheet's name speaks of */
  bool fill_town, fill_village; /* the column is written only where it changes */
  bool has_column[COLUMN_LIMIT];
} Walk;

static void add_flag(DecodedRow *row, uint8_t kind, uint32_t column, Str value) {
  if (row->flag_count < FLAG_LIMIT) row->flags[row->flag_count++] = (RowFlag){kind, column, value};
}

static uint32_t sheet_column(const Walk *w, uint32_t column) {
  for (uint32_t i = 0; i < w->layout->column_count; i++)
    if (w->layout->column[i] == column) return i;
  return NO_INDEX;
}

static void take_section(Walk *w, const SheetRow *raw) {
  for (uint32_t i = 0; i < raw->count; i++) {
    Str text = str_trim(raw->cells[i].text);
    if (text.size == 0) continue;
    Place place = place_find(w->catalogue->places, STR_EMPTY, STR_EMPTY, text);
    if (place.how == PLACE_AMBIGUOUS)
      place = place_find(w->catalogue->places, w->section_town.size ? w->section_town : w->layout->title_town,
                         STR_EMPTY, text);
    if (place.town_code.size && !str_equal(place.town, w->section_town))
      w->section_town = place.town, w->section_village = STR_EMPTY;
    if (place.village_code.size) w->section_village = place.village;
    if (place.town_code.size) w->carried[w->catalogue->known[COL_TOWN]] = w->section_town;
    w->carried[w->catalogue->known[COL_VILLAGE]] = w->section_village;
    return;
  }
}

static bool is_tick(Str text) {
  static const Str ticks[] = {STR("√"),  STR("✓"),  STR("✔"),  STR("☑"), STR("■"), STR("●"), STR("▲"),
                              STR("是"), STR("对"), STR("有"), STR("1"), STR("Y"), STR("V"), STR("v")};
  for (size_t i = 0; i < COUNT_OF(ticks); i++)
    if (str_equal(text, ticks[i])) return true;
  return false;
}

static void take_values(Walk *w, DecodedRow *row) {
  for (uint32_t i = 0; i < row->raw->count && i < w->layout->column_count; i++) {
    uint32_t column = w->layout->column[i];
    const Cell *cell = &row->raw->cells[i];
    if (cell->kind == CELL_ERROR) add_flag(row, FLAG_CELL_ERROR, i, cell->text);
    if (cell->flags & CELL_REPLACED) add_flag(row, FLAG_REPLACED, i, str_trim(cell->text));
    if (cell->flags & CELL_TRUNCATED) add_flag(row, FLAG_TRUNCATED, i, STR_EMPTY);
    if (w->layout->tick[i].size && is_tick(text_fold(w->scratch, cell->text)))
      row->value[w->layout->tick_column[i]] = w->layout->tick[i];
    if (column == NO_INDEX || cell->kind == CELL_ERROR) continue;
    row->value[column] =
        w->catalogue->columns[column].content == CONTENT_ID ? cell_value(w->scratch, cell) : str_trim(cell->text);
  }
}

static void fill(Walk *w, DecodedRow *row, KnownColumn known) {
  uint32_t column = w->catalogue->known[known];
  if (!w->has_column[column] || row->value[column].size || w->carried[column].size == 0) return;
  row->value[column] = w->carried[column];
  add_flag(row, FLAG_FILLED, sheet_column(w, column), w->carried[column]);
}

/* A row below the first one of its household: its relation says so, or the household's cells (its number and the row
 * number) are left blank. */
static bool is_member_row(const Walk *w, const DecodedRow *row) {
  const uint32_t *known = w->catalogue->known;
  Str relation = row->value[known[COL_RELATION]];
  if (row->value[known[COL_HH_NO]].size) return false;
  if (relation.size) return !str_equal(catalogue_value(w->catalogue, w->scratch, "relation", relation), STR("01"));
  return w->list->person_unit && w->has_column[known[COL_HH_NO]] && w->has_column[known[COL_SEQ]] &&
         row->value[known[COL_SEQ]].size == 0;
}

/* Blank household cells below a household's first row, and places written only where they change. */
static void fill_down(Walk *w, DecodedRow *row) {
  const uint32_t *known = w->catalogue->known;
  bool member = is_member_row(w, row);
  if (member) {
    fill(w, row, COL_HH_NO);
    fill(w, row, COL_HAMLET);
  }
  bool same_household = member || (row->value[known[COL_HH_NO]].size &&
                                   str_equal(row->value[known[COL_HH_NO]], w->carried[known[COL_HH_NO]]));
  if (same_household || w->fill_town) fill(w, row, COL_TOWN);
  if (same_household || w->fill_village) fill(w, row, COL_VILLAGE);
  if (row->value[known[COL_TOWN]].size == 0 && w->section_town.size) row->value[known[COL_TOWN]] = w->section_town;
  if (row->value[known[COL_VILLAGE]].size == 0 && row->value[known[COL_ADDRESS]].size == 0 && w->section_village.size)
    row->value[known[COL_VILLAGE]] = w->section_village;
  if (row->value[known[COL_TOWN]].size == 0 && w->layout->title_town.size) {
    Place place =
        place_find(w->catalogue->places, STR_EMPTY, row->value[known[COL_VILLAGE]], row->value[known[COL_ADDRESS]]);
    if (place.town_code.size == 0) row->value[known[COL_TOWN]] = w->layout->title_town;
  }
}

static void flag_id(Walk *w, DecodedRow *row, uint32_t column) {
  Str value = row->value[column];
  IdNumber id = id_read(value);
  uint32_t at = sheet_column(w, column);
  if (id.flags & ID_WAS_15) add_flag(row, FLAG_ID_15, at, value);
  switch (id.state) {
    case ID_NONE:
      add_flag(row, FLAG_ID_MISSING, at, value);
      break;
    case ID_INVALID:
      if (id.flags & ID_BAD_DATE)
        add_flag(row, FLAG_ID_DATE, at, value);
      else
        add_flag(row, id.flags & ID_BAD_CHECK ? FLAG_ID_CHECK : FLAG_ID_SHAPE, at, value);
      break;
    case ID_PREFIX:
      add_flag(row, FLAG_ID_ROUNDED, at, value);
      break;
    case ID_SHORT:
      add_flag(row, FLAG_ID_LENGTH, at, value);
      break;
    case ID_DUMMY:
      add_flag(row, FLAG_ID_DUMMY, at, value);
      break;
    case ID_VALID:
      break;
  }
}

static void flag_person(Walk *w, DecodedRow *row) {
  const uint32_t *known = w->catalogue->known;
  RowPerson person = row_person(w->catalogue, row->value);
  bool id_expected =
      w->has_column[known[COL_ID_NO]] || w->has_column[known[COL_HEAD_ID]] || w->has_column[known[COL_DISABILITY_NO]];
  if (person.name_column == NO_INDEX && person.id_column == NO_INDEX) {
    add_flag(row, FLAG_NO_IDENTITY, NO_INDEX, STR_EMPTY);
    return;
  }
  if (person.name_column == NO_INDEX) {
    if (w->has_column[known[COL_NAME]] || w->has_column[known[COL_HEAD_NAME]])
      add_flag(row, FLAG_NAME_MISSING,
               sheet_column(w, w->has_column[known[COL_NAME]] ? known[COL_NAME] : known[COL_HEAD_NAME]), STR_EMPTY);
  } else if (name_read(row->value[person.name_column]).flags & NAME_HAS_WILDCARD) {
    add_flag(row, FLAG_NAME_LOST, sheet_column(w, person.name_column), row->value[person.name_column]);
  }
  if (person.id_column != NO_INDEX)
    flag_id(w, row, person.id_column);
  else if (id_expected)
    add_flag(row, FLAG_ID_MISSING, sheet_column(w, known[w->has_column[known[COL_ID_NO]] ? COL_ID_NO : COL_HEAD_ID]),
             STR_EMPTY);
}

static void flag_words(Walk *w, DecodedRow *row) {
  const uint32_t *known = w->catalogue->known;
  Str town = row->value[known[COL_TOWN]], village = row->value[known[COL_VILLAGE]],
      address = row->value[known[COL_ADDRESS]];
  if (village.size || address.size) {
    Place place = place_find(w->catalogue->places, town, village, address);
    uint32_t at = sheet_column(w, village.size ? known[COL_VILLAGE] : known[COL_ADDRESS]);
    if (place.how == PLACE_AMBIGUOUS)
      add_flag(row, FLAG_PLACE_TWICE, at, village.size ? village : address);
    else if (place.village_code.size == 0)
      add_flag(row, FLAG_PLACE, at, village.size ? village : address);
  }
  Str relation = row->value[known[COL_RELATION]], sex = row->value[known[COL_SEX]], size = row->value[known[COL_SIZE]];
  if (relation.size && catalogue_value(w->catalogue, w->scratch, "relation", relation).size == 0)
    add_flag(row, FLAG_RELATION, sheet_column(w, known[COL_RELATION]), relation);
  if (sex.size && catalogue_value(w->catalogue, w->scratch, "sex", sex).size == 0)
    add_flag(row, FLAG_SEX, sheet_column(w, known[COL_SEX]), sex);
  int64_t count;
  Str folded = text_fold(w->scratch, size);
  if (str_ends(folded, STR("人"))) folded.size -= STR("人").size;
  if (size.size && !(str_int64(folded, &count) && count >= 0 && count < 1000))
    add_flag(row, FLAG_SIZE, sheet_column(w, known[COL_SIZE]), size);
}

/* Written only where it changes: filled in the first row of any width and in fewer than half of the rows. */
static bool sparse(const Walk *w, KnownColumn column) {
  uint32_t at = sheet_column(w, w->catalogue->known[column]), filled = 0, rows = 0;
  bool first = false, seen = false;
  if (at == NO_INDEX) return false;
  for (uint32_t r = w->layout->first_data; r < w->sheet->row_count; r++) {
    const SheetRow *row = &w->sheet->rows[r];
    bool here = str_trim(row_cell(row, at)->text).size > 0;
    uint32_t cells = 0;
    for (uint32_t i = 0; i < row->count; i++) cells += str_trim(row->cells[i].text).size > 0;
    if (cells < 2) continue;
    if (!seen) first = here, seen = true;
    rows++;
    filled += here;
  }
  return first && filled * 2 < rows;
}

static Status walk_row(Walk *w, uint32_t r, DecodeVisitor *visit, void *user) {
  DecodedRow row = {.raw = &w->sheet->rows[r]};
  for (uint32_t i = 0; i < COLUMN_LIMIT; i++) row.value[i] = STR_EMPTY;
  if (row_is_empty(row.raw)) return OK;
  const Layout *layout = w->layout;
  if (layout->header_rows && r < layout->first_header)
    row.role = ROW_TITLE;
  else if (r < layout->first_data)
    row.role = ROW_HEADER;
  else {
    take_values(w, &row);
    row.role = row_role(w->catalogue, layout, &row, w->scratch);
  }
  if (row.role == ROW_SECTION) take_section(w, row.raw);
  if (row.role == ROW_DATA) {
    fill_down(w, &row);
    flag_person(w, &row);
    flag_words(w, &row);
    static const KnownColumn kept[] = {COL_HH_NO, COL_TOWN, COL_VILLAGE, COL_HAMLET};
    for (uint32_t i = 0; i < COUNT_OF(kept); i++)
      w->carried[w->catalogue->known[kept[i]]] = row.value[w->catalogue->known[kept[i]]];
  }
  TRY(visit(w->cx, user, &row));
  return OK;
}

Status decode_sheet(Context *cx, const Catalogue *catalogue, const List *list, const Workbook *workbook,
                    const Layout *layout, DecodeVisitor *visit, void *user) {
  CLEANUP(arena_freep) Arena *scratch = arena_new();
  Walk *w = arena_one(cx->arena, Walk);
  *w = (Walk){.cx = cx,
              .catalogue = catalogue,
              .list = list,
              .sheet = &workbook->sheets[layout->sheet],
              .layout = layout,
              .scratch = scratch};
  for (uint32_t i = 0; i < COLUMN_LIMIT; i++) w->carried[i] = STR_EMPTY;
  w->section_town = w->section_village = STR_EMPTY;
  for (uint32_t i = 0; i < layout->column_count; i++)
    if (layout->column[i] != NO_INDEX) w->has_column[layout->column[i]] = true;
  w->fill_town = sparse(w, COL_TOWN);
  w->fill_village = sparse(w, COL_VILLAGE);
  for (uint32_t r = 0; r < w->sheet->row_count; r++) {
    TRY(walk_row(w, r, visit, user));
    /* carried values are slices of the workbook or of the place table, so the scratch can go */
    if (arena_used(scratch) > 256 * 1024) arena_reset(scratch);
  }
  return OK;
}
