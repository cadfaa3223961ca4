#include "http/internal.h"
#include "test.h"

static Status nothing(Context *cx, Request *request, Response *response) {
  (void)cx, (void)request, (void)response;
  return OK;
}
static const Field PERSON_FIELDS[] = {{.name = "name", .required = true, .what = "姓名"},
                                      {.name = "size", .type = FIELD_INT, .what = "人数"}};
static const Shape PERSON = SHAPE("Person", PERSON_FIELDS);
static const Field PEOPLE_FIELDS[] = {
    {.name = "people", .type = FIELD_ARRAY, .required = true, .shape = &PERSON, .what = "人"}};
static const Shape PEOPLE = SHAPE("People", PEOPLE_FIELDS);
static const Field BODY[] = {{.name = "name", .required = true, .least = 1, .most = 4, .what = "姓名"},
                             {.name = "age", .type = FIELD_INT, .least = 0, .most = 150, .what = "年龄"},
                             {.name = "mode", .type = FIELD_CHOICE, .choices = "new|old", .what = "方式"},
                             {.name = "sure", .type = FIELD_BOOL, .what = "确定"},
                             {.name = "tags", .type = FIELD_TEXTS, .most = 2, .what = "标签"}};
static const Route ROUTES[] = {
    {.name = "people",
     .method = "GET",
     .path = "/api/people",
     .permission = "people_read",
     .run = nothing,
     .query = BODY,
     .query_count = COUNT_OF(BODY),
     .returns = &PEOPLE,
     .what = "全部的人"},
    {.name = "person_add",
     .method = "POST",
     .path = "/api/people",
     .permission = "people_write",
     .run = nothing,
     .lane = LANE_WRITE,
     .grouped = true,
     .body = BODY,
     .body_count = COUNT_OF(BODY),
     .returns = &PERSON,
     .what = "加一个人"},
    {.name = "person_paper",
     .method = "GET",
     .path = "/api/people/{id}/papers/{number}",
     .permission = PERMISSION_LOGIN,
     .run = nothing,
     .file = "text/csv",
     .what = "一个人的材料"},
};
static const RouteTable TABLE = {ROUTES, COUNT_OF(ROUTES)};
static bool known(Str permission) { return str_starts(permission, STR("people_")); }

TEST(a_route_is_found_by_method_and_path_with_its_parameters) {
  const Route *route;
  Str params[PARAM_LIMIT];
  CHECK_OK(route_find(cx, &TABLE, 1, STR("GET"), STR("/api/people/ab/papers/7"), &route, params));
  CHECK_STR(params[0], STR("ab"));
  CHECK_STR(params[1], STR("7"));
  CHECK(route == &ROUTES[2]);
  CHECK_FAILS(BAD_METHOD, route_find(cx, &TABLE, 1, STR("DELETE"), STR("/api/people"), &route, params));
  CHECK_FAILS(NOT_FOUND, route_find(cx, &TABLE, 1, STR("GET"), STR("/api/people/"), &route, params));
  CHECK_FAILS(NOT_FOUND, route_find(cx, &TABLE, 1, STR("GET"), STR("/api/people//papers/7"), &route, params));
  CHECK_FAILS(NOT_FOUND, route_find(cx, &TABLE, 1, STR("GET"), STR("/api/people/a/b/papers/7"), &route, params));
  CHECK_FAILS(NOT_FOUND, route_find(cx, &TABLE, 1, STR("GET"), STR(""), &route, params));
}

static Status check_body(Context *cx, Str text) {
  Json *json;
  TRY(json_parse(cx, text, &json));
  return fields_check(cx, json, FIELDS(BODY));
}

TEST(a_body_is_held_to_its_fields) {
  CHECK_OK(check_body(cx, STR("{\"name\":\"张三\",\"age\":3,\"mode\":\"old\",\"sure\":true,\"tags\":[\"a\"]}")));
  CHECK_OK(check_body(cx, STR("{\"name\":\"欧阳小明\"}")));
  static const Str wrong[] = {STR("[]"),
                              STR("{}"),
                              STR("{\"name\":\"\"}"),
                              STR("{\"name\":\"一二三四五\"}"),
                              STR("{\"name\":7}"),
                              STR("{\"name\":\"a\",\"age\":151}"),
                              STR("{\"name\":\"a\",\"age\":1.5}"),
                              STR("{\"name\":\"a\",\"age\":\"1\"}"),
                              STR("{\"name\":\"a\",\"mode\":\"new|old\"}"),
                              STR("{\"name\":\"a\",\"mode\":\"\"}"),
                              STR("{\"name\":\"a\",\"sure\":1}"),
                              STR("{\"name\":\"a\",\"tags\":[1]}"),
                              STR("{\"name\":\"a\",\"tags\":[\"1\",\"2\",\"3\"]}"),
                              STR("{\"name\":\"a\",\"more\":1}"),
                              STR("{\"name\":null}")};
  for (size_t i = 0; i < COUNT_OF(wrong); i++) CHECK_FAILS(BAD_VALUE, check_body(cx, wrong[i]));
  CHECK_FAILS(BAD_JSON, check_body(cx, STR("{\"name\":\"a\",\"name\":\"b\"}")));
}

TEST(query_values_get_their_types) {
  Json *query = json_new_object(cx->arena);
  CHECK_OK(query_value(cx, FIELDS(BODY), STR("age"), STR("20"), query));
  CHECK_INT(json_int(query, "age", 0), 20);
  CHECK_OK(query_value(cx, FIELDS(BODY), STR("sure"), STR("false"), query));
  CHECK(!json_bool(query, "sure", true));
  CHECK_FAILS(BAD_VALUE, query_value(cx, FIELDS(BODY), STR("age"), STR("21"), query));
  CHECK_FAILS(BAD_VALUE, query_value(cx, FIELDS(BODY), STR("other"), STR("21"), query));
  CHECK_FAILS(BAD_VALUE, query_value(cx, FIELDS(BODY), STR("mode"), STR("odd"), query));
  CHECK_FAILS(BAD_VALUE, query_value(cx, FIELDS(BODY), STR("name"), STR("\xFF"), query));
}

TEST(a_route_without_permission_or_sentence_is_refused) {
  CHECK_OK(routes_check(cx, &TABLE, 1, known));
  Route bad[] = {ROUTES[0], ROUTES[0], ROUTES[0], ROUTES[0]};
  bad[0].permission = NULL;
  bad[1].permission = "unheard_of";
  bad[2].what = "";
  bad[3].grouped = true;
  for (size_t i = 0; i < COUNT_OF(bad); i++) CHECK_FAILS(FAILED, routes_check(cx, &(RouteTable){&bad[i], 1}, 1, known));
  Route twice[] = {ROUTES[0], ROUTES[0]};
  CHECK_FAILS(FAILED, routes_check(cx, &(RouteTable){twice, 2}, 1, known));
}

TEST(routes_yield_openapi_and_a_typescript_client) {
  Json *json;
  Str text = openapi_json(cx, &TABLE, 1);
  CHECK_OK(json_parse(cx, text, &json));
  CHECK_STR(json_text(json, "openapi"), STR("3.1.0"));
  const Json *path = json_get(json_get(json, "paths"), "/api/people");
  CHECK(json_get(path, "get") && json_get(path, "post"));
  CHECK_STR(json_text(json_get(path, "post"), "x-permission"), STR("people_write"));
  CHECK(json_get(json_get(json_get(json, "components"), "schemas"), "Person") != NULL);
  CHECK(json_get(json_get(json_get(json, "components"), "schemas"), "People") != NULL);
  Str client = openapi_typescript(cx, &TABLE, 1);
  CHECK(str_find(client, STR("export function person_add(body: { name: string; age?: number; mode?: 'new' | 'old'")) >
        0);
  CHECK(str_find(client, STR("export function person_paper(id: string, number: string): string")) > 0);
  CHECK(str_find(client, STR("people: Person[]")) > 0);
  CHECK(str_find(client, STR("| 'stale'")) > 0);
}

TEST(cookies_are_read_exactly_by_name) {
  CHECK_STR(cookie_value(STR("a=1; __Host-anju=xyz; b=2"), STR("__Host-anju")), STR("xyz"));
  CHECK_STR(cookie_value(STR("x__Host-anju=bad"), STR("__Host-anju")), STR(""));
  CHECK_STR(cookie_value(STR("anju=first;anju=second"), STR("anju")), STR("first"));
  CHECK_STR(cookie_value(STR(""), STR("anju")), STR(""));
  CHECK_STR(cookie_value(STR("anju"), STR("anju")), STR(""));
  CHECK_STR(cookie_value(STR("anju=a=b"), STR("anju")), STR("a=b"));
}

TEST(problems_carry_code_status_and_sentence) {
  Json *json = problem_json(cx->arena, STALE, STR("别人已经处理"));
  CHECK_INT(json_int(json, "status", 0), 409);
  CHECK_STR(json_text(json, "code"), STR("stale"));
  CHECK_STR(json_text(json, "detail"), STR("别人已经处理"));
}

TEST(deep_links_get_the_nearest_index_page_but_missing_files_do_not) {
  StaticFile items[] = {{.path = STR("/index.html")}, {.path = STR("/o/index.html")}, {.path = STR("/assets/a.js")}};
  StaticFiles files = {items, COUNT_OF(items)};
  CHECK(static_find(&files, STR("/")) == &items[0]);
  CHECK(static_find(&files, STR("/o/differences/1")) == &items[1]);
  CHECK(static_find(&files, STR("/assets/a.js")) == &items[2]);
  CHECK(static_find(&files, STR("/assets/b.js")) == NULL);
  CHECK(static_find(&files, STR("/../etc/passwd.txt")) == NULL);
  CHECK(strcmp(static_type(STR("/a.wasm")), "application/wasm") == 0);
}
