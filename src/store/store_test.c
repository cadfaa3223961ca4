#include "store/store.h"
#include "folder.h"
#include <unistd.h>

TEST(stored_bytes_come_back_under_their_digest) {
  const char *folder = test_folder(cx), *place = path_join(cx->arena, folder, "store");
  Store *store;
  Digest digest, again, empty, expected = digest_of(STR("abc"));
  Str bytes;
  CHECK_OK(store_open(cx, place, &store));
  CHECK(!store_has(store, &expected));
  CHECK_FAILS(NOT_FOUND, store_get(cx, store, &expected, &bytes));
  CHECK_OK(store_put(cx, store, STR("abc"), &digest));
  CHECK_OK(store_put(cx, store, STR("abc"), &again));
  CHECK_OK(store_put(cx, store, STR_EMPTY, &empty));
  CHECK(digest_equal(&digest, &expected) && digest_equal(&again, &expected) && store_has(store, &digest));
  CHECK_OK(store_get(cx, store, &digest, &bytes));
  CHECK_STR(bytes, STR("abc"));
  CHECK_OK(store_get(cx, store, &empty, &bytes));
  CHECK_INT(bytes.size, 0);
  CHECK(file_exists(path_join(cx->arena, place, "ba/7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")));
  test_folder_remove(cx, folder);
}

TEST(a_changed_stored_file_is_noticed_and_a_truncated_one_is_healed) {
  const char *folder = test_folder(cx);
  Store *store;
  Digest digest;
  Str bytes;
  CHECK_OK(store_open(cx, folder, &store));
  CHECK_OK(store_put(cx, store, STR("abc"), &digest));
  const char *path = store_path(cx->arena, store, &digest);
  CHECK_OK(file_write(cx, path, STR("abd"), FILE_ADVISORY));
  CHECK_FAILS(TAMPERED, store_get(cx, store, &digest, &bytes));
  CHECK(str_find(cx->error.sentence, str_from(path)) >= 0);
  CHECK_OK(file_write(cx, path, STR("ab"), FILE_ADVISORY));
  CHECK_FAILS(TAMPERED, store_get(cx, store, &digest, &bytes));
  CHECK_OK(store_put(cx, store, STR("abc"), &digest));
  CHECK_OK(store_get(cx, store, &digest, &bytes));
  test_folder_remove(cx, folder);
}

typedef struct Seen {
  Digest last;
  int count;
} Seen;

static Status count_each(Context *cx, void *user, const Digest *digest) {
  Seen *seen = user;
  if (memcmp(seen->last.bytes, digest->bytes, DIGEST_SIZE) >= 0) return fail(cx, FAILED, "not sorted");
  seen->last = *digest;
  seen->count++;
  return OK;
}

TEST(stored_files_are_listed_in_order_and_strays_are_removed) {
  const char *folder = test_folder(cx);
  Store *store;
  Digest digest;
  Seen seen = {0};
  CHECK_OK(store_open(cx, folder, &store));
  for (int i = 0; i < 300; i++) CHECK_OK(store_put(cx, store, str_format(cx->arena, "file %d", i), &digest));
  const char *stray = str_c(cx->arena, str_format(cx->arena, "%.*s/.tmp-1-2", (int)strlen(folder) + 3,
                                                  store_path(cx->arena, store, &digest)));
  CHECK_OK(file_write(cx, stray, STR("half"), FILE_ADVISORY));
  CHECK_OK(store_each(cx, store, count_each, &seen));
  CHECK_INT(seen.count, 300);
  CHECK(file_exists(stray));
  CHECK_OK(store_remove_strays(cx, store));
  CHECK(!file_exists(stray));
  CHECK(store_has(store, &digest));
  test_folder_remove(cx, folder);
}
