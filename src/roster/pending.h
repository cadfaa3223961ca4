/* pending: which files an import still has to take in, so that a killed import can say what is missing. */
#pragma once
#include "roster/roster.h"

/* A file's name as text: names from Chinese zip files are often GB18030 bytes; what is neither is replaced by U+FFFD.
 */
Str pending_name(Arena *arena, const char *path);
MUST_CHECK Status pending_begin(Context *cx, Journal *journal, const char *const *paths, size_t count);
MUST_CHECK Status pending_done(Context *cx, Journal *journal, const char *path);
