#include "app/app.h"

static const Field HEALTH_FIELDS[] = {{.name = "status", .required = true, .what = "ok"},
                                      {.name = "version", .required = true, .what = "程序版本"}};
static const Shape HEALTH = SHAPE("Health", HEALTH_FIELDS);

static Status health(Context *cx, Request *rq, Response *response) {
  (void)rq;
  response->json = json_new_object(cx->arena);
  json_set_text(cx->arena, response->json, "status", STR("ok"));
  json_set_text(cx->arena, response->json, "version", STR(ANJU_VERSION));
  return OK;
}

static Status openapi(Context *cx, Request *rq, Response *response) {
  (void)rq;
  RouteTable tables[APP_TABLES];
  size_t count = app_route_tables(tables);
  response->text = openapi_json(cx, tables, count);
  response->type = "application/json";
  return OK;
}

/* clang-format off */
static const Route ROUTES[] = {
    {.name = "health", .method = "GET", .path = "/api/health", .permission = PERMISSION_PUBLIC, .run = health, .quiet = true, .returns = &HEALTH,
     .what = "服务器是否在工作"},
    {.name = "openapi", .method = "GET", .path = "/api/openapi.json", .permission = PERMISSION_PUBLIC, .run = openapi, .quiet = true,
     .file = "application/json", .what = "本接口的说明（OpenAPI 3.1）"},
};
/* clang-format on */
const RouteTable APP_ROUTES = {ROUTES, COUNT_OF(ROUTES)};

size_t app_route_tables(RouteTable tables[APP_TABLES]) {
  const RouteTable all[APP_TABLES] = {APP_ROUTES, ACCOUNT_ROUTES, ROSTER_ROUTES};
  memcpy(tables, all, sizeof all);
  return APP_TABLES;
}
