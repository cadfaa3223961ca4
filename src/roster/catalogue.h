/* catalogue: the campaign as data, loaded once: lists (kinds), columns and their header variants,
 * value vocabularies, difference classes, places. Private to roster/. Everything lives in the
 * arena given to catalogue_load and is read-only afterwards. */
#pragma once
#include "base/base.h"
#include "identity/identity.h"

enum { COLUMN_LIMIT = 96, LIST_LIMIT = 16, CLASS_LIMIT = 32 };
#define NO_INDEX UINT32_MAX

/* Columns that the comparison itself reads; every other column is only carried along. */
/* clang-format off */
#define ROSTER_COLUMNS(X) \
  X(SEQ, "seq") X(TOWN, "town") X(VILLAGE, "village") X(ADDRESS, "address") X(HAMLET, "hamlet") \
  X(HH_NO, "hh_no") X(NAME, "name") X(HEAD_NAME, "head_name") X(ID_NO, "id_no") X(HEAD_ID, "head_id") \
  X(DISABILITY_NO, "disability_no") X(RELATION, "relation") X(SEX, "sex") X(BIRTH, "birth") X(SIZE, "size") \
  X(PHONE, "phone") X(MODE, "mode") X(GRADE, "grade") X(MOVED_IN, "moved_in") X(ANJU_ROW, "anju_row") \
  X(ANJU_PROBLEM, "anju_problem") X(ANJU_ADVICE, "anju_advice")
/* clang-format on */
typedef enum KnownColumn {
#define X(name, code) COL_##name,
  ROSTER_COLUMNS(X)
#undef X
      KNOWN_COLUMNS
} KnownColumn;

typedef enum Content { /* what a column holds; decides how guesses and flags are made */
                       CONTENT_ANY,
                       CONTENT_ID,
                       CONTENT_NAME,
                       CONTENT_TOWN,
                       CONTENT_VILLAGE,
                       CONTENT_ADDRESS,
                       CONTENT_RELATION,
                       CONTENT_SEX,
                       CONTENT_DATE,
                       CONTENT_PHONE,
                       CONTENT_GRADE,
                       CONTENT_MODE,
                       CONTENT_YESNO,
                       CONTENT_KINDS
} Content;

typedef struct Column {
  Str code, title;
  Content content;
} Column;

typedef enum Covers { COVERS_NOTHING, COVERS_ALL, COVERS_TOWNS_RECEIVED } Covers;
enum {
  COMPARES_NAME = 1,
  COMPARES_ID = 2,
  COMPARES_VILLAGE = 4,
  COMPARES_SIZE = 8,
  COMPARES_HEAD = 16,
  COMPARES_MODE = 32,
  COMPARES_GRADE = 64
};

typedef struct Signal {
  uint32_t column; /* NO_INDEX: a word instead */
  Str word;
  int weight;
} Signal;

typedef struct List {
  Str code, title, owner;
  bool person_unit;   /* one row per person; else one row per household */
  bool hub;           /* the register, the reference of the comparison */
  bool in_hub;        /* every row must be in the hub */
  bool upper_level;   /* what the city, region or ministry believes */
  Covers covers;      /* which hub households must be in this list */
  uint32_t unless_in; /* bit mask of lists: a household there need not be here */
  Str implies_mode;   /* being in this list says this `mode` */
  int single_town;    /* bonus when all rows are of one township */
  uint32_t compares;  /* COMPARES_ bits */
  Signal *signals;
  uint32_t signal_count;
} List;

typedef struct DifferenceClass {
  Str code, title, owner; /* owner "list": whoever owns the list that differs */
} DifferenceClass;

typedef struct Catalogue {
  Str folder;
  Json *campaign;
  Column columns[COLUMN_LIMIT];
  uint32_t column_count;
  uint32_t known[KNOWN_COLUMNS];
  StrMap column_codes; /* code -> column */
  StrMap variants;     /* normalised header -> column */
  Str others[64];      /* words in headers that speak of other people or places (监护, 帮扶, 安置) */
  uint32_t other_count;
  List lists[LIST_LIMIT];
  uint32_t list_count, hub;
  DifferenceClass classes[CLASS_LIMIT];
  uint32_t class_count;
  StrMap values; /* "mode:改造安全" (normalised) -> index into value_codes */
  StrMap titles; /* "mode:renovated" -> index into value_titles */
  Str value_codes[512], value_titles[128];
  uint32_t value_count, title_count;
  StrMap roles; /* role code -> index into role_titles */
  Str role_titles[32];
  uint32_t authority_grade; /* list index or NO_INDEX */
  uint32_t mode_lists;      /* bit mask */
  uint32_t mode_conflict[8][2];
  uint32_t mode_conflict_count;
  PlaceTable *places;
  int64_t expected_households, expected_persons;
} Catalogue;

/* folder: a campaign folder (DIR/campaign). Fails BAD_FILE naming file and key. */
MUST_CHECK Status catalogue_load(Context *cx, const char *folder, Catalogue **ret_catalogue);
uint32_t catalogue_list(const Catalogue *catalogue, Str code);   /* NO_INDEX if unknown */
uint32_t catalogue_column(const Catalogue *catalogue, Str code); /* by code, NO_INDEX if unknown */
uint32_t catalogue_class(const Catalogue *catalogue, Str code);
/* A header as people write it, reduced: no blanks, brackets, punctuation, numbering; half width. */
Str header_normalise(Arena *arena, Str header);
uint32_t catalogue_header(const Catalogue *catalogue, Arena *scratch, Str header); /* column or NO_INDEX */
/* Code of a value in a vocabulary ("mode", "grade", "sex", "relation", "yesno"); "" when unknown. */
Str catalogue_value(const Catalogue *catalogue, Arena *scratch, const char *vocabulary, Str text);
Str catalogue_title(const Catalogue *catalogue, const char *vocabulary, Str code); /* the code itself if none */
Str catalogue_role(const Catalogue *catalogue, Str code);
/* Full width to half width, blanks out. What values and row keys are compared by. */
Str text_fold(Arena *arena, Str text);
