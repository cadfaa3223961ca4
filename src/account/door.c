#include <fcntl.h>
#include <unistd.h>
#include "account/account.h"
#include "account/door_internal.h"
#include "base/file.h"

Status door_open(Context *cx, const char *folder, const char *origin, Door *ret_door) {
  const char *path = path_join(cx->arena, folder, "audit.log");
  Door door = {.sessions = sessions_new(), .origin = origin, .folder = folder};
  if (!door.sessions) return fail(cx, FAILED, "内存不足，不能启动服务器。");
  door.audit = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (door.audit < 0) {
    sessions_free(door.sessions);
    return fail(cx, INPUT_OUTPUT, "不能写入“%s”，请检查权限。", path);
  }
  *ret_door = door;
  return OK;
}

void door_close(Door *door) {
  sessions_free(door->sessions);
  if (door->audit >= 0) close(door->audit);
}

/* One line, one write: lines of several threads do not mix. */
void audit_log(Context *cx, const Door *door, const char *event, Str account, Str address) {
  Buf buf = buf_new(cx->arena);
  buf_addf(&buf,
           "{\"time\":\"" STR_FMT "\",\"event\":\"%s\",\"account\":", STR_ARG(stamp_format(cx->arena, stamp_now())),
           event);
  json_write_string(&buf, account);
  buf_add(&buf, STR(",\"address\":"));
  json_write_string(&buf, address);
  buf_add(&buf, STR("}\n"));
  ssize_t ignored = write(door->audit, buf.data, buf.size);
  (void)ignored;
}

const char *door_cookie_name(bool secure) { return secure ? "__Host-anju" : "anju-local"; }

/* ---- where a request comes from ---- */
static Str without_port(Str host) {
  for (size_t i = host.size; i > 0 && host.data[i - 1] != ']'; i--)
    if (host.data[i - 1] == ':') return str_sub(host, 0, i - 1);
  return host;
}

static bool local_host(Str host) {
  static const Str names[] = {STR("127.0.0.1"), STR("localhost"), STR("[::1]")};
  for (size_t i = 0; i < COUNT_OF(names); i++)
    if (str_equal(without_port(host), names[i])) return true;
  return false;
}

/* A page of another site must not reach us by a name that it points at our address. */
static Status check_host(Context *cx, const Door *door, const Request *rq) {
  if (local_host(rq->host)) return OK;
  if (door->origin && str_equal(rq->host, str_sub(str_from(door->origin), strlen("https://"), strlen(door->origin))))
    return OK;
  return fail(cx, FORBIDDEN, "请用服务器自己的地址访问。");
}

static Status check_cross_site(Context *cx, const Door *door, const Request *rq) {
  if (str_equal(str_from(rq->route->method), STR("GET"))) return OK;
  bool own = rq->origin.size == 0 || (door->origin && str_equal(rq->origin, str_from(door->origin))) ||
             str_equal(rq->origin, str_format(cx->arena, "http://" STR_FMT, STR_ARG(rq->host)));
  bool site = rq->fetch_site.size == 0 || str_equal(rq->fetch_site, STR("same-origin"));
  if (own && site && rq->csrf_header) return OK;
  return fail(cx, FORBIDDEN, "这个请求不是从本系统的网页发出的（须有标头 X-Anju: 1，来源须与服务器地址一致）。");
}

/* ---- who asks ---- */
static Str expired_cookie(Arena *arena, bool secure) {
  return str_format(arena, "%s=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict%s", door_cookie_name(secure),
                    secure ? "; Secure" : "");
}
Str session_cookie(Arena *arena, bool secure, Str token) {
  if (token.size == 0) return expired_cookie(arena, secure);
  return str_format(arena, "%s=" STR_FMT "; Path=/; HttpOnly; SameSite=Strict%s", door_cookie_name(secure),
                    STR_ARG(token), secure ? "; Secure" : "");
}

static Status login_needed(Context *cx, const Request *rq, Response *response) {
  if (response && rq->cookie.size) response->set_cookie = expired_cookie(cx->arena, rq->secure);
  return fail(cx, LOGIN_NEEDED, "请先登录，或登录已过期，请重新登录。");
}

Status door_admit(Context *cx, Request *rq, Response *response) {
  const Door *door = rq->app;
  Str permission = str_from(rq->route->permission);
  TRY(check_host(cx, door, rq));
  TRY(check_cross_site(cx, door, rq));
  if (str_equal(permission, STR(PERMISSION_PUBLIC))) return OK;
  Str token = cookie_value(rq->cookie, str_from(door_cookie_name(rq->secure)));
  Caller *caller = sessions_find(door->sessions, cx->arena, token, !rq->route->quiet, stamp_monotonic());
  if (!caller) return login_needed(cx, rq, response);
  rq->caller = caller;
  if (str_equal(permission, STR(PERMISSION_LOGIN))) return OK;
  if (permission_scope(caller->role, permission) == SCOPE_NONE) return fail(cx, FORBIDDEN, "您的账号没有这项权限。");
  return OK;
}

Str today(Arena *arena) { /* of China, where every county is */
  return str_sub(stamp_format(arena, stamp_now() + (int64_t)8 * 3600 * 1000000), 0, 10);
}

/* The account as it is now: a session does not outlive it. */
Status door_enter(Context *cx, Request *rq) {
  const Door *door = rq->app;
  const Caller *caller = rq->caller;
  Account account;
  if (!caller) return OK;
  Status status = account_get(cx, rq->worker, caller->name, &account);
  if (status != OK && status != NOT_FOUND) return status;
  if (status == OK && account_usable(&account, today(cx->arena)) && str_equal(account.role, caller->role) &&
      str_equal(account.division, caller->division))
    return OK;
  sessions_end_of(door->sessions, caller->name, STR_EMPTY);
  return login_needed(cx, rq, NULL);
}

Scope request_scope_of(const Request *rq, Permission permission) {
  const Caller *caller = rq->caller;
  if (!caller) return (Scope){SCOPE_NONE, STR_EMPTY, STR_EMPTY};
  return (Scope){permission_scope(caller->role, str_from(permission_code(permission))), caller->role, caller->division};
}

Scope request_scope(const Request *rq) {
  const Caller *caller = rq->caller;
  if (!caller) return (Scope){SCOPE_NONE, STR_EMPTY, STR_EMPTY};
  return (Scope){permission_scope(caller->role, str_from(rq->route->permission)), caller->role, caller->division};
}

Str request_author(const Request *rq) {
  const Caller *caller = rq->caller;
  return caller ? caller->name : STR_EMPTY;
}
