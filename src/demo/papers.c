/* Identity numbers of region 450399: birth date, the police station's sequence, check digit. */
#include "demo/world.h"
#include "identity/identity.h"

/* True if (birth, sequence) was free and is now taken. */
static bool take(World *world, uint64_t key) {
  if (world->number_count * 2 >= world->number_capacity) {
    uint64_t *old = world->number_set;
    uint32_t old_capacity = world->number_capacity;
    world->number_capacity = old_capacity ? old_capacity * 2 : 1u << 14;
    world->number_set = arena_array(world->arena, world->number_capacity, uint64_t);
    world->number_count = 0;
    for (uint32_t i = 0; i < old_capacity; i++)
      if (old[i]) take(world, old[i]);
  }
  uint32_t mask = world->number_capacity - 1;
  uint32_t slot = (uint32_t)((key * 0x9e3779b97f4a7c15u) >> 33) & mask;
  for (; world->number_set[slot]; slot = (slot + 1) & mask)
    if (world->number_set[slot] == key) return false;
  world->number_set[slot] = key;
  world->number_count++;
  return true;
}

/* Odd sequences are men. A station numbers its own block; siblings numbered together are neighbours. */
void number_person(World *world, Rng *rng, Person *person, const Person *near, uint32_t town) {
  uint32_t sequence;
  if (near) {
    sequence =
        (uint32_t)(near->id[14] - '0') * 100 + (uint32_t)(near->id[15] - '0') * 10 + (uint32_t)(near->id[16] - '0');
    sequence += rng_between(rng, 0, 2);
  } else {
    sequence = town % 12 * 16 + rng_below(rng, 20) + 1;
  }
  if (sequence % 2 != person->sex % 2u) sequence++;
  while (!take(world, (uint64_t)person->birth * 1000 + sequence % 1000)) sequence += 2;
  sequence %= 1000;
  char *id = person->id;
  memcpy(id, "450399", 6);
  uint32_t birth = person->birth;
  for (int i = 13; i >= 6; i--, birth /= 10) id[i] = (char)('0' + birth % 10);
  for (int i = 16; i >= 14; i--, sequence /= 10) id[i] = (char)('0' + sequence % 10);
  id[17] = id_check_digit(id);
  id[18] = '\0';
}
