/* DIR/anju.toml says where the county's database is, if it is not DIR/anju.db. One key is known:
 *   db = "postgresql://account@host:port/name"
 * with comments (#) and empty lines. Anything else is refused rather than overlooked. */
#include <stdio.h> /* remove */
#include "journal/internal.h"

enum { SETTINGS_LIMIT = 64 * 1024, ADDRESS_LIMIT = 2000 };

static const char *settings_path(Arena *arena, const char *folder) { return path_join(arena, folder, "anju.toml"); }

Status settings_check(Context *cx, const char *database) {
  Str address = str_from(database);
  bool plain = address.size <= ADDRESS_LIMIT && str_utf8_valid(address);
  for (size_t i = 0; i < address.size; i++)
    if ((unsigned char)address.data[i] <= ' ' || strchr("\"\\", address.data[i])) plain = false;
  if (plain && db_is_postgresql(database)) return OK;
  return fail(cx, BAD_USAGE,
              "数据库地址写得不对，应为 postgresql://账号@主机:端口/库名；其中的特殊字符要写成百分号编码（如 %%40）。");
}

/* Of one line: `db = "..."`, maybe with a comment behind. */
static bool read_line(Str line, Str *ret_address) {
  if (!str_starts(line, STR("db"))) return false;
  line = str_trim(str_sub(line, 2, line.size));
  if (!str_starts(line, STR("="))) return false;
  line = str_trim(str_sub(line, 1, line.size));
  ptrdiff_t end = str_starts(line, STR("\"")) ? str_find(str_sub(line, 1, line.size), STR("\"")) : -1;
  if (end < 0) return false;
  Str behind = str_trim(str_sub(line, (size_t)end + 2, line.size));
  *ret_address = str_sub(line, 1, (size_t)end + 1);
  return behind.size == 0 || behind.data[0] == '#';
}

static Status read_settings(Context *cx, const char *path, const char **ret_address) {
  Str text, address = STR_EMPTY;
  TRY(file_read(cx, path, SETTINGS_LIMIT, &text));
  for (int number = 1; text.size; number++) {
    ptrdiff_t end = str_find(text, STR("\n"));
    Str line = str_trim(end < 0 ? text : str_sub(text, 0, (size_t)end));
    text = end < 0 ? STR_EMPTY : str_sub(text, (size_t)end + 1, text.size);
    if (line.size == 0 || line.data[0] == '#') continue;
    if (address.size || !read_line(line, &address))
      return fail(cx, BAD_FILE, "“%s”第 %d 行看不懂：只应有一行 db = \"postgresql://…\"。", path, number);
  }
  if (address.size == 0) return fail(cx, BAD_FILE, "“%s”里没有写 db = \"postgresql://…\"。", path);
  *ret_address = str_c(cx->arena, address);
  if (settings_check(cx, *ret_address) == OK) return OK;
  return fail(cx, BAD_FILE, "“%s”里的数据库地址写得不对，应为 postgresql://账号@主机:端口/库名。", path);
}

Status settings_target(Context *cx, const char *folder, bool create, const char **ret_target) {
  const char *path = settings_path(cx->arena, folder), *file = path_join(cx->arena, folder, "anju.db");
  if (file_exists(path)) return read_settings(cx, path, ret_target);
  if (!create && !file_exists(file)) return fail(cx, NOT_FOUND, "“%s”里没有数据库。", folder);
  *ret_target = file;
  return OK;
}

Status settings_write(Context *cx, const char *folder, const char *database, bool *ret_written) {
  const char *path = settings_path(cx->arena, folder), *now;
  if (file_exists(path_join(cx->arena, folder, "anju.db")))
    return fail(cx, EXISTS, "“%s”里已有县数据，没有改动它；要另建请换一个文件夹。", folder);
  if (file_exists(path)) {
    TRY(read_settings(cx, path, &now));
    if (strcmp(now, database) == 0) return OK;
    return fail(cx, EXISTS, "“%s”里已写着另一个数据库地址，没有改动它。", path);
  }
  Str text = str_format(
      cx->arena, "# 县数据所在的数据库。地址里若有密码，本文件只应由本程序的账号读取。\ndb = \"%s\"\n", database);
  TRY(file_write(cx, path, text, FILE_DURABLE));
  *ret_written = true;
  return OK;
}

void settings_remove(Arena *arena, const char *folder) { remove(settings_path(arena, folder)); }

Str database_name(const Journal *journal) {
  return db_is_postgresql(journal->target) ? STR("postgresql") : STR("anju.db");
}
