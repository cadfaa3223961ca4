/* demo: the lists of a made county, for trying the program out and for measuring the comparison.
 * Owns: a population that lives forward in time (births, marriages in and out, divided and merged
 * households, deaths, changed heads, people who leave), the departments' independent views of it,
 * the damage that clerks, input methods and exports do, and the files. May include: base,
 * identity (check digits only), sheet (writing only). Integers only: the same options give the same
 * bytes on every machine.
 *
 * Every person is invented; identity numbers carry region 450399, which was never assigned; the
 * places are the campaign's real ones.
 *
 * Files: register.xlsx, relocated.xlsx, renovated.csv (GB18030), appraised.xlsx, civil.csv (UTF-8
 * with BOM), disabled.xlsx, feedback.csv, town_feedback_TOWN.csv|.xlsx (one list in as many files
 * as there are towns), truth.csv (list,row,household,person,file; row is what a person sees in the
 * file) and errors.csv (list,row,class,file). In truth.csv a person belongs to the household they are registered in
 * (if none: the one they lived in when the list was made); a row about a household carries the household that
 * followed it when it was merged since, and the person named in the row; a repeated row is the same
 * person again, in the household where it stands.
 *
 * What it does not do:
 * - no damage to the first six digits of a number (a test holds it to region 450399), so typing
 *   errors there are never met; at most two digits of one number are wrong at once;
 * - no divorces, adoptions, remarriages, wrong birth dates or sexes in the person's own papers,
 *   nobody with two official numbers; 22-character reissued certificates do not occur;
 * - nobody moves between villages but by marriage; town boundaries do not move; former village
 *   names are made up (新X村, X大队, and a few merged villages whose name says nothing);
 * - confusable characters come from this room's own small tables (some hundred characters), so rarer
 *   confusions are not met; names are of the local kinds only, no names with ·;
 * - error rates are guesses of the order seen in practice, not measurements. */
#pragma once
#include "base/base.h"

typedef enum DemoList {
  DEMO_REGISTER,
  DEMO_RELOCATED,
  DEMO_RENOVATED,
  DEMO_APPRAISED,
  DEMO_CIVIL,
  DEMO_DISABLED,
  DEMO_FEEDBACK,
  DEMO_TOWN_FEEDBACK,
  DEMO_LIST_COUNT
} DemoList;

enum { DEMO_HOUSEHOLDS = 11502, DEMO_PERSONS = 45148, DEMO_HOUSEHOLDS_LIMIT = 200000 };

typedef struct DemoOptions {
  Str places_csv;     /* code12,name,town_code9,town (campaign places.csv) */
  int64_t households; /* in the register; 0: DEMO_HOUSEHOLDS */
  uint64_t seed;
  uint32_t error_percent; /* multiplies every rate of damage: 100 as usual, 0 none, at most 1000. What time does
                             (changed heads, merged households) stays */
} DemoOptions;

typedef struct DemoSummary {
  int64_t households, persons; /* in the register, without repeated rows */
  int64_t rows, errors;        /* of all lists */
  int64_t rows_of[DEMO_LIST_COUNT];
  uint32_t files;
} DemoSummary;

/* Writes the files into `out_folder`, made if need be (its parent must exist); files of the same names
 * are replaced, others stay.
 * Fails BAD_USAGE (options), BAD_FILE (places), and what file.h and sheet.h
 * say of writing. */
MUST_CHECK Status demo_write(Context *cx, const char *out_folder, const DemoOptions *options, DemoSummary *ret_summary);
const char *demo_list_name(DemoList list); /* "register" ... */
