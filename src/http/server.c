#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/file.h"
#include "http/internal.h"

enum {
  POOL_THREADS = 4,
  CONNECTIONS = 1024,
  CONNECTIONS_PER_ADDRESS = 768, /* a county sits behind one address of its proxy */
  MEMORY_PER_CONNECTION = 64 * 1024,
  IDLE_SECONDS = 10,
  HEADER_SECONDS = 20,
  BODY_SECONDS = 30,
  UPLOAD_SECONDS = 900,
  HEADER_COUNT_MOST = 64,
  ANSWER_SECONDS = 900
};

typedef struct Connection { /* one TCP connection, for deadlines */
  struct Connection *next, *previous;
  int socket;
  int64_t deadline; /* 0 none */
  bool ended;
} Connection;

typedef struct Call {
  Job job;
  Context cx;
  Server *server;
  struct MHD_Connection *connection;
  Connection *track;
  Request request;
  Response response;
  Buf body;
  int upload; /* file descriptor, -1 none */
  const StaticFile *page;
  bool head, refused, dispatched, done;
  Status status;
  Str if_none_match;
  bool gzip;
} Call;

struct Server {
  Arena *arena;
  ServerConfig config;
  StaticFiles files;
  struct MHD_Daemon *daemon;
  Lanes *lanes;
  uint16_t port;
  atomic_int active; /* calls without an answer yet */
  atomic_bool ending;
  pthread_mutex_t mutex;
  Connection *connections;
  pthread_t sweeper;
  bool sweeping;
};
static Server *the_server; /* server_write finds the writing lane by it */

/* ---- deadlines: a client that dribbles headers or body is cut off, however alive it looks ---- */
static void set_deadline(Call *call, int seconds) {
  pthread_mutex_lock(&call->server->mutex);
  if (call->track) call->track->deadline = seconds ? stamp_monotonic() + (int64_t)seconds * 1000000 : 0;
  pthread_mutex_unlock(&call->server->mutex);
}

static void on_connection(void *user, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code) {
  Server *server = user;
  pthread_mutex_lock(&server->mutex);
  if (code == MHD_CONNECTION_NOTIFY_STARTED) {
    Connection *track = calloc(1, sizeof *track);
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (track && info) {
      *track = (Connection){.next = server->connections, .socket = info->connect_fd};
      track->deadline = stamp_monotonic() + (int64_t)HEADER_SECONDS * 1000000;
      if (track->next) track->next->previous = track;
      server->connections = track;
      *socket_context = track;
    } else {
      free(track);
    }
  } else if (*socket_context) {
    Connection *track = *socket_context;
    if (track->previous)
      track->previous->next = track->next;
    else
      server->connections = track->next;
    if (track->next) track->next->previous = track->previous;
    free(track);
    *socket_context = NULL;
  }
  pthread_mutex_unlock(&server->mutex);
}

static void *sweep(void *user) {
  Server *server = user;
  while (!atomic_load(&server->ending)) {
    nanosleep(&(struct timespec){0, 250000000}, NULL);
    int64_t now = stamp_monotonic();
    pthread_mutex_lock(&server->mutex);
    for (Connection *track = server->connections; track; track = track->next)
      if (track->deadline && track->deadline < now && !track->ended) {
        track->ended = true;
        shutdown(track->socket, SHUT_RDWR);
      }
    pthread_mutex_unlock(&server->mutex);
  }
  return NULL;
}

/* ---- answers ---- */
static void add_header(struct MHD_Response *response, const char *name, const char *value) {
  if (MHD_add_response_header(response, name, value) != MHD_YES) return; /* memory is out: the answer goes without */
}

static void add_common_headers(const Call *call, struct MHD_Response *response) {
  add_header(response, "X-Content-Type-Options", "nosniff");
  add_header(response, "Referrer-Policy", "same-origin");
  add_header(response, "Cross-Origin-Opener-Policy", "same-origin");
  add_header(response, "Cross-Origin-Resource-Policy", "same-origin");
  add_header(response, "X-Frame-Options", "DENY");
  add_header(response, "Permissions-Policy", "camera=(self), geolocation=(self), microphone=()");
  add_header(
      response, "Content-Security-Policy",
      "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' "
      "blob: data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'");
  if (call->request.secure) add_header(response, "Strict-Transport-Security", "max-age=31536000");
}

static enum MHD_Result queue(Call *call, unsigned status, struct MHD_Response *response) {
  add_common_headers(call, response);
  if (atomic_load(&call->server->ending)) add_header(response, "Connection", "close");
  set_deadline(call, ANSWER_SECONDS);
  enum MHD_Result result = MHD_queue_response(call->connection, status, response);
  MHD_destroy_response(response);
  return result;
}

static struct MHD_Response *copied(Str text) {
  return MHD_create_response_from_buffer(text.size, (void *)(uintptr_t)text.data, MHD_RESPMEM_MUST_COPY);
}

/* Names and codes only: a sentence may hold what people typed. */
static void log_failure(const Call *call) {
  const ServerConfig *config = &call->server->config;
  char line[200];
  if (status_http(call->status) < 500 || call->status == BUSY || !config->log) return;
  snprintf(line, sizeof line, "%s: %s", call->request.route ? call->request.route->name : "page",
           status_code(call->status));
  config->log(line);
}

static enum MHD_Result answer_problem(Call *call) {
  log_failure(call);
  Buf buf = buf_new(call->cx.arena);
  Json *json = problem_json(call->cx.arena, call->status, call->cx.error.sentence);
  if (call->response.extra) json_set(call->cx.arena, json, "more", call->response.extra);
  json_dump(&buf, json);
  struct MHD_Response *response = copied(buf_str(&buf));
  add_header(response, "Content-Type", "application/problem+json");
  add_header(response, "Cache-Control", "no-store");
  if (call->response.set_cookie.size)
    add_header(response, "Set-Cookie", str_c(call->cx.arena, call->response.set_cookie));
  if (call->response.retry_after)
    add_header(response, "Retry-After",
               str_c(call->cx.arena, str_format(call->cx.arena, "%d", call->response.retry_after)));
  if (call->refused && !call->dispatched) add_header(response, "Connection", "close"); /* a body may still be coming */
  return queue(call, (unsigned)status_http(call->status), response);
}

/* RFC 6266: file names in Chinese. */
static Str disposition(Arena *arena, Str name) {
  Buf buf = buf_new(arena);
  buf_add(&buf, STR("attachment; filename*=UTF-8''"));
  for (size_t i = 0; i < name.size; i++) {
    unsigned char c = (unsigned char)name.data[i];
    bool plain =
        (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' || c == '-' || c == '_';
    plain ? buf_add_byte(&buf, (char)c) : buf_addf(&buf, "%%%x%x", c >> 4, c & 15);
  }
  return buf_str(&buf);
}

static enum MHD_Result answer_content(Call *call) {
  Response *r = &call->response;
  Arena *arena = call->cx.arena;
  struct MHD_Response *response = NULL;
  const char *type = r->type ? r->type : "application/json";
  struct stat info;
  unsigned status = r->status ? (unsigned)r->status : 200;
  if (r->json) {
    Buf buf = buf_new(arena);
    json_dump(&buf, r->json);
    response = copied(buf_str(&buf));
  } else if (r->file > 0) {
    if (fstat(r->file, &info) == 0) {
      response = MHD_create_response_from_fd64((uint64_t)info.st_size, r->file); /* takes the descriptor over */
      r->file = 0;
    }
  } else {
    if (!r->type && !r->status) status = 204;
    response = copied(r->text);
  }
  if (!response) {
    call->status = fail(&call->cx, FAILED, "内存不足，答复没有送出。");
    return answer_problem(call);
  }
  if (status != 204) add_header(response, "Content-Type", type);
  add_header(response, "Cache-Control", "no-store");
  if (r->download.size) add_header(response, "Content-Disposition", str_c(arena, disposition(arena, r->download)));
  if (r->set_cookie.size) add_header(response, "Set-Cookie", str_c(arena, r->set_cookie));
  return queue(call, status, response);
}

static enum MHD_Result answer_page(Call *call) {
  const StaticFile *page = call->page;
  bool same = str_find(call->if_none_match, page->etag) >= 0, gzip = call->gzip && page->gzip.size;
  Str bytes = same ? STR_EMPTY : gzip ? page->gzip : page->bytes;
  struct MHD_Response *response =
      MHD_create_response_from_buffer(bytes.size, (void *)(uintptr_t)bytes.data, MHD_RESPMEM_PERSISTENT);
  add_header(response, "Content-Type", page->type);
  add_header(response, "ETag", str_c(call->cx.arena, page->etag));
  add_header(response, "Vary", "Accept-Encoding");
  add_header(response, "Cache-Control", page->immutable ? "public, max-age=31536000, immutable" : "no-cache");
  if (gzip && !same) add_header(response, "Content-Encoding", "gzip");
  return queue(call, same ? 304 : 200, response);
}

static enum MHD_Result answer(Call *call) {
  if (call->status != OK) return answer_problem(call);
  return call->page ? answer_page(call) : answer_content(call);
}

/* ---- reading a request ---- */
typedef struct Headers {
  Call *call;
  int64_t length; /* -1 none */
  int lengths, hosts, encodings, count;
  bool bad;
  Str content_type, forwarded;
} Headers;

static Str call_copy(Call *call, const char *data, size_t size) { return str_copy(call->cx.arena, (Str){data, size}); }

static enum MHD_Result each_header(void *user, enum MHD_ValueKind kind, const char *key, size_t key_size,
                                   const char *value, size_t size) {
  (void)kind;
  Headers *h = user;
  Call *call = h->call;
  Request *rq = &call->request;
  if (++h->count > HEADER_COUNT_MOST || memchr(key, 0, key_size) || (value && memchr(value, 0, size))) h->bad = true;
  if (!value) value = "", size = 0;
  const struct {
    const char *name;
    Str *slot;
  } kept[] = {{"Cookie", &rq->cookie},
              {"Origin", &rq->origin},
              {"Host", &rq->host},
              {"Sec-Fetch-Site", &rq->fetch_site},
              {"Content-Type", &h->content_type},
              {"If-None-Match", &call->if_none_match},
              {"X-Forwarded-For", &h->forwarded}};
  for (size_t i = 0; i < COUNT_OF(kept); i++)
    if (strcasecmp(key, kept[i].name) == 0) *kept[i].slot = call_copy(call, value, size);
  if (strcasecmp(key, "Content-Length") == 0) {
    if (h->lengths++ || size == 0 || value[0] < '0' || value[0] > '9' || !str_int64((Str){value, size}, &h->length))
      h->bad = true;
  }
  if (strcasecmp(key, "Host") == 0 && h->hosts++) h->bad = true;
  if (strcasecmp(key, "Transfer-Encoding") == 0) h->encodings++;
  if (strcasecmp(key, "X-Anju") == 0) rq->csrf_header = size == 1 && value[0] == '1';
  if (strcasecmp(key, "Accept-Encoding") == 0) call->gzip = str_find((Str){value, size}, STR("gzip")) >= 0;
  return MHD_YES;
}

typedef struct QueryReading {
  Call *call;
  Json *query;
  Status status;
} QueryReading;

static enum MHD_Result each_query(void *user, enum MHD_ValueKind kind, const char *key, size_t key_size,
                                  const char *value, size_t size) {
  (void)kind;
  QueryReading *q = user;
  Call *call = q->call;
  if (q->status != OK) return MHD_NO;
  q->status = query_value(&call->cx, call->request.route->query, call->request.route->query_count,
                          call_copy(call, key, key_size), value ? call_copy(call, value, size) : STR_EMPTY, q->query);
  return MHD_YES;
}

static void peer_address(Call *call, Str forwarded) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(call->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  char text[INET6_ADDRSTRLEN + 1] = "";
  bool local = false;
  if (info && info->client_addr->sa_family == AF_INET) {
    const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)info->client_addr;
    inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
    local = (ntohl(in->sin_addr.s_addr) >> 24) == 127;
  } else if (info && info->client_addr->sa_family == AF_INET6) {
    const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)(const void *)info->client_addr;
    inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof text);
    local = IN6_IS_ADDR_LOOPBACK(&in->sin6_addr);
  }
  call->request.address = call_copy(call, text, strlen(text));
  if (call->server->config.origin && local && forwarded.size) { /* what our own proxy has seen: the last one */
    size_t from = forwarded.size;
    while (from > 0 && forwarded.data[from - 1] != ',') from--;
    call->request.address = str_trim(str_sub(forwarded, from, forwarded.size));
  }
}

static Status check_body_headers(Call *call, const Headers *h) {
  Context *cx = &call->cx;
  const Route *route = call->request.route;
  int64_t most = route->upload ? UPLOAD_MOST : route->body_count ? BODY_MOST : 0;
  if (h->length > 0 && most == 0) return fail(cx, TOO_LARGE, "这个地址不收内容。");
  if (h->length > most)
    return fail(cx, TOO_LARGE, "送来的内容有 %lld 字节，这里最多收 %lld 字节。", (long long)h->length, (long long)most);
  if ((route->upload || route->body_count) && h->length < 0)
    return fail(cx, LENGTH_NEEDED, "请求没有写明内容的长度（Content-Length）。");
  if (route->body_count && !str_starts(h->content_type, STR("application/json")))
    return fail(cx, BAD_TYPE, "这个地址只收 application/json。");
  return OK;
}

static Status open_upload(Call *call) {
  Context *cx = &call->cx;
  Str path = str_format(cx->arena, "%s/upload-XXXXXX", call->server->config.scratch);
  char *name = (char *)(uintptr_t)path.data;
  call->upload = mkostemp(name, O_CLOEXEC);
  if (call->upload < 0) return file_fail(cx, errno, "写入", name);
  call->request.upload = name;
  return OK;
}

/* Everything that can be judged before the body comes. */
static Status begin_call(Call *call, const char *url, const char *method) {
  Context *cx = &call->cx;
  Server *server = call->server;
  Request *rq = &call->request;
  Headers h = {.call = call, .length = -1};
  MHD_get_connection_values_n(call->connection, MHD_HEADER_KIND, each_header, &h);
  rq->path = call_copy(call, url, strlen(url));
  rq->app = server->config.app;
  rq->secure = server->config.origin != NULL;
  peer_address(call, h.forwarded);
  if (h.bad || (h.encodings && h.lengths)) return fail(cx, BAD_USAGE, "请求的标头不合格。");
  if (h.encodings) return fail(cx, LENGTH_NEEDED, "请求必须写明内容的长度（Content-Length），不能分块发送。");
  if (!str_utf8_valid(rq->path)) return fail(cx, BAD_USAGE, "地址不是合格的 UTF-8。");
  if (atomic_load(&server->ending)) return fail(cx, BUSY, "服务器正在停止，请稍后再试。");
  bool api = str_starts(rq->path, STR("/api/"));
  call->head = strcmp(method, "HEAD") == 0;
  if (!api) {
    if (strcmp(method, "GET") != 0 && !call->head) return fail(cx, BAD_METHOD, "网页文件只能读取。");
    call->page = static_find(&server->files, rq->path);
    if (call->page) return OK;
    if (!str_equal(rq->path, STR("/"))) return fail(cx, NOT_FOUND, "没有这个网页。");
    call->response = (Response){.text = str_from(PLACEHOLDER_PAGE), .type = "text/html; charset=utf-8"};
    return OK;
  }
  TRY(route_find(cx, server->config.tables, server->config.table_count, str_from(call->head ? "GET" : method), rq->path,
                 &rq->route, rq->params));
  TRY(server->config.admit(cx, rq, &call->response));
  TRY(check_body_headers(call, &h));
  QueryReading q = {call, json_new_object(cx->arena), OK};
  MHD_get_connection_values_n(call->connection, MHD_GET_ARGUMENT_KIND, each_query, &q);
  TRY(q.status);
  rq->query = q.query;
  for (size_t i = 0; i < rq->route->query_count; i++)
    if (rq->route->query[i].required && !json_get(rq->query, rq->route->query[i].name))
      return fail(cx, BAD_VALUE, "地址里缺少参数“%s”：%s", rq->route->query[i].name, rq->route->query[i].what);
  if (rq->route->upload) TRY(open_upload(call));
  set_deadline(call, rq->route->upload ? UPLOAD_SECONDS : BODY_SECONDS);
  return OK;
}

static Status take_body(Call *call, const char *data, size_t size) {
  Context *cx = &call->cx;
  const Route *route = call->request.route;
  if (!route || (!route->upload && !route->body_count)) return fail(cx, BAD_USAGE, "这个地址不收内容。");
  if (route->upload) {
    call->request.upload_size += (int64_t)size;
    if (call->request.upload_size > UPLOAD_MOST) return fail(cx, TOO_LARGE, "送来的文件太大。");
    for (size_t at = 0; at < size;) {
      ssize_t put = write(call->upload, data + at, size - at);
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return file_fail(cx, errno, "写入", "送来的文件");
      at += (size_t)put;
    }
    return OK;
  }
  if (call->body.size + size > BODY_MOST) return fail(cx, TOO_LARGE, "送来的内容太大。");
  buf_add(&call->body, (Str){data, size});
  return OK;
}

static Status end_body(Call *call) {
  Context *cx = &call->cx;
  const Route *route = call->request.route;
  Json *body = json_new_object(cx->arena);
  if (route->body_count) {
    TRY(json_parse(cx, buf_str(&call->body), &body));
    TRY(fields_check(cx, body, route->body, route->body_count));
  }
  if (route->upload && call->request.upload_size == 0) return fail(cx, BAD_VALUE, "送来的文件是空的。");
  call->request.body = body;
  return OK;
}

/* ---- lanes ---- */
static Status run_job(Context *cx, Job *job, void *worker) {
  Call *call = (Call *)job;
  call->request.worker = worker;
  Status status = call->server->config.enter ? call->server->config.enter(cx, &call->request) : OK;
  if (status == OK) status = call->request.route->run(cx, &call->request, &call->response);
  if (call->server->config.leave) call->server->config.leave(&call->request);
  return status;
}

static void end_job(Job *job, Status status, Context *cx) {
  (void)cx;
  Call *call = (Call *)job;
  call->status = status;
  call->done = true;
  MHD_resume_connection(call->connection);
}

static enum MHD_Result dispatch(Call *call) {
  call->dispatched = true;
  set_deadline(call, 0); /* while we work, the client may be silent */
  call->job = (Job){.grouped = call->request.route->grouped, .run = run_job, .done = end_job, .cx = &call->cx};
  MHD_suspend_connection(call->connection);
  if (!lanes_add(call->server->lanes, call->request.route->lane, &call->job)) {
    call->status = fail(&call->cx, BUSY, "服务器正忙，请稍后再试。");
    call->done = true;
    MHD_resume_connection(call->connection);
  }
  return MHD_YES;
}

/* ---- libmicrohttpd's callbacks ---- */
static Call *new_call(Server *server, struct MHD_Connection *connection) {
  Arena *arena = arena_new();
  if (!arena) return NULL;
  Call *call = arena_one(arena, Call);
  *call = (Call){.cx = {arena, {OK, STR_EMPTY}}, .server = server, .connection = connection, .upload = -1};
  call->body = buf_new(arena);
  call->request.cookie = call->request.origin = call->request.host = call->request.fetch_site = STR_EMPTY;
  call->if_none_match = call->response.text = call->response.download = call->response.set_cookie = STR_EMPTY;
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  if (info) call->track = info->socket_context;
  atomic_fetch_add(&server->active, 1);
  return call;
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *data, size_t *size, void **state) {
  (void)version;
  Server *server = user;
  Call *call = *state;
  if (!call) {
    call = *state = new_call(server, connection);
    if (!call) return MHD_NO;
    call->status = begin_call(call, url, method);
    if (call->status == OK) return MHD_YES;
    call->refused = true;
    return answer(call); /* before the body: it is not read at all */
  }
  if (call->done) return answer(call);
  if (*size > 0) {
    if (call->status == OK) call->status = take_body(call, data, *size);
    *size = 0;
    return MHD_YES;
  }
  if (call->status == OK && call->request.route) call->status = end_body(call);
  if (call->status != OK || !call->request.route) return answer(call);
  return dispatch(call);
}

static void on_completed(void *user, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code) {
  (void)connection;
  (void)code;
  Server *server = user;
  Call *call = *state;
  if (!call) return;
  set_deadline(call, HEADER_SECONDS + IDLE_SECONDS); /* for the next request of this connection */
  if (call->upload >= 0) {
    close(call->upload);
    unlink(call->request.upload);
  }
  if (call->response.file > 0) close(call->response.file);
  Arena *arena = call->cx.arena;
  *state = NULL;
  arena_free(arena);
  atomic_fetch_sub(&server->active, 1);
}

/* ---- starting and stopping ---- */
static Status open_socket(Context *cx, const ServerConfig *config, int *ret_socket) {
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_PASSIVE},
                  *found;
  char port[8];
  snprintf(port, sizeof port, "%u", (unsigned)config->port);
  if (getaddrinfo(config->host, port, &hints, &found) != 0)
    return fail(cx, BAD_USAGE, "“%s”不是可用的地址；请写 IP 地址，例如 127.0.0.1:8470。", config->host);
  int one = 1, listening = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  bool fine = listening >= 0 && setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
              bind(listening, found->ai_addr, found->ai_addrlen) == 0 && listen(listening, 512) == 0;
  int error = errno;
  freeaddrinfo(found);
  if (fine) {
    *ret_socket = listening;
    return OK;
  }
  if (listening >= 0) close(listening);
  return error == EADDRINUSE ? fail(cx, BUSY, "%s:%u 已被别的程序占用；请用 --listen 换一个端口。", config->host,
                                    (unsigned)config->port)
                             : fail(cx, INPUT_OUTPUT, "不能在 %s:%u 上监听（%s）。", config->host,
                                    (unsigned)config->port, strerror(error));
}

static Status start_daemon(Context *cx, Server *server) {
  int listening;
  TRY(open_socket(cx, &server->config, &listening));
  struct sockaddr_storage bound = {0};
  socklen_t size = sizeof bound;
  if (getsockname(listening, (struct sockaddr *)(void *)&bound, &size) == 0)
    server->port = ntohs(bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)(void *)&bound)->sin6_port
                                                     : ((struct sockaddr_in *)(void *)&bound)->sin_port);
  unsigned flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME;
  if (bound.ss_family == AF_INET6) flags |= MHD_USE_IPv6;
  server->daemon =
      MHD_start_daemon(flags, server->port, NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET, listening,
                       MHD_OPTION_THREAD_POOL_SIZE, (unsigned)POOL_THREADS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                       (size_t)MEMORY_PER_CONNECTION, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
                       MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
                       (unsigned)CONNECTIONS_PER_ADDRESS, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_COMPLETED,
                       on_completed, server, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_END);
  if (server->daemon) return OK;
  close(listening);
  return fail(cx, FAILED, "不能启动网页服务。");
}

Status server_start(Context *cx, const ServerConfig *config, Server **ret_server) {
  Arena *arena = arena_new();
  Server *server = arena_one(arena, Server);
  *server = (Server){.arena = arena, .config = *config};
  pthread_mutex_init(&server->mutex, NULL);
  Context own = {arena, {OK, STR_EMPTY}};
  Status status = static_load(&own, config->web, &server->files);
  if (status == OK) status = lanes_start(&own, server->config.lanes, config->app, &server->lanes);
  if (status == OK) status = start_daemon(&own, server);
  if (status == OK) {
    the_server = server;
    server->sweeping = pthread_create(&server->sweeper, NULL, sweep, server) == 0;
    *ret_server = server;
    return OK;
  }
  fail(cx, status, STR_FMT, STR_ARG(own.error.sentence));
  server_stop(server, 0);
  return status;
}

uint16_t server_port(const Server *server) { return server->port; }

void server_stop(Server *server, int wait_ms) {
  if (!server) return;
  int listening = server->daemon ? MHD_quiesce_daemon(server->daemon) : -1;
  if (listening >= 0) close(listening);
  for (int waited = 0; atomic_load(&server->active) > 0 && waited < wait_ms; waited += 20)
    nanosleep(&(struct timespec){0, 20000000}, NULL);
  atomic_store(&server->ending, true);
  if (server->sweeping) pthread_join(server->sweeper, NULL);
  if (server->lanes) lanes_stop(server->lanes); /* every suspended connection is resumed */
  if (server->daemon) MHD_stop_daemon(server->daemon);
  if (the_server == server) the_server = NULL;
  pthread_mutex_destroy(&server->mutex);
  arena_free(server->arena);
}

/* ---- writing from another lane ---- */
typedef struct Writing {
  Job job;
  Status (*work)(Context *cx, void *worker, void *user);
  void *user;
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  bool done;
  Status status;
} Writing;

static Status run_writing(Context *cx, Job *job, void *worker) {
  Writing *writing = (Writing *)job;
  return writing->work(cx, worker, writing->user);
}

static void end_writing(Job *job, Status status, Context *cx) {
  (void)cx;
  Writing *writing = (Writing *)job;
  pthread_mutex_lock(&writing->mutex);
  writing->status = status;
  writing->done = true;
  pthread_cond_signal(&writing->changed);
  pthread_mutex_unlock(&writing->mutex);
}

Status server_write(Context *cx, bool grouped, Status (*work)(Context *cx, void *worker, void *user), void *user) {
  Writing writing = {
      .job = {.grouped = grouped, .run = run_writing, .done = end_writing, .cx = cx}, .work = work, .user = user};
  pthread_mutex_init(&writing.mutex, NULL);
  pthread_cond_init(&writing.changed, NULL);
  if (!the_server || !lanes_add(the_server->lanes, LANE_WRITE, &writing.job))
    return fail(cx, BUSY, "服务器正忙，请稍后再试。");
  pthread_mutex_lock(&writing.mutex);
  while (!writing.done) pthread_cond_wait(&writing.changed, &writing.mutex);
  pthread_mutex_unlock(&writing.mutex);
  pthread_mutex_destroy(&writing.mutex);
  pthread_cond_destroy(&writing.changed);
  return writing.status;
}
