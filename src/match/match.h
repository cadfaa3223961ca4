/* match: is this record that person? The record-linkage engine. Pure: no I/O, no clock, no
 * floating point in results, no stdio. May include: base, identity. Bit-identical results for
 * any number of threads and any order of candidate generation.
 *
 * This header: linking the rows of several lists of one county into persons and households.
 * `match_table.h` (same engine): linking or de-duplicating any two tables by a field spec. */
#pragma once
#include "base/base.h"
#include "identity/identity.h"

#define MATCH_VERSION "1.0.0"
#define MATCH_NONE UINT32_MAX

/* One data row. Strings must outlive the run. Empty = not given. */
typedef struct MatchRecord {
  uint32_t list;  /* source index */
  uint32_t group; /* rows of one list with the same group are one household (its own household number); MATCH_NONE = not
                     known */
  Str household_no; /* household number; comparable across lists when lists carry it (register, feedback) */
  Str name, id, sex, birth, relation, phone; /* raw */
  Str town, village;                         /* codes (9 / 12 digits) as resolved by the caller */
  Str place_text;                            /* raw village or address, for villages not in the table */
  int32_t member_count;                      /* 0 = not given */
  bool head;                                 /* this row names the householder */
  bool household_row;                        /* the list has one row per household */
} MatchRecord;

typedef struct MatchConstraint {
  uint32_t left, right;
  bool link;
} MatchConstraint; /* a person's decision on two records */

typedef struct MatchSource {
  Str name;
  bool person_unique; /* one row per person expected */
  bool household_unique;
} MatchSource;

typedef struct MatchInput {
  const MatchRecord *records;
  uint32_t record_count;
  const MatchSource *sources;
  uint32_t source_count;
  uint32_t hub; /* the list whose households and persons are the reference (register); MATCH_NONE = none */
  const MatchConstraint *constraints;
  uint32_t constraint_count;
  const struct MatchModel *model; /* NULL = shipped weights */
  uint32_t threads;               /* 0 = 1, at most 16; the result is the same for any number */
} MatchInput;

typedef enum MatchField {
  MATCH_ID,
  MATCH_NAME,
  MATCH_BIRTH,
  MATCH_SEX,
  MATCH_RELATION,
  MATCH_PLACE,
  MATCH_HOUSEHOLD,
  MATCH_PHONE,
  MATCH_FIELD_COUNT
} MatchField;

typedef enum MatchVerdict {
  MATCH_AUTO,      /* linked by the engine */
  MATCH_DECIDED,   /* linked by a constraint */
  MATCH_REVIEW,    /* a person must say: likely, but below the threshold or the margin */
  MATCH_VETO,      /* same valid ID, incompatible names: never linked automatically */
  MATCH_DUPLICATE, /* same list, same person; of doubtful ones: MATCH_REVIEW, and the two share a person until told */
} MatchVerdict;

typedef struct MatchPair {
  uint32_t left, right; /* left < right, record indexes */
  int32_t bits;         /* total weight, milli-bits (1000 = 1 bit) */
  int32_t margin;       /* to the runner-up of either end, milli-bits */
  uint8_t verdict;      /* MatchVerdict */
  uint8_t level[MATCH_FIELD_COUNT];
  int16_t field_bits[MATCH_FIELD_COUNT]; /* milli-bits; with `prior` they add up to bits */
  int32_t prior;
} MatchPair;

typedef enum MatchEventKind { MATCH_EVENT_SPLIT, MATCH_EVENT_MERGED, MATCH_EVENT_HEAD_CHANGED } MatchEventKind;
typedef struct MatchEvent {
  MatchEventKind kind;
  uint32_t list;
  uint32_t household, other_household;
  uint32_t record, other_record;
} MatchEvent;

typedef enum MatchState { STATE_AUTO, STATE_DECIDED, STATE_REVIEW, STATE_ALONE } MatchState;

typedef struct MatchResult {
  uint32_t *person;    /* per record: dense person index, never MATCH_NONE */
  uint32_t *household; /* per record: dense household index, never MATCH_NONE */
  uint8_t *state;      /* per record: MatchState. REVIEW records carry the best candidate's ids; both ends are REVIEW */
  /* A REVIEW pair whose records have different persons proposes the household only (its number fits): the row that
   * borrows the household is REVIEW, the hub's row is not touched. */
  int32_t *bits;     /* per record: milli-bits of its strongest accepted (or reviewed) link; 0 if alone */
  uint32_t *partner; /* per record: the record at the other end of that link, MATCH_NONE if alone */
  uint32_t person_count, household_count;
  MatchPair *pairs; /* evidence kept: every review, veto, duplicate, and the spanning links of each person; ordered by
                       (left, right) */
  uint32_t pair_count;
  MatchEvent *events;
  uint32_t event_count;
  uint64_t compared;         /* candidate pairs scored */
  uint32_t truncated_blocks; /* oversized blocks that were cut (each logged in notes) */
  Str *notes;
  uint32_t note_count;
} MatchResult;

/* Never fails on content; time is O(n log n) in records for any input. Result in cx->arena. */
MUST_CHECK Status match_run(Context *cx, const MatchInput *input, MatchResult *ret_result);
/* Scores one pair as match_run would (for explanations and for pairs a person asks about). Costs a run: keep the pairs
 * of a result where many are shown. */
MatchPair match_score(Context *cx, const MatchInput *input, uint32_t left, uint32_t right);
/* Chinese words for a level: "校验位可修复一位", "同音字", "形近字", "完全一致" ... */
const char *match_level_text(MatchField field, uint8_t level);
const char *match_field_text(MatchField field);
