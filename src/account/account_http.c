#include "account/account.h"
#include "account/door_internal.h"

/* ---- shapes ---- */
static const Field ME_FIELDS[] = {{.name = "name", .required = true, .what = "账号"},
                                  {.name = "role", .required = true, .what = "角色代码"},
                                  {.name = "role_title", .required = true, .what = "角色名称"},
                                  {.name = "division", .required = true, .what = "乡镇代码，全县账号为空"},
                                  {.name = "permissions",
                                   .type = FIELD_TEXTS,
                                   .required = true,
                                   .what = "可用的权限，写作 权限:范围（county、own_list、town）"}};
static const Shape ME = SHAPE("Me", ME_FIELDS);
static const Field ACCOUNT_FIELDS[] = {{.name = "name", .required = true, .what = "账号"},
                                       {.name = "role", .required = true, .what = "角色代码"},
                                       {.name = "role_title", .required = true, .what = "角色名称"},
                                       {.name = "division", .required = true, .what = "乡镇代码"},
                                       {.name = "expires", .required = true, .what = "到期日，空为长期"},
                                       {.name = "disabled", .type = FIELD_BOOL, .required = true, .what = "已停用"}};
static const Shape ACCOUNT = SHAPE("Account", ACCOUNT_FIELDS);
static const Field ACCOUNTS_FIELDS[] = {
    {.name = "accounts", .type = FIELD_ARRAY, .required = true, .shape = &ACCOUNT, .what = "全部账号"}};
static const Shape ACCOUNTS = SHAPE("Accounts", ACCOUNTS_FIELDS);

static const Field LOGIN_BODY[] = {{.name = "name", .required = true, .least = 1, .most = 64, .what = "账号"},
                                   {.name = "password", .required = true, .least = 1, .most = 256, .what = "密码"}};
static const Field PASSWORD_BODY[] = {{.name = "old", .required = true, .least = 1, .most = 256, .what = "现在的密码"},
                                      {.name = "new", .required = true, .least = 1, .most = 256, .what = "新密码"}};
static const Field ADD_BODY[] = {{.name = "name", .required = true, .least = 2, .most = 32, .what = "账号"},
                                 {.name = "role", .required = true, .least = 1, .most = 32, .what = "角色代码"},
                                 {.name = "division", .least = 0, .most = 12, .what = "乡镇代码"},
                                 {.name = "expires", .least = 0, .most = 10, .what = "到期日"},
                                 {.name = "password", .required = true, .least = 1, .most = 256, .what = "初始密码"}};

static Json *me_json(Arena *arena, Str name, Str role_code, Str division) {
  static const char *const scopes[] = {"", "town", "own_list", "county"};
  const Role *role = role_find(role_code);
  Json *json = json_new_object(arena), *permissions = json_new_array(arena);
  for (int i = 0; i < PERMISSION_COUNT; i++) {
    ScopeKind kind = permission_scope(role_code, str_from(permission_code((Permission)i)));
    if (kind != SCOPE_NONE)
      json_add(permissions,
               json_new_string(arena, str_format(arena, "%s:%s", permission_code((Permission)i), scopes[kind])));
  }
  json_set_text(arena, json, "name", name);
  json_set_text(arena, json, "role", role_code);
  json_set_text(arena, json, "role_title", str_from(role ? role->title : ""));
  json_set_text(arena, json, "division", division);
  json_set(arena, json, "permissions", permissions);
  return json;
}

/* ---- logging in and out ---- */
static Status wait_first(Context *cx, Response *response, int seconds) {
  response->retry_after = seconds;
  return fail(cx, TOO_MANY, "密码错误次数太多，请 %d 秒后再试。", seconds);
}

/* The account whose password this is; counts failures, and keeps them apart by account and by address. */
static Status check_password(Context *cx, Request *rq, Response *response, Str name, Str password,
                             Account *ret_account) {
  const Door *door = rq->app;
  int wait = attempt_begin(door->sessions, name, rq->address, stamp_monotonic());
  if (wait) return wait_first(cx, response, wait);
  Account account = {.password = STR_EMPTY};
  Status found = account_get(cx, rq->worker, name, &account);
  if (found != OK && found != NOT_FOUND) return found;
  bool fits = password_fits(found == OK ? account.password : STR_EMPTY, password);
  if (fits && account_usable(&account, today(cx->arena))) {
    attempt_succeeded(door->sessions, name, rq->address);
    *ret_account = account;
    return OK;
  }
  /* a name that is no account may be a mistyped password: not logged */
  audit_log(cx, door, fits ? "login_of_disabled" : "login_failed", found == OK ? name : STR_EMPTY, rq->address);
  return fail(cx, LOGIN_NEEDED, "账号或密码不对，或账号已停用。");
}

static Status login(Context *cx, Request *rq, Response *response) {
  const Door *door = rq->app;
  Account account;
  TRY(check_password(cx, rq, response, json_text(rq->body, "name"), json_text(rq->body, "password"), &account));
  sessions_end(door->sessions, cookie_value(rq->cookie, str_from(door_cookie_name(rq->secure)))); /* rotated */
  Str token = sessions_start(door->sessions, cx->arena, &account, stamp_monotonic());
  audit_log(cx, door, "login", account.name, rq->address);
  response->set_cookie = session_cookie(cx->arena, rq->secure, token);
  response->json = me_json(cx->arena, account.name, account.role, account.division);
  return OK;
}

static Status logout(Context *cx, Request *rq, Response *response) {
  const Door *door = rq->app;
  const Caller *caller = rq->caller;
  sessions_end(door->sessions, caller->token);
  response->set_cookie = session_cookie(cx->arena, rq->secure, STR_EMPTY);
  return OK;
}

static Status me(Context *cx, Request *rq, Response *response) {
  const Caller *caller = rq->caller;
  response->json = me_json(cx->arena, caller->name, caller->role, caller->division);
  return OK;
}

typedef struct Change { /* carried to the writing thread */
  const Account *account;
  Str name, hash, author;
} Change;

static Status write_password(Context *cx, void *worker, void *user) {
  const Change *change = user;
  return account_set_password(cx, worker, change->name, change->hash, change->author);
}

static Status change_password(Context *cx, Request *rq, Response *response) {
  const Door *door = rq->app;
  const Caller *caller = rq->caller;
  Account account;
  Str wanted = json_text(rq->body, "new");
  Status status = check_password(cx, rq, response, caller->name, json_text(rq->body, "old"), &account);
  if (status == LOGIN_NEEDED) return fail(cx, BAD_VALUE, "现在的密码不对。");
  TRY(status);
  TRY(password_check(cx, caller->name, wanted));
  Change change = {.name = caller->name, .author = caller->name};
  TRY(password_hash(cx, wanted, &change.hash));
  TRY(server_write(cx, true, write_password, &change));
  sessions_end_of(door->sessions, caller->name, STR_EMPTY);
  response->set_cookie =
      session_cookie(cx->arena, rq->secure, sessions_start(door->sessions, cx->arena, &account, stamp_monotonic()));
  return OK;
}

/* ---- accounts ---- */
static Json *account_json(Arena *arena, const Account *account) {
  const Role *role = role_find(account->role);
  Json *json = json_new_object(arena);
  json_set_text(arena, json, "name", account->name);
  json_set_text(arena, json, "role", account->role);
  json_set_text(arena, json, "role_title", str_from(role ? role->title : ""));
  json_set_text(arena, json, "division", account->division);
  json_set_text(arena, json, "expires", account->expires);
  json_set(arena, json, "disabled", json_new_bool(arena, account->disabled));
  return json;
}

static Status accounts(Context *cx, Request *rq, Response *response) {
  Account *items;
  size_t count;
  TRY(account_list(cx, rq->worker, &items, &count));
  Json *array = json_new_array(cx->arena);
  for (size_t i = 0; i < count; i++) json_add(array, account_json(cx->arena, &items[i]));
  response->json = json_new_object(cx->arena);
  json_set(cx->arena, response->json, "accounts", array);
  return OK;
}

static Status write_account(Context *cx, void *worker, void *user) {
  const Change *change = user;
  return account_add(cx, worker, change->account, change->author);
}

static Status add_account(Context *cx, Request *rq, Response *response) {
  Account account = {.name = json_text(rq->body, "name"),
                     .role = json_text(rq->body, "role"),
                     .division = json_text(rq->body, "division"),
                     .expires = json_text(rq->body, "expires")};
  TRY(account_check(cx, rq->worker, &account));
  TRY(password_check(cx, account.name, json_text(rq->body, "password")));
  TRY(password_hash(cx, json_text(rq->body, "password"), &account.password));
  Change change = {.account = &account, .author = request_author(rq)};
  TRY(server_write(cx, true, write_account, &change));
  response->json = account_json(cx->arena, &account);
  return OK;
}

static Status set_enabled(Context *cx, Request *rq, Response *response, bool enable) {
  const Door *door = rq->app;
  Account account;
  if (!enable && str_equal(rq->params[0], request_author(rq))) return fail(cx, CONFLICT, "不能停用自己的账号。");
  TRY(account_enable(cx, rq->worker, rq->params[0], enable, request_author(rq)));
  TRY(account_get(cx, rq->worker, rq->params[0], &account));
  if (!enable) sessions_end_of(door->sessions, rq->params[0], STR_EMPTY);
  response->json = account_json(cx->arena, &account);
  return OK;
}
static Status disable_account(Context *cx, Request *rq, Response *response) {
  return set_enabled(cx, rq, response, false);
}
static Status enable_account(Context *cx, Request *rq, Response *response) {
  return set_enabled(cx, rq, response, true);
}

static Status revoke_sessions(Context *cx, Request *rq, Response *response) {
  const Door *door = rq->app;
  Account account;
  TRY(account_get(cx, rq->worker, rq->params[0], &account));
  sessions_end_of(door->sessions, account.name, STR_EMPTY);
  response->json = account_json(cx->arena, &account);
  return OK;
}

/* clang-format off */
static const Route ROUTES[] = {
    {.name = "login", .method = "POST", .path = "/api/session", .permission = PERMISSION_PUBLIC, .run = login, .lane = LANE_PASSWORD,
     .body = LOGIN_BODY, .body_count = COUNT_OF(LOGIN_BODY), .returns = &ME, .what = "登录"},
    {.name = "logout", .method = "DELETE", .path = "/api/session", .permission = PERMISSION_LOGIN, .run = logout, .what = "退出"},
    {.name = "me", .method = "GET", .path = "/api/session", .permission = PERMISSION_LOGIN, .run = me, .returns = &ME, .what = "登录的是谁、能做什么"},
    {.name = "password_change", .method = "POST", .path = "/api/session/password", .permission = PERMISSION_LOGIN, .run = change_password,
     .lane = LANE_PASSWORD, .body = PASSWORD_BODY, .body_count = COUNT_OF(PASSWORD_BODY), .what = "修改自己的密码，其他登录随即失效"},
    {.name = "accounts", .method = "GET", .path = "/api/accounts", .permission = "account_manage", .run = accounts, .returns = &ACCOUNTS, .what = "全部账号"},
    {.name = "account_add", .method = "POST", .path = "/api/accounts", .permission = "account_manage", .run = add_account, .lane = LANE_PASSWORD,
     .body = ADD_BODY, .body_count = COUNT_OF(ADD_BODY), .returns = &ACCOUNT, .what = "新建账号"},
    {.name = "account_disable", .method = "POST", .path = "/api/accounts/{name}/disable", .permission = "account_manage", .run = disable_account,
     .lane = LANE_WRITE, .returns = &ACCOUNT, .what = "停用账号，它的登录随即失效"},
    {.name = "account_enable", .method = "POST", .path = "/api/accounts/{name}/enable", .permission = "account_manage", .run = enable_account,
     .lane = LANE_WRITE, .returns = &ACCOUNT, .what = "恢复停用的账号"},
    {.name = "account_sessions_end", .method = "DELETE", .path = "/api/accounts/{name}/sessions", .permission = "account_manage",
     .run = revoke_sessions, .returns = &ACCOUNT, .what = "让一个账号的全部登录失效"},
};
/* clang-format on */
const RouteTable ACCOUNT_ROUTES = {ROUTES, COUNT_OF(ROUTES)};
