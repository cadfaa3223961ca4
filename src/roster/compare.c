#include "roster/roster_internal.h"
#include "roster/roster_sql.h"

/* ---- what the engine is given ---- */
static Status load_constraints(Context *cx, Journal *journal, const Facts *facts, MatchConstraint **ret_constraints,
                               uint32_t *ret_count) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  MatchConstraint *constraints = NULL;
  StrMap by_origin = strmap_new(cx->arena);
  uint32_t count = 0, capacity = 0;
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_CONSTRAINTS_ACTIVE));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) break;
    if (by_origin.count == 0) /* most counties have none for long: made when the first is there */
      for (uint32_t i = 0; i < facts->count; i++) strmap_put(&by_origin, facts->facts[i].origin, i, NULL);
    uint32_t left = strmap_get(&by_origin, db_text(query, 0)), right = strmap_get(&by_origin, db_text(query, 1));
    if (left == STRMAP_NONE || right == STRMAP_NONE) continue;
    /* a decision holds as long as what it rests on is as it was */
    if (!str_equal(fact_identity(cx->arena, &facts->facts[left]), db_text(query, 3)) ||
        !str_equal(fact_identity(cx->arena, &facts->facts[right]), db_text(query, 4)))
      continue;
    if (count == capacity) {
      uint32_t larger = capacity ? capacity * 2 : 64;
      constraints = arena_grow(cx->arena, constraints, capacity * sizeof *constraints, larger * sizeof *constraints);
      capacity = larger;
    }
    constraints[count++] = (MatchConstraint){left, right, db_int(query, 2) != 0};
  }
  *ret_constraints = constraints;
  *ret_count = count;
  return OK;
}

static void fill_input(Arena *arena, const Facts *facts, MatchInput *input) {
  const Catalogue *c = facts->catalogue;
  MatchSource *sources = arena_array(arena, c->list_count, MatchSource);
  for (uint32_t i = 0; i < c->list_count; i++)
    sources[i] = (MatchSource){c->lists[i].code, true, !c->lists[i].person_unit};
  MatchRecord *records = arena_array(arena, facts->count + 1, MatchRecord);
  for (uint32_t i = 0; i < facts->count; i++) {
    const Fact *f = &facts->facts[i];
    records[i] = (MatchRecord){.list = f->list,
                               .group = f->group,
                               .household_no = f->hh_no,
                               .name = f->name,
                               .id = f->id,
                               .sex = f->sex,
                               .birth = f->birth,
                               .relation = f->relation,
                               .phone = f->phone,
                               .town = f->town,
                               .village = f->village,
                               .place_text = f->village_text.size ? f->village_text : f->address,
                               .member_count = f->size,
                               .head = f->head,
                               .household_row = f->household_row};
  }
  input->records = records;
  input->record_count = facts->count;
  input->sources = sources;
  input->source_count = c->list_count;
  input->hub = c->hub;
}

/* ---- anchors ---- */
static bool better_anchor(const Facts *facts, uint32_t hub, uint32_t a, uint32_t b, bool household) {
  const Fact *x = &facts->facts[a], *y = &facts->facts[b];
  if ((x->list == hub) != (y->list == hub)) return x->list == hub;
  if (household && x->head != y->head) return x->head;
  return a < b;
}

static void chain(Context *cx, const uint32_t *cluster, uint32_t clusters, uint32_t count, uint32_t **ret_first,
                  uint32_t **ret_next) {
  uint32_t *first = arena_array(cx->arena, clusters + 1, uint32_t), *next = arena_array(cx->arena, count + 1, uint32_t);
  for (uint32_t i = 0; i <= clusters; i++) first[i] = MATCH_NONE;
  for (uint32_t i = count; i-- > 0;) {
    next[i] = first[cluster[i]];
    first[cluster[i]] = i;
  }
  *ret_first = first;
  *ret_next = next;
}

static uint32_t *anchors(Context *cx, const Facts *facts, const uint32_t *cluster, uint32_t clusters, bool household) {
  uint32_t *best = arena_array(cx->arena, clusters + 1, uint32_t),
           *anchor = arena_array(cx->arena, facts->count + 1, uint32_t);
  for (uint32_t i = 0; i <= clusters; i++) best[i] = MATCH_NONE;
  for (uint32_t i = 0; i < facts->count; i++) {
    uint32_t *b = &best[cluster[i]];
    if (*b == MATCH_NONE || better_anchor(facts, facts->catalogue->hub, i, *b, household)) *b = i;
  }
  for (uint32_t i = 0; i < facts->count; i++) anchor[i] = best[cluster[i]];
  return anchor;
}

typedef struct Outcome {
  Facts facts;
  MatchResult match;
  Clusters clusters;
  FoundList found;
  Str *person, *household; /* per fact: stable ids */
  Str *difference_ids;
  int64_t engine_us;
} Outcome;

/* Ids that outlive a new version of a list: of a registered household its number, else of the first row it was seen in.
 */
static void name_clusters(Context *cx, Outcome *o) {
  uint32_t count = o->facts.count;
  o->person = arena_array(cx->arena, count + 1, Str);
  o->household = arena_array(cx->arena, count + 1, Str);
  for (uint32_t i = 0; i < count; i++)
    if (o->clusters.person_anchor[i] == i)
      o->person[i] = str_format(cx->arena, "P" STR_FMT, STR_ARG(str_sub(o->facts.facts[i].origin, 0, 12)));
  for (uint32_t i = 0; i < count; i++) {
    const Fact *f = &o->facts.facts[i];
    if (o->clusters.household_anchor[i] != i) continue;
    Str number = text_fold(cx->arena, f->hh_no);
    o->household[i] = f->list == o->facts.catalogue->hub && number.size
                          ? str_format(cx->arena, "H" STR_FMT, STR_ARG(number))
                          : str_format(cx->arena, "H" STR_FMT, STR_ARG(str_sub(f->origin, 0, 12)));
  }
  for (uint32_t i = 0; i < count; i++) {
    o->person[i] = o->person[o->clusters.person_anchor[i]];
    o->household[i] = o->household[o->clusters.household_anchor[i]];
  }
}

/* Whether two rows are one person is one question, whichever of them is named first. */
static Str difference_id(Context *cx, const Outcome *o, const Found *f) {
  const Catalogue *c = o->facts.catalogue;
  Str row = f->row == MATCH_NONE ? STR_EMPTY : o->facts.facts[f->row].origin,
      other = f->other == MATCH_NONE ? STR_EMPTY : o->facts.facts[f->other].origin, value = f->value,
      other_value = f->other_value;
  if (strcmp(f->field, "link") == 0 && str_compare(row, other) > 0) {
    row = o->facts.facts[f->other].origin, other = o->facts.facts[f->row].origin;
    value = f->other_value, other_value = f->value;
  }
  Str text = str_format(
      cx->arena,
      STR_FMT "\x1f" STR_FMT "\x1f" STR_FMT "\x1f%s\x1f" STR_FMT "\x1f" STR_FMT "\x1f" STR_FMT "\x1f" STR_FMT,
      STR_ARG(c->classes[f->class_index].code), STR_ARG(c->lists[f->left].code), STR_ARG(c->lists[f->right].code),
      f->field, STR_ARG(row), STR_ARG(value), STR_ARG(other), STR_ARG(other_value));
  return hash_id(cx->arena, text, 12);
}

/* Equal differences (two equal rows doubled in one list) share an id; the first stays. */
static void name_differences(Context *cx, Outcome *o) {
  StrMap seen = strmap_new(cx->arena);
  uint32_t kept = 0;
  o->difference_ids = arena_array(cx->arena, o->found.count + 1, Str);
  for (uint32_t i = 0; i < o->found.count; i++) {
    Str id = difference_id(cx, o, &o->found.items[i]);
    bool added;
    strmap_put(&seen, id, 0, &added);
    if (!added) continue;
    o->found.items[kept] = o->found.items[i];
    o->difference_ids[kept++] = id;
  }
  o->found.count = kept;
}

static Status compute(Context *cx, Journal *journal, Outcome *o) {
  TRY(facts_load(cx, journal, &o->facts));
  MatchInput input = {0};
  CLEANUP(arena_freep) Arena *records = arena_new(); /* as large as the facts: gone when the engine is done */
  fill_input(records, &o->facts, &input);
  MatchConstraint *constraints;
  TRY(load_constraints(cx, journal, &o->facts, &constraints, &input.constraint_count));
  input.constraints = constraints;
  input.threads = 2;
  int64_t start = stamp_monotonic();
  TRY(match_run(cx, &input, &o->match));
  o->engine_us = stamp_monotonic() - start;
  arena_freep(&records);
  Clusters *c = &o->clusters;
  *c = (Clusters){.person = o->match.person, .household = o->match.household, .state = o->match.state};
  c->person_anchor = anchors(cx, &o->facts, c->person, o->match.person_count, false);
  c->household_anchor = anchors(cx, &o->facts, c->household, o->match.household_count, true);
  chain(cx, c->household, o->match.household_count, o->facts.count, &c->household_first, &c->household_next);
  chain(cx, c->person, o->match.person_count, o->facts.count, &c->person_first, &c->person_next);
  name_clusters(cx, o);
  TRY(differences_find(cx, &o->facts, &o->match, c, &o->found));
  name_differences(cx, o);
  return OK;
}

/* ---- the change against what is stored, as canonical lines ---- */
static void line_text(Buf *buf, const char *key, Str value, bool first) {
  buf_addf(buf, "%s\"%s\":", first ? "{" : ",", key);
  json_write_string(buf, value);
}

/* ["link",key,list,person,household,partner,state,bits]: most lines are links, so they are short. */
static void link_line(Buf *buf, const Outcome *o, uint32_t i) {
  uint32_t partner = o->match.partner[i];
  buf_add(buf, STR("[\"link\",\""));
  buf_add(buf, o->facts.facts[i].key);
  buf_add(buf, STR("\",\""));
  buf_add(buf, o->facts.catalogue->lists[o->facts.facts[i].list].code);
  buf_add(buf, STR("\",\""));
  buf_add(buf, o->person[i]);
  buf_add(buf, STR("\","));
  json_write_string(buf, o->household[i]);
  buf_add(buf, STR(",\""));
  if (partner != MATCH_NONE) buf_add(buf, o->facts.facts[partner].key);
  buf_addf(buf, "\",%d,%d]\n", (int)o->match.state[i], (int)o->match.bits[i]);
}

static void household_line(Buf *buf, Str household, Str town, Str village) {
  line_text(buf, "household", household, true);
  buf_add(buf, STR(",\"kind\":\"household\""));
  line_text(buf, "town", town, false);
  line_text(buf, "village", village, false);
  buf_add(buf, STR("}\n"));
}

static void gone_line(Buf *buf, const char *kind, Str key) {
  line_text(buf, "key", key, true);
  buf_addf(buf, ",\"kind\":\"%s\"}\n", kind);
}

static Str key_of(const Outcome *o, uint32_t fact) { return fact == MATCH_NONE ? STR_EMPTY : o->facts.facts[fact].key; }
static Str list_code(const Outcome *o, uint32_t list) {
  return list == NO_INDEX ? STR_EMPTY : o->facts.catalogue->lists[list].code;
}

static Str household_town(const Outcome *o, uint32_t fact) {
  for (uint32_t i = o->clusters.household_first[o->clusters.household[fact]]; i != MATCH_NONE;
       i = o->clusters.household_next[i])
    if (o->facts.facts[i].list == o->facts.catalogue->hub && o->facts.facts[i].town.size) return o->facts.facts[i].town;
  for (uint32_t i = o->clusters.household_first[o->clusters.household[fact]]; i != MATCH_NONE;
       i = o->clusters.household_next[i])
    if (o->facts.facts[i].town.size) return o->facts.facts[i].town;
  return STR_EMPTY;
}

static Str household_village(const Outcome *o, uint32_t fact) {
  Str village = STR_EMPTY;
  for (uint32_t i = o->clusters.household_first[o->clusters.household[fact]]; i != MATCH_NONE;
       i = o->clusters.household_next[i]) {
    const Fact *f = &o->facts.facts[i];
    if (f->village.size && (f->list == o->facts.catalogue->hub || village.size == 0)) village = f->village;
    if (f->village.size && f->list == o->facts.catalogue->hub) break;
  }
  return village;
}

static int64_t difference_position(const Outcome *o, const Found *f) {
  uint32_t row = f->row != MATCH_NONE     ? o->facts.facts[f->row].number
                 : f->other != MATCH_NONE ? o->facts.facts[f->other].number
                                          : 0;
  return ((int64_t)f->class_index * 16 + (f->list == NO_INDEX ? 15 : (int64_t)f->list)) * 100000000 + row;
}

/* {"evidence","other_value","proposed","reason","value"}: what may hold personal data, sealed as one. */
static Str difference_content(Arena *arena, const Found *f) {
  Buf buf = buf_new(arena);
  line_text(&buf, "evidence", f->evidence, true);
  line_text(&buf, "other_value", f->other_value, false);
  line_text(&buf, "proposed", f->proposed, false);
  line_text(&buf, "reason", f->reason, false);
  line_text(&buf, "value", f->value, false);
  buf_add_byte(&buf, '}');
  return buf_str(&buf);
}

static void difference_line(Context *cx, Buf *buf, const Outcome *o, uint32_t i) {
  const Found *f = &o->found.items[i];
  const Fact *subject = &o->facts.facts[f->subject];
  line_text(buf, "class", o->facts.catalogue->classes[f->class_index].code, true);
  line_text(buf, "content", difference_content(cx->arena, f), false);
  line_text(buf, "field", str_from(f->field), false);
  line_text(buf, "household", o->household[f->household_of], false);
  line_text(buf, "key", o->difference_ids[i], false);
  buf_add(buf, STR(",\"kind\":\"difference\""));
  line_text(buf, "left", list_code(o, f->left), false);
  line_text(buf, "list", list_code(o, f->list), false);
  line_text(buf, "other_key", key_of(o, f->other), false);
  line_text(buf, "other_list", list_code(o, f->other_list), false);
  line_text(buf, "owner", f->owner, false);
  line_text(buf, "person", o->person[f->household_of], false);
  buf_addf(buf, ",\"position\":%lld", (long long)difference_position(o, f));
  line_text(buf, "right", list_code(o, f->right), false);
  line_text(buf, "row_key", key_of(o, f->row), false);
  line_text(buf, "subject", subject->origin, false);
  line_text(buf, "town", household_town(o, f->household_of), false);
  buf_addf(buf, ",\"unit\":\"%s\"}\n", f->person_unit ? "person" : "household");
}

static bool same_link(const Outcome *o, uint32_t i, DbQuery *query) {
  return str_equal(db_text(query, 1), o->person[i]) && str_equal(db_text(query, 2), o->household[i]) &&
         db_int(query, 3) == o->match.state[i] && db_int(query, 4) == o->match.bits[i] &&
         str_equal(db_text(query, 5), key_of(o, o->match.partner[i]));
}

/* Stored links and new ones, both in the order of their keys, merged; so apply writes in that order, too. */
static Status links_change(Context *cx, Journal *journal, const Outcome *o, Buf *buf) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  const Facts *facts = &o->facts;
  uint32_t at = 0;
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_LINKS_ALL));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) break;
    Str key = db_text(query, 0);
    int order = 1;
    while (at < facts->count && (order = str_compare(facts->facts[facts->by_key[at]].key, key)) < 0)
      link_line(buf, o, facts->by_key[at++]);
    if (at == facts->count || order > 0) {
      gone_line(buf, "link_gone", key);
      continue;
    }
    if (!same_link(o, facts->by_key[at], query)) link_line(buf, o, facts->by_key[at]);
    at++;
  }
  while (at < facts->count) link_line(buf, o, facts->by_key[at++]);
  return OK;
}

static Status households_change(Context *cx, Journal *journal, const Outcome *o, Buf *buf) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  StrMap anchor = strmap_new(cx->arena);
  for (uint32_t i = 0; i < o->facts.count; i++)
    if (o->clusters.household_anchor[i] == i) strmap_put(&anchor, o->household[i], i, NULL);
  bool *same = arena_array(cx->arena, o->facts.count + 1, bool);
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_HOUSEHOLDS_ALL));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) break;
    uint32_t i = strmap_get(&anchor, db_text(query, 0));
    if (i == STRMAP_NONE)
      gone_line(buf, "household_gone", db_text(query, 0));
    else
      same[i] =
          str_equal(db_text(query, 1), household_town(o, i)) && str_equal(db_text(query, 2), household_village(o, i));
  }
  for (uint32_t i = 0; i < o->facts.count; i++)
    if (o->clusters.household_anchor[i] == i && !same[i] && strmap_get(&anchor, o->household[i]) == i)
      household_line(buf, o->household[i], household_town(o, i), household_village(o, i));
  return OK;
}

/* A stored difference as the line that would write it again, to see whether it changed. */
static Status stored_difference_line(Context *cx, Journal *journal, DbQuery *q, Buf *buf) {
  Str id = db_text(q, 0), content;
  TRY(roster_unseal(cx, journal, "difference.content", id, db_blob(q, 16), &content));
  line_text(buf, "class", db_text(q, 1), true);
  line_text(buf, "content", content, false);
  line_text(buf, "field", db_text(q, 7), false);
  line_text(buf, "household", db_text(q, 12), false);
  line_text(buf, "key", id, false);
  buf_add(buf, STR(",\"kind\":\"difference\""));
  line_text(buf, "left", db_text(q, 2), false);
  line_text(buf, "list", db_text(q, 8), false);
  line_text(buf, "other_key", db_text(q, 11), false);
  line_text(buf, "other_list", db_text(q, 10), false);
  line_text(buf, "owner", db_text(q, 14), false);
  line_text(buf, "person", db_text(q, 13), false);
  buf_addf(buf, ",\"position\":%lld", (long long)db_int(q, 15));
  line_text(buf, "right", db_text(q, 3), false);
  line_text(buf, "row_key", db_text(q, 9), false);
  line_text(buf, "subject", db_text(q, 6), false);
  line_text(buf, "town", db_text(q, 5), false);
  buf_addf(buf, ",\"unit\":\"" STR_FMT "\"}\n", STR_ARG(db_text(q, 4)));
  return OK;
}

static Status differences_change(Context *cx, Journal *journal, const Outcome *o, Buf *buf) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  CLEANUP(arena_freep) Arena *scratch = arena_new();
  Context inner = {scratch, {OK, STR_EMPTY}};
  StrMap index = strmap_new(cx->arena);
  for (uint32_t i = 0; i < o->found.count; i++) strmap_put(&index, o->difference_ids[i], i, NULL);
  bool *same = arena_array(cx->arena, o->found.count + 1, bool);
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_DIFFERENCES_ALL));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) break;
    uint32_t i = strmap_get(&index, db_text(query, 0));
    if (i == STRMAP_NONE) {
      gone_line(buf, "difference_gone", db_text(query, 0));
      continue;
    }
    Buf stored = buf_new(scratch), now = buf_new(scratch);
    Status status = stored_difference_line(&inner, journal, query, &stored);
    if (status != OK) return fail(cx, status, STR_FMT, STR_ARG(inner.error.sentence));
    difference_line(&inner, &now, o, i);
    same[i] = str_equal(buf_str(&stored), buf_str(&now));
    arena_reset(scratch);
  }
  for (uint32_t i = 0; i < o->found.count; i++)
    if (!same[i]) difference_line(cx, buf, o, i);
  return OK;
}

static Status change_lines(Context *cx, Journal *journal, const Outcome *o, Buf *ret_buf) {
  size_t room = (size_t)o->facts.count * 240 + (size_t)o->found.count * 1200 + 4096;
  Buf buf = {cx->arena, arena_alloc(cx->arena, room), 0, room}; /* untouched pages cost nothing */
  TRY(links_change(cx, journal, o, &buf));
  TRY(households_change(cx, journal, o, &buf));
  TRY(differences_change(cx, journal, o, &buf));
  *ret_buf = buf;
  return OK;
}

/* ---- the entry ---- */
static Status last_run(Context *cx, Journal *journal, Str *ret_inputs) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  bool more;
  *ret_inputs = STR_EMPTY;
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_RUN_LAST));
  TRY(db_next(cx, query, &more));
  if (more) *ret_inputs = str_copy(cx->arena, db_text(query, 3));
  return OK;
}

Status roster_is_current(Context *cx, Journal *journal, bool *ret_current) {
  Str now, then;
  TRY(facts_inputs(cx, journal, &now));
  TRY(last_run(cx, journal, &then));
  *ret_current = str_equal(now, then);
  return OK;
}

Status roster_compare(Context *cx, Journal *journal, bool force, Str author, CompareReport *ret_report) {
  int64_t start = stamp_monotonic();
  CompareReport report = {.unchanged = true};
  bool current;
  TRY(roster_is_current(cx, journal, &current));
  if (current && !force) {
    *ret_report = report;
    return OK;
  }
  Outcome *o = arena_one(cx->arena, Outcome);
  TRY(compute(cx, journal, o));
  Buf lines;
  TRY(change_lines(cx, journal, o, &lines));
  report = (CompareReport){.unchanged = lines.size == 0 && current,
                           .engine_us = o->engine_us,
                           .rows = o->facts.count,
                           .pairs_compared = (int64_t)o->match.compared,
                           .differences = o->found.count};
  if (!report.unchanged) {
    Digest digest;
    TRY(store_put(cx, journal_store(journal), buf_str(&lines), &digest));
    Json *body = json_new_object(cx->arena);
    json_set_int(cx->arena, body, "differences", o->found.count);
    json_set_text(cx->arena, body, "engine", str_from(MATCH_VERSION));
    json_set_text(cx->arena, body, "inputs", o->facts.inputs);
    json_set_text(cx->arena, body, "result_file", digest_hex(cx->arena, &digest));
    json_set_int(cx->arena, body, "row_count", o->facts.count);
    Entry draft = {.kind = STR("compare_run"), .author = author, .body = body};
    Receipt receipt;
    TRY(journal_append(cx, journal, &draft, &receipt));
  }
  report.total_us = stamp_monotonic() - start;
  *ret_report = report;
  return OK;
}

/* Which table and row differ; not what is in it: the sentence goes to screens and logs. */
static Str line_name(Context *cx, Str line) {
  Json *json;
  if (json_parse(cx, line, &json) != OK) return STR_EMPTY;
  if (json->kind == JSON_ARRAY && json->count > 1)
    return str_format(cx->arena, "link " STR_FMT, STR_ARG(json->first->next->text));
  Str key = json_text(json, "key");
  return str_format(cx->arena, STR_FMT " " STR_FMT, STR_ARG(json_text(json, "kind")),
                    STR_ARG(key.size ? key : json_text(json, "household")));
}

static Status check_once(Context *cx, Journal *journal) {
  bool current;
  TRY(roster_is_current(cx, journal, &current));
  if (!current) return OK; /* the next comparison will say */
  Outcome *o = arena_one(cx->arena, Outcome);
  TRY(compute(cx, journal, o));
  Buf lines;
  TRY(change_lines(cx, journal, o, &lines));
  if (lines.size == 0) return OK;
  const char *end = memchr(lines.data, '\n', lines.size);
  Str name = line_name(cx, str_sub(buf_str(&lines), 0, end ? (size_t)(end - lines.data) : lines.size));
  return fail(cx, TAMPERED, "重新比对的结果与保存的不同，第一处：" STR_FMT, STR_ARG(name));
}

/* Rows are read by several connections: what another process wrote meanwhile is no tampering, so look again. */
Status roster_check_result(Context *cx, Journal *journal) {
  enum { ATTEMPTS = 3 };
  for (int i = 0; i < ATTEMPTS; i++) {
    int64_t before, after;
    Digest root;
    TRY(journal_head(cx, journal, &before, &root));
    Status status = check_once(cx, journal);
    TRY(journal_head(cx, journal, &after, &root));
    if (status != TAMPERED || before == after) return status;
  }
  return fail(cx, BUSY, "核验时一直有新的记录写入，没有核对比对结果；请稍后再核验。");
}

/* ---- apply ---- */
static Status apply_difference(Context *cx, Journal *journal, const Json *line) {
  Str id = json_text(line, "key");
  return db_run(cx, journal_db(journal), &ROSTER_DIFFERENCE_PUT, DB_T(id), DB_T(json_text(line, "class")),
                DB_T(json_text(line, "left")), DB_T(json_text(line, "right")), DB_T(json_text(line, "unit")),
                DB_T(json_text(line, "town")), DB_T(json_text(line, "subject")), DB_T(json_text(line, "field")),
                DB_T(json_text(line, "list")), DB_T(json_text(line, "row_key")), DB_T(json_text(line, "other_list")),
                DB_T(json_text(line, "other_key")), DB_T(json_text(line, "household")), DB_T(json_text(line, "person")),
                DB_T(json_text(line, "owner")), DB_I(json_int(line, "position", 0)),
                DB_B(roster_seal(cx->arena, journal, "difference.content", id, json_text(line, "content"))));
}

static Status apply_link(Context *cx, Db *db, const Json *line) {
  const Json *part[8] = {NULL};
  uint32_t count = 0;
  JSON_EACH(item, line) if (count < 8) part[count++] = item;
  if (count != 8) return fail(cx, BAD_JSON, "比对结果里有一行不完整。");
  return db_run(cx, db, &ROSTER_LINK_PUT, DB_T(part[1]->text), DB_T(part[2]->text), DB_T(part[3]->text),
                DB_T(part[4]->text), DB_I(part[6]->integer), DB_I(part[7]->integer), DB_T(part[5]->text));
}

static Status apply_line(Context *cx, Journal *journal, Str text) {
  Db *db = journal_db(journal);
  Json *line;
  TRY(json_parse_view(cx, text, &line));
  if (line->kind == JSON_ARRAY) return apply_link(cx, db, line);
  Str kind = json_text(line, "kind"), key = json_text(line, "key");
  if (str_equal(kind, STR("difference"))) return apply_difference(cx, journal, line);
  if (str_equal(kind, STR("household")))
    return db_run(cx, db, &ROSTER_HOUSEHOLD_PUT, DB_T(json_text(line, "household")), DB_T(json_text(line, "town")),
                  DB_T(json_text(line, "village")));
  static const struct {
    Str kind;
    const DbStatement *statement;
  } gone[] = {{STR("link_gone"), &ROSTER_LINK_DELETE},
              {STR("household_gone"), &ROSTER_HOUSEHOLD_DELETE},
              {STR("difference_gone"), &ROSTER_DIFFERENCE_DELETE}};
  for (size_t i = 0; i < COUNT_OF(gone); i++)
    if (str_equal(kind, gone[i].kind)) return db_run(cx, db, gone[i].statement, DB_T(key));
  return fail(cx, BAD_JSON, "比对结果里有不认识的一行“" STR_FMT "”。", STR_ARG(kind));
}

Status roster_each_line(Context *cx, Str text, LineVisitor *visit, void *user) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Context inner = {arena, {OK, STR_EMPTY}};
  int64_t number = 0;
  for (size_t at = 0; at < text.size; number++) {
    const char *end = memchr(text.data + at, '\n', text.size - at);
    size_t next = end ? (size_t)(end - text.data) : text.size;
    Status status = visit(&inner, user, number, str_sub(text, at, next));
    if (status != OK) return fail(cx, status, STR_FMT, STR_ARG(inner.error.sentence));
    arena_reset(arena);
    at = next + 1;
  }
  return OK;
}

static Status visit_result(Context *cx, void *user, int64_t number, Str line) {
  (void)number;
  return apply_line(cx, user, line);
}

Status roster_stored_file(Context *cx, Journal *journal, const Json *body, const char *key, Str *ret_bytes) {
  Digest digest;
  if (!digest_from_hex(json_text(body, key), &digest)) return fail(cx, BAD_JSON, "记录里没有 %s。", key);
  return store_get(cx, journal_store(journal), &digest, ret_bytes);
}

Status roster_apply_run(Context *cx, Journal *journal, const Entry *entry) {
  Str lines;
  TRY(roster_stored_file(cx, journal, entry->body, "result_file", &lines));
  TRY(roster_each_line(cx, lines, visit_result, journal));
  return db_run(cx, journal_db(journal), &ROSTER_RUN_INSERT, DB_I(entry->seq), DB_T(entry->id),
                DB_T(json_text(entry->body, "result_file")), DB_T(json_text(entry->body, "inputs")),
                DB_T(json_text(entry->body, "engine")));
}
