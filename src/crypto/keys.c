#include "base/file.h"
#include "crypto/crypto.h"
#include <sodium.h>

static const char *const NAMES[] = {"field.key", "index.key"};

Status keys_create(Context *cx, const char *folder) {
  TRY(folder_make(cx, folder));
  for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
    const char *path = path_join(cx->arena, folder, NAMES[i]);
    if (file_exists(path)) continue;
    uint8_t key[KEY_SIZE];
    random_bytes(key, sizeof key);
    Status status = file_write(cx, path, (Str){(const char *)key, sizeof key}, FILE_DURABLE);
    sodium_memzero(key, sizeof key);
    TRY(status);
  }
  Keys keys;
  TRY(keys_load(cx, folder, &keys));
  sodium_memzero(&keys, sizeof keys);
  return OK;
}

Status keys_load(Context *cx, const char *folder, Keys *ret_keys) {
  Keys keys;
  uint8_t *into[] = {keys.field, keys.index};
  for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
    const char *path = path_join(cx->arena, folder, NAMES[i]);
    Str bytes;
    TRY(file_read(cx, path, 4096, &bytes));
    if (bytes.size != KEY_SIZE)
      return fail(cx, BAD_FILE, "密钥文件“%s”应有 %d 字节，实有 %zu 字节；请从备份中恢复。", path, (int)KEY_SIZE,
                  bytes.size);
    memcpy(into[i], bytes.data, KEY_SIZE);
    sodium_memzero((void *)(uintptr_t)bytes.data, bytes.size);
  }
  keys_derive(&keys);
  *ret_keys = keys;
  sodium_memzero(&keys, sizeof keys);
  return OK;
}
