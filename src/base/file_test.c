#include "folder.h"
#include <sys/stat.h>
#include <unistd.h>

TEST(a_written_file_reads_back_and_leaves_no_temporary_file) {
  const char *folder = test_folder(cx), *path = path_join(cx->arena, folder, "a");
  Str bytes;
  CHECK_OK(file_write(cx, path, STR("one"), FILE_DURABLE));
  CHECK_OK(file_write(cx, path, STR("two\0x"), FILE_ADVISORY));
  CHECK_OK(file_read(cx, path, 100, &bytes));
  CHECK_STR(bytes, STR("two\0x"));
  CHECK_FAILS(TOO_LARGE, file_read(cx, path, 4, &bytes));
  CHECK_FAILS(NOT_FOUND, file_read(cx, path_join(cx->arena, folder, "b"), 100, &bytes));
  CHECK_FAILS(BAD_FILE, file_read(cx, folder, 100, &bytes));
  CHECK_FAILS(NOT_FOUND, file_write(cx, path_join(cx->arena, folder, "no/b"), STR("x"), FILE_DURABLE));
  FolderItem *items;
  size_t count;
  CHECK_OK(folder_list(cx, folder, &items, &count, NULL));
  CHECK_INT(count, 1);
  CHECK_STR(path_name("/a/bc//"), STR("bc"));
  CHECK_STR(path_name("bc"), STR("bc"));
  test_folder_remove(cx, folder);
  CHECK(!file_exists(folder));
}

TEST(a_folder_tree_is_sorted_and_refuses_links) {
  const char *folder = test_folder(cx), *below = path_join(cx->arena, folder, "forms");
  FolderItem *items;
  size_t count;
  CHECK_OK(folder_make(cx, below));
  CHECK_OK(folder_make(cx, below));
  CHECK_OK(file_write(cx, path_join(cx->arena, below, "z"), STR("zz"), FILE_DURABLE));
  CHECK_OK(file_write(cx, path_join(cx->arena, folder, "b"), STR("x"), FILE_DURABLE));
  CHECK_OK(folder_tree(cx, folder, &items, &count));
  CHECK_INT(count, 2);
  CHECK_STR(str_from(items[0].name), STR("b"));
  CHECK_STR(str_from(items[1].name), STR("forms/z"));
  CHECK_INT(items[1].size, 2);
  CHECK_INT(symlink("z", path_join(cx->arena, below, "link")), 0);
  CHECK_FAILS(BAD_FILE, folder_tree(cx, folder, &items, &count));
  Str bytes;
  CHECK_FAILS(BAD_FILE, file_read(cx, path_join(cx->arena, below, "link"), 9, &bytes));
  test_folder_remove(cx, folder);
}
