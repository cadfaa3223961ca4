#include "http/http.h"

bool route_match(const char *pattern, Str path, Str params[PARAM_LIMIT]) {
  size_t at = 0, param = 0;
  for (const char *p = pattern; *p;) {
    if (*p != '{') {
      if (at >= path.size || path.data[at] != *p) return false;
      at++, p++;
      continue;
    }
    size_t from = at;
    while (at < path.size && path.data[at] != '/') at++;
    if (at == from || param == PARAM_LIMIT) return false;
    params[param++] = str_sub(path, from, at);
    p = strchr(p, '}') + 1;
  }
  return at == path.size;
}

Status route_find(Context *cx, const RouteTable *tables, size_t table_count, Str method, Str path,
                  const Route **ret_route, Str params[PARAM_LIMIT]) {
  bool other = false;
  Str found[PARAM_LIMIT] = {{0}};
  for (size_t t = 0; t < table_count; t++)
    for (size_t i = 0; i < tables[t].count; i++) {
      const Route *route = &tables[t].routes[i];
      if (!route_match(route->path, path, found)) continue;
      if (str_equal(str_from(route->method), method)) {
        memcpy(params, found, sizeof found);
        *ret_route = route;
        return OK;
      }
      other = true;
    }
  if (other) return fail(cx, BAD_METHOD, "这个地址不能用 " STR_FMT " 方法。", STR_ARG(method));
  return fail(cx, NOT_FOUND, "没有这个地址：" STR_FMT "。", STR_ARG(str_sub(path, 0, 200)));
}

static const Field *find_field(const Field *fields, size_t count, Str name) {
  for (size_t i = 0; i < count; i++)
    if (str_equal(str_from(fields[i].name), name)) return &fields[i];
  return NULL;
}

static bool is_choice(const char *choices, Str text) {
  for (const char *at = choices; at;) {
    const char *end = strchr(at, '|');
    if (str_equal((Str){at, end ? (size_t)(end - at) : strlen(at)}, text)) return true;
    at = end ? end + 1 : NULL;
  }
  return false;
}

static Status check_text(Context *cx, const Field *field, Str text) {
  if (!str_utf8_valid(text) || memchr(text.data, 0, text.size))
    return fail(cx, BAD_VALUE, "“%s”里有不能用的字符。", field->name);
  int64_t size = (int64_t)str_rune_count(text);
  if (field->most && (size < field->least || size > field->most))
    return fail(cx, BAD_VALUE, "“%s”应有 %lld 到 %lld 个字，现在是 %lld 个。", field->name, (long long)field->least,
                (long long)field->most, (long long)size);
  return OK;
}

static Status check_int(Context *cx, const Field *field, int64_t value) {
  if ((field->least || field->most) && (value < field->least || value > field->most))
    return fail(cx, BAD_VALUE, "“%s”应在 %lld 到 %lld 之间。", field->name, (long long)field->least,
                (long long)field->most);
  return OK;
}

static Status wrong_type(Context *cx, const Field *field, const char *wanted) {
  return fail(cx, BAD_VALUE, "“%s”应是%s。", field->name, wanted);
}

static Status check_value(Context *cx, const Field *field, const Json *value) {
  switch (field->type) {
    case FIELD_TEXT:
      return value->kind == JSON_STRING ? check_text(cx, field, value->text) : wrong_type(cx, field, "文字");
    case FIELD_INT:
      return value->kind == JSON_NUMBER && value->is_integer ? check_int(cx, field, value->integer)
                                                             : wrong_type(cx, field, "整数");
    case FIELD_BOOL:
      return value->kind == JSON_TRUE || value->kind == JSON_FALSE ? OK : wrong_type(cx, field, " true 或 false");
    case FIELD_CHOICE:
      if (value->kind == JSON_STRING && is_choice(field->choices, value->text)) return OK;
      return fail(cx, BAD_VALUE, "“%s”只能是 %s 之一。", field->name, field->choices);
    case FIELD_TEXTS:
      if (value->kind != JSON_ARRAY) return wrong_type(cx, field, "一组文字");
      JSON_EACH(item, value) if (item->kind != JSON_STRING) return wrong_type(cx, field, "一组文字");
      return field->most && value->count > field->most ? wrong_type(cx, field, "较短的一组文字") : OK;
    case FIELD_OBJECT:
      return value->kind == JSON_OBJECT ? fields_check(cx, value, field->shape->fields, field->shape->count)
                                        : wrong_type(cx, field, "一个对象");
    case FIELD_COUNTS:
    case FIELD_ARRAY:
      break;
  }
  return wrong_type(cx, field, "别的类型"); /* only answers have these */
}

Status fields_check(Context *cx, const Json *object, const Field *fields, size_t count) {
  if (object->kind != JSON_OBJECT) return fail(cx, BAD_VALUE, "请求的内容应是一个 JSON 对象。");
  JSON_EACH(member, object) {
    const Field *field = find_field(fields, count, member->key);
    if (!field) return fail(cx, BAD_VALUE, "不认识的内容“" STR_FMT "”。", STR_ARG(str_sub(member->key, 0, 60)));
    TRY(check_value(cx, field, member));
  }
  for (size_t i = 0; i < count; i++)
    if (fields[i].required && !json_get(object, fields[i].name))
      return fail(cx, BAD_VALUE, "缺少“%s”：%s", fields[i].name, fields[i].what);
  return OK;
}

Status query_value(Context *cx, const Field *fields, size_t count, Str name, Str text, Json *query) {
  const Field *field = find_field(fields, count, name);
  if (!field) return fail(cx, BAD_VALUE, "地址里不认识的参数“" STR_FMT "”。", STR_ARG(str_sub(name, 0, 60)));
  if (json_get(query, field->name)) return fail(cx, BAD_VALUE, "地址里的参数“%s”写了两次。", field->name);
  Json *value = NULL;
  int64_t number;
  if (field->type == FIELD_INT) {
    if (!str_int64(text, &number)) return wrong_type(cx, field, "整数");
    value = json_new_int(cx->arena, number);
  } else if (field->type == FIELD_BOOL) {
    if (!str_equal(text, STR("true")) && !str_equal(text, STR("false"))) return wrong_type(cx, field, " true 或 false");
    value = json_new_bool(cx->arena, str_equal(text, STR("true")));
  } else {
    value = json_new_string(cx->arena, text);
  }
  TRY(check_value(cx, field, value));
  json_set(cx->arena, query, field->name, value);
  return OK;
}

static Status check_fields(Context *cx, const Route *route, const Field *fields, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (!fields[i].what || !fields[i].what[0])
      return fail(cx, FAILED, "%s.%s: no sentence", route->name, fields[i].name);
    if (fields[i].type == FIELD_CHOICE && !fields[i].choices)
      return fail(cx, FAILED, "%s.%s: no choices", route->name, fields[i].name);
    for (size_t j = 0; j < i; j++)
      if (strcmp(fields[i].name, fields[j].name) == 0)
        return fail(cx, FAILED, "%s.%s: twice", route->name, fields[i].name);
  }
  return OK;
}

static Status check_route(Context *cx, const Route *route, bool (*known)(Str permission)) {
  if (!route->permission || !route->permission[0]) return fail(cx, FAILED, "%s: no permission", route->path);
  Str permission = str_from(route->permission);
  if (!str_equal(permission, STR(PERMISSION_PUBLIC)) && !str_equal(permission, STR(PERMISSION_LOGIN)) &&
      !known(permission))
    return fail(cx, FAILED, "%s: unknown permission %s", route->path, route->permission);
  if (!route->name || !route->what || !route->what[0] || !route->run)
    return fail(cx, FAILED, "%s: no name, sentence or handler", route->path);
  if (route->grouped && route->lane != LANE_WRITE) return fail(cx, FAILED, "%s: grouped outside writing", route->path);
  TRY(check_fields(cx, route, route->body, route->body_count));
  return check_fields(cx, route, route->query, route->query_count);
}

Status routes_check(Context *cx, const RouteTable *tables, size_t table_count, bool (*known)(Str permission)) {
  StrMap names = strmap_new(cx->arena);
  for (size_t t = 0; t < table_count; t++)
    for (size_t i = 0; i < tables[t].count; i++) {
      bool added, new_path;
      const Route *route = &tables[t].routes[i];
      TRY(check_route(cx, route, known));
      strmap_put(&names, str_from(route->name), 0, &added);
      strmap_put(&names, str_format(cx->arena, "%s %s", route->method, route->path), 0, &new_path);
      if (!added || !new_path) return fail(cx, FAILED, "%s %s: twice", route->name, route->path);
    }
  return OK;
}

Str cookie_value(Str header, Str name) {
  for (size_t at = 0; at < header.size;) {
    size_t end = at;
    while (end < header.size && header.data[end] != ';') end++;
    Str pair = str_trim(str_sub(header, at, end));
    ptrdiff_t equals = str_find(pair, STR("="));
    if (equals > 0 && str_equal(str_sub(pair, 0, (size_t)equals), name))
      return str_sub(pair, (size_t)equals + 1, pair.size);
    at = end + 1;
  }
  return STR_EMPTY;
}
