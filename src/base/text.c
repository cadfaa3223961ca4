#include "base/base.h"

Str str_from(const char *c_string) { return c_string ? (Str){c_string, strlen(c_string)} : STR_EMPTY; }

bool str_equal(Str a, Str b) { return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0); }

int str_compare(Str a, Str b) {
  size_t shorter = a.size < b.size ? a.size : b.size;
  int order = shorter ? memcmp(a.data, b.data, shorter) : 0;
  return order ? order : (a.size > b.size) - (a.size < b.size);
}

bool str_starts(Str s, Str prefix) {
  return s.size >= prefix.size && (prefix.size == 0 || memcmp(s.data, prefix.data, prefix.size) == 0);
}

bool str_ends(Str s, Str suffix) {
  return s.size >= suffix.size &&
         (suffix.size == 0 || memcmp(s.data + s.size - suffix.size, suffix.data, suffix.size) == 0);
}

ptrdiff_t str_find(Str s, Str needle) {
  if (needle.size == 0) return 0;
  for (size_t at = 0; at + needle.size <= s.size; at++) {
    const char *hit = memchr(s.data + at, needle.data[0], s.size - at - needle.size + 1);
    if (!hit) return -1;
    at = (size_t)(hit - s.data);
    if (memcmp(hit, needle.data, needle.size) == 0) return (ptrdiff_t)at;
  }
  return -1;
}

Str str_sub(Str s, size_t from, size_t to) {
  if (to > s.size) to = s.size;
  if (from > to) from = to;
  return (Str){s.data + from, to - from};
}

/* Blanks of Chinese spreadsheets, as UTF-8: NBSP, ideographic space, BOM / zero-width no-break, zero-width space. */
static const Str BLANKS[] = {STR("\xC2\xA0"), STR("\xE3\x80\x80"), STR("\xEF\xBB\xBF"), STR("\xE2\x80\x8B")};

static size_t blank_at_start(Str s) {
  if (s.size && ((unsigned char)s.data[0] <= 0x20 || s.data[0] == 0x7F)) return 1;
  for (size_t i = 0; i < COUNT_OF(BLANKS); i++)
    if (str_starts(s, BLANKS[i])) return BLANKS[i].size;
  return 0;
}

static size_t blank_at_end(Str s) {
  if (s.size && ((unsigned char)s.data[s.size - 1] <= 0x20 || s.data[s.size - 1] == 0x7F)) return 1;
  for (size_t i = 0; i < COUNT_OF(BLANKS); i++)
    if (str_ends(s, BLANKS[i])) return BLANKS[i].size;
  return 0;
}

Str str_trim(Str s) {
  for (size_t n; (n = blank_at_start(s)) != 0;) s = str_sub(s, n, s.size);
  for (size_t n; (n = blank_at_end(s)) != 0;) s.size -= n;
  return s;
}

Str str_copy(Arena *arena, Str s) {
  char *bytes = arena_alloc(arena, s.size + 1);
  if (s.size) memcpy(bytes, s.data, s.size);
  return (Str){bytes, s.size};
}

const char *str_c(Arena *arena, Str s) { return str_copy(arena, s).data; }

Str str_format(Arena *arena, const char *format, ...) {
  Buf buf = buf_new(arena);
  va_list args;
  va_start(args, format);
  buf_addv(&buf, format, args);
  va_end(args);
  return buf_str(&buf);
}

uint64_t str_hash(Str s) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (size_t i = 0; i < s.size; i++) hash = (hash ^ (unsigned char)s.data[i]) * 0x100000001b3u;
  hash ^= hash >> 32;
  hash *= 0x9e3779b97f4a7c15u;
  return hash ^ (hash >> 29);
}

bool str_int64(Str s, int64_t *ret_value) {
  bool negative = s.size > 0 && s.data[0] == '-';
  size_t at = negative ? 1 : 0;
  if (at == s.size) return false;
  int64_t value = 0;
  for (; at < s.size; at++) {
    if (s.data[at] < '0' || s.data[at] > '9') return false;
    if (__builtin_mul_overflow(value, 10, &value)) return false;
    if (__builtin_sub_overflow(value, s.data[at] - '0', &value)) return false;
  }
  if (!negative && __builtin_mul_overflow(value, -1, &value)) return false;
  *ret_value = value;
  return true;
}

/* Length of the well-formed sequence at s, 0 if ill-formed (Unicode table 3-7). */
static size_t sequence_at(Str s) {
  const unsigned char *b = (const unsigned char *)s.data;
  if (s.size == 0) return 0;
  if (b[0] < 0x80) return 1;
  size_t length = b[0] >= 0xC2 && b[0] <= 0xDF ? 2 : (b[0] & 0xF0) == 0xE0 ? 3 : b[0] >= 0xF0 && b[0] <= 0xF4 ? 4 : 0;
  if (length == 0 || s.size < length) return 0;
  for (size_t i = 1; i < length; i++)
    if ((b[i] & 0xC0) != 0x80) return 0;
  if (b[0] == 0xE0 && b[1] < 0xA0) return 0;
  if (b[0] == 0xED && b[1] > 0x9F) return 0;
  if (b[0] == 0xF0 && b[1] < 0x90) return 0;
  if (b[0] == 0xF4 && b[1] > 0x8F) return 0;
  return length;
}

bool str_utf8_valid(Str s) {
  const unsigned char *b = (const unsigned char *)s.data;
  for (size_t at = 0; at < s.size;) {
    uint64_t eight;
    if (b[at] < 0x80) { /* runs of ASCII, eight at a time */
      if (s.size - at >= sizeof eight && (memcpy(&eight, b + at, sizeof eight), (eight & 0x8080808080808080u) == 0))
        at += sizeof eight;
      else
        at++;
    } else if (b[at] >= 0xE1 && b[at] <= 0xEC && s.size - at >= 3 && (b[at + 1] & 0xC0) == 0x80 &&
               (b[at + 2] & 0xC0) == 0x80) {
      at += 3; /* most Han characters: no exceptions to look for */
    } else {
      size_t length = sequence_at(str_sub(s, at, s.size));
      if (length == 0) return false;
      at += length;
    }
  }
  return true;
}

uint32_t str_next_rune(Str s, size_t *at) {
  if (*at >= s.size) return 0;
  const unsigned char *b = (const unsigned char *)s.data + *at;
  size_t length = sequence_at(str_sub(s, *at, s.size));
  if (length == 0) {
    (*at)++;
    return 0xFFFD;
  }
  *at += length;
  switch (length) {
    case 1:
      return b[0];
    case 2:
      return (uint32_t)(b[0] & 0x1F) << 6 | (b[1] & 0x3F);
    case 3:
      return (uint32_t)(b[0] & 0x0F) << 12 | (uint32_t)(b[1] & 0x3F) << 6 | (b[2] & 0x3F);
    default:
      return (uint32_t)(b[0] & 0x07) << 18 | (uint32_t)(b[1] & 0x3F) << 12 | (uint32_t)(b[2] & 0x3F) << 6 |
             (b[3] & 0x3F);
  }
}

size_t rune_encode(uint32_t rune, char out[4]) {
  if (rune < 0x80) return out[0] = (char)rune, 1;
  if (rune < 0x800) {
    out[0] = (char)(0xC0 | rune >> 6);
    out[1] = (char)(0x80 | (rune & 0x3F));
    return 2;
  }
  if ((rune >= 0xD800 && rune < 0xE000) || rune > 0x10FFFF) return 0;
  if (rune < 0x10000) {
    out[0] = (char)(0xE0 | rune >> 12);
    out[1] = (char)(0x80 | (rune >> 6 & 0x3F));
    out[2] = (char)(0x80 | (rune & 0x3F));
    return 3;
  }
  out[0] = (char)(0xF0 | rune >> 18);
  out[1] = (char)(0x80 | (rune >> 12 & 0x3F));
  out[2] = (char)(0x80 | (rune >> 6 & 0x3F));
  out[3] = (char)(0x80 | (rune & 0x3F));
  return 4;
}

size_t str_rune_count(Str s) {
  size_t count = 0;
  for (size_t at = 0; at < s.size; count++) str_next_rune(s, &at);
  return count;
}

/* ---- Buf ---- */
Buf buf_new(Arena *arena) { return (Buf){arena, NULL, 0, 0}; }

static void buf_reserve(Buf *buf, size_t more) {
  if (more <= buf->capacity - buf->size) return;
  size_t capacity = buf->capacity ? buf->capacity : 64;
  while (capacity - buf->size < more) capacity *= 2;
  buf->data = arena_grow(buf->arena, buf->data, buf->capacity, capacity);
  buf->capacity = capacity;
}

void buf_add(Buf *buf, Str s) {
  if (s.size == 0) return;
  buf_reserve(buf, s.size);
  memcpy(buf->data + buf->size, s.data, s.size);
  buf->size += s.size;
}

void buf_add_c(Buf *buf, const char *c_string) { buf_add(buf, str_from(c_string)); }

void buf_add_byte(Buf *buf, char byte) {
  buf_reserve(buf, 1);
  buf->data[buf->size++] = byte;
}

static void add_unsigned(Buf *buf, uint64_t value, unsigned base, int width, char pad, bool negative) {
  char digits[24];
  int count = 0;
  do {
    digits[count++] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value);
  int padding = width - count - (negative ? 1 : 0);
  if (negative && pad == '0') buf_add_byte(buf, '-');
  while (padding-- > 0) buf_add_byte(buf, pad);
  if (negative && pad != '0') buf_add_byte(buf, '-');
  while (count > 0) buf_add_byte(buf, digits[--count]);
}

void buf_add_int(Buf *buf, int64_t value) {
  add_unsigned(buf, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10, 0, ' ', value < 0);
}

void buf_add_rune(Buf *buf, uint32_t rune) {
  char bytes[4];
  buf_add(buf, (Str){bytes, rune_encode(rune, bytes)});
}

void buf_addf(Buf *buf, const char *format, ...) {
  va_list args;
  va_start(args, format);
  buf_addv(buf, format, args);
  va_end(args);
}

/* The subset of printf that base.h names; anything else is a programming error and traps. */
void buf_addv(Buf *buf, const char *format, va_list args) {
  for (const char *f = format; *f; f++) {
    if (*f != '%') {
      size_t run = strcspn(f, "%");
      buf_add(buf, (Str){f, run});
      f += run - 1;
      continue;
    }
    f++;
    char pad = ' ';
    int width = 0, precision = -1;
    if (*f == '0') pad = '0', f++;
    while (*f >= '0' && *f <= '9') width = width * 10 + (*f++ - '0');
    if (f[0] == '.' && f[1] == '*') precision = va_arg(args, int), f += 2;
    int longs = 0;
    bool is_size = false;
    for (; *f == 'l'; f++) longs++;
    if (*f == 'z') is_size = true, f++;
    switch (*f) {
      case '%':
        buf_add_byte(buf, '%');
        break;
      case 'c':
        buf_add_byte(buf, (char)va_arg(args, int));
        break;
      case 's': {
        const char *text = va_arg(args, const char *);
        if (precision >= 0)
          buf_add(buf, (Str){text, (size_t)precision});
        else
          buf_add_c(buf, text);
        break;
      }
      case 'd': {
        int64_t value = is_size      ? (int64_t)va_arg(args, ptrdiff_t)
                        : longs == 2 ? va_arg(args, long long)
                        : longs == 1 ? va_arg(args, long)
                                     : va_arg(args, int);
        add_unsigned(buf, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10, width, pad, value < 0);
        break;
      }
      case 'u':
      case 'x': {
        uint64_t value = is_size      ? va_arg(args, size_t)
                         : longs == 2 ? va_arg(args, unsigned long long)
                         : longs == 1 ? va_arg(args, unsigned long)
                                      : va_arg(args, unsigned);
        add_unsigned(buf, value, *f == 'x' ? 16 : 10, width, pad, false);
        break;
      }
      default:
        __builtin_trap();
    }
  }
}

Str buf_str(const Buf *buf) { return (Str){buf->data ? buf->data : "", buf->size}; }

/* ---- StrMap: open addressing, power of two, at most 3/4 full ---- */
struct StrMapSlot {
  Str key;
  uint64_t hash;
  uint32_t value;
  bool used;
};

StrMap strmap_new(Arena *arena) { return (StrMap){arena, NULL, 0, 0}; }

static struct StrMapSlot *slot_for(const StrMap *map, Str key, uint64_t hash) {
  for (uint32_t at = (uint32_t)hash & (map->capacity - 1);; at = (at + 1) & (map->capacity - 1)) {
    struct StrMapSlot *slot = &map->slots[at];
    if (!slot->used || (slot->hash == hash && str_equal(slot->key, key))) return slot;
  }
}

uint32_t strmap_get(const StrMap *map, Str key) {
  if (map->capacity == 0) return STRMAP_NONE;
  struct StrMapSlot *slot = slot_for(map, key, str_hash(key));
  return slot->used ? slot->value : STRMAP_NONE;
}

static struct StrMapSlot *slot_claim(StrMap *map, Str key, uint32_t value, bool *ret_added) {
  if (map->count + 1 > map->capacity / 4 * 3) {
    StrMap larger = {map->arena, NULL, map->capacity ? map->capacity * 2 : 64, map->count};
    larger.slots = arena_array(map->arena, larger.capacity, struct StrMapSlot);
    for (uint32_t i = 0; i < map->capacity; i++)
      if (map->slots[i].used) *slot_for(&larger, map->slots[i].key, map->slots[i].hash) = map->slots[i];
    *map = larger;
  }
  uint64_t hash = str_hash(key);
  struct StrMapSlot *slot = slot_for(map, key, hash);
  bool added = !slot->used;
  if (added) {
    *slot = (struct StrMapSlot){key, hash, value, true};
    map->count++;
  }
  if (ret_added) *ret_added = added;
  return slot;
}

uint32_t strmap_put(StrMap *map, Str key, uint32_t value, bool *ret_added) {
  return slot_claim(map, key, value, ret_added)->value;
}

void strmap_set(StrMap *map, Str key, uint32_t value) { slot_claim(map, key, value, NULL)->value = value; }

bool strmap_at(const StrMap *map, uint32_t i, Str *ret_key, uint32_t *ret_value) {
  if (i >= map->capacity || !map->slots[i].used) return false;
  *ret_key = map->slots[i].key;
  *ret_value = map->slots[i].value;
  return true;
}
