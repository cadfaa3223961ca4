/* Random records through the matching engine: it must never fail, and what it says must hold together. */
#include "fuzz.h"
#include "match/match.h"

enum { LISTS = 4, RECORD_LIMIT = 64 };

typedef struct Input {
  const uint8_t *data;
  size_t size, at;
} Input;

static uint8_t next(Input *in) { return in->at < in->size ? in->data[in->at++] : 0; }

/* From a small stock, so that records collide; now and then raw bytes. */
static Str next_text(Input *in, const Str *stock, size_t count) {
  uint8_t choice = next(in);
  if (choice < 200) return stock[choice % count];
  size_t length = next(in) % 24;
  if (in->at + length > in->size) length = in->size - in->at;
  Str text = {(const char *)in->data + in->at, length};
  in->at += length;
  return text;
}

static MatchRecord next_record(Input *in) {
  static const Str NAMES[] = {STR("龙胜才"), STR("龙勝才"), STR("龙□才"), STR("龙才"),
                              STR("陈玉莲"), STR("欧阳德"), STR("")};
  static const Str IDS[] = {STR("450399196203051138"),
                            STR("450399196203051137"),
                            STR("45039919620305113"),
                            STR("450399620305113"),
                            STR("450399196203051000"),
                            STR("4.50399E+17"),
                            STR("无"),
                            STR("450399200506071158")};
  static const Str TOWNS[] = {STR("450328102"), STR("450328103"), STR("")};
  static const Str VILLAGES[] = {STR("450328102200"), STR("450328103200"), STR("")};
  static const Str PLACES[] = {STR("大柳村"), STR("新大柳村委会"), STR("")};
  static const Str NUMBERS[] = {STR("10002000007"), STR("10002000001"), STR("")};
  static const Str RELATIONS[] = {STR("户主"), STR("配偶"), STR("之子"), STR("")};
  static const Str BIRTHS[] = {STR("1962-03-05"), STR("19620503"), STR("1962"), STR("")};
  static const Str SEXES[] = {STR("男"), STR("女"), STR("")};
  uint8_t flags = next(in), group = next(in);
  return (MatchRecord){.list = flags % LISTS,
                       .group = group % 8 == 7 ? MATCH_NONE : group % 8,
                       .household_no = next_text(in, NUMBERS, COUNT_OF(NUMBERS)),
                       .name = next_text(in, NAMES, COUNT_OF(NAMES)),
                       .id = next_text(in, IDS, COUNT_OF(IDS)),
                       .sex = next_text(in, SEXES, COUNT_OF(SEXES)),
                       .birth = next_text(in, BIRTHS, COUNT_OF(BIRTHS)),
                       .relation = next_text(in, RELATIONS, COUNT_OF(RELATIONS)),
                       .phone = next_text(in, NUMBERS, COUNT_OF(NUMBERS)),
                       .town = next_text(in, TOWNS, COUNT_OF(TOWNS)),
                       .village = next_text(in, VILLAGES, COUNT_OF(VILLAGES)),
                       .place_text = next_text(in, PLACES, COUNT_OF(PLACES)),
                       .member_count = next(in),
                       .head = flags >> 4 & 1,
                       .household_row = flags >> 5 & 1};
}

static void check_numbers(const MatchInput *input, const MatchResult *result) {
  uint32_t persons = 0, households = 0;
  for (uint32_t i = 0; i < input->record_count; i++) {
    FUZZ_HOLDS(result->person[i] <= persons && result->household[i] <= households);
    persons += result->person[i] == persons;
    households += result->household[i] == households;
    bool linked = result->partner[i] != MATCH_NONE;
    FUZZ_HOLDS(result->state[i] <= STATE_ALONE);
    FUZZ_HOLDS(!linked || (result->partner[i] < input->record_count && result->partner[i] != i));
    if (result->state[i] == STATE_ALONE) FUZZ_HOLDS(!linked && result->bits[i] == 0);
    if (result->state[i] == STATE_DECIDED || result->state[i] == STATE_AUTO)
      FUZZ_HOLDS(linked && result->person[i] == result->person[result->partner[i]]);
  }
  FUZZ_HOLDS(persons == result->person_count && households == result->household_count);
}

static void check_pairs(const MatchInput *input, const MatchResult *result) {
  for (uint32_t i = 0; i < result->pair_count; i++) {
    const MatchPair *pair = &result->pairs[i];
    int32_t sum = pair->prior;
    FUZZ_HOLDS(pair->left < pair->right && pair->right < input->record_count && pair->verdict <= MATCH_DUPLICATE);
    if (i) {
      const MatchPair *before = pair - 1;
      FUZZ_HOLDS(before->left < pair->left || (before->left == pair->left && before->right < pair->right));
    }
    for (int f = 0; f < MATCH_FIELD_COUNT; f++) {
      sum += pair->field_bits[f];
      FUZZ_HOLDS(*match_level_text((MatchField)f, pair->level[f]));
    }
    FUZZ_HOLDS(sum == pair->bits);
    bool same = result->person[pair->left] == result->person[pair->right];
    if (pair->verdict == MATCH_AUTO || pair->verdict == MATCH_DUPLICATE || pair->verdict == MATCH_DECIDED)
      FUZZ_HOLDS(same);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Input in = {data, size, 0};
  Arena *arena CLEANUP(arena_freep) = arena_new();
  Context cx = {.arena = arena};
  MatchRecord records[RECORD_LIMIT];
  MatchSource sources[LISTS];
  MatchConstraint constraints[4];
  MatchResult result;
  uint8_t shape = next(&in);
  for (int i = 0; i < LISTS; i++) {
    uint8_t unique = next(&in);
    sources[i] = (MatchSource){STR("list"), unique & 1, unique >> 1 & 1};
  }
  MatchInput input = {.records = records,
                      .sources = sources,
                      .source_count = LISTS,
                      .constraints = constraints,
                      .hub = shape & 1 ? 0 : MATCH_NONE,
                      .constraint_count = shape >> 1 & 3};
  for (uint32_t i = 0; i < input.constraint_count; i++)
    constraints[i] = (MatchConstraint){next(&in) % RECORD_LIMIT, next(&in) % RECORD_LIMIT, next(&in) & 1};
  while (in.at < in.size && input.record_count < RECORD_LIMIT) records[input.record_count++] = next_record(&in);
  FUZZ_HOLDS(match_run(&cx, &input, &result) == OK);
  check_numbers(&input, &result);
  check_pairs(&input, &result);
  return 0;
}
