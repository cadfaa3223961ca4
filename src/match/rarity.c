/* How much it says that two rows agree in a name, a village or a town: rarities, counted in the
 * reference list (the hub, else the longest); and names of villages learnt from the rows themselves. */
#include "match/match_internal.h"

static uint32_t reference_list(const Engine *e) {
  if (e->input->hub < e->list_count && e->list_size[e->input->hub]) return e->input->hub;
  uint32_t best = 0;
  for (uint32_t i = 1; i < e->list_count; i++)
    if (e->list_size[i] > e->list_size[best]) best = i;
  return best;
}

static int16_t clamp16(int32_t value, int32_t low, int32_t high) {
  return (int16_t)(value < low ? low : value > high ? high : value);
}

static void count_names(Engine *e, uint32_t key_count, uint32_t rune_count) {
  Arena *own CLEANUP(arena_freep) = arena_new();
  uint32_t reference = reference_list(e);
  uint32_t total = e->list_size[reference];
  uint32_t *by_key = arena_array(own, (size_t)key_count + 1, uint32_t);
  Table surnames = table_new(own, (uint64_t)e->name_count * 2);
  Table given = table_new(own, rune_count);
  uint32_t given_total = 0;
  for (uint32_t i = 0; i < e->count; i++) {
    if (e->rows[i].list != reference) continue;
    const NameEntry *name = &e->names[e->rows[i].name];
    by_key[name->key]++;
    for (uint8_t k = 0; k < name->size; k++) {
      bool surname = k < name->surname_size;
      *table_at(surname ? &surnames : &given, e->runes[name->at + k]) += 1;
      given_total += !surname;
    }
  }
  /* a character or a name that the reference list does not know counts as seen once */
  int32_t whole = log2_milli(total + 1u), whole_given = log2_milli(given_total + 1u);
  e->rune_bits = arena_array(e->scratch, (size_t)rune_count + 1, int16_t);
  for (uint32_t i = 0; i < e->name_count; i++) {
    NameEntry *name = &e->names[i];
    int32_t sum = 0;
    for (uint8_t k = 0; k < name->size; k++) {
      bool surname = k < name->surname_size;
      uint32_t seen = table_get(surname ? &surnames : &given, e->runes[name->at + k]);
      int32_t bits = (surname ? whole : whole_given) - log2_milli(seen ? seen : 1);
      e->rune_bits[name->at + k] = clamp16(bits, 500, 9000);
      sum += e->rune_bits[name->at + k];
    }
    uint32_t seen = by_key[name->key];
    /* the row itself does not make its name common: seen less one half */
    int32_t bits = seen ? whole + 1000 - log2_milli(2 * (uint64_t)seen - 1) : whole;
    if (!seen && sum < bits) bits = sum;
    name->bits = clamp16(bits, 1000, e->model->name_limit);
  }
}

/* Surnames live together: a namesake in a clan's own village is less of a coincidence. */
static void count_clans(Engine *e) {
  Arena *own CLEANUP(arena_freep) = arena_new();
  uint32_t reference = reference_list(e), total = 0;
  Table clans = table_new(own, e->list_size[reference]);
  Table villages = table_new(own, e->list_size[reference]);
  Table surnames = table_new(own, e->list_size[reference]);
  for (uint32_t i = 0; i < e->count; i++) {
    const Row *row = &e->rows[i];
    const NameEntry *name = &e->names[row->name];
    if (row->list != reference || !row->village || !name->size) continue;
    uint64_t rune = e->runes[name->at];
    *table_at(&clans, (uint64_t)row->village << 32 | rune) += 1;
    *table_at(&villages, row->village) += 1;
    *table_at(&surnames, rune) += 1;
    total++;
  }
  for (uint32_t i = 0; i < e->count; i++) {
    Row *row = &e->rows[i];
    const NameEntry *name = &e->names[row->name];
    if (!row->village || !name->size) continue;
    uint64_t rune = e->runes[name->at];
    uint32_t here = table_get(&clans, (uint64_t)row->village << 32 | rune);
    uint32_t village = table_get(&villages, row->village), surname = table_get(&surnames, rune);
    if (here < 3) continue;
    int32_t bits = log2_milli(here) + log2_milli(total) - log2_milli(village) - log2_milli(surname);
    row->clan = clamp16(bits, 0, 6000);
  }
}

/* How much a shared village or town says: little where the whole list lives in three villages. */
static void count_places(Engine *e) {
  Arena *own CLEANUP(arena_freep) = arena_new();
  uint32_t reference = reference_list(e), in_villages = 0, in_towns = 0;
  Table villages = table_new(own, e->list_size[reference]), towns = table_new(own, e->list_size[reference]);
  for (uint32_t i = 0; i < e->count; i++) {
    const Row *row = &e->rows[i];
    if (row->list != reference) continue;
    if (row->village) *table_at(&villages, row->village) += 1, in_villages++;
    if (row->town) *table_at(&towns, row->town) += 1, in_towns++;
  }
  e->village_bits = arena_array(e->scratch, (size_t)e->village_count + 1, int16_t);
  e->town_bits = arena_array(e->scratch, (size_t)e->town_count + 1, int16_t);
  for (uint32_t i = 1; i <= e->village_count; i++) {
    uint32_t here = table_get(&villages, i);
    e->village_bits[i] = clamp16(log2_milli(in_villages + 1u) - log2_milli(here ? here : 1), 0, 32000);
  }
  for (uint32_t i = 1; i <= e->town_count; i++) {
    uint32_t here = table_get(&towns, i);
    e->town_bits[i] = clamp16(log2_milli(in_towns + 1u) - log2_milli(here ? here : 1), 0, 32000);
  }
}

void count_rarity(Engine *e, uint32_t key_count, uint32_t rune_count) {
  count_names(e, key_count, rune_count);
  count_clans(e);
  count_places(e);
}

/* Names of villages that the caller's table does not know are learnt from rows with the same valid
 * number and a compatible name: at least three, and two thirds of those that speak. */
void learn_aliases(Engine *e, const uint64_t *pairs, size_t count) {
  Arena *own CLEANUP(arena_freep) = arena_new();
  uint64_t *keys = arena_array(own, count, uint64_t);
  uint32_t *learnt = arena_array(own, e->place_count, uint32_t);
  size_t said = 0;
  for (size_t i = 0; i < count; i++) {
    const Row *a = &e->rows[pairs[i] >> 32], *b = &e->rows[(uint32_t)pairs[i]];
    const Row *unknown = a->village ? b : a, *known = a->village ? a : b;
    int32_t bits;
    if (!known->village || unknown->village || !unknown->place || unknown->town != known->town) continue;
    if (!name_compatible(name_compare(e, a->name, b->name, &bits))) continue;
    keys[said] = (uint64_t)unknown->place << 32 | known->village;
    said++;
  }
  sort_keys(keys, NULL, said);
  for (size_t from = 0, to; from < said; from = to) {
    size_t best = 0, run = 1;
    uint32_t village = 0;
    for (to = from; to < said && keys[to] >> 32 == keys[from] >> 32; to++) {
      run = to > from && keys[to] == keys[to - 1] ? run + 1 : 1;
      if (run > best) best = run, village = (uint32_t)keys[to];
    }
    if (best >= 3 && best * 3 >= (to - from) * 2) learnt[keys[from] >> 32] = village;
  }
  for (uint32_t i = 0; i < e->count; i++) {
    Row *row = &e->rows[i];
    if (row->village || !row->place || !row->town || !learnt[row->place]) continue;
    if (e->village_town[learnt[row->place]] != row->town) continue;
    row->village = learnt[row->place];
    row->flags |= ROW_ALIAS;
  }
}
