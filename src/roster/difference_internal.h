/* Private to the difference files: one walk over facts and clusters. */
#pragma once
#include "roster/roster_internal.h"

typedef struct NameUse NameUse;
typedef struct Renames Renames;

typedef struct Differ {
  Context *cx;
  const Facts *facts;
  const Catalogue *catalogue;
  const MatchResult *match;
  const Clusters *clusters;
  FoundList *found;
  uint32_t hub;
  uint32_t received;           /* bit mask: lists that have files */
  uint32_t *household_lists;   /* per household: bit mask of lists with a row in it */
  uint8_t *hub_veto;           /* per fact: the hub has a row with the same number and another name */
  uint8_t *in_review;          /* per fact: 1 = in a pair that a person must judge */
  uint32_t *household_place;   /* per household: a hub fact with the place most hub rows give; MATCH_NONE */
  uint32_t *household_persons; /* per household: distinct persons among hub rows */
  StrMap hub_numbers;          /* household numbers of the hub, folded */
  IdNumber *ids;               /* per fact */
  NameUse *name_use;           /* these two are made when first asked for */
  Renames *renames;
} Differ;

Found *differ_add(Differ *d, const char *class_code, uint32_t left, uint32_t right, uint32_t row, uint32_t other,
                  const char *field);
const List *fact_list(const Differ *d, uint32_t fact);
Str differ_take(Differ *d, uint32_t list);                        /* "take:LIST" */
uint32_t differ_anchor(const Differ *d, uint32_t fact);           /* of the fact's person */
uint32_t differ_household_anchor(const Differ *d, uint32_t fact); /* of the fact's household */

uint32_t differ_id_support(const Differ *d, uint32_t fact);        /* lists of its person that give its number */
void differ_identity(Differ *d, uint32_t hub_fact, uint32_t fact); /* name and number of two rows of one person */
void differ_own(Differ *d, uint32_t fact);                         /* a row against itself */
void differ_household(Differ *d, uint32_t household);              /* places, sizes, modes, coverage */
