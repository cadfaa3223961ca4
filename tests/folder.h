/* A temporary folder for a test: const char *folder = test_folder(cx); ... test_folder_remove(cx, folder); */
#pragma once
#include "base/file.h"
#include "test.h"
#include <stdlib.h>

static inline const char *test_folder(Context *cx) {
  const char *parent = getenv("TMPDIR");
  Str path = str_format(cx->arena, "%s/anju-test-XXXXXX", parent && *parent ? parent : "/tmp");
  char *folder = arena_alloc(cx->arena, path.size + 1);
  memcpy(folder, path.data, path.size);
  if (!mkdtemp(folder)) {
    printf("# cannot make %s\n", folder);
    exit(1);
  }
  return folder;
}

static inline void test_folder_remove(Context *cx, const char *folder) { CHECK_OK(folder_remove(cx, folder)); }
