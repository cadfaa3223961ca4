/* match_model: comparison levels and their weights. A model is plain integers (milli-bits), so that
 * it can be shipped, estimated (later: EM), stored in an entry and compared byte for byte. */
#pragma once
#include "match/match.h"

typedef enum IdLevel {
  ID_LEVEL_NONE,           /* nothing to compare */
  ID_LEVEL_EQUAL,          /* both valid and equal */
  ID_LEVEL_SAME_TEXT,      /* both damaged in the same way */
  ID_LEVEL_TYPO,           /* one wrong digit */
  ID_LEVEL_TRANSPOSED,     /* two neighbours swapped */
  ID_LEVEL_LENGTH,         /* one digit lost or added */
  ID_LEVEL_FIRST15,        /* rounded by a spreadsheet: the first 15 agree */
  ID_LEVEL_TWO_EDITS,      /* two slips */
  ID_LEVEL_THREE_EDITS,    /* each side has slips of its own */
  ID_LEVEL_DISPUTED,       /* different, but one row bears a number that is another person's */
  ID_LEVEL_HOUSEMATE,      /* one row bears the number of another member of the other's household */
  ID_LEVEL_DIFFER_NEAR,    /* both valid, two digits apart: a sibling, or another person */
  ID_LEVEL_DIFFER,         /* both valid and different */
  ID_LEVEL_DIFFER_DAMAGED, /* one of them damaged, and not by a small slip */
  ID_LEVEL_COUNT
} IdLevel;

typedef enum NameLevel {
  NAME_LEVEL_NONE,
  NAME_LEVEL_EXACT,
  NAME_LEVEL_VARIANT,     /* traditional or variant characters, blanks */
  NAME_LEVEL_SOUND_SHAPE, /* every differing character sounds or looks alike */
  NAME_LEVEL_SOUND,
  NAME_LEVEL_SHAPE,
  NAME_LEVEL_FUZZY,
  NAME_LEVEL_WILDCARD, /* a lost character fits */
  NAME_LEVEL_SWAPPED,
  NAME_LEVEL_DROPPED,       /* one character lost */
  NAME_LEVEL_DROPPED_ALIKE, /* one character lost, another one only alike */
  NAME_LEVEL_ONE_OTHER,     /* one character quite different: a slip, or a brother */
  NAME_LEVEL_DIFFER,
  NAME_LEVEL_COUNT
} NameLevel;

typedef enum BirthLevel {
  BIRTH_LEVEL_NONE,
  BIRTH_LEVEL_IN_ID, /* the ID number already speaks for it */
  BIRTH_LEVEL_EQUAL,
  BIRTH_LEVEL_ONE_DIGIT,
  BIRTH_LEVEL_SWAPPED, /* day and month */
  BIRTH_LEVEL_YEAR_NEAR,
  BIRTH_LEVEL_YEAR, /* only the year is given, and agrees */
  BIRTH_LEVEL_DIFFER,
  BIRTH_LEVEL_COUNT
} BirthLevel;

typedef enum SexLevel { SEX_LEVEL_NONE, SEX_LEVEL_SAME, SEX_LEVEL_DIFFER, SEX_LEVEL_IN_ID, SEX_LEVEL_COUNT } SexLevel;

typedef enum RelationLevel {
  RELATION_LEVEL_NONE,
  RELATION_LEVEL_BOTH_HEAD,
  RELATION_LEVEL_ONE_HEAD,
  RELATION_LEVEL_SAME,
  RELATION_LEVEL_DIFFER,
  RELATION_LEVEL_COUNT
} RelationLevel;

typedef enum PlaceLevel {
  PLACE_LEVEL_NONE,
  PLACE_LEVEL_VILLAGE,
  PLACE_LEVEL_ALIAS, /* a name that rows with equal ID numbers place in this village */
  PLACE_LEVEL_TEXT,
  PLACE_LEVEL_TEXT_PART, /* 新大柳村 / 大柳村 */
  PLACE_LEVEL_TOWN,      /* same town, a village unknown */
  PLACE_LEVEL_VILLAGE_DIFFERS,
  PLACE_LEVEL_TOWN_DIFFERS,
  PLACE_LEVEL_COUNT
} PlaceLevel;

typedef enum HouseholdLevel {
  HOUSEHOLD_LEVEL_NONE,
  HOUSEHOLD_LEVEL_NUMBER,
  HOUSEHOLD_LEVEL_NUMBER_NEAR, /* one digit apart, or two swapped */
  HOUSEHOLD_LEVEL_MEMBERS,     /* other members of both households are linked */
  HOUSEHOLD_LEVEL_SIZE,        /* only the number of members agrees */
  HOUSEHOLD_LEVEL_SIZE_DIFFERS,
  HOUSEHOLD_LEVEL_NUMBER_DIFFERS,
  HOUSEHOLD_LEVEL_COUNT
} HouseholdLevel;

typedef enum PhoneLevel { PHONE_LEVEL_NONE, PHONE_LEVEL_SAME, PHONE_LEVEL_DIFFER, PHONE_LEVEL_COUNT } PhoneLevel;

typedef struct MatchModel {
  int16_t id[ID_LEVEL_COUNT], birth[BIRTH_LEVEL_COUNT], sex[SEX_LEVEL_COUNT], relation[RELATION_LEVEL_COUNT],
      place[PLACE_LEVEL_COUNT], household[HOUSEHOLD_LEVEL_COUNT], phone[PHONE_LEVEL_COUNT];
  int16_t rune[RUNE_WILDCARD + 1]; /* a character that is not the same; the same one counts by its rarity */
  int16_t name_variant, name_swapped, name_dropped, name_surname_dropped; /* added to what the characters say */
  int16_t name_one_other_limit, name_differ_limit, name_floor, name_limit;
  int32_t automatic, margin, review; /* thresholds */
  int32_t elimination_limit;         /* bound of what elimination says */
  int32_t certain_limit;             /* bound of the log-odds that a row is in the other list at all */
} MatchModel;

extern const MatchModel MATCH_SHIPPED;
