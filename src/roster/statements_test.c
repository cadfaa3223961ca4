#include "database.h"
#include "folder.h"
#include "roster/roster.h"

static void check_statements(Context *cx, const char *database) {
  static const JournalModule *const MODULES[] = {&ROSTER_MODULE};
  const char *folder = test_folder(cx), *county = path_join(cx->arena, folder, "county");
  Journal *journal = NULL;
  CHECK_OK(journal_init_on(cx, county, SOURCE_ROOT "/campaign/longsheng-2020", database, MODULES, 1));
  CHECK_OK(journal_open(cx, county, JOURNAL_READ, 0, MODULES, 1, &journal));
  if (journal) CHECK_OK(journal_check_statements(cx, journal));
  journal_close(journal);
  test_folder_remove(cx, folder);
}

TEST(every_statement_of_the_roster_prepares_on_sqlite) { check_statements(cx, NULL); }

TEST(every_statement_of_the_roster_prepares_on_postgresql) {
  const char *database = test_schema(cx);
  if (database) check_statements(cx, database);
}
