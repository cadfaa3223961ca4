/* account: who works with the county, what they may see and do. Owns: accounts and their passwords (journal kinds
 * account_added, account_disabled, account_enabled, password_changed), the one table role x permission x scope,
 * sessions, lock-out, the door of the API. May include: base, crypto, db, http, journal.
 *
 * Sessions and failed attempts are not facts: they live in memory, no entry and no derived table knows them; a restart
 * of the server asks everybody to log in again. Failed log-ins go to DIR/audit.log. */
#pragma once
#include "http/http.h"
#include "journal/command.h"
#include "journal/journal.h"

extern const JournalModule ACCOUNT_MODULE;
extern const Command ACCOUNT_COMMANDS[];
extern const size_t ACCOUNT_COMMAND_COUNT;
extern const RouteTable ACCOUNT_ROUTES;

/* ---- the table (permission.c) ---- */
typedef enum ScopeKind {
  SCOPE_NONE,
  SCOPE_TOWN,     /* what belongs to the account's township */
  SCOPE_OWN_LIST, /* what concerns the lists that the role owns */
  SCOPE_COUNTY    /* everything */
} ScopeKind;
/* What a caller sees of something: given to every service that reads or changes rows, differences or households. */
typedef struct Scope {
  ScopeKind kind;
  Str role, town; /* town: 9-digit code */
} Scope;
#define SCOPE_ALL ((Scope){SCOPE_COUNTY, STR_EMPTY, STR_EMPTY}) /* the command line: whoever can read the folder */

typedef enum Permission {
  OVERVIEW_READ,
  LIST_READ,
  LIST_IMPORT,
  COMPARE_RUN,
  DIFFERENCE_READ,
  DIFFERENCE_DECIDE,
  CORRECTIONS_READ,
  REGISTER_READ,
  ID_UNMASK,
  REGISTER_LOCK,
  REMOVAL_WRITE,
  CHANGES_READ,
  JOURNAL_VERIFY,
  ACCOUNT_MANAGE,
  PERMISSION_COUNT
} Permission;
const char *permission_code(Permission permission); /* "difference_read": Route.permission */
bool permission_known(Str code);
ScopeKind permission_scope(Str role, Str permission); /* SCOPE_NONE for what is unknown */
typedef struct Role {
  const char *code, *title;
  bool in_town;                     /* needs a township */
  char scope[PERMISSION_COUNT + 1]; /* one letter each: C county, O own list, T township, - none */
} Role;
extern const Role ROLES[];
extern const size_t ROLE_COUNT;
const Role *role_find(Str code); /* NULL: unknown */

/* ---- accounts ---- */
typedef struct Account {
  Str name, role, division, expires; /* expires: "2020-06-30", "" never */
  Str password;                      /* argon2id, as libsodium writes it */
  bool disabled;
} Account;
enum { ACCOUNT_NAME_MOST = 32, PASSWORD_LEAST = 10, PASSWORD_MOST = 128 };
MUST_CHECK Status account_get(Context *cx, Journal *journal, Str name, Account *ret_account); /* NOT_FOUND */
MUST_CHECK Status account_list(Context *cx, Journal *journal, Account **ret_accounts, size_t *ret_count);
bool account_usable(const Account *account, Str today); /* not disabled, not expired */
/* password: already hashed. EXISTS, BAD_VALUE. */
MUST_CHECK Status account_add(Context *cx, Journal *journal, const Account *account, Str author);
MUST_CHECK Status account_enable(Context *cx, Journal *journal, Str name, bool enable, Str author);
MUST_CHECK Status account_set_password(Context *cx, Journal *journal, Str name, Str hash, Str author);
/* Name, role, division, expiry as they must be. */
MUST_CHECK Status account_check(Context *cx, Journal *journal, const Account *account);

/* ---- passwords (password.c): argon2id, 64 MB, 2 passes; at most two at once ---- */
MUST_CHECK Status password_check(Context *cx, Str name, Str password); /* length, too common, the name itself */
MUST_CHECK Status password_hash(Context *cx, Str password, Str *ret_hash);
bool password_fits(Str hash, Str password); /* with an empty hash: false, after the same work */
Str password_invent(Arena *arena);

/* ---- sessions and failed attempts (session.c); every function may be called from any thread ---- */
typedef struct Sessions Sessions;
enum { TOKEN_HEX = 64, SESSION_IDLE_MINUTES = 30, SESSION_MOST_HOURS = 12, SESSIONS_PER_ACCOUNT = 8 };
typedef struct Caller { /* Request.caller */
  Str name, role, division;
  Str token; /* of the session, to end it */
} Caller;
Sessions *sessions_new(void);
void sessions_free(Sessions *sessions);
/* now: stamp_monotonic(). The token is 32 random bytes in hex; only its hash is kept. */
Str sessions_start(Sessions *sessions, Arena *arena, const Account *account, int64_t now);
/* NULL: unknown, idle or too old. `touch`: counts as activity. */
Caller *sessions_find(Sessions *sessions, Arena *arena, Str token, bool touch, int64_t now);
void sessions_end(Sessions *sessions, Str token);
void sessions_end_of(Sessions *sessions, Str account, Str but_token); /* all of an account's, except one */
/* Seconds to wait before another attempt; 0: go on, and the attempt counts as failed until attempt_succeeded. */
int attempt_begin(Sessions *sessions, Str account, Str address, int64_t now);
void attempt_succeeded(Sessions *sessions, Str account, Str address);

/* ---- the door (door.c) ---- */
typedef struct Door { /* ServerConfig.app */
  Sessions *sessions;
  const char *origin; /* https://..., NULL: plain HTTP on this machine only */
  const char *folder; /* of the county */
  int audit;          /* DIR/audit.log, -1 none */
} Door;
MUST_CHECK Status door_open(Context *cx, const char *folder, const char *origin, Door *ret_door);
void door_close(Door *door);
Status door_admit(Context *cx, Request *request, Response *response); /* ServerConfig.admit */
Status door_enter(Context *cx, Request *request);                     /* ServerConfig.enter */
/* What the caller sees under the permission of the route. */
Scope request_scope(const Request *request);
Scope request_scope_of(const Request *request, Permission permission);
Str request_author(const Request *request);
/* The cookie's name: "__Host-anju" where TLS is in front; "anju-local" on plain HTTP, which only this machine's own
 * addresses may use (browsers refuse __Host- and Secure there). */
const char *door_cookie_name(bool secure);
