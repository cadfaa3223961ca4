/* identity: identity numbers (GB 11643), Chinese names, divisions and places. Pure: no I/O, no
 * clock, no stdio, compiled to WebAssembly as well. May include: base. */
#pragma once
#include "base/base.h"

/* ---- identity numbers ---- */
typedef enum IdState {
  ID_NONE,    /* empty, or a word such as 无 */
  ID_VALID,   /* 18 characters, real birth date, check digit right */
  ID_INVALID, /* 18 characters, but check digit or date wrong */
  ID_PREFIX,  /* only leading digits are certain: rounded by a spreadsheet (see `certain`) */
  ID_SHORT,   /* some other length: characters dropped or added */
  ID_DUMMY,   /* 999999...: a place-holder for people without a number */
} IdState;

enum IdFlag { /* what normalising met; the raw value stays with the caller */
              ID_WAS_FULLWIDTH = 1,
              ID_WAS_LOWER_X = 2,
              ID_HAD_BLANKS = 4,
              ID_WAS_15 = 8,
              ID_WAS_CERTIFICATE = 16 /* 20: disability certificate */,
              ID_WAS_REISSUED = 32 /* 22 */,
              ID_HAD_DECIMAL = 64 /* ".0" */,
              ID_WAS_SCIENTIFIC = 128,
              ID_WAS_ZEROED = 256 /* trailing 000 */,
              ID_HAD_QUOTE = 512,
              ID_BAD_CHECK = 1024,
              ID_BAD_DATE = 2048,
              ID_HAD_WORDS = 4096 /* 450399...（注销）: one valid number among words */,
};

typedef struct IdNumber {
  IdState state;
  uint16_t flags;
  uint8_t certain; /* leading characters that can be trusted: 18, 17 (15-digit origin keeps 18 computed), 15, 6, 0 */
  uint8_t sex;     /* GB/T 2261.1: 1 male, 2 female, 0 unknown; from the 17th digit */
  uint8_t disability_kind, disability_grade; /* from a 20-character certificate, else 0 */
  uint32_t birth;                            /* YYYYMMDD, 0 unknown or unreal */
  /* 17 digits * 11 + check value (X = 10) of any 17 digits with a digit or X behind, also of ID_INVALID and
   * zeroed ones (judge by `state` before joining on it); 0 otherwise, and for scientific notation. */
  uint64_t packed;
  uint8_t size;
  char text[24]; /* normalised: upper-case X, no blanks; 15 digits already turned into 18; the 18 of a certificate */
} IdNumber;

/* Normalises and judges one raw value (full width, NBSP, quotes, .0, E+17, 15, 18, 20, 22 characters).
 * A number that went through a spreadsheet's number format (trailing 000, or ".0" with a wrong check digit) is
 * ID_PREFIX with 15 certain characters; scientific notation leaves 15, 6 or none. Birth and sex are also read from
 * numbers whose check digit is wrong. */
IdNumber id_read(Str raw);
bool id_check(Str eighteen); /* GB 11643: shape, date and check digit */
char id_check_digit(const char seventeen[17]);
/* Candidates that one substitution, adjacent transposition, or (ID_SHORT) one insertion or deletion
 * could have come from and that are ID_VALID, born 1900 to 2025; for a 15-digit origin (ID_WAS_15) errors in the typed
 * digits. None for ID_VALID, ID_PREFIX, ID_DUMMY, ID_NONE. Packed values, ascending, no repeats. Returns the count (<=
 * max; 256 is always enough). */
size_t id_repairs(const IdNumber *id, uint64_t *ret_candidates, size_t max);
Str id_unpack(uint64_t packed, char out[19]);
Str id_mask(Arena *arena, Str id); /* 450399********0423 */
bool date_valid(uint32_t yyyymmdd);

/* ---- names ---- */
enum NameFlag {
  NAME_HAD_BLANKS = 1,
  NAME_WAS_FOLDED = 2 /* traditional or variant characters */,
  NAME_HAS_WILDCARD = 4 /* ? * □ for a lost character */,
  NAME_HAS_LATIN = 8,
  NAME_IS_EMPTY = 16,
  NAME_HAD_NOTE = 32 /* 张三（已故） */
};
enum { NAME_LIMIT = 24 }; /* characters kept */
typedef struct Name {
  uint8_t size;         /* characters */
  uint8_t surname_size; /* 1, or 2 for 欧阳 ... */
  uint16_t flags;
  uint32_t rune[NAME_LIMIT];     /* folded: simplified, variants unified; wildcard = '?' */
  uint32_t raw_rune[NAME_LIMIT]; /* before folding (龍 where rune has 龙), same positions */
  uint16_t sound[NAME_LIMIT];    /* toneless pinyin id of the most usual reading (surname readings first), 0 unknown */
} Name;
Name name_read(Str raw);
Str name_text(Arena *arena, const Name *name);     /* folded name as UTF-8 */
Str name_initials(Arena *arena, const Name *name); /* "zs" for 张三, for search */
Str pinyin_text(uint16_t sound);                   /* "zhang"; "" for 0 */

/* How two characters relate, strongest first (measured bits in design: matching §2). */
typedef enum RuneRelation {
  RUNE_SAME,
  RUNE_VARIANT /* 龍/龙 */,
  RUNE_SOUND_SHAPE,
  RUNE_SOUND /* same toneless pinyin (any common reading) */,
  RUNE_SHAPE /* Cangjie distance <= 1, the same four corners, or corners 1 and Cangjie <= 2 apart (han.c says why) */,
  RUNE_FUZZY_SOUND /* zh/z, n/l, in/ing ... */,
  RUNE_OTHER,
  RUNE_WILDCARD
} RuneRelation;
RuneRelation rune_relation(uint32_t a, uint32_t b);
/* Looser than RUNE_SHAPE (样/祥, 先/光): two of four corners and most of the Cangjie code agree. One pair of common
 * characters in thirty does, so it only supports what other evidence says. */
bool rune_resembles(uint32_t a, uint32_t b);
uint32_t rune_fold(uint32_t rune); /* traditional and variant forms to the usual simplified one */

/* ---- places: towns and villages with aliases; a table made from campaign data ---- */
typedef struct PlaceTable PlaceTable;
typedef struct Place {
  Str town_code /* 9 digits, "" unknown */, village_code /* 12 digits, "" unknown */;
  Str town, village; /* official names */
  uint8_t how;       /* PlaceHow */
} Place;
typedef enum PlaceHow {
  PLACE_UNKNOWN,
  PLACE_TOWN_ONLY /* village not in the table */,
  PLACE_EXACT /* official name or another way to write its suffix: 花坪村, 花坪村委, 花坪村民委员会 */,
  PLACE_ALIAS /* dated alias of town or village, or no suffix at all: 花坪 */,
  PLACE_AMBIGUOUS /* 地灵村 without a town */
} PlaceHow;
/* csv: code12,name,town_code9,town (campaign places.csv); aliases: JSON array of
 * {"town":"龙脊镇","name":"和平乡","kind":"town"|"village","code":...,"until":"2014"}; may be NULL. */
MUST_CHECK Status place_table_new(Context *cx, Str csv, const Json *aliases, PlaceTable **ret_table);
/* Any of the three may be empty; `address` is free text such as 三门镇花坪村3组; 9- and 12-digit codes are
 * understood. The town's cell goes first: a village of another town is PLACE_TOWN_ONLY. The address gives the village
 * only where the village's cell is empty. Uses no memory but the stack; many threads may share a table. */
Place place_find(const PlaceTable *table, Str town, Str village, Str address);
/* The name people write: 大柳村 for 大柳村委会, 城南社区 for 城南社区居委会; a slice of `village`-like text or itself.
 */
Str place_short(Str village);
/* Town of a 9-digit code, NULL if unknown; iteration for reports. */
size_t place_towns(const PlaceTable *table, const Str **ret_codes, const Str **ret_names);
