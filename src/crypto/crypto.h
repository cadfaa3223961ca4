/* crypto: digests and sealed fields. Owns: key files of a county directory. May include: base. */
#pragma once
#include "base/base.h"

enum { DIGEST_SIZE = 32, DIGEST_HEX = 64, KEY_SIZE = 32 };
typedef struct Digest {
  uint8_t bytes[DIGEST_SIZE];
} Digest;
typedef struct DigestState DigestState; /* streaming SHA-256 (OpenSSL 3) */
DigestState *digest_begin(Arena *arena);
void digest_add(DigestState *state, Str bytes);
Digest digest_end(DigestState *state); /* also frees what OpenSSL holds */
Digest digest_of(Str bytes);
Digest digest_pair(uint8_t tag, Str a, Str b);      /* SHA-256(tag || a || b) */
Str digest_hex(Arena *arena, const Digest *digest); /* lower case */
bool digest_from_hex(Str hex, Digest *ret_digest);
bool digest_equal(const Digest *a, const Digest *b); /* constant time */
void random_bytes(void *out, size_t size);
Str uuid_v7(Arena *arena, int64_t stamp); /* lower-case text, 36 characters */

/* Keys of DIR/keys/: field.key (sealing) and index.key (blind index), 32 bytes each, mode 0600. `folder` is
 * DIR/keys itself; keys_create makes it and keeps key files that are already there (an interrupted init). */
typedef struct Keys {
  uint8_t field[KEY_SIZE], index[KEY_SIZE];
  uint8_t nonce[KEY_SIZE], cipher[KEY_SIZE]; /* sub-keys of `field`, made once: keys_derive */
} Keys;
MUST_CHECK Status keys_create(Context *cx, const char *folder);
void keys_derive(Keys *keys); /* after `field` is set; keys_load has done it */
MUST_CHECK Status keys_load(Context *cx, const char *folder, Keys *ret_keys);
/* XChaCha20-Poly1305 with a nonce derived from (key, aad, text), so that equal input gives equal
 * bytes and a rebuild reproduces them: version byte 1 || nonce 24 || ciphertext || tag 16. aad names table, column and
 * row key. Nonce: BLAKE2b-192 keyed with a sub-key of `field` over (size of aad, 8 bytes big endian || aad || text);
 * the cipher has a sub-key of its own. Sub-keys: BLAKE2b-256 keyed with `field` over their label. */
Str seal(Arena *arena, const Keys *keys, Str aad, Str text);
MUST_CHECK Status unseal(Context *cx, const Keys *keys, Str aad, Str sealed,
                         Str *ret_text);                                /* TAMPERED on any change */
Str blind_index(Arena *arena, const Keys *keys, Str purpose, Str text); /* 32 hex characters, keyed BLAKE2b-128 */
