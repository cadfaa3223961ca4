#include "crypto/crypto.h"
#include <sodium.h>

enum {
  VERSION = 1,
  NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
  TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
  OVERHEAD = 1 + NONCE + TAG,
  BLIND_SIZE = 16
};
_Static_assert(NONCE == 24 && TAG == 16, "the format of sealed fields");

static const unsigned char *bytes_of(Str s) { return (const unsigned char *)s.data; }

static void sub_key(const Keys *keys, Str label, uint8_t out[KEY_SIZE]) {
  crypto_generichash(out, KEY_SIZE, bytes_of(label), label.size, keys->field, KEY_SIZE);
}

void keys_derive(Keys *keys) {
  sub_key(keys, STR("anju seal nonce"), keys->nonce);
  sub_key(keys, STR("anju seal cipher"), keys->cipher);
}

/* Keyed BLAKE2b over (size of a, 8 bytes big endian || a || b). */
static void keyed_pair(const uint8_t key[KEY_SIZE], Str a, Str b, uint8_t *out, size_t out_size) {
  crypto_generichash_state state;
  uint8_t size[8];
  for (int i = 0; i < 8; i++) size[i] = (uint8_t)((uint64_t)a.size >> (56 - 8 * i));
  crypto_generichash_init(&state, key, KEY_SIZE, out_size);
  crypto_generichash_update(&state, size, sizeof size);
  crypto_generichash_update(&state, bytes_of(a), a.size);
  crypto_generichash_update(&state, bytes_of(b), b.size);
  crypto_generichash_final(&state, out, out_size);
}

Str seal(Arena *arena, const Keys *keys, Str aad, Str text) {
  uint8_t *out = arena_alloc(arena, text.size + OVERHEAD);
  out[0] = VERSION;
  keyed_pair(keys->nonce, aad, text, out + 1, NONCE);
  unsigned long long size;
  crypto_aead_xchacha20poly1305_ietf_encrypt(out + 1 + NONCE, &size, bytes_of(text), text.size, bytes_of(aad), aad.size,
                                             NULL, out + 1, keys->cipher);
  return (Str){(char *)out, 1 + NONCE + (size_t)size};
}

Status unseal(Context *cx, const Keys *keys, Str aad, Str sealed, Str *ret_text) {
  if (sealed.size < OVERHEAD || sealed.data[0] != VERSION)
    return fail(cx, TAMPERED, "加密内容（" STR_FMT "）的格式不对，可能被改动过。", STR_ARG(aad));
  uint8_t *text = arena_alloc(cx->arena, sealed.size - OVERHEAD + 1);
  unsigned long long size = 0;
  const uint8_t *in = bytes_of(sealed);
  int bad = crypto_aead_xchacha20poly1305_ietf_decrypt(text, &size, NULL, in + 1 + NONCE, sealed.size - 1 - NONCE,
                                                       bytes_of(aad), aad.size, in + 1, keys->cipher);
  if (bad) return fail(cx, TAMPERED, "加密内容（" STR_FMT "）解不开：内容被改动过，或密钥不是这个县的。", STR_ARG(aad));
  *ret_text = (Str){(char *)text, (size_t)size};
  return OK;
}

Str blind_index(Arena *arena, const Keys *keys, Str purpose, Str text) {
  uint8_t hash[BLIND_SIZE];
  keyed_pair(keys->index, purpose, text, hash, sizeof hash);
  char *hex = arena_alloc(arena, 2 * BLIND_SIZE + 1);
  sodium_bin2hex(hex, 2 * BLIND_SIZE + 1, hash, sizeof hash);
  return (Str){hex, 2 * BLIND_SIZE};
}
