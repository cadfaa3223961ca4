#include <stdio.h>
#include <stdlib.h>
#include "base/file.h"
#include "roster/pending.h"
#include "roster/roster.h"

enum { FILES_MOST = 4096 };

/* ---- shared ---- */
static void warn_pending(Context *cx, Journal *journal) {
  Str sentence = roster_pending(cx, journal);
  if (sentence.size) print_error(sentence);
}

/* One view of all tables, whatever another process writes meanwhile. */
static Status open_reading(Context *cx, const Cli *cli, const char *folder, Journal **ret_journal) {
  CLEANUP(journal_closep) Journal *journal = NULL;
  TRY(cli_open(cx, cli, folder, JOURNAL_READ, &journal));
  TRY(db_begin(cx, journal_db(journal)));
  *ret_journal = journal;
  journal = NULL;
  return OK;
}

/* Opens for reading; if lists or decisions changed since the last comparison, compares first (which takes the lock). */
static Status open_compared(Context *cx, const Cli *cli, const char *folder, Journal **ret_journal) {
  Journal *journal = NULL;
  bool current;
  TRY(open_reading(cx, cli, folder, &journal));
  Status status = roster_is_current(cx, journal, &current);
  if (status == OK && current) {
    warn_pending(cx, journal);
    *ret_journal = journal;
    return OK;
  }
  journal_close(journal);
  TRY(status);
  TRY(cli_open(cx, cli, folder, JOURNAL_WRITE, &journal));
  CompareReport report;
  status = roster_compare(cx, journal, false, command_author(cx, NULL), &report);
  if (status != OK) {
    journal_close(journal);
    return status;
  }
  warn_pending(cx, journal);
  *ret_journal = journal;
  return OK;
}

static void json_pair(Buf *buf, const char *key, Str value) {
  if (buf->size && buf->data[buf->size - 1] != '{') buf_add_byte(buf, ',');
  buf_addf(buf, "\"%s\":", key);
  json_write_string(buf, value);
}

static void json_number(Buf *buf, const char *key, int64_t value) {
  if (buf->size && buf->data[buf->size - 1] != '{') buf_add_byte(buf, ',');
  buf_addf(buf, "\"%s\":%lld", key, (long long)value);
}

static void csv_flush(Buf *buf, bool always) {
  if (!always && buf->size < 1 << 20) return;
  print_str(buf_str(buf));
  buf->size = 0;
}

/* Pads by what a terminal shows: Han characters are two columns wide. */
static void padded(Buf *buf, Str text, int width) {
  int shown = 0;
  for (size_t at = 0; at < text.size;) shown += str_next_rune(text, &at) >= 0x2E80 ? 2 : 1;
  buf_add(buf, text);
  for (; shown < width; shown++) buf_add_byte(buf, ' ');
}

/* ---- import ---- */
static void print_import(Context *cx, const ImportReport *r) {
  Buf buf = buf_new(cx->arena);
  if (r->repeated) {
    buf_addf(&buf, "《" STR_FMT "》已经导入过（" STR_FMT "，%lld 行），没有变化。\n", STR_ARG(r->file),
             STR_ARG(r->list_title), (long long)r->rows);
  } else {
    buf_addf(&buf, "《" STR_FMT "》→ " STR_FMT "（" STR_FMT "），来自 " STR_FMT "：%lld 行", STR_ARG(r->file),
             STR_ARG(r->list_title), STR_ARG(r->list), STR_ARG(r->sender), (long long)r->rows);
    if (r->replaces.size)
      buf_addf(&buf, "，取代《" STR_FMT "》，其中 %lld 行是新的或有改动", STR_ARG(r->replaces),
               (long long)r->changed_rows);
    buf_addf(&buf, "；%lld 处需要核对。记录号 " STR_FMT "\n", (long long)r->flags, STR_ARG(r->entry));
    for (size_t i = 0; i < r->flag_count_size; i++)
      buf_addf(&buf, "    %lld 处：%s\n", (long long)r->flag_counts[i].count, r->flag_counts[i].what);
  }
  for (size_t i = 0; i < r->note_count; i++) buf_addf(&buf, "  提示：" STR_FMT "\n", STR_ARG(r->notes[i]));
  print_str(buf_str(&buf));
}

static void json_import(Buf *buf, const ImportReport *r) {
  buf_add_byte(buf, '{');
  json_pair(buf, "file", r->file);
  json_pair(buf, "list", r->list);
  json_pair(buf, "sender", r->sender);
  json_pair(buf, "entry", r->entry);
  buf_addf(buf, ",\"repeated\":%s", r->repeated ? "true" : "false");
  json_number(buf, "rows", r->rows);
  json_number(buf, "flags", r->flags);
  json_number(buf, "other_rows", r->other_rows);
  json_number(buf, "changed_rows", r->changed_rows);
  json_pair(buf, "replaces", r->replaces);
  buf_add(buf, STR(",\"flag_counts\":{"));
  for (size_t i = 0; i < r->flag_count_size; i++)
    json_number(buf, str_c(buf->arena, r->flag_counts[i].code), r->flag_counts[i].count);
  buf_add(buf, STR("},\"notes\":["));
  for (size_t i = 0; i < r->note_count; i++) {
    if (i) buf_add_byte(buf, ',');
    json_write_string(buf, r->notes[i]);
  }
  buf_add(buf, STR("]}"));
}

typedef struct Importing {
  Journal *journal;
  const char *const *paths;
  Arena *arena;
  bool json, first, many;
  Status worst;
  Str sentence; /* of the last that failed; of one file, main prints it */
} Importing;

static Status import_done(Context *cx, void *user, size_t index, Status status, const ImportReport *reports,
                          size_t count) {
  Importing *importing = user;
  if (status != OK) {
    importing->worst = status;
    importing->sentence = str_copy(importing->arena, cx->error.sentence);
    if (importing->many) print_error(cx->error.sentence);
  }
  Buf buf = buf_new(cx->arena);
  for (size_t i = 0; i < count; i++) {
    if (!importing->json) {
      print_import(cx, &reports[i]);
      continue;
    }
    if (!importing->first) buf_add_byte(&buf, ',');
    importing->first = false;
    json_import(&buf, &reports[i]);
  }
  print_str(buf_str(&buf));
  fflush(stdout);
  return pending_done(cx, importing->journal, importing->paths[index]);
}

/* Every file is an entry of its own; one that cannot be read does not keep the others out. */
static Status run_import(Context *cx, const Cli *cli, int argc, char **argv) {
  Option options[] = {{"--list", true, "", false},   {"--from", true, "", false}, {"--mapping", true, "", false},
                      {"--reason", true, "", false}, {"--as", true, "", false},   {"--json", false, "", false}};
  const char **words;
  size_t count;
  TRY(options_read(cx, argc, argv, options, COUNT_OF(options), 2, FILES_MOST, &words, &count));
  CLEANUP(journal_closep) Journal *journal = NULL;
  TRY(cli_open(cx, cli, words[0], JOURNAL_WRITE, &journal));
  TRY(roster_require_reason(cx, journal, option_text(&options[3])));
  warn_pending(cx, journal);
  TRY(pending_begin(cx, journal, words + 1, count - 1));
  ImportRequest *requests = arena_array(cx->arena, count, ImportRequest);
  for (size_t i = 1; i < count; i++)
    requests[i - 1] = (ImportRequest){.path = words[i],
                                      .list = option_text(&options[0]),
                                      .sender = option_text(&options[1]),
                                      .mapping_path = options[2].given ? options[2].value : NULL,
                                      .author = command_author(cx, &options[4]),
                                      .reason = option_text(&options[3])};
  Importing importing = {.journal = journal,
                         .arena = cx->arena,
                         .many = count > 2,
                         .paths = words + 1,
                         .json = options[5].given,
                         .first = true};
  if (importing.json) fputs("{\"imported\":[", stdout);
  TRY(roster_import_files(cx, journal, requests, count - 1, import_done, &importing));
  if (importing.json) fputs("]}\n", stdout);
  if (importing.worst != OK)
    return importing.many ? fail(cx, importing.worst, "有文件没有导入，原因见上；其余文件已导入。")
                          : fail(cx, importing.worst, STR_FMT, STR_ARG(importing.sentence));
  return OK;
}

/* ---- compare ---- */
static void print_matrix(Context *cx, const Overview *o) {
  Buf buf = buf_new(cx->arena);
  buf_add(&buf, STR("名单\n"));
  for (size_t i = 0; i < o->list_count; i++) {
    const ListCount *l = &o->lists[i];
    if (l->rows == 0) continue;
    buf_add(&buf, STR("  "));
    padded(&buf, l->list, 15);
    padded(&buf, l->title, 24);
    buf_addf(&buf, "%4lld 个文件 %7lld 行 %6lld 处待核对\n", (long long)l->files, (long long)l->rows,
             (long long)l->flags);
  }
  buf_add(&buf, STR("\n名单两两一致情况（全县）        单位     一致     不一致   应有而无   仅在左     仅在右\n"));
  for (size_t i = 0; i < o->pair_count;) {
    PairCount sum = o->pairs[i];
    size_t j = i + 1;
    for (; j < o->pair_count && str_equal(o->pairs[j].left, sum.left) && str_equal(o->pairs[j].right, sum.right); j++) {
      sum.agreed += o->pairs[j].agreed, sum.differing += o->pairs[j].differing,
          sum.expected_missing += o->pairs[j].expected_missing;
      sum.left_only += o->pairs[j].left_only, sum.right_only += o->pairs[j].right_only;
    }
    i = j;
    buf_add(&buf, STR("  "));
    padded(&buf, str_format(cx->arena, STR_FMT " – " STR_FMT, STR_ARG(sum.left), STR_ARG(sum.right)), 30);
    buf_addf(&buf, "%s %8lld %10lld %10lld %9lld %10lld\n", sum.person_unit ? "人" : "户", (long long)sum.agreed,
             (long long)sum.differing, (long long)sum.expected_missing, (long long)sum.left_only,
             (long long)sum.right_only);
  }
  buf_add(&buf, STR("\n差异类别                                            共      未处理    其中退回\n"));
  for (size_t i = 0; i < o->class_count; i++) {
    const ClassCount *c = &o->classes[i];
    if (c->total == 0) continue;
    buf_add(&buf, STR("  "));
    padded(&buf, c->code, 24);
    padded(&buf, c->title, 24);
    buf_addf(&buf, "%6lld %9lld %9lld\n", (long long)c->total, (long long)c->open, (long long)c->returned);
  }
  print_str(buf_str(&buf));
}

static void json_overview(Context *cx, const Overview *o, const CompareReport *report) {
  Buf buf = buf_new(cx->arena);
  buf_add(&buf, STR("{\"lists\":["));
  bool first = true;
  for (size_t i = 0; i < o->list_count; i++) {
    const ListCount *l = &o->lists[i];
    if (l->files == 0) continue;
    buf_add(&buf, first ? STR("{") : STR(",{"));
    first = false;
    json_pair(&buf, "list", l->list);
    json_number(&buf, "files", l->files);
    json_number(&buf, "rows", l->rows);
    json_number(&buf, "flags", l->flags);
    json_number(&buf, "own_open", l->own_open);
    buf_add_byte(&buf, '}');
  }
  buf_add(&buf, STR("],\"pairs\":["));
  for (size_t i = 0; i < o->pair_count; i++) {
    const PairCount *p = &o->pairs[i];
    buf_add(&buf, i ? STR(",{") : STR("{"));
    json_pair(&buf, "left", p->left);
    json_pair(&buf, "right", p->right);
    json_pair(&buf, "unit", p->person_unit ? STR("person") : STR("household"));
    json_pair(&buf, "town", p->town);
    json_number(&buf, "agreed", p->agreed);
    json_number(&buf, "differing", p->differing);
    json_number(&buf, "expected_missing", p->expected_missing);
    json_number(&buf, "left_only", p->left_only);
    json_number(&buf, "right_only", p->right_only);
    buf_add_byte(&buf, '}');
  }
  buf_add(&buf, STR("],\"classes\":["));
  first = true;
  for (size_t i = 0; i < o->class_count; i++) {
    if (o->classes[i].total == 0) continue;
    buf_add(&buf, first ? STR("{") : STR(",{"));
    first = false;
    json_pair(&buf, "class", o->classes[i].code);
    json_number(&buf, "total", o->classes[i].total);
    json_number(&buf, "open", o->classes[i].open);
    json_number(&buf, "returned", o->classes[i].returned);
    buf_add_byte(&buf, '}');
  }
  buf_addf(&buf, "],\"open\":%lld,\"decided\":%lld,\"engine_ms\":%lld,\"total_ms\":%lld,\"unchanged\":%s}\n",
           (long long)o->open, (long long)o->decided, (long long)(report->engine_us / 1000),
           (long long)(report->total_us / 1000), report->unchanged ? "true" : "false");
  print_str(buf_str(&buf));
}

static Status run_compare(Context *cx, const Cli *cli, int argc, char **argv) {
  Option options[] = {{"--json", false, "", false}, {"--full", false, "", false}, {"--as", true, "", false}};
  const char **words;
  size_t count;
  TRY(options_read(cx, argc, argv, options, COUNT_OF(options), 1, 1, &words, &count));
  CompareReport report;
  Overview overview;
  CLEANUP(journal_closep) Journal *journal = NULL;
  {
    TRY(cli_open(cx, cli, words[0], JOURNAL_WRITE, &journal));
    CLEANUP(arena_freep) Arena *arena = arena_new(); /* the comparison's memory is gone before the table is made */
    Context inner = {arena, {OK, STR_EMPTY}};
    Status status = roster_compare(&inner, journal, options[1].given, command_author(cx, &options[2]), &report);
    if (status != OK) return fail(cx, status, STR_FMT, STR_ARG(inner.error.sentence));
  }
  warn_pending(cx, journal);
  TRY(roster_overview(cx, journal, &overview));
  if (options[0].given) {
    json_overview(cx, &overview, &report);
  } else {
    print_matrix(cx, &overview);
    printf("\n还有 %lld 处差异未处理，已处理 %lld 处。\n", (long long)overview.open, (long long)overview.decided);
  }
  if (overview.open) return fail(cx, OPEN_DIFFERENCES, "还有 %lld 处差异没有处理。", (long long)overview.open);
  return OK;
}

/* ---- tables ---- */
static Str number_or_empty(Arena *arena, int64_t value) {
  return value ? str_format(arena, "%lld", (long long)value) : STR_EMPTY;
}

static void json_difference(Buf *buf, const Difference *d) {
  const struct {
    const char *key;
    Str value;
  } texts[] = {{"id", d->id},
               {"class", d->class_code},
               {"state", difference_state_code(d->state)},
               {"decision", d->decision},
               {"list", d->list},
               {"file", d->file},
               {"sheet", d->sheet},
               {"household", d->household},
               {"person", d->person},
               {"town", d->town},
               {"field", d->field},
               {"value", d->value},
               {"other_list", d->other_list},
               {"other_file", d->other_file},
               {"other_value", d->other_value},
               {"proposed", d->proposed},
               {"reason", d->reason},
               {"owner", d->owner},
               {"evidence", d->evidence}};
  buf_add_byte(buf, '{');
  for (size_t i = 0; i < COUNT_OF(texts); i++) json_pair(buf, texts[i].key, texts[i].value);
  json_number(buf, "row", d->row);
  json_number(buf, "other_row", d->other_row);
  buf_add_byte(buf, '}');
}

static void csv_difference(Buf *buf, const Difference *d) {
  Arena *a = buf->arena;
  const Str fields[] = {d->id,
                        d->class_code,
                        d->list,
                        d->file,
                        d->sheet,
                        number_or_empty(a, d->row),
                        d->household,
                        d->person,
                        d->field,
                        d->value,
                        d->other_list,
                        d->other_file,
                        number_or_empty(a, d->other_row),
                        d->other_value,
                        d->proposed,
                        d->reason,
                        d->owner};
  csv_add_row(buf, fields, COUNT_OF(fields), false);
}

/* Open and returned ones; --all also those decided. */
static Status run_differences(Context *cx, const Cli *cli, int argc, char **argv) {
  Option options[] = {{"--csv", false, "", false},
                      {"--json", false, "", false},
                      {"--all", false, "", false},
                      {"--class", true, "", false},
                      {"--list", true, "", false}};
  const char **words;
  size_t count, differences;
  TRY(options_read(cx, argc, argv, options, COUNT_OF(options), 1, 1, &words, &count));
  CLEANUP(journal_closep) Journal *journal = NULL;
  TRY(open_compared(cx, cli, words[0], &journal));
  Difference *all;
  TRY(roster_differences(cx, journal, &all, &differences));
  Buf buf = buf_new(cx->arena);
  bool json = options[1].given, first = true;
  Str class_code = option_text(&options[3]), list = option_text(&options[4]);
  buf_add(&buf, json ? STR("{\"differences\":[")
                     : STR("id,class,list,file,sheet,row,household,person,field,value,other_list,other_file,other_row,"
                           "other_value,proposed,reason,owner\n"));
  for (size_t i = 0; i < differences; i++) {
    const Difference *d = &all[i];
    if (d->state == DIFFERENCE_DECIDED && !options[2].given) continue;
    if (class_code.size && !str_equal(class_code, d->class_code)) continue;
    if (list.size && !str_equal(list, d->list) && !str_equal(list, d->other_list)) continue;
    if (json && !first) buf_add_byte(&buf, ',');
    first = false;
    json ? json_difference(&buf, d) : csv_difference(&buf, d);
    csv_flush(&buf, false);
  }
  if (json) buf_add(&buf, STR("]}\n"));
  csv_flush(&buf, true);
  return OK;
}

static void add_bits(Buf *buf, int64_t bits) {
  int64_t size = bits < 0 ? -bits : bits;
  buf_addf(buf, "%s%lld.%03lld", bits < 0 ? "-" : "", (long long)(size / 1000), (long long)(size % 1000));
}

typedef struct TablePrint {
  Buf buf;
  bool json, any;
} TablePrint;

static void table_begin(Context *cx, TablePrint *print, bool json, const char *name, const char *columns) {
  *print = (TablePrint){.buf = buf_new(cx->arena), .json = json};
  json ? buf_addf(&print->buf, "{\"%s\":[", name) : buf_addf(&print->buf, "%s\n", columns);
}

static void table_row(TablePrint *print) {
  if (print->json) buf_add(&print->buf, print->any ? STR(",{") : STR("{"));
  print->any = true;
}

static void table_end(TablePrint *print) {
  if (print->json) buf_add(&print->buf, STR("]}\n"));
  csv_flush(&print->buf, true);
}

static Status print_link(Context *cx, void *user, const LinkView *link) {
  static const Str states[] = {STR("auto"), STR("decided"), STR("review"), STR("alone")};
  static const char *const keys[] = {"list", "file", "sheet"};
  (void)cx;
  TablePrint *print = user;
  Buf *buf = &print->buf;
  const Str fields[] = {link->list, link->file, link->sheet};
  table_row(print);
  for (size_t i = 0; i < COUNT_OF(fields); i++) {
    if (print->json) {
      json_pair(buf, keys[i], fields[i]);
    } else {
      csv_add_field(buf, fields[i], false);
      buf_add_byte(buf, ',');
    }
  }
  buf_addf(buf,
           print->json ? ",\"row\":%lld,\"household\":\"" STR_FMT "\",\"person\":\"" STR_FMT "\",\"state\":\"" STR_FMT
                         "\",\"bits\":"
                       : "%lld," STR_FMT "," STR_FMT "," STR_FMT ",",
           (long long)link->row, STR_ARG(link->household), STR_ARG(link->person), STR_ARG(states[link->state & 3]));
  add_bits(buf, link->bits);
  buf_add_byte(buf, print->json ? '}' : '\n');
  csv_flush(buf, false);
  return OK;
}

static Status run_links(Context *cx, const Cli *cli, int argc, char **argv) {
  Option options[] = {{"--csv", false, "", false}, {"--json", false, "", false}};
  const char **words;
  size_t count;
  TRY(options_read(cx, argc, argv, options, COUNT_OF(options), 1, 1, &words, &count));
  CLEANUP(journal_closep) Journal *journal = NULL;
  TRY(open_compared(cx, cli, words[0], &journal));
  TablePrint print;
  table_begin(cx, &print, options[1].given, "links", "list,file,sheet,row,household,person,state,bits");
  TRY(roster_links(cx, journal, print_link, &print));
  table_end(&print);
  return OK;
}

static void register_row(Buf *buf, const AgreedRow *r, bool json) {
  const struct {
    const char *key;
    Str value;
  } cells[] = {{"household", r->household},
               {"person", r->person},
               {"household_no", r->hh_no},
               {"town_code", r->town_code},
               {"town", r->town},
               {"village_code", r->village_code},
               {"village", r->village},
               {"head_name", r->head_name},
               {"name", r->name},
               {"id_no", r->id_no},
               {"sex", r->sex},
               {"birth", r->birth},
               {"relation", r->relation},
               {"size", r->size},
               {"phone", r->phone},
               {"mode", r->mode},
               {"state", r->open ? STR("open") : STR("agreed")}};
  if (json) {
    buf_add_byte(buf, '{');
    for (size_t i = 0; i < COUNT_OF(cells); i++) json_pair(buf, cells[i].key, cells[i].value);
    buf_add_byte(buf, '}');
    return;
  }
  for (size_t i = 0; i < COUNT_OF(cells); i++) {
    if (i) buf_add_byte(buf, ',');
    csv_add_field(buf, cells[i].value, false);
  }
  buf_add_byte(buf, '\n');
}

static Status run_register(Context *cx, const Cli *cli, int argc, char **argv) {
  Option options[] = {{"--csv", false, "", false}, {"--json", false, "", false}};
  const char **words;
  size_t count, rows;
  TRY(options_read(cx, argc, argv, options, COUNT_OF(options), 1, 1, &words, &count));
  CLEANUP(journal_closep) Journal *journal = NULL;
  TRY(open_compared(cx, cli, words[0], &journal));
  AgreedRow *agreed;
  TRY(roster_agreed(cx, journal, &agreed, &rows));
  Buf buf = buf_new(cx->arena);
  bool json = options[1].given;
  buf_add(&buf, json ? STR("{\"register\":[")
                     : STR("household,person,household_no,town_code,town,village_code,village,head_name,name,id_no,sex,"
                           "birth,relation,size,phone,mode,state\n"));
  for (size_t i = 0; i < rows; i++) {
    if (json && i) buf_add_byte(&buf, ',');
    register_row(&buf, &agreed[i], json);
    csv_flush(&buf, false);
  }
  if (json) buf_add(&buf, STR("]}\n"));
  csv_flush(&buf, true);
  return OK;
}

static Status print_flag(Context *cx, void *user, const FlagView *f) {
  static const char *const keys[] = {"list", "file", "sheet", "column", "header", "value", "code", "sentence"};
  TablePrint *print = user;
  const Str texts[] = {f->list, f->file, f->sheet, f->column, f->header, f->value, f->code, f->sentence};
  const Str fields[] = {f->list,    f->file,   f->sheet, str_format(cx->arena, "%lld", (long long)f->row),
                        f->column,  f->header, f->value, f->code,
                        f->sentence};
  table_row(print);
  if (print->json) {
    for (size_t i = 0; i < COUNT_OF(texts); i++) json_pair(&print->buf, keys[i], texts[i]);
    json_number(&print->buf, "row", f->row);
    buf_add_byte(&print->buf, '}');
  } else {
    csv_add_row(&print->buf, fields, COUNT_OF(fields), false);
  }
  csv_flush(&print->buf, false);
  return OK;
}

static Status run_flags(Context *cx, const Cli *cli, int argc, char **argv) {
  Option options[] = {{"--csv", false, "", false}, {"--json", false, "", false}, {"--list", true, "", false}};
  const char **words;
  size_t count;
  TRY(options_read(cx, argc, argv, options, COUNT_OF(options), 1, 1, &words, &count));
  CLEANUP(journal_closep) Journal *journal = NULL;
  TRY(open_reading(cx, cli, words[0], &journal));
  TablePrint print;
  table_begin(cx, &print, options[1].given, "flags", "list,file,sheet,row,column,header,value,code,sentence");
  TRY(roster_flags(cx, journal, option_text(&options[2]), print_flag, &print));
  table_end(&print);
  return OK;
}

/* ---- decisions ---- */
static void print_decide(Context *cx, const DecideReport *r, bool dry_run, bool json) {
  Buf buf = buf_new(cx->arena);
  if (json) {
    buf_add_byte(&buf, '{');
    json_pair(&buf, "entry", r->entry);
    json_number(&buf, "decided", r->decided);
    json_number(&buf, "also", r->also);
    buf_add(&buf, STR(",\"actions\":{"));
    for (size_t i = 0; i < r->by_action_count; i++) {
      if (i) buf_add_byte(&buf, ',');
      json_write_string(&buf, r->by_action[i].code);
      buf_addf(&buf, ":%lld", (long long)r->by_action[i].total);
    }
    buf_addf(&buf, "},\"dry_run\":%s}\n", dry_run ? "true" : "false");
  } else {
    buf_addf(&buf, dry_run ? "试算：将处理 %lld 处差异" : "已处理 %lld 处差异", (long long)r->decided);
    if (r->also) buf_addf(&buf, "，同一内容的另外 %lld 处随之解决", (long long)r->also);
    buf_add(&buf, STR("。\n"));
    for (size_t i = 0; i < r->by_action_count && i < 12; i++)
      buf_addf(&buf, "    " STR_FMT "：%lld 处\n", STR_ARG(r->by_action[i].code), (long long)r->by_action[i].total);
    if (r->entry.size) buf_addf(&buf, "记录号 " STR_FMT "，可用 anju undo 撤销。\n", STR_ARG(r->entry));
  }
  print_str(buf_str(&buf));
}

static Status run_decide(Context *cx, const Cli *cli, int argc, char **argv) {
  Option options[] = {{"--reason", true, "", false},   {"--as", true, "", false},
                      {"--class", true, "", false},    {"--accept-proposed", false, "", false},
                      {"--dry-run", false, "", false}, {"--json", false, "", false}};
  const char **words;
  size_t count;
  TRY(options_read(cx, argc, argv, options, COUNT_OF(options), 1, 3, &words, &count));
  bool bulk = options[2].given;
  if (bulk && (count != 1 || !options[3].given))
    return fail(cx, BAD_USAGE, "按类别处理请写：anju decide DIR --class 类别 --accept-proposed [--dry-run]。");
  if (!bulk && (count != 3 || options[3].given))
    return fail(cx, BAD_USAGE, "请写：anju decide DIR 差异编号 take:名单|value:内容|link|nolink|return|exception。");
  DecideRequest request = {.id = bulk ? STR_EMPTY : str_from(words[1]),
                           .action = bulk ? STR_EMPTY : str_from(words[2]),
                           .class_code = option_text(&options[2]),
                           .reason = option_text(&options[0]),
                           .author = command_author(cx, &options[1]),
                           .dry_run = options[4].given};
  DecideReport report;
  CLEANUP(journal_closep) Journal *journal = NULL;
  TRY(options[4].given ? open_reading(cx, cli, words[0], &journal)
                       : cli_open(cx, cli, words[0], JOURNAL_WRITE, &journal));
  TRY(roster_decide(cx, journal, &request, &report));
  print_decide(cx, &report, request.dry_run, options[5].given);
  return OK;
}

static Status run_undo(Context *cx, const Cli *cli, int argc, char **argv) {
  Option options[] = {{"--reason", true, "", false}, {"--as", true, "", false}};
  const char **words;
  size_t count;
  TRY(options_read(cx, argc, argv, options, COUNT_OF(options), 2, 2, &words, &count));
  int64_t undone;
  CLEANUP(journal_closep) Journal *journal = NULL;
  TRY(cli_open(cx, cli, words[0], JOURNAL_WRITE, &journal));
  TRY(roster_undo(cx, journal, str_from(words[1]), option_text(&options[0]), command_author(cx, &options[1]), &undone));
  printf("已撤销，涉及 %lld 项。\n", (long long)undone);
  return OK;
}

static Status run_corrections(Context *cx, const Cli *cli, int argc, char **argv) {
  Option options[] = {{"--list", true, "", false}, {"--out", true, "", false}};
  const char **words;
  size_t count;
  TRY(options_read(cx, argc, argv, options, COUNT_OF(options), 1, 1, &words, &count));
  if (!options[0].given || !options[1].given)
    return fail(cx, BAD_USAGE, "请写：anju corrections DIR --list 名单 --out 文件.xlsx。");
  int64_t rows;
  CLEANUP(journal_closep) Journal *journal = NULL;
  TRY(open_compared(cx, cli, words[0], &journal));
  TRY(roster_corrections(cx, journal, option_text(&options[0]), options[1].value, &rows));
  printf("“%s”有 %lld 行需要更正或核对，写在 %s。\n", options[0].value, (long long)rows, options[1].value);
  return OK;
}

/* ---- locks ---- */
static Status run_lock(Context *cx, const Cli *cli, int argc, char **argv) {
  Option options[] = {{"--force", false, "", false},
                      {"--reason", true, "", false},
                      {"--as", true, "", false},
                      {"--json", false, "", false}};
  const char **words;
  size_t count;
  TRY(options_read(cx, argc, argv, options, COUNT_OF(options), 2, 2, &words, &count));
  CLEANUP(journal_closep) Journal *journal = NULL;
  TRY(cli_open(cx, cli, words[0], JOURNAL_WRITE, &journal));
  CompareReport compared;
  TRY(roster_compare(cx, journal, false, command_author(cx, &options[2]), &compared));
  LockReport r;
  TRY(roster_lock(cx, journal, str_from(words[1]), options[0].given, option_text(&options[1]),
                  command_author(cx, &options[2]), &r));
  if (options[3].given)
    printf(
        "{\"lock\":\"%s\",\"entry\":\"%.*s\",\"digest\":\"%.*s\",\"households\":%lld,\"persons\":%lld,\"expected_"
        "households\":%lld,\"expected_persons\":%lld}\n",
        words[1], STR_ARG(r.entry), STR_ARG(r.digest), (long long)r.households, (long long)r.persons,
        (long long)r.expected_households, (long long)r.expected_persons);
  else
    printf("已锁定 %s：%lld 户 %lld 人（应有 %lld 户 %lld 人）。\n名册指纹 %.*s\n", words[1], (long long)r.households,
           (long long)r.persons, (long long)r.expected_households, (long long)r.expected_persons, STR_ARG(r.digest));
  return OK;
}

static Status run_remove(Context *cx, const Cli *cli, int argc, char **argv) {
  Option options[] = {{"--person", true, "", false}, {"--reason", true, "", false}, {"--as", true, "", false}};
  const char **words;
  size_t count;
  TRY(options_read(cx, argc, argv, options, COUNT_OF(options), 2, 2, &words, &count));
  Str entry;
  CLEANUP(journal_closep) Journal *journal = NULL;
  TRY(cli_open(cx, cli, words[0], JOURNAL_WRITE, &journal));
  TRY(roster_remove(cx, journal, str_from(words[1]), option_text(&options[0]), option_text(&options[1]),
                    command_author(cx, &options[2]), &entry));
  printf("已核减，记录号 %.*s。\n", STR_ARG(entry));
  return OK;
}

static void print_arithmetic(const Arithmetic *a) {
  static const char *const units[] = {"户", "人"};
  if (a->agreed_locked)
    printf("比对结果（agreed）已锁定：%lld 户 %lld 人\n", (long long)a->agreed[0], (long long)a->agreed[1]);
  else
    puts("比对结果（agreed）尚未锁定");
  if (!a->locked) {
    puts("基数（baseline）尚未锁定");
    return;
  }
  puts("基数（baseline）已锁定");
  for (int i = 0; i < 2; i++)
    printf("  %s：基数 %lld = 已核实 %lld + 未核实 %lld + 有理由核减 %lld\n", units[i], (long long)a->baseline[i],
           (long long)a->verified[i], (long long)a->unverified[i], (long long)a->removed[i]);
}

static Status run_status(Context *cx, const Cli *cli, int argc, char **argv) {
  Option options[] = {{"--json", false, "", false}};
  const char **words;
  size_t count;
  TRY(options_read(cx, argc, argv, options, COUNT_OF(options), 1, 1, &words, &count));
  CLEANUP(journal_closep) Journal *journal = NULL;
  TRY(open_reading(cx, cli, words[0], &journal));
  Overview o;
  Arithmetic a;
  bool current;
  TRY(roster_overview(cx, journal, &o));
  TRY(roster_arithmetic(cx, journal, &a));
  TRY(roster_is_current(cx, journal, &current));
  Str pending = roster_pending(cx, journal);
  if (options[0].given) {
    Buf buf = buf_new(cx->arena);
    buf_addf(
        &buf,
        "{\"open\":%lld,\"decided\":%lld,\"compared\":%s,\"baseline_locked\":%s,\"households\":{\"baseline\":%lld,"
        "\"verified\":%lld,\"unverified\":%lld,\"removed\":%lld},"
        "\"persons\":{\"baseline\":%lld,\"verified\":%lld,\"unverified\":%lld,\"removed\":%lld},\"agreed_locked\":%s",
        (long long)o.open, (long long)o.decided, current ? "true" : "false", a.locked ? "true" : "false",
        (long long)a.baseline[0], (long long)a.verified[0], (long long)a.unverified[0], (long long)a.removed[0],
        (long long)a.baseline[1], (long long)a.verified[1], (long long)a.unverified[1], (long long)a.removed[1],
        a.agreed_locked ? "true" : "false");
    json_pair(&buf, "pending", pending);
    buf_add(&buf, STR("}\n"));
    print_str(buf_str(&buf));
    return OK;
  }
  for (size_t i = 0; i < o.list_count; i++)
    printf("%-14.*s %.*s：%s\n", STR_ARG(o.lists[i].list), STR_ARG(o.lists[i].title),
           o.lists[i].files ? str_c(cx->arena, str_format(cx->arena, "%lld 个文件 %lld 行", (long long)o.lists[i].files,
                                                          (long long)o.lists[i].rows))
                            : "还没有导入");
  if (pending.size) printf("%.*s\n", STR_ARG(pending));
  printf("差异：未处理 %lld，已处理 %lld%s\n", (long long)o.open, (long long)o.decided,
         current ? "" : "（名单或决定有变化，请运行 anju compare）");
  print_arithmetic(&a);
  return OK;
}

/* As clocks in China show it (UTC+8, no summer time): 2020-03-18 09:30:00. */
static Str local_time(Arena *arena, int64_t at) {
  Str stamp = stamp_format(arena, at + (int64_t)8 * 3600 * 1000000);
  return str_format(arena, STR_FMT " " STR_FMT, STR_ARG(str_sub(stamp, 0, 10)), STR_ARG(str_sub(stamp, 11, 19)));
}

typedef struct HistoryPrint {
  bool json, any;
} HistoryPrint;

static Status print_event(Context *cx, void *user, const HistoryView *h) {
  HistoryPrint *print = user;
  if (!print->json) {
    printf("%.*s  %.*s  %.*s\n", STR_ARG(local_time(cx->arena, h->made_at)), STR_ARG(h->author), STR_ARG(h->sentence));
    return OK;
  }
  Buf buf = buf_new(cx->arena);
  buf_add(&buf, print->any ? STR(",{") : STR("{\"history\":[{"));
  print->any = true;
  json_number(&buf, "seq", h->seq);
  json_pair(&buf, "at", stamp_format(cx->arena, h->made_at));
  json_pair(&buf, "entry", h->entry);
  json_pair(&buf, "kind", h->kind);
  json_pair(&buf, "author", h->author);
  json_pair(&buf, "sentence", h->sentence);
  buf_add_byte(&buf, '}');
  print_str(buf_str(&buf));
  return OK;
}

/* What still waits for this household. */
static Status print_waiting(Context *cx, Journal *journal, Str household, bool json) {
  Difference *all;
  size_t count;
  bool first = true;
  TRY(roster_differences(cx, journal, &all, &count));
  Buf buf = buf_new(cx->arena);
  for (size_t i = 0; i < count; i++) {
    const Difference *d = &all[i];
    if (d->state == DIFFERENCE_DECIDED || !str_equal(d->household, household)) continue;
    if (json) {
      if (!first) buf_add_byte(&buf, ',');
      json_difference(&buf, d);
    } else {
      buf_addf(&buf, "%s  " STR_FMT "（" STR_FMT "，" STR_FMT "）：" STR_FMT "\n", first ? "还没有处理的差异：\n" : "",
               STR_ARG(d->id), STR_ARG(d->class_code), STR_ARG(d->list), STR_ARG(d->reason));
    }
    first = false;
  }
  print_str(buf_str(&buf));
  return OK;
}

static Status run_history(Context *cx, const Cli *cli, int argc, char **argv) {
  Option options[] = {{"--json", false, "", false}};
  const char **words;
  size_t count;
  TRY(options_read(cx, argc, argv, options, COUNT_OF(options), 2, 2, &words, &count));
  CLEANUP(journal_closep) Journal *journal = NULL;
  TRY(open_compared(cx, cli, words[0], &journal));
  HistoryPrint print = {.json = options[0].given};
  TRY(roster_history(cx, journal, str_from(words[1]), print_event, &print));
  if (print.json) fputs(print.any ? "],\"differences\":[" : "{\"history\":[],\"differences\":[", stdout);
  TRY(print_waiting(cx, journal, str_from(words[1]), print.json));
  if (print.json) puts("]}");
  return OK;
}

const Command ROSTER_COMMANDS[] = {
    {"import",
     "DIR 文件… [--list register|relocated|renovated|appraised|civil|disabled|town_feedback|feedback] [--from 来源] "
     "[--mapping 文件] [--reason 理由] [--json]",
     "导入部门送来的名单（.xlsx、.xls、.csv）；同一文件再次导入不会重复。", run_import},
    {"compare", "DIR [--json] [--full]", "比对所有名单，列出两两一致情况；还有未处理的差异时退出码为 3。", run_compare},
    {"differences", "DIR --csv|--json [--all] [--class 类别] [--list 名单]",
     "列出未处理的差异，每处有证据、建议和理由。", run_differences},
    {"links", "DIR --csv|--json", "列出每一数据行属于哪户哪人。", run_links},
    {"decide",
     "DIR 差异编号 take:名单|value:内容|link|nolink|return|exception [--reason 理由] [--as 账号]\nDIR --class 类别 "
     "--accept-proposed [--dry-run]",
     "处理一处差异，或按建议处理一类差异。", run_decide},
    {"undo", "DIR 记录号 [--reason 理由]", "撤销一次处理、核减或导入（追加一条更正记录，原记录保留）。", run_undo},
    {"corrections", "DIR --list 名单 --out 文件.xlsx", "生成退回该部门的更正表，格式与其来表相同。", run_corrections},
    {"lock", "DIR baseline|agreed [--force --reason 理由] [--json]", "锁定基数（baseline）或比对结果（agreed）。",
     run_lock},
    {"register", "DIR --csv|--json", "输出商定后的登记名册。", run_register},
    {"remove", "DIR 户 [--person 人] --reason 理由", "从基数中有理由核减一户或一人。", run_remove},
    {"status", "DIR [--json]", "显示名单、差异、锁定和核实数的平衡关系。", run_status},
    {"flags", "DIR --csv|--json [--list 名单]", "列出导入时发现需要核对的单元格。", run_flags},
    {"history", "DIR 户 [--json]", "显示一户的来历：名单、决定、核减，以及还没有处理的差异。", run_history},
};
const size_t ROSTER_COMMAND_COUNT = COUNT_OF(ROSTER_COMMANDS);
