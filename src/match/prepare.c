/* From records to rows: numbers and names read once, everything dense, rarities counted. */
#include "match/match_internal.h"

static uint64_t mix_str(uint64_t hash, Str text) { return hash_mix(hash ^ (str_hash(text) + 0x9e3779b97f4a7c15ULL)); }

static uint64_t record_hash(const MatchRecord *r) {
  const Str texts[] = {r->id,   r->name,  r->household_no, r->village,  r->place_text,
                       r->town, r->birth, r->sex,          r->relation, r->phone};
  uint64_t hash = (uint64_t)(uint32_t)r->member_count << 2 | (uint64_t)r->head << 1 | (uint64_t)r->household_row;
  for (size_t i = 0; i < COUNT_OF(texts); i++) hash = mix_str(hash, texts[i]);
  return hash;
}

typedef struct Ordering {
  const MatchInput *input;
  uint64_t *keys;
} Ordering;

static void hash_chunk(void *of_ordering, uint32_t chunk) {
  const Ordering *o = of_ordering;
  const MatchRecord *records = o->input->records;
  for (size_t i = (size_t)chunk * CHUNK, end = chunk_end(chunk, o->input->record_count); i < end; i++) {
    uint64_t list = records[i].list < 65535 ? records[i].list : 65535;
    o->keys[i] = list << 48 | record_hash(&records[i]) >> 16;
  }
}

/* Rows are ordered by list and content; equal rows of a list keep the order of the input. */
static void order_rows(Engine *e) {
  Arena *own CLEANUP(arena_freep) = arena_new();
  const MatchInput *input = e->input;
  uint64_t *keys = arena_array(own, e->count, uint64_t);
  e->record = arena_array(e->scratch, e->count, uint32_t);
  e->row = arena_array(e->scratch, e->count, uint32_t);
  Ordering ordering = {input, keys};
  parallel(input->threads, chunks_of(e->count), hash_chunk, &ordering);
  for (uint32_t i = 0; i < e->count; i++) e->record[i] = i;
  sort_keys(keys, e->record, e->count);
  for (uint32_t i = 0; i < e->count; i++) e->row[e->record[i]] = i;
}

/* ---- small readings ---- */

static uint64_t hash_text(Str text) {
  text = str_trim(text);
  uint64_t hash = str_hash(text);
  return text.size ? hash + (hash == 0) : 0;
}

static uint64_t read_phone(Str text) {
  uint64_t number = 0;
  int digits = 0;
  for (size_t i = 0; i < text.size && digits < 18; i++) {
    if (text.data[i] == '.' && digits >= 7) break; /* 138....0 as a spreadsheet's number */
    if (text.data[i] >= '0' && text.data[i] <= '9') number = number * 10 + (uint64_t)(text.data[i] - '0'), digits++;
  }
  return digits >= 7 ? number : 0;
}

/* 1990-01-02, 1990/1/2, 1990年1月2日, 19900102, 1990.1, 1990 */
static uint32_t read_birth(Str text) {
  uint32_t part[3] = {0};
  int parts = 0, digits = 0;
  for (size_t i = 0; i <= text.size; i++) {
    char c = i < text.size ? text.data[i] : ' ';
    if (c >= '0' && c <= '9') {
      if (parts == 3) break;
      if (digits < 8) part[parts] = part[parts] * 10 + (uint32_t)(c - '0');
      digits++;
    } else if (digits) {
      if (digits == 8 && parts == 0) return date_valid(part[0]) ? part[0] : 0;
      if (digits == 6 && parts == 0) return part[0] / 100 * 10000 + part[0] % 100 * 100;
      parts++;
      digits = 0;
    }
  }
  if (part[0] < 1880 || part[0] > 2200) return 0;
  uint32_t date = part[0] * 10000 + part[1] * 100 + part[2];
  if (part[1] > 12 || part[2] > 31) return 0;
  return part[2] && !date_valid(date) ? 0 : date;
}

static uint8_t read_sex(Str text) {
  static const struct {
    Str word;
    uint8_t sex;
  } WORDS[] = {{STR("男"), 1}, {STR("1"), 1}, {STR("M"), 1}, {STR("男性"), 1},
               {STR("女"), 2}, {STR("2"), 2}, {STR("F"), 2}, {STR("女性"), 2}};
  text = str_trim(text);
  for (size_t i = 0; i < COUNT_OF(WORDS); i++)
    if (str_equal(text, WORDS[i].word)) return WORDS[i].sex;
  return 0;
}

static bool says_head(Str relation) { return str_find(relation, STR("户主")) >= 0 || str_equal(relation, STR("本人")); }

/* Blanks dropped and the ending 村民委员会, 村委, 社区 ... cut: what remains names the place. */
static Str place_base(Arena *arena, Str text) {
  static const Str ENDINGS[] = {
      STR("社区居民委员会"), STR("居民委员会"), STR("村民委员会"), STR("社区居委会"), STR("村委会"),
      STR("居委会"),         STR("村委"),       STR("社区"),       STR("村"),         STR("屯")};
  Buf buf = buf_new(arena);
  for (size_t at = 0; at < text.size;) {
    uint32_t rune = str_next_rune(text, &at);
    if (rune > 32 && rune != 0xA0 && rune != 0x3000) buf_add_rune(&buf, rune);
  }
  Str base = buf_str(&buf);
  for (size_t i = 0; i < COUNT_OF(ENDINGS); i++)
    if (str_ends(base, ENDINGS[i]) && base.size >= ENDINGS[i].size + 6)
      return str_sub(base, 0, base.size - ENDINGS[i].size);
  return base;
}

/* ---- interning ---- */

typedef struct Interns {
  Arena *arena; /* of the lasting arrays that this task makes */
  StrMap names, name_keys, towns, villages, places, place_bases, relations;
  Table groups;
  uint32_t name_capacity, rune_count, rune_capacity, key_count, damaged_count, damaged_capacity, place_capacity;
} Interns;

static uint32_t intern(StrMap *map, Str text) {
  text = str_trim(text);
  return text.size ? strmap_put(map, text, map->count + 1, NULL) : 0;
}

static void *grown(Interns *in, void *old, uint32_t *capacity, uint32_t needed, size_t item) {
  if (needed <= *capacity) return old;
  uint32_t larger = *capacity ? *capacity * 2 : 1024;
  while (larger < needed) larger *= 2;
  void *result = arena_grow(in->arena, old, *capacity * item, larger * item);
  *capacity = larger;
  return result;
}

static uint32_t intern_name(Engine *e, Interns *in, Str raw) {
  raw = str_trim(raw);
  bool added;
  uint32_t at = strmap_put(&in->names, raw, e->name_count, &added);
  if (!added) return at;
  Name name = name_read(raw);
  e->names = grown(in, e->names, &in->name_capacity, e->name_count + 1, sizeof(NameEntry));
  uint32_t capacity = in->rune_capacity;
  e->runes = grown(in, e->runes, &in->rune_capacity, in->rune_count + name.size, sizeof(uint32_t));
  e->sounds = grown(in, e->sounds, &capacity, in->rune_count + name.size, sizeof(uint16_t));
  char bytes[NAME_LIMIT * 4];
  size_t size = 0;
  for (uint8_t i = 0; i < name.size; i++) {
    e->runes[in->rune_count + i] = name.rune[i];
    e->sounds[in->rune_count + i] = name.sound[i];
    size += rune_encode(name.rune[i], bytes + size);
  }
  Str folded = str_copy(in->name_keys.arena, (Str){bytes, size});
  uint32_t key = strmap_put(&in->name_keys, folded, in->key_count, &added);
  in->key_count += added;
  e->names[e->name_count] = (NameEntry){in->rune_count, key, name.size, name.surname_size, name.flags, 0};
  in->rune_count += name.size;
  return e->name_count++;
}

static uint32_t intern_place(Engine *e, Interns *in, Str text) {
  text = str_trim(text);
  if (!text.size) return 0;
  uint32_t known = strmap_get(&in->places, text);
  if (known != STRMAP_NONE) return known;
  Str base = place_base(in->arena, text);
  bool added;
  uint32_t at = strmap_put(&in->place_bases, base, e->place_count, &added);
  strmap_put(&in->places, text, at, NULL);
  if (!added) return at;
  e->places = grown(in, e->places, &in->place_capacity, e->place_count + 1, sizeof(Str));
  e->places[e->place_count] = base;
  return e->place_count++;
}

static void read_id(Row *row, Str raw) {
  IdNumber id = id_read(raw);
  row->certain = id.certain;
  row->sex = id.sex;
  row->birth = id.birth;
  if (id.state == ID_VALID) {
    row->id = id.packed;
    if (id.flags & ID_WAS_15) row->flags |= ROW_ID_FROM_15;
    if (id.size == 18 && memcmp(id.text + 15, "000", 3) == 0) row->flags |= ROW_ID_ZEROED;
    return;
  }
  bool useful = (id.state == ID_INVALID || id.state == ID_SHORT) && id.size >= 12 && id.size < TEXT_SIZE;
  row->damaged = useful || (id.state == ID_PREFIX && id.certain >= 15); /* keep_damaged gives it a place */
}

/* What a record says by itself, without the others. */
static void read_values(Row *row, const MatchRecord *r, uint32_t list_count) {
  row->list = r->list < list_count ? r->list : list_count - 1;
  read_id(row, r->id);
  row->household_no = hash_text(r->household_no);
  row->phone = read_phone(r->phone);
  row->birth_declared = read_birth(r->birth);
  if (!row->birth) row->birth = row->birth_declared, row->birth_declared = 0;
  uint8_t sex = read_sex(r->sex);
  if (sex) row->sex = sex;
  row->member_count = r->member_count > 0 ? r->member_count : 0;
  if (r->head || says_head(r->relation))
    row->flags |= ROW_HEAD;
  else if (str_trim(r->relation).size)
    row->flags |= ROW_NOT_HEAD;
  if (r->household_row) row->flags |= ROW_HOUSEHOLD;
  row->group = MATCH_NONE;
}

static void read_chunk(void *engine, uint32_t chunk) {
  const Engine *e = engine;
  for (size_t i = (size_t)chunk * CHUNK, end = chunk_end(chunk, e->count); i < end; i++)
    read_values(&e->rows[i], &e->input->records[e->record[i]], e->list_count);
}

static uint32_t keep_damaged(Engine *e, Interns *in, Str raw) {
  IdNumber id = id_read(raw);
  e->damaged = grown(in, e->damaged, &in->damaged_capacity, in->damaged_count + 1, sizeof(DamagedId));
  DamagedId *damaged = &e->damaged[in->damaged_count];
  *damaged = (DamagedId){.size = id.size < TEXT_SIZE ? id.size : TEXT_SIZE - 1,
                         .certain = id.state == ID_PREFIX ? id.certain : 0};
  memcpy(damaged->text, id.text, damaged->size);
  return in->damaged_count++;
}

/* What gets a number that is the same for equal texts, in the order of rows: three tasks, of which each
 * has its own maps and arrays and its own fields of the rows. */
enum { INTERN_NAMES, INTERN_PLACES, INTERN_CODES, INTERN_TASKS };

typedef struct Interning {
  Engine *e;
  Interns in[INTERN_TASKS];
} Interning;

static void intern_row_codes(Engine *e, Interns *in, Row *row, const MatchRecord *r) {
  if (row->damaged) row->damaged = keep_damaged(e, in, r->id);
  row->town = intern(&in->towns, r->town);
  row->village = intern(&in->villages, r->village);
  row->relation = intern(&in->relations, r->relation);
  e->list_size[row->list]++;
  if (r->group == MATCH_NONE) return;
  uint32_t *slot = table_at(&in->groups, (uint64_t)row->list << 32 | r->group);
  if (!*slot) *slot = ++e->group_count;
  row->group = *slot - 1;
}

static void intern_task(void *of_interning, uint32_t task) {
  Interning *interning = of_interning;
  Engine *e = interning->e;
  Interns *in = &interning->in[task];
  for (uint32_t i = 0; i < e->count; i++) {
    const MatchRecord *r = &e->input->records[e->record[i]];
    if (task == INTERN_NAMES) e->rows[i].name = intern_name(e, in, r->name);
    if (task == INTERN_PLACES) e->rows[i].place = intern_place(e, in, r->place_text);
    if (task == INTERN_CODES) intern_row_codes(e, in, &e->rows[i], r);
  }
}

/* The first place and the first damaged number stand for none. */
static void interns_new(Engine *e, Arena *own, uint32_t task, Interns *in) {
  *in = (Interns){.arena = arena_new(), .damaged_count = 1};
  StrMap *const maps[] = {&in->names,  &in->name_keys,   &in->towns,    &in->villages,
                          &in->places, &in->place_bases, &in->relations};
  for (size_t i = 0; i < COUNT_OF(maps); i++) *maps[i] = strmap_new(own);
  if (task == INTERN_CODES) {
    in->groups = table_new(own, e->count);
    e->damaged = grown(in, NULL, &in->damaged_capacity, 1, sizeof(DamagedId));
  }
  if (task == INTERN_PLACES) e->places = grown(in, NULL, &in->place_capacity, 1, sizeof(Str)), e->place_count = 1;
}

static void intern_records(Engine *e, uint32_t *ret_key_count, uint32_t *ret_rune_count) {
  Interning work = {.e = e};
  Arena *own[INTERN_TASKS]; /* the maps die with the reading */
  for (uint32_t task = 0; task < INTERN_TASKS; task++) {
    own[task] = arena_new();
    interns_new(e, own[task], task, &work.in[task]);
  }
  parallel(e->input->threads, INTERN_TASKS, intern_task, &work);
  const Interns *codes = &work.in[INTERN_CODES], *names = &work.in[INTERN_NAMES];
  e->village_count = codes->villages.count, e->town_count = codes->towns.count;
  *ret_key_count = names->key_count, *ret_rune_count = names->rune_count;
  for (uint32_t task = 0; task < INTERN_TASKS; task++) {
    arena_absorb(e->scratch, work.in[task].arena);
    arena_free(own[task]);
  }
}

static void index_groups(Engine *e) {
  e->group_start = arena_array(e->scratch, (size_t)e->group_count + 2, uint32_t);
  for (uint32_t i = 0; i < e->count; i++)
    if (e->rows[i].group != MATCH_NONE) e->group_start[e->rows[i].group + 1]++;
  for (uint32_t g = 0; g < e->group_count; g++) e->group_start[g + 1] += e->group_start[g];
  e->group_rows = arena_array(e->scratch, (size_t)e->group_start[e->group_count] + 1, uint32_t);
  uint32_t *next = arena_array(e->scratch, (size_t)e->group_count + 1, uint32_t);
  for (uint32_t i = 0; i < e->count; i++) {
    uint32_t g = e->rows[i].group;
    if (g != MATCH_NONE) e->group_rows[e->group_start[g] + next[g]++] = i;
  }
}

void engine_prepare(Engine *e) {
  uint32_t key_count, rune_count;
  e->list_count = e->input->source_count ? e->input->source_count : 1;
  order_rows(e);
  e->rows = arena_array(e->scratch, e->count, Row);
  e->list_size = arena_array(e->scratch, e->list_count, uint32_t);
  parallel(e->input->threads, chunks_of(e->count), read_chunk, e);
  intern_records(e, &key_count, &rune_count);
  index_groups(e);
  e->village_town = arena_array(e->scratch, (size_t)e->village_count + 1, uint32_t);
  for (uint32_t i = 0; i < e->count; i++) e->village_town[e->rows[i].village] = e->rows[i].town;
  count_rarity(e, key_count, rune_count);
}
