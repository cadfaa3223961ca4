/* http: the server. Owns: sockets, limits, routes as tables, checking bodies and queries, problem+json, static files,
 * OpenAPI and the TypeScript client. Knows nothing of counties: who may do what is asked through `admit`. May include:
 * base, crypto.
 *
 * A request: the pool thread of libmicrohttpd reads headers (admit), then the body (JSON up to the route's limit, an
 * upload into a temporary file), then hands it to a lane and suspends the connection. A lane is a queue with threads of
 * its own, so that no slow handler keeps other connections waiting; LANE_WRITE has one thread, and everything `grouped`
 * that queued up during the last commit is the next commit. Memory of a request lives in its own arena until the answer
 * is sent. */
#pragma once
#include "base/base.h"

/* ---- fields and shapes: what bodies, queries and answers look like ---- */
typedef enum FieldType {
  FIELD_TEXT,   /* least..most: characters */
  FIELD_INT,    /* least..most: value */
  FIELD_BOOL,   /* in a query: true | false */
  FIELD_CHOICE, /* one of `choices` */
  FIELD_TEXTS,  /* array of texts; least..most: how many */
  FIELD_COUNTS, /* object of integers */
  FIELD_OBJECT, /* of `shape` */
  FIELD_ARRAY   /* of `shape` */
} FieldType;
typedef struct Shape Shape;
typedef struct Field {
  const char *name;
  FieldType type;
  bool required;
  int64_t least, most;
  const char *choices; /* "csv|xlsx" */
  const Shape *shape;
  const char *what; /* one sentence */
} Field;
struct Shape {
  const char *name; /* "Difference": the TypeScript interface's name */
  const Field *fields;
  size_t count;
};
#define SHAPE(title, array) \
  { title, array, COUNT_OF(array) }
#define FIELDS(array) array, COUNT_OF(array)

/* ---- routes ---- */
typedef enum Lane { LANE_READ, LANE_WRITE, LANE_PASSWORD, LANE_LONG, LANE_COUNT } Lane;
typedef struct Request Request;
typedef struct Response Response;
typedef Status Handler(Context *cx, Request *request, Response *response);
enum { PARAM_LIMIT = 4, BODY_MOST = 64 * 1024, UPLOAD_MOST = 200 << 20 };
#define PERMISSION_PUBLIC "public" /* nobody needs to be logged in */
#define PERMISSION_LOGIN "login"   /* anybody who is */

typedef struct Route {
  const char *name;          /* "difference_decide": OpenAPI's operationId, the client's function */
  const char *method, *path; /* "/api/differences/{id}/decision" */
  const char *permission;
  Handler *run;
  Lane lane;
  bool grouped; /* LANE_WRITE: may share a commit with others (appends at most one entry, as its last act) */
  bool upload;  /* the body is a file */
  bool quiet;   /* asking again and again does not keep a session alive */
  const Field *body;
  size_t body_count;
  const Field *query;
  size_t query_count;
  const Shape *returns; /* NULL: no JSON (a file, or 204) */
  const char *file;     /* the answer is a file of this type */
  const char *what;     /* one sentence */
} Route;
typedef struct RouteTable {
  const Route *routes;
  size_t count;
} RouteTable;

struct Request {
  const Route *route;
  Str path, params[PARAM_LIMIT]; /* in the order of the path's {names} */
  const Json *body, *query;      /* checked against the route's fields; query values have their types */
  const char *upload;            /* path of the temporary file, gone after the answer */
  int64_t upload_size;
  Str cookie, origin, host, fetch_site, address;
  bool csrf_header; /* X-Anju: 1 */
  bool secure;      /* TLS is in front */
  void *app;        /* ServerConfig.app */
  void *worker;     /* what the lane's thread holds (ServerLane.start) */
  void *caller;     /* set by admit: who asks */
};

struct Response {
  int status;       /* 0: 200, or 204 if there is no content */
  Json *json;       /* or */
  Str text;         /* with `type` */
  const char *type; /* "text/csv; charset=utf-8" */
  int file;         /* a file descriptor, closed by the server; 0 none */
  Str download;     /* file name offered */
  Str set_cookie;
  Json *extra;     /* members added to a problem */
  int retry_after; /* seconds, 0 none */
};

/* Path of a route against a path: fills params. */
bool route_match(const char *pattern, Str path, Str params[PARAM_LIMIT]);
/* The route, or NOT_FOUND, or BAD_METHOD if the path has other methods. */
MUST_CHECK Status route_find(Context *cx, const RouteTable *tables, size_t table_count, Str method, Str path,
                             const Route **ret_route, Str params[PARAM_LIMIT]);
/* Unknown, missing, doubled, mistyped or too long fields: BAD_VALUE naming the field. */
MUST_CHECK Status fields_check(Context *cx, const Json *object, const Field *fields, size_t count);
/* One query value turned into its type. */
MUST_CHECK Status query_value(Context *cx, const Field *fields, size_t count, Str name, Str text, Json *query);
/* Routes that cannot work: no permission, no sentence, an unknown permission, a field doubled, a name used twice. */
MUST_CHECK Status routes_check(Context *cx, const RouteTable *tables, size_t table_count,
                               bool (*known)(Str permission));

/* Any JSON, in the order in which it was built. */
void json_dump(Buf *buf, const Json *json);
Json *problem_json(Arena *arena, Status status, Str sentence);
Str openapi_json(Context *cx, const RouteTable *tables, size_t table_count);
Str openapi_typescript(Context *cx, const RouteTable *tables, size_t table_count);

/* ---- cookies and headers ---- */
Str cookie_value(Str header, Str name); /* "" when absent; the first of several counts */

/* ---- the server ---- */
typedef struct ServerLane {
  unsigned threads;
  /* In the thread itself; what it returns is Request.worker. NULL: none. */
  Status (*start)(Context *cx, void *app, void **ret_worker);
  void (*stop)(void *worker);
  Status (*begin)(Context *cx, void *worker); /* LANE_WRITE: around what is grouped */
  Status (*commit)(Context *cx, void *worker);
  void (*rollback)(void *worker);
} ServerLane;
typedef struct ServerConfig {
  const char *host;    /* 127.0.0.1, ::1, 0.0.0.0 ... */
  uint16_t port;       /* 0: the kernel chooses */
  const char *origin;  /* "https://anju.example" where TLS is in front, NULL none */
  const char *web;     /* folder of static files, NULL none */
  const char *scratch; /* folder for uploads */
  const RouteTable *tables;
  size_t table_count;
  void *app;
  ServerLane lanes[LANE_COUNT];
  /* In a pool thread, from headers only, before the body is read; must not block. */
  Status (*admit)(Context *cx, Request *request, Response *response);
  /* In the lane's thread, before the handler. */
  Status (*enter)(Context *cx, Request *request);
  void (*leave)(Request *request); /* after the handler, whatever happened */
  void (*log)(const char *line);   /* of answers that are our own fault (5xx) */
} ServerConfig;
typedef struct Server Server;
MUST_CHECK Status server_start(Context *cx, const ServerConfig *config, Server **ret_server);
uint16_t server_port(const Server *server);
/* No new connections; requests under way get their answer (waits at most `wait_ms`); then everything is ended. */
void server_stop(Server *server, int wait_ms);
/* From a lane's handler: runs `work` in LANE_WRITE's thread and waits for it. */
MUST_CHECK Status server_write(Context *cx, bool grouped, Status (*work)(Context *cx, void *worker, void *user),
                               void *user);
