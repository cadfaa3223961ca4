/* How two identity numbers relate. */
#include "match/match_internal.h"

typedef struct IdText {
  char text[TEXT_SIZE];
  uint8_t size, certain;
} IdText;

static IdText text_of(const Engine *e, const Row *row) {
  IdText result = {.size = 0};
  if (row->id) {
    Str text = id_unpack(row->id, result.text);
    result.size = (uint8_t)text.size;
  } else if (row->damaged) {
    const DamagedId *damaged = &e->damaged[row->damaged];
    memcpy(result.text, damaged->text, damaged->size);
    result.size = damaged->size;
    result.certain = damaged->certain;
  }
  return result;
}

static bool one_inserted(const char *longer, const char *shorter, size_t size) {
  size_t at = 0;
  while (at < size && longer[at] == shorter[at]) at++;
  return memcmp(longer + at + 1, shorter + at, size - at) == 0;
}

static uint8_t compare_same_size(const char *a, const char *b, size_t size) {
  size_t wrong = 0, first = 0, last = 0, swaps = 0;
  for (size_t i = 0; i < size; i++)
    if (a[i] != b[i]) {
      if (!wrong) first = i;
      if (wrong && last + 1 == i && a[last] == b[i] && a[i] == b[last]) swaps++;
      last = i;
      if (++wrong > 4) return ID_LEVEL_DIFFER_DAMAGED;
    }
  if (wrong == 0) return ID_LEVEL_SAME_TEXT;
  if (wrong == 1) return ID_LEVEL_TYPO;
  bool pair = last == first + 1 && a[first] == b[last] && a[last] == b[first];
  if (wrong == 2) return pair ? ID_LEVEL_TRANSPOSED : ID_LEVEL_TWO_EDITS;
  if (wrong == 3 || swaps) return ID_LEVEL_THREE_EDITS;
  return ID_LEVEL_DIFFER_DAMAGED;
}

/* Edit distance of at most two with lengths one or two apart. */
static bool within_two(const char *a, size_t a_size, const char *b, size_t b_size, int left) {
  while (a_size && b_size && *a == *b) a++, b++, a_size--, b_size--;
  if (!a_size || !b_size) return (int)(a_size + b_size) <= left;
  if (!left) return false;
  return within_two(a + 1, a_size - 1, b, b_size, left - 1) || within_two(a, a_size, b + 1, b_size - 1, left - 1) ||
         within_two(a + 1, a_size - 1, b + 1, b_size - 1, left - 1);
}

static uint8_t compare_texts(const IdText *a, const IdText *b) {
  size_t certain = a->certain && (!b->certain || a->certain < b->certain) ? a->certain : b->certain;
  if (certain) {
    if (a->size < certain || b->size < certain) return ID_LEVEL_NONE;
    if (memcmp(a->text, b->text, certain) == 0) return ID_LEVEL_FIRST15;
    uint8_t level = compare_same_size(a->text, b->text, certain);
    return level == ID_LEVEL_TYPO || level == ID_LEVEL_TRANSPOSED ? ID_LEVEL_TWO_EDITS : ID_LEVEL_DIFFER_DAMAGED;
  }
  if (a->size == b->size) {
    uint8_t level = compare_same_size(a->text, b->text, a->size);
    if (level < ID_LEVEL_THREE_EDITS) return level;
    if (level == ID_LEVEL_THREE_EDITS && !within_two(a->text, a->size, b->text, b->size, 2)) return level;
  }
  const IdText *longer = a->size > b->size ? a : b, *shorter = a->size > b->size ? b : a;
  if (longer->size == shorter->size + 1 && one_inserted(longer->text, shorter->text, shorter->size))
    return ID_LEVEL_LENGTH;
  return within_two(a->text, a->size, b->text, b->size, 2) ? ID_LEVEL_TWO_EDITS : ID_LEVEL_DIFFER_DAMAGED;
}

static uint8_t compare_valid(const Engine *e, const Row *left, const Row *right) {
  if (left->id == right->id) return ID_LEVEL_EQUAL;
  IdText a = text_of(e, left), b = text_of(e, right);
  if ((left->flags | right->flags) & ROW_ID_ZEROED && memcmp(a.text, b.text, 15) == 0) return ID_LEVEL_FIRST15;
  if ((left->flags | right->flags) & ROW_ID_FROM_15) { /* a slip in a 15-digit number goes unseen */
    uint8_t level = compare_same_size(a.text, b.text, 17);
    if (level == ID_LEVEL_TYPO || level == ID_LEVEL_TRANSPOSED) return ID_LEVEL_TWO_EDITS; /* or a neighbour */
    return level == ID_LEVEL_TWO_EDITS ? ID_LEVEL_DIFFER_NEAR : ID_LEVEL_DIFFER;
  }
  uint8_t level = compare_same_size(a.text, b.text, 18);
  return level == ID_LEVEL_TWO_EDITS ? ID_LEVEL_DIFFER_NEAR : ID_LEVEL_DIFFER;
}

uint8_t id_compare(const Engine *e, const Row *left, const Row *right) {
  if (left->id && right->id) return compare_valid(e, left, right);
  if ((!left->id && !left->damaged) || (!right->id && !right->damaged)) return ID_LEVEL_NONE;
  IdText a = text_of(e, left), b = text_of(e, right);
  return compare_texts(&a, &b);
}

bool id_close(uint8_t level) { return level >= ID_LEVEL_EQUAL && level <= ID_LEVEL_LENGTH; }
