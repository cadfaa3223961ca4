/* The years 1930 to 2020: yearly steps first, by the quarter from 2017 on. */
#include "demo/world.h"

enum { FIRST_YEAR = 1930, QUARTERS_FROM = (2017 - FIRST_YEAR) * 12, MALE = 1, FEMALE = 2 };
static const uint32_t SNAPSHOT_MONTH[WHEN_COUNT] = {(2018 - FIRST_YEAR) * 12, (2019 - FIRST_YEAR) * 12 + 6,
                                                    (2019 - FIRST_YEAR) * 12 + 9, (2020 - FIRST_YEAR) * 12,
                                                    (2020 - FIRST_YEAR) * 12 + 3};

typedef struct Life {
  World *world;
  Rng rng;
  uint32_t month, step; /* months since 1930; the step that just ended */
  uint32_t *alive, alive_count, alive_capacity;
  uint32_t *brides, bride_count;
} Life;

static uint32_t year_of(const Life *life) { return FIRST_YEAR + (life->month - 1) / 12; }
static bool happens(Life *life, uint32_t per_100000_a_year) {
  return rng_chance(&life->rng, per_100000_a_year * life->step / 12);
}

static uint32_t add_person(Life *life, uint8_t sex, uint32_t birth, uint32_t lineage, uint8_t generation) {
  uint32_t p = world_add_person(life->world);
  Person *person = &life->world->persons[p];
  person->sex = sex;
  person->birth = birth;
  person->lineage = lineage;
  person->generation = generation;
  if (life->alive_count == life->alive_capacity) {
    uint32_t wider = life->alive_capacity ? life->alive_capacity * 2 : 1024;
    life->alive = arena_grow(life->world->arena, life->alive, life->alive_capacity * 4u, wider * 4u);
    life->brides = arena_grow(life->world->arena, life->brides, life->alive_capacity * 4u, wider * 4u);
    life->alive_capacity = wider;
  }
  life->alive[life->alive_count++] = p;
  return p;
}

static uint32_t random_date(Life *life, uint32_t year) {
  return year * 10000 + rng_between(&life->rng, 1, 12) * 100 + rng_between(&life->rng, 1, 28);
}

static uint32_t random_village(Life *life) {
  World *world = life->world;
  for (;;) {
    uint32_t v = rng_below(&life->rng, world->village_count);
    if (rng_below(&life->rng, 150) < world->villages[v].weight) return v;
  }
}

static uint32_t random_lineage(Life *life, uint32_t village) {
  const Village *v = &life->world->villages[village];
  return v->first_lineage + rng_skewed(&life->rng, v->lineage_count);
}

/* A wife from elsewhere; she brings her own surname. */
static uint32_t bride_from_outside(Life *life, uint32_t year, uint32_t husband_birth) {
  uint32_t born = husband_birth / 10000 + rng_below(&life->rng, 7);
  if (born > year - 18) born = year - 18;
  return add_person(life, FEMALE, random_date(life, born), random_lineage(life, random_village(life)), 0);
}

static void settle_founders(Life *life, uint32_t count) {
  World *world = life->world;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t v = random_village(life), h = world_add_household(world, v, 0, NOBODY);
    uint32_t born = FIRST_YEAR - rng_between(&life->rng, 18, 36);
    uint32_t man =
        add_person(life, MALE, random_date(life, born), random_lineage(life, v), (uint8_t)rng_below(&life->rng, 2));
    uint32_t wife = bride_from_outside(life, FIRST_YEAR, world->persons[man].birth);
    world->persons[man].spouse = wife;
    world->persons[wife].spouse = man;
    world_move(world, man, h);
    world_move(world, wife, h);
    world->households[h].head = man;
    world->households[h].group = rng_between(&life->rng, 1, 12);
  }
}

static uint32_t mortality(uint32_t age, uint32_t year) {
  if (age == 0) return year < 1965 ? 9000 : 1200;
  if (age < 10) return year < 1965 ? 1500 : 80;
  if (age < 40) return year < 1965 ? 500 : 120;
  if (age < 60) return year < 1965 ? 1500 : 450;
  if (age < 70) return 1800;
  if (age < 80) return 4800;
  return age < 90 ? 13000 : 35000;
}

static void die(Life *life, uint32_t p) {
  World *world = life->world;
  uint32_t spouse = world->persons[p].spouse;
  if (spouse != NOBODY) world->persons[spouse].spouse = NOBODY;
  world_move(world, p, NOBODY);
}

/* Deaths, and the young who leave for good; the others are still `alive`. */
static void pass_of_time(Life *life) {
  uint32_t year = year_of(life), kept = 0;
  life->bride_count = 0;
  for (uint32_t i = 0; i < life->alive_count; i++) {
    uint32_t p = life->alive[i];
    const Person *person = &life->world->persons[p];
    if (person->gone) continue;
    uint32_t age = age_at(person, year);
    bool single = person->spouse == NOBODY && person->children == 0;
    if (happens(life, mortality(age, year))) {
      die(life, p);
      continue;
    }
    uint32_t leaving = !single || age < 20 || age > 34 ? 0 : year < 1985 ? 800 : person->sex == FEMALE ? 6500 : 1600;
    if (happens(life, leaving)) {
      world_move(life->world, p, NOBODY);
      continue;
    }
    if (single && person->sex == FEMALE && age >= 18 && age <= 36) life->brides[life->bride_count++] = p;
    life->alive[kept++] = p;
  }
  life->alive_count = kept;
}

static void marry(Life *life, uint32_t man) {
  World *world = life->world;
  uint32_t year = year_of(life), wife = NOBODY;
  for (int tries = 0; tries < 6 && wife == NOBODY && life->bride_count; tries++) {
    uint32_t p = life->brides[rng_below(&life->rng, life->bride_count)];
    const Person *w = &world->persons[p], *m = &world->persons[man];
    uint32_t older = w->birth / 10000 + 4;
    if (w->spouse == NOBODY && w->lineage != m->lineage && older >= m->birth / 10000 && older <= m->birth / 10000 + 14)
      wife = p;
  }
  bool from_outside = wife == NOBODY;
  if (from_outside && !rng_chance(&life->rng, 55000)) return;
  if (from_outside) wife = bride_from_outside(life, year, world->persons[man].birth);
  world->persons[man].spouse = wife;
  world->persons[wife].spouse = man;
  if (!from_outside && rng_chance(&life->rng, 7000)) /* he moves in with her parents, usual among the Yao */
    world_move(world, man, world->persons[wife].home);
  else
    world_move(world, wife, world->persons[man].home);
}

static void marriages(Life *life) {
  uint32_t year = year_of(life), count = life->alive_count;
  for (uint32_t i = 0; i < count; i++) {
    const Person *man = &life->world->persons[life->alive[i]];
    uint32_t age = age_at(man, year);
    if (man->sex != MALE || man->spouse != NOBODY || man->children || man->gone || age < 20 || age > 42) continue;
    if (happens(life, age < 30 ? 19000 : 7000)) marry(life, life->alive[i]);
  }
}

static uint32_t fertility(const Person *mother, uint32_t year) {
  static const uint32_t BY_CHILDREN[3][4] = {
      {40000, 30000, 24000, 14000}, {42000, 24000, 8000, 1500}, {34000, 17000, 3000, 600}};
  uint32_t era = year < 1978 ? 0 : year < 2000 ? 1 : 2;
  return BY_CHILDREN[era][mother->children < 3 ? mother->children : 3];
}

static void bear(Life *life, uint32_t mother, uint32_t birth) {
  World *world = life->world;
  uint32_t father = world->persons[mother].spouse;
  uint32_t child = add_person(life, rng_chance(&life->rng, 52500) ? MALE : FEMALE, birth,
                              world->persons[father].lineage, (uint8_t)(world->persons[father].generation + 1));
  world->persons[child].father = father;
  world->persons[child].mother = mother;
  world->persons[child].elder = world->persons[mother].last_child;
  world->persons[mother].last_child = world->persons[father].last_child = child;
  world->persons[mother].children++;
  world->persons[father].children++;
  world_move(world, child, world->persons[mother].home);
}

static void births(Life *life) {
  uint32_t year = year_of(life), count = life->alive_count;
  for (uint32_t i = 0; i < count; i++) {
    const Person *woman = &life->world->persons[life->alive[i]];
    uint32_t age = age_at(woman, year);
    if (woman->sex != FEMALE || woman->spouse == NOBODY || woman->gone || age < 18 || age > 43) continue;
    if (!happens(life, fertility(woman, year))) continue;
    uint32_t month = (life->month - 1) % 12 + 1 - rng_below(&life->rng, life->step);
    uint32_t birth = year * 10000 + month * 100 + rng_between(&life->rng, 1, 28);
    bear(life, life->alive[i], birth);
    if (rng_chance(&life->rng, 1100)) bear(life, life->alive[i], birth); /* twins */
  }
}

/* A married son, daughter, brother or sister with spouse and children gets a household of their own. */
static void divide(Life *life, uint32_t h, uint32_t child) {
  World *world = life->world;
  uint32_t spouse = world->persons[child].spouse;
  uint32_t divided = world_add_household(world, world->households[h].village, life->month, h);
  world->households[divided].group = world->households[h].group;
  for (uint32_t m = world->households[h].first, next; m != NOBODY; m = next) {
    next = world->persons[m].next;
    const Person *p = &world->persons[m];
    if (m == child || m == spouse || p->father == child || p->mother == child) world_move(world, m, divided);
  }
  world->households[divided].head = world->persons[child].sex == MALE ? child : spouse;
}

static uint32_t someone_to_divide(const Life *life, uint32_t h) {
  const World *world = life->world;
  uint32_t found = NOBODY;
  for (uint32_t m = world->households[h].first; m != NOBODY; m = world->persons[m].next) {
    const Person *p = &world->persons[m];
    if (m == world->households[h].head || p->spouse == NOBODY || p->spouse == world->households[h].head) continue;
    if (world->persons[p->spouse].home != h) continue;
    bool kin_here = (p->father != NOBODY && world->persons[p->father].home == h) ||
                    (p->mother != NOBODY && world->persons[p->mother].home == h) ||
                    (p->father != NOBODY && p->father == world->persons[world->households[h].head].father);
    if (kin_here && p->children) found = m;
  }
  return found;
}

static uint32_t home_of_a_child(const Life *life, uint32_t parent) {
  const World *world = life->world;
  for (uint32_t c = world->persons[parent].last_child; c != NOBODY; c = world->persons[c].elder)
    if (world->persons[c].home != NOBODY && world->persons[c].home != world->persons[parent].home)
      return world->persons[c].home;
  return NOBODY;
}

static void household_step(Life *life, uint32_t h) {
  World *world = life->world;
  Household *home = &world->households[h];
  if (home->first == NOBODY) return;
  if (home->head == NOBODY) world_choose_head(world, h);
  uint32_t size = 0, year = year_of(life);
  for (uint32_t m = home->first; m != NOBODY; m = world->persons[m].next) size++;
  if (happens(life, 120)) { /* all of them leave */
    while (world->households[h].first != NOBODY) world_move(world, world->households[h].first, NOBODY);
    return;
  }
  uint32_t old_age = age_at(&world->persons[home->head], year);
  if (size == 1 && old_age >= 72 && happens(life, 5000)) {
    uint32_t to = home_of_a_child(life, home->head);
    if (to == NOBODY) return;
    world_move(world, home->first, to);
    world->households[h].into = to;
    return;
  }
  if (size >= 4) {
    uint32_t child = someone_to_divide(life, h);
    if (child != NOBODY && happens(life, size > 6 ? 26000 : size > 5 ? 3500 : 600)) divide(life, h, child);
  }
  if (old_age >= 66 && happens(life, 4000)) world_choose_head(world, h);
}

static void remember(Life *life, When when) {
  World *world = life->world;
  Snapshot *at = &world->at[when];
  at->persons = world->person_count;
  at->households = world->household_count;
  at->home = arena_array(world->arena, at->persons, uint32_t);
  at->head = arena_array(world->arena, at->households, uint32_t);
  at->size = arena_array(world->arena, at->households, uint32_t);
  for (uint32_t p = 0; p < at->persons; p++) {
    at->home[p] = world->persons[p].home;
    if (at->home[p] != NOBODY) at->size[at->home[p]]++;
  }
  for (uint32_t h = 0; h < at->households; h++) at->head[h] = world->households[h].head;
}

/* Names and numbers, for those who were there when the first list was made. */
static void give_papers(World *world) {
  Rng rng = rng_new(world->seed, 3, 0);
  for (uint32_t p = 0; p < world->person_count; p++) {
    Person *person = &world->persons[p];
    bool seen =
        person->home != NOBODY || (p < world->at[WHEN_2017_12].persons && world->at[WHEN_2017_12].home[p] != NOBODY);
    for (int w = 1; w < WHEN_COUNT && !seen; w++) seen = p < world->at[w].persons && world->at[w].home[p] != NOBODY;
    if (!seen) continue;
    const Person *sibling = person->elder == NOBODY ? NULL : &world->persons[person->elder];
    if (sibling && sibling->id[0] == '\0') sibling = NULL; /* died early */
    uint32_t town = world->villages[world->lineages[person->lineage].village].town_index;
    bool together =
        sibling && (sibling->birth == person->birth || rng_chance(&rng, person->birth < 19950000 ? 40000 : 8000));
    number_person(world, &rng, person, together ? sibling : NULL, town);
    do name_person(world, &rng, person);
    while (sibling && strcmp(sibling->name, person->name) == 0);
  }
}

void world_live(World *world, uint32_t households) {
  Life life = {.world = world, .rng = rng_new(world->seed, 2, 0)};
  settle_founders(&life, households / 3 + 40);
  uint32_t next = 0;
  while (next < WHEN_COUNT) {
    life.step = life.month < QUARTERS_FROM ? 12 : 3;
    life.month += life.step;
    pass_of_time(&life);
    marriages(&life);
    births(&life);
    for (uint32_t h = 0, count = world->household_count; h < count; h++) household_step(&life, h);
    for (uint32_t h = 0; h < world->household_count; h++)
      if (world->households[h].head == NOBODY && world->households[h].first != NOBODY) world_choose_head(world, h);
    if (life.month == SNAPSHOT_MONTH[next]) remember(&life, (When)next++);
  }
  give_papers(world);
}
