/* anju link, anju dedupe: two tables, or one, and a specification in; pairs out. */
#include <stdio.h>
#include "app/link.h"
#include "base/file.h"

enum { FILE_MOST_GB = 16, ODD_SHOWN = 5, LOWEST_BITS = -6000 };

/* ---- tables ---- */
static void note(const char *path, Str sentence) { fprintf(stderr, "%s：" STR_FMT "\n", path, STR_ARG(sentence)); }

/* .xlsx and .xls: the first sheet with rows; its first row is the header. */
static Status read_sheet(Context *cx, Str bytes, const char *path, const Str *wanted, uint32_t count,
                         CsvTable *ret_table) {
  Workbook workbook;
  TRY(workbook_read(cx, bytes, str_from(path), &SHEET_LIMITS, &workbook));
  CsvTable table = {.column_count = count,
                    .cells = arena_array(cx->arena, count, Str *),
                    .found = arena_array(cx->arena, count, bool),
                    .notes = workbook.notes,
                    .note_count = workbook.note_count};
  const Sheet *sheet = &workbook.sheets[0];
  for (uint32_t i = 1; i < workbook.sheet_count && sheet->row_count == 0; i++) sheet = &workbook.sheets[i];
  const SheetRow *header = sheet->row_count ? &sheet->rows[0] : NULL;
  table.rows = header ? sheet->row_count - 1 : 0;
  table.numbers = arena_array(cx->arena, table.rows, uint32_t);
  for (uint32_t row = 0; row < table.rows; row++) table.numbers[row] = sheet->rows[row + 1].number;
  for (uint32_t w = 0; w < count; w++) {
    table.cells[w] = arena_array(cx->arena, table.rows + 1ULL, Str);
    for (uint32_t column = 0; header && column < header->count; column++) {
      if (table.found[w] || !str_equal(str_trim(header->cells[column].text), wanted[w])) continue;
      table.found[w] = true;
      for (uint32_t row = 0; row < table.rows; row++)
        if (column < sheet->rows[row + 1].count) table.cells[w][row] = sheet->rows[row + 1].cells[column].text;
    }
  }
  *ret_table = table;
  return OK;
}

static void check_ids(Context *cx, LinkTable *table, const char *path) {
  StrMap seen = strmap_new(cx->arena);
  uint32_t empty = 0, again = 0;
  Buf places = buf_new(cx->arena);
  for (uint32_t row = 0; row < table->rows; row++) {
    table->ids[row] = str_trim(table->ids[row]);
    bool added = true;
    if (table->ids[row].size == 0) {
      table->ids[row] = str_format(cx->arena, "#%u", table->numbers[row]);
      empty++;
    } else {
      strmap_put(&seen, table->ids[row], row, &added);
    }
    if (added && table->ids[row].data[0] != '#') continue;
    again += !added;
    if (empty + again <= ODD_SHOWN) buf_addf(&places, "%s%u", places.size ? "、" : "", table->numbers[row]);
  }
  if (empty)
    note(path, str_format(cx->arena, "%u 行没有编号，结果中以“#行号”代替（第 " STR_FMT " 行…）。", empty,
                          STR_ARG(buf_str(&places))));
  if (again)
    note(path, str_format(cx->arena, "%u 行的编号与前面的行重复，都保留（第 " STR_FMT " 行…）。", again,
                          STR_ARG(buf_str(&places))));
}

Status link_table_read(Context *cx, const char *path, const LinkSpec *spec, int side, Str truth, LinkTable *ret_table) {
  Str bytes, wanted[TABLE_COLUMNS_MAX + 2];
  uint32_t count = 0, *where = arena_array(cx->arena, spec->column_count + 2, uint32_t);
  for (uint32_t i = 0; i < spec->column_count + 2; i++) {
    Str name = i == spec->column_count       ? spec->id[side]
               : i == spec->column_count + 1 ? truth
               : side                        ? spec->names[i].right
                                             : spec->names[i].left;
    for (where[i] = 0; where[i] < count && !str_equal(wanted[where[i]], name);) where[i]++;
    if (where[i] == count) wanted[count++] = name;
  }
  TRY(file_read(cx, path, (size_t)FILE_MOST_GB << 30, &bytes));
  if (bytes.size == 0) return fail(cx, BAD_FILE, "%s 是空文件；请检查是否发错了文件。", path);
  CsvTable table;
  if (str_starts(bytes, STR("PK\x03\x04")) || str_starts(bytes, STR("\xD0\xCF\x11\xE0")))
    TRY(read_sheet(cx, bytes, path, wanted, count, &table));
  else
    TRY(csv_table_read(cx, bytes, str_from(path), wanted, count, &table));
  for (uint32_t i = 0; i < table.note_count; i++) note(path, table.notes[i]);
  if (table.short_rows + table.long_rows > ODD_SHOWN)
    note(path, str_format(cx->arena, "共有 %u 行的格数与标题不同（%u 行偏少，%u 行偏多），都保留。",
                          table.short_rows + table.long_rows, table.short_rows, table.long_rows));
  LinkTable result = {.path = str_from(path),
                      .rows = table.rows,
                      .ids = table.cells[where[spec->column_count]],
                      .cells = arena_array(cx->arena, spec->column_count, Str *),
                      .numbers = table.numbers};
  if (!table.found[where[spec->column_count]])
    return fail(cx, BAD_VALUE, "%s 里没有编号列“" STR_FMT "”。", path, STR_ARG(spec->id[side]));
  for (uint32_t i = 0; i < spec->column_count; i++) {
    result.cells[i] = table.cells[where[i]];
    if (!table.found[where[i]])
      note(path,
           str_format(cx->arena, "没有“" STR_FMT "”列，按空白处理，这一字段不起作用。", STR_ARG(wanted[where[i]])));
  }
  if (truth.size && table.found[where[spec->column_count + 1]])
    result.truth = table.cells[where[spec->column_count + 1]];
  check_ids(cx, &result, path);
  *ret_table = result;
  return OK;
}

/* ---- result ---- */
static void add_decimal(Buf *buf, int64_t thousandths) {
  if (thousandths < 0) buf_add_byte(buf, '-'), thousandths = -thousandths;
  buf_addf(buf, "%lld.%03lld", (long long)(thousandths / 1000), (long long)(thousandths % 1000));
}

static Status write_pairs(Context *cx, const char *path, const LinkSpec *spec, const LinkTable *const tables[2],
                          const TableResult *result, int32_t threshold, bool explain) {
  Buf buf = buf_new(cx->arena);
  buf_add(&buf, STR("left_id,right_id,probability,bits"));
  for (uint32_t f = 0; explain && f < result->field_count; f++) {
    buf_add_byte(&buf, ',');
    csv_add_field(&buf, spec->columns[result->fields[f].column].name, false);
  }
  buf_add_byte(&buf, '\n');
  for (size_t i = 0; i < result->pair_count; i++) {
    const TablePair *pair = &result->pairs[i];
    if (pair->bits < threshold) continue;
    uint32_t share = table_millionths(pair->bits);
    csv_add_field(&buf, tables[0]->ids[pair->left], false);
    buf_add_byte(&buf, ',');
    csv_add_field(&buf, tables[1]->ids[pair->right], false);
    buf_addf(&buf, ",%u.%06u,", share / 1000000, share % 1000000);
    add_decimal(&buf, pair->bits);
    for (uint32_t f = 0; explain && f < result->field_count; f++)
      buf_add_byte(&buf, ','), add_decimal(&buf, pair->field_bits[f]);
    buf_add_byte(&buf, '\n');
  }
  return file_write(cx, path, buf_str(&buf), FILE_ADVISORY);
}

/* "0.95" to millionths */
static Status read_threshold(Context *cx, const Option *option, int32_t *ret_bits) {
  if (!option->given) return OK;
  Str text = option_text(option);
  uint32_t value = 0, scale = 0;
  bool good = text.size > 0 && text.size <= 12;
  for (size_t i = 0; good && i < text.size; i++) {
    char c = text.data[i];
    if (c == '.' && scale == 0)
      scale = 1000000;
    else if (c >= '0' && c <= '9' && scale != 1)
      value = scale ? value + (uint32_t)(c - '0') * (scale /= 10) : value * 10 + (uint32_t)(c - '0') * 1000000;
    else
      good = c >= '0' && c <= '9';
  }
  if (!good || value > 1000000)
    return fail(cx, BAD_USAGE, "--threshold 应为 0 到 1 之间的小数，不能是“%s”。", option->value);
  *ret_bits = table_bits(value);
  return OK;
}

static void print_model(Context *cx, const LinkSpec *spec, const TableInput *input, const TableResult *result) {
  Buf buf = buf_new(cx->arena);
  buf_add(&buf, STR("先验 "));
  add_decimal(&buf, result->prior);
  buf_add(&buf, STR(" 比特；各字段的权重（比特）：\n"));
  for (uint32_t f = 0; f < result->field_count; f++) {
    const TableColumn *column = &spec->columns[result->fields[f].column];
    buf_addf(&buf, "  " STR_FMT "：", STR_ARG(column->name));
    for (int l = LEVEL_EQUAL; l < LEVEL_COUNT; l++) {
      if (l == LEVEL_COVERED) continue;
      buf_addf(&buf, "%s%s ", l > LEVEL_EQUAL ? "，" : "", table_level_text(column->kind, (uint8_t)l));
      add_decimal(&buf, result->fields[f].bits[l]);
    }
    buf_add_byte(&buf, '\n');
  }
  for (uint32_t b = 0; b < result->block_count; b++)
    buf_addf(&buf, "  分块 " STR_FMT "\n", STR_ARG(table_block_text(cx->arena, input, &result->blocks[b])));
  print_str(buf_str(&buf));
}

enum {
  OPTION_SPEC,
  OPTION_OUT,
  OPTION_ONE,
  OPTION_THRESHOLD,
  OPTION_THREADS,
  OPTION_EXPLAIN,
  OPTION_TRUTH,
  OPTION_MODEL,
  OPTION_JSON,
  OPTION_COUNT
};

static Status run_tables(Context *cx, Option *options, const char *const *paths, bool dedupe) {
  LinkSpec *spec = arena_one(cx->arena, LinkSpec);
  Str text;
  int64_t threads = 1;
  int32_t threshold = 0;
  if (!options[OPTION_SPEC].given || !options[OPTION_OUT].given)
    return fail(cx, BAD_USAGE, "请给出 --spec 规格.json 和 --out 结果.csv。");
  if (options[OPTION_THREADS].given &&
      (!str_int64(option_text(&options[OPTION_THREADS]), &threads) || threads < 1 || threads > 64))
    return fail(cx, BAD_USAGE, "--threads 应为 1 到 64 的整数，不能是“%s”。", options[OPTION_THREADS].value);
  TRY(read_threshold(cx, &options[OPTION_THRESHOLD], &threshold));
  TRY(file_read(cx, options[OPTION_SPEC].value, 1 << 20, &text));
  TRY(link_spec_read(cx, text, spec));
  LinkTable left, right;
  Str truth = option_text(&options[OPTION_TRUTH]);
  TRY(link_table_read(cx, paths[0], spec, 0, truth, &left));
  if (!dedupe) TRY(link_table_read(cx, paths[1], spec, 1, truth, &right));
  const LinkTable *tables[2] = {&left, dedupe ? &left : &right};
  TableInput input = {.columns = spec->columns,
                      .column_count = spec->column_count,
                      .blocks = spec->blocks,
                      .block_count = spec->block_count,
                      .left = {left.rows, (const Str *const *)left.cells},
                      .right = {tables[1]->rows, (const Str *const *)tables[1]->cells},
                      .dedupe = dedupe,
                      .one_to_one = options[OPTION_ONE].given,
                      .threads = (uint32_t)threads,
                      .threshold = truth.size && threshold > LOWEST_BITS ? LOWEST_BITS : threshold};
  TableResult result;
  TRY(table_run(cx, &input, &result));
  for (uint32_t i = 0; i < result.note_count; i++) print_error(result.notes[i]);
  TRY(write_pairs(cx, options[OPTION_OUT].value, spec, tables, &result, threshold, options[OPTION_EXPLAIN].given));
  size_t pairs = 0;
  for (size_t i = 0; i < result.pair_count; i++) pairs += result.pairs[i].bits >= threshold;
  if (!options[OPTION_JSON].given)
    printf("%u 行%s，比较了 %llu 对，写出 %zu 对，模型估计应有 %llu 对。\n", left.rows,
           dedupe ? "" : str_c(cx->arena, str_format(cx->arena, " 和 %u 行", right.rows)),
           (unsigned long long)result.compared, pairs, (unsigned long long)result.expected_matches);
  if (options[OPTION_MODEL].given) print_model(cx, spec, &input, &result);
  if (!truth.size) return OK;
  bool column = tables[0]->truth && tables[1]->truth;
  return link_truth_print(cx, tables, column ? NULL : options[OPTION_TRUTH].value, &result, threshold,
                          options[OPTION_JSON].given);
}

static Status run_words(Context *cx, int argc, char **argv, size_t files) {
  Option options[OPTION_COUNT] = {
      {"--spec", true, "", false},      {"--out", true, "", false},     {"--one-to-one", false, "", false},
      {"--threshold", true, "", false}, {"--threads", true, "", false}, {"--explain", false, "", false},
      {"--truth", true, "", false},     {"--model", false, "", false},  {"--json", false, "", false}};
  const char **words;
  size_t count;
  TRY(options_read(cx, argc, argv, options, OPTION_COUNT, files, files, &words, &count));
  if (files == 1 && options[OPTION_ONE].given) return fail(cx, BAD_USAGE, "--one-to-one 只用于 anju link。");
  return run_tables(cx, options, words, files == 1);
}

static Status run_link(Context *cx, const Cli *cli, int argc, char **argv) {
  (void)cli;
  return run_words(cx, argc, argv, 2);
}

static Status run_dedupe(Context *cx, const Cli *cli, int argc, char **argv) {
  (void)cli;
  return run_words(cx, argc, argv, 1);
}

#define LINK_OPTIONS \
  " --spec SPEC.json --out PAIRS.csv [--threshold P] [--threads N] [--explain] [--truth 列名或文件] [--model]"
const Command LINK_COMMANDS[] = {
    {"link", "LEFT.csv RIGHT.csv" LINK_OPTIONS " [--one-to-one]", "按字段规格比对任意两张表，写出配对和概率。",
     run_link},
    {"dedupe", "FILE.csv" LINK_OPTIONS, "按字段规格在一张表里找出重复的行。", run_dedupe},
};
const size_t LINK_COMMAND_COUNT = COUNT_OF(LINK_COMMANDS);
