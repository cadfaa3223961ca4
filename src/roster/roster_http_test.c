#include "roster/roster_http.h"
#include "test.h"

TEST(masking_hides_the_middle_of_numbers_however_they_are_written) {
  static const struct {
    Str text, masked;
  } cases[] = {{STR("450399196004131234"), STR("450399********1234")},
               {STR("45039919600413123X"), STR("450399********123X")},
               {STR("张三 450399196004131234（注销）"), STR("张三 450399********1234（注销）")},
               {STR("450399 1960 0413 1234"), STR("450399 **** **** 1234")},
               {STR("450399600413123"), STR("450399*****3123")},
               {STR("４５０３９９１９６００４１３１２３４"), STR("４５０３９９********１２３４")},
               {STR("45039919600413123421"), STR("450399**********3421")},
               {STR("13800138000"), STR("138****8000")},
               {STR("10002000115"), STR("10002000115")},
               {STR("2019-09-17"), STR("2019-09-17")},
               {STR("第 87 行"), STR("第 87 行")},
               {STR(""), STR("")}};
  for (size_t i = 0; i < COUNT_OF(cases); i++) CHECK_STR(mask_numbers(cx->arena, cases[i].text), cases[i].masked);
}

TEST(the_differing_stretch_of_two_texts_is_marked) {
  Marked m = mark_differing(STR("450399196004131234"), STR("450399196005131234"));
  CHECK_INT(m.from[0], 11);
  CHECK_INT(m.to[0], 12);
  CHECK_INT(m.to[1], 12);
  m = mark_differing(STR("张大三"), STR("张三"));
  CHECK(m.from[0] == 1 && m.to[0] == 2 && m.from[1] == 1 && m.to[1] == 1);
  m = mark_differing(STR("张三"), STR("张三"));
  CHECK(m.from[0] == 2 && m.to[0] == 2);
  m = mark_differing(STR(""), STR("张"));
  CHECK(m.from[0] == 0 && m.to[0] == 0 && m.to[1] == 1);
}

TEST(searching_finds_names_and_whole_numbers_but_never_parts_of_numbers) {
  Str value = STR("覃福俊 450399196004131435");
  IdNumber id = id_read(value);
  CHECK(text_matches(cx->arena, value, STR("福俊")));
  CHECK(text_matches(cx->arena, STR("覃福俊"), STR("qf")));
  CHECK(!text_matches(cx->arena, value, STR("450399")));
  CHECK(!text_matches(cx->arena, value, STR("4")));
  CHECK(!text_matches(cx->arena, value, STR("４５０３９９")));
  CHECK(!text_matches(cx->arena, STR("４５０３９９１９６００４１３１４３５"), STR("４５")));
  if (id.state == ID_VALID) CHECK(text_matches(cx->arena, value, (Str){id.text, id.size}));
}

static bool known(Str code) { return permission_known(code); }
TEST(the_rosters_routes_have_permissions_and_sentences) { CHECK_OK(routes_check(cx, &ROSTER_ROUTES, 1, known)); }

TEST(the_scope_filter_lets_through_what_belongs_to_the_caller) {
  List lists[2] = {{.code = STR("register"), .owner = STR("poverty")},
                   {.code = STR("renovated"), .owner = STR("housing")}};
  Catalogue *c = arena_one(cx->arena, Catalogue);
  memcpy(c->lists, lists, sizeof lists);
  c->list_count = 2;
  Scope county = SCOPE_ALL, town = {SCOPE_TOWN, STR("township"), STR("450328101")},
        own = {SCOPE_OWN_LIST, STR("housing"), STR_EMPTY}, other = {SCOPE_OWN_LIST, STR("civil"), STR_EMPTY},
        nobody = {SCOPE_NONE, STR("taskforce"), STR_EMPTY}, no_town = {SCOPE_TOWN, STR("township"), STR_EMPTY};
  Difference d = {.left = STR("register"),
                  .right = STR("renovated"),
                  .list = STR("renovated"),
                  .other_list = STR("register"),
                  .town = STR("450328101"),
                  .owner = STR("poverty")};
  CHECK(scope_sees_difference(&county, c, &d) && scope_sees_difference(&town, c, &d) &&
        scope_sees_difference(&own, c, &d));
  CHECK(!scope_sees_difference(&other, c, &d) && !scope_sees_difference(&nobody, c, &d));
  CHECK(scope_decides_difference(&county, c, &d) && !scope_decides_difference(&own, c, &d) &&
        !scope_decides_difference(&town, c, &d));
  d.owner = STR("housing");
  CHECK(scope_decides_difference(&own, c, &d));
  d.town = STR("450328102");
  CHECK(!scope_sees_difference(&town, c, &d));
  d.town = STR_EMPTY;
  CHECK(!scope_sees_difference(&no_town, c, &d) && !scope_sees_difference(&town, c, &d));
  CHECK(scope_sees_household(&own, c, STR("450328101"), 2) && !scope_sees_household(&own, c, STR("450328101"), 1));
  CHECK(!scope_sees_household(&no_town, c, STR_EMPTY, 3) && !scope_sees_household(&nobody, c, STR("450328101"), 3));
  CHECK(scope_sees_list(&own, &lists[1]) && !scope_sees_list(&own, &lists[0]));
}
