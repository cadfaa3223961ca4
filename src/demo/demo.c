/* Order of work: population, register, housing; then every department's list, one at a time. */
#include "base/file.h"
#include "demo/view.h"

typedef void (*View)(const World *world, List *list);
static const View VIEWS[DEMO_LIST_COUNT] = {
    [DEMO_REGISTER] = view_register,   [DEMO_RELOCATED] = view_relocated,   [DEMO_RENOVATED] = view_renovated,
    [DEMO_APPRAISED] = view_appraised, [DEMO_CIVIL] = view_civil,           [DEMO_DISABLED] = view_disabled,
    [DEMO_FEEDBACK] = view_feedback,   [DEMO_TOWN_FEEDBACK] = view_feedback};

static Status write_one(Context *cx, const World *world, const char *folder, DemoList kind, uint32_t error_percent,
                        Ledger *ledger, DemoSummary *summary) {
  CLEANUP(arena_freep) Arena *arena = arena_new(); /* a list's rows are wide: only one list at a time */
  Context inner = {.arena = arena};
  List list;
  list_new(&list, kind, error_percent, arena, kind == DEMO_REGISTER ? world->registered_persons + 1024 : 1024);
  VIEWS[kind](world, &list);
  damage_list(world, &list);
  Status status = write_list(&inner, world, folder, &list, ledger, &summary->files);
  if (status != OK) return fail(cx, status, STR_FMT, STR_ARG(inner.error.sentence));
  summary->rows_of[kind] = list.count;
  summary->rows += list.count;
  return OK;
}

/* A population large enough for the register; now and then one dies out too much and the next is taken. */
static Status make_world(Context *cx, World *world, const DemoOptions *options, uint32_t households, uint32_t persons) {
  for (uint32_t attempt = 0; attempt < 8; attempt++) {
    *world = (World){.arena = cx->arena, .seed = options->seed + attempt * 0x632be59bd9b4e019u};
    TRY(world_read_places(cx, world, options->places_csv));
    world_live(world, households + households / 4 + 200);
    if (!world_register(world, households, persons)) continue;
    world_house(world);
    return OK;
  }
  return fail(cx, FAILED, "生成的人口凑不成 %u 户 %u 人，请换一个种子。", households, persons);
}

Status demo_write(Context *cx, const char *out_folder, const DemoOptions *options, DemoSummary *ret_summary) {
  int64_t households = options->households ? options->households : DEMO_HOUSEHOLDS;
  if (households < 1 || households > DEMO_HOUSEHOLDS_LIMIT)
    return fail(cx, BAD_USAGE, "户数应在 1 到 %d 之间。", (int)DEMO_HOUSEHOLDS_LIMIT);
  if (options->error_percent > 1000) return fail(cx, BAD_USAGE, "差错倍率应在 0 到 1000%% 之间。");
  int64_t persons = (households * DEMO_PERSONS + DEMO_HOUSEHOLDS / 2) / DEMO_HOUSEHOLDS;
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Context inner = {.arena = arena};
  World world;
  Status status = make_world(&inner, &world, options, (uint32_t)households, (uint32_t)persons);
  if (status != OK) return fail(cx, status, STR_FMT, STR_ARG(inner.error.sentence));
  DemoSummary summary = {.households = world.registered_count, .persons = world.registered_persons};
  TRY(folder_make(cx, out_folder));
  Ledger ledger = {buf_new(arena), buf_new(arena), 0};
  buf_add(&ledger.truth, STR("list,row,household,person,file\n"));
  buf_add(&ledger.errors, STR("list,row,class,file\n"));
  for (int kind = 0; kind < DEMO_LIST_COUNT; kind++)
    TRY(write_one(cx, &world, out_folder, (DemoList)kind, options->error_percent, &ledger, &summary));
  TRY(write_bytes(cx, out_folder, STR("truth.csv"), buf_str(&ledger.truth)));
  TRY(write_bytes(cx, out_folder, STR("errors.csv"), buf_str(&ledger.errors)));
  summary.errors = ledger.error_count;
  *ret_summary = summary;
  return OK;
}
