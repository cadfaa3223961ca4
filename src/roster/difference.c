#include "roster/difference_internal.h"

const List *fact_list(const Differ *d, uint32_t fact) { return &d->catalogue->lists[d->facts->facts[fact].list]; }
uint32_t differ_anchor(const Differ *d, uint32_t fact) { return d->clusters->person_anchor[fact]; }
uint32_t differ_household_anchor(const Differ *d, uint32_t fact) { return d->clusters->household_anchor[fact]; }
Str differ_take(Differ *d, uint32_t list) {
  return str_format(d->cx->arena, "take:" STR_FMT, STR_ARG(d->catalogue->lists[list].code));
}

Found *differ_add(Differ *d, const char *class_code, uint32_t left, uint32_t right, uint32_t row, uint32_t other,
                  const char *field) {
  FoundList *list = d->found;
  if (list->count == list->capacity) {
    uint32_t capacity = list->capacity ? list->capacity * 2 : 1024;
    list->items = arena_grow(d->cx->arena, list->items, list->capacity * sizeof(Found), capacity * sizeof(Found));
    list->capacity = capacity;
  }
  Found *found = &list->items[list->count++];
  uint32_t class_index = catalogue_class(d->catalogue, str_from(class_code));
  bool left_first = left <= right;
  *found = (Found){.class_index = class_index,
                   .left = left_first ? left : right,
                   .right = left_first ? right : left,
                   .row = row,
                   .other = other,
                   .field = field};
  found->person_unit = d->catalogue->lists[left].person_unit && d->catalogue->lists[right].person_unit;
  found->list = row == MATCH_NONE ? NO_INDEX : d->facts->facts[row].list;
  found->other_list = other == MATCH_NONE ? NO_INDEX : d->facts->facts[other].list;
  uint32_t seen = row != MATCH_NONE ? row : other;
  found->subject = found->household_of = seen;
  found->value = found->other_value = found->proposed = found->reason = found->evidence = STR_EMPTY;
  Str owner = class_index == NO_INDEX ? STR("list") : d->catalogue->classes[class_index].owner;
  found->owner = !str_equal(owner, STR("list")) ? owner
                 : row != MATCH_NONE            ? fact_list(d, row)->owner
                                                : d->catalogue->lists[left].owner;
  return found;
}

/* ---- pairs that the engine leaves to a person ---- */
static Str person_text(Differ *d, uint32_t fact) {
  const Fact *f = &d->facts->facts[fact];
  return str_format(d->cx->arena, STR_FMT " " STR_FMT, STR_ARG(f->name), STR_ARG(f->id));
}

static Str pair_evidence(Differ *d, const MatchPair *pair) {
  Buf buf = buf_new(d->cx->arena);
  for (int field = 0; field < MATCH_FIELD_COUNT; field++) {
    if (pair->field_bits[field] == 0) continue;
    int bits = pair->field_bits[field];
    buf_addf(&buf, "%s%s：%s %s%d.%d", buf.size ? "；" : "", match_field_text((MatchField)field),
             match_level_text((MatchField)field, pair->level[field]), bits < 0 ? "-" : "+",
             (bits < 0 ? -bits : bits) / 1000, (bits < 0 ? -bits : bits) / 100 % 10);
  }
  int total = pair->bits < 0 ? -pair->bits : pair->bits;
  buf_addf(&buf, "%s合计 %s%d.%d 比特", buf.size ? "；" : "", pair->bits < 0 ? "-" : "", total / 1000,
           total / 100 % 10);
  return buf_str(&buf);
}

static Str bits_text(Arena *arena, int32_t bits) {
  int32_t size = bits < 0 ? -bits : bits;
  return str_format(arena, "%s%d.%d", bits < 0 ? "-" : "", (int)(size / 1000), (int)(size / 100 % 10));
}

/* Whose number it is: the one whose other lists give it too. */
static Str veto_reason(Differ *d, uint32_t row, uint32_t other) {
  uint32_t for_row = differ_id_support(d, row), for_other = differ_id_support(d, other);
  if (for_row == for_other) return STR("号码相同而姓名对不上，必有一处写错，请两个单位核对身份证原件");
  uint32_t owner = for_row > for_other ? row : other, wrong = for_row > for_other ? other : row;
  const Fact *o = &d->facts->facts[owner], *w = &d->facts->facts[wrong];
  return str_format(d->cx->arena,
                    "号码相同而姓名对不上：有更多名单把这个号码写给" STR_FMT "，多半是“" STR_FMT "”中" STR_FMT
                    "的号码或姓名写错，请核对身份证原件",
                    STR_ARG(o->name), STR_ARG(fact_list(d, wrong)->title), STR_ARG(w->name));
}

static void add_pair(Differ *d, const MatchPair *pair) {
  enum { LINK_FROM = 3000 /* milli-bits: likelier than not by eight to one */ };
  uint32_t row = pair->right, other = pair->left;
  if (d->facts->facts[row].list == d->hub && d->facts->facts[other].list != d->hub)
    row = pair->left, other = pair->right;
  const Fact *a = &d->facts->facts[row], *b = &d->facts->facts[other];
  if (a->list == b->list && a->file == b->file && a->number < b->number) /* the row further down is the repeated one */
    row = pair->left, other = pair->right;
  uint32_t row_list = d->facts->facts[row].list, other_list = d->facts->facts[other].list;
  const char *class_code = pair->verdict == MATCH_REVIEW ? "possible_match"
                           : pair->verdict == MATCH_VETO ? "same_id_two_names"
                                                         : "duplicate_in_list";
  Found *found = differ_add(d, class_code, other_list, row_list, row, other, "link");
  found->value = person_text(d, row);
  found->other_value = person_text(d, other);
  found->evidence = pair_evidence(d, pair);
  Arena *arena = d->cx->arena;
  if (pair->verdict == MATCH_REVIEW) {
    if (d->clusters->person[row] != d->clusters->person[other]) { /* only the household is proposed */
      found->proposed = STR("exception");
      found->reason = STR("像是该户的另一名成员，但名册中没有此人；请核对，如属实作为例外保留");
      return;
    }
    bool link = pair->bits >= LINK_FROM;
    found->proposed = link ? STR("link") : STR("nolink");
    found->reason = str_format(
        arena, "证据合计 " STR_FMT " 比特，%s", STR_ARG(bits_text(arena, pair->bits)),
        link ? (pair->margin < 4000 ? "但另有相近的人，请核对" : "很可能是同一人，请核对") : "证据不足，不像同一人");
  } else if (pair->verdict == MATCH_VETO) {
    found->proposed = STR("return");
    found->reason = veto_reason(d, row, other);
  } else {
    found->proposed = STR("link");
    found->reason = STR("同一名单里出现两次，按一人计，请删去多余的一行");
    found->owner = fact_list(d, row)->owner;
  }
}

/* Household lists that count one register household as two. */
static void add_splits(Differ *d, uint32_t household) {
  uint32_t first[LIST_LIMIT];
  for (uint32_t i = 0; i < LIST_LIMIT; i++) first[i] = MATCH_NONE;
  for (uint32_t i = d->clusters->household_first[household]; i != MATCH_NONE; i = d->clusters->household_next[i]) {
    const Fact *fact = &d->facts->facts[i];
    if (!fact->household_row || d->in_review[i]) continue;
    uint32_t anchor = differ_household_anchor(d, i);
    if (d->facts->facts[anchor].list != d->hub) return;
    if (first[fact->list] == MATCH_NONE) {
      first[fact->list] = i;
    } else if (d->clusters->person[first[fact->list]] != d->clusters->person[i]) {
      Found *found = differ_add(d, "split", d->hub, fact->list, i, anchor, "household");
      found->value = str_format(d->cx->arena, STR_FMT "、" STR_FMT, STR_ARG(d->facts->facts[first[fact->list]].name),
                                STR_ARG(fact->name));
      found->other_value = d->facts->facts[anchor].name;
      found->subject = anchor;
      found->proposed = STR("return");
      found->reason = STR("登记名册为一户，本名单列为两户；如已分户请凭户口簿说明，登记户数不变");
    }
  }
}

/* One number with two names is one question: asked against the register's row, not again against each other list's. */
static void mark_hub_vetoes(Differ *d) {
  d->hub_veto = arena_array(d->cx->arena, d->facts->count + 1, uint8_t);
  for (uint32_t i = 0; i < d->match->pair_count; i++) {
    const MatchPair *pair = &d->match->pairs[i];
    bool left = d->facts->facts[pair->left].list == d->hub, right = d->facts->facts[pair->right].list == d->hub;
    if (pair->verdict == MATCH_VETO && left != right) d->hub_veto[left ? pair->right : pair->left] = 1;
  }
}

static bool asked_with_hub(const Differ *d, const MatchPair *pair) {
  if (pair->verdict != MATCH_VETO) return false;
  if (d->facts->facts[pair->left].list == d->hub || d->facts->facts[pair->right].list == d->hub) return false;
  return d->hub_veto[pair->left] || d->hub_veto[pair->right];
}

/* ---- rows that should not be, or that are not there ---- */
static void add_extra(Differ *d, uint32_t fact) {
  const List *list = fact_list(d, fact);
  if (!list->in_hub || d->in_review[fact] || d->facts->facts[differ_anchor(d, fact)].list == d->hub) return;
  if (d->facts->facts[differ_household_anchor(d, fact)].list == d->hub) return;
  Found *found = differ_add(d, "extra_here", d->hub, d->facts->facts[fact].list, fact, MATCH_NONE, "row");
  found->other_list = d->hub;
  found->value = person_text(d, fact);
  found->proposed = list->person_unit ? STR("exception") : STR("return");
  found->reason = list->person_unit ? STR("登记名册中查无此人；如确非建档立卡人口，作为例外保留")
                                    : STR("登记名册中查无此户，请核对户主姓名和身份证号码");
}

typedef struct TownSet {
  StrMap towns[LIST_LIMIT];
} TownSet;

static void add_missing(Differ *d, uint32_t household, const TownSet *towns) {
  uint32_t first = d->clusters->household_first[household];
  uint32_t anchor = first == MATCH_NONE ? MATCH_NONE : differ_household_anchor(d, first);
  if (anchor == MATCH_NONE || d->facts->facts[anchor].list != d->hub) return;
  for (uint32_t l = 0; l < d->catalogue->list_count; l++) {
    const List *list = &d->catalogue->lists[l];
    if (list->covers == COVERS_NOTHING || !(d->received >> l & 1) || (d->household_lists[household] >> l & 1)) continue;
    if (d->household_lists[household] & list->unless_in) continue;
    if (list->covers == COVERS_TOWNS_RECEIVED &&
        strmap_get(&towns->towns[l], d->facts->facts[anchor].town) == STRMAP_NONE)
      continue;
    Found *found = differ_add(d, "missing_here", d->hub, l, MATCH_NONE, anchor, "row");
    found->list = l;
    found->other_value = person_text(d, anchor);
    found->owner = list->owner;
    found->proposed = STR("return");
    found->reason = str_format(d->cx->arena, "登记名册有此户，“" STR_FMT "”应有而没有，请补入", STR_ARG(list->title));
  }
}

/* ---- preparation ---- */
static void prepare(Differ *d) {
  Arena *arena = d->cx->arena;
  const Facts *facts = d->facts;
  const Clusters *c = d->clusters;
  d->household_lists = arena_array(arena, d->match->household_count + 1, uint32_t);
  d->household_place = arena_array(arena, d->match->household_count + 1, uint32_t);
  d->household_persons = arena_array(arena, d->match->household_count + 1, uint32_t);
  d->in_review = arena_array(arena, facts->count + 1, uint8_t);
  d->ids = arena_array(arena, facts->count + 1, IdNumber);
  for (uint32_t i = 0; i < facts->file_count; i++) d->received |= 1u << facts->files[i].list;
  d->hub_numbers = strmap_new(arena);
  for (uint32_t i = 0; i < facts->count; i++) {
    if (facts->facts[i].list == d->hub && facts->facts[i].hh_no.size)
      strmap_put(&d->hub_numbers, text_fold(arena, facts->facts[i].hh_no), i, NULL);
    d->ids[i] = id_read(facts->facts[i].id);
    d->household_lists[c->household[i]] |= 1u << facts->facts[i].list;
    if (facts->facts[i].list == d->hub && c->person_anchor[i] == i) d->household_persons[c->household[i]]++;
  }
  for (uint32_t i = 0; i < d->match->pair_count; i++)
    if (d->match->pairs[i].verdict == MATCH_REVIEW)
      d->in_review[d->match->pairs[i].left] = d->in_review[d->match->pairs[i].right] = 1;
}

static void walk_persons(Differ *d) {
  const Facts *facts = d->facts;
  for (uint32_t i = 0; i < facts->count; i++) {
    differ_own(d, i);
    if (facts->facts[i].list == d->hub) continue;
    uint32_t anchor = differ_anchor(d, i);
    bool linked = d->clusters->state[i] == STATE_AUTO || d->clusters->state[i] == STATE_DECIDED;
    if (facts->facts[anchor].list == d->hub && (linked || !d->in_review[i]))
      differ_identity(d, anchor, i);
    else
      add_extra(d, i);
  }
}

Status differences_find(Context *cx, const Facts *facts, const MatchResult *match, const Clusters *clusters,
                        FoundList *ret_found) {
  Differ *d = arena_one(cx->arena, Differ);
  *d = (Differ){.cx = cx,
                .facts = facts,
                .catalogue = facts->catalogue,
                .match = match,
                .clusters = clusters,
                .found = ret_found,
                .hub = facts->catalogue->hub};
  prepare(d);
  TownSet *towns = arena_one(cx->arena, TownSet);
  for (uint32_t l = 0; l < d->catalogue->list_count; l++) towns->towns[l] = strmap_new(cx->arena);
  for (uint32_t i = 0; i < facts->count; i++)
    if (facts->facts[i].town.size) strmap_put(&towns->towns[facts->facts[i].list], facts->facts[i].town, 0, NULL);
  mark_hub_vetoes(d);
  for (uint32_t i = 0; i < match->pair_count; i++) {
    if (asked_with_hub(d, &match->pairs[i])) continue;
    uint8_t verdict = match->pairs[i].verdict;
    if (verdict == MATCH_REVIEW || verdict == MATCH_VETO || verdict == MATCH_DUPLICATE) add_pair(d, &match->pairs[i]);
  }
  walk_persons(d);
  for (uint32_t h = 0; h < match->household_count; h++) {
    differ_household(d, h);
    add_splits(d, h);
    if (d->received >> d->hub & 1) add_missing(d, h, towns);
  }
  return OK;
}
