/* Texts of any language, folded to 16-bit units, and how near two of them are. Work per pair is bounded: only the first
 * VALUE_RUNES units are compared; equality looks at the whole (by hash). */
#include "match/table_internal.h"

/* U+00C0 .. U+017F to the letter without its marks; '.' is dropped, ' ' parts words. */
static const char LATIN[] =
    "aaaaaaaceeeeiiiidnooooo ouuuuytsaaaaaaaceeeeiiiidnooooo ouuuuyty"
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkkllllllllll"
    "nnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

static uint32_t fold_rune(uint32_t rune) {
  if (rune >= 0xFF01 && rune <= 0xFF5E) rune -= 0xFEE0;
  if (rune == 0x3000 || rune == 0xA0) return ' ';
  if (rune >= 'A' && rune <= 'Z') return rune + 32;
  if (rune < 0xC0) return rune;
  if (rune < 0x180) return (unsigned char)LATIN[rune - 0xC0];
  if (rune >= 0x0391 && rune <= 0x03A9) return rune + 32; /* Greek and Cyrillic capitals */
  if (rune >= 0x0410 && rune <= 0x042F) return rune + 32;
  if (rune >= 0x3400) return rune_fold(rune);
  return rune;
}

static bool drops(uint32_t rune) { return rune == '\'' || rune == '.' || rune == 0x2019 || rune == '`'; }
static bool parts(uint32_t rune) {
  return rune <= ' ' || (rune < 0x80 && !((rune >= 'a' && rune <= 'z') || (rune >= '0' && rune <= '9'))) ||
         (rune >= 0x80 && rune < 0xC0) || (rune >= 0x2000 && rune <= 0x206F) || (rune >= 0x3001 && rune <= 0x303F);
}
static uint16_t unit(uint32_t rune) { return rune < 0x10000 ? (uint16_t)rune : (uint16_t)(0xE000 | (rune & 0x1FFF)); }

typedef struct Folder {
  Folded *out;
  uint64_t hash, squeezed;
  uint32_t word;
  bool in_word;
} Folder;

static uint64_t hash_step(uint64_t hash, uint32_t rune) { return (hash ^ rune) * 0x9E3779B97F4A7C15ULL; }

static void put(Folder *f, uint32_t rune) {
  if (f->out->size < VALUE_RUNES)
    f->out->text[f->out->size++] = unit(rune);
  else
    f->out->cut = true;
  f->hash = hash_step(f->hash ^ f->hash >> 29, rune);
}

static void end_word(Folder *f) {
  if (f->in_word && f->out->word_count < VALUE_WORDS) f->out->words[f->out->word_count++] = f->word | 1;
  f->in_word = false;
}

static void put_letter(Folder *f, uint32_t rune) {
  if (!f->in_word && f->out->size) put(f, ' ');
  if (!f->in_word) f->word = 0x811C9DC5, f->in_word = true;
  put(f, rune);
  f->squeezed = hash_step(f->squeezed ^ f->squeezed >> 29, rune);
  f->word = (f->word ^ rune) * 0x01000193;
  f->word ^= f->word >> 15;
}

static void sort_words(Folded *f) {
  for (int i = 1; i < f->word_count; i++)
    for (int j = i; j > 0 && f->words[j] < f->words[j - 1]; j--) {
      uint32_t swap = f->words[j];
      f->words[j] = f->words[j - 1], f->words[j - 1] = swap;
    }
}

void fold_text(Str raw, int how, Folded *ret_folded) {
  ret_folded->size = ret_folded->word_count = 0;
  ret_folded->cut = false;
  Folder f = {.out = ret_folded, .hash = 1, .squeezed = 1};
  if (how == FOLD_EXACT) raw = str_trim(raw);
  for (size_t at = 0; at < raw.size;) {
    unsigned char c = (unsigned char)raw.data[at];
    uint32_t rune = c < 0x80 ? (at++, c) : str_next_rune(raw, &at);
    if (how == FOLD_EXACT) {
      put(&f, rune);
      continue;
    }
    rune = fold_rune(rune);
    if (drops(rune)) continue;
    if (!parts(rune))
      put_letter(&f, rune);
    else if (how == FOLD_WORDS)
      end_word(&f);
  }
  end_word(&f);
  sort_words(ret_folded);
  ret_folded->hash = hash_mix(f.hash);
  ret_folded->squeezed = hash_mix(how == FOLD_WORDS ? f.squeezed : f.hash);
}

uint64_t text_bag(const uint16_t *text, size_t size) {
  uint64_t bag = 0;
  for (size_t i = 0; i < size; i++) {
    uint64_t first = 1ULL << ((text[i] & 31) * 2);
    bag |= bag & first ? first << 1 : first;
  }
  return bag;
}

/* What a consonant sounds like; 0 is not heard. */
static int sound_group(uint16_t c, uint16_t next, bool first) {
  static const uint8_t PLAIN[26] = {0, 1, 4, 3, 0, 9, 4, 0, 0, 2, 4, 5, 6, 10, 0, 1, 4, 11, 7, 3, 0, 9, 0, 4, 0, 7};
  bool soft = next == 'e' || next == 'i' || next == 'y';
  if (c == 'c' && (soft || next == 'h')) return 7;
  if (c == 'g' && next == 'h') return 0;
  if (c == 'g' && next == 'e') return 2;
  if (c == 'p' && next == 'h') return 9;
  if (c == 't' && next == 'h') return 8;
  if (c == 'k' && next == 'n' && first) return 0;
  int group = PLAIN[c - 'a'];
  if (group || !first) return group;
  return c == 'h' ? 12 : c == 'w' ? (next == 'r' ? 0 : 13) : c == 'y' ? 14 : 15;
}

/* Consonants in order of their sound, vowels dropped, so that catherine is kathryn and phillip is filip. */
uint32_t text_sound(const uint16_t *text, size_t size) {
  uint32_t sound = 0;
  int count = 0, last = 0;
  for (size_t i = 0; i < size && count < 7; i++) {
    uint16_t c = text[i];
    if (c >= 0x3400) return 0; /* no sound without readings: the CN kinds have them */
    if (c < 'a' || c > 'z') {
      last = 0;
      continue;
    }
    int group = sound_group(c, i + 1 < size ? text[i + 1] : 0, i == 0);
    if (group && group != last) sound = sound << 4 | (uint32_t)group, count++;
    if (c != 'h' && c != 'w') last = group;
  }
  return sound;
}

/* Damerau-Levenshtein with adjacent transpositions, in a band of `most`. */
int text_edits(const uint16_t *a, int a_size, const uint16_t *b, int b_size, int most) {
  while (a_size && b_size && *a == *b) a++, b++, a_size--, b_size--;
  while (a_size && b_size && a[a_size - 1] == b[b_size - 1]) a_size--, b_size--;
  if (a_size < b_size) {
    const uint16_t *swap = a;
    int size = a_size;
    a = b, a_size = b_size, b = swap, b_size = size;
  }
  if (a_size - b_size > most) return most + 1;
  if (b_size == 0) return a_size;
  int rows[3][VALUE_RUNES + 2];
  int *before = rows[0], *above = rows[1], *row = rows[2];
  for (int j = 0; j <= b_size; j++) above[j] = j, before[j] = j;
  for (int i = 1; i <= a_size; i++) {
    int from = i - most > 1 ? i - most : 1, to = i + most < b_size ? i + most : b_size, least = most + 1;
    row[from - 1] = from == 1 ? i : most + 1;
    for (int j = from; j <= to; j++) {
      int best = above[j - 1] + (a[i - 1] != b[j - 1]);
      if (j < i + most && above[j] + 1 < best) best = above[j] + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
        best = before[j - 2] + 1;
      row[j] = best;
      if (best < least) least = best;
    }
    if (least > most) return most + 1;
    if (to < b_size) row[to + 1] = most + 1;
    int *swap = before;
    before = above, above = row, row = swap;
  }
  return above[b_size] > most ? most + 1 : above[b_size];
}

int text_likeness(const uint16_t *a, int a_size, const uint16_t *b, int b_size) {
  if (!a_size || !b_size) return 0;
  int longer = a_size > b_size ? a_size : b_size, window = longer / 2 - 1;
  if (window < 0) window = 0;
  uint64_t a_used = 0, b_used = 0, places[32] = {0}; /* of each letter in b, by its last five bits */
  int same = 0;
  for (int j = 0; j < b_size; j++) places[b[j] & 31] |= 1ULL << j;
  for (int i = 0; i < a_size; i++) {
    int from = i > window ? i - window : 0, to = i + window < b_size - 1 ? i + window : b_size - 1;
    if (from > to) break;
    uint64_t near = places[a[i] & 31] & ~b_used & ~0ULL << from & ~0ULL >> (63 - to);
    while (near && b[__builtin_ctzll(near)] != a[i]) near &= near - 1;
    if (!near) continue;
    a_used |= 1ULL << i, b_used |= near & -near, same++;
  }
  if (!same) return 0;
  int crossed = 0;
  for (uint64_t x = a_used, y = b_used; x; x &= x - 1, y &= y - 1)
    crossed += a[__builtin_ctzll(x)] != b[__builtin_ctzll(y)];
  int jaro = (1000 * same / a_size + 1000 * same / b_size + 1000 * (2 * same - crossed) / (2 * same)) / 3, head = 0;
  while (head < 4 && head < a_size && head < b_size && a[head] == b[head]) head++;
  return jaro + head * (1000 - jaro) / 10;
}
