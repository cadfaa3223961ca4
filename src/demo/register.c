/* Which households are in the register: exactly so many, with exactly so many members. */
#include "demo/world.h"
#include <stdlib.h>

enum { SIZES = 24 };
typedef struct Pool { /* households by size */
  uint32_t *of[SIZES], count[SIZES];
} Pool;

static void pool_add(Pool *pool, uint32_t size, uint32_t h) { pool->of[size][pool->count[size]++] = h; }

static uint32_t pool_take(Pool *pool, Rng *rng, uint32_t size) {
  uint32_t at = rng_below(rng, pool->count[size]), h = pool->of[size][at];
  pool->of[size][at] = pool->of[size][--pool->count[size]];
  return h;
}

/* One exchange of a chosen household against one that is `more` persons larger (or smaller). */
static bool exchange(Pool *chosen, Pool *others, Rng *rng, int more) {
  uint32_t start = rng_below(rng, SIZES);
  for (uint32_t i = 0; i < SIZES; i++) {
    int size = (int)((start + i) % SIZES), other = size + more;
    if (other < 1 || other >= SIZES || !chosen->count[size] || !others->count[other]) continue;
    uint32_t out = pool_take(chosen, rng, (uint32_t)size), in = pool_take(others, rng, (uint32_t)other);
    pool_add(others, (uint32_t)size, out);
    pool_add(chosen, (uint32_t)other, in);
    return true;
  }
  return false;
}

static bool balance(Pool *chosen, Pool *others, Rng *rng, int64_t missing) {
  while (missing != 0) {
    int direction = missing > 0 ? 1 : -1;
    int64_t left = missing * direction;
    int step = 1;
    while (step <= 8 && step <= left && !exchange(chosen, others, rng, step * direction)) step++;
    if (step <= 8 && step <= left) {
      missing -= step * direction;
      continue;
    }
    /* only larger steps are possible: overshoot, come back by the other side */
    for (step = (int)left + 1; step <= 8 && !exchange(chosen, others, rng, step * direction);) step++;
    if (step > 8) return false;
    missing -= step * direction;
  }
  return true;
}

/* 户编号: given out town by town in 2014, late-comers at the end. The register is in that order. */
static int by_code(const void *a, const void *b, void *context) {
  const World *world = context;
  const Household *x = &world->households[*(const uint32_t *)a], *y = &world->households[*(const uint32_t *)b];
  if (x->code != y->code) return x->code < y->code ? -1 : 1;
  if (x->village != y->village) return x->village < y->village ? -1 : 1;
  if (x->group != y->group) return x->group < y->group ? -1 : 1;
  return (x->founded > y->founded) - (x->founded < y->founded) ?: (x > y) - (x < y);
}

static void number_all(World *world, Rng *rng) {
  for (uint32_t i = 0; i < world->registered_count; i++) {
    Household *h = &world->households[world->registered[i]];
    h->code = h->founded >= (2016 - 1930) * 12 || rng_chance(rng, 4000); /* late */
  }
  qsort_r(world->registered, world->registered_count, sizeof(uint32_t), by_code, world);
  const Snapshot *at = &world->at[WHEN_REGISTER];
  Members members = members_at(world, at, world->arena);
  uint32_t persons = 0, households = 0, code = 2000 + rng_below(rng, 9);
  for (uint32_t i = 0; i < world->registered_count; i++) {
    uint32_t household = world->registered[i];
    Household *h = &world->households[household];
    h->number = households++;
    h->code = code += rng_skewed(rng, 9) + 1;
    h->registered = true;
    world->persons[at->head[household]].number = persons++;
    for (uint32_t m = members.start[household]; m < members.start[household + 1]; m++)
      if (members.person[m] != at->head[household]) world->persons[members.person[m]].number = persons++;
  }
  world->registered_persons = persons;
  for (uint32_t h = 0; h < world->household_count; h++)
    if (world->households[h].number == NOBODY) world->households[h].number = households++;
  for (uint32_t p = 0; p < world->person_count; p++)
    if (world->persons[p].number == NOBODY) world->persons[p].number = persons++;
}

bool world_register(World *world, uint32_t households, uint32_t persons) {
  const Snapshot *at = &world->at[WHEN_REGISTER];
  Rng rng = rng_new(world->seed, 4, 0);
  uint32_t *all = arena_array(world->arena, at->households, uint32_t), count = 0;
  for (uint32_t h = 0; h < at->households; h++)
    if (at->size[h] > 0 && at->size[h] < SIZES) all[count++] = h;
  if (count < households) return false;
  for (uint32_t i = count; i > 1; i--) {
    uint32_t j = rng_below(&rng, i), swap = all[i - 1];
    all[i - 1] = all[j];
    all[j] = swap;
  }
  Pool chosen = {0}, others = {0};
  for (int s = 0; s < SIZES; s++) {
    chosen.of[s] = arena_array(world->arena, count, uint32_t);
    others.of[s] = arena_array(world->arena, count, uint32_t);
  }
  int64_t missing = persons;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t size = at->size[all[i]];
    pool_add(i < households ? &chosen : &others, size, all[i]);
    if (i < households) missing -= size;
  }
  if (!balance(&chosen, &others, &rng, missing)) return false;
  world->registered = arena_array(world->arena, households, uint32_t);
  for (int s = 0; s < SIZES; s++)
    for (uint32_t i = 0; i < chosen.count[s]; i++) world->registered[world->registered_count++] = chosen.of[s][i];
  number_all(world, &rng);
  return true;
}
