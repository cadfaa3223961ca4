#include "identity/identity.h"
#include "test.h"

static Str read_whole(Arena *arena, const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) return STR_EMPTY;
  Buf buf = buf_new(arena);
  char chunk[4096];
  for (size_t n; (n = fread(chunk, 1, sizeof chunk, file)) > 0;) buf_add(&buf, (Str){chunk, n});
  fclose(file);
  return buf_str(&buf);
}

#define CAMPAIGN SOURCE_ROOT "/campaign/longsheng-2020/"

static PlaceTable *county(Context *cx) {
  Json *aliases = NULL;
  PlaceTable *table = NULL;
  CHECK_OK(json_parse(cx, read_whole(cx->arena, CAMPAIGN "place_aliases.json"), &aliases));
  CHECK_OK(place_table_new(cx, read_whole(cx->arena, CAMPAIGN "places.csv"), aliases, &table));
  return table;
}

TEST(every_village_is_found_by_its_official_name_and_its_short_forms) {
  PlaceTable *table = county(cx);
  Str csv = read_whole(cx->arena, CAMPAIGN "places.csv");
  int villages = 0;
  static const char *const VILLAGE_FORMS[] = {"村", "村委", "村委会", "村民委员会", "", "村3组"};
  static const char *const COMMUNITY_FORMS[] = {"社区", "居委会", "社区居委会", "社区居民委员会", "居民委员会"};
  for (size_t at = (size_t)str_find(csv, STR("\n")) + 1; at < csv.size;) {
    Str rest = str_sub(csv, at, csv.size);
    Str line = str_sub(rest, 0, (size_t)str_find(rest, STR("\n")));
    at += line.size + 1;
    line = str_trim(line);
    Str code = str_sub(line, 0, 12), tail = str_sub(line, 13, line.size);
    Str name = str_sub(tail, 0, (size_t)str_find(tail, STR(",")));
    Str town = str_sub(tail, name.size + 11, tail.size);
    villages++;
    Place place = place_find(table, town, name, STR_EMPTY);
    CHECK_STR(place.village_code, code);
    CHECK_STR(place.village, name);
    CHECK_STR(place.town, town);
    CHECK_INT(place.how, PLACE_EXACT);
    place = place_find(table, STR_EMPTY, STR_EMPTY,
                       str_format(cx->arena, STR_FMT STR_FMT "5组", STR_ARG(town), STR_ARG(name)));
    CHECK_STR(place.village_code, code);
    CHECK_STR(place_find(table, STR_EMPTY, code, STR_EMPTY).village, name);
    bool village = str_ends(name, STR("村委会"));
    Str core = village ? str_sub(name, 0, name.size - STR("村委会").size) : name;
    for (size_t i = 0; village && i < COUNT_OF(VILLAGE_FORMS); i++) {
      Str form = str_format(cx->arena, STR_FMT "%s", STR_ARG(core), VILLAGE_FORMS[i]);
      CHECK_STR(place_find(table, town, form, STR_EMPTY).village_code, code);
      Str address = str_format(cx->arena, STR_FMT STR_FMT, STR_ARG(town), STR_ARG(form));
      CHECK_STR(place_find(table, STR_EMPTY, STR_EMPTY, address).village_code, code);
      CHECK_STR(place_find(table, STR_EMPTY, address, STR_EMPTY).village_code, code);
      CHECK_STR(place_find(table, address, STR_EMPTY, STR_EMPTY).village_code, code);
      /* renamed, as far as the table knows */
      place = place_find(table, town, str_format(cx->arena, "新" STR_FMT, STR_ARG(form)), STR_EMPTY);
      CHECK_INT(place.how, PLACE_TOWN_ONLY);
      CHECK_STR(place.village_code, STR_EMPTY);
      CHECK_STR(place.town, town);
    }
    ptrdiff_t community = str_find(name, STR("社区"));
    for (size_t i = 0; community > 0 && i < COUNT_OF(COMMUNITY_FORMS); i++) {
      Str form = str_format(cx->arena, STR_FMT "%s", STR_ARG(str_sub(name, 0, (size_t)community)), COMMUNITY_FORMS[i]);
      CHECK_STR(place_find(table, town, form, STR_EMPTY).village_code, code);
    }
  }
  CHECK_INT(villages, 128);
}

TEST(places_are_found_in_any_common_form) {
  static const struct {
    const char *town, *village, *address, *code, *town_name;
    int how;
  } CASES[] = {
      {"三门镇", "花坪村", "", "450328102212", "三门镇", PLACE_EXACT},
      {"三门镇", "花坪", "", "450328102212", "三门镇", PLACE_ALIAS},
      {"三门", "花坪村委", "", "450328102212", "三门镇", PLACE_EXACT},
      {"三门镇人民政府", "花坪村", "", "450328102212", "三门镇", PLACE_EXACT},
      {"龙胜县三门镇", "花坪村", "", "450328102212", "三门镇", PLACE_EXACT},
      {" 三 门 镇", "花　坪村（贫困村）", "", "450328102212", "三门镇", PLACE_EXACT},
      {"三門鎮", "花坪村", "", "450328102212", "三门镇", PLACE_EXACT},
      {"450328102", "花坪村", "", "450328102212", "三门镇", PLACE_EXACT},
      {"", "４５０３２８１０２２１２", "", "450328102212", "三门镇", PLACE_EXACT},
      {"450328102212", "", "", "450328102212", "三门镇", PLACE_EXACT},
      {"", "450328102999", "", "", "三门镇", PLACE_TOWN_ONLY},
      {"", "450328102", "", "", "三门镇", PLACE_TOWN_ONLY},
      {"", "999999999999", "", "", "", PLACE_UNKNOWN},
      {"", "", "广西桂林市龙胜各族自治县三门镇花坪村3组", "450328102212", "三门镇", PLACE_EXACT},
      {"", "", "广西壮族自治区桂林市龙胜各族自治县三门镇花坪村民委员会古坪屯12号", "450328102212", "三门镇",
       PLACE_EXACT},
      {"", "", "广西龙胜三门镇花坪第三组", "450328102212", "三门镇", PLACE_ALIAS},
      {"", "", "龙胜县花坪村3组", "450328102212", "三门镇", PLACE_EXACT},
      {"", "花坪村", "", "450328102212", "三门镇", PLACE_EXACT},
      {"", "花坪", "", "450328102212", "三门镇", PLACE_ALIAS},
      {"", "", "花坪", "", "", PLACE_UNKNOWN}, /* a bare name in free text says too little */
      {"", "三门镇花坪村", "", "450328102212", "三门镇", PLACE_EXACT},
      {"三门镇", "三门镇花坪村", "", "450328102212", "三门镇", PLACE_EXACT},
      {"三门镇", "", "花坪村3组", "450328102212", "三门镇", PLACE_EXACT},
      {"三门镇", "大地坪屯", "", "", "三门镇", PLACE_TOWN_ONLY}, /* not 大地村 */
      {"三门镇", "三门镇街道居民委员会", "", "450328102001", "三门镇", PLACE_EXACT},
      {"", "", "三门镇三门镇街道居民委员会", "450328102001", "三门镇", PLACE_EXACT},
      {"", "", "三门镇街道居民委员会", "450328102001", "三门镇", PLACE_EXACT},
      {"三门镇", "街道居委会", "", "450328102001", "三门镇", PLACE_EXACT},
      {"三门镇", "三门社区", "", "450328102001", "三门镇", PLACE_EXACT},
      {"三门镇", "三门街", "", "450328102001", "三门镇", PLACE_EXACT},
      {"瓢里镇", "瓢里社区", "", "450328101001", "瓢里镇", PLACE_EXACT},
      {"瓢里镇", "瓢里街", "", "450328101001", "瓢里镇", PLACE_EXACT},
      {"瓢里镇", "瓢里", "", "450328101202", "瓢里镇", PLACE_ALIAS},
      {"平等镇", "平等街道", "", "450328104001", "平等镇", PLACE_EXACT},
      {"平等镇", "平等", "", "450328104202", "平等镇", PLACE_ALIAS},
      {"龙胜镇", "城南", "", "450328100001", "龙胜镇", PLACE_ALIAS},
      {"和平乡", "大寨村", "", "450328103212", "龙脊镇", PLACE_ALIAS},
      {"", "", "龙胜县和平乡和平村2组", "450328103200", "龙脊镇", PLACE_ALIAS},
      {"龙脊镇（原和平乡）", "大寨村", "", "450328103212", "龙脊镇", PLACE_EXACT},
      {"乐江乡", "地灵村", "", "450328105208", "乐江镇", PLACE_ALIAS},
      {"和平乡", "", "", "", "龙脊镇", PLACE_TOWN_ONLY},
      {"", "地灵村", "", "", "", PLACE_AMBIGUOUS},
      {"", "地灵", "", "", "", PLACE_AMBIGUOUS},
      {"", "", "龙胜县地灵村委会4组", "", "", PLACE_AMBIGUOUS},
      {"乐江镇", "地灵村", "", "450328105208", "乐江镇", PLACE_EXACT},
      {"江底乡", "地灵村", "", "450328202206", "江底乡", PLACE_EXACT},
      {"", "地灵村", "江底乡地灵村", "450328202206", "江底乡", PLACE_EXACT},
      {"", "里市村", "", "450328203206", "马堤乡", PLACE_EXACT},
      {"", "", "桂林市龙胜县里市村", "450328203206", "马堤乡", PLACE_EXACT},
      {"伟江乡", "新寨村", "", "450328204205", "伟江乡", PLACE_EXACT},
      {"龙脊镇", "新大柳村", "", "", "龙脊镇", PLACE_TOWN_ONLY},
      {"", "新大柳村", "", "", "", PLACE_UNKNOWN},
      {"龙脊镇", "新大柳村", "龙脊镇大柳村", "", "龙脊镇", PLACE_TOWN_ONLY},
      {"三门镇", "金车村", "", "", "三门镇", PLACE_TOWN_ONLY}, /* the town contradicts */
      {"龙脊镇", "大?村", "", "", "龙脊镇", PLACE_TOWN_ONLY},
      {"临桂镇", "某某村", "", "", "", PLACE_UNKNOWN},
      {"", "", "", "", "", PLACE_UNKNOWN},
  };
  PlaceTable *table = county(cx);
  for (size_t i = 0; i < COUNT_OF(CASES); i++) {
    int before = test_failures;
    Place place = place_find(table, str_from(CASES[i].town), str_from(CASES[i].village), str_from(CASES[i].address));
    CHECK_STR(place.village_code, str_from(CASES[i].code));
    CHECK_STR(place.town, str_from(CASES[i].town_name));
    CHECK_INT(place.how, CASES[i].how);
    if (before != test_failures) printf("# %s|%s|%s\n", CASES[i].town, CASES[i].village, CASES[i].address);
  }
}

TEST(towns_are_listed_for_reports) {
  const Str *codes = NULL, *names = NULL;
  CHECK_INT(place_towns(county(cx), &codes, &names), 10);
  CHECK_STR(codes[3], STR("450328103"));
  CHECK_STR(names[3], STR("龙脊镇"));
  CHECK_INT(place_towns(county(cx), NULL, NULL), 10);
}

TEST(a_village_alias_comes_from_the_table) {
  Json *aliases = NULL;
  PlaceTable *table = NULL;
  CHECK_OK(json_parse(
      cx, STR("[{\"kind\":\"village\",\"town\":\"龙脊镇\",\"code\":\"450328103201\",\"name\":\"新大柳村\"}]"),
      &aliases));
  CHECK_OK(place_table_new(cx, read_whole(cx->arena, CAMPAIGN "places.csv"), aliases, &table));
  Place place = place_find(table, STR("龙脊镇"), STR("新大柳村"), STR_EMPTY);
  CHECK_STR(place.village_code, STR("450328103201"));
  CHECK_INT(place.how, PLACE_ALIAS);
}

TEST(bad_place_tables_are_refused_with_the_line) {
  PlaceTable *table = NULL;
  CHECK_FAILS(BAD_VALUE, place_table_new(cx, STR_EMPTY, NULL, &table));
  CHECK_FAILS(BAD_VALUE, place_table_new(cx, STR("code12,name,town_code9,town\n"), NULL, &table));
  CHECK_FAILS(BAD_VALUE,
              place_table_new(cx, STR("code12,name,town_code9,town\n4503,甲村,450328100,乙镇\n"), NULL, &table));
  CHECK(str_find(cx->error.sentence, STR("第 2 行")) >= 0);
  CHECK_FAILS(BAD_VALUE, place_table_new(cx, STR("450328100001,,450328100,乙镇\n"), NULL, &table));
  CHECK_FAILS(BAD_VALUE,
              place_table_new(cx, STR("450328100001,甲,450328100,乙镇\n450328100001,丙,450328100,乙镇"), NULL, &table));
  Json *aliases = NULL;
  CHECK_OK(json_parse(cx, STR("[{\"kind\":\"town\",\"town\":\"无此镇\",\"name\":\"旧乡\"}]"), &aliases));
  CHECK_FAILS(BAD_VALUE, place_table_new(cx, STR("450328100001,甲村,450328100,乙镇\n"), aliases, &table));
  CHECK_OK(
      json_parse(cx, STR("[{\"kind\":\"village\",\"town\":\"乙镇\",\"name\":\"旧村\",\"code\":\"1\"}]"), &aliases));
  CHECK_FAILS(BAD_VALUE, place_table_new(cx, STR("450328100001,甲村,450328100,乙镇\n"), aliases, &table));
  CHECK(table == NULL);
}

TEST(a_village_is_written_short_the_way_people_write_it) {
  CHECK_STR(place_short(STR("大柳村委会")), STR("大柳村"));
  CHECK_STR(place_short(STR("大柳村民委员会")), STR("大柳村"));
  CHECK_STR(place_short(STR("城南社区居委会")), STR("城南社区"));
  CHECK_STR(place_short(STR("瓢里街社区居民委员会")), STR("瓢里街社区"));
  CHECK_STR(place_short(STR("平等街道居民委员会")), STR("平等街道居民委员会"));
  CHECK_STR(place_short(STR("村委会")), STR("村委会"));
  CHECK_STR(place_short(STR_EMPTY), STR_EMPTY);
}
