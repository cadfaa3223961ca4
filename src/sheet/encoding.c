/* Bytes of a text file to UTF-8: which encoding, and U+FFFD for what it does not know. */
#include "sheet/sheet_internal.h"
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>

static const char REPLACEMENT[] = "\xEF\xBF\xBD";

/* UTF-16 without a byte order mark: ASCII (digits, separators, line ends) has NUL on one side only. */
static Str guess_utf16(Str bytes) {
  size_t end = bytes.size < 65536 ? bytes.size & ~(size_t)1 : 65536, even = 0, odd = 0;
  for (size_t i = 0; i + 1 < end; i += 2) {
    even += bytes.data[i] == 0;
    odd += bytes.data[i + 1] == 0;
  }
  size_t units = end / 2, enough = units / 20 + 1;
  if (units == 0 || bytes.size % 2) return STR_EMPTY;
  if (odd >= enough && even <= odd / 20) return STR("utf-16le");
  if (even >= enough && odd <= even / 20) return STR("utf-16be");
  return STR_EMPTY;
}

/* Ill-formed bytes and well-formed multi-byte characters, were the bytes UTF-8. */
static void count_utf8(Str bytes, size_t *ret_bad, size_t *ret_good) {
  size_t bad = 0, good = 0;
  for (size_t at = 0; at < bytes.size;) {
    if ((unsigned char)bytes.data[at] < 0x80) {
      at++;
      continue;
    }
    size_t from = at;
    str_next_rune(bytes, &at);
    if (at - from == 1)
      bad++;
    else
      good++;
  }
  *ret_bad = bad;
  *ret_good = good;
}

static Str detect(Str bytes, size_t *ret_skip) {
  *ret_skip = 0;
  if (str_starts(bytes, STR("\xEF\xBB\xBF"))) return *ret_skip = 3, STR("utf-8-bom");
  if (str_starts(bytes, STR("\xFF\xFE"))) return *ret_skip = 2, STR("utf-16le");
  if (str_starts(bytes, STR("\xFE\xFF"))) return *ret_skip = 2, STR("utf-16be");
  if (bytes.size && memchr(bytes.data, 0, bytes.size)) {
    Str utf16 = guess_utf16(bytes);
    if (utf16.size) return utf16;
  }
  size_t bad, good;
  count_utf8(bytes, &bad, &good);
  /* GBK text read as UTF-8 is bad nearly everywhere; UTF-8 that was cut or patched is bad in a place or two */
  if (bad == 0 || bad * 50 < good) return STR("utf-8");
  return STR("gb18030");
}

static void add_utf8(Buf *buf, Str bytes, size_t *replaced) {
  size_t from = 0, at = 0;
  while (at < bytes.size) {
    size_t start = at;
    bool bad = bytes.data[at] == 0;
    if ((unsigned char)bytes.data[at] < 0x80)
      at++;
    else
      str_next_rune(bytes, &at), bad = at - start == 1;
    if (!bad) continue;
    buf_add(buf, str_sub(bytes, from, start));
    buf_add_c(buf, REPLACEMENT);
    (*replaced)++;
    from = at;
  }
  buf_add(buf, str_sub(bytes, from, at));
}

static void add_utf16(Buf *buf, Str bytes, bool big, size_t *replaced) {
  const unsigned char *b = (const unsigned char *)bytes.data;
  for (size_t at = 0; at < bytes.size;) {
    uint32_t rune = 0xFFFD;
    if (at + 1 < bytes.size) rune = big ? (uint32_t)(b[at] << 8 | b[at + 1]) : (uint32_t)(b[at + 1] << 8 | b[at]);
    at += 2;
    if (rune >= 0xD800 && rune <= 0xDBFF && at + 1 < bytes.size) {
      uint32_t low = big ? (uint32_t)(b[at] << 8 | b[at + 1]) : (uint32_t)(b[at + 1] << 8 | b[at]);
      if (low >= 0xDC00 && low <= 0xDFFF) rune = 0x10000 + ((rune - 0xD800) << 10) + (low - 0xDC00), at += 2;
    }
    if (rune == 0 || (rune >= 0xD800 && rune <= 0xDFFF)) rune = 0xFFFD;
    *replaced += rune == 0xFFFD;
    buf_add_rune(buf, rune);
  }
}

static bool add_gb18030(Buf *buf, Str bytes, size_t *replaced) {
  iconv_t converter = iconv_open("UTF-8", "GB18030");
  if (converter == (iconv_t)-1) return false;
  char *in = (char *)(uintptr_t)bytes.data; /* iconv does not write there */
  size_t left = bytes.size;
  char out[8192];
  while (left > 0) {
    char *to = out;
    size_t room = sizeof out;
    size_t result = iconv(converter, &in, &left, &to, &room);
    int problem = result == (size_t)-1 ? errno : 0;
    size_t before = buf->size;
    add_utf8(buf, (Str){out, sizeof out - room}, replaced);
    if (problem == EILSEQ || problem == EINVAL) {
      buf_add_c(buf, REPLACEMENT);
      (*replaced)++;
      in++, left--;
      iconv(converter, NULL, NULL, NULL, NULL);
    } else if (buf->size == before && problem != E2BIG) {
      break;
    }
  }
  iconv_close(converter);
  return true;
}

/* GBK is what has no four-byte sequences. */
static bool has_four_bytes(Str bytes) {
  const unsigned char *b = (const unsigned char *)bytes.data;
  for (size_t i = 0; i + 3 < bytes.size; i++) {
    if (b[i] < 0x81) continue;
    if (b[i + 1] >= 0x30 && b[i + 1] <= 0x39 && b[i + 2] >= 0x81 && b[i + 3] >= 0x30 && b[i + 3] <= 0x39) return true;
    i++;
  }
  return false;
}

Decoded text_decode(Arena *arena, Str bytes) {
  size_t skip;
  Decoded decoded = {.encoding = detect(bytes, &skip)};
  Str body = str_sub(bytes, skip, bytes.size);
  Buf buf = buf_new(arena);
  if (body.size) buf.capacity = body.size + 1, buf.data = arena_alloc(arena, buf.capacity);
  if (str_starts(decoded.encoding, STR("utf-16"))) {
    add_utf16(&buf, body, str_equal(decoded.encoding, STR("utf-16be")), &decoded.replaced);
  } else if (str_starts(decoded.encoding, STR("utf-8"))) {
    add_utf8(&buf, body, &decoded.replaced);
  } else {
    if (!has_four_bytes(body)) decoded.encoding = STR("gbk");
    if (!add_gb18030(&buf, body, &decoded.replaced)) add_utf8(&buf, body, &decoded.replaced);
  }
  buf_add_byte(&buf, 0);
  decoded.text = (Str){buf.data, buf.size - 1};
  return decoded;
}

bool text_looks_binary(const Decoded *decoded) {
  size_t control = 0, runes = 0;
  for (size_t i = 0; i < decoded->text.size; i++) {
    unsigned char c = (unsigned char)decoded->text.data[i];
    runes += (c & 0xC0) != 0x80;
    control += (c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1A) || c == 0x7F;
  }
  return control > 2 + runes / 200 || decoded->replaced > 8 + runes / 10;
}
