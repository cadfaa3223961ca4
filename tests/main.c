#include "test.h"

static Test *tests, **tests_end = &tests;
int test_failures;
long test_checks;
const char *test_skipped;

void test_register(Test *test) {
  *tests_end = test;
  tests_end = &test->next;
}

int main(int argc, char **argv) {
  int number = 0, failed = 0;
  for (Test *test = tests; test; test = test->next) {
    if (argc > 1 && !strstr(test->name, argv[1])) continue;
    Arena *arena = arena_new();
    Context cx = {arena, {OK, STR_EMPTY}};
    test_failures = 0;
    test_checks = 0;
    test_skipped = NULL;
    test->run(&cx);
    if (test_checks == 0 && !test_skipped) printf("# %s checked nothing\n", test->name);
    bool ok = test_failures == 0 && (test_checks > 0 || test_skipped);
    printf("%sok %d - %s%s%s\n", ok ? "" : "not ", ++number, test->name, test_skipped ? " # SKIP " : "",
           test_skipped ? test_skipped : "");
    fflush(stdout);
    failed += !ok;
    arena_free(arena);
  }
  printf("1..%d\n", number);
  return failed ? 1 : 0;
}
