#include "roster/catalogue.h"
#include "base/file.h"

static const char *const KNOWN_CODES[KNOWN_COLUMNS] = {
#define X(name, code) code,
    ROSTER_COLUMNS(X)
#undef X
};

static const char *const CONTENT_CODES[CONTENT_KINDS] = {
    "", "id", "name", "town", "village", "address", "relation", "sex", "date", "phone", "grade", "mode", "yesno"};

Str text_fold(Arena *arena, Str text) {
  bool plain = true;
  for (size_t i = 0; i < text.size; i++)
    if ((unsigned char)text.data[i] >= 0xE0 || (unsigned char)text.data[i] <= 0x20 ||
        (unsigned char)text.data[i] == 0xC2) {
      plain = false;
      break;
    }
  if (plain) return text;
  Buf buf = buf_new(arena);
  for (size_t at = 0; at < text.size;) {
    uint32_t rune = str_next_rune(text, &at);
    if (rune <= 0x20 || rune == 0x7F || rune == 0xA0 || rune == 0x3000 || rune == 0xFEFF || rune == 0x200B) continue;
    if (rune >= 0xFF01 && rune <= 0xFF5E) rune -= 0xFEE0;
    buf_add_rune(&buf, rune);
  }
  return buf_str(&buf);
}

/* Marks that headers are decorated with and that say nothing. */
static bool is_decoration(uint32_t rune) {
  static const char marks[] = "()[]{}<>/\\,.;:*\"'|-_+=~!?&%#";
  if (rune < 0x80) return strchr(marks, (int)rune) != NULL && rune != 0;
  static const uint32_t wide[] = {0x3001, 0x3002, 0x3010, 0x3011, 0x300A, 0x300B, 0x201C, 0x201D,
                                  0x2018, 0x2019, 0x00B7, 0x2014, 0x2026, 0x203B, 0x2605, 0x25B2};
  for (size_t i = 0; i < COUNT_OF(wide); i++)
    if (wide[i] == rune) return true;
  return false;
}

/* "1.乡镇", "(1)乡镇", "①乡镇", "一、乡镇": where the header itself begins. */
static size_t skip_numbering(Str text) {
  size_t at = 0;
  uint32_t first = text.size ? str_next_rune(text, &at) : 0;
  if (first >= 0x2460 && first <= 0x2473) return at;
  bool bracket = first == '(';
  if (!bracket) at = 0;
  static const Str numerals = STR("一二三四五六七八九十");
  size_t digits = 0;
  for (size_t next = at; next < text.size; at = next, digits++) {
    uint32_t rune = str_next_rune(text, &next);
    if (!(rune >= '0' && rune <= '9') && (rune < 0x80 || str_find(numerals, str_sub(text, at, next)) < 0)) break;
  }
  if (digits == 0 || digits > 3 || at >= text.size) return 0;
  if (text.data[at] == (bracket ? ')' : '.')) return at + 1;
  return !bracket && str_starts(str_sub(text, at, text.size), STR("、")) ? at + STR("、").size : 0;
}

Str header_normalise(Arena *arena, Str header) {
  Str folded = text_fold(arena, header);
  size_t start = skip_numbering(folded);
  if (start < folded.size) folded = str_sub(folded, start, folded.size);
  Buf buf = buf_new(arena);
  for (size_t at = 0; at < folded.size;) {
    uint32_t rune = str_next_rune(folded, &at);
    if (rune >= 'a' && rune <= 'z') rune -= 32;
    if (!is_decoration(rune)) buf_add_rune(&buf, rune);
  }
  return buf_str(&buf);
}

/* 工程进度（0未开工 1开工）: without what stands in brackets. */
static Str without_brackets(Arena *arena, Str header) {
  Str folded = text_fold(arena, header);
  Buf buf = buf_new(arena);
  int depth = 0;
  for (size_t i = skip_numbering(folded); i < folded.size; i++) {
    char c = folded.data[i];
    if (c == '(' || c == '[') depth++;
    if (depth == 0) buf_add_byte(&buf, c);
    if ((c == ')' || c == ']') && depth > 0) depth--;
  }
  return buf_str(&buf);
}

static uint32_t known_variant(const Catalogue *catalogue, Str normal) {
  if (normal.size == 0) return NO_INDEX;
  uint32_t column = strmap_get(&catalogue->variants, normal);
  if (column != STRMAP_NONE) return column;
  static const Str units[] = {STR("平方米"), STR("平米"), STR("㎡"), STR("M2"), STR("M²"),   STR("万元"), STR("元"),
                              STR("人"),     STR("年"),   STR("户"), STR("个"), STR("必填"), STR("打√"),  STR("勾选")};
  for (size_t i = 0; i < COUNT_OF(units); i++)
    if (str_ends(normal, units[i])) {
      column = strmap_get(&catalogue->variants, str_sub(normal, 0, normal.size - units[i].size));
      if (column != STRMAP_NONE) return column;
    }
  return NO_INDEX;
}

uint32_t catalogue_header(const Catalogue *catalogue, Arena *scratch, Str header) {
  if (header.size == 0 || header.size > 400) return NO_INDEX;
  uint32_t column = known_variant(catalogue, header_normalise(scratch, header));
  if (column != NO_INDEX) return column;
  return known_variant(catalogue, header_normalise(scratch, without_brackets(scratch, header)));
}

static Str vocabulary_key(Arena *arena, const char *vocabulary, Str text) {
  return str_format(arena, "%s:" STR_FMT, vocabulary, STR_ARG(text_fold(arena, text)));
}

Str catalogue_value(const Catalogue *catalogue, Arena *scratch, const char *vocabulary, Str text) {
  if (text.size == 0 || text.size > 200) return STR_EMPTY;
  uint32_t index = strmap_get(&catalogue->values, vocabulary_key(scratch, vocabulary, text));
  return index == STRMAP_NONE ? STR_EMPTY : catalogue->value_codes[index];
}

Str catalogue_title(const Catalogue *catalogue, const char *vocabulary, Str code) {
  char key[96];
  size_t size = strlen(vocabulary);
  if (size + code.size + 1 > sizeof key) return code;
  memcpy(key, vocabulary, size);
  key[size] = ':';
  if (code.size) memcpy(key + size + 1, code.data, code.size);
  uint32_t index = strmap_get(&catalogue->titles, (Str){key, size + 1 + code.size});
  return index == STRMAP_NONE ? code : catalogue->value_titles[index];
}

Str catalogue_role(const Catalogue *catalogue, Str code) {
  uint32_t index = strmap_get(&catalogue->roles, code);
  return index == STRMAP_NONE ? code : catalogue->role_titles[index];
}

static uint32_t find_code(const void *items, uint32_t count, size_t stride, Str code) {
  for (uint32_t i = 0; i < count; i++)
    if (str_equal(*(const Str *)((const char *)items + i * stride), code)) return i;
  return NO_INDEX;
}

uint32_t catalogue_list(const Catalogue *catalogue, Str code) {
  return find_code(catalogue->lists, catalogue->list_count, sizeof(List), code);
}
uint32_t catalogue_column(const Catalogue *catalogue, Str code) { return strmap_get(&catalogue->column_codes, code); }
uint32_t catalogue_class(const Catalogue *catalogue, Str code) {
  return find_code(catalogue->classes, catalogue->class_count, sizeof(DifferenceClass), code);
}

_Static_assert(NO_INDEX == STRMAP_NONE, "an unknown code is no index");

/* ---- loading ---- */
static Status read_json(Context *cx, const Catalogue *catalogue, const char *name, Json **ret_json) {
  Str bytes;
  const char *path = str_c(cx->arena, str_format(cx->arena, STR_FMT "/%s", STR_ARG(catalogue->folder), name));
  TRY(file_read(cx, path, 16 << 20, &bytes));
  Status status = json_parse(cx, bytes, ret_json);
  if (status != OK) return fail(cx, BAD_FILE, "活动定义文件“%s”不能读：" STR_FMT, path, STR_ARG(cx->error.sentence));
  return OK;
}

static Status load_columns(Context *cx, Catalogue *catalogue) {
  Json *json;
  TRY(read_json(cx, catalogue, "lists/columns.json", &json));
  catalogue->variants = strmap_new(cx->arena);
  catalogue->column_codes = strmap_new(cx->arena);
  JSON_EACH(item, json_get(json, "columns")) {
    if (catalogue->column_count == COLUMN_LIMIT)
      return fail(cx, BAD_FILE, "lists/columns.json：列太多（上限 %d）。", COLUMN_LIMIT);
    uint32_t index = catalogue->column_count++;
    Column *column = &catalogue->columns[index];
    *column = (Column){json_text(item, "code"), json_text(item, "title"), CONTENT_ANY};
    strmap_put(&catalogue->column_codes, column->code, index, NULL);
    Str content = json_text(item, "content");
    for (uint32_t i = 0; i < CONTENT_KINDS; i++)
      if (str_equal(content, str_from(CONTENT_CODES[i]))) column->content = (Content)i;
    JSON_EACH(variant, json_get(item, "variants")) {
      uint32_t kept = strmap_put(&catalogue->variants, header_normalise(cx->arena, variant->text), index, NULL);
      if (kept != index)
        return fail(cx, BAD_FILE, "lists/columns.json：表头“" STR_FMT "”同时属于 " STR_FMT " 和 " STR_FMT "。",
                    STR_ARG(variant->text), STR_ARG(catalogue->columns[kept].code), STR_ARG(column->code));
    }
  }
  JSON_EACH(word, json_get(json, "others"))
  if (catalogue->other_count < COUNT_OF(catalogue->others)) catalogue->others[catalogue->other_count++] = word->text;
  for (uint32_t i = 0; i < KNOWN_COLUMNS; i++) {
    catalogue->known[i] = catalogue_column(catalogue, str_from(KNOWN_CODES[i]));
    if (catalogue->known[i] == NO_INDEX) return fail(cx, BAD_FILE, "lists/columns.json 缺少列 %s。", KNOWN_CODES[i]);
  }
  return OK;
}

static uint32_t compares_bits(const Json *array) {
  static const char *const codes[] = {"name", "id_no", "village", "size", "head", "mode", "grade"};
  uint32_t bits = 0;
  JSON_EACH(item, array)
  for (uint32_t i = 0; i < COUNT_OF(codes); i++)
    if (str_equal(item->text, str_from(codes[i]))) bits |= 1u << i;
  return bits;
}

static void load_signals(Context *cx, Catalogue *catalogue, List *list, const Json *item) {
  const Json *signals = json_get(item, "signals"), *words = json_get(item, "words");
  list->signals = arena_array(cx->arena, (signals ? signals->count : 0) + (words ? words->count : 0), Signal);
  JSON_EACH(signal, signals) {
    uint32_t column = catalogue_column(catalogue, signal->key);
    if (column != NO_INDEX) list->signals[list->signal_count++] = (Signal){column, STR_EMPTY, (int)signal->integer};
  }
  JSON_EACH(word, words) list->signals[list->signal_count++] = (Signal){NO_INDEX, word->key, (int)word->integer};
}

static Status load_lists(Context *cx, Catalogue *catalogue) {
  Json *json;
  TRY(read_json(cx, catalogue, "lists/kinds.json", &json));
  const Json *lists = json_get(json, "lists");
  catalogue->hub = NO_INDEX;
  JSON_EACH(item, lists) {
    if (catalogue->list_count == LIST_LIMIT)
      return fail(cx, BAD_FILE, "lists/kinds.json：名单种类太多（上限 %d）。", LIST_LIMIT);
    List *list = &catalogue->lists[catalogue->list_count];
    const Json *expects = json_get(item, "expects");
    *list = (List){.code = json_text(item, "code"),
                   .title = json_text(item, "title"),
                   .owner = json_text(item, "owner"),
                   .person_unit = str_equal(json_text(item, "unit"), STR("person")),
                   .hub = json_bool(expects, "hub", false),
                   .in_hub = json_bool(expects, "in_hub", false),
                   .upper_level = json_bool(item, "upper_level", false),
                   .implies_mode = json_text(item, "implies_mode"),
                   .single_town = (int)json_int(item, "single_town", 0),
                   .compares = compares_bits(json_get(item, "compares"))};
    Str covers = json_text(expects, "covers");
    list->covers = str_equal(covers, STR("all"))              ? COVERS_ALL
                   : str_equal(covers, STR("towns_received")) ? COVERS_TOWNS_RECEIVED
                                                              : COVERS_NOTHING;
    if (list->hub) catalogue->hub = catalogue->list_count;
    load_signals(cx, catalogue, list, item);
    catalogue->list_count++;
  }
  if (catalogue->hub == NO_INDEX) return fail(cx, BAD_FILE, "lists/kinds.json 里没有指明哪个名单是登记名册（hub）。");
  uint32_t at = 0;
  JSON_EACH(item, lists) {
    JSON_EACH(other, json_get(json_get(item, "expects"), "unless_in")) {
      uint32_t index = catalogue_list(catalogue, other->text);
      if (index != NO_INDEX) catalogue->lists[at].unless_in |= 1u << index;
    }
    at++;
  }
  catalogue->authority_grade = catalogue_list(catalogue, json_text(json_get(json, "authority"), "grade"));
  JSON_EACH(item, json_get(json, "mode_lists")) {
    uint32_t index = catalogue_list(catalogue, item->text);
    if (index != NO_INDEX) catalogue->mode_lists |= 1u << index;
  }
  JSON_EACH(pair, json_get(json, "mode_conflicts")) {
    if (pair->count != 2 || catalogue->mode_conflict_count == COUNT_OF(catalogue->mode_conflict)) continue;
    uint32_t *conflict = catalogue->mode_conflict[catalogue->mode_conflict_count];
    conflict[0] = catalogue_list(catalogue, pair->first->text);
    conflict[1] = catalogue_list(catalogue, pair->last->text);
    if (conflict[0] != NO_INDEX && conflict[1] != NO_INDEX) catalogue->mode_conflict_count++;
  }
  return OK;
}

static Status load_values(Context *cx, Catalogue *catalogue) {
  Json *json;
  TRY(read_json(cx, catalogue, "lists/values.json", &json));
  catalogue->values = strmap_new(cx->arena);
  catalogue->titles = strmap_new(cx->arena);
  JSON_EACH(vocabulary, json) {
    const char *name = str_c(cx->arena, vocabulary->key);
    JSON_EACH(entry, vocabulary) {
      if (entry->kind == JSON_OBJECT) { /* titles */
        JSON_EACH(title, entry) {
          if (catalogue->title_count == COUNT_OF(catalogue->value_titles))
            return fail(cx, BAD_FILE, "lists/values.json 太大。");
          catalogue->value_titles[catalogue->title_count] = title->text;
          strmap_put(&catalogue->titles, vocabulary_key(cx->arena, name, title->key), catalogue->title_count++, NULL);
        }
        continue;
      }
      JSON_EACH(text, entry) {
        if (catalogue->value_count == COUNT_OF(catalogue->value_codes))
          return fail(cx, BAD_FILE, "lists/values.json 太大。");
        catalogue->value_codes[catalogue->value_count] = entry->key;
        strmap_put(&catalogue->values, vocabulary_key(cx->arena, name, text->text), catalogue->value_count++, NULL);
      }
    }
  }
  return OK;
}

static Status load_campaign(Context *cx, Catalogue *catalogue) {
  TRY(read_json(cx, catalogue, "campaign.json", &catalogue->campaign));
  const Json *expected = json_get(catalogue->campaign, "expected");
  catalogue->expected_households = json_int(expected, "households", 0);
  catalogue->expected_persons = json_int(expected, "persons", 0);
  JSON_EACH(item, json_get(catalogue->campaign, "classes")) {
    if (catalogue->class_count == CLASS_LIMIT)
      return fail(cx, BAD_FILE, "campaign.json：差异类别太多（上限 %d）。", CLASS_LIMIT);
    catalogue->classes[catalogue->class_count++] =
        (DifferenceClass){json_text(item, "code"), json_text(item, "title"), json_text(item, "owner")};
  }
  catalogue->roles = strmap_new(cx->arena);
  uint32_t roles = 0;
  JSON_EACH(item, json_get(catalogue->campaign, "roles")) {
    if (roles == COUNT_OF(catalogue->role_titles)) break;
    catalogue->role_titles[roles] = json_text(item, "title");
    strmap_put(&catalogue->roles, json_text(item, "code"), roles++, NULL);
  }
  return OK;
}

static Status load_places(Context *cx, Catalogue *catalogue) {
  Str csv;
  TRY(file_read(cx, str_c(cx->arena, str_format(cx->arena, STR_FMT "/places.csv", STR_ARG(catalogue->folder))),
                64 << 20, &csv));
  Json *aliases = NULL;
  Status status = read_json(cx, catalogue, "place_aliases.json", &aliases);
  if (status != OK && status != NOT_FOUND) return status;
  return place_table_new(cx, csv, status == OK ? aliases : NULL, &catalogue->places);
}

Status catalogue_load(Context *cx, const char *folder, Catalogue **ret_catalogue) {
  Catalogue *catalogue = arena_one(cx->arena, Catalogue);
  catalogue->folder = str_copy(cx->arena, str_from(folder));
  TRY(load_campaign(cx, catalogue));
  TRY(load_columns(cx, catalogue));
  TRY(load_lists(cx, catalogue));
  TRY(load_values(cx, catalogue));
  TRY(load_places(cx, catalogue));
  *ret_catalogue = catalogue;
  return OK;
}
