#include "roster/import_internal.h"
#include "roster/roster_sql.h"

/* Corrections that came back. The workbook that anju corrections wrote names each row (安居行号 = the row's origin).
 * The file that holds the row is read again from the store, the returned cells are put in place of its own, and the
 * whole is taken in as that file's next version: recognised, decoded and flagged like any file, with its row numbers.
 * New rows carry "new-" and the beginning of their file's raw_file instead; a row that somebody added without anything
 * there belongs to the file of the row above it. They follow the file's last row. Which file a row belongs to is seen
 * from the returned workbook alone, not from the order of the files, so that it is the same when a later correction
 * applies this one again. raw_file stays the file as first received;
 * patch_files names every returned workbook in order. */
typedef struct PatchRow {
  Str origin; /* of the row; "new-…" for a new one, "" for one that somebody added */
  Str value[COLUMN_LIMIT];
  bool used;
} PatchRow;
typedef struct Patch {
  Context *cx;
  const Catalogue *catalogue;
  PatchRow **rows;
  uint32_t count, capacity;
} Patch;
typedef struct Target { /* a current file of the list */
  Str id, name, sender, raw_hex, patches, mapping;
  StrMap places; /* origin -> index into at */
  struct RowPlace {
    Str sheet;
    uint32_t number;
  } * at;
} Target;

bool import_is_patch(const Reading *r) {
  for (uint32_t i = 0; i < r->layout_count; i++)
    for (uint32_t c = 0; c < r->layouts[i].column_count; c++)
      if (r->layouts[i].column[c] == r->catalogue->known[COL_ANJU_ROW]) return true;
  return false;
}

static Status collect_row(Context *cx, void *user, const DecodedRow *row) {
  (void)cx;
  Patch *p = user;
  if (row->role != ROW_DATA) return OK;
  if (p->count == p->capacity) {
    uint32_t larger = p->capacity ? p->capacity * 2 : 256;
    p->rows = arena_grow(p->cx->arena, p->rows, p->capacity * sizeof *p->rows, larger * sizeof *p->rows);
    p->capacity = larger;
  }
  PatchRow *kept = p->rows[p->count++] = arena_one(p->cx->arena, PatchRow);
  for (uint32_t i = 0; i < COLUMN_LIMIT; i++)
    kept->value[i] = row->value[i].size ? str_copy(p->cx->arena, row->value[i]) : STR_EMPTY;
  kept->origin = kept->value[p->catalogue->known[COL_ANJU_ROW]];
  return OK;
}

static Status collect(Reading *r, uint32_t list, const Workbook *workbook, const Layout *layouts, uint32_t count,
                      Patch *ret_patch) {
  Patch patch = {.cx = r->cx, .catalogue = r->catalogue};
  for (uint32_t i = 0; i < count; i++)
    TRY(decode_sheet(r->cx, r->catalogue, &r->catalogue->lists[list], workbook, &layouts[i], collect_row, &patch));
  *ret_patch = patch;
  return OK;
}

/* A workbook kept in the store, read and recognised again. */
static Status read_stored(Reading *r, Str hex, Str name, Str mapping, Workbook *ret_workbook, Layout **ret_layouts,
                          uint32_t *ret_count) {
  Context *cx = r->cx;
  Digest digest;
  Str bytes;
  Json *map = NULL;
  if (!digest_from_hex(hex, &digest)) return fail(cx, TAMPERED, "导入记录里的文件指纹不对。");
  TRY(store_get(cx, journal_store(r->journal), &digest, &bytes));
  TRY(workbook_read(cx, bytes, name, &SHEET_LIMITS, ret_workbook));
  if (mapping.size) TRY(json_parse(cx, mapping, &map));
  Layout *layouts = arena_array(cx->arena, ret_workbook->sheet_count + 1, Layout);
  uint32_t count = 0;
  for (uint32_t i = 0; i < ret_workbook->sheet_count; i++) {
    const Sheet *sheet = &ret_workbook->sheets[i];
    if (sheet->row_count == 0 || (sheet->hidden && ret_workbook->sheet_count > 1)) continue;
    Str wanted = json_text(map, "sheet");
    Layout layout;
    TRY(layout_recognise(cx, r->catalogue, ret_workbook, i,
                         wanted.size == 0 || str_equal(wanted, sheet->name) ? map : NULL, &layout));
    if (layout.mapped >= 2) layouts[count++] = layout;
  }
  *ret_layouts = layouts;
  *ret_count = count;
  return OK;
}

static Status load_targets(Reading *r, uint32_t list, Target **ret_targets, uint32_t *ret_count) {
  Context *cx = r->cx;
  CurrentFile *files;
  uint32_t count;
  TRY(current_files_load(cx, r->journal, r->catalogue->lists[list].code, &files, &count));
  Target *targets = arena_array(cx->arena, (size_t)count + 1, Target);
  for (uint32_t i = 0; i < count; i++) {
    CLEANUP(db_stop) DbQuery *query = NULL;
    targets[i] = (Target){.id = files[i].id,
                          .sender = files[i].sender,
                          .name = files[i].name,
                          .raw_hex = files[i].raw_file,
                          .patches = files[i].patch_files,
                          .mapping = files[i].mapping,
                          .places = strmap_new(cx->arena)};
    targets[i].at = arena_array(cx->arena, (size_t)files[i].rows + 1, struct RowPlace);
    TRY(db_start(cx, journal_db(r->journal), &query, &ROSTER_ROWS_OF_FILE, DB_T(targets[i].id)));
    for (bool more;;) {
      TRY(db_next(cx, query, &more));
      if (!more || targets[i].places.count == files[i].rows) break;
      targets[i].at[targets[i].places.count] =
          (struct RowPlace){str_copy(cx->arena, db_text(query, 2)), (uint32_t)db_int(query, 3)};
      strmap_put(&targets[i].places, str_copy(cx->arena, db_text(query, 4)), targets[i].places.count, NULL);
    }
  }
  *ret_targets = targets;
  *ret_count = count;
  return OK;
}

static SheetRow *find_row(const Workbook *workbook, const Layout *layouts, uint32_t count, Str sheet, uint32_t number,
                          const Layout **ret_layout) {
  for (uint32_t i = 0; i < count; i++) {
    Sheet *s = &workbook->sheets[layouts[i].sheet];
    if (!str_equal(s->name, sheet)) continue;
    for (uint32_t low = 0, high = s->row_count; low < high;) {
      uint32_t middle = low + (high - low) / 2;
      if (s->rows[middle].number == number) return *ret_layout = &layouts[i], &s->rows[middle];
      s->rows[middle].number < number ? (low = middle + 1) : (high = middle);
    }
  }
  return NULL;
}

/* Only cells that differ are replaced, so that what the file's own cells say (a lost precision, a date) stays. */
static void put_cells(Context *cx, const Catalogue *catalogue, SheetRow *row, const Layout *layout,
                      const PatchRow *patch) {
  for (uint32_t i = 0; i < layout->column_count; i++) {
    uint32_t column = layout->column[i];
    if (column == NO_INDEX || column == catalogue->known[COL_SEQ] || patch->value[column].size == 0) continue;
    if (i < row->count && str_equal(str_trim(row->cells[i].text), patch->value[column])) continue;
    if (i >= row->count) {
      row->cells = arena_grow(cx->arena, row->cells, row->count * sizeof(Cell), (i + 1) * sizeof(Cell));
      for (uint32_t k = row->count; k <= i; k++) row->cells[k] = (Cell){STR_EMPTY, CELL_EMPTY, 0};
      row->count = i + 1;
    }
    row->cells[i] = (Cell){patch->value[column], CELL_TEXT, 0};
  }
}

static void append_row(Context *cx, const Catalogue *catalogue, Workbook *workbook, const Layout *layout,
                       const PatchRow *patch) {
  Sheet *sheet = &workbook->sheets[layout->sheet];
  sheet->rows = arena_grow(cx->arena, sheet->rows, sheet->row_count * sizeof(SheetRow),
                           (sheet->row_count + 1) * sizeof(SheetRow));
  SheetRow *row = &sheet->rows[sheet->row_count];
  *row = (SheetRow){.number = sheet->rows[sheet->row_count - 1].number + 1};
  sheet->row_count++;
  put_cells(cx, catalogue, row, layout, patch);
}

static bool is_new(const PatchRow *row) { return row->origin.size == 0 || str_starts(row->origin, CORRECTION_NEW); }

static bool belongs(const Target *target, Str origin) {
  if (!str_starts(origin, CORRECTION_NEW)) return strmap_get(&target->places, origin) != STRMAP_NONE;
  return str_starts(target->raw_hex, str_sub(origin, CORRECTION_NEW.size, origin.size));
}

/* The origin that says which file row i belongs to: its own, else that of the nearest row above, else below. */
static Str home_of(const Patch *patch, uint32_t i) {
  for (uint32_t k = i + 1; k-- > 0;)
    if (patch->rows[k]->origin.size) return patch->rows[k]->origin;
  for (uint32_t k = i + 1; k < patch->count; k++)
    if (patch->rows[k]->origin.size) return patch->rows[k]->origin;
  return STR_EMPTY;
}

/* Applies one returned workbook to a file. */
static uint32_t apply_patch(Reading *r, const Target *target, Workbook *workbook, const Layout *layouts, uint32_t count,
                            Patch *patch) {
  uint32_t applied = 0;
  for (uint32_t i = 0; i < patch->count; i++) {
    PatchRow *row = patch->rows[i];
    if (is_new(row)) {
      if (count == 0 || !belongs(target, home_of(patch, i))) continue;
      append_row(r->cx, r->catalogue, workbook, &layouts[count - 1], row);
    } else {
      uint32_t at = strmap_get(&target->places, row->origin);
      const Layout *layout;
      SheetRow *found = at == STRMAP_NONE
                            ? NULL
                            : find_row(workbook, layouts, count, target->at[at].sheet, target->at[at].number, &layout);
      if (!found) continue;
      put_cells(r->cx, r->catalogue, found, layout, row);
    }
    row->used = true;
    applied++;
  }
  return applied;
}

static Status earlier_patches(Reading *r, uint32_t list, const Target *target, Workbook *workbook,
                              const Layout *layouts, uint32_t count, Json *names) {
  for (Str rest = target->patches; rest.size;) {
    ptrdiff_t comma = str_find(rest, STR(","));
    Str hex = comma < 0 ? rest : str_sub(rest, 0, (size_t)comma);
    rest = comma < 0 ? STR_EMPTY : str_sub(rest, (size_t)comma + 1, rest.size);
    Workbook earlier;
    Layout *earlier_layouts;
    uint32_t earlier_count;
    Patch patch;
    TRY(read_stored(r, hex, target->name, STR_EMPTY, &earlier, &earlier_layouts, &earlier_count));
    TRY(collect(r, list, &earlier, earlier_layouts, earlier_count, &patch));
    apply_patch(r, target, workbook, layouts, count, &patch);
    json_add(names, json_new_string(r->cx->arena, hex));
  }
  return OK;
}

/* A workbook may hold other lists, too: only the sheets that the target's rows come from. */
static uint32_t keep_sheets(const Target *target, const Workbook *workbook, Layout *layouts, uint32_t count) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t at = 0;
    while (at < target->places.count && !str_equal(target->at[at].sheet, workbook->sheets[layouts[i].sheet].name)) at++;
    if (at < target->places.count) layouts[kept++] = layouts[i];
  }
  return kept;
}

static Status patch_target(Reading *r, uint32_t list, const Target *target, Patch *patch, bool *ret_done,
                           ImportReport *ret_report) {
  Context *cx = r->cx;
  Workbook workbook;
  Layout *layouts;
  uint32_t count;
  Json *names = json_new_array(cx->arena);
  TRY(read_stored(r, target->raw_hex, target->name, target->mapping, &workbook, &layouts, &count));
  count = keep_sheets(target, &workbook, layouts, count);
  TRY(earlier_patches(r, list, target, &workbook, layouts, count, names));
  *ret_done = apply_patch(r, target, &workbook, layouts, count, patch) > 0;
  if (!*ret_done) return OK;
  json_add(names, json_new_string(cx->arena, r->part.raw_hex));
  uint32_t *lists = arena_array(cx->arena, count + 1, uint32_t);
  for (uint32_t i = 0; i < count; i++) lists[i] = list;
  FilePart part = {.request = r->part.request,
                   .name = target->name,
                   .raw_hex = target->raw_hex,
                   .signature = r->part.signature,
                   .sender = target->sender,
                   .mapping_text = target->mapping,
                   .forced = target->id,
                   .patch_files = names};
  CLEANUP(arena_freep) Arena *scratch = arena_new();
  Taking *t = arena_one(cx->arena, Taking);
  *t = (Taking){.cx = cx,
                .journal = r->journal,
                .catalogue = r->catalogue,
                .list = &r->catalogue->lists[list],
                .list_index = list,
                .workbook = &workbook,
                .scratch = scratch};
  taking_begin(t);
  TRY(import_decode(t, layouts, lists, count));
  TRY(import_list(t, &part, ret_report));
  ret_report->file = r->part.name;
  ret_report->sender = target->sender;
  return OK;
}

static Status find_holders(Reading *r, uint32_t list, Patch *ret_patch, Target **ret_targets, uint32_t *ret_count,
                           bool **ret_holds, uint32_t *ret_holding) {
  TRY(collect(r, list, &r->workbook, r->layouts, r->layout_count, ret_patch));
  TRY(load_targets(r, list, ret_targets, ret_count));
  bool *holds = arena_array(r->cx->arena, (size_t)*ret_count + 1, bool);
  uint32_t holding = 0;
  for (uint32_t i = 0; i < *ret_count; i++) {
    for (uint32_t k = 0; k < ret_patch->count && !holds[i]; k++)
      holds[i] = belongs(&(*ret_targets)[i], home_of(ret_patch, k));
    holding += holds[i];
  }
  *ret_holds = holds;
  *ret_holding = holding;
  return OK;
}

Status import_patch(Reading *r, ImportReport *reports, uint32_t *ret_count) {
  uint32_t list = r->layout_list[0], guessed = list, target_count, missed = 0, holding;
  Target *targets;
  Patch patch;
  bool *holds;
  TRY(find_holders(r, list, &patch, &targets, &target_count, &holds, &holding));
  /* a few rows may look like another list: the rows' numbers know better */
  for (uint32_t i = 0; i < r->catalogue->list_count && holding == 0 && r->part.request->list.size == 0; i++)
    if (i != guessed) TRY(find_holders(r, list = i, &patch, &targets, &target_count, &holds, &holding));
  if (holding == 0) list = guessed;
  if (holding > LIST_LIMIT)
    return fail(r->cx, TOO_LARGE, "更正表涉及 %u 个文件，一次最多 %d 个，请按文件分开导入。", holding, LIST_LIMIT);
  for (uint32_t i = 0; i < target_count; i++) {
    bool done = false;
    if (!holds[i]) continue;
    TRY(patch_target(r, list, &targets[i], &patch, &done, &reports[*ret_count]));
    if (done) (*ret_count)++;
  }
  for (uint32_t k = 0; k < patch.count; k++) missed += !patch.rows[k]->used;
  if (*ret_count == 0)
    return fail(r->cx, CONFLICT,
                "更正表《" STR_FMT "》里的安居行号在现有名单“" STR_FMT
                "”中都没有：名单已换成别的版本，请重新生成更正表。",
                STR_ARG(r->part.name), STR_ARG(r->catalogue->lists[list].title));
  if (missed)
    import_note(
        r, str_format(r->cx->arena, "更正表《" STR_FMT "》有 %u 行的安居行号在现有名单中没有，没有采用；请核对这些行。",
                      STR_ARG(r->part.name), missed));
  return OK;
}
