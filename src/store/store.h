/* store: files by content. DIR/store/ab/cdef... named by SHA-256. Owns: nothing but bytes; what a
 * file means is in the journal. May include: base, crypto. */
#pragma once
#include "crypto/crypto.h"

typedef struct Store Store;
MUST_CHECK Status store_open(Context *cx, const char *folder, Store **ret_store); /* makes the folder */
/* Write, hash, fsync, rename, fsync of the folder: when it returns, the bytes survive a power cut. */
MUST_CHECK Status store_put(Context *cx, Store *store, Str bytes, Digest *ret_digest);
/* Whole content, verified against its name. NOT_FOUND or TAMPERED with a sentence naming the file. */
MUST_CHECK Status store_get(Context *cx, Store *store, const Digest *digest, Str *ret_bytes);
bool store_has(Store *store, const Digest *digest);
/* Calls back for each stored file (sorted); stray temporary files of a killed process are removed by store_open for
 * writing. */
MUST_CHECK Status store_each(Context *cx, Store *store, Status (*each)(Context *cx, void *user, const Digest *digest),
                             void *user);
