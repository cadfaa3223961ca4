#include "test.h"

static Str canonical(Context *cx, const char *text) {
  Json *json;
  Buf buf = buf_new(cx->arena);
  if (json_parse(cx, str_from(text), &json) != OK || json_write_canonical(cx, json, &buf) != OK)
    return cx->error.sentence;
  return buf_str(&buf);
}

TEST(canonical_json_sorts_keys_and_drops_blanks) {
  CHECK_STR(canonical(cx, " { \"b\" : [1, -2,true] ,\"a\":\"x\\u4e2d\\n\\/\" } "),
            STR("{\"a\":\"x中\\n/\",\"b\":[1,-2,true]}"));
  CHECK_STR(canonical(cx, "{\"a\":{\"z\":9007199254740992,\"y\":\"\\ud842\\udfb7\"}}"),
            STR("{\"a\":{\"y\":\"𠮷\",\"z\":9007199254740992}}"));
}

TEST(json_that_is_not_strict_is_refused_with_its_place) {
  static const char *const bad[] = {
      "",    "{",     "{\"a\":1,\"a\":2}", "[1,]", "01",        "1.", "\"\\ud800\"", "\"\x01\"", "9007199254740993",
      "nul", "[1] 2", "\"\\u0000\"",       "\xff", "{\"a\" 1}", "-",  "1e",          "\"abc"};
  for (size_t i = 0; i < COUNT_OF(bad); i++) {
    Json *json;
    CHECK_FAILS(BAD_JSON, json_parse(cx, str_from(bad[i]), &json));
  }
  Json *json;
  CHECK_FAILS(BAD_JSON, json_parse(cx, STR("{\n \"a\": x}"), &json));
  CHECK(str_find(cx->error.sentence, STR("第 2 行第 7 个字节")) >= 0);
  char deep[200];
  memset(deep, '[', sizeof deep);
  CHECK_FAILS(BAD_JSON, json_parse(cx, (Str){deep, sizeof deep}, &json));
}

TEST(canonical_json_refuses_nulls_fractions_and_odd_keys) {
  Json *json;
  static const char *const bad[] = {"null", "[1.5]", "{\"A\":1}", "{\"a-b\":1}", "{\"\":1}"};
  for (size_t i = 0; i < COUNT_OF(bad); i++) {
    Buf buf = buf_new(cx->arena);
    CHECK_OK(json_parse(cx, str_from(bad[i]), &json));
    CHECK_FAILS(BAD_JSON, json_write_canonical(cx, json, &buf));
  }
}

TEST(text_trims_the_blanks_of_spreadsheets) {
  CHECK_STR(str_trim(STR("\xEF\xBB\xBF \t\xC2\xA0张三\xE3\x80\x80\r\n")), STR("张三"));
  CHECK_STR(str_trim(STR(" \xE3\x80\x80 ")), STR_EMPTY);
  CHECK_INT(str_rune_count(STR("龙胜a𠮷")), 4);
}

TEST(utf8_that_is_ill_formed_is_seen) {
  static const char *const bad[] = {"\x80",     "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                                    "\xE4\xB8", "\xF8"};
  for (size_t i = 0; i < COUNT_OF(bad); i++) {
    size_t at = 0;
    CHECK(!str_utf8_valid(str_from(bad[i])));
    CHECK_INT(str_next_rune(str_from(bad[i]), &at), 0xFFFD);
  }
  CHECK(str_utf8_valid(STR("aé龙𠮷")));
}

TEST(integers_are_read_whole_or_not_at_all) {
  int64_t value = 7;
  CHECK(str_int64(STR("-9223372036854775808"), &value) && value == INT64_MIN);
  CHECK(str_int64(STR("9223372036854775807"), &value) && value == INT64_MAX);
  CHECK(!str_int64(STR("9223372036854775808"), &value) && !str_int64(STR(""), &value) && !str_int64(STR("-"), &value) &&
        !str_int64(STR("1 "), &value));
  CHECK(value == INT64_MAX);
}

TEST(formatting_pads_and_counts_strings) {
  CHECK_STR(
      str_format(cx->arena, "%04d|%d|%5u|%x|%.*s|%c|%lld|%zu%%", 7, -3, 42u, 255u, 3, "abcd", 'z', -5LL, (size_t)9),
      STR("0007|-3|   42|ff|abc|z|-5|9%"));
}

TEST(string_map_keeps_the_first_value_and_grows) {
  StrMap map = strmap_new(cx->arena);
  for (uint32_t i = 0; i < 5000; i++) strmap_put(&map, str_format(cx->arena, "key %u", i), i, NULL);
  uint32_t wrong = 0;
  for (uint32_t i = 0; i < 5000; i++) wrong += strmap_get(&map, str_format(cx->arena, "key %u", i)) != i;
  CHECK_INT(wrong, 0);
  CHECK_INT(strmap_put(&map, STR("key 3"), 99, NULL), 3);
  CHECK_INT(strmap_get(&map, STR("absent")), STRMAP_NONE);
}

TEST(arena_grows_in_place_and_keeps_large_blocks) {
  Arena *arena = arena_new();
  char *a = arena_alloc(arena, 10);
  CHECK(arena_grow(arena, a, 10, 1000) == a);
  char *large = arena_alloc(arena, 10 * 1024 * 1024);
  memset(large, 1, 10 * 1024 * 1024);
  char *b = arena_alloc(arena, 8);
  CHECK(((uintptr_t)b & 15) == 0 && b[0] == 0);
  arena_reset(arena);
  CHECK_INT(arena_used(arena), 0);
  arena_free(arena);
}

TEST(stamps_print_as_utc) {
  CHECK_STR(stamp_format(cx->arena, 1586505600000001), STR("2020-04-10T08:00:00.000001Z"));
  CHECK_STR(stamp_format(cx->arena, -1), STR("1969-12-31T23:59:59.999999Z"));
}

TEST(an_absorbed_arena_lives_as_long_as_its_new_owner) {
  Arena *other = arena_new();
  char *small = arena_alloc(other, 10), *large = arena_alloc(other, 1 << 20);
  memcpy(small, "abc", 4);
  large[(1 << 20) - 1] = 'z';
  size_t before = arena_used(cx->arena), others = arena_used(other);
  arena_absorb(cx->arena, other);
  CHECK_INT(arena_used(cx->arena), before + others);
  CHECK_STR(str_from(small), STR("abc"));
  CHECK(large[(1 << 20) - 1] == 'z');
  CHECK(arena_alloc(cx->arena, 100) != NULL);
}
