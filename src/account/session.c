#include <pthread.h>
#include <stdlib.h>
#include "account/account.h"
#include "crypto/crypto.h"

enum {
  SESSIONS_MOST = 2048,
  ATTEMPTS_MOST = 4096,
  FREE_OF_ACCOUNT = 5,
  FREE_OF_ADDRESS = 30,
  WAIT_MOST = 900,
  FORGET_HOURS = 24
};
#define SECOND ((int64_t)1000000)

typedef struct Session {
  bool used;
  Digest token; /* hash of it */
  char name[ACCOUNT_NAME_MOST + 1], role[32], division[16];
  int64_t started, seen;
} Session;
typedef struct Attempts {
  uint64_t key; /* 0 free */
  int failures;
  int64_t last;
} Attempts;
struct Sessions {
  pthread_mutex_t mutex;
  Session sessions[SESSIONS_MOST];
  Attempts attempts[ATTEMPTS_MOST];
};

Sessions *sessions_new(void) {
  Sessions *sessions = calloc(1, sizeof *sessions);
  if (sessions) pthread_mutex_init(&sessions->mutex, NULL);
  return sessions;
}

void sessions_free(Sessions *sessions) {
  if (!sessions) return;
  pthread_mutex_destroy(&sessions->mutex);
  explicit_bzero(sessions, sizeof *sessions);
  free(sessions);
}

static bool alive(const Session *s, int64_t now) {
  return s->used && now - s->seen < SESSION_IDLE_MINUTES * 60 * SECOND &&
         now - s->started < SESSION_MOST_HOURS * 3600 * SECOND;
}

static void keep_text(char *out, size_t room, Str text) {
  size_t size = text.size < room - 1 ? text.size : room - 1;
  memcpy(out, text.data, size);
  out[size] = '\0';
}

/* A free place; else the oldest of this account if it has too many; else the one seen longest ago. */
static Session *place_for(Sessions *sessions, Str account, int64_t now) {
  Session *free_one = NULL, *own = NULL, *oldest = &sessions->sessions[0];
  int count = 0;
  for (size_t i = 0; i < SESSIONS_MOST; i++) {
    Session *s = &sessions->sessions[i];
    if (!alive(s, now)) {
      s->used = false;
      if (!free_one) free_one = s;
      continue;
    }
    if (s->seen < oldest->seen) oldest = s;
    if (!str_equal(str_from(s->name), account)) continue;
    count++;
    if (!own || s->seen < own->seen) own = s;
  }
  return count >= SESSIONS_PER_ACCOUNT ? own : free_one ? free_one : oldest;
}

Str sessions_start(Sessions *sessions, Arena *arena, const Account *account, int64_t now) {
  Digest random;
  random_bytes(random.bytes, sizeof random.bytes);
  Str token = digest_hex(arena, &random);
  pthread_mutex_lock(&sessions->mutex);
  Session *s = place_for(sessions, account->name, now);
  *s = (Session){.used = true, .token = digest_of(token), .started = now, .seen = now};
  keep_text(s->name, sizeof s->name, account->name);
  keep_text(s->role, sizeof s->role, account->role);
  keep_text(s->division, sizeof s->division, account->division);
  pthread_mutex_unlock(&sessions->mutex);
  return token;
}

static Session *find_session(Sessions *sessions, Str token) {
  if (token.size != TOKEN_HEX) return NULL;
  Digest hash = digest_of(token);
  for (size_t i = 0; i < SESSIONS_MOST; i++)
    if (sessions->sessions[i].used && digest_equal(&sessions->sessions[i].token, &hash)) return &sessions->sessions[i];
  return NULL;
}

Caller *sessions_find(Sessions *sessions, Arena *arena, Str token, bool touch, int64_t now) {
  Caller *caller = NULL;
  pthread_mutex_lock(&sessions->mutex);
  Session *s = find_session(sessions, token);
  if (s && !alive(s, now)) s->used = false;
  if (s && s->used) {
    if (touch) s->seen = now;
    caller = arena_one(arena, Caller);
    *caller = (Caller){.name = str_copy(arena, str_from(s->name)),
                       .role = str_copy(arena, str_from(s->role)),
                       .division = str_copy(arena, str_from(s->division)),
                       .token = str_copy(arena, token)};
  }
  pthread_mutex_unlock(&sessions->mutex);
  return caller;
}

void sessions_end(Sessions *sessions, Str token) {
  pthread_mutex_lock(&sessions->mutex);
  Session *s = find_session(sessions, token);
  if (s) s->used = false;
  pthread_mutex_unlock(&sessions->mutex);
}

void sessions_end_of(Sessions *sessions, Str account, Str but_token) {
  pthread_mutex_lock(&sessions->mutex);
  Session *kept = find_session(sessions, but_token);
  for (size_t i = 0; i < SESSIONS_MOST; i++)
    if (&sessions->sessions[i] != kept && str_equal(str_from(sessions->sessions[i].name), account))
      sessions->sessions[i].used = false;
  pthread_mutex_unlock(&sessions->mutex);
}

/* ---- failed attempts ---- */
static uint64_t attempt_key(const char *kind, Str text) {
  Digest digest = digest_pair((uint8_t)kind[0], STR("attempt"), text);
  uint64_t key;
  memcpy(&key, digest.bytes, sizeof key);
  return key ? key : 1;
}

/* Its place; for a new key a free one or the one tried longest ago. */
static Attempts *attempts_of(Sessions *sessions, uint64_t key, int64_t now) {
  Attempts *oldest = &sessions->attempts[0];
  for (size_t i = 0; i < ATTEMPTS_MOST; i++) {
    Attempts *a = &sessions->attempts[i];
    if (a->key && now - a->last > FORGET_HOURS * 3600 * SECOND) *a = (Attempts){0};
    if (a->key == key) return a;
    if (!a->key ? oldest->key != 0 : oldest->key && a->last < oldest->last) oldest = a;
  }
  *oldest = (Attempts){.key = key, .last = now};
  return oldest;
}

static int wait_of(const Attempts *a, int free_tries, int64_t now) {
  if (a->failures < free_tries) return 0;
  int power = a->failures - free_tries;
  int64_t wait = power > 9 ? WAIT_MOST : (int64_t)2 << power;
  if (wait > WAIT_MOST) wait = WAIT_MOST;
  int64_t left = a->last + wait * SECOND - now;
  return left > 0 ? (int)((left + SECOND - 1) / SECOND) : 0;
}

int attempt_begin(Sessions *sessions, Str account, Str address, int64_t now) {
  pthread_mutex_lock(&sessions->mutex);
  Attempts *by_account = attempts_of(sessions, attempt_key("a", account), now);
  Attempts *by_address = attempts_of(sessions, attempt_key("i", address), now);
  int wait = wait_of(by_account, FREE_OF_ACCOUNT, now), other = wait_of(by_address, FREE_OF_ADDRESS, now);
  if (other > wait) wait = other;
  if (wait == 0) {
    by_account->failures++, by_account->last = now;
    by_address->failures++, by_address->last = now;
  }
  pthread_mutex_unlock(&sessions->mutex);
  return wait;
}

void attempt_succeeded(Sessions *sessions, Str account, Str address) {
  uint64_t own = attempt_key("a", account), from = attempt_key("i", address);
  pthread_mutex_lock(&sessions->mutex);
  for (size_t i = 0; i < ATTEMPTS_MOST; i++) {
    if (sessions->attempts[i].key == own) sessions->attempts[i] = (Attempts){0};
    if (sessions->attempts[i].key == from && sessions->attempts[i].failures > 0) sessions->attempts[i].failures--;
  }
  pthread_mutex_unlock(&sessions->mutex);
}
