#include "journal/internal.h"

enum { FIELD_LIMIT = 200, KIND_LIMIT = 64 };

bool uuid_valid(Str id) {
  if (id.size != UUID_SIZE) return false;
  for (size_t i = 0; i < UUID_SIZE; i++) {
    char c = id.data[i];
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  }
  return true;
}

static bool kind_valid(Str kind) {
  for (size_t i = 0; i < kind.size; i++) {
    char c = kind.data[i];
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) return false;
  }
  return kind.size > 0 && kind.size <= KIND_LIMIT;
}

/* The keys are written here in their canonical order. */
Str entry_header(Arena *arena, const Entry *entry) {
  const struct {
    const char *key;
    Str value;
  } members[] = {{"author", entry->author},       {"device", entry->device}, {"division", entry->division},
                 {"household", entry->household}, {"id", entry->id},         {"kind", entry->kind}};
  Buf buf = buf_new(arena);
  for (size_t i = 0; i < COUNT_OF(members); i++) {
    buf_addf(&buf, "%c\"%s\":", i ? ',' : '{', members[i].key);
    json_write_string(&buf, members[i].value);
  }
  buf_addf(&buf, ",\"made_at\":%lld,\"supersedes\":", (long long)entry->made_at);
  json_write_string(&buf, entry->supersedes);
  buf_add_byte(&buf, '}');
  return buf_str(&buf);
}

Digest entry_leaf(Arena *arena, const Entry *entry) {
  Buf salted = buf_new(arena);
  buf_add(&salted, entry->salt);
  buf_add(&salted, entry->body_text);
  Digest body = digest_of(buf_str(&salted));
  return digest_pair(0, entry_header(arena, entry), (Str){(const char *)body.bytes, DIGEST_SIZE});
}

void entry_read(Arena *arena, DbQuery *query, Entry *ret_entry) {
  Entry entry = {.seq = db_int(query, 0), .made_at = db_int(query, 8), .received_at = db_int(query, 9)};
  Str *texts[] = {&entry.id,     &entry.kind,   &entry.household, &entry.division,
                  &entry.author, &entry.device, &entry.supersedes};
  for (size_t i = 0; i < COUNT_OF(texts); i++) *texts[i] = str_copy(arena, db_text(query, (int)i + 1));
  entry.body_text = str_copy(arena, db_text(query, 10));
  entry.salt = str_copy(arena, db_blob(query, 11));
  Str leaf = db_blob(query, 12);
  if (leaf.size == DIGEST_SIZE) memcpy(entry.leaf.bytes, leaf.data, DIGEST_SIZE);
  *ret_entry = entry;
}

Status entry_parse_body(Context *cx, Entry *entry) { return json_parse(cx, entry->body_text, &entry->body); }

static Status check_text(Context *cx, const char *name, Str value) {
  if (value.size > FIELD_LIMIT) return fail(cx, BAD_VALUE, "记录的“%s”太长，最多 %d 字节。", name, (int)FIELD_LIMIT);
  if (!str_utf8_valid(value)) return fail(cx, BAD_VALUE, "记录的“%s”不是合法的 UTF-8 文本。", name);
  for (size_t i = 0; i < value.size; i++)
    if ((unsigned char)value.data[i] < 0x20) return fail(cx, BAD_VALUE, "记录的“%s”里有控制字符。", name);
  return OK;
}

static Status check_header(Context *cx, const Entry *entry) {
  if (!kind_valid(entry->kind))
    return fail(cx, BAD_VALUE, "记录的种类“" STR_FMT "”不合规范：只能用小写字母、数字和下划线。", STR_ARG(entry->kind));
  if (entry->author.size == 0) return fail(cx, BAD_VALUE, "记录没有写明经办人（author）。");
  if (!uuid_valid(entry->id))
    return fail(cx, BAD_VALUE, "记录号“" STR_FMT "”不是小写的 UUID。", STR_ARG(str_sub(entry->id, 0, 64)));
  if (entry->supersedes.size && !uuid_valid(entry->supersedes))
    return fail(cx, BAD_VALUE, "被更正的记录号“" STR_FMT "”不是小写的 UUID。",
                STR_ARG(str_sub(entry->supersedes, 0, 64)));
  if (entry->made_at < 0 || entry->made_at > (int64_t)1 << 53)
    return fail(cx, BAD_VALUE, "记录的时间（made_at）不对。");
  if (entry->salt.size && entry->salt.size != SALT_SIZE) return fail(cx, BAD_VALUE, "记录的盐值（salt）应为 32 字节。");
  TRY(check_text(cx, "author", entry->author));
  TRY(check_text(cx, "device", entry->device));
  TRY(check_text(cx, "division", entry->division));
  return check_text(cx, "household", entry->household);
}

/* Body bytes: made from `body`, or given and then exactly canonical. */
static Status check_body(Context *cx, const Entry *draft, Entry *entry) {
  Json *given = draft->body;
  if (!given) TRY(json_parse(cx, draft->body_text, &given));
  if (given->kind != JSON_OBJECT) return fail(cx, BAD_JSON, "记录的内容（body）必须是 JSON 对象。");
  Buf buf = buf_new(cx->arena);
  TRY(json_write_canonical(cx, given, &buf));
  entry->body_text = buf_str(&buf);
  if (!draft->body && !str_equal(entry->body_text, draft->body_text))
    return fail(cx, BAD_JSON, "记录的内容（body）不是规范 JSON：键要按字节排序、没有空白、整数不带小数点。");
  if (entry->body_text.size > BODY_LIMIT)
    return fail(cx, TOO_LARGE, "记录的内容有 %zu 字节，超过上限；大的内容请放进文件。", entry->body_text.size);
  return entry_parse_body(cx, entry); /* so that apply sees just what a rebuild will see */
}

Status entry_check_draft(Context *cx, const Entry *draft, int64_t now, Entry *ret_entry) {
  Entry entry = *draft;
  entry.seq = 0;
  entry.received_at = now;
  Str *texts[] = {&entry.id,     &entry.kind,   &entry.household,  &entry.division,
                  &entry.author, &entry.device, &entry.supersedes, &entry.salt};
  for (size_t i = 0; i < COUNT_OF(texts); i++)
    if (!texts[i]->data) *texts[i] = STR_EMPTY;
  if (entry.id.size == 0) entry.id = uuid_v7(cx->arena, now);
  TRY(check_header(cx, &entry));
  if (!draft->body && !draft->body_text.data) return fail(cx, BAD_JSON, "记录没有内容（body）。");
  TRY(check_body(cx, draft, &entry));
  *ret_entry = entry;
  return OK;
}

static Status files_below(Context *cx, const Json *json, FileFunction *each, void *user) {
  JSON_EACH(item, json) {
    if (str_ends(item->key, STR("_file"))) {
      TRY(each(cx, user, item->key, item));
    } else if (str_ends(item->key, STR("_files"))) {
      if (item->kind != JSON_ARRAY) return each(cx, user, item->key, item);
      JSON_EACH(file, item) TRY(each(cx, user, item->key, file));
    } else if (item->kind == JSON_ARRAY || item->kind == JSON_OBJECT) {
      TRY(files_below(cx, item, each, user));
    }
  }
  return OK;
}

Status entry_files(Context *cx, const Json *body, FileFunction *each, void *user) {
  return files_below(cx, body, each, user);
}

Str journal_aad(Arena *arena, const char *prefix, Str key) {
  return str_format(arena, "%s|" STR_FMT, prefix, STR_ARG(key));
}
