/* roster: stage (一) of the campaign: the departments' lists, compared until they agree (campaign.md §3).
 * Owns: importing lists, recognising what they are, comparing them (src/match), differences and
 * decisions, corrections to send back, the two locks. May include: everything left of it.
 *
 * Everything enters as journal entries (list_imported, compare_run, decision, undo, register_lock,
 * removal); the tables of roster.sql are derived from them. Personal values are sealed columns.
 * Memory lives in cx->arena; sentences for people are in cx->error and in the reports. */
#pragma once
#include "account/account.h"
#include "journal/command.h"
#include "journal/journal.h"
#include "sheet/sheet.h"

extern const JournalModule ROSTER_MODULE;

/* ---- the command line (roster_cli.c) ---- */
extern const Command ROSTER_COMMANDS[];
extern const size_t ROSTER_COMMAND_COUNT;
extern const RouteTable ROSTER_ROUTES; /* the API (roster_http.c) */

/* ---- importing ---- */
typedef struct ImportFlagCount {
  Str code;
  const char *what;
  int64_t count;
} ImportFlagCount;
typedef struct ImportReport {
  Str file, list, list_title, sheets, sender, entry;
  bool repeated;        /* the same file is already in: nothing was done */
  int64_t rows, flags;  /* data rows, flags that ask for a correction */
  int64_t other_rows;   /* titles, headers, totals, notes: kept, not compared */
  Str replaces;         /* names of the files that this one replaces, "" none */
  int64_t changed_rows; /* against what it replaces: rows that are new or different */
  ImportFlagCount *flag_counts;
  size_t flag_count_size;
  Str *notes;
  size_t note_count;
} ImportReport;
typedef struct ImportRequest {
  const char *path;
  Str list;                 /* code, "" = recognise */
  Str sender;               /* "" = the list's owner (town_feedback: its township) */
  const char *mapping_path; /* NULL none */
  Str mapping;              /* the same as text, "" none */
  Str author, reason;
  Str name;           /* the file's name if `path` is a temporary one, "" = the path's */
  const Scope *scope; /* NULL: whoever asks may bring every list */
} ImportRequest;
/* One file. Several reports when its sheets are different lists. */
MUST_CHECK Status roster_import(Context *cx, Journal *journal, const ImportRequest *request, ImportReport **ret_reports,
                                size_t *ret_count);
/* Many files, each an entry of its own, in their order; a second thread reads ahead. `visit` hears of each file: its
 * reports, or status and sentence of what failed (the others go on). cx in the call is the file's own, gone afterwards.
 */
typedef Status ImportVisitor(Context *cx, void *user, size_t index, Status status, const ImportReport *reports,
                             size_t count);
MUST_CHECK Status roster_import_files(Context *cx, Journal *journal, const ImportRequest *requests, size_t count,
                                      ImportVisitor *visit, void *user);
/* Files of an import that was killed before its end, one sentence; "" when none. */
Str roster_pending(Context *cx, Journal *journal);

/* ---- comparing ---- */
typedef struct CompareReport {
  bool unchanged; /* inputs and result as before: no entry was added */
  int64_t engine_us, total_us;
  int64_t rows, pairs_compared;
  int64_t differences, open;
} CompareReport;
/* Runs the comparison if lists or decisions changed since the last one (or if `force`). */
MUST_CHECK Status roster_compare(Context *cx, Journal *journal, bool force, Str author, CompareReport *ret_report);
MUST_CHECK Status roster_is_current(Context *cx, Journal *journal, bool *ret_current);
/* Full recomputation beside the stored tables: TAMPERED naming the first that differs (tests, verify). */
MUST_CHECK Status roster_check_result(Context *cx, Journal *journal);

typedef struct ListCount {
  Str list, title;
  int64_t files, rows, flags, own_open; /* own_open: open differences inside the list alone */
} ListCount;
typedef struct PairCount {
  Str left, right;
  bool person_unit;
  Str town; /* 9-digit code or "unknown" */
  int64_t agreed, differing, expected_missing, left_only, right_only;
} PairCount;
typedef struct ClassCount {
  Str code, title;
  int64_t total, open, returned;
} ClassCount;
typedef struct Overview {
  ListCount *lists;
  size_t list_count;
  PairCount *pairs;
  size_t pair_count;
  ClassCount *classes;
  size_t class_count;
  int64_t open, decided;
} Overview;
MUST_CHECK Status roster_overview(Context *cx, Journal *journal, Overview *ret_overview);

/* Every data row with the household and person it belongs to, in the order of files and rows. */
typedef struct LinkView {
  Str key, list, file, sheet, person, household, partner;
  int64_t row, bits; /* bits: milli-bits */
  uint8_t state;     /* MatchState */
} LinkView;
typedef Status LinkVisitor(Context *cx, void *user, const LinkView *link);
MUST_CHECK Status roster_links(Context *cx, Journal *journal, LinkVisitor *visit, void *user);

/* What importing flagged; list "" = all. cx->arena is emptied after each call back. */
typedef struct FlagView {
  Str list, file, sheet, column, header, value, code, sentence;
  int64_t row;
} FlagView;
typedef Status FlagVisitor(Context *cx, void *user, const FlagView *flag);
MUST_CHECK Status roster_flags(Context *cx, Journal *journal, Str list, FlagVisitor *visit, void *user);
/* Only the files of one sender; "" = all. */
MUST_CHECK Status roster_flags_of(Context *cx, Journal *journal, Str list, Str sender, FlagVisitor *visit, void *user);

/* A household's history: its rows' imports, differences, decisions, removals, in the order of the journal. */
typedef struct HistoryView {
  int64_t seq, made_at;
  Str entry, kind, author, sentence;
} HistoryView;
typedef Status HistoryVisitor(Context *cx, void *user, const HistoryView *event);
MUST_CHECK Status roster_history(Context *cx, Journal *journal, Str household, HistoryVisitor *visit, void *user);

/* ---- differences and decisions ---- */
/* After the `agreed` lock, changes need a reason: LOCKED without one. */
MUST_CHECK Status roster_require_reason(Context *cx, Journal *journal, Str reason);

typedef enum DifferenceState { DIFFERENCE_OPEN, DIFFERENCE_RETURNED, DIFFERENCE_DECIDED } DifferenceState;
Str difference_state_code(DifferenceState state); /* "open", "returned", "decided": what --json and the API show */
typedef struct Difference {
  Str id, class_code, left, right, town, subject, field;
  bool person_unit;
  Str list, file, sheet; /* the row that differs; file "" when a row is missing */
  int64_t row;
  Str row_key, household, person, value;
  Str other_list, other_file, other_key, other_value;
  int64_t other_row;
  Str proposed, reason, owner, evidence;
  DifferenceState state;
  Str decision;         /* last active action, "" none */
  Str settled;          /* the value agreed by it, "" none */
  int64_t decision_seq; /* its entry, 0 none; filled by roster_difference_page and _one */
  Str decision_author, decision_entry;
} Difference;
MUST_CHECK Status roster_differences(Context *cx, Journal *journal, Difference **ret_differences, size_t *ret_count);

typedef struct DecideRequest {
  Str id;         /* one difference (unique prefix is enough) or "" */
  Str class_code; /* all open ones of a class, taking what is proposed */
  Str action;     /* take:LIST | value:TEXT | link | nolink | return | exception */
  Str reason, author;
  bool dry_run;
  const Scope *scope; /* NULL: whoever asks may decide everything; else what it does not decide is FORBIDDEN, what it
                         does not see is NOT_FOUND, and a class means those of the class that it decides */
  bool check_seen;    /* STALE unless the difference's last decision still is entry `seen` (0: none) */
  int64_t seen;
  Str list, town;   /* of a class: only those that concern this list, lie in this township; "" all */
  int64_t expected; /* of a class: STALE unless as many are decided; 0 any */
} DecideRequest;
typedef struct DecideReport {
  Str entry;
  int64_t decided, also; /* also: differences of the same value settled with it */
  ClassCount *by_action;
  size_t by_action_count;
} DecideReport;
MUST_CHECK Status roster_decide(Context *cx, Journal *journal, const DecideRequest *request, DecideReport *ret_report);
MUST_CHECK Status roster_undo(Context *cx, Journal *journal, Str entry, Str reason, Str author, int64_t *ret_undone);

/* A workbook shaped like the sender's own list, rows to correct only, what to change marked. */
MUST_CHECK Status roster_corrections(Context *cx, Journal *journal, Str list, const char *path, int64_t *ret_rows);

/* ---- the register and its locks ---- */
typedef struct AgreedRow { /* one registered person as agreed: the register, with what decisions settled */
  Str household, person, hh_no, town, town_code, village, village_code, head_name, name, id_no, sex, birth, relation,
      size, phone, mode, row_key;
  bool head, open; /* open: an open difference concerns the person or the household */
} AgreedRow;
MUST_CHECK Status roster_agreed(Context *cx, Journal *journal, AgreedRow **ret_rows, size_t *ret_count);
typedef struct LockReport {
  Str entry, digest;
  int64_t households, persons, expected_households, expected_persons;
} LockReport;
MUST_CHECK Status roster_lock(Context *cx, Journal *journal, Str name, bool force, Str reason, Str author,
                              LockReport *ret_report);
/* baseline = verified + not yet verified + removed with a recorded reason, for households and for persons. */
typedef struct Arithmetic {
  bool locked, agreed_locked;
  int64_t agreed[2];                                           /* what the second lock holds */
  int64_t baseline[2], verified[2], unverified[2], removed[2]; /* [0] households, [1] persons */
} Arithmetic;
MUST_CHECK Status roster_arithmetic(Context *cx, Journal *journal, Arithmetic *ret_arithmetic);
MUST_CHECK Status roster_remove(Context *cx, Journal *journal, Str household, Str person, Str reason, Str author,
                                Str *ret_entry);
