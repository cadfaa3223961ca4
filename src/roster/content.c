#include "roster/recognise_internal.h"

typedef struct Tally {
  uint32_t filled, id, certificate, name, relation, sex, phone, grade, mode, town, village, address;
} Tally;

bool looks_like_number(Str text) {
  size_t digits = 0;
  for (size_t i = 0; i < text.size; i++) {
    if (text.data[i] >= '0' && text.data[i] <= '9')
      digits++;
    else if (!strchr(".-+Ee:/", text.data[i]) || (unsigned char)text.data[i] >= 0x80)
      return false;
  }
  return digits > 0;
}

bool looks_like_id(Str text) {
  if (text.size < 15) return false;
  IdNumber id = id_read(text);
  return id.state == ID_VALID || (id.state == ID_INVALID && id.birth) || (id.state == ID_PREFIX && id.certain >= 6) ||
         (id.flags & ID_WAS_15);
}

/* One to six Han characters, perhaps with a dot or a lost character. */
bool looks_like_name(Str text) {
  size_t han = 0, other = 0;
  for (size_t at = 0; at < text.size;) {
    uint32_t rune = str_next_rune(text, &at);
    if ((rune >= 0x3400 && rune <= 0x9FFF) || rune >= 0x20000)
      han++;
    else if (rune != 0xB7 && rune != 0x2022 && rune != 0x3000 && rune != ' ' && rune != 0x25A1 && rune != '?')
      other++;
  }
  return han >= 1 && han <= 6 && other == 0;
}

bool looks_like_phone(Str text) {
  return text.size == 11 && text.data[0] == '1' && text.data[1] >= '3' && looks_like_number(text);
}

static Tally tally_column(const Finder *f, const Layout *layout, uint32_t column) {
  Tally t = {0};
  const Sheet *sheet = f->sheet;
  uint32_t rows = sheet->row_count - layout->first_data, step = rows > SAMPLE ? rows / SAMPLE : 1;
  Arena *arena = f->cx->arena;
  for (uint32_t r = layout->first_data; r < sheet->row_count; r += step) {
    Str text = cell_value(arena, row_cell(&sheet->rows[r], column));
    if (text.size == 0 || text.size > 120) continue;
    t.filled++;
    bool id = looks_like_id(text), number = looks_like_number(text);
    t.id += id;
    t.certificate += id && (id_read(text).flags & (ID_WAS_CERTIFICATE | ID_WAS_REISSUED)) != 0;
    bool relation = !number && catalogue_value(f->catalogue, arena, "relation", text).size > 0;
    bool sex = !number && catalogue_value(f->catalogue, arena, "sex", text).size > 0;
    t.relation += relation;
    t.sex += sex;
    t.phone += looks_like_phone(text);
    /* 一级 is a grade of many things, A级 only of houses */
    t.grade += (unsigned char)text.data[0] < 0x80 && catalogue_value(f->catalogue, arena, "grade", text).size > 0;
    t.mode += catalogue_value(f->catalogue, arena, "mode", text).size > 0;
    Place place = {.how = PLACE_UNKNOWN};
    if (!number) place = place_find(f->catalogue->places, STR_EMPTY, STR_EMPTY, text);
    bool village = place.village_code.size > 0 || place.how == PLACE_AMBIGUOUS,
         town = !village && place.town_code.size > 0;
    t.village += village;
    t.town += town;
    t.address += village && str_rune_count(text) > 7;
    t.name += looks_like_name(text) && !relation && !sex && !village && !town;
  }
  return t;
}

static bool most(uint32_t part, uint32_t whole) {
  return whole >= 3 ? part * 10 >= whole * 6 : whole > 0 && part == whole;
}

bool column_taken(const Layout *layout, uint32_t wanted) {
  for (uint32_t i = 0; i < layout->column_count; i++)
    if (layout->column[i] == wanted || layout->tick_column[i] == wanted) return true;
  return false;
}

/* A header that speaks of somebody else (监护人, 联系人, 帮扶干部) or of another place (安置, 迁入). */
static bool is_about_others(const Catalogue *catalogue, Str header) {
  for (uint32_t i = 0; i < catalogue->other_count; i++)
    if (str_find(header, catalogue->others[i]) >= 0) return true;
  return false;
}

/* What an unknown column holds; a meaning that another column has already is not guessed again. */
static uint32_t guess_column(const Finder *f, const Layout *layout, const Tally *t, bool headed) {
  const uint32_t *known = f->catalogue->known;
  bool id = column_taken(layout, known[COL_ID_NO]) || column_taken(layout, known[COL_HEAD_ID]),
       name = column_taken(layout, known[COL_NAME]) || column_taken(layout, known[COL_HEAD_NAME]),
       place = column_taken(layout, known[COL_VILLAGE]) || column_taken(layout, known[COL_ADDRESS]);
  const struct {
    uint32_t hits;
    bool possible;
    uint32_t column;
  } guesses[] = {{t->certificate, true, known[COL_DISABILITY_NO]},
                 {t->id, !id, known[COL_ID_NO]},
                 {t->relation, true, known[COL_RELATION]},
                 {t->sex, true, known[COL_SEX]},
                 {t->phone, !headed, known[COL_PHONE]},
                 {t->mode, true, known[COL_MODE]},
                 {t->grade, true, known[COL_GRADE]},
                 {t->address, !place, known[COL_ADDRESS]},
                 {t->village, !place, known[COL_VILLAGE]},
                 {t->town, true, known[COL_TOWN]},
                 {t->name, !name, known[COL_NAME]}};
  for (uint32_t g = 0; g < COUNT_OF(guesses); g++)
    if (guesses[g].possible && most(guesses[g].hits, t->filled) && !column_taken(layout, guesses[g].column))
      return guesses[g].column;
  return NO_INDEX;
}

/* Headers lie: a column headed 姓名 that holds ID numbers is the ID column. */
static uint32_t corrected_column(const Finder *f, const Tally *t, uint32_t now) {
  const uint32_t *known = f->catalogue->known;
  switch (f->catalogue->columns[now].content) {
    case CONTENT_NAME:
      return most(t->id, t->filled) ? known[COL_ID_NO] : now;
    case CONTENT_ID:
      return most(t->name, t->filled) && t->id == 0 ? known[COL_NAME] : now;
    case CONTENT_TOWN:
      return most(t->village, t->filled) && t->town == 0 ? known[COL_VILLAGE] : now;
    case CONTENT_VILLAGE:
      return most(t->town, t->filled) && t->village == 0 ? known[COL_TOWN] : now;
    default:
      return now;
  }
}

static void set_by_content(Layout *layout, uint32_t column, uint32_t meaning) {
  layout->column[column] = meaning;
  layout->from_content[column] = true;
}

/* Columns whose header is contradicted by what they hold; two that are headed the wrong way round are exchanged. */
static void correct_columns(const Finder *f, Layout *layout) {
  uint32_t *wanted = arena_array(f->cx->arena, layout->column_count + 1, uint32_t);
  for (uint32_t i = 0; i < layout->column_count; i++) {
    uint32_t now = layout->column[i];
    wanted[i] = NO_INDEX;
    if (now == NO_INDEX) continue;
    Content content = f->catalogue->columns[now].content;
    if (content != CONTENT_NAME && content != CONTENT_ID && content != CONTENT_TOWN && content != CONTENT_VILLAGE)
      continue;
    Tally t = tally_column(f, layout, i);
    uint32_t then = t.filled ? corrected_column(f, &t, now) : now;
    if (then != now) wanted[i] = then;
  }
  for (uint32_t i = 0; i < layout->column_count; i++)
    if (wanted[i] != NO_INDEX) layout->column[i] = NO_INDEX;
  for (uint32_t i = 0; i < layout->column_count; i++)
    if (wanted[i] != NO_INDEX && !column_taken(layout, wanted[i])) set_by_content(layout, i, wanted[i]);
}

void content_judge(const Finder *f, Layout *layout) {
  correct_columns(f, layout);
  for (uint32_t i = 0; i < layout->column_count; i++) {
    bool headed = layout->header[i].size > 0;
    if (layout->column[i] != NO_INDEX || layout->tick[i].size) continue;
    if (headed && is_about_others(f->catalogue, layout->header[i])) continue;
    Tally t = tally_column(f, layout, i);
    uint32_t then = t.filled ? guess_column(f, layout, &t, headed) : NO_INDEX;
    if (then != NO_INDEX) set_by_content(layout, i, then);
  }
}

/* Two columns of one meaning: the fuller stays, the other is only carried along. */
void content_drop_doubles(const Finder *f, Layout *layout) {
  for (uint32_t i = 0; i < layout->column_count; i++)
    for (uint32_t j = i + 1; j < layout->column_count; j++) {
      if (layout->column[i] == NO_INDEX || layout->column[i] != layout->column[j]) continue;
      Tally a = tally_column(f, layout, i), b = tally_column(f, layout, j);
      layout->column[b.filled > a.filled ? i : j] = NO_INDEX;
    }
}
