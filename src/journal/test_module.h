/* A module for the journal's tests: things that are added, renamed and marked, with a sealed column and a child table.
 */
#pragma once
#include "database.h"
#include "folder.h"
#include "journal/journal.h"

extern const JournalModule TEST_MODULE;
extern const JournalModule *const TEST_MODULES[1];

/* Two tests, name_on_sqlite and name_on_postgresql: where county_make puts its tables. */
extern const char *test_database;
#define TEST_COUNTY(name)                 \
  static void county_##name(Context *cx); \
  TEST(name##_on_sqlite) {                \
    test_database = NULL;                 \
    county_##name(cx);                    \
  }                                       \
  TEST(name##_on_postgresql) {            \
    test_database = test_schema(cx);      \
    if (test_database) county_##name(cx); \
    test_database = NULL;                 \
  }                                       \
  static void county_##name(__attribute__((unused)) Context *cx)

/* DIR/county made from DIR/plan (two small files). */
const char *county_make(Context *cx, const char *folder);
Journal *county_open(Context *cx, const char *county, JournalMode mode); /* CHECKs that it opens */
Entry thing_added(Context *cx, int number);                              /* a draft without id */
Receipt append(Context *cx, Journal *journal, Entry draft);              /* CHECKs that it works */
int64_t thing_count(Context *cx, Journal *journal);
/* Digests of all tables as one text. */
Str digests_text(Context *cx, Journal *journal);
