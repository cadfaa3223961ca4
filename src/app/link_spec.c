/* The specification of `anju link`: JSON to columns and blocks. docs/linkage.md describes it. */
#include "app/link.h"

static Status column_find(Context *cx, LinkSpec *spec, Str name, uint32_t *ret_index) {
  for (uint32_t i = 0; i < spec->column_count; i++)
    if (str_equal(spec->names[i].left, name) || str_equal(spec->names[i].right, name)) {
      *ret_index = i;
      return OK;
    }
  if (spec->column_count == TABLE_COLUMNS_MAX)
    return fail(cx, BAD_USAGE, "比对规格用到的列太多，最多 %d 列。", TABLE_COLUMNS_MAX);
  uint32_t index = spec->column_count++;
  spec->names[index] = (LinkColumn){name, name};
  spec->columns[index] = (TableColumn){.name = name, .kind = TABLE_TEXT};
  *ret_index = index;
  return OK;
}

/* "column" or {"left":"a","right":"b"} */
static Status read_names(Context *cx, const Json *json, const char *what, LinkColumn *ret_names) {
  if (json && json->kind == JSON_STRING && json->text.size) {
    *ret_names = (LinkColumn){json->text, json->text};
    return OK;
  }
  LinkColumn names = {json_text(json, "left"), json_text(json, "right")};
  if (!names.left.size || !names.right.size)
    return fail(cx, BAD_USAGE, "比对规格的 %s 应写成 \"列名\" 或 {\"left\":\"左表列名\",\"right\":\"右表列名\"}。",
                what);
  *ret_names = names;
  return OK;
}

static Status read_field(Context *cx, const Json *json, LinkSpec *spec) {
  LinkColumn names;
  if (json->kind != JSON_OBJECT) return fail(cx, BAD_USAGE, "比对规格的 fields 每一项应是 {\"name\":…,\"kind\":…}。");
  TRY(read_names(cx, json_get(json, "name"), "fields.name", &names));
  Str kind = json_text(json, "kind");
  int found = table_kind_find(kind);
  if (found == TABLE_NONE)
    return fail(cx, BAD_USAGE,
                "字段“" STR_FMT "”的 kind“" STR_FMT
                "”不认识；可用 name text exact date id code number cn_name cn_id address。",
                STR_ARG(names.left), STR_ARG(kind));
  if (spec->column_count == TABLE_COLUMNS_MAX)
    return fail(cx, BAD_USAGE, "比对规格的字段太多，最多 %d 个。", TABLE_FIELDS_MAX);
  uint32_t index = spec->column_count++;
  spec->names[index] = names;
  spec->columns[index] = (TableColumn){.name = names.left,
                                       .kind = (TableKind)found,
                                       .compared = true,
                                       .frequency = json_bool(json, "tf", false),
                                       .format = json_text(json, "format")};
  return OK;
}

/* "surname:sound"; a name with a colon of its own is tried whole first. */
static Status read_key(Context *cx, Str text, LinkSpec *spec, TableKey *ret_key) {
  TableKey key = {0};
  Str column = text;
  for (uint32_t i = 0; i < spec->column_count; i++)
    if (str_equal(spec->names[i].left, text) || str_equal(spec->names[i].right, text)) {
      *ret_key = (TableKey){.column = (uint8_t)i};
      return OK;
    }
  for (size_t at = text.size; at-- > 0;)
    if (text.data[at] == ':') {
      Str transform = str_sub(text, at + 1, text.size);
      if (!table_transform_find(transform, &key))
        return fail(cx, BAD_USAGE,
                    "分块“" STR_FMT "”的变换“" STR_FMT
                    "”不认识；可用 whole firstN lastN sound year month-day year-month day digits sorted word rare。",
                    STR_ARG(text), STR_ARG(transform));
      column = str_sub(text, 0, at);
      break;
    }
  uint32_t index = 0;
  TRY(column_find(cx, spec, column, &index));
  bool date = key.transform >= TRANSFORM_YEAR && key.transform <= TRANSFORM_DAY;
  if (date && !spec->columns[index].compared) spec->columns[index].kind = TABLE_DATE;
  key.column = (uint8_t)index;
  *ret_key = key;
  return OK;
}

static Status read_block(Context *cx, const Json *json, LinkSpec *spec) {
  if (spec->block_count == TABLE_BLOCKS_MAX)
    return fail(cx, BAD_USAGE, "比对规格的 blocks 太多，最多 %d 个。", TABLE_BLOCKS_MAX);
  TableBlock block = {0};
  if (json->kind == JSON_STRING) {
    TRY(read_key(cx, json->text, spec, &block.keys[0]));
    block.key_count = 1;
  } else if (json->kind == JSON_ARRAY) {
    JSON_EACH(item, json) {
      if (block.key_count == TABLE_KEYS_MAX) return fail(cx, BAD_USAGE, "一个分块最多 %d 项。", TABLE_KEYS_MAX);
      if (item->kind != JSON_STRING) break;
      TRY(read_key(cx, item->text, spec, &block.keys[block.key_count++]));
    }
  }
  if (block.key_count == 0) return fail(cx, BAD_USAGE, "比对规格的 blocks 每一项应是 [\"列名:变换\",…]，不能为空。");
  spec->blocks[spec->block_count++] = block;
  return OK;
}

Status link_spec_read(Context *cx, Str text, LinkSpec *ret_spec) {
  Json *json;
  LinkSpec spec = {0};
  LinkColumn id;
  TRY(json_parse(cx, text, &json));
  if (json->kind != JSON_OBJECT) return fail(cx, BAD_USAGE, "比对规格应是一个 JSON 对象 {\"id\":…,\"fields\":[…]}。");
  TRY(read_names(cx, json_get(json, "id"), "id", &id));
  spec.id[0] = id.left, spec.id[1] = id.right;
  const Json *fields = json_get(json, "fields"), *blocks = json_get(json, "blocks");
  if (!fields || fields->kind != JSON_ARRAY || !fields->count)
    return fail(cx, BAD_USAGE, "比对规格没有 fields：请写明要比较的列和种类。");
  JSON_EACH(field, fields) TRY(read_field(cx, field, &spec));
  if (blocks && blocks->kind != JSON_ARRAY) return fail(cx, BAD_USAGE, "比对规格的 blocks 应是数组。");
  JSON_EACH(block, blocks) TRY(read_block(cx, block, &spec));
  *ret_spec = spec;
  return OK;
}
