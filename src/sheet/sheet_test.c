#include "sheet/sheet.h"
#include "test.h"

TEST(sheet_column_names_run_past_z) {
  CHECK_STR(sheet_column_name(cx->arena, 0), STR("A"));
  CHECK_STR(sheet_column_name(cx->arena, 25), STR("Z"));
  CHECK_STR(sheet_column_name(cx->arena, 26), STR("AA"));
  CHECK_STR(sheet_column_name(cx->arena, 16383), STR("XFD"));
}
