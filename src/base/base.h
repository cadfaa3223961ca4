/* base: what every room stands on. Owns: memory arenas, strings, errors, JSON, time stamps.
 * Includes nothing of ours. No stdio, no locale, no clock in what WebAssembly also compiles
 * (arena, text, format, json); `stamp.c` (the clock) is native only.
 *
 * Memory: what a call returns lives in `cx->arena` until the caller ends the request or batch.
 * Failure: a call that can fail returns a Status that must be checked; the sentence for people
 * is in `cx->error`. Outputs come last, are named `ret_...` and stay untouched on failure. */
#pragma once
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))
#define CLEANUP(function) __attribute__((cleanup(function)))
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- problems: code, process exit status, HTTP status, title (problems.def) ---- */
typedef enum Status {
#define PROBLEM(name, code, exit_status, http_status, title) name,
#include "base/problems.def"
#undef PROBLEM
  STATUS_COUNT
} Status;

const char *status_code(Status status); /* "bad_row": the English code used in --json and the API */
int status_exit(Status status);         /* process exit status, 0..5 */
int status_http(Status status);
const char *status_title(Status status); /* short Chinese title */

/* ---- arena: blocks that are freed together ---- */
typedef struct Arena Arena;
Arena *arena_new(void);          /* NULL when memory is out */
void arena_free(Arena *arena);   /* NULL is fine */
void arena_freep(Arena **arena); /* for CLEANUP */
void arena_reset(Arena *arena);  /* frees everything but the first block */
/* 16-byte aligned, zeroed. Never NULL: memory exhaustion ends the process with a sentence
 * (natively) or traps (WebAssembly). size 0 gives a valid pointer. */
void *arena_alloc(Arena *arena, size_t size);
void *arena_array_(Arena *arena, size_t count, size_t size); /* checked for overflow */
#define arena_array(arena, count, type) ((type *)arena_array_((arena), (count), sizeof(type)))
#define arena_one(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
/* Grows `old` (of old_size bytes, from this arena) to new_size; contents kept. */
void *arena_grow(Arena *arena, void *old, size_t old_size, size_t new_size);
void arena_absorb(Arena *arena, Arena *other); /* what `other` handed out now lives in `arena`; `other` is gone */
size_t arena_used(const Arena *arena);         /* bytes handed out since creation or reset */

/* ---- strings: counted slices of UTF-8 bytes, not owned ---- */
typedef struct Str {
  const char *data;
  size_t size;
} Str;
#define STR(literal) ((Str){"" literal "", sizeof(literal) - 1})
#define STR_EMPTY ((Str){"", 0})
#define STR_FMT "%.*s"
#define STR_ARG(s) (int)(s).size, (s).data
Str str_from(const char *c_string); /* NULL gives the empty string */
bool str_equal(Str a, Str b);
int str_compare(Str a, Str b); /* bytewise, shorter first */
bool str_starts(Str s, Str prefix);
bool str_ends(Str s, Str suffix);
/* Byte offset of needle in s, or -1. The empty needle is at 0. */
ptrdiff_t str_find(Str s, Str needle);
Str str_sub(Str s, size_t from, size_t to); /* clamped */
Str str_trim(Str s);                        /* ASCII blanks, NBSP, ideographic space, BOM at both ends */
Str str_copy(Arena *arena, Str s);          /* NUL after the last byte */
const char *str_c(Arena *arena, Str s);     /* NUL-terminated copy */
Str str_format(Arena *arena, const char *format, ...) PRINTF(2, 3);
uint64_t str_hash(Str s); /* FNV-1a with a final mix; not for security */
/* Decimal integer, optional leading '-', nothing else; false on anything else or overflow. */
bool str_int64(Str s, int64_t *ret_value);
bool str_utf8_valid(Str s); /* strict: no surrogates, overlongs, > U+10FFFF */
/* Next code point at *at (moves it); U+FFFD for an ill-formed byte; 0 at the end. */
uint32_t str_next_rune(Str s, size_t *at);
size_t rune_encode(uint32_t rune, char out[4]); /* bytes written, 0 if not a scalar value */
size_t str_rune_count(Str s);

/* ---- growing buffer in an arena ---- */
typedef struct Buf {
  Arena *arena;
  char *data;
  size_t size, capacity;
} Buf;
Buf buf_new(Arena *arena);
void buf_add(Buf *buf, Str s);
void buf_add_c(Buf *buf, const char *c_string);
void buf_add_byte(Buf *buf, char byte);
void buf_add_int(Buf *buf, int64_t value);
void buf_add_rune(Buf *buf, uint32_t rune);
/* %d %u %ld %lu %lld %llu %zu %x %c %s %.*s %% and widths with 0 padding ("%04d"); no floats. */
void buf_addf(Buf *buf, const char *format, ...) PRINTF(2, 3);
void buf_addv(Buf *buf, const char *format, va_list args);
Str buf_str(const Buf *buf); /* a view; valid until the next add */

/* ---- context and errors ---- */
typedef struct Error {
  Status status;
  Str sentence; /* one Chinese sentence that says where, what, and what to do */
} Error;

typedef struct Context {
  Arena *arena;
  Error error;
} Context;

/* Records the sentence and returns `status`, so that `return fail(cx, BAD_ROW, "...")` reads well. */
Status fail(Context *cx, Status status, const char *format, ...) PRINTF(3, 4);
#define TRY(call)                              \
  do {                                         \
    Status try_status_ = (call);               \
    if (try_status_ != OK) return try_status_; \
  } while (0)

/* ---- string -> uint32 map in an arena (interning, look-up tables) ---- */
typedef struct StrMap {
  Arena *arena;
  struct StrMapSlot *slots;
  uint32_t capacity, count;
} StrMap;
StrMap strmap_new(Arena *arena);
#define STRMAP_NONE UINT32_MAX
uint32_t strmap_get(const StrMap *map, Str key); /* STRMAP_NONE when absent */
/* Keeps the first value; the key's bytes must outlive the map (copy them first if need be).
 * Returns the value now stored; *ret_added (may be NULL) says whether it was new. */
uint32_t strmap_put(StrMap *map, Str key, uint32_t value, bool *ret_added);
void strmap_set(StrMap *map, Str key, uint32_t value); /* overwrites */

/* For visiting all: i runs from 0 to map->capacity - 1; false where slot i is empty. The order means nothing. */
bool strmap_at(const StrMap *map, uint32_t i, Str *ret_key, uint32_t *ret_value);

/* ---- JSON: one strict reader, one canonical writer (RFC 8785 restricted: see below) ---- */
typedef enum JsonKind { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT } JsonKind;
typedef struct Json Json;
struct Json {
  JsonKind kind;
  Str text;        /* string: decoded; number: its source text; member values keep their key in `key` */
  Str key;         /* set on members of objects */
  int64_t integer; /* number: value when is_integer */
  bool is_integer;
  uint32_t count; /* array, object */
  Json *first, *next, *last;
};
/* Strict: UTF-8, no duplicate keys, no trailing text, depth <= 64, no NUL, integers within 2^53.
 * Fails BAD_JSON with line and column. The result shares no bytes with `text`. */
MUST_CHECK Status json_parse(Context *cx, Str text, Json **ret_json);
/* The same, but strings without escapes are slices of `text`, which must outlive the result. */
MUST_CHECK Status json_parse_view(Context *cx, Str text, Json **ret_json);
const Json *json_get(const Json *object, const char *key); /* NULL if absent or not an object */
Str json_text(const Json *object, const char *key);        /* "" if absent or not a string */
int64_t json_int(const Json *object, const char *key, int64_t otherwise);
bool json_bool(const Json *object, const char *key, bool otherwise);
#define JSON_EACH(item, array) for (const Json *item = (array) ? (array)->first : NULL; item; item = item->next)
/* building */
Json *json_new_object(Arena *arena);
Json *json_new_array(Arena *arena);
Json *json_new_string(Arena *arena, Str text);
Json *json_new_int(Arena *arena, int64_t value);
Json *json_new_bool(Arena *arena, bool value);
void json_add(Json *array, Json *item);
void json_set(Arena *arena, Json *object, const char *key, Json *value); /* key is copied; must be new */
void json_set_text(Arena *arena, Json *object, const char *key, Str text);
void json_set_int(Arena *arena, Json *object, const char *key, int64_t value);
/* Canonical bytes: keys sorted bytewise, no blanks, shortest escapes, integers only. Fails
 * BAD_JSON on nulls, on numbers that are not integers and on keys outside [a-z0-9_]+. */
MUST_CHECK Status json_write_canonical(Context *cx, const Json *json, Buf *buf);
void json_write_string(Buf *buf, Str text); /* quoted and escaped, for streaming writers */

/* ---- time: int64 microseconds since 1970-01-01 UTC ---- */
int64_t stamp_now(void);                       /* the wall clock; never call it in an apply function */
int64_t stamp_monotonic(void);                 /* microseconds of a clock that never steps */
Str stamp_format(Arena *arena, int64_t stamp); /* "2020-04-10T08:00:00.000000Z" */
