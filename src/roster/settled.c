#include "roster/roster_internal.h"
#include "roster/roster_sql.h"

/* What people have decided: per difference, and per value (subject and field). A question that was answered stays
 * answered when it comes up again between other lists with the very values that were weighed then; a value that nobody
 * has seen yet opens it again. */
static Str subject_key(Arena *arena, Str subject, Str field) {
  return str_format(arena, STR_FMT "|" STR_FMT, STR_ARG(subject), STR_ARG(field));
}

static Str weighed_key(Arena *arena, Str subject, Str field, Str value) {
  return str_format(arena, STR_FMT "|" STR_FMT "|" STR_FMT, STR_ARG(subject), STR_ARG(field),
                    STR_ARG(text_fold(arena, value)));
}

static Status add_decision(Context *cx, Settled *settled, uint32_t *capacity, Str difference, SettledItem decision,
                           const Json *item) {
  if (settled->count == *capacity) {
    uint32_t larger = *capacity ? *capacity * 2 : 256;
    settled->items =
        arena_grow(cx->arena, settled->items, *capacity * sizeof(SettledItem), larger * sizeof(SettledItem));
    *capacity = larger;
  }
  uint32_t at = settled->count++;
  decision.settled = json_text(item, "settled");
  settled->items[at] = decision;
  strmap_set(&settled->by_difference, difference, at);
  if (!json_get(item, "settled")) return OK;
  Str subject = json_text(item, "subject"), field = json_text(item, "field");
  strmap_put(&settled->subjects, subject, at, NULL);
  strmap_set(&settled->by_subject, subject_key(cx->arena, subject, field), at);
  const Str weighed[] = {json_text(item, "value"), json_text(item, "other_value"), json_text(item, "settled")};
  for (size_t i = 0; i < COUNT_OF(weighed); i++)
    strmap_set(&settled->weighed, weighed_key(cx->arena, subject, field, weighed[i]), at);
  return OK;
}

Status settled_load(Context *cx, Journal *journal, Settled *ret_settled) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  Settled settled = {
      strmap_new(cx->arena), strmap_new(cx->arena), strmap_new(cx->arena), strmap_new(cx->arena), NULL, 0};
  uint32_t capacity = 0;
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_DECISIONS_ACTIVE));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) break;
    Str text, id = str_copy(cx->arena, db_text(query, 0));
    SettledItem decision = {.seq = db_int(query, 1),
                            .entry = str_copy(cx->arena, db_text(query, 3)),
                            .action = str_copy(cx->arena, db_text(query, 4)),
                            .author = str_copy(cx->arena, db_text(query, 5))};
    Json *item;
    Str key = str_format(cx->arena, STR_FMT "|%lld|%lld", STR_ARG(id), (long long)db_int(query, 1),
                         (long long)db_int(query, 2));
    TRY(roster_unseal(cx, journal, "decision.content", key, db_blob(query, 6), &text));
    TRY(json_parse_view(cx, text, &item));
    TRY(add_decision(cx, &settled, &capacity, id, decision, item));
  }
  *ret_settled = settled;
  return OK;
}

const SettledItem *settled_subject(const Settled *settled, Arena *scratch, Str subject, Str field) {
  if (strmap_get(&settled->subjects, subject) == STRMAP_NONE) return NULL; /* the usual case, without making a key */
  uint32_t at = strmap_get(&settled->by_subject, subject_key(scratch, subject, field));
  return at == STRMAP_NONE ? NULL : &settled->items[at];
}

const SettledItem *settled_difference(const Settled *settled, Arena *scratch, const Difference *d) {
  uint32_t at = strmap_get(&settled->by_difference, d->id);
  if (at != STRMAP_NONE) return &settled->items[at];
  if (settled->count == 0 || d->subject.size == 0) return NULL;
  const SettledItem *item = settled_subject(settled, scratch, d->subject, d->field);
  if (!item) return NULL;
  Str value = text_fold(scratch, d->value), other = text_fold(scratch, d->other_value),
      agreed = text_fold(scratch, item->settled);
  if (!str_equal(value, agreed) && !str_equal(other, agreed)) return NULL;
  bool weighed = strmap_get(&settled->weighed, weighed_key(scratch, d->subject, d->field, value)) != STRMAP_NONE &&
                 strmap_get(&settled->weighed, weighed_key(scratch, d->subject, d->field, other)) != STRMAP_NONE;
  return weighed ? item : NULL;
}
