/* The lists of persons: the register, welfare, the disabled; and what all views share. */
#include "demo/view.h"
#include <stdlib.h>

void list_new(List *list, DemoList kind, uint32_t error_percent, Arena *arena, uint32_t capacity) {
  *list = (List){.kind = kind, .error_percent = error_percent, .arena = arena, .capacity = capacity};
  list->rows = arena_array(arena, capacity, Row);
}

Row *list_add(const World *world, List *list, uint32_t household, uint32_t person) {
  if (list->count == list->capacity) {
    uint32_t wider = list->capacity * 2 + 16;
    list->rows = arena_grow(list->arena, list->rows, list->capacity * sizeof(Row), wider * sizeof(Row));
    list->capacity = wider;
  }
  Row *row = &list->rows[list->count++];
  const Household *h = &world->households[household];
  const Village *village = &world->villages[h->village];
  *row = (Row){.household = household, .person = person};
  row->text[F_TOWN] = village->town;
  row->text[F_VILLAGE] = village->name;
  row->text[F_NAME] = str_from(world->persons[person].name);
  row->text[F_ID] = str_from(world->persons[person].id);
  return row;
}

typedef struct Placed {
  uint64_t key;
  uint32_t household;
} Placed;

static int by_key(const void *a, const void *b) {
  const Placed *x = a, *y = b;
  if (x->key != y->key) return x->key < y->key ? -1 : 1;
  return (x->household > y->household) - (x->household < y->household);
}

uint32_t *households_by_place(const World *world, List *list, bool registered, uint32_t *ret_count) {
  Placed *placed = arena_array(list->arena, world->household_count, Placed);
  uint32_t count = 0;
  for (uint32_t h = 0; h < world->household_count; h++) {
    if (world->households[h].registered != registered) continue;
    Rng rng = rng_new(world->seed, 60 + list->kind, h);
    uint64_t village = world->households[h].village;
    placed[count++] = (Placed){village << 32 | rng_next(&rng) >> 32, h};
  }
  if (count) qsort(placed, count, sizeof *placed, by_key);
  uint32_t *households = arena_array(list->arena, count, uint32_t);
  for (uint32_t i = 0; i < count; i++) households[i] = placed[i].household;
  *ret_count = count;
  return households;
}

/* ---- relations to the head ---- */
static bool parent_of(const World *world, uint32_t a, uint32_t b) {
  return b != NOBODY && a != NOBODY && (world->persons[b].father == a || world->persons[b].mother == a);
}

static Str relation(const World *world, uint32_t head, uint32_t p) {
  const Person *h = &world->persons[head], *person = &world->persons[p];
  bool male = person->sex == 1;
  uint32_t spouse = person->spouse, heads_spouse = h->spouse;
  if (p == head) return STR("户主");
  if (spouse == head) return STR("配偶");
  if (parent_of(world, head, p) || parent_of(world, heads_spouse, p)) return male ? STR("之子") : STR("之女");
  if (parent_of(world, head, spouse) || parent_of(world, heads_spouse, spouse))
    return male ? STR("之女婿") : STR("之儿媳");
  if (parent_of(world, p, head)) return male ? STR("之父") : STR("之母");
  if (parent_of(world, p, heads_spouse))
    return h->sex == 1 ? (male ? STR("之岳父") : STR("之岳母")) : (male ? STR("之公公") : STR("之婆婆"));
  uint32_t father = person->father, mother = person->mother;
  if (parent_of(world, head, father) || parent_of(world, heads_spouse, father))
    return male ? STR("之孙子") : STR("之孙女");
  if (parent_of(world, head, mother) || parent_of(world, heads_spouse, mother))
    return male ? STR("之外孙子") : STR("之外孙女");
  if (father != NOBODY && father == h->father)
    return male ? (person->birth < h->birth ? STR("之兄") : STR("之弟"))
                : (person->birth < h->birth ? STR("之姐") : STR("之妹"));
  if (father != NOBODY && h->father != NOBODY && world->persons[father].father == h->father &&
      world->persons[father].father != NOBODY)
    return male ? STR("之侄儿") : STR("之侄女");
  return STR("其他");
}

static void add_to_register(const World *world, List *list, uint32_t h, uint32_t p, Str relation_text) {
  const Household *household = &world->households[h];
  const Snapshot *at = &world->at[WHEN_REGISTER];
  Row *row = list_add(world, list, h, p);
  Arena *arena = list->arena;
  row->text[F_CODE] = str_format(arena, "1%04u%06u", 2, household->code);
  row->text[F_GROUP] = str_format(arena, "%u组", household->group);
  row->text[F_RELATION] = relation_text;
  row->text[F_SEX] = world->persons[p].sex == 1 ? STR("男") : STR("女");
  row->text[F_SIZE] = str_format(arena, "%u", at->size[h]);
  row->text[F_PHONE] = p == at->head[h] ? str_from(household->phone) : STR_EMPTY;
  row->text[F_OUT_YEAR] = str_format(arena, "%u", (unsigned)household->out_of_poverty);
  row->text[F_KIND] = STR("脱贫户");
}

void view_register(const World *world, List *list) {
  const Snapshot *at = &world->at[WHEN_REGISTER];
  Members members = members_at(world, at, list->arena);
  for (uint32_t i = 0; i < world->registered_count; i++) {
    uint32_t h = world->registered[i], head = at->head[h];
    add_to_register(world, list, h, head, STR("户主"));
    for (int spouse_first = 1; spouse_first >= 0; spouse_first--)
      for (uint32_t m = members.start[h]; m < members.start[h + 1]; m++) {
        uint32_t p = members.person[m];
        if (p != head && (world->persons[p].spouse == head) == (spouse_first == 1))
          add_to_register(world, list, h, p, relation(world, head, p));
      }
    /* a married daughter that nobody took out of her parents' household */
    Rng rng = rng_new(world->seed, 70, h);
    for (uint32_t c = world->persons[head].last_child; c != NOBODY; c = world->persons[c].elder) {
      uint32_t home = c < at->persons ? at->home[c] : NOBODY;
      if (world->persons[c].sex != 2 || home == NOBODY || home == h || !world->households[home].registered) continue;
      if (!rng_chance(&rng, 20ull * list->error_percent)) continue;
      add_to_register(world, list, h, c, STR("之女"));
      list->rows[list->count - 1].household = h;
      list->rows[list->count - 1].classes |= 1u << C_DUPLICATE;
    }
  }
}

/* ---- welfare and the disabled: persons, most of them of registered households ---- */
typedef struct PersonView {
  When when;
  uint32_t outside; /* per 100,000 that would qualify: how many of those outside the register are in the list */
} PersonView;

static bool on_welfare(const World *world, uint32_t h, uint32_t p) {
  if (!world->households[h].welfare) return false;
  Rng rng = rng_new(world->seed, 71, p);
  return rng_chance(&rng, 55000);
}

static void add_person_row(const World *world, List *list, uint32_t h, uint32_t p) {
  static const char *const KINDS[] = {"", "视力", "听力", "言语", "肢体", "智力", "精神", "多重"};
  const Person *person = &world->persons[p];
  const Snapshot *registered = &world->at[WHEN_REGISTER];
  uint32_t home = p < registered->persons ? registered->home[p] : NOBODY;
  Row *row = list_add(world, list, h, p);
  Rng rng = rng_new(world->seed, 72, p);
  if (home != NOBODY) row->household = home;
  if (home == NOBODY || !world->households[home].registered) row->classes |= 1u << C_NOT_IN_REGISTER;
  row->text[F_WELFARE_NO] = str_format(list->arena, "DB%08u", rng_below(&rng, 90000000) + 10000000);
  row->text[F_WELFARE] = str_format(list->arena, "%c类", '@' + world->households[h].welfare);
  row->text[F_DISABILITY] = str_from(KINDS[person->disability_kind]);
}

static void view_persons(const World *world, List *list, PersonView view) {
  const Snapshot *at = &world->at[view.when];
  Members members = members_at(world, at, list->arena);
  uint32_t inside_count, outside_count;
  uint32_t *inside = households_by_place(world, list, true, &inside_count);
  uint32_t *outside = households_by_place(world, list, false, &outside_count);
  uint32_t i = 0, o = 0;
  while (i < inside_count || o < outside_count) { /* merged by village */
    bool from_inside = o == outside_count || (i < inside_count && world->households[inside[i]].village <=
                                                                      world->households[outside[o]].village);
    uint32_t h = from_inside ? inside[i++] : outside[o++];
    for (uint32_t m = members.start[h]; m < members.start[h + 1]; m++) {
      uint32_t p = members.person[m];
      bool qualifies = list->kind == DEMO_CIVIL ? on_welfare(world, h, p) : world->persons[p].disability_kind != 0;
      Rng rng = rng_new(world->seed, 73 + list->kind, p);
      if (qualifies && (from_inside || rng_chance(&rng, view.outside))) add_person_row(world, list, h, p);
    }
  }
}

void view_civil(const World *world, List *list) { view_persons(world, list, (PersonView){WHEN_2019_09, 9000}); }
void view_disabled(const World *world, List *list) { view_persons(world, list, (PersonView){WHEN_2019_06, 7000}); }
