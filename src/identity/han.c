/* Characters: folding, readings, shape, and how two of them relate. */
#include "identity/han.h"
#include "identity/han_tables.h"
#include "identity/identity.h"

static bool is_direct(uint32_t rune) { return rune >= HAN_FIRST && rune <= HAN_LAST; }

/* Place of rune in a sorted array, or count. */
static uint32_t place_of(uint32_t rune, const uint32_t *runes, uint32_t count) {
  uint32_t low = 0, high = count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (runes[middle] < rune)
      low = middle + 1;
    else
      high = middle;
  }
  return low < count && runes[low] == rune ? low : count;
}

uint32_t rune_fold(uint32_t rune) {
  if (rune < 0x2E80) return rune; /* nothing before the radicals folds */
  if (is_direct(rune) && han_fold[rune - HAN_FIRST]) return han_fold[rune - HAN_FIRST];
  uint32_t at = place_of(rune, han_fold_outside_rune, han_fold_outside_count);
  return at < han_fold_outside_count ? han_fold_outside[at] : rune;
}

bool han_is_han(uint32_t rune) {
  return is_direct(rune) || rune == 0x3007 || (rune >= 0x3400 && rune <= 0x4DBF) ||
         (rune >= 0x2E80 && rune <= 0x2FD5) || (rune >= 0xF900 && rune <= 0xFAFF) ||
         (rune >= 0x20000 && rune <= 0x323AF);
}

/* ? * # and the boxes and circles people and programs write for a character they cannot; private-use
 * code points are rare characters that a converter lost. U+3007 (〇) is a character and not in the list. */
bool han_is_wildcard(uint32_t rune) {
  static const uint32_t SIGNS[] = {'?',    '*',    '#',    0x203B, 0x25A0, 0x25A1, 0x25A2,
                                   0x25AF, 0x25C7, 0x25C6, 0x25CB, 0x25CE, 0x25CF, 0x25EF,
                                   0x25FB, 0x25FC, 0x2610, 0x2612, 0x2B1C, 0x3013, 0xFFFD};
  for (size_t i = 0; i < COUNT_OF(SIGNS); i++)
    if (SIGNS[i] == rune) return true;
  return (rune >= 0xE000 && rune <= 0xF8FF) || (rune >= 0xF0000 && rune <= 0x10FFFD);
}

/* ---- readings ---- */
/* Characters that sound otherwise as a surname than they usually do. */
static const struct {
  uint16_t rune;
  char sound[6];
} SURNAME_SOUNDS[] = {/* by code point */
                      {u'乐', "yue"},  {u'乜', "nie"},  {u'仇', "qiu"},   {u'会', "gui"},  {u'区', "ou"},
                      {u'单', "shan"}, {u'卜', "bu"},   {u'句', "gou"},   {u'召', "shao"}, {u'员', "yun"},
                      {u'折', "she"},  {u'曾', "zeng"}, {u'朴', "piao"},  {u'查', "zha"},  {u'洗', "xian"},
                      {u'炅', "gui"},  {u'牟', "mu"},   {u'盖', "ge"},    {u'祭', "zhai"}, {u'种', "chong"},
                      {u'秘', "bi"},   {u'粘', "nian"}, {u'繁', "po"},    {u'缪', "miao"}, {u'翟', "zhai"},
                      {u'薄', "bo"},   {u'藏', "zang"}, {u'覃', "qin"},   {u'解', "xie"},  {u'逢', "pang"},
                      {u'郗', "chi"},  {u'都', "du"},   {u'重', "chong"}, {u'阚', "kan"},  {u'隗', "wei"},
                      {u'颉', "xie"},  {u'黑', "he"}};

static const uint16_t *reading_list(uint32_t rune) {
  if (is_direct(rune)) return han_pool + han_sound[rune - HAN_FIRST];
  uint32_t at = place_of(rune, han_sound_outside_rune, han_sound_outside_count);
  return han_pool + (at < han_sound_outside_count ? han_sound_outside[at] : 0);
}

uint16_t han_syllable_number(Str syllable) {
  uint32_t low = 1, high = han_syllables;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (str_compare(str_from(han_syllable[middle]), syllable) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low < han_syllables && str_equal(str_from(han_syllable[low]), syllable) ? (uint16_t)low : 0;
}

Str pinyin_text(uint16_t sound) { return sound < han_syllables ? str_from(han_syllable[sound]) : STR_EMPTY; }

uint16_t han_sound_usual(uint32_t rune) {
  const uint16_t *list = reading_list(rune);
  return list[0] ? list[1] : 0;
}

uint16_t han_sound_surname(uint32_t rune) {
  size_t low = 0, high = COUNT_OF(SURNAME_SOUNDS);
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (SURNAME_SOUNDS[middle].rune < rune)
      low = middle + 1;
    else
      high = middle;
  }
  bool own = low < COUNT_OF(SURNAME_SOUNDS) && SURNAME_SOUNDS[low].rune == rune;
  return own ? han_syllable_number(str_from(SURNAME_SOUNDS[low].sound)) : han_sound_usual(rune);
}

HanSounds han_sounds(uint32_t rune) {
  HanSounds sounds = {.count = 0};
  const uint16_t *list = reading_list(rune);
  for (uint16_t i = 1; i <= list[0] && sounds.count < HAN_SOUNDS_MAX - 1; i++) sounds.id[sounds.count++] = list[i];
  uint16_t surname = han_sound_surname(rune);
  for (uint8_t i = 0; i < sounds.count; i++)
    if (sounds.id[i] == surname) return sounds;
  if (surname) sounds.id[sounds.count++] = surname;
  return sounds;
}

static bool sounds_meet(const HanSounds *a, const HanSounds *b, bool fuzzy) {
  for (uint8_t i = 0; i < a->count; i++)
    for (uint8_t j = 0; j < b->count; j++)
      if (fuzzy ? han_fuzzy[a->id[i]] == han_fuzzy[b->id[j]] : a->id[i] == b->id[j]) return true;
  return false;
}

/* ---- shape ---- */
typedef struct Shape {
  uint8_t letter[5], size;
  uint16_t corner;
} Shape;

static Shape shape_of(uint32_t rune) {
  Shape shape = {.corner = HAN_NO_CORNER};
  uint32_t code = 0;
  if (is_direct(rune)) {
    code = han_cangjie[rune - HAN_FIRST];
    shape.corner = han_corner[rune - HAN_FIRST];
  } else {
    uint32_t at = place_of(rune, han_shape_outside_rune, han_shape_outside_count);
    if (at < han_shape_outside_count) code = han_cangjie_outside[at], shape.corner = han_corner_outside[at];
  }
  for (int shift = 20; shift >= 0; shift -= 5)
    if (code >> shift & 31) shape.letter[shape.size++] = (uint8_t)(code >> shift & 31);
  return shape;
}

/* Levenshtein distance of two Cangjie codes of at most five letters. */
static int cangjie_distance(const Shape *a, const Shape *b) {
  int row[6];
  for (int j = 0; j <= b->size; j++) row[j] = j;
  for (int i = 1; i <= a->size; i++) {
    int diagonal = row[0];
    row[0] = i;
    for (int j = 1; j <= b->size; j++) {
      int change = diagonal + (a->letter[i - 1] != b->letter[j - 1]);
      int step = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
      diagonal = row[j];
      row[j] = change < step ? change : step;
    }
  }
  return row[b->size];
}

static int corner_distance(uint16_t a, uint16_t b) {
  int distance = 0;
  for (int i = 0; i < 4; i++, a /= 10, b /= 10) distance += a % 10 != b % 10;
  return distance;
}

/* Alike: Cangjie codes one edit apart, or the same four corners, or four corners one digit apart with Cangjie
 * codes at most two edits apart. One corner digit alone would call 1.5 % of random pairs of common characters
 * alike (查/全); this rule calls 0.46 % alike and keeps 96 % of the damaged pairs that the loose one finds. */
static bool shapes_alike(uint32_t a, uint32_t b) {
  Shape x = shape_of(a), y = shape_of(b);
  int letters = x.size && y.size ? cangjie_distance(&x, &y) : 9;
  if (letters <= 1) return true;
  if (x.corner == HAN_NO_CORNER || y.corner == HAN_NO_CORNER) return false;
  int corners = corner_distance(x.corner, y.corner);
  return corners == 0 || (corners == 1 && letters <= 2);
}

bool rune_resembles(uint32_t a, uint32_t b) {
  Shape x = shape_of(rune_fold(a)), y = shape_of(rune_fold(b));
  bool known = x.size && y.size && x.corner != HAN_NO_CORNER && y.corner != HAN_NO_CORNER;
  return known && cangjie_distance(&x, &y) <= 3 && corner_distance(x.corner, y.corner) <= 2;
}

/* ---- relation ---- */
static bool are_twins(uint32_t a, uint32_t b) {
  uint64_t key = a < b ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a;
  uint32_t low = 0, high = han_twin_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (han_twin[middle] < key)
      low = middle + 1;
    else
      high = middle;
  }
  return low < han_twin_count && han_twin[low] == key;
}

RuneRelation rune_relation(uint32_t a, uint32_t b) {
  if (han_is_wildcard(a) || han_is_wildcard(b)) return RUNE_WILDCARD;
  if (a == b) return RUNE_SAME;
  a = rune_fold(a);
  b = rune_fold(b);
  if (a == b || are_twins(a, b)) return RUNE_VARIANT;
  if (!han_is_han(a) || !han_is_han(b)) return RUNE_OTHER;
  HanSounds x = han_sounds(a), y = han_sounds(b);
  bool sound = sounds_meet(&x, &y, false), shape = shapes_alike(a, b);
  if (sound) return shape ? RUNE_SOUND_SHAPE : RUNE_SOUND;
  if (shape) return RUNE_SHAPE;
  return sounds_meet(&x, &y, true) ? RUNE_FUZZY_SOUND : RUNE_OTHER;
}
