/* The lists of households: relocation, renovation, appraisal, and the towns' feedback. */
#include "demo/view.h"

static const char *const SITES[] = {"福和小区",     "都坪安置点",   "上孟安置点",
                                    "龙脊镇安置点", "平等镇安置点", "瓢里镇安置点"};

/* Somebody grown of the household who is not its head, NOBODY if none. */
static uint32_t another_member(const World *world, const Snapshot *at, uint32_t h) {
  uint32_t head = at->head[h], spouse = world->persons[head].spouse;
  if (spouse != NOBODY && spouse < at->persons && at->home[spouse] == h) return spouse;
  for (uint32_t c = world->persons[head].last_child; c != NOBODY; c = world->persons[c].elder)
    if (c < at->persons && at->home[c] == h && age_at(&world->persons[c], 2019) >= 18) return c;
  return NOBODY;
}

/* One row about a household as it was, in its head's name or, now and then, in another member's. */
static Row *add_household(const World *world, List *list, uint32_t h, When when, uint32_t other_name_per_100000) {
  const Snapshot *at = &world->at[when], *registered = &world->at[WHEN_REGISTER];
  Rng rng = rng_new(world->seed, 80 + list->kind, h);
  uint32_t person = at->head[h], now = household_now(world, h);
  if (rng_chance(&rng, (uint64_t)other_name_per_100000 * list->error_percent / 100)) {
    uint32_t other = another_member(world, at, h);
    if (other != NOBODY) person = other;
  }
  Row *row = list_add(world, list, h, person);
  row->household = now;
  row->text[F_SIZE] = str_format(list->arena, "%u", at->size[h]);
  if (!world->households[now].registered)
    row->classes |= 1u << C_NOT_IN_REGISTER;
  else if (now != h)
    row->classes |= 1u << C_MERGED;
  else {
    if (person != registered->head[h]) row->classes |= 1u << C_HEAD_DIFFERS;
    if (at->size[h] != registered->size[h]) row->classes |= 1u << C_SIZE_DIFFERS;
  }
  return row;
}

static bool existed(const World *world, When when, uint32_t h) {
  return h < world->at[when].households && world->at[when].size[h] > 0;
}

/* Calls `add` for registered households, for those merged into one, and for some others, by village. */
typedef void (*AddRow)(const World *world, List *list, uint32_t h);
static void each_household(const World *world, List *list, uint32_t others_per_100000, AddRow add) {
  uint32_t inside_count, outside_count;
  uint32_t *inside = households_by_place(world, list, true, &inside_count);
  uint32_t *outside = households_by_place(world, list, false, &outside_count);
  uint32_t i = 0, o = 0;
  while (i < inside_count || o < outside_count) {
    bool from_inside = o == outside_count || (i < inside_count && world->households[inside[i]].village <=
                                                                      world->households[outside[o]].village);
    uint32_t h = from_inside ? inside[i++] : outside[o++];
    Rng rng = rng_new(world->seed, 90 + list->kind, h);
    bool merged = world->households[household_now(world, h)].registered;
    if (from_inside || merged || rng_chance(&rng, others_per_100000)) add(world, list, h);
  }
}

static void mark_divided(const World *world, List *list, When when) {
  bool *divided = arena_array(list->arena, world->household_count, bool);
  for (uint32_t h = world->at[when].households; h < world->household_count; h++)
    if (world->households[h].from != NOBODY) divided[world->households[h].from] = true;
  for (uint32_t i = 0; i < list->count; i++)
    if (divided[list->rows[i].household]) list->rows[i].classes |= 1u << C_DIVIDED;
}

/* ---- relocation: as the agreements were signed, 2017 ---- */
static void add_relocated(const World *world, List *list, uint32_t h) {
  static const char *const WAYS[] = {"集中安置", "集中安置", "进镇购房", "分散安置"};
  if (world->households[h].mode != MODE_RELOCATED || !existed(world, WHEN_2017_12, h)) return;
  Row *row = add_household(world, list, h, WHEN_2017_12, 1500);
  Rng rng = rng_new(world->seed, 110, h);
  row->text[F_SETTLEMENT] = str_from(WAYS[rng_below(&rng, COUNT_OF(WAYS))]);
  row->text[F_SITE] = str_from(SITES[world->households[h].site]);
  row->text[F_MOVED_IN] = rng_chance(&rng, 96000) ? STR("是") : STR("否");
}

void view_relocated(const World *world, List *list) {
  each_household(world, list, 1500, add_relocated);
  mark_divided(world, list, WHEN_2017_12);
}

/* ---- renovation: the years 2014 to 2019, typed from the files of each year ---- */
static void add_renovated(const World *world, List *list, uint32_t h) {
  static const char *const KINDS[] = {"一般贫困户", "一般贫困户", "一般贫困户", "低保户"};
  const Household *household = &world->households[h];
  Rng rng = rng_new(world->seed, 111, h);
  bool before_moving = household->mode == MODE_RELOCATED && rng_chance(&rng, 400); /* on both lists: a conflict */
  uint32_t year = before_moving ? 2015 : household->renovated;
  if ((household->mode != MODE_RENOVATED && !before_moving) || year > 2019) return;
  When when = year < 2019 ? WHEN_2017_12 : WHEN_2019_06;
  if (!existed(world, when, h)) return;
  Row *row = add_household(world, list, h, when, 1500);
  if (before_moving) row->classes |= 1u << C_STATUS_DIFFERS;
  row->text[F_KIND] = str_from(KINDS[rng_below(&rng, COUNT_OF(KINDS))]);
  row->text[F_GRADE] = str_format(list->arena, "%c级", household->grade_before);
  row->text[F_RENOVATED] = str_format(list->arena, "%u", year);
  row->text[F_WAY] = household->grade_before == 'C' && rng_chance(&rng, 85000) ? STR("修缮加固") : STR("原址翻建");
  row->text[F_MOVED_IN] = rng_chance(&rng, 96000) ? STR("是") : STR("否");
  row->text[F_AREA] = str_format(list->arena, "%u", (unsigned)household->area);
}

void view_renovated(const World *world, List *list) {
  each_household(world, list, 1500, add_renovated);
  mark_divided(world, list, WHEN_2017_12);
}

/* ---- appraisal of all houses in 2019, but of those relocated ---- */
static void add_appraised(const World *world, List *list, uint32_t h) {
  static const char *const STRUCTURES[] = {"木结构", "砖混结构", "砖木结构", "生土结构", "钢筋混凝土结构"};
  static const char *const PEOPLE[] = {"粟工", "杨工", "石工", "韦技", "廖工", "蒙技"};
  const Household *household = &world->households[h];
  Rng rng = rng_new(world->seed, 112, h);
  if (household->mode == MODE_RELOCATED || !existed(world, WHEN_2019_06, h) || rng_chance(&rng, 1200)) return;
  bool not_yet = household->mode == MODE_RENOVATED && household->renovated >= 2019;
  bool stands_empty = household->mode == MODE_RENTED && rng_chance(&rng, 60000);
  bool wrong = rng_chance(&rng, 800ull * list->error_percent / 100); /* looked at another house */
  char grade = (char)(not_yet || stands_empty ? household->grade_before : household->grade_now);
  Row *row = add_household(world, list, h, WHEN_2019_06, 1000);
  if (wrong) {
    grade = grade <= 'B' ? 'C' : 'B';
    row->classes |= 1u << C_STATUS_DIFFERS;
  }
  row->classes &= ~(1u << C_SIZE_DIFFERS); /* it does not say */
  row->text[F_GRADE] = str_format(list->arena, "%c级", grade);
  row->text[F_STRUCTURE] = str_from(STRUCTURES[household->structure]);
  row->text[F_BUILT] = str_format(list->arena, "%u", (unsigned)household->built);
  row->text[F_REPORT] = str_format(list->arena, "LS2019-%05u", rng_below(&rng, 100000));
  row->text[F_APPRAISER] = str_from(PEOPLE[rng_below(&rng, COUNT_OF(PEOPLE))]);
  uint32_t month = rng_between(&rng, 3, 12), day = rng_between(&rng, 1, 28);
  row->text[F_APPRAISED] = str_format(list->arena, "2019-%02u-%02u", month, day);
}

void view_appraised(const World *world, List *list) {
  each_household(world, list, 300, add_appraised);
  mark_divided(world, list, WHEN_2019_06);
}

/* ---- feedback from above, and the towns' own, March 2020 ---- */
static void add_feedback(const World *world, List *list, uint32_t h) {
  static const char *const OFFICE[MODE_COUNT] = {"改造安全", "鉴定安全", "易地搬迁", "租住借住", "其他"};
  static const char *const TOWN[MODE_COUNT] = {"实施危改", "自建住房", "易地搬迁", "租住借住", "其他"};
  const Household *household = &world->households[h];
  Rng rng = rng_new(world->seed, 113 + list->kind, h);
  if (!existed(world, WHEN_2020_03, h) || (household->registered && rng_chance(&rng, 250))) return;
  Row *row = add_household(world, list, h, WHEN_2020_03, 400);
  bool town = list->kind == DEMO_TOWN_FEEDBACK;
  Mode mode = household->mode;
  if (rng_chance(&rng, (town ? 500ull : 1000ull) * list->error_percent / 100)) {
    mode = (Mode)((mode + 1 + rng_below(&rng, MODE_COUNT - 2)) % (MODE_COUNT - 1));
    if (mode == household->mode) mode = (Mode)((mode + 1) % (MODE_COUNT - 1));
    row->classes |= 1u << C_STATUS_DIFFERS;
  }
  row->text[F_MODE] = str_from(town ? TOWN[mode] : OFFICE[mode]);
  uint32_t code = household->registered ? household->code : 900000 + rng_below(&rng, 90000);
  row->text[F_CODE] = str_format(list->arena, "1%04u%06u", 2, code);
  if (!town) return;
  row->text[F_GRADE] = mode == MODE_RELOCATED ? STR_EMPTY : str_format(list->arena, "%c级", household->grade_now);
  static const char *const REMARKS[] = {"已入住", "常年在外务工", "与子女同住", "正在完善资料"};
  if (rng_chance(&rng, 6000)) row->text[F_REMARK] = str_from(REMARKS[rng_below(&rng, COUNT_OF(REMARKS))]);
}

void view_feedback(const World *world, List *list) {
  each_household(world, list, 350, add_feedback);
  mark_divided(world, list, WHEN_2020_03);
}
