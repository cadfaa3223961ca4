#include "roster/roster_internal.h"
#include "roster/roster_sql.h"

/* The consistency matrix is computed from which lists a household (or person) stands in, and the open differences. */
typedef struct Unit {
  uint32_t lists, own, town; /* bit masks of lists; own: lists with an open difference against the hub */
} Unit;
typedef struct MarkKey { /* open differences of one unit in one pair: 1 differing, 2 missing */
  uint32_t kind, unit, left, right;
} MarkKey;

typedef struct Matrix {
  Context *cx;
  const Catalogue *catalogue;
  StrMap units[2]; /* 0 household, 1 person */
  Unit *items[2];
  uint32_t capacity[2];
  StrMap marks; /* MarkKey -> bits */
  StrMap towns;
  Str town_codes[512];
  uint32_t town_count;
} Matrix;

static uint32_t unit_of(Matrix *m, int kind, Str id) {
  uint32_t at = strmap_get(&m->units[kind], id);
  if (at != STRMAP_NONE) return at;
  at = m->units[kind].count;
  if (at == m->capacity[kind]) {
    uint32_t larger = m->capacity[kind] ? m->capacity[kind] * 2 : 4096;
    m->items[kind] = arena_grow(m->cx->arena, m->items[kind], m->capacity[kind] * sizeof(Unit), larger * sizeof(Unit));
    m->capacity[kind] = larger;
  }
  m->items[kind][at] = (Unit){0};
  strmap_put(&m->units[kind], str_copy(m->cx->arena, id), at, NULL);
  return at;
}

static uint32_t town_of(Matrix *m, Str code) {
  if (code.size == 0) code = STR("unknown");
  uint32_t at = strmap_get(&m->towns, code);
  if (at != STRMAP_NONE) return at;
  if (m->town_count == COUNT_OF(m->town_codes)) return 0;
  at = m->town_count++;
  m->town_codes[at] = str_copy(m->cx->arena, code);
  strmap_put(&m->towns, m->town_codes[at], at, NULL);
  return at;
}

static Status load_towns(Matrix *m, Journal *journal) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  Context *cx = m->cx;
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_HOUSEHOLDS_ALL));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) return OK;
    uint32_t unit = unit_of(m, 0, db_text(query, 0));
    m->items[0][unit].town = town_of(m, db_text(query, 1));
  }
}

static Status load_presence(Matrix *m, Journal *journal) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  Context *cx = m->cx;
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_LINKS_BY_LIST));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) return OK;
    uint32_t list = catalogue_list(m->catalogue, db_text(query, 0));
    if (list == NO_INDEX) continue;
    uint32_t household = unit_of(m, 0, db_text(query, 2)), person = unit_of(m, 1, db_text(query, 1));
    m->items[0][household].lists |= 1u << list;
    m->items[1][person].lists |= 1u << list;
    m->items[1][person].town = m->items[0][household].town;
  }
}

static uint32_t mark_of(Matrix *m, int kind, uint32_t unit, uint32_t left, uint32_t right) {
  MarkKey key = {(uint32_t)kind, unit, left, right};
  uint32_t bits = strmap_get(&m->marks, (Str){(const char *)&key, sizeof key});
  return bits == STRMAP_NONE ? 0 : bits;
}

static void mark(Matrix *m, const Difference *d) {
  uint32_t left = catalogue_list(m->catalogue, d->left), right = catalogue_list(m->catalogue, d->right),
           hub = m->catalogue->hub;
  if (left == NO_INDEX || right == NO_INDEX || left == right) return;
  bool missing = str_equal(d->field, STR("row"));
  for (int kind = 0; kind < 2; kind++) {
    if (kind == 1 && !d->person_unit) continue;
    uint32_t unit = unit_of(m, kind, kind ? d->person : d->household);
    MarkKey *key = arena_one(m->cx->arena, MarkKey);
    *key = (MarkKey){(uint32_t)kind, unit, left, right};
    uint32_t before = mark_of(m, kind, unit, left, right);
    strmap_set(&m->marks, (Str){(const char *)key, sizeof *key}, before | (missing ? 2 : 1));
    if (!missing && (left == hub || right == hub)) m->items[kind][unit].own |= 1u << (left == hub ? right : left);
  }
}

/* One pair of lists, all townships. In a pair without the hub a record differs if the pair itself has an open
 * difference or either side still differs from the hub. */
static void count_pair(Matrix *m, uint32_t left, uint32_t right, int kind, PairCount *by_town) {
  for (uint32_t u = 0; u < m->units[kind].count; u++) {
    const Unit *unit = &m->items[kind][u];
    bool in_left = unit->lists >> left & 1, in_right = unit->lists >> right & 1;
    if (!in_left && !in_right) continue;
    PairCount *p = &by_town[unit->town];
    uint32_t bits = mark_of(m, kind, u, left, right);
    if (in_left && in_right) {
      bool hub_pair = left == m->catalogue->hub || right == m->catalogue->hub;
      bool differing = (bits & 1) || (!hub_pair && (unit->own & (1u << left | 1u << right)));
      differing ? p->differing++ : p->agreed++;
    } else if (bits & 2) {
      p->expected_missing++;
    } else {
      in_left ? p->left_only++ : p->right_only++;
    }
  }
}

static void count_pairs(Matrix *m, Overview *o) {
  uint32_t pairs = LIST_LIMIT * LIST_LIMIT / 2;
  o->pairs = arena_array(m->cx->arena, (size_t)pairs * (m->town_count + 1), PairCount);
  PairCount *by_town = arena_array(m->cx->arena, m->town_count + 1, PairCount);
  uint32_t order[512];
  for (uint32_t i = 0; i < m->town_count; i++) {
    uint32_t at = i;
    for (; at > 0 && str_compare(m->town_codes[order[at - 1]], m->town_codes[i]) > 0; at--) order[at] = order[at - 1];
    order[at] = i;
  }
  for (uint32_t left = 0; left < m->catalogue->list_count; left++)
    for (uint32_t right = left + 1; right < m->catalogue->list_count; right++) {
      if (o->lists[left].rows == 0 || o->lists[right].rows == 0) continue;
      int kind = m->catalogue->lists[left].person_unit && m->catalogue->lists[right].person_unit;
      memset(by_town, 0, (m->town_count + 1) * sizeof *by_town);
      count_pair(m, left, right, kind, by_town);
      for (uint32_t t = 0; t < m->town_count; t++) {
        PairCount p = by_town[order[t]];
        if (p.agreed + p.differing + p.expected_missing + p.left_only + p.right_only == 0) continue;
        p.left = m->catalogue->lists[left].code;
        p.right = m->catalogue->lists[right].code;
        p.person_unit = kind;
        p.town = m->town_codes[order[t]];
        o->pairs[o->pair_count++] = p;
      }
    }
}

static Status load_lists(Matrix *m, Journal *journal, Overview *o) {
  Context *cx = m->cx;
  const Catalogue *catalogue = m->catalogue;
  CLEANUP(db_stop) DbQuery *query = NULL;
  o->lists = arena_array(cx->arena, catalogue->list_count, ListCount);
  o->list_count = catalogue->list_count;
  for (uint32_t i = 0; i < catalogue->list_count; i++)
    o->lists[i] = (ListCount){.list = catalogue->lists[i].code, .title = catalogue->lists[i].title};
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_FILES_CURRENT));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) return OK;
    uint32_t list = catalogue_list(catalogue, db_text(query, 1));
    if (list == NO_INDEX) continue;
    o->lists[list].files++;
    o->lists[list].rows += db_int(query, 6);
    o->lists[list].flags += db_int(query, 7);
  }
}

static void count_classes(Matrix *m, const Difference *all, size_t count, Overview *o) {
  const Catalogue *c = m->catalogue;
  o->classes = arena_array(m->cx->arena, c->class_count, ClassCount);
  o->class_count = c->class_count;
  for (uint32_t i = 0; i < c->class_count; i++)
    o->classes[i] = (ClassCount){.code = c->classes[i].code, .title = c->classes[i].title};
  for (size_t i = 0; i < count; i++) {
    uint32_t class_index = catalogue_class(c, all[i].class_code);
    bool open = all[i].state != DIFFERENCE_DECIDED;
    if (class_index != NO_INDEX) {
      o->classes[class_index].total++;
      o->classes[class_index].open += open;
      o->classes[class_index].returned += all[i].state == DIFFERENCE_RETURNED;
    }
    open ? o->open++ : o->decided++;
    uint32_t list = catalogue_list(c, all[i].list);
    if (open && list != NO_INDEX && str_equal(all[i].left, all[i].right)) o->lists[list].own_open++;
    if (open) mark(m, &all[i]);
  }
}

Status roster_overview(Context *cx, Journal *journal, Overview *ret_overview) {
  Overview o = {0};
  Catalogue *catalogue;
  TRY(roster_catalogue(cx, journal, &catalogue));
  Matrix *m = arena_one(cx->arena, Matrix);
  *m = (Matrix){.cx = cx, .catalogue = catalogue};
  m->units[0] = strmap_new(cx->arena);
  m->units[1] = strmap_new(cx->arena);
  m->marks = strmap_new(cx->arena);
  m->towns = strmap_new(cx->arena);
  town_of(m, STR_EMPTY);
  TRY(load_lists(m, journal, &o));
  TRY(load_towns(m, journal));
  TRY(load_presence(m, journal));
  Difference *all;
  size_t count;
  TRY(roster_difference_states(cx, journal, &all, &count));
  count_classes(m, all, count, &o);
  count_pairs(m, &o);
  *ret_overview = o;
  return OK;
}
