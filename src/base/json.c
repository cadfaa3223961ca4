#include "base/base.h"

enum { DEPTH_LIMIT = 64 };
#define INTEGER_LIMIT ((int64_t)1 << 53)

typedef struct Reader {
  Context *cx;
  Str text;
  size_t at;
  bool view; /* strings without escapes are slices of the text */
} Reader;

static Status syntax(Reader *r, const char *what) {
  int line = 1;
  size_t line_start = 0;
  for (size_t i = 0; i < r->at && i < r->text.size; i++)
    if (r->text.data[i] == '\n') line++, line_start = i + 1;
  return fail(r->cx, BAD_JSON, "JSON 第 %d 行第 %zu 个字节：%s。", line, r->at - line_start + 1, what);
}

static char peek(const Reader *r) { return r->at < r->text.size ? r->text.data[r->at] : '\0'; }

static void skip_blanks(Reader *r) {
  for (; r->at < r->text.size; r->at++) {
    char c = r->text.data[r->at];
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') return;
  }
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

static bool read_hex4(Reader *r, uint32_t *ret_unit) {
  uint32_t unit = 0;
  for (int i = 0; i < 4; i++) {
    int digit = hex_digit(peek(r));
    if (digit < 0) return false;
    unit = unit << 4 | (uint32_t)digit;
    r->at++;
  }
  *ret_unit = unit;
  return true;
}

static Status read_escape(Reader *r, Buf *buf) {
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  char c = peek(r);
  const char *hit = c ? strchr(from, c) : NULL;
  if (hit) {
    buf_add_byte(buf, to[hit - from]);
    r->at++;
    return OK;
  }
  if (c != 'u') return syntax(r, "反斜杠后面的字符不认识");
  r->at++;
  uint32_t unit, low;
  if (!read_hex4(r, &unit)) return syntax(r, "\\u 后面要有四位十六进制数");
  if (unit >= 0xD800 && unit < 0xDC00) {
    if (peek(r) != '\\') return syntax(r, "代理对不完整");
    r->at++;
    if (peek(r) != 'u') return syntax(r, "代理对不完整");
    r->at++;
    if (!read_hex4(r, &low) || low < 0xDC00 || low > 0xDFFF) return syntax(r, "代理对不完整");
    unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
  }
  if (unit == 0 || (unit >= 0xDC00 && unit <= 0xDFFF)) return syntax(r, "不允许的字符");
  buf_add_rune(buf, unit);
  return OK;
}

static Status read_string(Reader *r, Str *ret_text) {
  r->at++; /* the quote */
  size_t start = r->at;
  while (r->at < r->text.size && r->text.data[r->at] != '"' && r->text.data[r->at] != '\\' &&
         (unsigned char)r->text.data[r->at] >= 0x20)
    r->at++;
  if (peek(r) == '"') { /* the common case: no escapes */
    Str slice = {r->text.data + start, r->at - start};
    *ret_text = r->view ? slice : str_copy(r->cx->arena, slice);
    r->at++;
    return OK;
  }
  Buf buf = buf_new(r->cx->arena);
  buf_add(&buf, str_sub(r->text, start, r->at));
  while (r->at < r->text.size) {
    char c = r->text.data[r->at];
    if (c == '"') {
      r->at++;
      *ret_text = buf_str(&buf);
      return OK;
    }
    if ((unsigned char)c < 0x20) return syntax(r, "字符串里有控制字符");
    r->at++;
    if (c == '\\')
      TRY(read_escape(r, &buf));
    else
      buf_add_byte(&buf, c);
  }
  return syntax(r, "字符串没有结束");
}

static bool digits(Reader *r) {
  size_t start = r->at;
  while (peek(r) >= '0' && peek(r) <= '9') r->at++;
  return r->at > start;
}

static Status read_number(Reader *r, Json *json) {
  size_t start = r->at;
  bool fraction = false;
  if (peek(r) == '-') r->at++;
  size_t whole = r->at;
  if (!digits(r)) return syntax(r, "数字不完整");
  if (r->text.data[whole] == '0' && r->at > whole + 1) return syntax(r, "数字不能以 0 开头");
  if (peek(r) == '.') {
    r->at++;
    fraction = true;
    if (!digits(r)) return syntax(r, "小数点后面要有数字");
  }
  if (peek(r) == 'e' || peek(r) == 'E') {
    r->at++;
    fraction = true;
    if (peek(r) == '+' || peek(r) == '-') r->at++;
    if (!digits(r)) return syntax(r, "指数不完整");
  }
  json->kind = JSON_NUMBER;
  json->text = str_copy(r->cx->arena, str_sub(r->text, start, r->at));
  if (!fraction) {
    if (!str_int64(json->text, &json->integer) || json->integer > INTEGER_LIMIT || json->integer < -INTEGER_LIMIT)
      return syntax(r, "整数太大，超过 2^53");
    json->is_integer = true;
  }
  return OK;
}

static Status read_value(Reader *r, int depth, Json **ret_json);

static bool is_new_key(const Json *object, Str key, StrMap *keys) {
  enum { FEW = 32 };
  bool added = true;
  if (object->count < FEW) {
    JSON_EACH(item, object) if (str_equal(item->key, key)) return false;
    return true;
  }
  if (object->count == FEW) JSON_EACH(item, object) strmap_put(keys, item->key, 0, NULL);
  strmap_put(keys, key, 0, &added);
  return added;
}

static Status read_members(Reader *r, int depth, Json *json) {
  bool object = json->kind == JSON_OBJECT;
  char close = object ? '}' : ']';
  StrMap keys = strmap_new(r->cx->arena); /* only of objects too large to look through */
  r->at++;
  skip_blanks(r);
  if (peek(r) == close) return r->at++, OK;
  for (;;) {
    Str key = STR_EMPTY;
    skip_blanks(r);
    if (object) {
      if (peek(r) != '"') return syntax(r, "这里应是带引号的键");
      TRY(read_string(r, &key));
      if (!is_new_key(json, key, &keys)) return syntax(r, "键重复");
      skip_blanks(r);
      if (peek(r) != ':') return syntax(r, "键后面缺少冒号");
      r->at++;
    }
    Json *item;
    TRY(read_value(r, depth + 1, &item));
    item->key = key;
    json_add(json, item);
    skip_blanks(r);
    if (peek(r) == close) return r->at++, OK;
    if (peek(r) != ',') return syntax(r, object ? "缺少逗号或右花括号" : "缺少逗号或右方括号");
    r->at++;
  }
}

static Status read_value(Reader *r, int depth, Json **ret_json) {
  static const struct {
    Str word;
    JsonKind kind;
  } WORDS[] = {{STR("true"), JSON_TRUE}, {STR("false"), JSON_FALSE}, {STR("null"), JSON_NULL}};
  if (depth > DEPTH_LIMIT) return syntax(r, "嵌套超过 64 层");
  skip_blanks(r);
  Json *json = arena_one(r->cx->arena, Json);
  char c = peek(r);
  if (c == '{' || c == '[') {
    json->kind = c == '{' ? JSON_OBJECT : JSON_ARRAY;
    TRY(read_members(r, depth, json));
  } else if (c == '"') {
    json->kind = JSON_STRING;
    TRY(read_string(r, &json->text));
  } else if (c == '-' || (c >= '0' && c <= '9')) {
    TRY(read_number(r, json));
  } else {
    size_t i = 0;
    while (i < COUNT_OF(WORDS) && !str_starts(str_sub(r->text, r->at, r->text.size), WORDS[i].word)) i++;
    if (i == COUNT_OF(WORDS)) return syntax(r, r->at < r->text.size ? "这里的字符不认识" : "内容不完整");
    json->kind = WORDS[i].kind;
    r->at += WORDS[i].word.size;
  }
  *ret_json = json;
  return OK;
}

static Status parse(Context *cx, Str text, bool view, Json **ret_json) {
  Reader r = {cx, text, 0, view};
  if (!str_utf8_valid(text)) return fail(cx, BAD_JSON, "JSON 不是合法的 UTF-8 文本。");
  Json *json;
  TRY(read_value(&r, 1, &json));
  skip_blanks(&r);
  if (r.at != text.size) return syntax(&r, "后面有多余的内容");
  *ret_json = json;
  return OK;
}

Status json_parse(Context *cx, Str text, Json **ret_json) { return parse(cx, text, false, ret_json); }
Status json_parse_view(Context *cx, Str text, Json **ret_json) { return parse(cx, text, true, ret_json); }

const Json *json_get(const Json *object, const char *key) {
  if (!object || object->kind != JSON_OBJECT) return NULL;
  Str wanted = str_from(key);
  JSON_EACH(item, object) if (str_equal(item->key, wanted)) return item;
  return NULL;
}

Str json_text(const Json *object, const char *key) {
  const Json *value = json_get(object, key);
  return value && value->kind == JSON_STRING ? value->text : STR_EMPTY;
}

int64_t json_int(const Json *object, const char *key, int64_t otherwise) {
  const Json *value = json_get(object, key);
  return value && value->kind == JSON_NUMBER && value->is_integer ? value->integer : otherwise;
}

bool json_bool(const Json *object, const char *key, bool otherwise) {
  const Json *value = json_get(object, key);
  if (!value || (value->kind != JSON_TRUE && value->kind != JSON_FALSE)) return otherwise;
  return value->kind == JSON_TRUE;
}

static Json *json_new(Arena *arena, JsonKind kind) {
  Json *json = arena_one(arena, Json);
  json->kind = kind;
  return json;
}

Json *json_new_object(Arena *arena) { return json_new(arena, JSON_OBJECT); }
Json *json_new_array(Arena *arena) { return json_new(arena, JSON_ARRAY); }
Json *json_new_bool(Arena *arena, bool value) { return json_new(arena, value ? JSON_TRUE : JSON_FALSE); }

Json *json_new_string(Arena *arena, Str text) {
  Json *json = json_new(arena, JSON_STRING);
  json->text = str_copy(arena, text);
  return json;
}

Json *json_new_int(Arena *arena, int64_t value) {
  Json *json = json_new(arena, JSON_NUMBER);
  json->is_integer = true;
  json->integer = value;
  return json;
}

void json_add(Json *array, Json *item) {
  if (array->last)
    array->last->next = item;
  else
    array->first = item;
  array->last = item;
  array->count++;
}

void json_set(Arena *arena, Json *object, const char *key, Json *value) {
  value->key = str_copy(arena, str_from(key));
  json_add(object, value);
}

void json_set_text(Arena *arena, Json *object, const char *key, Str text) {
  json_set(arena, object, key, json_new_string(arena, text));
}

void json_set_int(Arena *arena, Json *object, const char *key, int64_t value) {
  json_set(arena, object, key, json_new_int(arena, value));
}

void json_write_string(Buf *buf, Str text) {
  static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
  buf_add_byte(buf, '"');
  size_t start = 0;
  for (size_t i = 0; i < text.size; i++) {
    unsigned char c = (unsigned char)text.data[i];
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    buf_add(buf, str_sub(text, start, i));
    start = i + 1;
    const char *hit = c ? strchr(from, c) : NULL;
    if (hit)
      buf_add_byte(buf, '\\'), buf_add_byte(buf, to[hit - from]);
    else
      buf_addf(buf, "\\u%04x", (unsigned)c);
  }
  buf_add(buf, str_sub(text, start, text.size));
  buf_add_byte(buf, '"');
}

static bool canonical_key(Str key) {
  for (size_t i = 0; i < key.size; i++) {
    char c = key.data[i];
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) return false;
  }
  return key.size > 0;
}

static Status write_object(Context *cx, const Json *json, Buf *buf) {
  const Json **members = arena_array(cx->arena, json->count, const Json *);
  uint32_t count = 0;
  JSON_EACH(item, json) { /* insertion sort: objects are small */
    if (!canonical_key(item->key))
      return fail(cx, BAD_JSON, "键“" STR_FMT "”不合规范：只能用小写字母、数字和下划线。", STR_ARG(item->key));
    uint32_t at = count++;
    for (; at > 0 && str_compare(members[at - 1]->key, item->key) > 0; at--) members[at] = members[at - 1];
    members[at] = item;
  }
  buf_add_byte(buf, '{');
  for (uint32_t i = 0; i < count; i++) {
    if (i) {
      if (str_equal(members[i]->key, members[i - 1]->key))
        return fail(cx, BAD_JSON, "键“" STR_FMT "”重复。", STR_ARG(members[i]->key));
      buf_add_byte(buf, ',');
    }
    json_write_string(buf, members[i]->key);
    buf_add_byte(buf, ':');
    TRY(json_write_canonical(cx, members[i], buf));
  }
  buf_add_byte(buf, '}');
  return OK;
}

Status json_write_canonical(Context *cx, const Json *json, Buf *buf) {
  switch (json->kind) {
    case JSON_NULL:
      return fail(cx, BAD_JSON, "规范 JSON 里不能有 null，没有的内容请不写。");
    case JSON_FALSE:
      buf_add(buf, STR("false"));
      return OK;
    case JSON_TRUE:
      buf_add(buf, STR("true"));
      return OK;
    case JSON_STRING:
      json_write_string(buf, json->text);
      return OK;
    case JSON_NUMBER:
      if (!json->is_integer)
        return fail(cx, BAD_JSON, "规范 JSON 里的数字必须是整数，小数请写成字符串：" STR_FMT "。", STR_ARG(json->text));
      buf_add_int(buf, json->integer);
      return OK;
    case JSON_ARRAY:
      buf_add_byte(buf, '[');
      JSON_EACH(item, json) {
        if (item != json->first) buf_add_byte(buf, ',');
        TRY(json_write_canonical(cx, item, buf));
      }
      buf_add_byte(buf, ']');
      return OK;
    case JSON_OBJECT:
      return write_object(cx, json, buf);
  }
  return OK;
}
