#include "db/engine.h"

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool word_is(Str word, const char *lower) {
  if (word.size != strlen(lower)) return false;
  for (size_t i = 0; i < word.size; i++)
    if ((word.data[i] | 0x20) != lower[i]) return false;
  return true;
}

/* Where the quoted text or comment that begins at `at` ends; `at` itself if none begins there. */
static size_t skip_quoted(Str sql, size_t at) {
  char quote = sql.data[at];
  size_t end = at;
  if (quote == '\'' || quote == '"') {
    for (end = at + 1; end < sql.size && sql.data[end] != quote; end++) {}
    return end < sql.size ? end + 1 : end; /* a doubled quote begins the next piece */
  }
  if (quote == '-' && at + 1 < sql.size && sql.data[at + 1] == '-')
    while (end < sql.size && sql.data[end] != '\n') end++;
  return end;
}

static size_t word_end(Str sql, size_t at) {
  while (at < sql.size && (is_letter(sql.data[at]) || is_digit(sql.data[at]))) at++;
  return at;
}

/* The word at `at` as PostgreSQL spells it; *ret_end is behind what was read. */
static Str word_for_postgresql(Str sql, size_t at, size_t *ret_end) {
  static const char *const WORDS[][2] = {{"blob", "bytea"}, {"integer", "bigint"}};
  size_t end = word_end(sql, at), next = end;
  Str word = str_sub(sql, at, end);
  *ret_end = end;
  for (size_t i = 0; i < COUNT_OF(WORDS); i++)
    if (word_is(word, WORDS[i][0])) return str_from(WORDS[i][1]);
  if (!word_is(word, "without")) return word;
  while (next < sql.size && (sql.data[next] == ' ' || sql.data[next] == '\n')) next++;
  size_t after = word_end(sql, next);
  if (!word_is(str_sub(sql, next, after), "rowid")) return word;
  *ret_end = after;
  return STR_EMPTY;
}

Str dialect_postgresql(Arena *arena, Str sql) {
  Buf buf = buf_new(arena);
  for (size_t at = 0, end; at < sql.size; at = end) {
    char c = sql.data[at];
    end = skip_quoted(sql, at);
    if (end > at) {
      buf_add(&buf, str_sub(sql, at, end));
    } else if (is_letter(c)) {
      buf_add(&buf, word_for_postgresql(sql, at, &end));
    } else if (is_digit(c)) { /* not the letters behind a digit */
      end = word_end(sql, at);
      buf_add(&buf, str_sub(sql, at, end));
    } else {
      end = at + 1;
      buf_add_byte(&buf, c == '?' && end < sql.size && is_digit(sql.data[end]) ? '$' : c);
    }
  }
  return str_copy(arena, buf_str(&buf));
}
