/* Identity numbers (GB 11643-1999): reading what lists really hold, judging, repairing, packing.
 * Pure arithmetic on bytes; nothing here allocates but id_mask. */
#include "identity/identity.h"

enum {
  FULL = 18,        /* characters of a number */
  FOLDED_LIMIT = 64 /* longer cells are not identity numbers; what follows is dropped */
};
/* Repairs propose only living memory; a typed number may be read with any year that the shape allows. */
enum { REPAIR_YEAR_FIRST = 1900, REPAIR_YEAR_LAST = 2025, ID_YEAR_FIRST = 1900, ID_YEAR_LAST = 2099 };

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool all_digits(const char *s, size_t size) {
  for (size_t i = 0; i < size; i++)
    if (!is_digit(s[i])) return false;
  return true;
}

bool date_valid(uint32_t yyyymmdd) {
  static const uint8_t DAYS[12] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  uint32_t year = yyyymmdd / 10000, month = yyyymmdd / 100 % 100, day = yyyymmdd % 100;
  if (year < 1800 || year > 2199 || month < 1 || month > 12 || day < 1 || day > DAYS[month - 1]) return false;
  bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month != 2 || day < 29 || leap;
}

char id_check_digit(const char seventeen[17]) {
  static const uint8_t WEIGHT[17] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
  int sum = 0;
  for (size_t i = 0; i < COUNT_OF(WEIGHT); i++) sum += (seventeen[i] - '0') * WEIGHT[i];
  return "10X98765432"[((sum % 11) + 11) % 11];
}

/* 17 digits and a digit or X: the check digit and the date may still be wrong. */
static bool shape_ok(const char *text, size_t size) {
  return size == FULL && all_digits(text, FULL - 1) && (is_digit(text[FULL - 1]) || text[FULL - 1] == 'X');
}

static uint32_t digits_value(const char *s, size_t size) {
  uint32_t value = 0;
  for (size_t i = 0; i < size; i++) value = value * 10 + (uint32_t)(s[i] - '0');
  return value;
}

static bool birth_ok(uint32_t date, uint32_t first_year, uint32_t last_year) {
  return date_valid(date) && date / 10000 >= first_year && date / 10000 <= last_year;
}

bool id_check(Str eighteen) {
  return shape_ok(eighteen.data, eighteen.size) && eighteen.data[0] != '0' &&
         birth_ok(digits_value(eighteen.data + 6, 8), ID_YEAR_FIRST, ID_YEAR_LAST) &&
         id_check_digit(eighteen.data) == eighteen.data[FULL - 1];
}

static uint64_t pack(const char *text) {
  uint64_t value = 0;
  for (size_t i = 0; i < FULL - 1; i++) value = value * 10 + (uint64_t)(text[i] - '0');
  return value * 11 + (text[FULL - 1] == 'X' ? 10u : (uint64_t)(text[FULL - 1] - '0'));
}

Str id_unpack(uint64_t packed, char out[19]) {
  uint64_t check = packed % 11, digits = packed / 11;
  out[0] = 0;
  if (packed == 0 || digits >= 100000000000000000u) return (Str){out, 0};
  out[FULL] = 0;
  out[FULL - 1] = "0123456789X"[check];
  for (size_t i = FULL - 1; i-- > 0; digits /= 10) out[i] = (char)('0' + digits % 10);
  return (Str){out, FULL};
}

/* ---- folding: any cell to a short run of ASCII characters ---- */
typedef struct Folded {
  char text[FOLDED_LIMIT];
  size_t size;
  uint16_t flags;
} Folded;

typedef struct RuneRange {
  uint32_t first, last;
} RuneRange;

static bool in_ranges(uint32_t rune, const RuneRange *ranges, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (rune >= ranges[i].first && rune <= ranges[i].last) return true;
  return false;
}

/* Blanks, invisible characters and the hyphens people group digits with. */
static const RuneRange BLANKS[] = {{0x01, 0x20},     {0x7F, 0xA0},     {0xAD, 0xAD},     {0x180E, 0x180E},
                                   {0x2000, 0x2015}, {0x2028, 0x202F}, {0x205F, 0x2064}, {0x2212, 0x2212},
                                   {0x3000, 0x3000}, {0xFE58, 0xFE58}, {0xFE63, 0xFE63}, {0xFEFF, 0xFEFF},
                                   {'-', '-'},       {'_', '_'}};
/* ' " ` and their typographic forms; '=' opens ="450399..." */
static const RuneRange QUOTES[] = {{'\'', '\''}, {'"', '"'},       {'`', '`'},       {'=', '='},
                                   {0xB4, 0xB4}, {0x2018, 0x201F}, {0x2032, 0x2035}, {0x300C, 0x300F}};
/* What is typed for the check character X: times sign, Cyrillic, Greek, Roman ten, crosses. */
static const RuneRange CROSSES[] = {{0xD7, 0xD7},     {0x425, 0x425},   {0x445, 0x445},   {0x3A7, 0x3A7},
                                    {0x3C7, 0x3C7},   {0x2169, 0x2169}, {0x2179, 0x2179}, {0x2613, 0x2613},
                                    {0x2715, 0x2716}, {0x2A2F, 0x2A2F}};

static void fold_rune(Folded *folded, uint32_t rune) {
  if (rune >= 0xFF01 && rune <= 0xFF5E) rune -= 0xFEE0, folded->flags |= ID_WAS_FULLWIDTH;
  if (in_ranges(rune, BLANKS, COUNT_OF(BLANKS))) {
    folded->flags |= ID_HAD_BLANKS;
    return;
  }
  if (in_ranges(rune, QUOTES, COUNT_OF(QUOTES))) {
    folded->flags |= ID_HAD_QUOTE;
    return;
  }
  if (rune == 'x' || in_ranges(rune, CROSSES, COUNT_OF(CROSSES))) rune = 'X', folded->flags |= ID_WAS_LOWER_X;
  if (rune >= 'a' && rune <= 'z') rune -= 'a' - 'A';
  if (rune > 0x7E || rune == 0) rune = '?';
  if (folded->size < FOLDED_LIMIT) folded->text[folded->size++] = (char)rune;
}

static Folded fold(Str raw) {
  Folded folded;
  folded.size = folded.flags = 0;
  if (shape_ok(raw.data, raw.size)) { /* nearly every cell */
    memcpy(folded.text, raw.data, FULL);
    folded.size = FULL;
    return folded;
  }
  for (size_t at = 0; at < raw.size;) fold_rune(&folded, str_next_rune(raw, &at));
  return folded;
}

static void strip_decimal(Folded *folded) {
  size_t end = folded->size;
  while (end && folded->text[end - 1] == '0') end--;
  if (end < 2 || end == folded->size || folded->text[end - 1] != '.') return;
  if (!all_digits(folded->text, end - 1)) return;
  folded->size = end - 1;
  folded->flags |= ID_HAD_DECIMAL;
}

/* 4.50399E+17: how many digits the mantissa holds; the digits are written out with zeros behind.
 * 0 when the text is not such a number. */
static size_t expand_scientific(Folded *folded) {
  const char *text = folded->text;
  char digits[FULL + 1];
  size_t at = 0, count = 0;
  for (; at < folded->size && (is_digit(text[at]) || (at == 1 && text[at] == '.')); at++)
    if (text[at] != '.' && count < FULL) digits[count++] = text[at];
  if (count == 0 || at + 2 > folded->size || text[at] != 'E') return 0;
  at++;
  if (at < folded->size && text[at] == '+') at++;
  if (at == folded->size || folded->size - at > 2 || !all_digits(text + at, folded->size - at)) return 0;
  size_t length = digits_value(text + at, folded->size - at) + 1;
  if (length != FULL && length != 15) return 0;
  if (count > length) count = length;
  for (size_t i = 0; i < length; i++) folded->text[i] = i < count ? digits[i] : '0';
  folded->size = length;
  folded->flags |= ID_WAS_SCIENTIFIC;
  return count;
}

/* A number with words around it, 身份证号450399...（注销）: the one valid run of 18 is taken. */
static void take_only_run(Folded *folded) {
  size_t found = 0, start = 0;
  for (size_t at = 0; at + FULL <= folded->size; at++) {
    bool before = at && is_digit(folded->text[at - 1]);
    bool after = at + FULL < folded->size && (is_digit(folded->text[at + FULL]) || folded->text[at + FULL] == 'X');
    if (before || after || !id_check((Str){folded->text + at, FULL})) continue;
    start = at;
    found++;
  }
  if (found != 1 || folded->size == FULL) return;
  for (size_t i = 0; i < folded->size; i++)
    if ((i < start || i >= start + FULL) && is_digit(folded->text[i])) return;
  memmove(folded->text, folded->text + start, FULL);
  folded->size = FULL;
  folded->flags |= ID_HAD_WORDS;
}

/* ---- reading ---- */
static void set_text(IdNumber *id, const char *text, size_t size) {
  if (size >= sizeof id->text) size = sizeof id->text - 1;
  memcpy(id->text, text, size);
  id->text[size] = 0;
  id->size = (uint8_t)size;
}

/* State, birth, sex and packed value of the 18 characters in id->text. */
static void judge(IdNumber *id) {
  id->state = ID_INVALID;
  if (!shape_ok(id->text, id->size)) {
    id->flags |= ID_BAD_CHECK;
    return;
  }
  id->packed = pack(id->text);
  id->sex = (id->text[16] - '0') % 2 ? 1 : 2;
  uint32_t birth = digits_value(id->text + 6, 8);
  if (birth_ok(birth, ID_YEAR_FIRST, ID_YEAR_LAST))
    id->birth = birth;
  else
    id->flags |= ID_BAD_DATE;
  if (id_check_digit(id->text) != id->text[FULL - 1]) id->flags |= ID_BAD_CHECK;
  if (id_check((Str){id->text, id->size})) {
    id->state = ID_VALID;
    id->certain = FULL;
    return;
  }
  /* Spreadsheets keep 15 digits: ...000. A value that went through a number (".0") lost the same digits. */
  bool zeroed = memcmp(id->text + 15, "000", 3) == 0, was_number = (id->flags & ID_HAD_DECIMAL) != 0;
  if (!(id->flags & ID_BAD_CHECK) || !(zeroed || was_number)) return;
  id->state = ID_PREFIX;
  id->certain = 15;
  id->sex = 0;
  if (zeroed) id->flags |= ID_WAS_ZEROED;
}

/* The spreadsheet rounds what it shows. Six digits are right nevertheless, since a year's first digit
 * (1 or 2) rounds down; fifteen are what it stores; between them a carry may have changed any digit
 * after the sixth, and below six the last is not the person's own. */
static void read_scientific(IdNumber *id, const Folded *folded, size_t mantissa) {
  set_text(id, folded->text, folded->size);
  if (folded->size == FULL && mantissa >= FULL) {
    judge(id);
    return;
  }
  id->state = ID_PREFIX;
  id->certain = mantissa >= 15 && folded->size == FULL ? 15 : mantissa >= 6 ? 6 : 0;
  if (id->certain < 15) return;
  uint32_t birth = digits_value(id->text + 6, 8);
  if (birth_ok(birth, ID_YEAR_FIRST, ID_YEAR_LAST))
    id->birth = birth;
  else
    id->flags |= ID_BAD_DATE;
}

static void read_fifteen(IdNumber *id, const char *digits) {
  char text[FULL];
  memcpy(text, digits, 6);
  memcpy(text + 6, "19", 2);
  memcpy(text + 8, digits + 6, 9);
  text[FULL - 1] = id_check_digit(text);
  set_text(id, text, FULL);
  id->flags |= ID_WAS_15;
  judge(id);
  if (id->state == ID_PREFIX) id->state = ID_INVALID;
  id->certain = id->state == ID_VALID ? 17 : 0;
}

/* Disability certificate: number, kind 1-7, grade 1-4; reissued ones add B and a digit. */
static bool read_certificate(IdNumber *id, const Folded *folded) {
  const char *text = folded->text;
  bool reissued = folded->size == 22 && text[20] == 'B' && is_digit(text[21]);
  if (folded->size != 20 && !reissued) return false;
  if (!shape_ok(text, FULL) || text[18] < '1' || text[18] > '7' || text[19] < '1' || text[19] > '4') return false;
  set_text(id, text, FULL);
  id->flags |= (uint16_t)(ID_WAS_CERTIFICATE | (reissued ? ID_WAS_REISSUED : 0));
  id->disability_kind = (uint8_t)(text[18] - '0');
  id->disability_grade = (uint8_t)(text[19] - '0');
  judge(id);
  return true;
}

/* 无, 暂无, 不详, /, 0, N/A ...: no digit but zeros. */
static bool says_none(const Folded *folded) {
  for (size_t i = 0; i < folded->size; i++)
    if (folded->text[i] >= '1' && folded->text[i] <= '9') return false;
  return true;
}

IdNumber id_read(Str raw) {
  Folded folded = fold(raw);
  IdNumber id = {.state = ID_NONE};
  if (says_none(&folded)) {
    id.flags = folded.flags;
    return id;
  }
  size_t mantissa = expand_scientific(&folded);
  if (!mantissa) strip_decimal(&folded);
  if (folded.size != FULL && folded.size != 20 && folded.size != 22) take_only_run(&folded);
  id.flags = folded.flags;
  if (folded.size >= 6 && memcmp(folded.text, "999999", 6) == 0) {
    set_text(&id, folded.text, folded.size);
    id.state = ID_DUMMY;
  } else if (mantissa) {
    read_scientific(&id, &folded, mantissa);
  } else if (folded.size == FULL) {
    set_text(&id, folded.text, FULL);
    judge(&id);
  } else if (folded.size == 15 && all_digits(folded.text, 15)) {
    read_fifteen(&id, folded.text);
  } else if (!read_certificate(&id, &folded)) {
    set_text(&id, folded.text, folded.size);
    id.state = ID_SHORT;
  }
  return id;
}

/* ---- repairs ---- */
enum { REPAIR_LIMIT = 256 };
typedef struct Repairs {
  uint64_t list[REPAIR_LIMIT];
  size_t count;
  bool recompute; /* 15-digit origin: the check digit is ours, so it follows the repair */
} Repairs;

static void offer(Repairs *repairs, const char text[FULL]) {
  char candidate[FULL];
  memcpy(candidate, text, FULL);
  if (!all_digits(candidate, FULL - 1)) return;
  if (repairs->recompute) candidate[FULL - 1] = id_check_digit(candidate);
  if (!id_check((Str){candidate, FULL})) return;
  uint32_t birth = digits_value(candidate + 6, 8);
  if (!birth_ok(birth, REPAIR_YEAR_FIRST, REPAIR_YEAR_LAST)) return;
  uint64_t packed = pack(candidate);
  size_t at = repairs->count;
  while (at > 0 && repairs->list[at - 1] > packed) at--;
  if ((at > 0 && repairs->list[at - 1] == packed) || repairs->count == REPAIR_LIMIT) return;
  memmove(repairs->list + at + 1, repairs->list + at, (repairs->count - at) * sizeof *repairs->list);
  repairs->list[at] = packed;
  repairs->count++;
}

static void offer_each_character(Repairs *repairs, char text[FULL], size_t at) {
  char was = text[at];
  for (const char *c = "0123456789X"; *c; c++) {
    if (*c == was || (*c == 'X' && at != FULL - 1)) continue;
    text[at] = *c;
    offer(repairs, text);
  }
  text[at] = was;
}

static void repair_full(Repairs *repairs, const char *source) {
  char text[FULL];
  memcpy(text, source, FULL);
  size_t last = repairs->recompute ? FULL - 1 : FULL; /* of what was typed */
  for (size_t at = 0; at < last; at++) {
    bool added = repairs->recompute && (at == 6 || at == 7); /* the century, not typed either */
    if (!added) offer_each_character(repairs, text, at);
  }
  for (size_t at = 0; at + 1 < last; at++) {
    size_t next = repairs->recompute && at == 5 ? 8 : at + 1; /* neighbours as typed */
    if (repairs->recompute && (at == 6 || at == 7)) continue;
    char first = text[at], second = text[next];
    if (first == second) continue;
    text[at] = second;
    text[next] = first;
    offer(repairs, text);
    text[at] = first;
    text[next] = second;
  }
}

static void repair_insertion(Repairs *repairs, const char *source) {
  for (size_t at = 0; at < FULL; at++) {
    char text[FULL];
    memcpy(text, source, at);
    text[at] = ' ';
    memcpy(text + at + 1, source + at, FULL - 1 - at);
    offer_each_character(repairs, text, at);
  }
}

static void repair_deletion(Repairs *repairs, const char *source) {
  for (size_t at = 0; at <= FULL; at++) {
    char text[FULL];
    memcpy(text, source, at);
    memcpy(text + at, source + at + 1, FULL - at);
    offer(repairs, text);
  }
}

size_t id_repairs(const IdNumber *id, uint64_t *ret_candidates, size_t max) {
  Repairs repairs = {.recompute = (id->flags & ID_WAS_15) != 0};
  if (id->state == ID_INVALID && id->size == FULL)
    repair_full(&repairs, id->text);
  else if (id->state == ID_SHORT && id->size == FULL - 1)
    repair_insertion(&repairs, id->text);
  else if (id->state == ID_SHORT && id->size == FULL + 1)
    repair_deletion(&repairs, id->text);
  size_t count = repairs.count < max ? repairs.count : max;
  if (count) memcpy(ret_candidates, repairs.list, count * sizeof *ret_candidates);
  return count;
}

/* Whole numbers keep six characters in front and four behind; shorter texts keep less, so that what
 * stays never is the greater part. */
Str id_mask(Arena *arena, Str id) {
  size_t count = str_rune_count(id);
  size_t front = count >= 15 ? 6 : count / 4, back = count >= 15 ? 4 : count / 4;
  Buf buf = buf_new(arena);
  for (size_t at = 0, i = 0; at < id.size; i++) {
    uint32_t rune = str_next_rune(id, &at);
    buf_add_rune(&buf, i < front || i >= count - back ? rune : '*');
  }
  return buf_str(&buf);
}
