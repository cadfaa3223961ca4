#include "roster/roster_internal.h"
#include "roster/roster_sql.h"

/* ---- searching ---- */
static bool has_digits(Str text) {
  for (size_t i = 0; i < text.size; i++)
    if (text.data[i] >= '0' && text.data[i] <= '9') return true;
  return false;
}

static bool only_letters(Str text) {
  for (size_t i = 0; i < text.size; i++)
    if (text.data[i] < 'a' || text.data[i] > 'z') return false;
  return text.size > 0;
}

bool text_matches(Arena *arena, Str value, Str text) {
  text = text_fold(arena, text);
  if (has_digits(text)) {
    IdNumber wanted = id_read(text), found = id_read(value);
    return wanted.state == ID_VALID && found.state == ID_VALID &&
           str_equal((Str){wanted.text, wanted.size}, (Str){found.text, found.size});
  }
  if (str_find(value, text) >= 0) return true;
  if (!only_letters(text)) return false;
  Name name = name_read(value);
  return str_starts(name_initials(arena, &name), text);
}

/* ---- one ---- */
static Status fill_decision(Context *cx, Journal *journal, Difference *d) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  bool more;
  d->decision_author = d->decision_entry = STR_EMPTY;
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_DECISION_LAST, DB_T(d->id)));
  TRY(db_next(cx, query, &more));
  if (!more) return OK;
  d->decision_entry = str_copy(cx->arena, db_text(query, 0));
  d->decision = str_copy(cx->arena, db_text(query, 1));
  d->decision_seq = db_int(query, 2);
  d->decision_author = str_copy(cx->arena, db_text(query, 3));
  d->state = str_equal(d->decision, STR("return")) ? DIFFERENCE_RETURNED : DIFFERENCE_DECIDED;
  return OK;
}

static Status read_content(Context *cx, Journal *journal, Difference *d) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  bool more;
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_DIFFERENCE_GET, DB_T(d->id)));
  TRY(db_next(cx, query, &more));
  if (!more) return fail(cx, NOT_FOUND, "没有编号为“" STR_FMT "”的差异。", STR_ARG(d->id));
  return roster_difference_read(cx, journal, query, true, d);
}

Status roster_difference_fill(Context *cx, Journal *journal, const FileNames *names, Difference *d) {
  TRY(read_content(cx, journal, d));
  TRY(roster_row_place(cx, journal, names, d->row_key, &d->file, &d->sheet, &d->row));
  TRY(roster_row_place(cx, journal, names, d->other_key, &d->other_file, NULL, &d->other_row));
  return fill_decision(cx, journal, d);
}

Status roster_difference_one(Context *cx, Journal *journal, const Catalogue *catalogue, const Scope *scope, Str id,
                             Difference *ret_difference) {
  FileNames names;
  Difference d = {.id = id};
  TRY(file_names_load(cx, journal, &names));
  TRY(roster_difference_fill(cx, journal, &names, &d));
  if (!scope_sees_difference(scope, catalogue, &d))
    return fail(cx, NOT_FOUND, "没有编号为“" STR_FMT "”的差异。", STR_ARG(id));
  *ret_difference = d;
  return OK;
}

/* ---- a page ---- */
static bool state_wanted(Str wanted, DifferenceState state) {
  static const struct {
    Str word;
    unsigned states; /* bit mask */
  } words[] = {{STR(""), 3},         {STR("todo"), 3},    {STR("open"), 1},
               {STR("returned"), 2}, {STR("decided"), 4}, {STR("all"), 7}};
  for (size_t i = 0; i < COUNT_OF(words); i++)
    if (str_equal(words[i].word, wanted)) return words[i].states >> state & 1;
  return false;
}

static bool equal_or_empty(Str wanted, Str have) { return wanted.size == 0 || str_equal(wanted, have); }

static bool wanted(const DifferenceFilter *f, const Difference *d) {
  Str town = d->town.size ? d->town : STR("unknown");
  bool list = f->list.size == 0 || str_equal(f->list, d->list) || str_equal(f->list, d->other_list) ||
              str_equal(f->list, d->left) || str_equal(f->list, d->right);
  return list && state_wanted(f->state, d->state) && equal_or_empty(f->class_code, d->class_code) &&
         equal_or_empty(f->left, d->left) && equal_or_empty(f->right, d->right) && equal_or_empty(f->town, town) &&
         equal_or_empty(f->household, d->household) && equal_or_empty(f->owner, d->owner);
}

static Status matches_text(Context *cx, Journal *journal, Difference *d, Str text, bool *ret_matches) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Context inner = {arena, {OK, STR_EMPTY}};
  Difference whole = *d;
  Status status = read_content(&inner, journal, &whole);
  if (status != OK) return fail(cx, status, STR_FMT, STR_ARG(inner.error.sentence));
  *ret_matches = text_matches(arena, whole.value, text) || text_matches(arena, whole.other_value, text) ||
                 str_equal(d->household, text) || str_starts(d->id, text);
  return OK;
}

Status roster_difference_page(Context *cx, Journal *journal, const Catalogue *catalogue, const Scope *scope,
                              const DifferenceFilter *filter, Difference **ret_differences, size_t *ret_count,
                              int64_t *ret_total) {
  Difference *all;
  size_t count, kept = 0;
  int64_t total = 0;
  FileNames names;
  TRY(roster_difference_states(cx, journal, &all, &count));
  TRY(file_names_load(cx, journal, &names));
  size_t room = (size_t)filter->limit < count ? (size_t)filter->limit : count;
  Difference *page = arena_array(cx->arena, room + 1, Difference);
  for (size_t i = 0; i < count; i++) {
    if (!scope_sees_difference(scope, catalogue, &all[i]) || !wanted(filter, &all[i])) continue;
    bool matches = true;
    if (filter->text.size) TRY(matches_text(cx, journal, &all[i], filter->text, &matches));
    if (!matches) continue;
    if (total >= filter->offset && kept < (size_t)filter->limit) {
      TRY(roster_difference_fill(cx, journal, &names, &all[i]));
      page[kept++] = all[i];
    }
    total++;
  }
  *ret_differences = page;
  *ret_count = kept;
  *ret_total = total;
  return OK;
}
