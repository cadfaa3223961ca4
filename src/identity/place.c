/* Places: which town and village a cell means. Every form that lists use for a village (花坪, 花坪村, 花坪村委会 ...)
 * is written down when the table is made; finding is look-up only, never similarity. */
#include "identity/han.h"
#include "identity/identity.h"

enum { TEXT_LIMIT = 384, FORM_LIMIT = 96 }; /* bytes of a normalised cell; of a form */

typedef enum Strength { FORM_EXACT, FORM_ALIAS, FORM_BARE } Strength;
/* Values of the form maps: village * 4 + strength. */
#define FORM_AMBIGUOUS (STRMAP_NONE - 1)

typedef struct Town {
  Str code, name;
  Str form, bare; /* 三门镇, 三门 normalised */
} Town;

typedef struct Village {
  Str code, name;
  uint32_t town;
  Str core; /* 花坪 */
  bool community;
} Village;

struct PlaceTable {
  Arena *arena;
  Town *towns;
  Village *villages;
  Str *town_codes, *town_names;
  size_t town_count, village_count;
  StrMap codes;      /* 9 digits -> town, 12 digits -> village */
  StrMap town_forms; /* full names and dated names, may stand anywhere in a text */
  StrMap town_bare;  /* 三门: only if it is the whole cell */
  Str *town_form_list;
  uint32_t *town_form_town;
  bool *town_form_dated;
  size_t town_form_count, town_form_capacity;
  StrMap in_town;  /* two bytes of town, form -> village */
  StrMap anywhere; /* form -> village */
};

/* Longest first: what may follow the core of a name. */
static const Str VILLAGE_SUFFIXES[] = {STR("村村民委员会"), STR("村民委员会"), STR("村委员会"),
                                       STR("村村委会"),     STR("村民委"),     STR("村委会"),
                                       STR("行政村"),       STR("村委"),       STR("村")};
static const Str COMMUNITY_SUFFIXES[] = {STR("社区居民委员会"), STR("居民委员会"), STR("社区居民委"), STR("社区居委会"),
                                         STR("社区委员会"),     STR("居民委"),     STR("社区居委"),   STR("居委会"),
                                         STR("居委"),           STR("社区")};
static const Str TOWN_SUFFIXES[] = {STR("民族乡"), STR("街道办事处"), STR("街道办"), STR("街道"), STR("镇"), STR("乡")};
#define STREET STR("街")
#define STREET_LONG STR("街道")

/* ---- normalising ---- */
typedef struct Text {
  char data[TEXT_LIMIT];
  size_t size;
} Text;

static bool is_open(uint32_t rune) {
  return rune == '(' || rune == '[' || rune == 0x3010 || rune == 0x3014 || rune == '{';
}
static bool is_close(uint32_t rune) {
  return rune == ')' || rune == ']' || rune == 0x3011 || rune == 0x3015 || rune == '}';
}

/* Chinese characters folded, ASCII letters and digits; notes in brackets, blanks and punctuation go. A lost
 * character stays as '?', so that 大?村 is not taken for 大村. */
static Text normalise(Str raw) {
  Text text = {.size = 0};
  int depth = 0;
  for (size_t at = 0; at < raw.size;) {
    uint32_t rune = str_next_rune(raw, &at);
    if (rune >= 0xFF01 && rune <= 0xFF5E) rune -= 0xFEE0;
    if (is_open(rune)) depth++;
    if (is_close(rune)) {
      if (depth > 0) depth--;
      continue;
    }
    if (depth > 0) continue;
    bool digit = rune >= '0' && rune <= '9', letter = (rune | 0x20) >= 'a' && (rune | 0x20) <= 'z' && rune < 0x80;
    if (han_is_han(rune))
      rune = rune_fold(rune);
    else if (han_is_wildcard(rune))
      rune = '?';
    else if (!digit && !letter)
      continue;
    if (text.size + 4 > TEXT_LIMIT) break;
    text.size += rune_encode(rune, text.data + text.size);
  }
  return text;
}

static Str text_str(const Text *text) { return (Str){text->data, text->size}; }

static Str normal_copy(Arena *arena, Str raw) {
  Text text = normalise(raw);
  return str_copy(arena, text_str(&text));
}

/* Cuts the first suffix of the list that fits; false if none does. */
static bool cut_suffix(Str *text, const Str *suffixes, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (text->size <= suffixes[i].size || !str_ends(*text, suffixes[i])) continue;
    text->size -= suffixes[i].size;
    return true;
  }
  return false;
}

static bool all_digits(Str text) {
  for (size_t i = 0; i < text.size; i++)
    if (text.data[i] < '0' || text.data[i] > '9') return false;
  return text.size > 0;
}

/* ---- making the table ---- */
/* A stronger form keeps its place; two of one strength make the form ambiguous. */
static void add_form_to(StrMap *map, Str key, uint32_t village, Strength strength) {
  uint32_t value = village * 4 + (uint32_t)strength, old = strmap_get(map, key);
  if (old == STRMAP_NONE)
    strmap_set(map, str_copy(map->arena, key), value);
  else if (old != FORM_AMBIGUOUS && old / 4 != village && old % 4 >= (uint32_t)strength)
    strmap_set(map, key, old % 4 == (uint32_t)strength ? FORM_AMBIGUOUS : value);
}

static Str town_key(char buffer[FORM_LIMIT + 2], uint32_t town, Str form) {
  if (form.size > FORM_LIMIT) form.size = FORM_LIMIT;
  buffer[0] = (char)(town >> 8);
  buffer[1] = (char)(town & 255);
  if (form.size) memcpy(buffer + 2, form.data, form.size);
  return (Str){buffer, form.size + 2};
}

static void add_form(PlaceTable *table, uint32_t village, Str form, Strength strength, bool also_anywhere) {
  char buffer[FORM_LIMIT + 2];
  if (form.size == 0 || form.size > FORM_LIMIT) return;
  add_form_to(&table->in_town, town_key(buffer, table->villages[village].town, form), village, strength);
  if (also_anywhere) add_form_to(&table->anywhere, form, village, strength);
}

static void add_suffixed(PlaceTable *table, uint32_t village, Str base, bool also_anywhere) {
  bool community = table->villages[village].community;
  const Str *suffixes = community ? COMMUNITY_SUFFIXES : VILLAGE_SUFFIXES;
  size_t count = community ? COUNT_OF(COMMUNITY_SUFFIXES) : COUNT_OF(VILLAGE_SUFFIXES);
  for (size_t i = 0; i < count; i++) {
    Str form = str_format(table->arena, STR_FMT STR_FMT, STR_ARG(base), STR_ARG(suffixes[i]));
    add_form(table, village, form, FORM_EXACT, also_anywhere);
  }
}

/* 三门镇街道 and 瓢里街: the street may be 街 or 街道 and may lack the town's name; 三门社区 is meant as well. */
static void add_street_forms(PlaceTable *table, uint32_t village) {
  Arena *arena = table->arena;
  const Village *v = &table->villages[village];
  const Town *town = &table->towns[v->town];
  Str head = v->core;
  if (str_ends(head, STREET_LONG))
    head.size -= STREET_LONG.size;
  else if (str_ends(head, STREET))
    head.size -= STREET.size;
  else
    return;
  bool of_town = str_equal(head, town->form) || str_equal(head, town->bare);
  Str heads[] = {head, of_town ? town->form : head, of_town ? town->bare : head, STR_EMPTY};
  for (size_t i = 0; i < COUNT_OF(heads); i++) {
    if (heads[i].size == 0 && !of_town) continue;
    bool named = heads[i].size > 0;
    Str street = str_format(arena, STR_FMT "街", STR_ARG(heads[i]));
    Str street_long = str_format(arena, STR_FMT "街道", STR_ARG(heads[i]));
    if (named) add_form(table, village, street, FORM_EXACT, true);
    add_form(table, village, street_long, FORM_EXACT, named);
    add_suffixed(table, village, street, named);
    add_suffixed(table, village, street_long, named);
    if (named) add_suffixed(table, village, heads[i], true);
  }
}

static void add_town_form(PlaceTable *table, uint32_t town, Str form, bool dated) {
  bool added = false;
  form = normal_copy(table->arena, form);
  if (form.size == 0) return;
  strmap_put(&table->town_forms, form, town, &added);
  if (!added) return;
  if (table->town_form_count == table->town_form_capacity) {
    size_t old = table->town_form_capacity, capacity = old ? old * 2 : 32;
    table->town_form_list = arena_grow(table->arena, table->town_form_list, old * sizeof(Str), capacity * sizeof(Str));
    table->town_form_town =
        arena_grow(table->arena, table->town_form_town, old * sizeof(uint32_t), capacity * sizeof(uint32_t));
    table->town_form_dated =
        arena_grow(table->arena, table->town_form_dated, old * sizeof(bool), capacity * sizeof(bool));
    table->town_form_capacity = capacity;
  }
  table->town_form_list[table->town_form_count] = form;
  table->town_form_dated[table->town_form_count] = dated;
  table->town_form_town[table->town_form_count++] = town;
  Str bare = form;
  if (cut_suffix(&bare, TOWN_SUFFIXES, COUNT_OF(TOWN_SUFFIXES))) strmap_put(&table->town_bare, bare, town, NULL);
}

static Str next_field(Str *line) {
  ptrdiff_t comma = str_find(*line, STR(","));
  Str field = comma < 0 ? *line : str_sub(*line, 0, (size_t)comma);
  *line = comma < 0 ? STR_EMPTY : str_sub(*line, (size_t)comma + 1, line->size);
  field = str_trim(field);
  bool quoted = field.size >= 2 && field.data[0] == '"' && field.data[field.size - 1] == '"';
  return quoted ? str_trim(str_sub(field, 1, field.size - 1)) : field;
}

static Status add_row(Context *cx, PlaceTable *table, Str line, size_t number) {
  Str code = next_field(&line), name = next_field(&line), town_code = next_field(&line), town_name = next_field(&line);
  if (code.size != 12 || !all_digits(code) || town_code.size != 9 || !str_starts(code, town_code))
    return fail(cx, BAD_VALUE, "地名表第 %zu 行：村代码应为 12 位数字，且前 9 位与乡镇代码相同，请改正", number);
  if (name.size == 0 || town_name.size == 0)
    return fail(cx, BAD_VALUE, "地名表第 %zu 行：村名或乡镇名是空的，请补上", number);
  Arena *arena = table->arena;
  uint32_t town = strmap_get(&table->codes, town_code);
  if (town == STRMAP_NONE) {
    town = (uint32_t)table->town_count++;
    Town *t = &table->towns[town];
    *t = (Town){str_copy(arena, town_code), str_copy(arena, town_name), normal_copy(arena, town_name), STR_EMPTY};
    t->bare = t->form;
    cut_suffix(&t->bare, TOWN_SUFFIXES, COUNT_OF(TOWN_SUFFIXES));
    strmap_set(&table->codes, t->code, town);
    add_town_form(table, town, t->name, false);
  }
  uint32_t village = (uint32_t)table->village_count;
  Village v = {
      .code = str_copy(arena, code), .name = str_copy(arena, name), .town = town, .core = normal_copy(arena, name)};
  v.community = cut_suffix(&v.core, COMMUNITY_SUFFIXES, COUNT_OF(COMMUNITY_SUFFIXES));
  if (!v.community) cut_suffix(&v.core, VILLAGE_SUFFIXES, COUNT_OF(VILLAGE_SUFFIXES));
  bool added = false;
  strmap_put(&table->codes, v.code, village, &added);
  if (!added)
    return fail(cx, BAD_VALUE, "地名表第 %zu 行：村代码 " STR_FMT " 出现了两次，请删去一行", number, STR_ARG(code));
  table->villages[table->village_count++] = v;
  return OK;
}

static Status read_csv(Context *cx, PlaceTable *table, Str csv) {
  size_t lines = 1;
  for (size_t i = 0; i < csv.size; i++) lines += csv.data[i] == '\n';
  if (lines > 0xFFFF) return fail(cx, BAD_VALUE, "地名表超过 65535 行，请检查是否选错了文件");
  table->towns = arena_array(table->arena, lines, Town);
  table->villages = arena_array(table->arena, lines, Village);
  size_t number = 0;
  while (csv.size) {
    ptrdiff_t end = str_find(csv, STR("\n"));
    Str line = str_trim(end < 0 ? csv : str_sub(csv, 0, (size_t)end));
    csv = end < 0 ? STR_EMPTY : str_sub(csv, (size_t)end + 1, csv.size);
    number++;
    if (line.size == 0 || (number == 1 && !(line.data[0] >= '0' && line.data[0] <= '9'))) continue;
    TRY(add_row(cx, table, line, number));
  }
  return OK;
}

static Status add_alias(Context *cx, PlaceTable *table, const Json *alias) {
  Str name = json_text(alias, "name"), town_name = json_text(alias, "town"), kind = json_text(alias, "kind");
  Text town_text = normalise(town_name);
  uint32_t town = strmap_get(&table->town_forms, text_str(&town_text));
  if (name.size == 0 || town == STRMAP_NONE)
    return fail(cx, BAD_VALUE, "地名别名“" STR_FMT "”所属的乡镇“" STR_FMT "”不在地名表里，请改正", STR_ARG(name),
                STR_ARG(town_name));
  if (str_equal(kind, STR("town"))) {
    add_town_form(table, town, name, true);
    return OK;
  }
  Str code = json_text(alias, "code");
  uint32_t village = code.size == 12 ? strmap_get(&table->codes, code) : STRMAP_NONE;
  if (!str_equal(kind, STR("village")) || village == STRMAP_NONE)
    return fail(cx, BAD_VALUE, "地名别名“" STR_FMT "”：kind 应为 town 或 village，村的 code 应是地名表里的 12 位代码",
                STR_ARG(name));
  add_form(table, village, normal_copy(table->arena, name), FORM_ALIAS, true);
  return OK;
}

Status place_table_new(Context *cx, Str csv, const Json *aliases, PlaceTable **ret_table) {
  PlaceTable *table = arena_one(cx->arena, PlaceTable);
  Arena *arena = table->arena = cx->arena;
  table->codes = strmap_new(arena);
  table->town_forms = strmap_new(arena);
  table->town_bare = strmap_new(arena);
  table->in_town = strmap_new(arena);
  table->anywhere = strmap_new(arena);
  TRY(read_csv(cx, table, csv));
  if (table->village_count == 0) return fail(cx, BAD_VALUE, "地名表里没有一个村，请检查 places.csv");
  for (uint32_t i = 0; i < table->village_count; i++) {
    Village *v = &table->villages[i];
    add_form(table, i, normal_copy(arena, v->name), FORM_EXACT, true);
    add_suffixed(table, i, v->core, true);
    if (v->community) add_street_forms(table, i);
  }
  JSON_EACH(alias, aliases) TRY(add_alias(cx, table, alias));
  for (uint32_t i = 0; i < table->village_count; i++) add_form(table, i, table->villages[i].core, FORM_BARE, true);
  table->town_codes = arena_array(arena, table->town_count, Str);
  table->town_names = arena_array(arena, table->town_count, Str);
  for (size_t i = 0; i < table->town_count; i++) {
    table->town_codes[i] = table->towns[i].code;
    table->town_names[i] = table->towns[i].name;
  }
  *ret_table = table;
  return OK;
}

size_t place_towns(const PlaceTable *table, const Str **ret_codes, const Str **ret_names) {
  if (ret_codes) *ret_codes = table->town_codes;
  if (ret_names) *ret_names = table->town_names;
  return table->town_count;
}

/* ---- finding ---- */
typedef struct TownHit {
  uint32_t town; /* STRMAP_NONE if none */
  bool dated;
  size_t end; /* of its name in the text */
} TownHit;

/* The first town name in the text, wherever it stands: what goes before is province, city and county. */
static TownHit town_in(const PlaceTable *table, Str text) {
  TownHit hit = {.town = STRMAP_NONE};
  size_t best = SIZE_MAX, longest = 0;
  for (size_t i = 0; i < table->town_form_count; i++) {
    Str form = table->town_form_list[i];
    ptrdiff_t at = str_find(text, form);
    if (at < 0 || (size_t)at > best || ((size_t)at == best && form.size < longest)) continue;
    best = (size_t)at;
    longest = form.size;
    hit = (TownHit){table->town_form_town[i], table->town_form_dated[i], best + form.size};
  }
  return hit;
}

static TownHit town_of_cell(const PlaceTable *table, Str text) {
  TownHit hit = {.town = STRMAP_NONE};
  if ((text.size == 9 || text.size == 12) && all_digits(text)) {
    hit.town = strmap_get(&table->codes, str_sub(text, 0, 9));
    hit.end = text.size;
    return hit;
  }
  hit = town_in(table, text);
  if (hit.town != STRMAP_NONE) return hit;
  hit.town = strmap_get(&table->town_bare, text);
  hit.end = text.size;
  return hit;
}

/* What may stand behind a name without suffix: the number of a group (花坪3组, 花坪第三组). */
static bool starts_group(Str rest) {
  static const Str NUMERALS[] = {STR("第"), STR("一"), STR("二"), STR("三"), STR("四"), STR("五"),
                                 STR("六"), STR("七"), STR("八"), STR("九"), STR("十"), STR("小组")};
  if (rest.size == 0 || (rest.data[0] >= '0' && rest.data[0] <= '9')) return true;
  for (size_t i = 0; i < COUNT_OF(NUMERALS); i++)
    if (str_starts(rest, NUMERALS[i])) return str_find(rest, STR("组")) >= 0;
  return false;
}

/* The longest form at the start of the text, in one town or (STRMAP_NONE) in all. Bare names count only as
 * the whole text or before a group's number, and in an address only behind their town. STRMAP_NONE or FORM_AMBIGUOUS
 * otherwise. */
static uint32_t village_at_start(const PlaceTable *table, uint32_t town, Str text, bool free_text) {
  for (size_t size = text.size < FORM_LIMIT ? text.size : FORM_LIMIT; size > 0; size--) {
    if (size < text.size && ((unsigned char)text.data[size] & 0xC0) == 0x80) continue; /* inside a character */
    char buffer[FORM_LIMIT + 2];
    Str form = {text.data, size};
    uint32_t value = town == STRMAP_NONE ? strmap_get(&table->anywhere, form)
                                         : strmap_get(&table->in_town, town_key(buffer, town, form));
    if (value == STRMAP_NONE) continue;
    if (value == FORM_AMBIGUOUS || value % 4 != FORM_BARE) return value;
    bool may_be_bare = town != STRMAP_NONE || !free_text;
    if (may_be_bare && starts_group(str_sub(text, size, text.size))) return value;
  }
  return STRMAP_NONE;
}

/* Tries the start, then behind every 省 区 市 县 州 旗 (里市村 has one of its own: so the start goes first). */
static uint32_t village_in(const PlaceTable *table, uint32_t town, Str text, bool free_text) {
  static const Str MARKS[] = {STR("省"), STR("区"), STR("市"), STR("县"), STR("州"), STR("旗")};
  uint32_t value = village_at_start(table, town, text, free_text);
  for (size_t at = 0; value == STRMAP_NONE && at + 3 < text.size; at++)
    for (size_t i = 0; i < COUNT_OF(MARKS) && value == STRMAP_NONE; i++)
      if (str_starts(str_sub(text, at, text.size), MARKS[i]))
        value = village_at_start(table, town, str_sub(text, at + 3, text.size), free_text);
  return value;
}

static Place place_of_town(const PlaceTable *table, uint32_t town, PlaceHow how) {
  Place place = {STR_EMPTY, STR_EMPTY, STR_EMPTY, STR_EMPTY, (uint8_t)how};
  if (town == STRMAP_NONE) return place;
  place.town_code = table->towns[town].code;
  place.town = table->towns[town].name;
  return place;
}

static Place place_of_village(const PlaceTable *table, uint32_t village, PlaceHow how) {
  const Village *v = &table->villages[village];
  Place place = place_of_town(table, v->town, how);
  place.village_code = v->code;
  place.village = v->name;
  return place;
}

/* A cell with a village in it, the town known or not; whether the text names another town in front. */
static uint32_t village_of_cell(const PlaceTable *table, uint32_t town, Str text, bool free_text) {
  uint32_t value = village_in(table, town, text, free_text);
  if (value != STRMAP_NONE && value != FORM_AMBIGUOUS) return value;
  TownHit hit = town_in(table, text);
  if (hit.town == STRMAP_NONE || (town != STRMAP_NONE && hit.town != town)) return value;
  uint32_t behind = village_at_start(table, hit.town, str_sub(text, hit.end, text.size), free_text);
  return behind != STRMAP_NONE ? behind : value;
}

static Place place_of_code(const PlaceTable *table, Str code) {
  uint32_t village = strmap_get(&table->codes, code);
  if (code.size == 12 && village != STRMAP_NONE) return place_of_village(table, village, PLACE_EXACT);
  uint32_t town = strmap_get(&table->codes, str_sub(code, 0, 9));
  return place_of_town(table, town, town == STRMAP_NONE ? PLACE_UNKNOWN : PLACE_TOWN_ONLY);
}

/* The town's cell decides; else the village's cell; else the address. An address is asked for the village only
 * where the village's cell is empty: a village that was renamed must not turn into the one in an old address. */
Place place_find(const PlaceTable *table, Str town, Str village, Str address) {
  Text town_text = normalise(town), village_text = normalise(village), address_text = normalise(address);
  Str t = text_str(&town_text), v = text_str(&village_text), a = text_str(&address_text);
  if (v.size == 0 && t.size == 12 && all_digits(t)) return place_of_code(table, t);
  if ((v.size == 9 || v.size == 12) && all_digits(v)) return place_of_code(table, v);
  TownHit hit = town_of_cell(table, t);
  bool free_text = false;
  if (v.size == 0) free_text = true, v = a;
  if (v.size == 0 && hit.end < t.size) v = str_sub(t, hit.end, t.size); /* 三门镇花坪村 in the town's column */
  if ((v.size == 9 || v.size == 12) && all_digits(v)) return place_of_code(table, v);
  if (hit.town == STRMAP_NONE) hit = town_in(table, v);
  if (hit.town == STRMAP_NONE) hit = town_in(table, a);
  uint32_t value = village_of_cell(table, hit.town, v, free_text);
  if (value == FORM_AMBIGUOUS) return place_of_town(table, hit.town, PLACE_AMBIGUOUS);
  if (value == STRMAP_NONE)
    return place_of_town(table, hit.town, hit.town == STRMAP_NONE ? PLACE_UNKNOWN : PLACE_TOWN_ONLY);
  bool exact = value % 4 == FORM_EXACT && !hit.dated;
  return place_of_village(table, value / 4, exact ? PLACE_EXACT : PLACE_ALIAS);
}

Str place_short(Str village) {
  static const Str kinds[] = {STR("村"), STR("社区")},
                   offices[] = {STR("民委员会"), STR("委会"), STR("居民委员会"), STR("居委会"), STR("委员会")};
  for (size_t k = 0; k < COUNT_OF(kinds); k++)
    for (size_t o = 0; o < COUNT_OF(offices); o++) {
      if (!str_ends(village, offices[o])) continue;
      Str name = str_sub(village, 0, village.size - offices[o].size);
      if (str_ends(name, kinds[k]) && name.size > kinds[k].size) return name;
    }
  return village;
}
