/* Numbers and dates as text: what a spreadsheet stores as a double, written the way people know it. */
#include "sheet/sheet_internal.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

uint8_t number_format_builtin(uint32_t id) {
  static const struct {
    uint8_t first, last, kind;
  } ranges[] = {
      {14, 17, FORMAT_DATE}, {18, 21, FORMAT_TIME}, {22, 22, FORMAT_DATE | FORMAT_TIME},
      {27, 31, FORMAT_DATE}, {32, 35, FORMAT_TIME}, {36, 36, FORMAT_DATE}, /* 27-36 and 50-58: Chinese editions */
      {45, 45, FORMAT_TIME}, {47, 47, FORMAT_TIME}, {50, 54, FORMAT_DATE},
      {55, 56, FORMAT_TIME}, {57, 58, FORMAT_DATE},
  };
  for (size_t i = 0; i < COUNT_OF(ranges); i++)
    if (id >= ranges[i].first && id <= ranges[i].last) return ranges[i].kind;
  return 0;
}

/* Skips what a format code quotes; returns the offset after it, or `at` if nothing is quoted there. */
static size_t skip_literal(Str code, size_t at, bool *ret_elapsed) {
  char c = code.data[at];
  if (c == '"') {
    ptrdiff_t end = str_find(str_sub(code, at + 1, code.size), STR("\""));
    return end < 0 ? code.size : at + 1 + (size_t)end + 1;
  }
  if (c == '\\' || c == '_' || c == '*') {
    size_t next = at + 1;
    str_next_rune(code, &next);
    return next;
  }
  if (c == '[') {
    ptrdiff_t end = str_find(str_sub(code, at, code.size), STR("]"));
    if (end < 0) return code.size;
    if (end >= 2 && strchr("hHmMsS", code.data[at + 1]) && code.data[at + 1] == code.data[at + (size_t)end - 1])
      *ret_elapsed = true; /* [h]:mm counts hours; [Red] is a colour */
    return at + (size_t)end + 1;
  }
  return at;
}

uint8_t number_format_kind(Str code) {
  enum { YEAR_OR_DAY = 1, MONTH = 2, CLOCK = 4, DIGIT = 8 };
  unsigned seen = 0;
  bool elapsed = false;
  static const char general[] = "general";
  if (code.size >= 7) {
    size_t same = 0;
    while (same < 7 && (code.data[same] | 0x20) == general[same]) same++;
    if (same == 7) return 0;
  }
  for (size_t at = 0; at < code.size && code.data[at] != ';';) {
    size_t next = skip_literal(code, at, &elapsed);
    if (next != at) {
      at = next;
      continue;
    }
    switch (code.data[at++] | 0x20) {
      case 'y':
      case 'd':
        seen |= YEAR_OR_DAY;
        break;
      case 'm':
        seen |= MONTH;
        break;
      case 'h':
      case 's':
        seen |= CLOCK;
        break;
      case '0':
      case '#' | 0x20:
      case '?' | 0x20:
        seen |= DIGIT;
        break;
      default:
        break;
    }
  }
  if (elapsed) return 0;
  uint8_t kind = 0;
  if (seen & CLOCK) kind |= FORMAT_TIME; /* an m beside it is minutes, unless a year or day is there too */
  if ((seen & YEAR_OR_DAY) || ((seen & MONTH) && !(seen & (CLOCK | DIGIT)))) kind |= FORMAT_DATE;
  return kind;
}

/* digits: "4503991962" with the point after `whole` of them (whole may be <= 0 or beyond the end). */
static Str place_point(Arena *arena, bool negative, const char *digits, int count, int whole) {
  Buf buf = buf_new(arena);
  if (negative) buf_add_byte(&buf, '-');
  if (whole <= 0) buf_add_c(&buf, "0");
  for (int i = 0; i < whole; i++) buf_add_byte(&buf, i < count ? digits[i] : '0');
  if (count > whole) {
    buf_add_byte(&buf, '.');
    for (int i = whole; i < 0; i++) buf_add_byte(&buf, '0');
    buf_add(&buf, (Str){digits + (whole > 0 ? whole : 0), (size_t)(count - (whole > 0 ? whole : 0))});
  }
  return buf_str(&buf);
}

Str number_text(Arena *arena, double value, uint8_t *flags) {
  if (!isfinite(value)) return STR_EMPTY;
  char text[40];
  if (fabs(value) < 1e15 && value == trunc(value)) {
    int size = snprintf(text, sizeof text, "%lld", (long long)value);
    return str_copy(arena, (Str){text, (size_t)size});
  }
  if (fabs(value) >= 1e15) *flags |= CELL_PRECISION;
  for (int precision = 14; precision <= 16; precision++) {
    snprintf(text, sizeof text, "%.*e", precision, value);
    if (strtod(text, NULL) == value) break;
  }
  char digits[24];
  int count = 0;
  const char *at = text;
  bool negative = *at == '-';
  for (; *at && *at != 'e'; at++)
    if (*at >= '0' && *at <= '9') digits[count++] = *at;
  int exponent = *at == 'e' ? atoi(at + 1) : 0;
  while (count > 1 && digits[count - 1] == '0') count--;
  return place_point(arena, negative, digits, count, exponent + 1);
}

typedef struct Day {
  int year, month, day;
} Day;

/* Proleptic Gregorian date of a count of days since 1970-01-01 (after H. Hinnant's algorithm). */
static Day day_from_count(int64_t days) {
  days += 719468;
  int64_t era = days / 146097, of_era = days % 146097;
  int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t shifted = (5 * of_year + 2) / 153;
  int month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
  return (Day){(int)(year_of_era + era * 400 + (month <= 2)), month, (int)(of_year - (153 * shifted + 2) / 5 + 1)};
}

/* Days between the epochs: serial 0 of the 1900 system as it counts after its invented 1900-02-29. */
enum { SERIAL_1900 = -25569, SERIAL_1904 = -24107, LAST_SERIAL = 2958465 };

static bool serial_text(Arena *arena, double serial, uint8_t format, bool date1904, Str *ret_text) {
  if (!(serial >= 0 && serial < LAST_SERIAL + 1.0)) return false;
  int64_t seconds = llround(serial * 86400), days = seconds / 86400;
  seconds %= 86400;
  int hour = (int)(seconds / 3600), minute = (int)(seconds / 60 % 60), second = (int)(seconds % 60);
  if (days == 0 && !date1904) {
    if (!(format & FORMAT_TIME)) return false;
    *ret_text = str_format(arena, "%02d:%02d:%02d", hour, minute, second);
    return true;
  }
  Day day;
  if (!date1904 && days == 60)
    day = (Day){1900, 2, 29}; /* as every spreadsheet shows it */
  else
    day = day_from_count(days + (date1904 ? SERIAL_1904 : days < 60 ? SERIAL_1900 + 1 : SERIAL_1900));
  if ((format & FORMAT_TIME) && seconds != 0)
    *ret_text = str_format(arena, "%04d-%02d-%02d %02d:%02d:%02d", day.year, day.month, day.day, hour, minute, second);
  else
    *ret_text = str_format(arena, "%04d-%02d-%02d", day.year, day.month, day.day);
  return true;
}

Cell number_cell(Arena *arena, double value, uint8_t format, bool date1904) {
  Cell cell = {.kind = CELL_NUMBER};
  if (format && serial_text(arena, value, format, date1904, &cell.text)) {
    cell.kind = CELL_DATE;
    return cell;
  }
  cell.text = number_text(arena, value, &cell.flags);
  return cell;
}

/* "4.50399E+17", "1E+05"; not "12E3", which may be a code. */
bool text_is_scientific(Str text) {
  text = str_trim(text);
  size_t at = 0, digits = 0, exponent = 0;
  bool point = false, sign = false;
  if (at < text.size && (text.data[at] == '-' || text.data[at] == '+')) at++;
  for (; at < text.size && ((text.data[at] >= '0' && text.data[at] <= '9') || text.data[at] == '.'); at++) {
    if (text.data[at] != '.')
      digits++;
    else if (point)
      return false;
    else
      point = true;
  }
  if (digits == 0 || at == text.size || (text.data[at] | 0x20) != 'e') return false;
  at++;
  if (at < text.size && (text.data[at] == '-' || text.data[at] == '+')) at++, sign = true;
  for (; at < text.size && text.data[at] >= '0' && text.data[at] <= '9'; at++) exponent++;
  return at == text.size && exponent >= 1 && exponent <= 3 && (point || sign);
}
