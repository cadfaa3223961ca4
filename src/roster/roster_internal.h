/* Private to roster/: what its files share. */
#pragma once
#include "base/file.h"
#include "match/match.h"
#include "roster/catalogue.h"
#include "roster/decode.h"
#include "roster/roster.h"

MUST_CHECK Status roster_catalogue(Context *cx, Journal *journal, Catalogue **ret_catalogue);

ApplyFunction roster_apply_import, roster_apply_run, roster_apply_decision, roster_apply_undo, roster_apply_lock,
    roster_apply_removal;

/* Sealed columns: aad as journal.h defines it. */
Str roster_seal(Arena *arena, Journal *journal, const char *prefix, Str key, Str text);
MUST_CHECK Status roster_unseal(Context *cx, Journal *journal, const char *prefix, Str key, Str sealed, Str *ret_text);
Str hash_id(Arena *arena, Str bytes, size_t hex_digits);

/* Lines of a stored NDJSON file; each call has an arena of its own. */
typedef Status LineVisitor(Context *cx, void *user, int64_t number, Str line);
MUST_CHECK Status roster_each_line(Context *cx, Str text, LineVisitor *visit, void *user);
MUST_CHECK Status roster_stored_file(Context *cx, Journal *journal, const Json *body, const char *key, Str *ret_bytes);

/* Raise it with every change of what differences are found, proposed or said: a county compared by an older program is
 * then compared anew instead of being taken for tampered with. */
enum { DIFFERENCE_RULES = 2 };

/* ---- facts: the current rows of all lists, as the comparison sees them ---- */
typedef struct FactFile {
  Str id, name, sender;
  uint32_t list, first, rows; /* first: where its rows are put while loading */
  int64_t seq;
} FactFile;
typedef struct Fact {
  Str key, origin;
  uint32_t file, number;
  uint16_t list;
  bool head, household_row;
  Str sheet;
  Str hh_no, name, id, relation, sex, birth, phone, village_text, address, town_text; /* as given, trimmed */
  Str size_text, mode_text, grade_text;
  Str town, village;              /* codes, "" unknown */
  Str mode, grade, relation_code; /* codes, "" unknown */
  int32_t size;                   /* declared household size, 0 not given */
  uint8_t place_how;
  uint32_t group; /* dense per list: rows of one household, MATCH_NONE unknown */
} Fact;
typedef struct Facts {
  Catalogue *catalogue;
  FactFile *files;
  uint32_t file_count;
  Fact *facts;
  uint32_t count;
  Str inputs;       /* fingerprint of lists, decisions, engine */
  uint32_t *by_key; /* facts in the order of their keys */
} Facts;
MUST_CHECK Status facts_load(Context *cx, Journal *journal, Facts *ret_facts);
uint32_t facts_find(const Facts *facts, Str key); /* MATCH_NONE when there is no such row */
MUST_CHECK Status facts_inputs(Context *cx, Journal *journal, Str *ret_inputs);
Str fact_identity(Arena *arena,
                  const Fact *fact); /* hash of what a link decision rests on: name, number, household number */

MUST_CHECK Status facts_one(Context *cx, Journal *journal, Catalogue *catalogue, Str key,
                            Fact *ret_fact); /* one current row, group unknown */

/* As roster_differences, without values, reasons and the files' names: for counting. */
MUST_CHECK Status roster_difference_states(Context *cx, Journal *journal, Difference **ret_differences,
                                           size_t *ret_count);
/* Last active action per difference. */
MUST_CHECK Status roster_decision_states(Context *cx, Journal *journal, StrMap *ret_index, Str **ret_actions);
MUST_CHECK Status roster_apply_import_undo(Context *cx, Journal *journal, Str file, const Entry *undo);

/* ---- files ---- */
typedef struct FileNames { /* of all files that ever came, by entry */
  StrMap index;
  Str *names;
} FileNames;
MUST_CHECK Status file_names_load(Context *cx, Journal *journal, FileNames *ret_names);
Str file_name(const FileNames *names, Str id); /* "" when there is no such file */
typedef struct CurrentFile {
  Str id, list, name, raw_file, rows_file, sender;
  int64_t rows;
} CurrentFile;
/* list "" = all, in the order in which they came. */
MUST_CHECK Status current_files_load(Context *cx, Journal *journal, Str list, CurrentFile **ret_files,
                                     uint32_t *ret_count);

/* ---- what a comparison yields ---- */
typedef struct LinkRow {
  Str person, household, partner; /* partner: row key */
  uint8_t state;
  int32_t bits;
} LinkRow;
typedef struct Found { /* a difference before it is stored */
  uint32_t class_index;
  uint32_t left, right; /* lists of the pair it belongs to */
  bool person_unit;
  uint32_t row, other;       /* facts, MATCH_NONE none */
  uint32_t list, other_list; /* lists, NO_INDEX none */
  uint32_t subject;          /* fact: whose value is in question (the anchor of its person or household) */
  const char *field;
  Str value, other_value, proposed, reason, owner, evidence;
  uint32_t household_of; /* fact whose household and town it counts for */
} Found;
typedef struct FoundList {
  Found *items;
  uint32_t count, capacity;
} FoundList;
/* anchor[i]: fact that stands for i's person; household_anchor[i]: for its household (hub first, then lowest). */
typedef struct Clusters {
  const uint32_t *person, *household; /* per fact, from the engine */
  const uint8_t *state;
  uint32_t *person_anchor, *household_anchor; /* per fact */
  uint32_t *household_first, *household_next; /* members of a household as a chain of facts */
  uint32_t *person_first, *person_next;
} Clusters;
MUST_CHECK Status differences_find(Context *cx, const Facts *facts, const MatchResult *match, const Clusters *clusters,
                                   FoundList *ret_found);

/* ---- who sees what (scope.c): the one filter between services and callers ---- */
bool scope_sees_list(const Scope *scope, const List *list);
bool scope_sees_file(const Scope *scope, const List *list, Str sender);
bool scope_sees_difference(const Scope *scope, const Catalogue *catalogue, const Difference *difference);
bool scope_decides_difference(const Scope *scope, const Catalogue *catalogue, const Difference *difference);
/* town: of the household; lists: bit mask of the lists it stands in. */
bool scope_sees_household(const Scope *scope, const Catalogue *catalogue, Str town, uint32_t lists);
bool scope_sees_pair(const Scope *scope, const Catalogue *catalogue, Str left, Str right, Str town);

/* ---- differences, a page at a time (difference_page.c) ---- */
typedef struct DifferenceFilter {
  Str class_code, list, left, right, town, household, owner, text;
  Str state; /* todo (open and returned) | open | returned | decided | all */
  int64_t offset, limit;
} DifferenceFilter;
MUST_CHECK Status roster_difference_page(Context *cx, Journal *journal, const Catalogue *catalogue, const Scope *scope,
                                         const DifferenceFilter *filter, Difference **ret_differences,
                                         size_t *ret_count, int64_t *ret_total);
/* NOT_FOUND also for what the scope does not see. The id must be whole. */
MUST_CHECK Status roster_difference_one(Context *cx, Journal *journal, const Catalogue *catalogue, const Scope *scope,
                                        Str id, Difference *ret_difference);
/* Content, files and last decision of one that roster_difference_states gave. */
MUST_CHECK Status roster_difference_fill(Context *cx, Journal *journal, const FileNames *names, Difference *difference);
MUST_CHECK Status roster_difference_read(Context *cx, Journal *journal, DbQuery *q, bool content_too, Difference *d);
MUST_CHECK Status roster_row_place(Context *cx, Journal *journal, const FileNames *names, Str key, Str *ret_file,
                                   Str *ret_sheet, int64_t *ret_row);
bool text_matches(Arena *arena, Str value, Str text); /* numbers only whole: searching must not spell them out */

/* ---- the agreed register (register.c), kept between requests (snapshot.c) ---- */
typedef struct AgreedBase
    AgreedBase; /* rows, links, households: changed by imports, comparisons and undoing, not by decisions */
MUST_CHECK Status agreed_base(Context *cx, Journal *journal, AgreedBase **ret_base);
/* The rows' texts may lie in the base's memory. */
MUST_CHECK Status agreed_rows(Context *cx, Journal *journal, const AgreedBase *base, AgreedRow **ret_rows,
                              size_t *ret_count);
typedef struct Register {
  Arena *arena;
  Str folder;
  int64_t mark; /* last entry that it depends on */
  int references;
  AgreedRow *rows;
  size_t count;
  Str *initials;   /* of the names */
  uint32_t *lists; /* of the row's household: bit mask */
  Catalogue *catalogue;
  struct Foundation *foundation; /* what its texts lie in */
} Register;
MUST_CHECK Status register_open(Context *cx, Journal *journal, Register **ret_register); /* shared, read-only */
void register_close(Register **roster);                                                  /* for CLEANUP */
