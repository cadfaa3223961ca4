/* What door.c and account_http.c share. */
#pragma once
#include "account/account.h"

void audit_log(Context *cx, const Door *door, const char *event, Str account, Str address);
Str session_cookie(Arena *arena, bool secure, Str token); /* token "": the cookie goes */
Str today(Arena *arena);
