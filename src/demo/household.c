/* Chance, and the small operations on persons and households. */
#include "demo/world.h"

uint64_t rng_next(Rng *rng) {
  uint64_t z = (rng->state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

Rng rng_new(uint64_t seed, uint64_t purpose, uint64_t index) {
  Rng rng = {seed};
  rng.state = rng_next(&rng) ^ purpose * 0xd1342543de82ef95u;
  rng.state = rng_next(&rng) ^ index * 0xaf251af3b0f025b5u;
  rng_next(&rng);
  return rng;
}

uint32_t rng_below(Rng *rng, uint32_t n) { return n ? (uint32_t)(((rng_next(rng) >> 32) * n) >> 32) : 0; }

uint32_t rng_skewed(Rng *rng, uint32_t n) {
  uint32_t a = rng_below(rng, n), b = rng_below(rng, n);
  return a < b ? a : b;
}

bool rng_chance(Rng *rng, uint64_t per_100000) { return rng_below(rng, 100000) < per_100000; }

uint32_t rng_between(Rng *rng, uint32_t low, uint32_t high) { return low + rng_below(rng, high - low + 1); }

uint32_t world_add_person(World *world) {
  if (world->person_count == world->person_capacity) {
    uint32_t wider = world->person_capacity ? world->person_capacity * 2 : 1024;
    world->persons =
        arena_grow(world->arena, world->persons, world->person_capacity * sizeof(Person), wider * sizeof(Person));
    world->person_capacity = wider;
  }
  uint32_t person = world->person_count++;
  world->persons[person] = (Person){.father = NOBODY,
                                    .mother = NOBODY,
                                    .spouse = NOBODY,
                                    .home = NOBODY,
                                    .next = NOBODY,
                                    .last_child = NOBODY,
                                    .elder = NOBODY,
                                    .number = NOBODY};
  return person;
}

uint32_t world_add_household(World *world, uint32_t village, uint32_t month, uint32_t from) {
  if (world->household_count == world->household_capacity) {
    uint32_t wider = world->household_capacity ? world->household_capacity * 2 : 1024;
    world->households = arena_grow(world->arena, world->households, world->household_capacity * sizeof(Household),
                                   wider * sizeof(Household));
    world->household_capacity = wider;
  }
  uint32_t household = world->household_count++;
  world->households[household] = (Household){.village = village,
                                             .head = NOBODY,
                                             .first = NOBODY,
                                             .from = from,
                                             .into = NOBODY,
                                             .founded = month,
                                             .number = NOBODY};
  return household;
}

static void leave_home(World *world, uint32_t person) {
  Person *p = &world->persons[person];
  if (p->home == NOBODY) return;
  Household *home = &world->households[p->home];
  uint32_t *link = &home->first;
  while (*link != person) link = &world->persons[*link].next;
  *link = p->next;
  p->next = NOBODY;
  p->home = NOBODY;
  if (home->head == person) home->head = NOBODY;
}

void world_move(World *world, uint32_t person, uint32_t household) {
  leave_home(world, person);
  if (household == NOBODY) {
    world->persons[person].gone = true;
    return;
  }
  uint32_t *link = &world->households[household].first; /* at the end: in order of arrival */
  while (*link != NOBODY) link = &world->persons[*link].next;
  *link = person;
  world->persons[person].home = household;
}

/* The widow or widower if not old, else the eldest grown man, else anybody grown, else the eldest. */
uint32_t world_choose_head(World *world, uint32_t household) {
  uint32_t best = NOBODY;
  uint64_t best_rank = 0;
  for (uint32_t m = world->households[household].first; m != NOBODY; m = world->persons[m].next) {
    const Person *p = &world->persons[m];
    uint32_t year = p->birth / 10000;
    uint64_t rank = 30000 - year; /* older first */
    bool grown = year <= 2000, old = year < 1950;
    if (grown) rank += 1000000;
    if (grown && !old) rank += 400000;
    if (grown && p->sex == 1) rank += 200000;
    if (grown && p->spouse != NOBODY) rank += 100000;
    if (rank > best_rank) best_rank = rank, best = m;
  }
  return world->households[household].head = best;
}

uint32_t snapshot_size(const World *world, When when, uint32_t household) {
  return household < world->at[when].households ? world->at[when].size[household] : 0;
}

Members members_at(const World *world, const Snapshot *at, Arena *arena) {
  Members members = {arena_array(arena, world->household_count + 2, uint32_t),
                     arena_array(arena, at->persons, uint32_t)};
  for (uint32_t p = 0; p < at->persons; p++)
    if (at->home[p] != NOBODY) members.start[at->home[p] + 2]++;
  for (uint32_t h = 0; h < world->household_count; h++) members.start[h + 2] += members.start[h + 1];
  for (uint32_t p = 0; p < at->persons; p++)
    if (at->home[p] != NOBODY) members.person[members.start[at->home[p] + 1]++] = p;
  return members;
}

uint32_t household_now(const World *world, uint32_t household) {
  while (world->households[household].into != NOBODY) household = world->households[household].into;
  return household;
}
