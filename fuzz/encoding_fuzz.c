/* Any bytes through the decoder: valid UTF-8 comes out, and UTF-8 stays as it is. */
#include "fuzz.h"
#include "sheet/sheet_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Str bytes = {(const char *)data, size};
  Decoded decoded = text_decode(arena, bytes);
  FUZZ_HOLDS(str_utf8_valid(decoded.text) && decoded.encoding.size > 0);
  FUZZ_HOLDS(decoded.text.size == 0 || !memchr(decoded.text.data, 0, decoded.text.size));
  if (str_equal(decoded.encoding, STR("utf-8")) && decoded.replaced == 0) FUZZ_HOLDS(str_equal(decoded.text, bytes));
  (void)text_looks_binary(&decoded);
  (void)number_format_kind(bytes);
  (void)text_is_scientific(bytes);
  return 0;
}
