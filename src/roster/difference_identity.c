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

static bool sound_id(const IdNumber *id) { return id->state == ID_VALID && !(id->flags & ID_WAS_15); }

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

typedef struct IdVerdict {
  const char *class_code;
  uint32_t wrong, right;
  const char *why;
  bool settled; /* the right side can be taken */
} IdVerdict;

static IdVerdict judge_ids(const Differ *d, uint32_t hub_fact, uint32_t fact) {
  const IdNumber *a = &d->ids[hub_fact], *b = &d->ids[fact];
  IdVerdict none = {0};
  bool a_none = a->state == ID_NONE || a->state == ID_DUMMY, b_none = b->state == ID_NONE || b->state == ID_DUMMY;
  if (a_none && b_none) return none;
  if (a_none) return (IdVerdict){"id_missing", hub_fact, fact, "登记名册没有号码，本名单有", b->state == ID_VALID};
  if (b_none) return (IdVerdict){"id_missing", fact, hub_fact, "本名单没有号码，登记名册有", a->state == ID_VALID};
  bool same = same_id(a, b);
  bool a_15 = (a->flags & ID_WAS_15) != 0, b_15 = (b->flags & ID_WAS_15) != 0;
  if (same && a_15 == b_15) return none; /* equal and both wrong: differ_own says so */
  if (same)
    return a_15 ? (IdVerdict){"id_15", hub_fact, fact, "登记名册是15位旧号码，换算后相同", true}
                : (IdVerdict){"id_15", fact, hub_fact, "本名单是15位旧号码，换算后相同", true};
  if (a->state == ID_PREFIX)
    return (IdVerdict){"id_rounded", hub_fact, fact, "登记名册的号码被表格截去尾数", b->state == ID_VALID};
  if (b->state == ID_PREFIX)
    return (IdVerdict){"id_rounded", fact, hub_fact, "本名单的号码被表格截去尾数", a->state == ID_VALID};
  bool a_ok = sound_id(a), b_ok = sound_id(b);
  if (a_ok && !b_ok) return (IdVerdict){"id_typo", fact, hub_fact, "登记名册的号码校验正确，本名单的不正确", true};
  if (b_ok && !a_ok) return (IdVerdict){"id_typo", hub_fact, fact, "本名单的号码校验正确，登记名册的不正确", true};
  if (!a_ok) return (IdVerdict){"id_typo", fact, hub_fact, "两处号码都不正确，请核对身份证原件", false};
  uint32_t anchor = differ_anchor(d, fact), for_a = support(d, anchor, hub_fact, true),
           for_b = support(d, anchor, fact, true);
  if (for_a > for_b) return (IdVerdict){"same_person_two_ids", fact, hub_fact, "登记名册的号码有更多名单支持", true};
  if (for_b > for_a) return (IdVerdict){"same_person_two_ids", hub_fact, fact, "本名单的号码有更多名单支持", true};
  return (IdVerdict){"same_person_two_ids", fact, hub_fact, "两个号码校验都正确，须核对身份证原件", false};
}

static void differ_ids(Differ *d, uint32_t hub_fact, uint32_t fact) {
  IdVerdict v = judge_ids(d, hub_fact, fact);
  if (!v.class_code) return;
  Found *found = add_identity(d, v.class_code, v.wrong, v.right, "id_no", true);
  found->proposed = v.settled ? differ_take(d, d->facts->facts[v.right].list) : STR("return");
  found->reason = str_from(v.why);
  found->evidence =
      str_format(d->cx->arena, "支持该号码的名单：%u 个；支持对方号码的名单：%u 个",
                 support(d, differ_anchor(d, fact), v.wrong, true), support(d, differ_anchor(d, fact), v.right, true));
}

/* Which of two writings to correct: a lost character, then the rarer one, then the shorter, then the one that folding
 * changes (traditional and variant forms); else the register stands. */
static bool hub_name_is_wrong(const Differ *d, uint32_t hub_fact, uint32_t fact, const Name *a, const Name *b,
                              const char **ret_why) {
  bool a_lost = a->flags & (NAME_HAS_WILDCARD | NAME_IS_EMPTY), b_lost = b->flags & (NAME_HAS_WILDCARD | NAME_IS_EMPTY);
  uint32_t anchor = differ_anchor(d, fact), for_a = support(d, anchor, hub_fact, false),
           for_b = support(d, anchor, fact, false);
  if (a_lost != b_lost) return *ret_why = "缺字的一方待补", a_lost;
  if (for_a != for_b) return *ret_why = "另一种写法有更多名单支持", for_a < for_b;
  if (a->size != b->size) return *ret_why = "较短的一方可能漏字", a->size < b->size;
  bool a_folded = a->flags & NAME_WAS_FOLDED, b_folded = b->flags & NAME_WAS_FOLDED;
  if (a_folded != b_folded) return *ret_why = "异体或繁体字，以通用字为准", a_folded;
  *ret_why = "号码和其他信息相符，姓名写法以登记名册为准";
  return false;
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

static void differ_names(Differ *d, uint32_t hub_fact, uint32_t fact) {
  if (str_equal(d->facts->facts[hub_fact].name, d->facts->facts[fact].name)) return;
  Name hub_name = name_of(d, hub_fact), fact_name = name_of(d, fact);
  const Name *a = &hub_name, *b = &fact_name;
  if (same_writing(a, b) || (a->size == 0 && b->size == 0)) return;
  const char *why;
  bool hub_wrong = hub_name_is_wrong(d, hub_fact, fact, a, b, &why);
  uint32_t wrong = hub_wrong ? hub_fact : fact, right = hub_wrong ? fact : hub_fact;
  Found *found = add_identity(d, "name_variant", wrong, right, "name", false);
  found->proposed = differ_take(d, d->facts->facts[right].list);
  found->reason = str_from(why);
  found->evidence = name_evidence(d, hub_wrong ? a : b, hub_wrong ? b : a);
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
