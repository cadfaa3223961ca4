/* Small integer tools of the engine: logarithms, hashing, sorting, tables, pairs. */
#include "match/match_internal.h"

uint64_t hash_mix(uint64_t value) {
  value ^= value >> 33;
  value *= 0xff51afd7ed558ccdULL;
  value ^= value >> 33;
  value *= 0xc4ceb9fe1a85ec53ULL;
  return value ^ value >> 33;
}

/* Ten fraction bits by repeated squaring of the mantissa, as a fixed-point number in [1, 2). */
int32_t log2_milli(uint64_t value) {
  if (value < 2) return 0;
  int whole = 63 - __builtin_clzll(value);
  uint64_t mantissa = whole > 30 ? value >> (whole - 30) : value << (30 - whole);
  uint32_t fraction = 0;
  for (int i = 0; i < 12; i++) {
    mantissa = mantissa * mantissa >> 30;
    fraction <<= 1;
    if (mantissa >= (uint64_t)2 << 30) {
      mantissa >>= 1;
      fraction |= 1;
    }
  }
  return whole * 1000 + (int32_t)(fraction * 1000 >> 12);
}

/* Radix sort by bytes, least first; passes in which all bytes are equal are skipped. */
void sort_keys(uint64_t *keys, uint32_t *values, size_t count) {
  if (count < 2) return;
  Arena *own CLEANUP(arena_freep) = arena_new();
  uint64_t *from = keys, *to = arena_array(own, count, uint64_t);
  uint32_t *from_values = values, *to_values = values ? arena_array(own, count, uint32_t) : NULL;
  uint64_t all_or = 0, all_and = UINT64_MAX;
  for (size_t i = 0; i < count; i++) all_or |= keys[i], all_and &= keys[i];
  for (int shift = 0; shift < 64; shift += 8) {
    if (((all_or ^ all_and) >> shift & 255) == 0) continue;
    size_t start[257] = {0};
    for (size_t i = 0; i < count; i++) start[(from[i] >> shift & 255) + 1]++;
    for (int i = 0; i < 256; i++) start[i + 1] += start[i];
    for (size_t i = 0; i < count; i++) {
      size_t at = start[from[i] >> shift & 255]++;
      to[at] = from[i];
      if (values) to_values[at] = from_values[i];
    }
    uint64_t *swap = from;
    from = to, to = swap;
    uint32_t *swap_values = from_values;
    from_values = to_values, to_values = swap_values;
  }
  if (from != keys) {
    memcpy(keys, from, count * sizeof *keys);
    if (values) memcpy(values, from_values, count * sizeof *values);
  }
}

Table table_new(Arena *arena, uint64_t most_keys) {
  uint64_t capacity = 16;
  while (capacity < most_keys + most_keys / 2 + 1) capacity *= 2;
  return (Table){arena_array(arena, capacity, uint64_t), arena_array(arena, capacity, uint32_t), capacity - 1};
}

/* Keys are stored plus one, so that zero marks an empty slot; UINT64_MAX is never used as a key. */
static uint64_t table_slot(const Table *table, uint64_t key) {
  uint64_t at = hash_mix(key) & table->mask;
  while (table->keys[at] && table->keys[at] != key + 1) at = (at + 1) & table->mask;
  return at;
}

uint32_t *table_at(Table *table, uint64_t key) {
  uint64_t at = table_slot(table, key);
  table->keys[at] = key + 1;
  return &table->values[at];
}

uint32_t table_get(const Table *table, uint64_t key) {
  if (!table->keys) return 0;
  uint64_t at = table_slot(table, key);
  return table->keys[at] ? table->values[at] : 0;
}

/* A fresh arena each time: the old array is given back. */
static void pairs_reserve(Pairs *pairs, size_t size) {
  if (size <= pairs->capacity) return;
  Arena *arena = arena_new();
  size_t capacity = pairs->capacity ? pairs->capacity * 2 : 16384;
  if (capacity < size) capacity = size;
  uint64_t *data = arena_array(arena, capacity, uint64_t);
  if (pairs->size) memcpy(data, pairs->data, pairs->size * sizeof *data);
  pairs_free(pairs);
  pairs->arena = arena, pairs->data = data, pairs->capacity = capacity;
}

void pairs_append(Pairs *pairs, const Pairs *more) {
  if (!more->size) return;
  pairs_reserve(pairs, pairs->size + more->size);
  memcpy(pairs->data + pairs->size, more->data, more->size * sizeof *more->data);
  pairs->size += more->size;
}

void pairs_add(Pairs *pairs, uint32_t a, uint32_t b) {
  if (pairs->size == pairs->capacity) pairs_reserve(pairs, pairs->size + 1);
  uint32_t left = a < b ? a : b, right = a < b ? b : a;
  pairs->data[pairs->size++] = (uint64_t)left << 32 | right;
}

void pairs_sort(Pairs *pairs) {
  sort_keys(pairs->data, NULL, pairs->size);
  size_t kept = 0;
  for (size_t i = 0; i < pairs->size; i++)
    if (!kept || pairs->data[i] != pairs->data[kept - 1]) pairs->data[kept++] = pairs->data[i];
  pairs->size = kept;
}

void pairs_free(Pairs *pairs) {
  if (pairs->arena) arena_free(pairs->arena);
  pairs->arena = NULL;
}

void engine_note(Engine *e, Str note) {
  if (e->note_count == e->note_capacity) {
    uint32_t capacity = e->note_capacity ? e->note_capacity * 2 : 8;
    e->notes = arena_grow(e->cx->arena, e->notes, e->note_capacity * sizeof(Str), capacity * sizeof(Str));
    e->note_capacity = capacity;
  }
  e->notes[e->note_count++] = note;
}
