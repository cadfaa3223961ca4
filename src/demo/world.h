/* demo, inside: the true population and its history. Others include demo.h only. */
#pragma once
#include "demo/demo.h"

#define NOBODY UINT32_MAX /* no person, no household */

/* ---- chance: splitmix64; a stream of its own for every purpose ---- */
typedef struct Rng {
  uint64_t state;
} Rng;
Rng rng_new(uint64_t seed, uint64_t purpose, uint64_t index);
uint64_t rng_next(Rng *rng);
uint32_t rng_below(Rng *rng, uint32_t n);  /* 0 <= x < n; 0 for n = 0 */
uint32_t rng_skewed(Rng *rng, uint32_t n); /* early ones more often */
bool rng_chance(Rng *rng, uint64_t per_100000);
uint32_t rng_between(Rng *rng, uint32_t low, uint32_t high); /* both possible */

/* ---- what a department saw was the state at one of these dates ---- */
typedef enum When {
  WHEN_2017_12,
  WHEN_2019_06,
  WHEN_2019_09,
  WHEN_REGISTER /* 2019-12 */,
  WHEN_2020_03,
  WHEN_COUNT
} When;

typedef enum Mode { MODE_RENOVATED, MODE_SELF_BUILT, MODE_RELOCATED, MODE_RENTED, MODE_OTHER, MODE_COUNT } Mode;

typedef struct Person {
  char id[19];   /* true number */
  char name[26]; /* UTF-8, up to 4 characters and a double surname */
  uint8_t sex;   /* 1 male, 2 female */
  uint8_t generation, children;
  bool gone;      /* dead or left the county */
  uint32_t birth; /* YYYYMMDD */
  uint32_t father, mother, spouse;
  uint32_t last_child, elder;                /* children are chained from the youngest; there are no second marriages */
  uint32_t home, next;                       /* household now; next member of it */
  uint32_t lineage;                          /* surname of a village */
  uint32_t number;                           /* P number in truth.csv */
  uint8_t disability_kind, disability_grade; /* 0 none */
} Person;

typedef struct Household {
  uint32_t village, group;
  uint32_t head, first; /* members are chained by Person.next */
  uint32_t from, into;  /* divided from, merged into; NOBODY */
  uint32_t founded;     /* month since 1930-01 */
  uint32_t number;      /* H number in truth.csv */
  uint32_t code;        /* in 户编号 */
  bool registered;
  uint8_t mode, grade_before, grade_now, structure, welfare /* 0, or 1..3 for A..C */, site; /* grades 'A'..'D' */
  uint16_t built, renovated, relocated, out_of_poverty;                                      /* years, 0 none */
  uint16_t area;
  char phone[12];
} Household;

typedef struct Village {
  Str town, name;  /* 花坪村 */
  Str former_town; /* 和平乡; "" */
  Str former;      /* before it was renamed or merged; "" */
  uint32_t town_index, weight, first_lineage, lineage_count;
} Village;

typedef struct Lineage { /* one surname in one village, with the generation characters its sons share */
  uint32_t village, surname;
  uint32_t poem[10];
} Lineage;

typedef struct Snapshot {
  uint32_t persons, households; /* that existed then */
  uint32_t *home, *head, *size;
} Snapshot;

typedef struct World {
  Arena *arena;
  uint64_t seed;
  Village *villages;
  uint32_t village_count;
  Str towns[64];
  uint32_t town_count;
  Lineage *lineages;
  uint32_t lineage_count;
  Person *persons;
  uint32_t person_count, person_capacity;
  Household *households;
  uint32_t household_count, household_capacity;
  Snapshot at[WHEN_COUNT];
  uint32_t *registered; /* households in the order of the register */
  uint32_t registered_count, registered_persons;
  uint64_t *number_set; /* (birth, sequence) already given */
  uint32_t number_capacity, number_count;
} World;

/* places.c */
MUST_CHECK Status world_read_places(Context *cx, World *world, Str csv);
/* names.c */
void name_person(World *world, Rng *rng, Person *person);
/* papers.c: the identity number; `near` (may be NULL) is a sibling numbered on the same day */
void number_person(World *world, Rng *rng, Person *person, const Person *near, uint32_t town);
/* life.c: lives until 2020-03 with about `households` households at the register's date */
void world_live(World *world, uint32_t households);
/* household.c */
uint32_t world_add_person(World *world);
uint32_t world_add_household(World *world, uint32_t village, uint32_t month, uint32_t from);
void world_move(World *world, uint32_t person, uint32_t household); /* NOBODY: out of the county */
uint32_t world_choose_head(World *world, uint32_t household);
uint32_t snapshot_size(const World *world, When when, uint32_t household);
uint32_t household_now(const World *world, uint32_t household); /* follows mergers */
/* Members at a date, by household: start[h] .. start[h + 1] in `person`. */
typedef struct Members {
  uint32_t *start, *person;
} Members;
Members members_at(const World *world, const Snapshot *at, Arena *arena);
/* register.c: exactly that many households and persons; false if the population does not allow it */
bool world_register(World *world, uint32_t households, uint32_t persons);
/* housing.c */
void world_house(World *world);
static inline uint32_t age_at(const Person *person, uint32_t year) { return year - person->birth / 10000; }
