/* Arbitrary bytes through identity numbers, names and places. The first byte cuts the rest into town, village
 * and address. The invariants are those of identity.h. */
#include "identity/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(expression) \
  if (!(expression)) __builtin_trap()

static void check_id(Arena *arena, Str raw) {
  IdNumber id = id_read(raw);
  MUST(id.size < sizeof id.text && strlen(id.text) == id.size);
  MUST(id.state != ID_VALID || (id_check((Str){id.text, id.size}) && id.packed && id.certain >= 17));
  MUST(id.state != ID_NONE || (id.size == 0 && id.packed == 0));
  MUST(id.birth == 0 || date_valid(id.birth));
  MUST(id.sex <= 2 && id.certain <= 18);
  char back[19];
  if (id.packed) MUST(str_equal(id_unpack(id.packed, back), (Str){id.text, id.size}));
  IdNumber again = id_read((Str){id.text, id.size});
  if (id.state == ID_VALID) MUST(again.state == ID_VALID && again.packed == id.packed && again.flags == 0);
  uint64_t list[256];
  size_t count = id_repairs(&id, list, COUNT_OF(list));
  MUST(count < COUNT_OF(list));
  MUST(count == 0 || id.state == ID_INVALID || id.state == ID_SHORT);
  for (size_t i = 0; i < count; i++) {
    MUST(i == 0 || list[i - 1] < list[i]);
    MUST(id_check(id_unpack(list[i], back)));
  }
  MUST(str_rune_count(id_mask(arena, raw)) == str_rune_count(raw));
}

static void check_name(Arena *arena, Str raw) {
  Name name = name_read(raw);
  MUST(name.size <= NAME_LIMIT && name.surname_size <= 2 && name.surname_size <= name.size);
  MUST((name.size == 0) == ((name.flags & NAME_IS_EMPTY) != 0));
  for (uint8_t i = 0; i < name.size; i++) {
    MUST(name.rune[i] && name.raw_rune[i]);
    MUST(rune_fold(name.rune[i]) == name.rune[i]);
    RuneRelation relation = rune_relation(name.rune[0], name.raw_rune[i]);
    MUST(relation == rune_relation(name.raw_rune[i], name.rune[0]));
    MUST(i || relation == RUNE_SAME || relation == RUNE_VARIANT || relation == RUNE_WILDCARD || relation == RUNE_OTHER);
  }
  Str text = name_text(arena, &name);
  MUST(str_utf8_valid(text));
  MUST(name_initials(arena, &name).size <= name.size);
}

static void check_place(Context *cx, const PlaceTable *table, Str town, Str village, Str address) {
  (void)cx;
  Place place = place_find(table, town, village, address);
  MUST(place.how <= PLACE_AMBIGUOUS);
  MUST(place.village_code.size == 0 || str_starts(place.village_code, place.town_code));
  bool found = place.how == PLACE_EXACT || place.how == PLACE_ALIAS;
  MUST(found == (place.village_code.size == 12));
  MUST(place.how != PLACE_TOWN_ONLY || place.town_code.size == 9);
  MUST(place.how != PLACE_UNKNOWN || place.town_code.size == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Arena *arena = arena_new();
  if (!arena) return 0;
  Context cx = {arena, {OK, STR_EMPTY}};
  Str raw = {(const char *)data, size};
  check_id(arena, raw);
  check_name(arena, raw);
  PlaceTable *table = NULL;
  Str csv =
      STR("code12,name,town_code9,town\n"
          "450328100001,城南社区居委会,450328100,龙胜镇\n"
          "450328102001,三门镇街道居民委员会,450328102,三门镇\n"
          "450328102212,花坪村委会,450328102,三门镇\n"
          "450328105208,地灵村委会,450328105,乐江镇\n"
          "450328202206,地灵村委会,450328202,江底乡\n"
          "450328203206,里市村委会,450328203,马堤乡\n");
  MUST(place_table_new(&cx, csv, NULL, &table) == OK);
  if (size) {
    size_t first = 1 + data[0] % size, second = first + (size - first) / 2;
    check_place(&cx, table, str_sub(raw, 1, first), str_sub(raw, first, second), str_sub(raw, second, size));
    check_place(&cx, table, STR_EMPTY, STR_EMPTY, str_sub(raw, 1, size));
    check_place(&cx, table, STR_EMPTY, str_sub(raw, 1, size), STR_EMPTY);
  }
  PlaceTable *other = NULL;
  if (place_table_new(&cx, raw, NULL, &other) == OK) /* the bytes as a table of places */
    check_place(&cx, other, str_sub(raw, 0, size / 2), str_sub(raw, size / 2, size), raw);
  arena_free(arena);
  return 0;
}
