#include <stdlib.h>
#include "roster/roster_internal.h"
#include "roster/roster_sql.h"

/* Values that decisions have settled: "origin of the subject|field" -> value, the latest wins. */
static Status load_settled(Context *cx, Journal *journal, StrMap *ret_index, Str **ret_values, StrMap *ret_origins) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  StrMap index = strmap_new(cx->arena), origins = strmap_new(cx->arena);
  Str *values = NULL;
  uint32_t capacity = 0;
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_DECISIONS_ACTIVE));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) break;
    Str text;
    Json *item;
    Str key = str_format(cx->arena, STR_FMT "|%lld|%lld", STR_ARG(db_text(query, 0)), (long long)db_int(query, 1),
                         (long long)db_int(query, 2));
    TRY(roster_unseal(cx, journal, "decision.content", key, db_blob(query, 6), &text));
    TRY(json_parse(cx, text, &item));
    if (!json_get(item, "settled")) continue;
    Str subject = str_format(cx->arena, STR_FMT "|" STR_FMT, STR_ARG(json_text(item, "subject")),
                             STR_ARG(json_text(item, "field")));
    uint32_t at = strmap_get(&index, subject);
    if (at == STRMAP_NONE) {
      at = index.count;
      if (at == capacity) {
        uint32_t larger = capacity ? capacity * 2 : 256;
        values = arena_grow(cx->arena, values, capacity * sizeof(Str), larger * sizeof(Str));
        capacity = larger;
      }
      strmap_put(&index, subject, at, NULL);
    }
    values[at] = json_text(item, "settled");
    strmap_put(&origins, json_text(item, "subject"), 0, NULL);
  }
  *ret_origins = origins;
  *ret_index = index;
  *ret_values = values;
  return OK;
}

/* What decisions do not change: kept between requests. */
struct AgreedBase {
  Facts facts;
  Str *person, *household; /* per fact */
  StrMap household_head;   /* household -> fact: hub householder */
  StrMap household_mode;   /* household -> fact that says the mode */
};

typedef struct Agreeing {
  Context *cx;
  const Facts *facts;
  const AgreedBase *base;
  StrMap settled, origins; /* origins: subjects that have a settled value at all */
  Str *settled_values;
  StrMap seen_person;
  StrMap open_units;               /* person or household with an open difference */
  Str town, village_text, village; /* of the row before: neighbours live in one village */
  Place place;
} Agreeing;

static Str agreed_value(Agreeing *g, Str origin, const char *field, Str otherwise) {
  if (strmap_get(&g->origins, origin) == STRMAP_NONE) return otherwise;
  Str key = str_format(g->cx->arena, STR_FMT "|%s", STR_ARG(origin), field);
  uint32_t at = strmap_get(&g->settled, key);
  return at == STRMAP_NONE ? otherwise : g->settled_values[at];
}

static Status load_links(Context *cx, AgreedBase *g, Journal *journal) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  g->person = arena_array(cx->arena, g->facts.count + 1, Str);
  g->household = arena_array(cx->arena, g->facts.count + 1, Str);
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_LINKS_ALL));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) return OK;
    uint32_t i = facts_find(&g->facts, db_text(query, 0));
    if (i == MATCH_NONE) continue;
    g->person[i] = str_copy(cx->arena, db_text(query, 1));
    g->household[i] = str_copy(cx->arena, db_text(query, 2));
  }
}

static int mode_strength(const Catalogue *c, const Fact *f) {
  if (c->mode_lists >> f->list & 1) return 3; /* the department's own list */
  return f->mode.size ? (c->lists[f->list].upper_level ? 1 : 2) : 0;
}

static void index_households(Context *cx, AgreedBase *g) {
  const Catalogue *c = g->facts.catalogue;
  g->household_head = strmap_new(cx->arena);
  g->household_mode = strmap_new(cx->arena);
  for (uint32_t i = 0; i < g->facts.count; i++) {
    const Fact *f = &g->facts.facts[i];
    if (f->list == c->hub) {
      uint32_t before = strmap_get(&g->household_head, g->household[i]);
      if (before == STRMAP_NONE || (f->head && !g->facts.facts[before].head))
        strmap_set(&g->household_head, g->household[i], i);
    }
    int strength = mode_strength(c, f);
    uint32_t before = strmap_get(&g->household_mode, g->household[i]);
    if (strength && (before == STRMAP_NONE || strength > mode_strength(c, &g->facts.facts[before])))
      strmap_set(&g->household_mode, g->household[i], i);
  }
}

static Status load_open(Agreeing *g, Journal *journal) {
  Difference *all;
  size_t count;
  TRY(roster_difference_states(g->cx, journal, &all, &count));
  g->open_units = strmap_new(g->cx->arena);
  for (size_t i = 0; i < count; i++)
    if (all[i].state != DIFFERENCE_DECIDED)
      strmap_put(&g->open_units, all[i].person, 0, NULL), strmap_put(&g->open_units, all[i].household, 0, NULL);
  return OK;
}

/* A settled mode is a title (实施危改); the register gives the code. */
static Str mode_code(Agreeing *g, uint32_t head, Str household) {
  const Catalogue *c = g->facts->catalogue;
  uint32_t at = strmap_get(&g->base->household_mode, household);
  Str code = STR_EMPTY;
  if (at != STRMAP_NONE)
    code = c->mode_lists >> g->facts->facts[at].list & 1 ? c->lists[g->facts->facts[at].list].implies_mode
                                                         : g->facts->facts[at].mode;
  Str settled = agreed_value(g, g->facts->facts[head].origin, "mode", STR_EMPTY);
  Str settled_code = catalogue_value(c, g->cx->arena, "mode", settled);
  return settled_code.size ? settled_code : code;
}

static Place agreed_place(Agreeing *g, const Fact *head, Str village) {
  bool same = str_equal(g->town, head->town_text) && str_equal(g->village, village) &&
              str_equal(g->village_text, head->village_text);
  if (same && head->village_text.size) return g->place;
  Place place = place_find(g->facts->catalogue->places, head->town_text, village, STR_EMPTY);
  if (place.village_code.size == 0)
    place = place_find(g->facts->catalogue->places, head->town_text, head->village_text, head->address);
  g->town = head->town_text, g->village = village, g->village_text = head->village_text;
  return g->place = place;
}

static AgreedRow agreed_row(Agreeing *g, uint32_t i) {
  const Fact *f = &g->facts->facts[i];
  const Str *person = g->base->person, *household = g->base->household;
  uint32_t head = strmap_get(&g->base->household_head, household[i]);
  if (head == STRMAP_NONE) head = i;
  const Fact *h = &g->facts->facts[head];
  Str village = agreed_value(g, h->origin, "village", h->village_text.size ? h->village_text : h->address);
  Place place = agreed_place(g, h, village);
  Str id = agreed_value(g, f->origin, "id_no", f->id);
  IdNumber number = id_read(id);
  if (number.state == ID_VALID) id = str_copy(g->cx->arena, (Str){number.text, number.size});
  AgreedRow row = {.household = household[i],
                   .person = person[i],
                   .hh_no = agreed_value(g, h->origin, "hh_no", h->hh_no),
                   .town = place.town.size ? place.town : h->town_text,
                   .village = place.village_code.size ? place_short(place.village) : village,
                   .village_code = place.village_code,
                   .town_code = place.town_code.size ? place.town_code : h->town,
                   .head_name = agreed_value(g, h->origin, "name", h->name),
                   .name = agreed_value(g, f->origin, "name", f->name),
                   .id_no = id,
                   .sex = agreed_value(g, f->origin, "sex", f->sex),
                   .relation = f->relation,
                   .size = agreed_value(g, h->origin, "size", h->size_text),
                   .phone = f->phone,
                   .mode = mode_code(g, head, household[i]),
                   .head = f->head,
                   .row_key = f->key};
  row.head_name = agreed_value(g, h->origin, "head_name", row.head_name);
  if (number.birth)
    row.birth =
        str_format(g->cx->arena, "%04u-%02u-%02u", number.birth / 10000, number.birth / 100 % 100, number.birth % 100);
  else
    row.birth = STR_EMPTY;
  row.open =
      strmap_get(&g->open_units, person[i]) != STRMAP_NONE || strmap_get(&g->open_units, household[i]) != STRMAP_NONE;
  return row;
}

typedef struct FileOrder {
  const Fact *fact;
  int64_t seq;
  uint32_t index;
} FileOrder;

static int compare_places(const void *left, const void *right) {
  const FileOrder *a = left, *b = right;
  if (a->seq != b->seq) return a->seq < b->seq ? -1 : 1;
  int sheet = str_compare(a->fact->sheet, b->fact->sheet);
  if (sheet) return sheet;
  return a->fact->number < b->fact->number ? -1 : a->fact->number > b->fact->number;
}

/* The hub's rows as they stand in its files. */
static FileOrder *hub_rows(Context *cx, const Facts *facts, uint32_t *ret_count) {
  FileOrder *order = arena_array(cx->arena, facts->count + 1, FileOrder);
  uint32_t count = 0;
  for (uint32_t i = 0; i < facts->count; i++)
    if (facts->facts[i].list == facts->catalogue->hub)
      order[count++] = (FileOrder){&facts->facts[i], facts->files[facts->facts[i].file].seq, i};
  qsort(order, count, sizeof *order, compare_places);
  *ret_count = count;
  return order;
}

Status agreed_base(Context *cx, Journal *journal, AgreedBase **ret_base) {
  AgreedBase *base = arena_one(cx->arena, AgreedBase);
  TRY(facts_load(cx, journal, &base->facts));
  TRY(load_links(cx, base, journal));
  index_households(cx, base);
  *ret_base = base;
  return OK;
}

Status agreed_rows(Context *cx, Journal *journal, const AgreedBase *base, AgreedRow **ret_rows, size_t *ret_count) {
  const Facts *facts = &base->facts;
  Agreeing *g = arena_one(cx->arena, Agreeing);
  *g = (Agreeing){.cx = cx, .facts = facts, .base = base, .town = STR_EMPTY, .village = STR_EMPTY};
  g->village_text = STR_EMPTY;
  TRY(load_settled(cx, journal, &g->settled, &g->settled_values, &g->origins));
  TRY(load_open(g, journal));
  AgreedRow *rows = arena_array(cx->arena, facts->count + 1, AgreedRow);
  size_t count = 0;
  g->seen_person = strmap_new(cx->arena);
  uint32_t hub_count;
  const FileOrder *order = hub_rows(cx, facts, &hub_count);
  for (uint32_t k = 0; k < hub_count; k++) {
    uint32_t i = order[k].index;
    if (base->person[i].size == 0) continue;
    bool added; /* a person doubled in the register counts once */
    strmap_put(&g->seen_person, base->person[i], i, &added);
    if (added) rows[count++] = agreed_row(g, i);
  }
  *ret_rows = rows;
  *ret_count = count;
  return OK;
}

Status roster_agreed(Context *cx, Journal *journal, AgreedRow **ret_rows, size_t *ret_count) {
  AgreedBase *base;
  TRY(agreed_base(cx, journal, &base));
  return agreed_rows(cx, journal, base, ret_rows, ret_count);
}
