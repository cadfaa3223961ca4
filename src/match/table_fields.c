/* Columns: distinct values, prepared once; fields: the level two values reach. */
#include "match/table_internal.h"

/* ---- dates ---- */
static uint32_t take_digits(Str raw, size_t *at, int most) {
  uint32_t value = 0;
  for (int i = 0; i < most && *at < raw.size && raw.data[*at] >= '0' && raw.data[*at] <= '9'; i++)
    value = value * 10 + (uint32_t)(raw.data[(*at)++] - '0');
  return value;
}

static uint32_t date_join(uint32_t year, uint32_t month, uint32_t day) {
  if (month > 12 && day <= 12 && day > 0) {
    uint32_t swap = month;
    month = day, day = swap;
  }
  if (year < 1000 || year > 2999 || month > 12 || day > 31) return 0;
  return year * 10000 + month * 100 + day;
}

static uint32_t date_by_format(Str raw, Str format) {
  uint32_t part[3] = {0};
  size_t at = 0;
  for (size_t i = 0; i < format.size;) {
    const char *letter = strchr("YMD", format.data[i] & ~32);
    if (!letter || !format.data[i]) {
      if (at < raw.size && (raw.data[at] < '0' || raw.data[at] > '9')) at++;
      i++;
      continue;
    }
    int run = 0;
    for (char c = format.data[i]; i < format.size && format.data[i] == c; i++) run++;
    part[letter - "YMD"] = take_digits(raw, &at, run);
  }
  return date_join(part[0], part[1], part[2]);
}

/* 20200410, 2020-4-10, 2020年4月10日, 10/04/2020 (day first unless that is impossible), 2020-04, 2020. */
static uint32_t date_recognise(Str raw) {
  uint32_t part[3] = {0};
  size_t digits[3] = {0};
  int count = 0;
  for (size_t at = 0; at < raw.size && count < 3;) {
    if (raw.data[at] < '0' || raw.data[at] > '9') {
      at++;
      continue;
    }
    size_t from = at;
    part[count] = take_digits(raw, &at, 8);
    digits[count++] = at - from;
  }
  if (count && digits[0] == 8)
    return part[0] / 10000 >= 1000 && part[0] / 100 % 100 <= 12
               ? date_join(part[0] / 10000, part[0] / 100 % 100, part[0] % 100)
               : date_join(part[0] % 10000, part[0] / 10000 % 100, part[0] / 1000000);
  if (count == 1 && digits[0] == 6) return date_join(part[0] / 100, part[0] % 100, 0);
  if (count && digits[0] == 4) return date_join(part[0], part[1], part[2]);
  if (count == 3 && digits[2] == 4) return date_join(part[2], part[1], part[0]);
  return 0;
}

/* ---- numbers, in thousandths ---- */
static bool number_read(Str raw, int64_t *ret_value) {
  raw = str_trim(raw);
  int64_t value = 0;
  int decimals = -1, digits = 0;
  bool minus = raw.size && raw.data[0] == '-';
  for (size_t i = minus; i < raw.size; i++) {
    char c = raw.data[i];
    if (c == ',' && decimals < 0) continue;
    if (c == '.' && decimals < 0) {
      decimals = 0;
      continue;
    }
    if (c < '0' || c > '9') return false;
    digits++;
    if (decimals >= 3) continue;
    if (value > INT64_MAX / 100000) return false;
    value = value * 10 + (c - '0');
    if (decimals >= 0) decimals++;
  }
  for (int i = decimals < 0 ? 0 : decimals; i < 3; i++) value *= 10;
  *ret_value = minus ? -value : value;
  return digits > 0;
}

/* ---- values ---- */
static bool means_missing(const TableColumn *spec, Str raw) {
  static const Str WORDS[] = {{"", 0},  {"null", 4}, {"NULL", 4}, {"n/a", 3},  {"N/A", 3}, {"\\N", 2},
                              {"-", 1}, {"无", 3},   {"不详", 6}, {"未知", 6}, {"nan", 3}, {"NaN", 3}};
  if (raw.size > 6) return false;
  size_t count = COUNT_OF(WORDS) - (spec->kind == TABLE_NAME || spec->kind == TABLE_CN_NAME ? 2 : 0);
  for (size_t i = 0; i < count; i++)
    if (str_equal(raw, WORDS[i])) return true;
  return false;
}

static const uint8_t FOLDING[TABLE_KIND_COUNT] = {
    [TABLE_NAME] = FOLD_WORDS, [TABLE_TEXT] = FOLD_WORDS,   [TABLE_EXACT] = FOLD_EXACT, [TABLE_DATE] = FOLD_WORDS,
    [TABLE_ID] = FOLD_CODE,    [TABLE_CODE] = FOLD_CODE,    [TABLE_NUMBER] = FOLD_CODE, [TABLE_CN_NAME] = FOLD_WORDS,
    [TABLE_CN_ID] = FOLD_CODE, [TABLE_ADDRESS] = FOLD_WORDS};

static void read_cn_name(Str raw, Value *value, Folded *f) {
  Name name = name_read(str_sub(raw, 0, 256));
  if (name.size == 0 || name.flags & NAME_HAS_LATIN) return; /* compared as words */
  f->size = name.size;
  value->surname_size = name.surname_size;
  uint64_t hash = 2, sound = 2;
  for (int i = 0; i < name.size; i++) {
    f->text[i] = (uint16_t)name.rune[i];
    hash = hash_mix(hash + name.rune[i]), sound = hash_mix(sound + name.sound[i]);
  }
  f->hash = f->squeezed = hash;
  value->sound = (uint32_t)sound | 1;
}

/* What the kind reads from a cell. May replace the folded text, whose hash tells values apart. */
static void value_read(const TableColumn *spec, Str raw, Value *value, Folded *f) {
  switch (spec->kind) {
    case TABLE_DATE: {
      uint32_t date = spec->format.size ? date_by_format(str_trim(raw), spec->format) : date_recognise(str_trim(raw));
      if (!date) return;
      value->number = date, value->flags |= VALUE_IS_NUMBER;
      f->hash = f->squeezed = hash_mix(date);
      f->size = 8, f->word_count = 0;
      for (int i = 7; i >= 0; i--, date /= 10) f->text[i] = (uint16_t)('0' + date % 10);
      return;
    }
    case TABLE_NUMBER:
      if (!number_read(raw, &value->number)) return;
      value->flags |= VALUE_IS_NUMBER;
      f->hash = f->squeezed = hash_mix((uint64_t)value->number ^ 0x5555);
      return;
    case TABLE_CN_ID: {
      IdNumber id = id_read(str_sub(raw, 0, 256));
      f->size = id.size;
      if (id.state == ID_NONE || id.state == ID_DUMMY || id.size == 0) f->size = 0;
      for (int i = 0; i < f->size; i++) f->text[i] = (uint8_t)id.text[i];
      f->hash = f->squeezed = str_hash((Str){id.text, id.size});
      value->number = id.birth;
      if (id.state == ID_VALID) value->flags |= VALUE_IS_NUMBER;
      return;
    }
    case TABLE_CN_NAME:
      read_cn_name(raw, value, f);
      return;
    default:
      return;
  }
}

typedef struct Interner {
  Column *column;
  uint32_t *slots, mask, capacity;
} Interner;

static void interner_grow(Interner *in) {
  uint32_t size = in->mask ? (in->mask + 1) * 2 : 1024;
  in->slots = arena_array(in->column->arena, size, uint32_t);
  in->mask = size - 1;
  for (uint32_t i = 1; i < in->column->value_count; i++) {
    uint32_t at = (uint32_t)in->column->values[i].hash & in->mask;
    while (in->slots[at]) at = (at + 1) & in->mask;
    in->slots[at] = i;
  }
}

static uint32_t intern(Interner *in, Value *value, const Folded *f) {
  Column *c = in->column;
  uint32_t at = (uint32_t)f->hash & in->mask;
  for (; in->slots[at]; at = (at + 1) & in->mask) {
    Value *other = &c->values[in->slots[at]];
    if (other->hash == f->hash && other->size == f->size && other->flags == value->flags)
      return other->count++, in->slots[at];
  }
  if (c->value_count == in->capacity) {
    c->values = arena_grow(c->arena, c->values, in->capacity * sizeof(Value), in->capacity * 2 * sizeof(Value));
    in->capacity *= 2;
  }
  uint16_t *text = arena_array(c->arena, f->size, uint16_t);
  memcpy(text, f->text, f->size * sizeof *text);
  uint32_t *words = arena_array(c->arena, f->word_count, uint32_t);
  memcpy(words, f->words, f->word_count * sizeof *words);
  value->text = text, value->size = f->size, value->words = words, value->word_count = f->word_count;
  value->hash = f->hash, value->squeezed = (uint32_t)f->squeezed;
  value->bag = text_bag(f->text, f->size);
  if (!value->sound) value->sound = text_sound(f->text, f->size);
  value->count = 1;
  uint32_t index = c->value_count++;
  c->values[index] = *value;
  in->slots[at] = index;
  if (c->value_count > in->mask / 2) interner_grow(in);
  return index;
}

static void find_rare_words(Column *c) {
  size_t words = 0;
  for (uint32_t i = 1; i < c->value_count; i++) words += c->values[i].word_count;
  Table counts = table_new(c->arena, words + 1);
  for (uint32_t i = 1; i < c->value_count; i++)
    for (int w = 0; w < c->values[i].word_count; w++) *table_at(&counts, c->values[i].words[w]) += c->values[i].count;
  for (uint32_t i = 1; i < c->value_count; i++) {
    uint32_t least = UINT32_MAX;
    for (int w = 0; w < c->values[i].word_count; w++) {
      uint32_t count = table_get(&counts, c->values[i].words[w]);
      if (count >= 2 && count < least) least = count, c->values[i].rare = c->values[i].words[w];
    }
  }
}

void column_prepare(Column *column, const TableInput *input, uint32_t index) {
  column->spec = &input->columns[index];
  Interner in = {.column = column, .capacity = 1024};
  column->values = arena_array(column->arena, in.capacity, Value);
  column->value_count = 1; /* the missing value */
  interner_grow(&in);
  for (int side = 0; side < (input->dedupe ? 1 : 2); side++) {
    const TableSide *table = side ? &input->right : &input->left;
    column->rows[side] = arena_array(column->arena, table->rows, uint32_t);
    for (uint32_t row = 0; row < table->rows; row++) {
      Str raw = table->cells[index][row];
      Value value = {0};
      Folded folded;
      if (raw.size == 0 || means_missing(column->spec, raw)) continue;
      fold_text(raw, FOLDING[column->spec->kind], &folded);
      value_read(column->spec, raw, &value, &folded);
      if (folded.size == 0) continue;
      if (folded.cut) value.flags |= VALUE_WAS_CUT;
      column->rows[side][row] = intern(&in, &value, &folded);
      column->filled++;
    }
  }
  if (FOLDING[column->spec->kind] == FOLD_WORDS && column->spec->kind != TABLE_DATE) find_rare_words(column);
}

/* ---- levels of two different values ---- */
static int edits(const Value *a, const Value *b, int most) {
  if (bag_least_edits(a->bag, b->bag) > most) return most + 1;
  return text_edits(a->text, a->size, b->text, b->size, most);
}

static bool is_head(const Value *head, const Value *of, int least) {
  return head->text[0] == of->text[0] && head->size >= least && head->size < of->size &&
         memcmp(head->text, of->text, head->size * sizeof(uint16_t)) == 0;
}

static int words_shared(const Value *a, const Value *b) {
  int shared = 0;
  for (int i = 0, j = 0; i < a->word_count && j < b->word_count;)
    if (a->words[i] == b->words[j])
      shared++, i++, j++;
    else if (a->words[i] < b->words[j])
      i++;
    else
      j++;
  return shared;
}

/* Whether the letters alone allow a Jaro-Winkler of .78: Jaro of .78, or of .634 where the heads may agree. */
static bool may_be_alike(const Value *a, const Value *b, int only_a, int only_b) {
  int common = a->size - only_a < b->size - only_b ? a->size - only_a : b->size - only_b;
  return common * (a->size + b->size) * 100 >= (a->text[0] == b->text[0] ? 90 : 134) * a->size * b->size;
}

/* Long texts without a word in common that neither begin nor end alike are not worth a closer look. */
static bool looks_hopeless(const Value *a, const Value *b, int shared) {
  if (shared || a->size < 12 || b->size < 12) return false;
  return a->text[0] != b->text[0] && a->text[a->size - 1] != b->text[b->size - 1];
}

static uint8_t compare_words(const Value *a, const Value *b, bool is_name) {
  int longer = a->size > b->size ? a->size : b->size;
  if (a->squeezed == b->squeezed && !((a->flags | b->flags) & VALUE_WAS_CUT)) return LEVEL_SLIP;
  int only_a = bits_set(a->bag & ~b->bag), only_b = bits_set(b->bag & ~a->bag);
  int distance = only_a > 2 || only_b > 2 ? 3 : text_edits(a->text, a->size, b->text, b->size, 2);
  if (distance == 1 && longer >= 4) return LEVEL_SLIP;
  bool several = a->word_count > 1 || b->word_count > 1;
  int shared = several ? words_shared(a, b) : 0;
  bool hopeless = !may_be_alike(a, b, only_a, only_b) || looks_hopeless(a, b, shared);
  int likeness = hopeless ? 0 : text_likeness(a->text, a->size, b->text, b->size);
  if ((distance == 2 && longer >= 7) || likeness >= 920) return LEVEL_CLOSE;
  if (a->sound && a->sound == b->sound) return LEVEL_SOUND;
  if (is_name && (is_head(a, b, a->size == 1 ? 1 : 3) || is_head(b, a, b->size == 1 ? 1 : 3))) return LEVEL_PART;
  int fewer = a->word_count < b->word_count ? a->word_count : b->word_count;
  if (shared && (shared == fewer || shared * 2 >= a->word_count + b->word_count - 2)) return LEVEL_PART;
  return likeness >= 780 ? LEVEL_FAR : LEVEL_DIFFER;
}

static uint8_t compare_codes(const Value *a, const Value *b, bool is_id) {
  int longer = a->size > b->size ? a->size : b->size, shorter = a->size + b->size - longer;
  int distance = edits(a, b, longer >= 8 ? 3 : longer >= 5 ? 2 : 1);
  if (distance == 1) return LEVEL_SLIP;
  if (distance == 2 && longer >= 5) return LEVEL_CLOSE;
  int half = (longer + 1) / 2;
  if (!is_id && longer >= 4 && shorter >= half && memcmp(a->text, b->text, (size_t)half * sizeof(uint16_t)) == 0)
    return LEVEL_PART;
  return distance == 3 && longer >= 8 ? LEVEL_FAR : LEVEL_DIFFER;
}

static uint8_t compare_dates(const Value *a, const Value *b) {
  if (!(a->flags & b->flags & VALUE_IS_NUMBER)) return compare_codes(a, b, true);
  uint32_t x = (uint32_t)a->number, y = (uint32_t)b->number;
  uint32_t year[2] = {x / 10000, y / 10000}, month[2] = {x / 100 % 100, y / 100 % 100}, day[2] = {x % 100, y % 100};
  int same = (year[0] == year[1]) + (month[0] == month[1]) + (day[0] == day[1]);
  bool partial = !month[0] || !month[1] || !day[0] || !day[1];
  if (partial) {
    if (year[0] != year[1]) return LEVEL_DIFFER;
    return month[0] == month[1] || !month[0] || !month[1] ? LEVEL_PART : LEVEL_FAR;
  }
  if (year[0] == year[1] && month[0] == day[1] && day[0] == month[1]) return LEVEL_SWAPPED;
  int wrong = 0, first = -1, second = -1;
  for (int i = 0; i < 8; i++)
    if (a->text[i] != b->text[i]) {
      if (wrong == 0) first = i;
      if (wrong == 1) second = i;
      wrong++;
    }
  bool turned =
      wrong == 2 && second == first + 1 && a->text[first] == b->text[second] && a->text[second] == b->text[first];
  if (wrong == 1 || turned) return LEVEL_SLIP;
  if (same == 2) return LEVEL_CLOSE;
  if (year[0] == year[1]) return LEVEL_PART;
  uint32_t apart = year[0] > year[1] ? year[0] - year[1] : year[1] - year[0];
  return apart <= 1 || (same == 1 && apart <= 10) ? LEVEL_FAR : LEVEL_DIFFER;
}

static uint8_t compare_numbers(const Value *a, const Value *b) {
  if (!(a->flags & b->flags & VALUE_IS_NUMBER)) return compare_codes(a, b, false);
  uint64_t x = (uint64_t)(a->number < 0 ? -a->number : a->number),
           y = (uint64_t)(b->number < 0 ? -b->number : b->number);
  uint64_t most = x > y ? x : y, apart = (a->number < 0) == (b->number < 0) ? (x > y ? x - y : y - x) : x + y;
  if (apart <= most / 100) return LEVEL_CLOSE;
  if (edits(a, b, 1) == 1) return LEVEL_SOUND;
  if (apart <= most / 20) return LEVEL_PART;
  return apart <= most / 5 ? LEVEL_FAR : LEVEL_DIFFER;
}

static uint8_t compare_cn_names(const Value *a, const Value *b) {
  if (!a->surname_size || !b->surname_size) return compare_words(a, b, true);
  if (a->size != b->size) {
    if (edits(a, b, 1) == 1 && a->size + b->size >= 5) return LEVEL_PART;
    return is_head(a, b, 2) || is_head(b, a, 2) ? LEVEL_PART : LEVEL_DIFFER;
  }
  int count[RUNE_WILDCARD + 1] = {0};
  for (int i = 0; i < a->size; i++) count[rune_relation(a->text[i], b->text[i])]++;
  int other = count[RUNE_OTHER] + count[RUNE_FUZZY_SOUND], unlike = a->size - count[RUNE_SAME] - count[RUNE_VARIANT];
  if (other == 0 && count[RUNE_WILDCARD] == 0)
    return unlike == count[RUNE_SOUND_SHAPE]                       ? LEVEL_SLIP
           : unlike == count[RUNE_SOUND_SHAPE] + count[RUNE_SOUND] ? LEVEL_SOUND
                                                                   : LEVEL_CLOSE;
  if (other == 0) return LEVEL_PART;
  if (a->sound == b->sound) return LEVEL_SOUND;
  return other == 1 && a->size >= 3 && unlike == 1 ? LEVEL_FAR : LEVEL_DIFFER;
}

static uint8_t compare_cn_ids(const Value *a, const Value *b) {
  int distance = edits(a, b, 3);
  if (distance == 1) return LEVEL_SLIP;
  bool first15 = a->size >= 15 && b->size >= 15 && memcmp(a->text, b->text, 15 * sizeof(uint16_t)) == 0;
  bool both_valid = a->flags & b->flags & VALUE_IS_NUMBER;
  if (first15 && !both_valid) return LEVEL_CLOSE;
  if (distance == 2 && !both_valid) return LEVEL_CLOSE;
  return distance <= 3 ? LEVEL_FAR : LEVEL_DIFFER;
}

uint8_t value_compare(TableKind kind, const Value *a, const Value *b) {
  switch (kind) {
    case TABLE_NAME:
      return compare_words(a, b, true);
    case TABLE_TEXT:
    case TABLE_ADDRESS:
      return compare_words(a, b, false);
    case TABLE_ID:
      return compare_codes(a, b, true);
    case TABLE_CODE:
      return compare_codes(a, b, false);
    case TABLE_DATE:
      return compare_dates(a, b);
    case TABLE_NUMBER:
      return compare_numbers(a, b);
    case TABLE_CN_NAME:
      return compare_cn_names(a, b);
    case TABLE_CN_ID:
      return compare_cn_ids(a, b);
    default:
      return LEVEL_DIFFER;
  }
}

/* ---- pairs of rows ---- */
enum { MEMO_SIZE = 1 << 14 };
struct Memo {
  uint64_t key[MEMO_SIZE];
};

Memo *memo_new(Arena *arena) { return arena_one(arena, Memo); }

static uint8_t field_compare(const TableEngine *t, Memo *memo, uint32_t f, uint32_t a, uint32_t b) {
  const Field *field = &t->fields[f];
  if (!a || !b) return LEVEL_MISSING;
  const Value *values = t->columns[field->column].values;
  if (a == b)
    return values[a].flags & VALUE_IS_NUMBER && field->kind == TABLE_DATE && values[a].number % 100 == 0 ? LEVEL_PART
                                                                                                         : LEVEL_EQUAL;
  uint64_t key = ((uint64_t)a << 32 | b) * 16 + f,
           level = 0; /* value numbers stay below 2^28 in practice; else no memo */
  if ((a | b) >> 28) return value_compare(field->kind, &values[a], &values[b]);
  key = ((uint64_t)a << 28 | b) << 8 | f << 4;
  uint64_t *slot = &memo->key[hash_mix(key) & (MEMO_SIZE - 1)];
  if ((*slot & ~15ULL) == key && *slot) return *slot & 15;
  level = value_compare(field->kind, &values[a], &values[b]);
  if (t->learnt[f].count && level > LEVEL_CLOSE &&
      table_get(&t->learnt[f].table, a < b ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a))
    level = LEVEL_LEARNT;
  *slot = key | level;
  return (uint8_t)level;
}

static bool agrees(uint8_t level) { return level >= LEVEL_EQUAL && level <= LEVEL_CLOSE; }

/* Level of values of two name columns against each other. */
static uint8_t cross(const TableEngine *t, int from, uint32_t a, int to, uint32_t b) {
  if (!a || !b) return LEVEL_MISSING;
  const Value *x = &t->columns[t->fields[from].column].values[a], *y = &t->columns[t->fields[to].column].values[b];
  if (x->hash == y->hash) return LEVEL_EQUAL;
  return bag_least_edits(x->bag, y->bag) > 2 ? LEVEL_DIFFER : value_compare(TABLE_NAME, x, y);
}

static uint64_t mark_swapped(const TableEngine *t, uint32_t left, uint32_t right, uint64_t levels) {
  int f = t->name_field[0], g = t->name_field[1];
  uint8_t first = level_of(levels, (uint32_t)f), second = level_of(levels, (uint32_t)g);
  if ((first >= LEVEL_EQUAL && first < LEVEL_PART) || (second >= LEVEL_EQUAL && second < LEVEL_PART)) return levels;
  uint32_t fc = t->fields[f].column, gc = t->fields[g].column;
  uint8_t one = cross(t, f, value_at(t, fc, 0, left), g, value_at(t, gc, 1, right));
  uint8_t two = cross(t, g, value_at(t, gc, 0, left), f, value_at(t, fc, 1, right));
  if (!(agrees(one) && (agrees(two) || !two)) && !(agrees(two) && !one)) return levels;
  levels &= ~(15ULL << (f * 4)) & ~(15ULL << (g * 4));
  return levels | (uint64_t)LEVEL_SWAPPED << (f * 4) | (uint64_t)LEVEL_COVERED << (g * 4);
}

uint64_t pair_compare(const TableEngine *t, Memo *memo, uint32_t left, uint32_t right) {
  uint64_t levels = 0;
  const uint32_t *a = t->cells[0] + (uint64_t)left * t->field_count,
                 *b = t->cells[1] + (uint64_t)right * t->field_count;
  for (uint32_t f = 0; f < t->field_count; f++) {
    levels |= (uint64_t)field_compare(t, memo, f, a[f], b[f]) << (f * 4);
  }
  return t->name_field[1] == TABLE_NONE ? levels : mark_swapped(t, left, right, levels);
}
