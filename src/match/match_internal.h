/* match_internal: what the files of this room share. The engine works on rows: the input's records in
 * an order that depends on their content only, so that results do not depend on the order of rows. */
#pragma once
#include "match/match_model.h"

enum { DAMAGED_NONE = 0, TEXT_SIZE = 20 };

enum RowFlag {
  ROW_HEAD = 1,
  ROW_NOT_HEAD = 2, /* the list says who is head, and it is somebody else */
  ROW_HOUSEHOLD = 4,
  ROW_ID_FROM_15 = 8,   /* the check digit was computed, not read */
  ROW_ID_DISPUTED = 64, /* a row of the hub has this number and quite another name */
  ROW_ID_ZEROED = 32,   /* valid, yet ends in 000: perhaps rounded */
  ROW_ALIAS = 16,       /* village learnt from rows with the same ID numbers */
};

typedef struct Row {
  uint64_t id;                    /* packed, when valid */
  uint64_t household_no;          /* hash, 0 none */
  uint64_t phone;                 /* hash, 0 none */
  uint64_t linked;                /* lists in which a row with the same valid ID and a compatible name exists */
  uint32_t name;                  /* index of names */
  uint32_t place;                 /* index of place texts, 0 none */
  uint32_t town, village;         /* dense, 0 unknown */
  uint32_t group;                 /* dense over all lists, MATCH_NONE */
  uint32_t birth, birth_declared; /* YYYYMMDD; declared may be YYYY0000 */
  uint32_t damaged;               /* index of damaged ID texts, 0 none */
  uint32_t relation;              /* dense, 0 none */
  uint32_t list;
  int32_t member_count;
  int16_t clan; /* how much more frequent the surname is in this village than in the county, milli-bits */
  uint8_t certain, sex, flags;
} Row;

static inline uint32_t row_role(const Row *row) { return row->flags & (ROW_HEAD | ROW_NOT_HEAD); } /* 0, 1 or 2 */

typedef struct DamagedId {
  char text[TEXT_SIZE];
  uint8_t size, certain;
} DamagedId;

typedef struct NameEntry {
  uint32_t at;  /* first character in runes and sounds */
  uint32_t key; /* same for names equal after folding */
  uint8_t size, surname_size;
  uint16_t flags;
  int16_t bits; /* rarity of the whole name */
} NameEntry;

/* uint64 -> uint32, open addressing, for at most the number of keys announced */
typedef struct Table {
  uint64_t *keys;
  uint32_t *values;
  uint64_t mask;
} Table;
Table table_new(Arena *arena, uint64_t most_keys);
uint32_t *table_at(Table *table, uint64_t key);       /* inserts 0 */
uint32_t table_get(const Table *table, uint64_t key); /* 0 when absent */

typedef enum EdgeKind {
  EDGE_FREE,      /* may be automatic when weight and margin suffice */
  EDGE_CAPPED,    /* at most for review, whatever the weight */
  EDGE_VETO,      /* same valid ID, incompatible names */
  EDGE_DUPLICATE, /* same list, same person */
  EDGE_DOUBTFUL,  /* same list, perhaps the same person */
  EDGE_BRIDGED,   /* a veto that other spellings explain */
} EdgeKind;

typedef struct Edge { /* a scored pair worth keeping; rows, left < right */
  uint32_t left, right;
  int32_t bits;
  uint8_t kind;
  bool same_id; /* same valid ID and names close enough to speak for a third spelling */
} Edge;

typedef struct Engine {
  Context *cx;
  Arena *scratch; /* dies with the run */
  const MatchInput *input;
  const MatchModel *model;
  uint32_t count, list_count, name_count, place_count, group_count;
  uint32_t *record; /* row -> record */
  uint32_t *row;    /* record -> row */
  Row *rows;
  NameEntry *names;
  uint32_t *runes;
  int16_t *rune_bits; /* rarity of each character, beside runes */
  uint16_t *sounds;
  DamagedId *damaged;
  Str *places;                       /* normalised texts */
  int16_t *village_bits, *town_bits; /* rarity */
  uint32_t *village_town, village_count, town_count;
  uint32_t *list_size;
  int32_t *elimination;               /* list x role of the hub's row */
  int32_t *prior;                     /* list x list */
  uint32_t *group_start, *group_rows; /* rows by group; in group_count + 1 starts */
  Table member_links;                 /* (group, group) -> number of linked members */
  uint64_t *member_pairs;             /* sorted (row, row) of the links counted there */
  uint32_t member_pair_count;
  struct RowBrief *brief; /* while candidates are chosen */
  uint64_t *by_id;        /* sorted packed IDs with rows beside */
  uint32_t *by_id_row, by_id_count;
  uint64_t compared;
  uint32_t truncated, copied_ids, copied_most;
  Str *notes;
  uint32_t note_count, note_capacity;
} Engine;

void engine_note(Engine *e, Str note);

/* parallel.c: calls task(context, 0 ... tasks - 1), each once, on at most so many threads */
typedef void ParallelTask(void *context, uint32_t index);
void parallel(uint32_t threads, uint32_t tasks, ParallelTask *task, void *context);
enum { CHUNK = 4096 }; /* rows or pairs of one task */
static inline uint32_t chunks_of(size_t count) { return (uint32_t)((count + CHUNK - 1) / CHUNK); }
static inline size_t chunk_end(uint32_t chunk, size_t count) {
  size_t end = ((size_t)chunk + 1) * CHUNK;
  return end < count ? end : count;
}

int32_t log2_milli(uint64_t value);                             /* floor(1000 * log2(value)), value >= 1 */
void sort_keys(uint64_t *keys, uint32_t *values, size_t count); /* stable; values may be NULL */
uint64_t hash_mix(uint64_t value);

/* prepare.c */
void engine_prepare(Engine *e);
/* rarity.c */
void count_rarity(Engine *e, uint32_t key_count, uint32_t rune_count);
void learn_aliases(Engine *e, const uint64_t *pairs, size_t count);
/* score.c: everything the pair's two rows say; `verdict` is left to decide.c */
MatchPair row_score(const Engine *e, uint32_t left, uint32_t right);
NameLevel name_compare(const Engine *e, uint32_t left, uint32_t right, int32_t *ret_bits);
bool name_compatible(NameLevel level);
bool id_close(uint8_t level); /* equal, or within a small slip */
uint8_t id_compare(const Engine *e, const Row *left, const Row *right);
/* Whether a scored pair is worth keeping, and as what. */
bool edge_classify(const Engine *e, const MatchPair *pair, uint8_t *ret_kind);
bool edge_bridges(const MatchPair *pair, uint8_t kind);
bool list_unique(const Engine *e, uint32_t list); /* one row per person or household */

/* duplicate.c: two rows of one list */
bool duplicate_classify(const Engine *e, const MatchPair *pair, uint8_t *ret_kind);
/* A duplicate with a rival in its list (a damaged number that fits two persons) becomes doubtful. */
void duplicate_margins(const Engine *e, Edge *edges, size_t edge_count);

/* blocks.c: candidates (sorted, distinct, left << 32 | right), exact links first */
typedef struct Pairs {
  Arena *arena;
  uint64_t *data;
  size_t size, capacity;
} Pairs;
void pairs_add(Pairs *pairs, uint32_t a, uint32_t b);
void pairs_append(Pairs *pairs, const Pairs *more);
void pairs_sort(Pairs *pairs);
void pairs_free(Pairs *pairs);
void exact_pass(Engine *e, Pairs *pairs);
void block_pass(Engine *e, Pairs *pairs);
void household_pass(Engine *e, const Edge *links, size_t link_count, Pairs *pairs);

/* decide.c: from scored pairs to verdicts and clusters */
typedef struct Verdict { /* one pair kept as evidence */
  uint32_t left, right;  /* rows */
  int32_t bits, margin;
  uint8_t verdict;
} Verdict;
typedef struct Clusters {
  uint32_t *parent, *size, *next;          /* union by size; members of a cluster in a ring */
  uint64_t *lists;                         /* of roots: lists present that allow one row per person */
  uint64_t *id;                            /* of roots: a valid ID number, 0 none */
  uint32_t *conflict_start, *conflict_row; /* rows that must not join, by row */
  uint8_t *state;                          /* MatchState by row */
  Verdict *verdicts;
  size_t verdict_count, verdict_capacity;
} Clusters;
uint32_t cluster_root(Clusters *c, uint32_t row);
void decide(Engine *e, Edge *edges, size_t edge_count, Clusters *c);

/* outcome.c: persons, households, events, evidence, in the caller's numbering */
void outcome(Engine *e, Clusters *c, MatchResult *result);

/* assign.c: one-to-one choice of greatest total weight; chosen[i] says of edge i. The edges join
 * left units to right units of one pair of lists. */
typedef struct AssignEdge {
  uint32_t left, right; /* dense within the call */
  int32_t bits;
} AssignEdge;
void assign(Arena *arena, const AssignEdge *edges, size_t edge_count, uint32_t left_count, uint32_t right_count,
            bool *ret_chosen);
