#include "http/http.h"

/* ---- any JSON ---- */
void json_dump(Buf *buf, const Json *json) {
  bool first = true;
  switch (json->kind) {
    case JSON_NULL:
      buf_add(buf, STR("null"));
      return;
    case JSON_FALSE:
    case JSON_TRUE:
      buf_add_c(buf, json->kind == JSON_TRUE ? "true" : "false");
      return;
    case JSON_NUMBER:
      json->is_integer ? buf_add_int(buf, json->integer) : buf_add(buf, json->text);
      return;
    case JSON_STRING:
      json_write_string(buf, json->text);
      return;
    case JSON_ARRAY:
    case JSON_OBJECT:
      break;
  }
  bool object = json->kind == JSON_OBJECT;
  buf_add_byte(buf, object ? '{' : '[');
  JSON_EACH(item, json) {
    if (!first) buf_add_byte(buf, ',');
    first = false;
    if (object) {
      json_write_string(buf, item->key);
      buf_add_byte(buf, ':');
    }
    json_dump(buf, item);
  }
  buf_add_byte(buf, object ? '}' : ']');
}

Json *problem_json(Arena *arena, Status status, Str sentence) {
  Json *json = json_new_object(arena);
  json_set_text(arena, json, "type", str_format(arena, "urn:anju:problem:%s", status_code(status)));
  json_set_text(arena, json, "title", str_from(status_title(status)));
  json_set_int(arena, json, "status", status_http(status));
  json_set_text(arena, json, "detail", sentence);
  json_set_text(arena, json, "code", str_from(status_code(status)));
  return json;
}

/* ---- OpenAPI 3.1 ---- */
typedef struct Writer {
  Arena *arena;
  const RouteTable *tables;
  size_t table_count;
  const Shape *shapes[128]; /* every shape that is used, in the order of first use */
  size_t shape_count;
} Writer;

static Json *text(Writer *w, const char *c) { return json_new_string(w->arena, str_from(c)); }
static void set(Writer *w, Json *object, const char *key, Json *value) { json_set(w->arena, object, key, value); }

static void collect_shape(Writer *w, const Shape *shape) {
  if (!shape) return;
  for (size_t i = 0; i < w->shape_count; i++)
    if (w->shapes[i] == shape) return;
  if (w->shape_count == COUNT_OF(w->shapes)) return;
  w->shapes[w->shape_count++] = shape;
  for (size_t i = 0; i < shape->count; i++) collect_shape(w, shape->fields[i].shape);
}

static void collect(Writer *w) {
  for (size_t t = 0; t < w->table_count; t++)
    for (size_t i = 0; i < w->tables[t].count; i++) {
      const Route *route = &w->tables[t].routes[i];
      collect_shape(w, route->returns);
      for (size_t f = 0; f < route->body_count; f++) collect_shape(w, route->body[f].shape);
    }
}

static Json *reference(Writer *w, const Shape *shape) {
  Json *json = json_new_object(w->arena);
  json_set_text(w->arena, json, "$ref", str_format(w->arena, "#/components/schemas/%s", shape->name));
  return json;
}

static Json *choices_array(Writer *w, const char *choices) {
  Json *array = json_new_array(w->arena);
  for (const char *at = choices; at;) {
    const char *end = strchr(at, '|');
    json_add(array, json_new_string(w->arena, (Str){at, end ? (size_t)(end - at) : strlen(at)}));
    at = end ? end + 1 : NULL;
  }
  return array;
}

static Json *typed(Writer *w, const char *type) {
  Json *json = json_new_object(w->arena);
  set(w, json, "type", text(w, type));
  return json;
}

static Json *field_schema(Writer *w, const Field *field) {
  static const char *const types[] = {"string", "integer", "boolean", "string", "array", "object", "object", "array"};
  if (field->type == FIELD_OBJECT) return reference(w, field->shape);
  Json *json = typed(w, types[field->type]);
  if (field->type == FIELD_ARRAY) set(w, json, "items", reference(w, field->shape));
  if (field->type == FIELD_TEXTS) set(w, json, "items", typed(w, "string"));
  if (field->type == FIELD_COUNTS) set(w, json, "additionalProperties", typed(w, "integer"));
  if (field->type == FIELD_CHOICE) set(w, json, "enum", choices_array(w, field->choices));
  if (field->type == FIELD_TEXT && field->most) {
    json_set_int(w->arena, json, "minLength", field->least);
    json_set_int(w->arena, json, "maxLength", field->most);
  }
  if (field->type == FIELD_INT && (field->least || field->most)) {
    json_set_int(w->arena, json, "minimum", field->least);
    json_set_int(w->arena, json, "maximum", field->most);
  }
  if (field->what) set(w, json, "description", text(w, field->what));
  return json;
}

static Json *object_schema(Writer *w, const Field *fields, size_t count, bool closed) {
  Json *json = typed(w, "object"), *properties = json_new_object(w->arena), *required = json_new_array(w->arena);
  for (size_t i = 0; i < count; i++) {
    set(w, properties, fields[i].name, field_schema(w, &fields[i]));
    if (fields[i].required) json_add(required, text(w, fields[i].name));
  }
  set(w, json, "properties", properties);
  if (required->count) set(w, json, "required", required);
  if (closed) set(w, json, "additionalProperties", json_new_bool(w->arena, false));
  return json;
}

static Json *parameter(Writer *w, Str name, const char *where, bool required, Json *schema) {
  Json *json = json_new_object(w->arena);
  json_set_text(w->arena, json, "name", name);
  set(w, json, "in", text(w, where));
  set(w, json, "required", json_new_bool(w->arena, required));
  set(w, json, "schema", schema);
  return json;
}

/* Names between braces, one after the other. */
static bool next_param(const char **at, Str *ret_name) {
  const char *open = strchr(*at, '{');
  if (!open) return false;
  const char *close = strchr(open, '}');
  *ret_name = (Str){open + 1, (size_t)(close - open - 1)};
  *at = close + 1;
  return true;
}

static Json *parameters(Writer *w, const Route *route) {
  Json *array = json_new_array(w->arena);
  Str name;
  for (const char *at = route->path; next_param(&at, &name);)
    json_add(array, parameter(w, name, "path", true, typed(w, "string")));
  for (size_t i = 0; i < route->query_count; i++)
    json_add(array, parameter(w, str_from(route->query[i].name), "query", route->query[i].required,
                              field_schema(w, &route->query[i])));
  if (strcmp(route->method, "GET") != 0) {
    Json *schema = typed(w, "string");
    set(w, schema, "enum", choices_array(w, "1"));
    json_add(array, parameter(w, STR("X-Anju"), "header", true, schema));
  }
  return array;
}

static Json *content(Writer *w, const char *type, Json *schema) {
  Json *json = json_new_object(w->arena), *media = json_new_object(w->arena);
  set(w, media, "schema", schema);
  set(w, json, type, media);
  return json;
}

static Json *answer(Writer *w, const char *what, Json *body) {
  Json *json = json_new_object(w->arena);
  set(w, json, "description", text(w, what));
  if (body) set(w, json, "content", body);
  return json;
}

static Json *operation(Writer *w, const Route *route) {
  Json *json = json_new_object(w->arena), *answers = json_new_object(w->arena);
  set(w, json, "operationId", text(w, route->name));
  set(w, json, "summary", text(w, route->what));
  set(w, json, "x-permission", text(w, route->permission));
  Json *list = parameters(w, route);
  if (list->count) set(w, json, "parameters", list);
  if (route->body_count || route->upload) {
    Json *body = json_new_object(w->arena);
    set(w, body, "required", json_new_bool(w->arena, true));
    set(w, body, "content",
        route->upload ? content(w, "application/octet-stream", json_new_object(w->arena))
                      : content(w, "application/json", object_schema(w, route->body, route->body_count, true)));
    set(w, json, "requestBody", body);
  }
  if (route->returns)
    set(w, answers, "200", answer(w, "成功", content(w, "application/json", reference(w, route->returns))));
  else if (route->file)
    set(w, answers, "200", answer(w, "文件", content(w, route->file, json_new_object(w->arena))));
  else
    set(w, answers, "204", answer(w, "成功", NULL));
  Json *problem = json_new_object(w->arena);
  set(w, problem, "$ref", text(w, "#/components/schemas/Problem"));
  set(w, answers, "default",
      answer(w, "没有成功，detail 是给人看的一句话", content(w, "application/problem+json", problem)));
  set(w, json, "responses", answers);
  if (strcmp(route->permission, PERMISSION_PUBLIC) == 0) set(w, json, "security", json_new_array(w->arena));
  return json;
}

static const char *lower_method(const char *method) {
  static const char *const names[][2] = {{"GET", "get"}, {"POST", "post"}, {"PUT", "put"}, {"DELETE", "delete"}};
  for (size_t i = 0; i < COUNT_OF(names); i++)
    if (strcmp(names[i][0], method) == 0) return names[i][1];
  return "get";
}

static Json *paths(Writer *w) {
  Json *all = json_new_object(w->arena);
  for (size_t t = 0; t < w->table_count; t++)
    for (size_t i = 0; i < w->tables[t].count; i++) {
      const Route *route = &w->tables[t].routes[i];
      Json *path = (Json *)json_get(all, route->path); /* built here a moment ago: ours to change */
      if (!path) {
        path = json_new_object(w->arena);
        set(w, all, route->path, path);
      }
      set(w, path, lower_method(route->method), operation(w, route));
    }
  return all;
}

static Json *problem_codes(Writer *w) {
  Json *codes = json_new_array(w->arena);
  for (Status status = FAILED; status < STATUS_COUNT; status++) json_add(codes, text(w, status_code(status)));
  return codes;
}

static Json *components(Writer *w) {
  Json *json = json_new_object(w->arena), *schemas = json_new_object(w->arena), *security = json_new_object(w->arena);
  for (size_t i = 0; i < w->shape_count; i++)
    set(w, schemas, w->shapes[i]->name, object_schema(w, w->shapes[i]->fields, w->shapes[i]->count, false));
  static const Field fields[] = {{.name = "type", .required = true},
                                 {.name = "title", .required = true},
                                 {.name = "status", .type = FIELD_INT, .required = true},
                                 {.name = "detail", .required = true, .what = "给人看的一句话"}};
  Json *problem = object_schema(w, FIELDS(fields), false), *code = typed(w, "string");
  set(w, code, "enum", problem_codes(w));
  set(w, (Json *)json_get(problem, "properties"), "code", code);
  json_add((Json *)json_get(problem, "required"), text(w, "code"));
  set(w, schemas, "Problem", problem);
  Json *cookie = typed(w, "apiKey");
  set(w, cookie, "in", text(w, "cookie"));
  set(w, cookie, "name", text(w, "__Host-anju"));
  set(w, security, "session", cookie);
  set(w, json, "schemas", schemas);
  set(w, json, "securitySchemes", security);
  return json;
}

static Writer *writer(Context *cx, const RouteTable *tables, size_t table_count) {
  Writer *w = arena_one(cx->arena, Writer);
  *w = (Writer){.arena = cx->arena, .tables = tables, .table_count = table_count};
  collect(w);
  return w;
}

Str openapi_json(Context *cx, const RouteTable *tables, size_t table_count) {
  Writer *w = writer(cx, tables, table_count);
  Json *json = json_new_object(cx->arena), *info = json_new_object(cx->arena), *security = json_new_array(cx->arena),
       *one = json_new_object(cx->arena);
  set(w, json, "openapi", text(w, "3.1.0"));
  set(w, info, "title", text(w, "安居 anju"));
  set(w, info, "version", text(w, ANJU_VERSION));
  set(w, json, "info", info);
  set(w, one, "session", json_new_array(cx->arena));
  json_add(security, one);
  set(w, json, "security", security);
  set(w, json, "paths", paths(w));
  set(w, json, "components", components(w));
  Buf buf = buf_new(cx->arena);
  json_dump(&buf, json);
  buf_add_byte(&buf, '\n');
  return buf_str(&buf);
}

/* ---- TypeScript ---- */
static void ts_type(Buf *buf, const Field *field) {
  static const char *const types[] = {"string", "number", "boolean", "", "string[]", "Record<string, number>", "", ""};
  if (field->type == FIELD_OBJECT || field->type == FIELD_ARRAY) {
    buf_addf(buf, "%s%s", field->shape->name, field->type == FIELD_ARRAY ? "[]" : "");
  } else if (field->type == FIELD_CHOICE) {
    for (const char *at = field->choices; at;) {
      const char *end = strchr(at, '|');
      buf_addf(buf, "%s'%.*s'", at == field->choices ? "" : " | ", end ? (int)(end - at) : (int)strlen(at), at);
      at = end ? end + 1 : NULL;
    }
  } else {
    buf_add_c(buf, types[field->type]);
  }
}

static void ts_fields(Buf *buf, const Field *fields, size_t count) {
  buf_add(buf, STR("{"));
  for (size_t i = 0; i < count; i++) {
    buf_addf(buf, "%s %s%s: ", i ? ";" : "", fields[i].name, fields[i].required ? "" : "?");
    ts_type(buf, &fields[i]);
  }
  buf_add(buf, STR(" }"));
}

static void ts_interface(Buf *buf, const Shape *shape) {
  buf_addf(buf, "export interface %s {\n", shape->name);
  for (size_t i = 0; i < shape->count; i++) {
    if (shape->fields[i].what) buf_addf(buf, "  /** %s */\n", shape->fields[i].what);
    buf_addf(buf, "  %s%s: ", shape->fields[i].name, shape->fields[i].required ? "" : "?");
    ts_type(buf, &shape->fields[i]);
    buf_add(buf, STR("\n"));
  }
  buf_add(buf, STR("}\n\n"));
}

/* "/api/lists/{list}" -> `/api/lists/${encodeURIComponent(list)}` */
static void ts_path(Buf *buf, const Route *route) {
  buf_add_byte(buf, '`');
  for (const char *p = route->path; *p; p++) {
    if (*p == '{')
      buf_add(buf, STR("${encodeURIComponent("));
    else if (*p == '}')
      buf_add(buf, STR(")}"));
    else
      buf_add_byte(buf, *p);
  }
  buf_add_byte(buf, '`');
}

static bool any_required(const Field *fields, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (fields[i].required) return true;
  return false;
}

static void ts_function(Buf *buf, const Route *route) {
  bool first = true;
  Str name;
  buf_addf(buf, "/** %s（权限 %s） */\nexport function %s(", route->what, route->permission, route->name);
  for (const char *at = route->path; next_param(&at, &name); first = false)
    buf_addf(buf, "%s" STR_FMT ": string", first ? "" : ", ", STR_ARG(name));
  if (route->body_count) {
    buf_add_c(buf, first ? "body: " : ", body: ");
    ts_fields(buf, route->body, route->body_count);
    if (!any_required(route->body, route->body_count)) buf_add(buf, STR(" = {}"));
    first = false;
  }
  if (route->upload) {
    buf_add_c(buf, first ? "file: Blob" : ", file: Blob");
    first = false;
  }
  if (route->query_count) {
    buf_add_c(buf, first ? "query: " : ", query: ");
    ts_fields(buf, route->query, route->query_count);
    if (!any_required(route->query, route->query_count)) buf_add(buf, STR(" = {}"));
  }
  const char *returns = route->returns ? route->returns->name : route->file ? "string" : "void";
  if (route->file) { /* a file: its address, for a link */
    buf_add(buf, STR("): string {\n  return address("));
    ts_path(buf, route);
    buf_addf(buf, "%s)\n}\n\n", route->query_count ? ", query" : "");
    return;
  }
  buf_addf(buf, "): Promise<%s> {\n  return call<%s>('%s', ", returns, returns, route->method);
  ts_path(buf, route);
  buf_addf(buf, ", %s, %s)\n}\n\n", route->query_count ? "query" : "undefined",
           route->body_count ? "body"
           : route->upload   ? "file"
                             : "undefined");
}

static const char TS_HEAD[] =
    "// Generated by `anju openapi --typescript`; do not edit.\n"
    "export interface Problem {\n"
    "  type: string\n  title: string\n  status: number\n  detail: string\n  code: ProblemCode\n"
    "  [more: string]: unknown\n}\n\n"
    "/** What the server refused, with the sentence to show; network failures have code 'offline'. */\n"
    "export class ApiError extends Error {\n"
    "  readonly problem: Problem\n"
    "  constructor(problem: Problem) {\n    super(problem.detail)\n    this.problem = problem\n  }\n}\n\n"
    "type Query = Record<string, string | number | boolean | undefined>\n\n"
    "export function address(path: string, query?: Query): string {\n"
    "  const search = new URLSearchParams()\n"
    "  for (const [key, value] of Object.entries(query ?? {}))\n"
    "    if (value !== undefined && value !== '') search.set(key, String(value))\n"
    "  const text = search.toString()\n"
    "  return text ? `${path}?${text}` : path\n}\n\n"
    "async function call<T>(method: string, path: string, query?: Query, body?: unknown): Promise<T> {\n"
    "  const headers: Record<string, string> = method === 'GET' ? {} : { 'X-Anju': '1' }\n"
    "  const file = body instanceof Blob\n"
    "  if (file) headers['Content-Type'] = 'application/octet-stream'\n"
    "  else if (body !== undefined) headers['Content-Type'] = 'application/json'\n"
    "  let response: Response\n"
    "  try {\n"
    "    response = await fetch(address(path, query), {\n"
    "      method, headers, credentials: 'same-origin', cache: 'no-store',\n"
    "      body: file ? (body as Blob) : body === undefined ? undefined : JSON.stringify(body),\n"
    "    })\n"
    "  } catch {\n"
    "    throw new ApiError({ type: 'about:blank', title: '连不上服务器', status: 0, detail: "
    "'连不上服务器，请检查网络后再试。', code: 'offline' })\n"
    "  }\n"
    "  if (response.status === 204) return undefined as T\n"
    "  const json: unknown = await response.json().catch(() => undefined)\n"
    "  if (!response.ok)\n"
    "    throw new ApiError((json as Problem | undefined) ?? { type: 'about:blank', title: '服务器出错', status: "
    "response.status, detail: '服务器没有正常回答，请稍后再试。', code: 'failed' })\n"
    "  return json as T\n}\n\n";

Str openapi_typescript(Context *cx, const RouteTable *tables, size_t table_count) {
  Writer *w = writer(cx, tables, table_count);
  Buf buf = buf_new(cx->arena);
  buf_add_c(&buf, TS_HEAD);
  buf_add(&buf, STR("export type ProblemCode =\n  | 'offline'\n"));
  for (Status status = FAILED; status < STATUS_COUNT; status++) buf_addf(&buf, "  | '%s'\n", status_code(status));
  buf_add_byte(&buf, '\n');
  for (size_t i = 0; i < w->shape_count; i++) ts_interface(&buf, w->shapes[i]);
  for (size_t t = 0; t < table_count; t++)
    for (size_t i = 0; i < tables[t].count; i++) ts_function(&buf, &tables[t].routes[i]);
  return buf_str(&buf);
}
