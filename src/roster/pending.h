/* pending: which files an import still has to take in, so that a killed import can say what is missing. */
#pragma once
#include "roster/roster.h"

MUST_CHECK Status pending_begin(Context *cx, Journal *journal, const char *const *paths, size_t count);
MUST_CHECK Status pending_done(Context *cx, Journal *journal, const char *path);
