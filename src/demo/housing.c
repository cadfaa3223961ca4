/* Where every household lives and what keeps it safe; who is disabled or on welfare; telephones. */
#include "demo/world.h"

typedef struct Share {
  uint8_t value;
  uint32_t parts; /* of 100 */
} Share;

static const Share MODES[] = {
    {MODE_SELF_BUILT, 57}, {MODE_RENOVATED, 23}, {MODE_RELOCATED, 14}, {MODE_RENTED, 5}, {MODE_OTHER, 1}};
static const Share STRUCTURES[] = {
    {0, 55}, {1, 22}, {2, 15}, {3, 6}, {4, 2}}; /* wood, brick and concrete, brick and wood, earth, concrete */
static const Share DISABILITIES[] = {{4, 48}, {1, 14}, {2, 13}, {6, 11}, {5, 8}, {3, 2}, {7, 4}};
static const Share GRADES[] = {{2, 38}, {3, 28}, {1, 18}, {4, 16}};

static uint8_t pick(Rng *rng, const Share *shares, size_t count) {
  uint32_t x = rng_below(rng, 100);
  for (size_t i = 0; i + 1 < count; i++) {
    if (x < shares[i].parts) return shares[i].value;
    x -= shares[i].parts;
  }
  return shares[count - 1].value;
}

static void house(Rng *rng, Household *h) {
  h->mode = pick(rng, MODES, COUNT_OF(MODES));
  h->structure = pick(rng, STRUCTURES, COUNT_OF(STRUCTURES));
  h->built = (uint16_t)rng_between(rng, 1965, 2015);
  h->area = (uint16_t)rng_between(rng, 40, 150);
  h->grade_before = h->grade_now = rng_chance(rng, 35000) ? 'A' : 'B';
  h->site = (uint8_t)rng_below(rng, 6);
  switch (h->mode) {
    case MODE_RENOVATED: /* few are left for the last year */
      h->renovated = (uint16_t)(rng_chance(rng, 3000) ? 2020 : rng_between(rng, 2014, 2019));
      h->grade_before = rng_chance(rng, 55000) ? 'C' : 'D';
      h->grade_now = rng_chance(rng, 70000) ? 'A' : 'B';
      h->area = (uint16_t)rng_between(rng, 30, 110);
      break;
    case MODE_RELOCATED:
      h->relocated = (uint16_t)rng_between(rng, 2016, 2018);
      h->grade_before = rng_chance(rng, 60000) ? 'D' : 'C';
      break;
    case MODE_RENTED:
      h->grade_before = rng_chance(rng, 50000) ? 'D' : 'C';
      break;
    default:
      break;
  }
  h->out_of_poverty = (uint16_t)(rng_chance(rng, 25000) ? 2019 : rng_between(rng, 2014, 2019));
  h->welfare = rng_chance(rng, 22000) ? (uint8_t)rng_between(rng, 1, 3) : 0;
  h->phone[0] = '1';
  static const char SECOND[] = "3578999";
  h->phone[1] = SECOND[rng_below(rng, 7)];
  for (int i = 2; i < 11; i++) h->phone[i] = (char)('0' + rng_below(rng, 10));
}

void world_house(World *world) {
  for (uint32_t i = 0; i < world->household_count; i++) {
    Household *h = &world->households[i];
    Rng rng = rng_new(world->seed, 5, i);
    house(&rng, h);
    /* a household that divided lately still lives in what it was given before */
    if (h->from == NOBODY || h->founded < (2017 - 1930) * 12 || rng_chance(&rng, 30000)) continue;
    const Household *old = &world->households[h->from];
    h->mode = old->mode, h->renovated = old->renovated, h->relocated = old->relocated, h->site = old->site;
    h->structure = old->structure, h->built = old->built, h->area = old->area;
    h->grade_before = old->grade_before, h->grade_now = old->grade_now, h->welfare = old->welfare;
  }
  for (uint32_t p = 0; p < world->person_count; p++) {
    Rng rng = rng_new(world->seed, 6, p);
    uint32_t age = age_at(&world->persons[p], 2019);
    if (!rng_chance(&rng, age < 18 ? 2200 : age < 60 ? 5500 : 10500)) continue;
    world->persons[p].disability_kind = pick(&rng, DISABILITIES, COUNT_OF(DISABILITIES));
    world->persons[p].disability_grade = pick(&rng, GRADES, COUNT_OF(GRADES));
  }
}
