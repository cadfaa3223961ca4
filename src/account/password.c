#include <sodium.h>
#include "account/account.h"
#include "crypto/crypto.h"

enum { PASSES = 2, MEMORY = 64 << 20 };

Status password_check(Context *cx, Str name, Str password) {
  static const char *const common[] = {"1234567890",  "0123456789", "1111111111", "8888888888", "6666666666",
                                       "password123", "qwertyuiop", "1q2w3e4r5t", "abc1234567", "longsheng2020"};
  size_t size = str_rune_count(password);
  if (size < PASSWORD_LEAST || size > PASSWORD_MOST || !str_utf8_valid(password))
    return fail(cx, BAD_VALUE, "密码应有 %d 到 %d 个字符。", PASSWORD_LEAST, PASSWORD_MOST);
  bool same = true;
  for (size_t i = 1; i < password.size; i++) same &= password.data[i] == password.data[0];
  for (size_t i = 0; i < COUNT_OF(common); i++) same |= str_equal(password, str_from(common[i]));
  if (same || (name.size && str_find(password, name) >= 0 && password.size < name.size + 6))
    return fail(cx, BAD_VALUE, "这个密码太常见或与账号相近，请换一个。");
  return OK;
}

Status password_hash(Context *cx, Str password, Str *ret_hash) {
  char hash[crypto_pwhash_STRBYTES];
  if (sodium_init() < 0 || crypto_pwhash_argon2id_str(hash, password.data, password.size, PASSES, MEMORY) != 0)
    return fail(cx, FAILED, "内存不足，不能处理密码。");
  *ret_hash = str_copy(cx->arena, str_from(hash));
  return OK;
}

bool password_fits(Str hash, Str password) {
  /* of no password: the same work for accounts that do not exist */
  static const char nobody[] =
      "$argon2id$v=19$m=65536,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  char text[crypto_pwhash_STRBYTES] = {0};
  Str given = hash.size ? hash : str_from(nobody);
  if (sodium_init() < 0 || given.size >= sizeof text) return false;
  memcpy(text, given.data, given.size);
  return crypto_pwhash_argon2id_str_verify(text, password.data, password.size) == 0 && hash.size > 0;
}

/* 20 characters of an alphabet without look-alikes: 98 bits. */
Str password_invent(Arena *arena) {
  static const char alphabet[] = "abcdefghjkmnpqrstuvwxyz23456789";
  Buf buf = buf_new(arena);
  if (sodium_init() < 0) return STR_EMPTY;
  for (int i = 0; i < 20; i++) {
    if (i && i % 5 == 0) buf_add_byte(&buf, '-');
    buf_add_byte(&buf, alphabet[randombytes_uniform(sizeof alphabet - 1)]);
  }
  return buf_str(&buf);
}
