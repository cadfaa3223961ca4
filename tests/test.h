/* The one test runner: TEST(sentence_as_name) { CHECK(...); } in any *_test.c; tests/main.c runs
 * them and prints TAP ("ok 1 - name"). A failed CHECK says file, line, expression; the test goes on. */
#pragma once
#include "base/base.h"
#include <stdio.h>

typedef struct Test {
  const char *name;
  void (*run)(Context *cx);
  struct Test *next;
} Test;
void test_register(Test *test);
extern int test_failures;
extern long test_checks;         /* a test without a single check fails */
extern const char *test_skipped; /* why the test that runs did not; NULL if it did */

#define TEST(name)                                                 \
  static void test_##name(Context *cx);                            \
  __attribute__((constructor)) static void test_add_##name(void) { \
    static Test test = {#name, test_##name, NULL};                 \
    test_register(&test);                                          \
  }                                                                \
  static void test_##name(__attribute__((unused)) Context *cx)

#define CHECK(expression)                                                                                \
  do {                                                                                                   \
    test_checks++;                                                                                       \
    if (!(expression)) test_failures++, printf("# %s:%d: CHECK(%s)\n", __FILE__, __LINE__, #expression); \
  } while (0)
#define CHECK_OK(call)                                                                       \
  do {                                                                                       \
    test_checks++;                                                                           \
    Status check_status_ = (call);                                                           \
    if (check_status_ != OK)                                                                 \
      test_failures++, printf("# %s:%d: %s -> %s: " STR_FMT "\n", __FILE__, __LINE__, #call, \
                              status_code(check_status_), STR_ARG(cx->error.sentence));      \
  } while (0)
#define CHECK_FAILS(status, call)                                                                                   \
  do {                                                                                                              \
    test_checks++;                                                                                                  \
    Status check_status_ = (call);                                                                                  \
    if (check_status_ != (status))                                                                                  \
      test_failures++, printf("# %s:%d: %s -> %s, not %s\n", __FILE__, __LINE__, #call, status_code(check_status_), \
                              status_code(status));                                                                 \
  } while (0)
#define CHECK_STR(actual, expected)                                                                  \
  do {                                                                                               \
    test_checks++;                                                                                   \
    Str check_actual_ = (actual), check_expected_ = (expected);                                      \
    if (!str_equal(check_actual_, check_expected_))                                                  \
      test_failures++, printf("# %s:%d: \"" STR_FMT "\", not \"" STR_FMT "\"\n", __FILE__, __LINE__, \
                              STR_ARG(check_actual_), STR_ARG(check_expected_));                     \
  } while (0)
#define CHECK_INT(actual, expected)                                                                               \
  do {                                                                                                            \
    test_checks++;                                                                                                \
    long long check_actual_ = (long long)(actual), check_expected_ = (long long)(expected);                       \
    if (check_actual_ != check_expected_)                                                                         \
      test_failures++,                                                                                            \
          printf("# %s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #actual, check_actual_, check_expected_); \
  } while (0)
