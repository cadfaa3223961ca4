#include "roster/difference_internal.h"

static bool usable(const Differ *d, uint32_t fact) { return !d->in_review[fact]; }

static Str place_text(const Differ *d, uint32_t fact) {
  const Fact *f = &d->facts->facts[fact];
  return f->village_text.size ? f->village_text : f->address;
}

/* ---- places ---- */
/* The hub row whose known village most hub rows of the household share; a row with an unknown one if none is known. */
static uint32_t household_place(const Differ *d, uint32_t household) {
  uint32_t best = MATCH_NONE, best_count = 0, any = MATCH_NONE;
  const Clusters *c = d->clusters;
  for (uint32_t i = c->household_first[household]; i != MATCH_NONE; i = c->household_next[i]) {
    const Fact *f = &d->facts->facts[i];
    if (f->list != d->hub) continue;
    if (any == MATCH_NONE) any = i;
    if (f->village.size == 0) continue;
    uint32_t count = 0;
    for (uint32_t j = c->household_first[household]; j != MATCH_NONE; j = c->household_next[j]) {
      const Fact *g = &d->facts->facts[j];
      if (g->list == d->hub && str_equal(g->village, f->village)) count++;
    }
    if (count > best_count) best = i, best_count = count;
  }
  return best != MATCH_NONE ? best : any;
}

/* The village as the table of divisions writes it; the list itself where it is written so, else the name. */
static Str propose_village(Differ *d, uint32_t wrong, uint32_t right) {
  const Fact *w = &d->facts->facts[wrong], *r = &d->facts->facts[right];
  Str official = place_short(place_find(d->catalogue->places, r->town_text, r->village_text, r->address).village);
  if (w->list != r->list && (official.size == 0 || str_equal(official, place_text(d, right))))
    return differ_take(d, r->list);
  return str_format(d->cx->arena, "value:" STR_FMT, STR_ARG(official.size ? official : place_text(d, right)));
}

/* An old or mistyped name mostly keeps a character of the village's name: 新东社村, 东社大队. */
static bool share_character(Str a, Str b) {
  static const Str usual = STR("新老大小上下村委会社区居民队组屯镇乡街道第生产0123456789");
  for (size_t at = 0; at < a.size;) {
    size_t from = at;
    str_next_rune(a, &at);
    Str rune = str_sub(a, from, at);
    if (str_find(usual, rune) < 0 && str_find(b, rune) >= 0) return true;
  }
  return false;
}

static void add_village(Differ *d, const char *class_code, uint32_t wrong, uint32_t right, bool settled, Str why) {
  const Fact *w = &d->facts->facts[wrong], *r = &d->facts->facts[right];
  Found *found = differ_add(d, class_code, r->list, w->list, wrong, right, "village");
  found->value = place_text(d, wrong);
  found->other_value = place_text(d, right);
  found->subject = differ_household_anchor(d, wrong);
  found->proposed = settled ? propose_village(d, wrong, right) : STR("return");
  found->reason = why;
}

/* ---- names that are not in the table: which villages their households are in by the other rows ---- */
enum { RENAME_HOUSEHOLDS = 3, RENAME_SHARE = 9 /* of ten */ };

struct Renames {
  StrMap texts, pairs; /* folded name; folded name and village code -> households */
};

static void count_up(StrMap *map, Str key) {
  uint32_t before = strmap_get(map, key);
  strmap_set(map, key, before == STRMAP_NONE ? 1 : before + 1);
}

static Str rename_key(Differ *d, Str text, Str village) {
  return str_format(d->cx->arena, STR_FMT "|" STR_FMT, STR_ARG(text), STR_ARG(village));
}

static void count_renames(Differ *d, uint32_t household, Renames *renames) {
  const Clusters *c = d->clusters;
  const Fact *facts = d->facts->facts;
  uint32_t known = MATCH_NONE;
  for (uint32_t i = c->household_first[household]; i != MATCH_NONE; i = c->household_next[i])
    if (facts[i].village.size && usable(d, i) && (known == MATCH_NONE || facts[i].list == d->hub)) known = i;
  if (known == MATCH_NONE) return;
  StrMap seen = {0};
  for (uint32_t i = c->household_first[household]; i != MATCH_NONE; i = c->household_next[i]) {
    if (facts[i].village.size || place_text(d, i).size == 0) continue;
    Str text = text_fold(d->cx->arena, place_text(d, i));
    if (seen.count == 0) seen = strmap_new(d->cx->arena);
    bool added;
    strmap_put(&seen, text, 0, &added);
    if (!added) continue;
    count_up(&renames->texts, text);
    count_up(&renames->pairs, rename_key(d, text, facts[known].village));
  }
}

/* Several households whose other rows all name one village: the village has been renamed or merged. */
static bool renamed(Differ *d, uint32_t wrong, uint32_t right) {
  if (!d->renames) {
    d->renames = arena_one(d->cx->arena, Renames);
    *d->renames = (Renames){strmap_new(d->cx->arena), strmap_new(d->cx->arena)};
    for (uint32_t h = 0; h < d->match->household_count; h++) count_renames(d, h, d->renames);
  }
  Str text = text_fold(d->cx->arena, place_text(d, wrong));
  uint32_t all = strmap_get(&d->renames->texts, text),
           here = strmap_get(&d->renames->pairs, rename_key(d, text, d->facts->facts[right].village));
  return all != STRMAP_NONE && here != STRMAP_NONE && here >= RENAME_HOUSEHOLDS &&
         (uint64_t)here * 10 >= (uint64_t)all * RENAME_SHARE;
}

/* `wrong` is not in the table of divisions, `right` is. */
static void add_unknown_village(Differ *d, uint32_t wrong, uint32_t right) {
  const Fact *w = &d->facts->facts[wrong], *r = &d->facts->facts[right];
  Str official = place_short(place_find(d->catalogue->places, r->town_text, r->village_text, r->address).village);
  if (official.size == 0) official = place_text(d, right);
  const char *how = share_character(place_text(d, wrong), official) ? "，应为"
                    : renamed(d, wrong, right)                      ? "，写这个村名的户在其他名单中都写"
                                                                    : NULL;
  Str why = how ? str_format(d->cx->arena, "“" STR_FMT "”写的村名不在行政区划表中%s“" STR_FMT "”",
                             STR_ARG(d->catalogue->lists[w->list].title), how, STR_ARG(official))
                : str_format(d->cx->arena,
                             "“" STR_FMT "”写的村名不在行政区划表中，与“" STR_FMT
                             "”写的又没有相同的字，可能是另一个村，请核对户籍所在村",
                             STR_ARG(d->catalogue->lists[w->list].title), STR_ARG(d->catalogue->lists[r->list].title));
  add_village(d, "village_renamed", wrong, right, how != NULL, why);
}

static void differ_place(Differ *d, uint32_t place, uint32_t fact) {
  if (place == MATCH_NONE || place == fact) return;
  const Fact *p = &d->facts->facts[place], *f = &d->facts->facts[fact];
  if (place_text(d, fact).size == 0 || place_text(d, place).size == 0) return;
  if (f->list != d->hub && !(fact_list(d, fact)->compares & COMPARES_VILLAGE)) return;
  if (p->village.size && f->village.size) {
    if (str_equal(p->village, f->village)) return;
    add_village(d, "village_differs", fact, place, false, STR("两处写的是不同的村，请核对户籍所在村"));
  } else if (p->village.size) {
    add_unknown_village(d, fact, place);
  } else if (f->village.size) {
    add_unknown_village(d, place, fact);
  } else if (!str_equal(text_fold(d->cx->arena, place_text(d, place)), text_fold(d->cx->arena, place_text(d, fact)))) {
    add_village(d, "village_renamed", fact, place, false, STR("两处村名都不在行政区划表中，请写规范村名"));
  }
}

/* ---- sizes ---- */
static void differ_size(Differ *d, uint32_t household, uint32_t anchor) {
  const Clusters *c = d->clusters;
  const Fact *a = &d->facts->facts[anchor];
  int32_t persons = (int32_t)d->household_persons[household], declared = a->size;
  if (declared && persons && declared != persons) {
    Found *found = differ_add(d, "member_count", d->hub, d->hub, anchor, MATCH_NONE, "size");
    found->value = str_format(d->cx->arena, "%d", (int)declared);
    found->other_value = str_format(d->cx->arena, "%d", (int)persons);
    found->subject = anchor;
    found->proposed = str_format(d->cx->arena, "value:%d", (int)persons);
    found->reason = STR("登记的家庭人数与名册中的成员行数（同一人只算一次）不同");
  }
  int32_t size = declared ? declared : persons;
  for (uint32_t i = c->household_first[household]; i != MATCH_NONE; i = c->household_next[i]) {
    const Fact *f = &d->facts->facts[i];
    if (f->list == d->hub || !(fact_list(d, i)->compares & COMPARES_SIZE) || f->size == 0 || f->size == size ||
        size == 0 || !usable(d, i))
      continue;
    Found *found = differ_add(d, "member_count", d->hub, f->list, i, anchor, "size");
    found->value = str_format(d->cx->arena, "%d", (int)f->size);
    found->other_value = str_format(d->cx->arena, "%d", (int)size);
    found->subject = anchor;
    found->proposed = differ_take(d, d->hub);
    found->reason = STR("家庭人数与登记名册不同，登记名册逐人列名，以其为准");
  }
}

/* ---- household numbers ---- */
static void differ_numbers(Differ *d, uint32_t household, uint32_t anchor) {
  const Clusters *c = d->clusters;
  const Fact *a = &d->facts->facts[anchor];
  if (a->hh_no.size == 0) return;
  for (uint32_t i = c->household_first[household]; i != MATCH_NONE; i = c->household_next[i]) {
    const Fact *f = &d->facts->facts[i];
    if (f->hh_no.size == 0 || f->list == d->hub || !usable(d, i)) continue;
    Str number = text_fold(d->cx->arena, f->hh_no);
    if (str_equal(number, text_fold(d->cx->arena, a->hh_no))) continue;
    bool registered =
        strmap_get(&d->hub_numbers, number) != STRMAP_NONE; /* the number of another registered household */
    Found *found = differ_add(d, registered ? "merged" : "household_no_differs", d->hub, f->list, i, anchor, "hh_no");
    found->value = f->hh_no;
    found->other_value = a->hh_no;
    found->subject = anchor;
    found->proposed = differ_take(d, d->hub);
    found->reason = registered ? STR("写的是另一登记户的编号；登记户不变，如已并户请另附说明")
                               : STR("同一户的户编号不同，登记名册的编号不变");
  }
}

/* ---- housing situation ---- */
static Str mode_title(const Differ *d, Str code) { return catalogue_title(d->catalogue, "mode", code); }

static uint32_t row_of_list(const Differ *d, uint32_t household, uint32_t list) {
  for (uint32_t i = d->clusters->household_first[household]; i != MATCH_NONE; i = d->clusters->household_next[i])
    if (d->facts->facts[i].list == list && usable(d, i)) return i;
  return MATCH_NONE;
}

static const char *status_class(const Differ *d, uint32_t list) {
  return d->catalogue->lists[list].upper_level ? "upper_disagrees" : "status_disagrees";
}

/* A row that states a mode, against the lists whose rows *are* a mode. */
static void differ_mode(Differ *d, uint32_t household, uint32_t anchor, uint32_t fact) {
  const Fact *f = &d->facts->facts[fact];
  for (uint32_t m = 0; m < d->catalogue->list_count; m++) {
    if (!(d->catalogue->mode_lists >> m & 1) || !(d->received >> m & 1)) continue;
    const List *list = &d->catalogue->lists[m];
    uint32_t row = row_of_list(d, household, m);
    bool says = str_equal(f->mode, list->implies_mode);
    if ((row != MATCH_NONE) == says) continue;
    Found *found = differ_add(d, status_class(d, f->list), f->list, m, fact, row, "mode");
    found->person_unit = false;
    found->other_list = m;
    found->value = mode_title(d, f->mode);
    found->other_value = row == MATCH_NONE ? STR_EMPTY : mode_title(d, list->implies_mode);
    found->subject = anchor;
    found->proposed = row == MATCH_NONE ? STR("return") : differ_take(d, m);
    found->reason = row == MATCH_NONE ? str_format(d->cx->arena, "写的是“" STR_FMT "”，但“" STR_FMT "”中没有此户",
                                                   STR_ARG(found->value), STR_ARG(list->title))
                                      : str_format(d->cx->arena, "“" STR_FMT "”中有此户，应为“" STR_FMT "”",
                                                   STR_ARG(list->title), STR_ARG(found->other_value));
  }
}

static void differ_statements(Differ *d, uint32_t anchor, uint32_t fact, uint32_t other) {
  const Fact *f = &d->facts->facts[fact], *o = &d->facts->facts[other];
  if (f->mode.size == 0 || o->mode.size == 0 || str_equal(f->mode, o->mode)) return;
  bool upper = d->catalogue->lists[f->list].upper_level || d->catalogue->lists[o->list].upper_level;
  Found *found = differ_add(d, upper ? "upper_disagrees" : "status_disagrees", o->list, f->list, fact, other, "mode");
  found->value = mode_title(d, f->mode);
  found->other_value = mode_title(d, o->mode);
  found->subject = anchor;
  found->proposed = STR("return");
  found->reason = STR("两份名单对住房保障方式的说法不同，请入户或查档核实");
}

static void differ_conflicts(Differ *d, uint32_t household, uint32_t anchor) {
  for (uint32_t i = 0; i < d->catalogue->mode_conflict_count; i++) {
    const uint32_t *pair = d->catalogue->mode_conflict[i];
    uint32_t a = row_of_list(d, household, pair[0]), b = row_of_list(d, household, pair[1]);
    if (a == MATCH_NONE || b == MATCH_NONE) continue;
    Found *found = differ_add(d, "status_disagrees", pair[0], pair[1], b, a, "mode");
    found->value = mode_title(d, d->catalogue->lists[pair[1]].implies_mode);
    found->other_value = mode_title(d, d->catalogue->lists[pair[0]].implies_mode);
    found->subject = anchor;
    found->proposed = STR("return");
    found->reason = STR("同一户既在危房改造台账又在易地搬迁花名册，只能享受一项，请两个部门核实");
  }
}

static bool grades_agree(Str a, Str b) {
  if (str_equal(a, b)) return true;
  Str pair = a.size == 2 ? a : b, one = a.size == 2 ? b : a;
  return pair.size == 2 && one.size == 1 && (pair.data[0] == one.data[0] || pair.data[1] == one.data[0]);
}

static void differ_grade(Differ *d, uint32_t household, uint32_t anchor, uint32_t fact) {
  uint32_t list = d->catalogue->authority_grade;
  const Fact *f = &d->facts->facts[fact];
  if (list == NO_INDEX || f->list == list || f->grade.size == 0 || !(fact_list(d, fact)->compares & COMPARES_GRADE))
    return;
  uint32_t row = row_of_list(d, household, list);
  if (row == MATCH_NONE || d->facts->facts[row].grade.size == 0 || grades_agree(f->grade, d->facts->facts[row].grade))
    return;
  Found *found = differ_add(d, status_class(d, f->list), f->list, list, fact, row, "grade");
  found->value = catalogue_title(d->catalogue, "grade", f->grade);
  found->other_value = catalogue_title(d->catalogue, "grade", d->facts->facts[row].grade);
  found->subject = anchor;
  found->proposed = differ_take(d, list);
  found->reason = STR("住房等级以鉴定结果为准");
}

void differ_household(Differ *d, uint32_t household) {
  const Clusters *c = d->clusters;
  uint32_t first = c->household_first[household];
  if (first == MATCH_NONE) return;
  uint32_t anchor = differ_household_anchor(d, first);
  bool registered = d->facts->facts[anchor].list == d->hub;
  uint32_t place = registered ? household_place(d, household) : MATCH_NONE;
  d->household_place[household] = place;
  uint32_t stated[LIST_LIMIT], stated_count = 0;
  for (uint32_t i = first; i != MATCH_NONE; i = c->household_next[i]) {
    if (!usable(d, i)) continue;
    if (registered) differ_place(d, place, i);
    if (d->facts->facts[i].mode.size && (fact_list(d, i)->compares & COMPARES_MODE)) {
      differ_mode(d, household, anchor, i);
      for (uint32_t s = 0; s < stated_count; s++)
        if (d->facts->facts[stated[s]].list != d->facts->facts[i].list) differ_statements(d, anchor, stated[s], i);
      if (stated_count < LIST_LIMIT) stated[stated_count++] = i;
    }
    differ_grade(d, household, anchor, i);
  }
  differ_conflicts(d, household, anchor);
  if (registered) {
    differ_size(d, household, anchor);
    differ_numbers(d, household, anchor);
  }
}
