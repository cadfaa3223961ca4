#include "roster/decode.h"

const char *row_role_code(RowRole role) {
  static const char *const codes[] = {"empty", "title", "header", "data", "section", "total", "note"};
  return codes[role];
}

typedef struct Judge {
  const Catalogue *catalogue;
  const Layout *layout;
  const DecodedRow *row;
  Arena *scratch;
  uint32_t cells; /* filled, merged ones counted once */
  Str first;      /* the first of them, folded */
} Judge;

static Str cell_at(const SheetRow *row, uint32_t i) { return str_trim(row->cells[i].text); }

static void count_cells(Judge *j) {
  Str previous = STR_EMPTY;
  for (uint32_t i = 0; i < j->row->raw->count; i++) {
    Str text = cell_at(j->row->raw, i);
    if (text.size == 0) continue;
    if (!((j->row->raw->cells[i].flags & CELL_MERGED) && str_equal(text, previous)) && j->cells++ == 0)
      j->first = text_fold(j->scratch, text);
    previous = text;
  }
}

/* The header again, on the next page: perhaps with other blanks or without its upper level. */
static bool is_repeated_header(const Judge *j) {
  const SheetRow *row = j->row->raw;
  uint32_t same = 0, filled = 0;
  for (uint32_t i = 0; i < row->count && i < j->layout->column_count; i++) {
    Str text = cell_at(row, i);
    if (text.size == 0) continue;
    filled++;
    if (j->layout->header[i].size == 0 || text.size > 200) continue;
    text = header_normalise(j->scratch, text);
    Str header = header_normalise(j->scratch, j->layout->header[i]);
    same += text.size > 0 && (str_ends(header, text) || str_starts(header, text));
  }
  return filled >= 2 && same * 10 >= filled * 8;
}

static Str value(const Judge *j, KnownColumn column) { return j->row->value[j->catalogue->known[column]]; }

static bool has_identity(const Judge *j) {
  static const KnownColumn columns[] = {COL_ID_NO, COL_HEAD_ID, COL_DISABILITY_NO};
  for (uint32_t i = 0; i < COUNT_OF(columns); i++) {
    Str text = value(j, columns[i]);
    size_t digits = 0;
    for (size_t k = 0; k < text.size; k++) digits += text.data[k] >= '0' && text.data[k] <= '9';
    if (digits >= 12 && digits * 2 > text.size) return true;
  }
  return false;
}

/* 合计, 三门镇小计, 合计（户）: but not a person whose name happens to hold the word. */
static bool is_total_word(Str text) {
  static const Str words[] = {STR("合计"), STR("总计"), STR("小计"), STR("共计"), STR("累计")};
  if (str_rune_count(text) > 16) return false;
  for (size_t i = 0; i < COUNT_OF(words); i++)
    if (str_ends(text, words[i]) || str_starts(text, words[i])) return true;
  return str_starts(text, STR("本页")) || str_ends(text, STR("户数")) || str_ends(text, STR("人数"));
}

/* 填表人：张三, 审核人（签字）, 盖章: the word alone, before a colon or a bracket, or in a sentence. */
static bool is_note_word(Str text) {
  static const Str words[] = {
      STR("注"),       STR("备注"),   STR("说明"),     STR("填表"),   STR("填报"),     STR("制表"),
      STR("审核"),     STR("负责人"), STR("经办"),     STR("联系人"), STR("联系电话"), STR("单位负责"),
      STR("盖章"),     STR("(盖章"),  STR("数据来源"), STR("以上"),   STR("截止"),     STR("截至"),
      STR("分管领导"), STR("统计人"), STR("复核人"),   STR("打印"),   STR("审批人"),   STR("主管领导"),
      STR("抄报"),     STR("报送"),   STR("日期"),     STR("单位("),  STR("签字"),     STR("主要领导"),
      STR("核对人"),   STR("校对"),   STR("录入人"),   STR("公示"),   STR("*"),        STR("※")};
  for (size_t i = 0; i < COUNT_OF(words); i++) {
    if (!str_starts(text, words[i])) continue;
    size_t runes = str_rune_count(text);
    if (str_equal(text, words[i]) || str_find(text, STR(":")) > 0 || str_find(text, STR("(")) >= 0 || runes > 8)
      return true;
    Str rest = str_sub(text, words[i].size, text.size);
    if (str_equal(rest, STR("人")) || str_starts(rest, STR("单位")) || str_ends(rest, STR("签字")) ||
        str_ends(rest, STR("签名")) || (rest.data[0] >= '0' && rest.data[0] <= '9'))
      return true;
  }
  return false;
}

typedef bool WordTest(Str text);
static bool any_cell(const Judge *j, WordTest *test, uint32_t most) {
  uint32_t seen = 0;
  for (uint32_t i = 0; i < j->row->raw->count && seen < most; i++) {
    Str text = text_fold(j->scratch, cell_at(j->row->raw, i));
    if (text.size == 0) continue;
    seen++;
    if (test(text)) return true;
  }
  return false;
}

static bool is_whole_number(Str text) {
  int64_t number;
  return str_int64(text, &number) && number >= 0;
}

/* 5户, 23人, 5户23人, 12: what stands beside a township's name in a section row. */
static bool is_count(Str text) {
  bool digit = false;
  for (size_t at = 0; at < text.size;) {
    uint32_t rune = str_next_rune(text, &at);
    if (rune >= '0' && rune <= '9')
      digit = true;
    else if (rune != 0x6237 /* 户 */ && rune != 0x4EBA /* 人 */ && rune != 0x5171 /* 共 */ && rune != '.' &&
             rune != 0xFF0C && rune != ',' && rune != '(' && rune != ')' && rune != ':')
      return false;
  }
  return digit;
}

/* Values that are what their columns should hold: somebody's row, even without a number. */
static uint32_t evidence(const Judge *j) {
  static const struct {
    KnownColumn column;
    const char *vocabulary;
  } words[] = {{COL_RELATION, "relation"}, {COL_SEX, "sex"}, {COL_MODE, "mode"}, {COL_GRADE, "grade"}};
  uint32_t count = 0;
  for (uint32_t i = 0; i < COUNT_OF(words); i++)
    count += catalogue_value(j->catalogue, j->scratch, words[i].vocabulary, value(j, words[i].column)).size > 0;
  count += is_whole_number(value(j, COL_SEQ));
  count += is_whole_number(value(j, COL_SIZE)) && value(j, COL_SIZE).size <= 2;
  count += value(j, COL_PHONE).size >= 7 && is_whole_number(value(j, COL_PHONE));
  count += value(j, COL_HH_NO).size >= 5;
  count += value(j, COL_BIRTH).size >= 6;
  Str town = value(j, COL_TOWN), village = value(j, COL_VILLAGE), address = value(j, COL_ADDRESS);
  if (town.size || village.size || address.size) {
    Place place = place_find(j->catalogue->places, town, village, address);
    count += place.town_code.size > 0 || place.how == PLACE_AMBIGUOUS;
    count += village.size > 0 && (place.village_code.size > 0 || place.how == PLACE_AMBIGUOUS);
  }
  return count;
}

static bool is_sentence(Str text) {
  static const Str marks[] = {STR("："), STR(":"), STR("；"), STR(";"), STR("，"), STR(","), STR("。")};
  for (size_t i = 0; i < COUNT_OF(marks); i++)
    if (str_find(text, marks[i]) >= 0) return true;
  return false;
}

static bool is_section(const Judge *j) {
  if (j->cells > 3 || str_rune_count(j->first) > 20) return false;
  Place place = place_find(j->catalogue->places, STR_EMPTY, STR_EMPTY, j->first);
  if (place.town_code.size == 0 && place.how != PLACE_AMBIGUOUS) return false;
  bool first = true;
  for (uint32_t i = 0; i < j->row->raw->count; i++) {
    Str text = text_fold(j->scratch, cell_at(j->row->raw, i));
    if (text.size == 0 || str_equal(text, j->first)) continue;
    if (!is_count(text)) return false;
    first = false;
  }
  return first || j->cells > 1;
}

RowRole row_role(const Catalogue *catalogue, const Layout *layout, const DecodedRow *row, Arena *scratch) {
  Judge judge = {.catalogue = catalogue, .layout = layout, .row = row, .scratch = scratch, .first = STR_EMPTY};
  const Judge *j = &judge;
  count_cells(&judge);
  if (has_identity(j)) return ROW_DATA;
  if (is_repeated_header(j)) return ROW_HEADER;
  Str name = value(j, COL_NAME).size ? value(j, COL_NAME) : value(j, COL_HEAD_NAME);
  Str folded = text_fold(scratch, name);
  bool named = name.size > 0 && str_rune_count(name) <= 12 && !is_sentence(name) && !is_count(folded);
  bool total = any_cell(j, is_total_word, 4);
  uint32_t backed = evidence(j);
  if (total && (!named || is_total_word(j->first) || backed < 3 || !looks_like_name(name))) return ROW_TOTAL;
  if (named && looks_like_name(name) && backed >= 2) return ROW_DATA;
  if (any_cell(j, is_note_word, 8)) return ROW_NOTE;
  if (is_section(j)) return ROW_SECTION;
  if (j->cells == 1) return named && str_rune_count(name) <= 4 && layout->mapped <= 2 ? ROW_DATA : ROW_NOTE;
  if (named) return ROW_DATA;
  return value(j, COL_HH_NO).size || (name.size == 0 && backed >= 2) ? ROW_DATA : ROW_NOTE;
}
