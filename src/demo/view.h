/* demo, inside: what the departments know (views.c, views_household.c), what goes wrong in their
 * lists (damage.c) and the files (write.c). */
#pragma once
#include "demo/world.h"

typedef enum Field {
  F_NONE,
  F_SERIAL,
  F_CODE,
  F_TOWN,
  F_VILLAGE,
  F_GROUP,
  F_NAME,
  F_ID,
  F_RELATION,
  F_SEX,
  F_SIZE,
  F_PHONE,
  F_OUT_YEAR,
  F_KIND,
  F_SETTLEMENT,
  F_SITE,
  F_MOVED_IN,
  F_GRADE,
  F_RENOVATED,
  F_WAY,
  F_AREA,
  F_WELFARE_NO,
  F_WELFARE,
  F_DISABILITY,
  F_ADDRESS,
  F_STRUCTURE,
  F_BUILT,
  F_REPORT,
  F_APPRAISER,
  F_APPRAISED,
  F_MODE,
  F_REMARK,
  F_COUNT
} Field;

/* What is wrong with a row; the names in errors.csv are in write.c. */
typedef enum Class {
  /* damage */
  C_ID_TYPO,
  C_ID_TRANSPOSED,
  C_ID_MISSING,
  C_ID_15,
  C_ID_SHORT,
  C_ID_ROUNDED,
  C_ID_COPIED,
  C_ID_FORMAT,
  C_NAME_HOMOPHONE,
  C_NAME_SHAPE,
  C_NAME_LOST,
  C_NAME_DROPPED,
  C_NAME_VARIANT,
  C_NAME_BLANK,
  C_VILLAGE_RENAMED,
  C_VILLAGE_FORM,
  C_TOWN_RENAMED,
  C_CODE_SHORT,
  C_PHONE_FORMAT,
  C_DUPLICATE,
  /* time and other sources */
  C_HEAD_DIFFERS,
  C_SIZE_DIFFERS,
  C_STATUS_DIFFERS,
  C_DIVIDED,
  C_MERGED,
  C_NOT_IN_REGISTER,
  C_COUNT
} Class;

typedef struct Row {
  Str text[F_COUNT];
  uint32_t household, person; /* truth, indexes into World */
  uint32_t classes;           /* bits */
} Row;

typedef struct List {
  DemoList kind;
  Arena *arena;
  uint32_t error_percent;
  Row *rows;
  uint32_t count, capacity;
} List;

void list_new(List *list, DemoList kind, uint32_t error_percent, Arena *arena, uint32_t capacity);
/* Adds a row about `person` of `household` with place, name and number as they truly are. */
Row *list_add(const World *world, List *list, uint32_t household, uint32_t person);

/* The view of one department, true to what it knew at its date; rows in the order of the file. */
void view_register(const World *world, List *list);
void view_civil(const World *world, List *list);
void view_disabled(const World *world, List *list);
void view_relocated(const World *world, List *list);
void view_renovated(const World *world, List *list);
void view_appraised(const World *world, List *list);
void view_feedback(const World *world, List *list); /* also town_feedback: the office's list or the towns' */
/* Households in the order of a department's file: by town and village, its own order within. */
uint32_t *households_by_place(const World *world, List *list, bool registered, uint32_t *ret_count);

void damage_list(const World *world, List *list);
/* What truth.csv and errors.csv will hold. */
typedef struct Ledger {
  Buf truth, errors;
  int64_t error_count;
} Ledger;
MUST_CHECK Status write_list(Context *cx, const World *world, const char *folder, const List *list, Ledger *ledger,
                             uint32_t *ret_files);
MUST_CHECK Status write_bytes(Context *cx, const char *folder, Str name, Str bytes);
