#include <stdlib.h>
#include "roster/import_internal.h"
#include "roster/pending.h"
#include "roster/roster_sql.h"

/* ---- the entry ---- */
static Json *strings(Arena *arena, const OldFiles *old) {
  Json *array = json_new_array(arena);
  for (uint32_t i = 0; i < old->count; i++)
    if (old->items[i].replaced) json_add(array, json_new_string(arena, old->items[i].id));
  return array;
}

static Status append_entry(Taking *t, const FilePart *part, const OldFiles *old, Receipt *ret_receipt) {
  Context *cx = t->cx;
  Digest rows;
  TRY(store_put(cx, journal_store(t->journal), buf_str(&t->rows), &rows));
  Json *body = json_new_object(cx->arena);
  json_set_text(cx->arena, body, "file_name", part->name);
  json_set_int(cx->arena, body, "flag_count", t->flags);
  json_set_text(cx->arena, body, "format", t->workbook->format);
  json_set_text(cx->arena, body, "list", t->list->code);
  if (part->mapping_text.size) json_set_text(cx->arena, body, "mapping", part->mapping_text);
  if (part->request->reason.size) json_set_text(cx->arena, body, "reason", part->request->reason);
  if (part->patch_files) json_set(cx->arena, body, "patch_files", part->patch_files);
  json_set_text(cx->arena, body, "raw_file", part->raw_hex);
  json_set(cx->arena, body, "remember", json_new_bool(cx->arena, part->remember));
  json_set(cx->arena, body, "replaces", strings(cx->arena, old));
  json_set_int(cx->arena, body, "row_count", t->new_count);
  json_set_text(cx->arena, body, "rows_file", digest_hex(cx->arena, &rows));
  json_set_text(cx->arena, body, "sender", part->sender);
  json_set_text(cx->arena, body, "signature", part->signature);
  Entry draft = {.kind = STR("list_imported"), .author = part->request->author, .body = body};
  return journal_append(cx, t->journal, &draft, ret_receipt);
}

static Str replaced_names(Arena *arena, const OldFiles *old) {
  Buf buf = buf_new(arena);
  for (uint32_t i = 0; i < old->count; i++)
    if (old->items[i].replaced) {
      if (buf.size) buf_add(&buf, STR("、"));
      buf_add(&buf, old->items[i].name);
    }
  return buf_str(&buf);
}

static void count_flags(Taking *t, ImportReport *report) {
  report->flag_counts = arena_array(t->cx->arena, flag_kinds() + 1, ImportFlagCount);
  for (uint8_t i = 0; i < flag_kinds(); i++)
    if (t->flag_counts[i])
      report->flag_counts[report->flag_count_size++] =
          (ImportFlagCount){str_from(flag_code(i)), flag_what(i), t->flag_counts[i]};
}

Status import_decode(Taking *t, const Layout *layouts, const uint32_t *layout_list, uint32_t layout_count) {
  Context *cx = t->cx;
  uint64_t room = 4096;
  Buf sheets = buf_new(cx->arena);
  for (uint32_t i = 0; i < layout_count; i++)
    if (layout_list[i] == t->list_index)
      room += (uint64_t)t->workbook->sheets[layouts[i].sheet].row_count * (layouts[i].column_count * 44 + 240);
  t->rows = (Buf){cx->arena, arena_alloc(cx->arena, room), 0, room}; /* pages that stay untouched cost nothing */
  bool single_town = true, first = true;
  for (uint32_t i = 0; i < layout_count; i++) {
    if (layout_list[i] != t->list_index) continue;
    TRY(taking_decode(t, &layouts[i]));
    if (!first) buf_add(&sheets, STR("、"));
    buf_add(&sheets, t->workbook->sheets[layouts[i].sheet].name);
    if (!first && !str_equal(t->town, layouts[i].town_code)) single_town = false;
    t->town = layouts[i].town_code;
    first = false;
  }
  if (!single_town) t->town = STR_EMPTY;
  t->sheets = buf_str(&sheets);
  return OK;
}

Status import_list(Taking *t, FilePart *part, ImportReport *ret_report) {
  Context *cx = t->cx;
  part->sender = part->request->sender.size                                   ? part->request->sender
                 : str_equal(t->list->owner, STR("township")) && t->town.size ? t->town
                                                                              : t->list->owner;
  OldFiles old;
  int64_t changed;
  TRY(taking_versions(t, part->forced, &old, &changed));
  Receipt receipt;
  TRY(append_entry(t, part, &old, &receipt));
  *ret_report = (ImportReport){.file = part->name,
                               .list = t->list->code,
                               .list_title = t->list->title,
                               .sheets = t->sheets,
                               .sender = part->sender,
                               .entry = receipt.id,
                               .rows = t->new_count,
                               .flags = t->flags,
                               .other_rows = t->other_rows,
                               .replaces = replaced_names(cx->arena, &old),
                               .changed_rows = changed};
  count_flags(t, ret_report);
  return OK;
}

/* ---- the file ---- */
static Status find_repeated(Context *cx, Journal *journal, const FilePart *part, const Catalogue *catalogue,
                            ImportReport *report, uint32_t *ret_count) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  *ret_count = 0;
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_FILES_CURRENT));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) return OK;
    if (!str_equal(db_text(query, 4), part->raw_hex) && str_find(db_text(query, 10), part->raw_hex) < 0) continue;
    if (part->remember && !str_equal(db_text(query, 11), part->mapping_text)) continue; /* read in another way */
    Str list = str_copy(cx->arena, db_text(query, 1));
    uint32_t index = catalogue_list(catalogue, list);
    const Scope *scope = part->request->scope;
    if (scope && (index == NO_INDEX || !scope_sees_file(scope, &catalogue->lists[index], db_text(query, 2)))) continue;
    if (part->request->list.size && !str_equal(list, part->request->list)) continue;
    if (part->request->sender.size && !str_equal(db_text(query, 2), part->request->sender)) continue;
    if (*ret_count < LIST_LIMIT)
      report[(*ret_count)++] = (ImportReport){.file = part->name,
                                              .list = list,
                                              .list_title = index == NO_INDEX ? list : catalogue->lists[index].title,
                                              .sender = str_copy(cx->arena, db_text(query, 2)),
                                              .entry = str_copy(cx->arena, db_text(query, 0)),
                                              .repeated = true,
                                              .rows = db_int(query, 6),
                                              .flags = db_int(query, 7),
                                              .replaces = STR_EMPTY};
  }
}

void import_note(Reading *r, Str sentence) { r->notes[r->note_count++] = sentence; }

/* What a person corrected for this form before: by this sender, else by any; the latest. */
static Status remembered_mapping(Reading *r, Str signature) {
  Str sender = r->part.request->sender;
  const KnownMapping *best = NULL;
  for (uint32_t i = 0; i < r->known->mapping_count; i++) {
    const KnownMapping *m = &r->known->mappings[i];
    if (!str_equal(m->signature, signature) || (sender.size && m->sender.size && !str_equal(m->sender, sender)))
      continue;
    bool own = str_equal(m->sender, sender), best_own = best && str_equal(best->sender, sender);
    if (!best || own > best_own || (own == best_own && m->seq > best->seq)) best = m;
  }
  if (!best) return OK;
  r->part.mapping_text = best->mapping;
  import_note(r,
              str_format(r->cx->arena, "《" STR_FMT "》沿用了以前为同样表头保存的对应关系。", STR_ARG(r->part.name)));
  return json_parse(r->cx, best->mapping, &r->mapping);
}

static bool mapping_fits_sheet(const Json *mapping, Str sheet) {
  Str wanted = json_text(mapping, "sheet");
  return mapping && (wanted.size == 0 || str_equal(wanted, sheet));
}

static Status choose_list(Reading *r, const Layout *layout, Str sheet_name, uint32_t *ret_list) {
  Context *cx = r->cx;
  Str wanted = r->part.request->list.size ? r->part.request->list : json_text(r->mapping, "list");
  if (wanted.size) {
    *ret_list = catalogue_list(r->catalogue, wanted);
    if (*ret_list == NO_INDEX) return fail(cx, BAD_USAGE, "没有名为“" STR_FMT "”的名单种类。", STR_ARG(wanted));
    return OK;
  }
  Str hints = str_format(cx->arena, STR_FMT " " STR_FMT, STR_ARG(r->part.name), STR_ARG(r->part.request->sender));
  Guess guess = layout_guess_list(cx, r->catalogue, layout, sheet_name, hints);
  *ret_list = guess.list;
  if (guess.list != NO_INDEX && guess.score - guess.runner_up < 3)
    import_note(
        r, str_format(cx->arena,
                      "《" STR_FMT "》" STR_FMT "按“" STR_FMT "”导入，但把握不大；如不对请用 --list 指明后重新导入。",
                      STR_ARG(r->part.name), STR_ARG(sheet_name), STR_ARG(r->catalogue->lists[guess.list].title)));
  return OK;
}

/* A department or a township brings its own lists only. */
static Status check_scope(Reading *r, uint32_t list) {
  const Scope *scope = r->part.request->scope;
  if (!scope || scope_sees_list(scope, &r->catalogue->lists[list])) return OK;
  return fail(r->cx, FORBIDDEN, "《" STR_FMT "》是“" STR_FMT "”，不归您的单位报送，没有导入。", STR_ARG(r->part.name),
              STR_ARG(r->catalogue->lists[list].title));
}

static Status read_sheet(Reading *r, uint32_t index) {
  Context *cx = r->cx;
  const Sheet *sheet = &r->workbook.sheets[index];
  Layout layout;
  if (sheet->row_count == 0) return OK;
  if (sheet->hidden && r->workbook.sheet_count > 1) return OK; /* workbook_read has noted it */
  TRY(layout_recognise(cx, r->catalogue, &r->workbook, index, NULL, &layout));
  Str signature = hash_id(cx->arena, layout_signature(cx->arena, sheet, &layout),
                          32); /* of the form as found, before any correction */
  if (r->part.signature.size == 0) r->part.signature = signature;
  if (!r->mapping && !r->part.request->mapping_path && r->part.request->mapping.size == 0)
    TRY(remembered_mapping(r, signature));
  if (mapping_fits_sheet(r->mapping, sheet->name))
    TRY(layout_recognise(cx, r->catalogue, &r->workbook, index, r->mapping, &layout));
  uint32_t list = NO_INDEX;
  if (layout.mapped) TRY(choose_list(r, &layout, sheet->name, &list));
  if (list != NO_INDEX) TRY(check_scope(r, list));
  if (layout.mapped < 2 || list == NO_INDEX) {
    import_note(
        r, str_format(cx->arena, "《" STR_FMT "》%s" STR_FMT "%s没有认出%s，没有导入；请用 --list 和 --mapping 指明。",
                      STR_ARG(r->part.name), sheet->name.size ? "工作表“" : "", STR_ARG(sheet->name),
                      sheet->name.size ? "”" : "", layout.mapped < 2 ? "表头" : "是哪一种名单"));
    return OK;
  }
  for (uint32_t i = 0; i < layout.column_count; i++)
    if (layout.from_content[i])
      import_note(r, str_format(cx->arena, "《" STR_FMT "》" STR_FMT " 列按内容认作“" STR_FMT "”。",
                                STR_ARG(r->part.name), STR_ARG(sheet_column_name(cx->arena, i)),
                                STR_ARG(r->catalogue->columns[layout.column[i]].title)));
  r->layouts[r->layout_count] = layout;
  r->layout_list[r->layout_count++] = list;
  return OK;
}

/* A file that a person names may be a link; the county's own files may not (file_read refuses links). */
static Status read_given(Context *cx, const char *path, size_t limit, Str *ret_bytes) {
  char *real = realpath(path, NULL);
  const char *target = real ? str_c(cx->arena, str_from(real)) : path;
  free(real);
  return file_read(cx, target, limit, ret_bytes);
}

static Status read_mapping(Reading *r) {
  Str bytes;
  const char *path = r->part.request->mapping_path;
  if (!path && r->part.request->mapping.size == 0) return OK;
  bytes = r->part.request->mapping;
  if (path) TRY(read_given(r->cx, path, 1 << 20, &bytes));
  if (json_parse(r->cx, bytes, &r->mapping) != OK)
    return fail(r->cx, BAD_VALUE, "对应关系文件“%s”不是合格的 JSON：" STR_FMT, path ? path : "mapping",
                STR_ARG(r->cx->error.sentence));
  r->part.mapping_text = str_trim(bytes);
  r->part.remember = true;
  return OK;
}

static Status decode_lists(Reading *r) {
  Context *cx = r->cx;
  for (uint32_t list = 0; list < r->catalogue->list_count; list++) {
    bool present = false;
    for (uint32_t i = 0; i < r->layout_count; i++) present |= r->layout_list[i] == list;
    if (!present) continue;
    Taking *t = r->takings[list] = arena_one(cx->arena, Taking);
    *t = (Taking){.cx = cx,
                  .catalogue = r->catalogue,
                  .list = &r->catalogue->lists[list],
                  .list_index = list,
                  .workbook = &r->workbook,
                  .scratch = arena_new()};
    taking_begin(t);
    TRY(import_decode(t, r->layouts, r->layout_list, r->layout_count));
  }
  return OK;
}

static Status parse(Reading *r) {
  Context *cx = r->cx;
  Context book = {r->book = arena_new(), {OK, STR_EMPTY}};
  Status status = workbook_read(&book, r->bytes, r->part.name, &SHEET_LIMITS, &r->workbook);
  if (status != OK) return fail(cx, status, STR_FMT, STR_ARG(book.error.sentence));
  r->layouts = arena_array(cx->arena, r->workbook.sheet_count + 1, Layout);
  r->layout_list = arena_array(cx->arena, r->workbook.sheet_count + 1, uint32_t);
  r->notes = arena_array(cx->arena, (size_t)r->workbook.note_count + 600 * ((size_t)r->workbook.sheet_count + 1), Str);
  for (uint32_t i = 0; i < r->workbook.note_count; i++) import_note(r, str_copy(cx->arena, r->workbook.notes[i]));
  for (uint32_t i = 0; i < r->workbook.sheet_count; i++) TRY(read_sheet(r, i));
  if (r->layout_count == 0)
    return fail(cx, BAD_FILE,
                "《" STR_FMT "》里没有认出名单%s" STR_FMT
                "%s请检查表头，或用 --list 指明是哪种名单、用 --mapping "
                "指明各列含义。",
                STR_ARG(r->part.name), r->note_count > 1 ? "（" : "",
                STR_ARG(r->note_count > 1 ? r->notes[r->note_count - 1] : STR_EMPTY),
                r->note_count > 1 ? "）；" : "：");
  r->parsed = true;
  bool patch = import_is_patch(r);
  if (patch && r->part.request->scope && r->part.request->scope->kind == SCOPE_TOWN) /* it may name others' rows */
    return fail(cx, FORBIDDEN, "退回更正的表请送县专责组办公室导入。");
  return patch ? OK : decode_lists(r);
}

/* ---- what is known of the county ---- */
static void know_files(Context *cx, Str hexes, StrMap *files) {
  for (Str rest = hexes; rest.size >= DIGEST_HEX; rest = str_sub(rest, DIGEST_HEX + 1, rest.size))
    strmap_put(files, str_copy(cx->arena, str_sub(rest, 0, DIGEST_HEX)), 0, NULL);
}

Status import_known(Context *cx, Journal *journal, ImportKnown *ret_known) {
  ImportKnown known = {.raw_files = strmap_new(cx->arena)};
  uint32_t capacity = 0;
  TRY(roster_catalogue(cx, journal, &known.catalogue));
  DbQuery *files = NULL, *mappings = NULL;
  TRY(db_start(cx, journal_db(journal), &files, &ROSTER_FILES_CURRENT));
  for (bool more;;) {
    TRY(db_next(cx, files, &more));
    if (!more) break;
    know_files(cx, db_text(files, 4), &known.raw_files);
    know_files(cx, db_text(files, 10), &known.raw_files);
  }
  TRY(db_start(cx, journal_db(journal), &mappings, &ROSTER_MAPPINGS_ALL));
  for (bool more;;) {
    TRY(db_next(cx, mappings, &more));
    if (!more) break;
    if (known.mapping_count == capacity) {
      uint32_t larger = capacity ? capacity * 2 : 16;
      known.mappings =
          arena_grow(cx->arena, known.mappings, capacity * sizeof(KnownMapping), larger * sizeof(KnownMapping));
      capacity = larger;
    }
    known.mappings[known.mapping_count++] =
        (KnownMapping){str_copy(cx->arena, db_text(mappings, 0)), str_copy(cx->arena, db_text(mappings, 1)),
                       str_copy(cx->arena, db_text(mappings, 2)), db_int(mappings, 3)};
  }
  *ret_known = known;
  return OK;
}

/* ---- one file ---- */
Status import_read(Context *cx, const ImportKnown *known, const ImportRequest *request, Reading **ret_reading) {
  Reading *r = arena_one(cx->arena, Reading);
  *ret_reading = r; /* given out at once: what it holds is released even if reading fails */
  *r = (Reading){.cx = cx,
                 .known = known,
                 .catalogue = known->catalogue,
                 .part = {.request = request,
                          .name = request->name.size ? request->name : pending_name(cx->arena, request->path)}};
  if (request->list.size && catalogue_list(known->catalogue, request->list) == NO_INDEX)
    return fail(
        cx, BAD_USAGE,
        "没有名为“" STR_FMT
        "”的名单种类；可用：register、relocated、renovated、appraised、civil、disabled、town_feedback、feedback。",
        STR_ARG(request->list));
  TRY(read_given(cx, request->path, (size_t)FILE_LIMIT_MB << 20, &r->bytes));
  Digest raw = digest_of(r->bytes);
  r->part.raw_hex = digest_hex(cx->arena, &raw);
  TRY(read_mapping(r));
  if (!r->mapping && strmap_get(&known->raw_files, r->part.raw_hex) != STRMAP_NONE)
    return OK; /* most likely there already */
  return parse(r);
}

void import_release(Reading *r) {
  if (!r) return;
  arena_freep(&r->book);
  for (uint32_t i = 0; i < LIST_LIMIT; i++)
    if (r->takings[i]) arena_freep(&r->takings[i]->scratch);
}

static Status take_lists(Reading *r, ImportReport *reports, uint32_t *count) {
  arena_freep(&r->book); /* all is decoded */
  for (uint32_t i = 0; i < LIST_LIMIT; i++) {
    if (!r->takings[i]) continue;
    r->takings[i]->journal = r->journal;
    TRY(import_list(r->takings[i], &r->part, &reports[(*count)++]));
  }
  return OK;
}

/* The first guess was wrong and --list now says better: the rows would count twice. */
static Status note_other_lists(Reading *r, Journal *journal) {
  Context *cx = r->cx;
  CurrentFile *files;
  uint32_t count;
  TRY(current_files_load(cx, journal, STR_EMPTY, &files, &count));
  for (uint32_t i = 0; i < count; i++) {
    uint32_t list = catalogue_list(r->catalogue, files[i].list);
    if (!str_equal(files[i].raw_file, r->part.raw_hex) || list == NO_INDEX) continue;
    if (r->part.request->list.size == 0 || str_equal(files[i].list, r->part.request->list)) continue;
    import_note(r,
                str_format(cx->arena,
                           "《" STR_FMT "》先前已作为“" STR_FMT "”导入，现在两种名单里都有；如那次认错了，请运行 anju "
                           "undo DIR " STR_FMT " 撤销。",
                           STR_ARG(r->part.name), STR_ARG(r->catalogue->lists[list].title), STR_ARG(files[i].id)));
  }
  return OK;
}

Status import_take(Reading *r, Journal *journal, ImportReport **ret_reports, size_t *ret_count) {
  Context *cx = r->cx;
  ImportReport *reports = arena_array(cx->arena, LIST_LIMIT + 1, ImportReport);
  uint32_t count = 0;
  r->journal = journal;
  TRY(find_repeated(cx, journal, &r->part, r->catalogue, reports, &count));
  if (count == 0) {
    if (!r->parsed) TRY(parse(r));
    Digest raw;
    TRY(store_put(cx, journal_store(journal), r->bytes, &raw));
    TRY(note_other_lists(r, journal));
    TRY(import_is_patch(r) ? import_patch(r, reports, &count) : take_lists(r, reports, &count));
    reports[0].notes = r->notes;
    reports[0].note_count = r->note_count;
  }
  *ret_reports = reports;
  *ret_count = count;
  return OK;
}
