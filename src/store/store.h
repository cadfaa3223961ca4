/* store: files by content. DIR/store/ab/cdef... named by SHA-256. Owns: nothing but bytes; what a
 * file means is in the journal. May include: base, crypto. */
#pragma once
#include "crypto/crypto.h"

typedef struct Store Store;
/* Makes the folder. The store lives in cx->arena; there is nothing to close. */
MUST_CHECK Status store_open(Context *cx, const char *folder, Store **ret_store);
/* Removes temporary files that a killed process left. Only for the one who writes (who holds DIR/lock). */
MUST_CHECK Status store_remove_strays(Context *cx, Store *store);
/* Write, hash, fsync, rename, fsync of the folder: when it returns, the bytes survive a power cut. Content that is
 * there already is not written again; if its size is wrong, it is replaced by the right bytes. */
MUST_CHECK Status store_put(Context *cx, Store *store, Str bytes, Digest *ret_digest);
/* Whole content, verified against its name. NOT_FOUND or TAMPERED with a sentence naming the file. */
MUST_CHECK Status store_get(Context *cx, Store *store, const Digest *digest, Str *ret_bytes);
const char *store_path(Arena *arena, const Store *store, const Digest *digest);
bool store_has(Store *store, const Digest *digest);
/* Calls back for each stored file, sorted. */
MUST_CHECK Status store_each(Context *cx, Store *store, Status (*each)(Context *cx, void *user, const Digest *digest),
                             void *user);
