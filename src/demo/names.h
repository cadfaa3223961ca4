/* demo, inside: the characters of names and how they get confused (names_data.c). */
#pragma once
#include "demo/world.h"

extern const char *const SURNAMES[]; /* local ones first */
extern const uint32_t SURNAME_COUNT;
extern const char *const GENERATION_CHARACTERS; /* 56 */
extern const char *const GIVEN[2][4];           /* [sex - 1][era]: until 1959, 1984, 2003, later; commoner ones first */
extern const char *const NEW_NAMES[2];          /* two-character names of recent years, separated by blanks */
extern const char *const RARE_CHARACTERS;
extern const char *const HOMOPHONES; /* groups separated by blanks */
extern const char *const LOOKALIKES; /* groups separated by blanks */
extern const char *const VARIANTS;   /* pairs: usual and traditional or variant form */

/* Another character of the same group, 0 if `rune` is in none. */
uint32_t confuse(Rng *rng, const char *groups, uint32_t rune);
