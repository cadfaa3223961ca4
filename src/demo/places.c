/* The villages of the county: their usual names, the ones they had before, and who lives there. */
#include "demo/world.h"

static const char *const OFFICES[] = {"社区居民委员会", "居民委员会", "社区居委会", "居委会", "村民委员会", "村委会"};
static const char *const KEEP[] = {"社区", "", "社区", "", "村", "村"};
static const char *const MERGED[] = {"上岩村", "高寨村", "坪头村", "田湾村", "石岭村", "水源村", "枫木村", "岩底村"};

/* Towns whose former names people still write. */
static const char *const FORMER_TOWNS[][2] = {{"龙脊镇", "和平乡"}, {"乐江镇", "乐江乡"}};

static Str former_town(Str town) {
  for (size_t i = 0; i < COUNT_OF(FORMER_TOWNS); i++)
    if (str_equal(town, str_from(FORMER_TOWNS[i][0]))) return str_from(FORMER_TOWNS[i][1]);
  return STR_EMPTY;
}

/* 花坪村委会 -> 花坪村, 城南社区居委会 -> 城南社区 */
static Str usual_name(Arena *arena, Str name) {
  for (size_t i = 0; i < COUNT_OF(OFFICES); i++)
    if (str_ends(name, str_from(OFFICES[i])))
      return str_format(arena, STR_FMT "%s", (int)(name.size - strlen(OFFICES[i])), name.data, KEEP[i]);
  return name;
}

/* One village in nine had another name until some years ago. */
static Str former_name(Arena *arena, Rng *rng, Str name) {
  if (!str_ends(name, STR("村")) || !rng_chance(rng, 11000)) return STR_EMPTY;
  Str stem = str_sub(name, 0, name.size - 3);
  switch (rng_below(rng, 8)) {
    case 0:
      return str_from(MERGED[rng_below(rng, COUNT_OF(MERGED))]);
    case 1:
    case 2:
      return str_format(arena, STR_FMT "大队", STR_ARG(stem));
    default:
      return str_format(arena, "新" STR_FMT "村", STR_ARG(stem));
  }
}

static Status add_village(Context *cx, World *world, Rng *rng, Str town, Str name) {
  uint32_t t = 0;
  while (t < world->town_count && !str_equal(world->towns[t], town)) t++;
  if (t == world->town_count) {
    if (t == COUNT_OF(world->towns))
      return fail(cx, BAD_FILE, "地名表里的乡镇多于 %d 个。", (int)COUNT_OF(world->towns));
    world->towns[world->town_count++] = str_copy(world->arena, town);
  }
  Village *village = &world->villages[world->village_count++];
  *village = (Village){.town = world->towns[t],
                       .name = usual_name(world->arena, name),
                       .town_index = t,
                       .former_town = former_town(town)};
  village->former = former_name(world->arena, rng, village->name);
  village->weight = rng_between(rng, 50, 150);
  return OK;
}

/* Four to seven surnames in a village, the first ones in most of its houses. */
static void settle(World *world, Rng *rng, uint32_t v) {
  enum { LOCAL = 18, SURNAMES = 48, POEM = 56 };
  Village *village = &world->villages[v];
  village->first_lineage = world->lineage_count;
  village->lineage_count = rng_between(rng, 5, 8);
  for (uint32_t i = 0; i < village->lineage_count; i++) {
    Lineage *lineage = &world->lineages[world->lineage_count++];
    lineage->village = v;
    lineage->surname = i < 3 ? rng_below(rng, LOCAL) : rng_below(rng, SURNAMES);
    for (size_t g = 0; g < COUNT_OF(lineage->poem); g++) lineage->poem[g] = rng_below(rng, POEM);
  }
}

Status world_read_places(Context *cx, World *world, Str csv) {
  size_t lines = 1;
  for (size_t i = 0; i < csv.size; i++) lines += csv.data[i] == '\n';
  world->villages = arena_array(world->arena, lines, Village);
  world->lineages = arena_array(world->arena, lines * 8, Lineage);
  Rng rng = rng_new(world->seed, 1, 0);
  size_t line_number = 0;
  for (size_t at = 0; at < csv.size;) {
    ptrdiff_t end = str_find(str_sub(csv, at, csv.size), STR("\n"));
    Str line = str_trim(str_sub(csv, at, end < 0 ? csv.size : at + (size_t)end));
    at = end < 0 ? csv.size : at + (size_t)end + 1;
    if (++line_number == 1 || line.size == 0) continue;
    Str field[4] = {STR_EMPTY, STR_EMPTY, STR_EMPTY, STR_EMPTY};
    size_t count = 0;
    for (size_t from = 0, i = 0; i <= line.size; i++)
      if (i == line.size || line.data[i] == ',') {
        if (count < 4) field[count] = str_sub(line, from, i);
        count++;
        from = i + 1;
      }
    if (count != 4 || field[1].size == 0 || field[3].size == 0)
      return fail(cx, BAD_FILE, "地名表第 %zu 行应有 4 列（code12,name,town_code9,town）。", line_number);
    TRY(add_village(cx, world, &rng, field[3], field[1]));
  }
  if (world->village_count == 0) return fail(cx, BAD_FILE, "地名表里没有村。");
  for (uint32_t v = 0; v < world->village_count; v++) settle(world, &rng, v);
  return OK;
}
