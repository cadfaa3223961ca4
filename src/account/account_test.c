#include "account/account.h"
#include "test.h"

static const RouteTable TABLES[] = {{NULL, 0}};
TEST(every_role_has_a_scope_letter_for_every_permission) {
  (void)TABLES;
  for (size_t i = 0; i < ROLE_COUNT; i++) {
    CHECK_INT(strlen(ROLES[i].scope), PERMISSION_COUNT);
    CHECK_INT(strspn(ROLES[i].scope, "COT-"), PERMISSION_COUNT);
    CHECK(ROLES[i].in_town == (strchr(ROLES[i].scope, 'T') != NULL));
  }
  CHECK_INT(permission_scope(STR("taskforce"), STR("lock_write")), SCOPE_COUNTY);
  CHECK_INT(permission_scope(STR("taskforce"), STR("account_manage")), SCOPE_NONE);
  CHECK_INT(permission_scope(STR("housing"), STR("difference_read")), SCOPE_OWN_LIST);
  CHECK_INT(permission_scope(STR("township"), STR("register_read")), SCOPE_TOWN);
  CHECK_INT(permission_scope(STR("city"), STR("difference_decide")), SCOPE_NONE);
  CHECK_INT(permission_scope(STR("nobody"), STR("register_read")), SCOPE_NONE);
  CHECK_INT(permission_scope(STR("taskforce"), STR("unheard_of")), SCOPE_NONE);
}

TEST(no_administrator_sees_household_data) {
  static const Str admins[] = {STR("system_admin"), STR("security_admin"), STR("audit_admin")};
  static const Permission data[] = {OVERVIEW_READ,    LIST_READ,     DIFFERENCE_READ,
                                    CORRECTIONS_READ, REGISTER_READ, ID_UNMASK};
  for (size_t a = 0; a < COUNT_OF(admins); a++)
    for (size_t p = 0; p < COUNT_OF(data); p++)
      CHECK_INT(permission_scope(admins[a], str_from(permission_code(data[p]))), SCOPE_NONE);
}

static bool known(Str code) { return permission_known(code); }
TEST(account_routes_have_permissions_and_sentences) { CHECK_OK(routes_check(cx, &ACCOUNT_ROUTES, 1, known)); }

TEST(a_password_fits_its_own_hash_only) {
  Str hash;
  CHECK_OK(password_hash(cx, STR("三月十八日的通知"), &hash));
  CHECK(str_starts(hash, STR("$argon2id$v=19$m=65536,t=2,p=1$")));
  CHECK(password_fits(hash, STR("三月十八日的通知")));
  CHECK(!password_fits(hash, STR("三月十八日的通告")));
  CHECK(!password_fits(STR_EMPTY, STR("三月十八日的通知")));
  CHECK_FAILS(BAD_VALUE, password_check(cx, STR("li"), STR("short")));
  CHECK_FAILS(BAD_VALUE, password_check(cx, STR("li"), STR("1234567890")));
  CHECK_FAILS(BAD_VALUE, password_check(cx, STR("li"), STR("aaaaaaaaaaaa")));
  CHECK_FAILS(BAD_VALUE, password_check(cx, STR("longname12"), STR("longname12a")));
  CHECK_OK(password_check(cx, STR("li"), password_invent(cx->arena)));
}

static const int64_t SECOND = 1000000;
static Account account_of(const char *name) {
  return (Account){.name = str_from(name), .role = STR("taskforce"), .division = STR_EMPTY};
}

TEST(a_session_is_found_by_its_token_until_it_is_idle_too_old_or_ended) {
  Sessions *sessions = sessions_new();
  Account li = account_of("li"), wang = account_of("wang");
  Str token = sessions_start(sessions, cx->arena, &li, 0), other = sessions_start(sessions, cx->arena, &wang, 0);
  CHECK_INT(token.size, TOKEN_HEX);
  CHECK(!str_equal(token, other));
  Caller *caller = sessions_find(sessions, cx->arena, token, false, SECOND);
  CHECK(caller && str_equal(caller->name, STR("li")) && str_equal(caller->role, STR("taskforce")));
  CHECK(!sessions_find(sessions, cx->arena, STR(""), true, SECOND));
  CHECK(!sessions_find(sessions, cx->arena, str_sub(token, 1, token.size), true, SECOND));
  int64_t idle = (int64_t)SESSION_IDLE_MINUTES * 60 * SECOND;
  CHECK(sessions_find(sessions, cx->arena, token, true, idle - SECOND));
  CHECK(sessions_find(sessions, cx->arena, token, false, 2 * idle - 2 * SECOND)); /* not counted as activity */
  CHECK(!sessions_find(sessions, cx->arena, token, true, 2 * idle));
  CHECK(!sessions_find(sessions, cx->arena, token, true, 0)); /* gone for good */
  Str again = sessions_start(sessions, cx->arena, &li, 0);
  for (int64_t now = 0; now < (int64_t)SESSION_MOST_HOURS * 3600 * SECOND; now += idle / 2)
    CHECK(sessions_find(sessions, cx->arena, again, true, now));
  CHECK(!sessions_find(sessions, cx->arena, again, true, (int64_t)SESSION_MOST_HOURS * 3600 * SECOND));
  again = sessions_start(sessions, cx->arena, &li, 0);
  sessions_end_of(sessions, STR("li"), STR_EMPTY);
  CHECK(!sessions_find(sessions, cx->arena, again, true, 0));
  sessions_free(sessions);
}

TEST(an_account_has_a_limited_number_of_sessions) {
  Sessions *sessions = sessions_new();
  Account li = account_of("li");
  Str first = sessions_start(sessions, cx->arena, &li, 0);
  for (int i = 1; i <= SESSIONS_PER_ACCOUNT; i++) sessions_start(sessions, cx->arena, &li, i);
  CHECK(!sessions_find(sessions, cx->arena, first, true, 10));
  sessions_free(sessions);
}

TEST(failed_attempts_wait_longer_and_longer_by_account_and_by_address) {
  Sessions *sessions = sessions_new();
  for (int i = 0; i < 5; i++) CHECK_INT(attempt_begin(sessions, STR("li"), STR("10.0.0.1"), SECOND), 0);
  int wait = attempt_begin(sessions, STR("li"), STR("10.0.0.2"), SECOND);
  CHECK(wait > 0);
  CHECK_INT(attempt_begin(sessions, STR("wang"), STR("10.0.0.1"), SECOND), 0); /* others are not hindered */
  int64_t now = SECOND + wait * SECOND;
  CHECK_INT(attempt_begin(sessions, STR("li"), STR("10.0.0.2"), now), 0);
  int longer = attempt_begin(sessions, STR("li"), STR("10.0.0.2"), now);
  CHECK(longer > wait);
  attempt_succeeded(sessions, STR("li"), STR("10.0.0.2"));
  CHECK_INT(attempt_begin(sessions, STR("li"), STR("10.0.0.2"), now), 0);
  for (int i = 0; i < 40; i++) {
    Str name = str_format(cx->arena, "user%d", i);
    (void)attempt_begin(sessions, name, STR("10.0.0.9"), now);
  }
  CHECK(attempt_begin(sessions, STR("somebody"), STR("10.0.0.9"), now) > 0);
  sessions_free(sessions);
}
