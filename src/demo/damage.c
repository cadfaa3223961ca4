/* What clerks, input methods and exports do to a list. Every clerk (a few villages each) has a rate,
 * an input method and habits; errors crowd in some households. */
#include "demo/names.h"
#include "demo/view.h"

typedef enum Input { INPUT_PINYIN, INPUT_SHAPE, INPUT_SCAN, INPUT_COUNT } Input;

typedef struct Clerk {
  uint32_t percent;
  Input input;
  bool old_machine, lower_x, pads, old_villages, short_villages, spreadsheet, scientific, decimals;
  const char *pad;
} Clerk;

/* Per 100,000 rows of an ordinary clerk. */
typedef struct Rates {
  uint32_t typo, transposed, missing, fifteen, cut, copied, name, code_short, duplicate;
  uint32_t spreadsheet; /* per 100,000 clerks: the file went through a spreadsheet as numbers */
} Rates;
static const Rates RATES[DEMO_LIST_COUNT] = {
    [DEMO_REGISTER] = {1100, 400, 400, 270, 240, 60, 1450, 0, 230, 0},
    [DEMO_RELOCATED] = {2000, 700, 450, 400, 300, 150, 2700, 0, 250, 0},
    [DEMO_RENOVATED] = {1500, 550, 700, 450, 350, 150, 2200, 0, 300, 12000},
    [DEMO_APPRAISED] = {1250, 550, 560, 390, 260, 150, 2100, 0, 250, 0},
    [DEMO_CIVIL] = {1400, 400, 460, 520, 390, 100, 2600, 0, 310, 0},
    [DEMO_DISABLED] = {1300, 500, 800, 0, 200, 100, 2100, 0, 260, 0},
    [DEMO_FEEDBACK] = {1100, 420, 500, 400, 220, 120, 1750, 6000, 120, 0},
    [DEMO_TOWN_FEEDBACK] = {1800, 600, 900, 300, 350, 250, 2600, 3000, 200, 5000},
};

typedef struct Damage { /* one row being damaged */
  const World *world;
  List *list;
  const Clerk *clerk;
  Rng rng;
  uint64_t percent; /* clerk, household and sweep together */
  Row *row;
} Damage;

static bool goes_wrong(Damage *damage, uint32_t per_100000) {
  return per_100000 && rng_chance(&damage->rng, per_100000 * damage->percent / 100);
}

static void mark(Damage *damage, Class what) { damage->row->classes |= 1u << what; }

static Clerk clerk_of(const World *world, const List *list, uint32_t village) {
  static const uint32_t PERCENT[] = {20, 40, 80, 100, 140, 220};
  const Village *v = &world->villages[village];
  Rng rng = rng_new(world->seed, 100 + list->kind, v->town_index * 3 + village % 3);
  Clerk clerk = {.percent = PERCENT[rng_below(&rng, COUNT_OF(PERCENT))], .input = (Input)rng_below(&rng, INPUT_COUNT)};
  clerk.old_machine = rng_chance(&rng, 60000);
  clerk.lower_x = rng_chance(&rng, 25000);
  clerk.pads = rng_chance(&rng, 12000);
  clerk.pad = rng_chance(&rng, 50000) ? "\u3000" : " ";
  clerk.old_villages = rng_chance(&rng, 30000);
  clerk.short_villages = rng_chance(&rng, 15000);
  clerk.spreadsheet = rng_chance(&rng, RATES[list->kind].spreadsheet);
  clerk.scientific = rng_chance(&rng, 40000);
  clerk.decimals = rng_chance(&rng, 8000);
  return clerk;
}

static Str replace_rune(Arena *arena, Str name, uint32_t index, uint32_t rune) { /* rune 0: leaves it out */
  Buf buf = buf_new(arena);
  uint32_t at_index = 0;
  for (size_t at = 0; at < name.size; at_index++) {
    uint32_t old = str_next_rune(name, &at);
    if (at_index != index)
      buf_add_rune(&buf, old);
    else if (rune)
      buf_add_rune(&buf, rune);
  }
  return buf_str(&buf);
}

static uint32_t rune_of(Str name, uint32_t index) {
  size_t at = 0;
  uint32_t rune = str_next_rune(name, &at);
  while (index-- > 0) rune = str_next_rune(name, &at);
  return rune;
}

static uint32_t lost_mark(Damage *damage) {
  if (damage->clerk->input == INPUT_SCAN) return rng_chance(&damage->rng, 70000) ? 0x25A1 /* □ */ : '*';
  return rng_chance(&damage->rng, 75000) ? '?' : '*';
}

static void confuse_name(Damage *damage, const char *groups, Class what) {
  Str name = damage->row->text[F_NAME];
  uint32_t size = (uint32_t)str_rune_count(name);
  for (int tries = 0; tries < 6; tries++) {
    uint32_t index = rng_below(&damage->rng, size), rune = confuse(&damage->rng, groups, rune_of(name, index));
    if (!rune) continue;
    damage->row->text[F_NAME] = replace_rune(damage->list->arena, name, index, rune);
    mark(damage, what);
    return;
  }
}

static void damage_name(Damage *damage) {
  static const uint32_t PARTS[INPUT_COUNT][5] = {/* homophone, shape, lost, dropped, variant */
                                                 {60, 5, 6, 14, 15},
                                                 {6, 60, 6, 14, 14},
                                                 {5, 47, 25, 17, 6}};
  Str name = damage->row->text[F_NAME];
  uint32_t size = (uint32_t)str_rune_count(name), x = rng_below(&damage->rng, 100), what = 0;
  for (const uint32_t *parts = PARTS[damage->clerk->input]; what < 4 && x >= parts[what]; what++) x -= parts[what];
  switch (what) {
    case 0:
      confuse_name(damage, HOMOPHONES, C_NAME_HOMOPHONE);
      return;
    case 1:
      confuse_name(damage, LOOKALIKES, C_NAME_SHAPE);
      return;
    case 4:
      confuse_name(damage, VARIANTS, C_NAME_VARIANT);
      return;
    default:
      break;
  }
  if (what == 3 && size < 3) what = 2; /* a surname alone is no name */
  uint32_t index = 1 + rng_below(&damage->rng, size - 1);
  damage->row->text[F_NAME] = replace_rune(damage->list->arena, name, index, what == 2 ? lost_mark(damage) : 0);
  mark(damage, what == 2 ? C_NAME_LOST : C_NAME_DROPPED);
}

/* Characters that an old machine's font and code page do not have. */
static void lose_rare(Damage *damage) {
  Str name = damage->row->text[F_NAME], rare = str_from(RARE_CHARACTERS);
  uint32_t index = 0;
  for (size_t at = 0; at < name.size; index++) {
    size_t from = at;
    str_next_rune(name, &at);
    if (str_find(rare, str_sub(name, from, at)) < 0 || !rng_chance(&damage->rng, damage->list->error_percent * 600ull))
      continue;
    damage->row->text[F_NAME] = replace_rune(damage->list->arena, name, index, lost_mark(damage));
    mark(damage, C_NAME_LOST);
    return;
  }
}

static void pad_name(Damage *damage) {
  Str name = damage->row->text[F_NAME];
  if (str_rune_count(name) != 2) return;
  bool habit = damage->clerk->pads && damage->list->error_percent;
  if (!habit && !goes_wrong(damage, 300)) return;
  size_t at = 0;
  str_next_rune(name, &at);
  damage->row->text[F_NAME] = str_format(damage->list->arena, STR_FMT "%s" STR_FMT, (int)at, name.data,
                                         damage->clerk->pad, (int)(name.size - at), name.data + at);
  mark(damage, C_NAME_BLANK);
}

/* Digits 7 to 18 only: the county's own six are typed once and copied down. */
static void mistype(Damage *damage, char *id, int count) {
  while (count-- > 0) {
    uint32_t at = rng_between(&damage->rng, 6, 17);
    char old = id[at], digit;
    do digit = (char)('0' + rng_below(&damage->rng, 10));
    while (digit == old);
    id[at] = digit;
  }
}

static bool transpose(Damage *damage, char *id) {
  for (int tries = 0; tries < 20; tries++) {
    uint32_t at = rng_between(&damage->rng, 6, 16);
    if (id[at] == id[at + 1] || id[at + 1] == 'X') continue;
    char swap = id[at];
    id[at] = id[at + 1];
    id[at + 1] = swap;
    return true;
  }
  return false;
}

static void shorten(Damage *damage, char *id) {
  uint32_t at = rng_between(&damage->rng, 6, 17);
  if (rng_chance(&damage->rng, 75000)) {
    memmove(id + at, id + at + 1, 18 - at);
  } else { /* one too many */
    memmove(id + at + 1, id + at, 19 - at);
    if (id[at] == 'X') id[at] = '0';
  }
}

/* Another number at that place, or none; one cause only. */
static void damage_id(Damage *damage, Str previous) {
  const Rates *rates = &RATES[damage->list->kind];
  char id[20];
  Str *text = &damage->row->text[F_ID];
  if (text->size != 18) return;
  memcpy(id, text->data, 18);
  id[18] = '\0';
  if (goes_wrong(damage, rates->missing)) {
    *text = STR_EMPTY;
    mark(damage, C_ID_MISSING);
  } else if (goes_wrong(damage, rates->copied) && previous.size == 18 && !str_equal(previous, *text)) {
    *text = previous;
    mark(damage, C_ID_COPIED);
  } else if (goes_wrong(damage, rates->typo)) {
    mistype(damage, id, rng_chance(&damage->rng, 6000) ? 2 : 1);
    bool same = memcmp(id, text->data, 18) == 0; /* two that undid each other */
    *text = str_copy(damage->list->arena, str_from(id));
    if (!same) mark(damage, C_ID_TYPO);
  } else if (goes_wrong(damage, rates->transposed)) {
    if (!transpose(damage, id)) return;
    *text = str_copy(damage->list->arena, str_from(id));
    mark(damage, C_ID_TRANSPOSED);
  } else if (memcmp(id + 6, "19", 2) == 0 && goes_wrong(damage, rates->fifteen)) {
    *text = str_format(damage->list->arena, "%.*s%.*s", 6, id, 9, id + 8);
    mark(damage, C_ID_15);
  } else if (goes_wrong(damage, rates->cut)) {
    shorten(damage, id);
    *text = str_copy(damage->list->arena, str_from(id));
    mark(damage, C_ID_SHORT);
  }
}

static void round_id(Damage *damage) {
  Str *text = &damage->row->text[F_ID];
  if (!damage->clerk->spreadsheet || text->size != 18 || text->data[17] == 'X') return; /* X is no number */
  if (!rng_chance(&damage->rng, damage->list->error_percent * 150ull)) return;
  *text = damage->clerk->scientific ? str_format(damage->list->arena, "%c.%.*sE+17", text->data[0], 5, text->data + 1)
                                    : str_format(damage->list->arena, "%.*s000", 15, text->data);
  damage->row->classes &= ~(1u << C_ID_TYPO | 1u << C_ID_TRANSPOSED | 1u << C_ID_COPIED);
  mark(damage, C_ID_ROUNDED);
}

static void restyle_id(Damage *damage) {
  Str *text = &damage->row->text[F_ID];
  Arena *arena = damage->list->arena;
  if (text->size == 0 || !damage->list->error_percent) return;
  bool ends_in_x = damage->list->kind != DEMO_DISABLED && str_ends(*text, STR("X"));
  if (ends_in_x && (damage->clerk->lower_x ? rng_chance(&damage->rng, 80000) : goes_wrong(damage, 2500))) {
    *text = str_format(arena, "%.*sx", (int)text->size - 1, text->data);
    mark(damage, C_ID_FORMAT);
  }
  if (!goes_wrong(damage, 700)) return;
  Buf wide = buf_new(arena);
  switch (rng_below(&damage->rng, 5)) {
    case 0:
      for (size_t i = 0; i < text->size; i++) buf_add_rune(&wide, 0xFEE0u + (unsigned char)text->data[i]);
      *text = buf_str(&wide);
      break;
    case 1:
      *text = str_format(arena, " " STR_FMT, STR_ARG(*text));
      break;
    case 2:
      *text = str_format(arena, STR_FMT "\u00a0", STR_ARG(*text));
      break;
    case 3:
      *text = str_format(arena, "'" STR_FMT, STR_ARG(*text));
      break;
    default:
      if (text->size < 14) return;
      *text =
          str_format(arena, "%.*s %.*s %.*s", 6, text->data, 8, text->data + 6, (int)text->size - 14, text->data + 14);
  }
  mark(damage, C_ID_FORMAT);
}

/* One way for all rows of a household in one list. The towns' own files bear their own name. */
static void damage_village(Damage *damage, Rng household) {
  static const char *const FORMS[] = {"", "村委", "村委会", "村民委员会"};
  const Village *v = &damage->world->villages[damage->world->households[damage->row->household].village];
  Str *text = &damage->row->text[F_VILLAGE];
  uint64_t sweep = damage->list->error_percent;
  bool old = rng_chance(&household, (damage->clerk->old_villages ? 450 : 40) * sweep);
  bool form = rng_chance(&household, (damage->clerk->short_villages ? 250 : 10) * sweep);
  bool old_town = rng_chance(&household, (damage->clerk->old_villages ? 300 : 20) * sweep);
  if (v->former_town.size && old_town && damage->list->kind != DEMO_TOWN_FEEDBACK) {
    damage->row->text[F_TOWN] = v->former_town;
    mark(damage, C_TOWN_RENAMED);
  }
  if (v->former.size && old) {
    *text = v->former;
    mark(damage, C_VILLAGE_RENAMED);
  } else if (form && str_ends(*text, STR("村"))) {
    *text = str_format(damage->list->arena, STR_FMT "%s", (int)text->size - 3, text->data,
                       FORMS[rng_skewed(&household, COUNT_OF(FORMS))]);
    mark(damage, C_VILLAGE_FORM);
  }
}

static void damage_row(Damage *damage, Str previous) {
  Row *row = damage->row;
  Arena *arena = damage->list->arena;
  if (goes_wrong(damage, RATES[damage->list->kind].name)) damage_name(damage);
  if (damage->clerk->old_machine) lose_rare(damage);
  pad_name(damage);
  damage_id(damage, previous);
  round_id(damage);
  if (damage->list->kind == DEMO_DISABLED && row->text[F_ID].size) {
    const Person *person = &damage->world->persons[row->person];
    row->text[F_ID] =
        str_format(arena, STR_FMT "%d%d", STR_ARG(row->text[F_ID]), person->disability_kind, person->disability_grade);
  }
  restyle_id(damage);
  if (row->text[F_CODE].size == 11 && goes_wrong(damage, RATES[damage->list->kind].code_short)) {
    Str code = str_sub(row->text[F_CODE], 5, 11); /* the running number alone */
    while (code.size > 1 && code.data[0] == '0') code = str_sub(code, 1, code.size);
    row->text[F_CODE] = code;
    mark(damage, C_CODE_SHORT);
  }
  if (row->text[F_PHONE].size && damage->clerk->decimals && damage->list->error_percent) {
    row->text[F_PHONE] = str_format(arena, STR_FMT ".0", STR_ARG(row->text[F_PHONE]));
    mark(damage, C_PHONE_FORMAT);
  }
}

static bool repeated(const World *world, const List *list, const Row *row) {
  Rng rng = rng_new(world->seed, 130 + list->kind, row->person);
  return rng_chance(&rng, (uint64_t)RATES[list->kind].duplicate * list->error_percent / 100);
}

/* Rows that stand there twice: each copy is typed anew. */
static void repeat_rows(const World *world, List *list) {
  uint32_t total = list->count, count = 0;
  for (uint32_t i = 0; i < list->count; i++) total += repeated(world, list, &list->rows[i]);
  Row *rows = arena_array(list->arena, total, Row);
  for (uint32_t i = 0; i < list->count; i++) {
    rows[count++] = list->rows[i];
    if (!repeated(world, list, &list->rows[i])) continue;
    rows[count] = list->rows[i];
    rows[count++].classes |= 1u << C_DUPLICATE;
  }
  list->rows = rows;
  list->count = list->capacity = count;
}

void damage_list(const World *world, List *list) {
  repeat_rows(world, list);
  Str previous = STR_EMPTY;
  for (uint32_t i = 0; i < list->count; i++) {
    Row *row = &list->rows[i];
    Clerk clerk = clerk_of(world, list, world->households[row->household].village);
    Rng household = rng_new(world->seed, 160 + list->kind, row->household);
    bool crowded = rng_chance(&household, 12000);
    Damage damage = {.world = world, .list = list, .clerk = &clerk, .row = row};
    damage.rng = rng_new(world->seed, 200 + list->kind, (uint64_t)row->person * 64 + (row->classes >> C_DUPLICATE & 1));
    damage.percent = (uint64_t)clerk.percent * (crowded ? 450 : 53) / 100 * list->error_percent / 100;
    Str mine = row->text[F_ID];
    damage_village(&damage, household);
    damage_row(&damage, previous);
    previous = mine;
    row->text[F_ADDRESS] =
        str_format(list->arena, STR_FMT STR_FMT, STR_ARG(row->text[F_TOWN]), STR_ARG(row->text[F_VILLAGE]));
  }
}
