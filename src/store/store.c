#include "store/store.h"
#include "base/file.h"
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

struct Store {
  const char *folder;
};

static const char STRAY[] = ".tmp-"; /* how file_write names what it has not finished */

Status store_open(Context *cx, const char *folder, Store **ret_store) {
  TRY(folder_make(cx, folder));
  Store *store = arena_one(cx->arena, Store);
  store->folder = str_c(cx->arena, str_from(folder));
  *ret_store = store;
  return OK;
}

static const char *shelf_path(Arena *arena, const Store *store, Str hex) {
  return str_c(arena, str_format(arena, "%s/" STR_FMT, store->folder, 2, hex.data));
}

const char *store_path(Arena *arena, const Store *store, const Digest *digest) {
  Str hex = digest_hex(arena, digest);
  return path_join(arena, shelf_path(arena, store, hex), hex.data + 2);
}

bool store_has(Store *store, const Digest *digest) {
  Arena *arena = arena_new();
  struct stat info;
  bool there = lstat(store_path(arena, store, digest), &info) == 0 && S_ISREG(info.st_mode);
  arena_free(arena);
  return there;
}

Status store_put(Context *cx, Store *store, Str bytes, Digest *ret_digest) {
  Digest digest = digest_of(bytes);
  const char *shelf = shelf_path(cx->arena, store, digest_hex(cx->arena, &digest));
  const char *path = store_path(cx->arena, store, &digest);
  struct stat info;
  if (lstat(path, &info) == 0 && S_ISREG(info.st_mode) && (uint64_t)info.st_size == bytes.size) {
    TRY(folder_sync(cx, shelf)); /* whoever renamed it may have died before its own fsync */
  } else {
    TRY(folder_make(cx, shelf));
    TRY(file_write(cx, path, bytes, FILE_DURABLE));
  }
  *ret_digest = digest;
  return OK;
}

Status store_get(Context *cx, Store *store, const Digest *digest, Str *ret_bytes) {
  const char *path = store_path(cx->arena, store, digest);
  Str bytes;
  TRY(file_read(cx, path, SIZE_MAX / 4, &bytes));
  Digest found = digest_of(bytes);
  if (!digest_equal(&found, digest))
    return fail(cx, TAMPERED, "文件“%s”的内容与它的名字不符：被改动过或磁盘出错，请从备份中恢复。", path);
  *ret_bytes = bytes;
  return OK;
}

static bool is_shelf(const FolderItem *item) {
  return item->is_folder && strlen(item->name) == 2 && strspn(item->name, "0123456789abcdef") == 2;
}

Status store_each(Context *cx, Store *store, Status (*each)(Context *cx, void *user, const Digest *digest),
                  void *user) {
  FolderItem *shelves, *items;
  size_t shelf_count, count;
  TRY(folder_list(cx, store->folder, &shelves, &shelf_count, NULL));
  for (size_t s = 0; s < shelf_count; s++) {
    if (!is_shelf(&shelves[s])) continue;
    TRY(folder_list(cx, path_join(cx->arena, store->folder, shelves[s].name), &items, &count, NULL));
    for (size_t i = 0; i < count; i++) {
      Digest digest;
      Str hex = str_format(cx->arena, "%s%s", shelves[s].name, items[i].name);
      if (!items[i].is_folder && digest_from_hex(hex, &digest)) TRY(each(cx, user, &digest));
    }
  }
  return OK;
}

Status store_remove_strays(Context *cx, Store *store) {
  FolderItem *shelves, *items;
  size_t shelf_count, count;
  TRY(folder_list(cx, store->folder, &shelves, &shelf_count, NULL));
  for (size_t s = 0; s < shelf_count; s++) {
    if (!is_shelf(&shelves[s])) continue;
    const char *shelf = path_join(cx->arena, store->folder, shelves[s].name);
    TRY(folder_list(cx, shelf, &items, &count, NULL));
    for (size_t i = 0; i < count; i++) {
      const char *path = path_join(cx->arena, shelf, items[i].name);
      if (!items[i].is_folder && str_starts(str_from(items[i].name), str_from(STRAY)) && unlink(path) != 0)
        return file_fail(cx, errno, "清除", path);
    }
  }
  return OK;
}
