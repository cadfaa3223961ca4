#include "roster/roster_internal.h"

Status roster_catalogue(Context *cx, Journal *journal, Catalogue **ret_catalogue) {
  return catalogue_load(cx, path_join(cx->arena, journal_folder(journal), "campaign"), ret_catalogue);
}

Str roster_seal(Arena *arena, Journal *journal, const char *prefix, Str key, Str text) {
  return seal(arena, journal_keys(journal), journal_aad(arena, prefix, key), text);
}

Status roster_unseal(Context *cx, Journal *journal, const char *prefix, Str key, Str sealed, Str *ret_text) {
  return unseal(cx, journal_keys(journal), journal_aad(cx->arena, prefix, key), sealed, ret_text);
}

Str hash_id(Arena *arena, Str bytes, size_t hex_digits) {
  Digest digest = digest_of(bytes);
  return str_sub(digest_hex(arena, &digest), 0, hex_digits);
}
