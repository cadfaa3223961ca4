/* The vectors are in tests/vectors/identity.json, so that WebAssembly can replay the same file. */
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

static const char *const STATES[] = {"none", "valid", "invalid", "prefix", "short", "dummy"};
static const struct {
  const char *name;
  unsigned flag;
} FLAGS[] = {{"fullwidth", ID_WAS_FULLWIDTH},
             {"lower_x", ID_WAS_LOWER_X},
             {"blanks", ID_HAD_BLANKS},
             {"15", ID_WAS_15},
             {"certificate", ID_WAS_CERTIFICATE},
             {"reissued", ID_WAS_REISSUED},
             {"decimal", ID_HAD_DECIMAL},
             {"scientific", ID_WAS_SCIENTIFIC},
             {"zeroed", ID_WAS_ZEROED},
             {"quote", ID_HAD_QUOTE},
             {"bad_check", ID_BAD_CHECK},
             {"bad_date", ID_BAD_DATE},
             {"words", ID_HAD_WORDS}};

static unsigned flags_of(const Json *names) {
  unsigned flags = 0;
  JSON_EACH(name, names)
  for (size_t i = 0; i < COUNT_OF(FLAGS); i++)
    if (str_equal(name->text, str_from(FLAGS[i].name))) flags |= FLAGS[i].flag;
  return flags;
}

TEST(identity_numbers_read_as_the_shared_vectors_say) {
  Json *vectors = NULL;
  CHECK_OK(json_parse(cx, read_whole(cx->arena, SOURCE_ROOT "/tests/vectors/identity.json"), &vectors));
  const Json *ids = json_get(vectors, "ids");
  CHECK(ids && ids->count > 60);
  JSON_EACH(vector, ids) {
    IdNumber id = id_read(json_text(vector, "raw"));
    int before = test_failures;
    CHECK_STR(str_from(STATES[id.state]), json_text(vector, "state"));
    CHECK_STR(str_from(id.text), json_text(vector, "text"));
    CHECK_INT(id.size, strlen(id.text));
    CHECK_INT(id.flags, flags_of(json_get(vector, "flags")));
    CHECK_INT(id.certain, json_int(vector, "certain", -1));
    CHECK_INT(id.birth, json_int(vector, "birth", -1));
    CHECK_INT(id.sex, json_int(vector, "sex", -1));
    CHECK_INT(id.disability_kind, json_int(vector, "kind", -1));
    CHECK_INT(id.disability_grade, json_int(vector, "grade", -1));
    char back[19];
    if (id.packed) CHECK_STR(id_unpack(id.packed, back), str_from(id.text));
    CHECK(id.state != ID_VALID || id.packed != 0);
    if (test_failures != before) printf("# vector \"" STR_FMT "\"\n", STR_ARG(json_text(vector, "raw")));
  }
}

static uint32_t next_random(uint64_t *state) { /* splitmix64 */
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return (uint32_t)(z >> 33);
}

static void random_id(uint64_t *state, char text[19]) {
  uint32_t date;
  do
    date =
        (1920 + next_random(state) % 100) * 10000 + (1 + next_random(state) % 12) * 100 + 1 + next_random(state) % 31;
  while (!date_valid(date));
  snprintf(text, 19, "450399%08u%03u", date, next_random(state) % 1000);
  text[17] = id_check_digit(text);
  text[18] = 0;
}

static bool repaired(const char *damaged, size_t size, uint64_t truth) {
  IdNumber id = id_read((Str){damaged, size});
  if (id.state == ID_VALID) return id.packed == truth; /* damage that hit nothing */
  uint64_t list[256];
  size_t count = id_repairs(&id, list, COUNT_OF(list));
  bool found = false;
  for (size_t i = 0; i < count; i++) {
    char text[19];
    if (i && list[i] <= list[i - 1]) return false;
    if (!id_check(id_unpack(list[i], text))) return false;
    found |= list[i] == truth;
  }
  return found || id.state == ID_PREFIX || id.state == ID_DUMMY; /* ...000 and 999999... are no typing errors */
}

TEST(every_single_typing_error_is_detected_and_its_repair_is_offered) {
  uint64_t state = 11643;
  for (int round = 0; round < 60; round++) {
    char truth[19], text[24];
    random_id(&state, truth);
    uint64_t packed = id_read(str_from(truth)).packed;
    for (size_t at = 0; at < 18; at++) {
      for (const char *c = at == 17 ? "0123456789X" : "0123456789"; *c; c++) {
        memcpy(text, truth, 19);
        text[at] = *c;
        if (*c != truth[at]) CHECK(!id_check(str_from(text)));
        CHECK(repaired(text, 18, packed));
      }
      memcpy(text, truth, 19);
      text[at] = 'O';
      CHECK(at == 17 || repaired(text, 18, packed));
      memcpy(text, truth, at);
      memcpy(text + at, truth + at + 1, 18 - at); /* one character dropped */
      CHECK(repaired(text, 17, packed));
      memcpy(text, truth, at);
      text[at] = (char)('0' + next_random(&state) % 10); /* one added */
      memcpy(text + at + 1, truth + at, 19 - at);
      CHECK(repaired(text, 19, packed));
      if (at < 17) {
        memcpy(text, truth, 19);
        text[at] = truth[at + 1];
        text[at + 1] = truth[at];
        CHECK(repaired(text, 18, packed));
      }
    }
  }
}

TEST(a_fifteen_digit_number_with_an_unreal_date_is_repaired_in_its_typed_digits) {
  IdNumber truth = id_read(STR("450399850312042"));
  CHECK_INT(truth.state, ID_VALID);
  IdNumber wrong = id_read(STR("450399851312042"));
  CHECK_INT(wrong.state, ID_INVALID);
  uint64_t list[256];
  size_t count = id_repairs(&wrong, list, COUNT_OF(list));
  bool found = false;
  for (size_t i = 0; i < count; i++) found |= list[i] == truth.packed;
  CHECK(found);
  CHECK(count < 40);
  CHECK_INT(id_repairs(&wrong, list, 2), 2);
  CHECK_INT(id_repairs(&truth, list, COUNT_OF(list)), 0);
}

TEST(dates_are_real_or_refused) {
  CHECK(date_valid(20000229));
  CHECK(!date_valid(19000229));
  CHECK(!date_valid(20210229));
  CHECK(date_valid(20201231));
  CHECK(!date_valid(20201301));
  CHECK(!date_valid(20200431));
  CHECK(!date_valid(0));
  CHECK(!date_valid(UINT32_MAX));
}

TEST(identity_numbers_are_masked_for_showing) {
  CHECK_STR(id_mask(cx->arena, STR("450399198503120423")), STR("450399********0423"));
  CHECK_STR(id_mask(cx->arena, STR("450399850312042")), STR("450399*****2042"));
  CHECK_STR(id_mask(cx->arena, STR("12345678")), STR("12****78"));
  CHECK_STR(id_mask(cx->arena, STR("暂无")), STR("**"));
  CHECK_STR(id_mask(cx->arena, STR_EMPTY), STR_EMPTY);
}

TEST(packing_refuses_what_is_no_number) {
  char text[19];
  CHECK_STR(id_unpack(0, text), STR_EMPTY);
  CHECK_STR(id_unpack(UINT64_MAX, text), STR_EMPTY);
}
