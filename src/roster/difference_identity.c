#include "roster/difference_internal.h"

static Name name_of(const Differ *d, uint32_t fact) { return name_read(d->facts->facts[fact].name); }

static bool same_writing(const Name *a, const Name *b) {
  return a->size == b->size && memcmp(a->raw_rune, b->raw_rune, a->size * sizeof(uint32_t)) == 0;
}

static bool same_id(const IdNumber *a, const IdNumber *b) {
  return a->size == b->size && memcmp(a->text, b->text, a->size) == 0;
}

/* How many lists of the person give this number / this name as written. */
static uint32_t support(const Differ *d, uint32_t anchor, uint32_t like, bool by_id) {
  uint32_t lists = 0;
  Name wanted = name_of(d, like);
  for (uint32_t i = d->clusters->person_first[d->clusters->person[anchor]]; i != MATCH_NONE;
       i = d->clusters->person_next[i]) {
    if (d->in_review[i] && i != anchor && i != like) continue;
    Name name = by_id ? (Name){0} : name_of(d, i);
    if (by_id ? same_id(&d->ids[i], &d->ids[like]) : same_writing(&name, &wanted))
      lists |= 1u << d->facts->facts[i].list;
  }
  return (uint32_t)__builtin_popcount(lists);
}

uint32_t differ_id_support(const Differ *d, uint32_t fact) { return support(d, differ_anchor(d, fact), fact, true); }

static bool sound_id(const IdNumber *id) { return id->state == ID_VALID && !(id->flags & ID_WAS_15); }

/* The name as written, without blanks and notes. */
static Str name_text_raw(const Differ *d, const Name *name) {
  Buf buf = buf_new(d->cx->arena);
  for (uint8_t i = 0; i < name->size; i++) buf_add_rune(&buf, name->raw_rune[i]);
  return buf_str(&buf);
}

static Str list_title(const Differ *d, uint32_t fact) { return fact_list(d, fact)->title; }

/* `wrong` is the row to correct, `right` the row it is measured by. */
static Found *add_identity(Differ *d, const char *class_code, uint32_t wrong, uint32_t right, const char *field,
                           bool by_id) {
  const Fact *w = &d->facts->facts[wrong], *r = &d->facts->facts[right];
  Found *found = differ_add(d, class_code, r->list, w->list, wrong, right, field);
  found->value = by_id ? w->id : w->name;
  found->other_value = by_id ? r->id : r->name;
  found->subject = differ_anchor(d, wrong);
  return found;
}

typedef enum IdWhy { /* what speaks for the right side */
                     WHY_MISSING,
                     WHY_OLD,
                     WHY_ROUNDED,
                     WHY_CHECK,
                     WHY_SUPPORT,
                     WHY_BOTH_WRONG,
                     WHY_BOTH_SOUND
} IdWhy;
typedef struct IdVerdict {
  const char *class_code;
  uint32_t wrong, right;
  IdWhy why;
  bool settled; /* the right side can be taken */
} IdVerdict;

static bool no_number(const IdNumber *id) { return id->state == ID_NONE || id->state == ID_DUMMY; }

/* Both sides are sound: the number that more lists give. */
static IdVerdict judge_sound_ids(const Differ *d, uint32_t hub_fact, uint32_t fact) {
  uint32_t anchor = differ_anchor(d, fact), for_hub = support(d, anchor, hub_fact, true),
           for_fact = support(d, anchor, fact, true);
  if (for_fact > for_hub) return (IdVerdict){"same_person_two_ids", hub_fact, fact, WHY_SUPPORT, true};
  return (IdVerdict){"same_person_two_ids", fact, hub_fact, for_hub > for_fact ? WHY_SUPPORT : WHY_BOTH_SOUND,
                     for_hub > for_fact};
}

static IdVerdict judge_ids(const Differ *d, uint32_t hub_fact, uint32_t fact) {
  const IdNumber *a = &d->ids[hub_fact], *b = &d->ids[fact];
  IdVerdict none = {0};
  if (no_number(a) && no_number(b)) return none;
  if (no_number(a)) return (IdVerdict){"id_missing", hub_fact, fact, WHY_MISSING, b->state == ID_VALID};
  if (no_number(b)) return (IdVerdict){"id_missing", fact, hub_fact, WHY_MISSING, a->state == ID_VALID};
  bool same = same_id(a, b);
  bool a_15 = (a->flags & ID_WAS_15) != 0, b_15 = (b->flags & ID_WAS_15) != 0;
  if (same && a_15 == b_15) return none; /* equal and both wrong: differ_own says so */
  if (same)
    return a_15 ? (IdVerdict){"id_15", hub_fact, fact, WHY_OLD, true}
                : (IdVerdict){"id_15", fact, hub_fact, WHY_OLD, true};
  if (a->state == ID_PREFIX) return (IdVerdict){"id_rounded", hub_fact, fact, WHY_ROUNDED, b->state == ID_VALID};
  if (b->state == ID_PREFIX) return (IdVerdict){"id_rounded", fact, hub_fact, WHY_ROUNDED, a->state == ID_VALID};
  bool a_ok = sound_id(a), b_ok = sound_id(b);
  if (a_ok && !b_ok) return (IdVerdict){"id_typo", fact, hub_fact, WHY_CHECK, true};
  if (b_ok && !a_ok) return (IdVerdict){"id_typo", hub_fact, fact, WHY_CHECK, true};
  if (!a_ok) return (IdVerdict){"id_typo", fact, hub_fact, WHY_BOTH_WRONG, false};
  return judge_sound_ids(d, hub_fact, fact);
}

/* The same sentence goes to the owners of both lists, so it names the lists and says neither "here" nor "there". */
static Str id_reason(const Differ *d, const IdVerdict *v) {
  static const char *const words[][2] = {
      [WHY_MISSING] = {"没有号码，", "有"},
      [WHY_OLD] = {"是15位旧号码，换算后与", "相同"},
      [WHY_ROUNDED] = {"的号码被表格截去尾数，与", "的号码前段相同"},
      [WHY_CHECK] = {"的号码校验不正确，", "的正确"},
      [WHY_SUPPORT] = {"与", "的号码校验都正确，后者有更多名单支持"},
      [WHY_BOTH_WRONG] = {"和", "的号码都不正确，请核对身份证原件"},
      [WHY_BOTH_SOUND] = {"和", "的号码不同而校验都正确，请核对身份证原件"},
  };
  return str_format(d->cx->arena, "“" STR_FMT "”%s“" STR_FMT "”%s", STR_ARG(list_title(d, v->wrong)), words[v->why][0],
                    STR_ARG(list_title(d, v->right)), words[v->why][1]);
}

/* take: where the list has the number as it should be written; a certificate's, a 15-digit or a full-width one is given
 * as its 18 characters. */
static Str propose_id(Differ *d, uint32_t right) {
  const IdNumber *id = &d->ids[right];
  Str whole = {id->text, id->size};
  if (str_equal(d->facts->facts[right].id, whole)) return differ_take(d, d->facts->facts[right].list);
  return str_format(d->cx->arena, "value:" STR_FMT, STR_ARG(whole));
}

static void differ_ids(Differ *d, uint32_t hub_fact, uint32_t fact) {
  IdVerdict v = judge_ids(d, hub_fact, fact);
  if (!v.class_code) return;
  Found *found = add_identity(d, v.class_code, v.wrong, v.right, "id_no", true);
  found->proposed = v.settled ? propose_id(d, v.right) : STR("return");
  found->reason = id_reason(d, &v);
  found->evidence =
      str_format(d->cx->arena, "支持该号码的名单：%u 个；支持对方号码的名单：%u 个",
                 support(d, differ_anchor(d, fact), v.wrong, true), support(d, differ_anchor(d, fact), v.right, true));
}

/* ---- which writing of a name to take ----
 * One writing per person, so that all differences about a name propose the same: whole before one with a lost
 * character, then what more lists give, the longer one, the surname of the family, the usual form of a character, and
 * the characters that are usual in names here (a mistyped character is mostly a rare one in names). */
enum { RUNE_TABLE = 0x10000, USUAL_BY = 4 /* times as usual as the other */ };

struct NameUse { /* how many hub rows have the character as surname / as given name */
  uint32_t surname[RUNE_TABLE], given[RUNE_TABLE];
};

static const NameUse *name_use(Differ *d) {
  if (d->name_use) return d->name_use;
  NameUse *use = arena_one(d->cx->arena, NameUse);
  for (uint32_t i = 0; i < d->facts->count; i++) {
    if (d->facts->facts[i].list != d->hub) continue;
    Name name = name_of(d, i);
    for (uint8_t k = 0; k < name.size; k++)
      if (name.raw_rune[k] < RUNE_TABLE) (k < name.surname_size ? use->surname : use->given)[name.raw_rune[k]]++;
  }
  return d->name_use = use;
}

/* Among the characters in which two equally long names differ: how usual the first one's are. */
static uint64_t usualness(Differ *d, const Name *of, const Name *other) {
  const NameUse *use = name_use(d);
  uint64_t product = 1;
  for (uint8_t i = 0, differing = 0; i < of->size && differing < 3; i++) {
    if (of->raw_rune[i] == other->raw_rune[i]) continue;
    differing++;
    uint32_t rune = of->raw_rune[i];
    product *= 1 + (rune >= RUNE_TABLE ? 0 : i < of->surname_size ? use->surname[rune] : use->given[rune]);
  }
  return product;
}

static bool same_surname(const Name *a, const Name *b) {
  return a->size && b->size && a->surname_size == b->surname_size &&
         memcmp(a->raw_rune, b->raw_rune, a->surname_size * sizeof(uint32_t)) == 0;
}

/* Other members of the household in the hub who have the surname. */
static uint32_t family_of(const Differ *d, uint32_t anchor, const Name *name) {
  uint32_t members = 0;
  const Clusters *c = d->clusters;
  for (uint32_t i = c->household_first[c->household[anchor]]; i != MATCH_NONE; i = c->household_next[i]) {
    if (d->facts->facts[i].list != d->hub || c->person[i] == c->person[anchor]) continue;
    Name other = name_of(d, i);
    members += same_surname(&other, name);
  }
  return members;
}

typedef enum NameWhy {
  NAME_EQUAL,
  NAME_WHOLE,
  NAME_SUPPORTED,
  NAME_LONGER,
  NAME_FAMILY,
  NAME_USUAL_FORM,
  NAME_USUAL
} NameWhy;

static bool lost(const Name *name) { return name->flags & (NAME_HAS_WILDCARD | NAME_IS_EMPTY); }

/* > 0: a is the better writing; ret_why: by what. */
static int compare_writings(Differ *d, uint32_t anchor, uint32_t a_fact, uint32_t b_fact, NameWhy *ret_why) {
  Name a = name_of(d, a_fact), b = name_of(d, b_fact);
  if (*ret_why = NAME_WHOLE, lost(&a) != lost(&b)) return lost(&b) ? 1 : -1;
  uint32_t for_a = support(d, anchor, a_fact, false), for_b = support(d, anchor, b_fact, false);
  if (*ret_why = NAME_SUPPORTED, for_a != for_b) return for_a > for_b ? 1 : -1;
  if (*ret_why = NAME_LONGER, a.size != b.size) return a.size > b.size ? 1 : -1;
  if (!same_surname(&a, &b)) {
    uint32_t family_a = family_of(d, anchor, &a), family_b = family_of(d, anchor, &b);
    if (*ret_why = NAME_FAMILY, family_a != family_b) return family_a > family_b ? 1 : -1;
  }
  bool a_folded = a.flags & NAME_WAS_FOLDED, b_folded = b.flags & NAME_WAS_FOLDED;
  if (*ret_why = NAME_USUAL_FORM, a_folded != b_folded) return b_folded ? 1 : -1;
  uint64_t usual_a = usualness(d, &a, &b), usual_b = usualness(d, &b, &a);
  *ret_why = NAME_USUAL;
  if (usual_a / USUAL_BY >= usual_b) return 1;
  if (usual_b / USUAL_BY >= usual_a) return -1;
  *ret_why = NAME_EQUAL;
  return 0;
}

/* The fact with the writing to take; the hub's row where nothing else is better. */
static uint32_t best_writing(Differ *d, uint32_t hub_fact) {
  uint32_t anchor = differ_anchor(d, hub_fact), best = hub_fact;
  for (uint32_t i = d->clusters->person_first[d->clusters->person[anchor]]; i != MATCH_NONE;
       i = d->clusters->person_next[i]) {
    NameWhy why;
    if (i == best || (d->in_review[i] && i != anchor)) continue;
    if (compare_writings(d, anchor, i, best, &why) > 0) best = i;
  }
  return best;
}

static Str name_evidence(Differ *d, const Name *a, const Name *b) {
  static const char *const words[] = {"同字", "异体字", "音形皆近", "同音字", "形近字", "音近字", "不同字", "缺字"};
  Buf buf = buf_new(d->cx->arena);
  if (a->size != b->size) return STR("字数不同");
  for (uint8_t i = 0; i < a->size; i++) {
    if (a->raw_rune[i] == b->raw_rune[i]) continue;
    RuneRelation relation = a->rune[i] == b->rune[i] ? RUNE_VARIANT : rune_relation(a->rune[i], b->rune[i]);
    if (buf.size) buf_add(&buf, STR("；"));
    buf_add_rune(&buf, a->raw_rune[i]);
    buf_add_byte(&buf, '/');
    buf_add_rune(&buf, b->raw_rune[i]);
    buf_addf(&buf, " %s", words[relation]);
  }
  return buf_str(&buf);
}

static Str name_reason(const Differ *d, uint32_t right, NameWhy why, bool third) {
  static const char *const words[] = {[NAME_EQUAL] = "两种写法都有可能，暂不改登记，请核对户口簿",
                                      [NAME_WHOLE] = "缺字的一方待补",
                                      [NAME_SUPPORTED] = "这种写法有更多名单支持",
                                      [NAME_LONGER] = "较短的一方可能漏字",
                                      [NAME_FAMILY] = "同户其他成员是这个姓",
                                      [NAME_USUAL_FORM] = "异体或繁体字，以通用字为准",
                                      [NAME_USUAL] = "另一种写法用的字在本县人名中少见，可能是错字"};
  return str_format(d->cx->arena, "%s以“" STR_FMT "”的写法为准：%s", third ? "两处都不同，" : "",
                    STR_ARG(list_title(d, right)), words[why]);
}

static void differ_names(Differ *d, uint32_t hub_fact, uint32_t fact) {
  if (str_equal(d->facts->facts[hub_fact].name, d->facts->facts[fact].name)) return;
  Name hub_name = name_of(d, hub_fact), fact_name = name_of(d, fact);
  if (same_writing(&hub_name, &fact_name) || (hub_name.size == 0 && fact_name.size == 0)) return;
  uint32_t best = best_writing(d, hub_fact);
  Name best_name = name_of(d, best);
  bool hub_right = same_writing(&best_name, &hub_name), fact_right = same_writing(&best_name, &fact_name);
  uint32_t wrong = fact_right ? hub_fact : fact, right = fact_right ? fact : hub_fact;
  Found *found = add_identity(d, "name_variant", wrong, right, "name", false);
  found->evidence = fact_right ? name_evidence(d, &hub_name, &fact_name) : name_evidence(d, &fact_name, &hub_name);
  if (lost(&best_name)) {
    found->proposed = STR("return");
    found->reason = STR("各名单里的姓名都缺字，请核对户口簿后补全");
    return;
  }
  NameWhy why;
  compare_writings(d, differ_anchor(d, hub_fact), best, wrong, &why);
  bool third = !hub_right && !fact_right;
  found->proposed = third || (d->facts->facts[right].name.size != name_text_raw(d, &best_name).size)
                        ? str_format(d->cx->arena, "value:" STR_FMT, STR_ARG(name_text_raw(d, &best_name)))
                        : differ_take(d, d->facts->facts[right].list);
  found->reason = name_reason(d, third ? best : right, why, third);
}

void differ_identity(Differ *d, uint32_t hub_fact, uint32_t fact) {
  const List *list = fact_list(d, fact);
  if (list->compares & COMPARES_ID) differ_ids(d, hub_fact, fact);
  if (list->compares & COMPARES_NAME) differ_names(d, hub_fact, fact);
  if ((list->compares & COMPARES_HEAD) && d->facts->facts[fact].head) {
    uint32_t head = differ_household_anchor(d, fact);
    const Fact *h = &d->facts->facts[head];
    if (h->list != d->hub || !h->head || differ_anchor(d, fact) == differ_anchor(d, head)) return;
    Found *found = differ_add(d, "head_changed", d->hub, d->facts->facts[fact].list, fact, head, "head_name");
    found->value = d->facts->facts[fact].name;
    found->other_value = h->name;
    found->subject = head;
    found->proposed = differ_take(d, d->hub);
    found->reason = str_format(
        d->cx->arena, "登记的户主是另一位成员，“" STR_FMT "”写的是" STR_FMT "；户档不变，以登记为准",
        STR_ARG(list_title(d, fact)),
        STR_ARG(d->facts->facts[hub_fact].relation.size ? d->facts->facts[hub_fact].relation : STR("家庭成员")));
  }
}

/* ---- a row against itself ---- */
static bool person_has_sound_id(const Differ *d, uint32_t anchor) {
  for (uint32_t i = d->clusters->person_first[d->clusters->person[anchor]]; i != MATCH_NONE;
       i = d->clusters->person_next[i])
    if (sound_id(&d->ids[i]) && !(d->in_review[i] && i != anchor)) return true;
  return false;
}

static void own_id(Differ *d, uint32_t fact) {
  static const struct {
    IdState state;
    const char *class_code, *why;
  } kinds[] = {{ID_NONE, "id_missing", "各名单都没有号码，请补"},
               {ID_DUMMY, "id_missing", "只有临时号码，请补真实号码"},
               {ID_INVALID, "id_typo", "号码校验不正确，其他名单没有可用的号码，请核对身份证原件"},
               {ID_SHORT, "id_typo", "号码位数不对，其他名单没有可用的号码，请核对身份证原件"},
               {ID_PREFIX, "id_rounded", "号码被表格截去尾数，其他名单没有可用的号码，请重新填写"}};
  const IdNumber *id = &d->ids[fact];
  uint32_t list = d->facts->facts[fact].list;
  const char *class_code = NULL, *why = NULL;
  for (size_t i = 0; i < COUNT_OF(kinds); i++)
    if (kinds[i].state == id->state) class_code = kinds[i].class_code, why = kinds[i].why;
  bool was_15 = id->state == ID_VALID && (id->flags & ID_WAS_15);
  if (was_15) class_code = "id_15", why = "15位旧号码，按规则换算成18位";
  if (!class_code) return;
  Found *found = differ_add(d, class_code, list, list, fact, MATCH_NONE, "id_no");
  found->value = d->facts->facts[fact].id;
  found->subject = differ_anchor(d, fact);
  found->proposed = was_15 ? str_format(d->cx->arena, "value:%.*s", (int)id->size, id->text) : STR("return");
  found->reason = str_from(why);
}

static void own_sex(Differ *d, uint32_t fact) {
  const IdNumber *id = &d->ids[fact];
  const Fact *f = &d->facts->facts[fact];
  if (!sound_id(id) || id->sex == 0 || f->sex.size == 0) return;
  Str code = catalogue_value(d->catalogue, d->cx->arena, "sex", f->sex);
  char from_id[2] = {(char)('0' + id->sex), 0};
  if (code.size == 0 || str_equal(code, str_from(from_id))) return;
  Found *found = differ_add(d, "birth_or_sex_conflict", f->list, f->list, fact, MATCH_NONE, "sex");
  found->value = f->sex;
  found->other_value = str_copy(d->cx->arena, catalogue_title(d->catalogue, "sex", str_from(from_id)));
  found->subject = differ_anchor(d, fact);
  found->proposed = str_format(d->cx->arena, "value:" STR_FMT, STR_ARG(found->other_value));
  found->reason = STR("身份证号码第17位表明的性别与填写的不同");
}

/* Eight digits of a date as people write it: 1962-04-13, 1962.4.13, 1962年4月13日, 19620413; 0 when it is none. */
static uint32_t written_date(Str text) {
  uint32_t part[3] = {0}, parts = 0, digits = 0;
  for (size_t i = 0; i <= text.size; i++) {
    char c = i < text.size ? text.data[i] : ' ';
    if (c >= '0' && c <= '9' && parts < 3 && digits < 8) {
      part[parts] = part[parts] * 10 + (uint32_t)(c - '0');
      digits++;
    } else if (digits) {
      if (digits == 8 && parts == 0) return part[0];
      parts++;
      digits = 0;
    }
  }
  return parts >= 3 ? part[0] * 10000 + part[1] * 100 + part[2] : 0;
}

static void own_birth(Differ *d, uint32_t fact) {
  const IdNumber *id = &d->ids[fact];
  const Fact *f = &d->facts->facts[fact];
  uint32_t birth = written_date(f->birth);
  if (!sound_id(id) || !date_valid(birth) || birth == id->birth) return;
  Found *found = differ_add(d, "birth_or_sex_conflict", f->list, f->list, fact, MATCH_NONE, "birth");
  found->value = f->birth;
  found->other_value =
      str_format(d->cx->arena, "%04u-%02u-%02u", id->birth / 10000, id->birth / 100 % 100, id->birth % 100);
  found->subject = differ_anchor(d, fact);
  found->proposed = str_format(d->cx->arena, "value:" STR_FMT, STR_ARG(found->other_value));
  found->reason = STR("填写的出生日期与身份证号码里的不同");
}

void differ_own(Differ *d, uint32_t fact) {
  own_sex(d, fact);
  own_birth(d, fact);
  if (d->facts->facts[fact].list != d->hub || differ_anchor(d, fact) != fact) return;
  if (!person_has_sound_id(d, fact)) own_id(d, fact);
}
