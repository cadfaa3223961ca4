/* Names by time, sex and family: generation characters (字辈) first, then single names, then the
 * fashions of recent years. */
#include "demo/names.h"

static uint32_t rune_at(const char *text, uint32_t index) {
  Str s = str_from(text);
  size_t at = 0;
  uint32_t rune = str_next_rune(s, &at);
  while (index-- > 0) rune = str_next_rune(s, &at);
  return rune;
}

static uint32_t pick_rune(Rng *rng, const char *text) {
  return rune_at(text, rng_skewed(rng, (uint32_t)str_rune_count(str_from(text))));
}

static uint32_t pick_other(Rng *rng, const char *text, uint32_t first) {
  uint32_t rune = pick_rune(rng, text);
  return rune == first ? pick_rune(rng, text) : rune;
}

static void append(char *name, uint32_t rune) {
  size_t size = strlen(name);
  size += rune_encode(rune, name + size);
  name[size] = '\0';
}

/* One of the words that blanks separate. */
static Str pick_word(Rng *rng, const char *words) {
  Str s = str_from(words);
  uint32_t count = 1;
  for (size_t i = 0; i < s.size; i++) count += s.data[i] == ' ';
  uint32_t skip = rng_skewed(rng, count);
  size_t from = 0;
  for (; skip > 0; from++) skip -= s.data[from] == ' ';
  size_t to = from;
  while (to < s.size && s.data[to] != ' ') to++;
  return str_sub(s, from, to);
}

uint32_t confuse(Rng *rng, const char *groups, uint32_t rune) {
  char bytes[4];
  Str s = str_from(groups), needle = {bytes, rune_encode(rune, bytes)};
  ptrdiff_t hit = str_find(s, needle);
  if (hit < 0) return 0;
  size_t from = (size_t)hit, to = (size_t)hit;
  while (from > 0 && s.data[from - 1] != ' ') from--;
  while (to < s.size && s.data[to] != ' ') to++;
  Str group = str_sub(s, from, to);
  uint32_t others[16], count = 0;
  for (size_t at = 0; at < group.size && count < COUNT_OF(others);) {
    uint32_t other = str_next_rune(group, &at);
    if (other != rune) others[count++] = other;
  }
  return count ? others[rng_below(rng, count)] : 0;
}

static uint32_t era_of(uint32_t year) { return year < 1960 ? 0 : year < 1985 ? 1 : year < 2004 ? 2 : 3; }

void name_person(World *world, Rng *rng, Person *person) {
  static const uint32_t BY_GENERATION[2][4] = {{62000, 45000, 22000, 8000}, {9000, 8000, 6000, 3000}};
  static const uint32_t SINGLE[4] = {13000, 24000, 38000, 9000};
  const Lineage *lineage = &world->lineages[person->lineage];
  uint32_t era = era_of(person->birth / 10000), sex = person->sex - 1u;
  const char *given = GIVEN[sex][era];
  memset(person->name, 0, sizeof person->name);
  strcpy(person->name, SURNAMES[lineage->surname]);
  if (rng_chance(rng, 350)) { /* a rare character, that the parents were proud of */
    if (rng_chance(rng, 50000)) append(person->name, pick_rune(rng, given));
    append(person->name, rune_at(RARE_CHARACTERS, rng_below(rng, (uint32_t)str_rune_count(str_from(RARE_CHARACTERS)))));
    return;
  }
  if (rng_chance(rng, BY_GENERATION[sex][era])) {
    append(person->name, rune_at(GENERATION_CHARACTERS, lineage->poem[person->generation % COUNT_OF(lineage->poem)]));
    append(person->name, pick_rune(rng, given));
    return;
  }
  if (era == 3 && rng_chance(rng, 45000)) {
    Str word = pick_word(rng, NEW_NAMES[sex]);
    strncat(person->name, word.data, word.size);
    return;
  }
  uint32_t first = pick_rune(rng, given);
  append(person->name, first);
  if (rng_chance(rng, SINGLE[era])) return;
  append(person->name, era >= 2 && rng_chance(rng, 3000) ? first : pick_other(rng, given, first));
}
