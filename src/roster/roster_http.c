#include "roster/roster_http.h"

#define PAGE_FIELDS                                                                                    \
  {.name = "offset", .type = FIELD_INT, .least = 0, .most = 10000000, .what = "从第几个开始"}, {       \
    .name = "limit", .type = FIELD_INT, .least = 1, .most = 500, .what = "最多几个，不写为 50" \
  }
#define DIFFERENCE_FILTERS                                                                                         \
  {.name = "class", .most = 40, .what = "类别"}, {.name = "list", .most = 40, .what = "涉及的名单"},               \
      {.name = "left", .most = 40, .what = "名单对的左边"}, {.name = "right", .most = 40, .what = "名单对的右边"}, \
      {.name = "town", .most = 12, .what = "乡镇代码或 unknown"}, {.name = "household", .most = 64, .what = "户"}, \
      {.name = "owner", .most = 40, .what = "由哪个单位处理"},                                                     \
      {.name = "state",                                                                                            \
       .type = FIELD_CHOICE,                                                                                       \
       .choices = "todo|open|returned|decided|all",                                                                \
       .what = "状态，不写为 todo（未处理和已退回）"},                                                             \
  {                                                                                                                \
    .name = "text", .most = 60, .what = "姓名、拼音首字母、完整的身份证号码"                      \
  }
#define REGISTER_FILTERS                                                                                   \
  {.name = "text", .most = 60, .what = "姓名、拼音首字母、村名、户编号、完整的身份证号码"},                \
      {.name = "town", .most = 12, .what = "乡镇代码"}, {.name = "village", .most = 12, .what = "村代码"}, \
      {.name = "mode", .most = 40, .what = "住房保障方式代码"},                                            \
      {.name = "list", .most = 40, .what = "在这个名单里的户"}, {                                          \
    .name = "open", .type = FIELD_BOOL, .what = "只要还有未处理差异的"                           \
  }
#define FORMAT \
  { .name = "format", .type = FIELD_CHOICE, .required = true, .choices = "xlsx|csv", .what = "文件格式" }
#define REASON \
  { .name = "reason", .most = 500, .what = "理由" }

/* clang-format off */
static const Field DIFFERENCES_QUERY[] = {DIFFERENCE_FILTERS, PAGE_FIELDS};
static const Field DIFFERENCES_EXPORT[] = {DIFFERENCE_FILTERS, FORMAT};
static const Field REGISTER_QUERY[] = {REGISTER_FILTERS, PAGE_FIELDS};
static const Field REGISTER_EXPORT[] = {REGISTER_FILTERS, FORMAT};
static const Field FLAGS_QUERY[] = {PAGE_FIELDS};
static const Field IMPORT_QUERY[] = {{.name = "name", .required = true, .least = 1, .most = 200, .what = "文件名"}, {.name = "list", .most = 40, .what = "哪种名单，不写为自动识别"},
                                     {.name = "sender", .most = 60, .what = "来源，不写为名单的所属单位"},
                                     {.name = "mapping", .most = 8000, .what = "更正后的对应关系，JSON，见 docs/formats.md"}, REASON};
static const Field LAYOUT_QUERY[] = {{.name = "name", .required = true, .least = 1, .most = 200, .what = "文件名"}};
static const Field CHANGES_QUERY[] = {{.name = "since", .type = FIELD_INT, .least = 0, .most = INT64_C(1) << 53, .what = "已经看到第几条；不写只答现在到第几条"}};
static const Field DECIDE_BODY[] = {{.name = "action", .required = true, .least = 1, .most = 200, .what = "proposed、take:名单、value:内容、link、nolink、return、exception"},
                                    {.name = "seen", .type = FIELD_INT, .required = true, .least = 0, .most = INT64_C(1) << 53, .what = "看到的 decision_seq"}, REASON};
static const Field DECIDE_CLASS_BODY[] = {{.name = "class", .required = true, .least = 1, .most = 40, .what = "类别"}, {.name = "list", .most = 40, .what = "只要涉及这个名单的"},
                                          {.name = "town", .most = 12, .what = "只要这个乡镇的"}, {.name = "dry_run", .type = FIELD_BOOL, .what = "只试算"},
                                          {.name = "expected", .type = FIELD_INT, .least = 0, .most = 10000000, .what = "试算时的处数；现在不同则不做"}, REASON};
static const Field REASON_BODY[] = {REASON};
static const Field PURPOSE_BODY[] = {{.name = "purpose", .required = true, .least = 2, .most = 200, .what = "查看完整号码的用途，记入日志"}};
static const Field LOCK_BODY[] = {{.name = "force", .type = FIELD_BOOL, .what = "户数、人数或差异不符也锁定，须写理由"}, REASON};
static const Field REMOVAL_BODY[] = {{.name = "household", .required = true, .least = 1, .most = 64, .what = "户"}, {.name = "person", .most = 64, .what = "人，不写为整户"},
                                     {.name = "reason", .required = true, .least = 2, .most = 500, .what = "理由"}};
#define QUERY(array) .query = array, .query_count = COUNT_OF(array)
#define BODY(array) .body = array, .body_count = COUNT_OF(array)
#define XLSX_OR_CSV "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

static const Route ROUTES[] = {
    {.name = "campaign", .method = "GET", .path = "/api/campaign", .permission = PERMISSION_LOGIN, .run = http_campaign, .returns = &SHAPE_CAMPAIGN, .what = "活动定义：阶段、单位、名单、类别、乡镇的名称"},
    {.name = "overview", .method = "GET", .path = "/api/overview", .permission = "overview_read", .run = http_overview, .returns = &SHAPE_OVERVIEW, .what = "比对总览：名单、两两一致情况、各类差异"},
    {.name = "lists", .method = "GET", .path = "/api/lists", .permission = "list_read", .run = http_lists, .returns = &SHAPE_LISTS, .what = "来过的名单文件"},
    {.name = "flags", .method = "GET", .path = "/api/lists/{list}/flags", .permission = "list_read", .run = http_flags, QUERY(FLAGS_QUERY), .returns = &SHAPE_FLAGS, .what = "导入时发现需要核对的单元格"},
    {.name = "import_file", .method = "POST", .path = "/api/imports", .permission = "list_import", .run = http_import, .lane = LANE_LONG, .upload = true, QUERY(IMPORT_QUERY), .returns = &SHAPE_IMPORT, .what = "导入一个名单文件，内容即请求体"},
    {.name = "file_layout", .method = "POST", .path = "/api/layouts", .permission = "list_import", .run = http_layout, .lane = LANE_LONG, .upload = true, QUERY(LAYOUT_QUERY), .returns = &SHAPE_LAYOUT, .what = "一个文件的各列会怎样理解，附前几个内容；不导入"},
    {.name = "file_changes", .method = "GET", .path = "/api/files/{entry}/changes", .permission = "list_read", .run = http_file_changes, .lane = LANE_LONG, QUERY(FLAGS_QUERY), .returns = &SHAPE_FILE_CHANGES, .what = "这个文件与它所取代的相比改了什么"},
    {.name = "compare", .method = "POST", .path = "/api/compare", .permission = "compare_run", .run = http_compare, .lane = LANE_WRITE, .returns = &SHAPE_COMPARE, .what = "名单或认定有变化时重新比对"},
    {.name = "corrections", .method = "GET", .path = "/api/lists/{list}/corrections", .permission = "corrections_read", .run = http_corrections, .lane = LANE_LONG, .file = XLSX_OR_CSV, .what = "退回该名单所属单位的更正表"},
    {.name = "differences", .method = "GET", .path = "/api/differences", .permission = "difference_read", .run = http_differences, QUERY(DIFFERENCES_QUERY), .returns = &SHAPE_DIFFERENCES, .what = "差异，可按类别、名单、乡镇、状态、文字筛选"},
    {.name = "differences_export", .method = "GET", .path = "/api/exports/differences", .permission = "difference_read", .run = http_differences_export, .lane = LANE_LONG, QUERY(DIFFERENCES_EXPORT), .file = XLSX_OR_CSV, .what = "同样筛选的差异，导出为文件"},
    {.name = "difference", .method = "GET", .path = "/api/differences/{id}", .permission = "difference_read", .run = http_difference, .returns = &SHAPE_DIFFERENCE_DETAIL, .what = "一处差异的证据、两边的行和历次处理"},
    {.name = "difference_unmask", .method = "POST", .path = "/api/differences/{id}/unmask", .permission = "id_unmask", .run = http_difference_unmask, BODY(PURPOSE_BODY), .returns = &SHAPE_DIFFERENCE_DETAIL, .what = "同上，号码完整；写明用途，记入日志"},
    {.name = "decide", .method = "POST", .path = "/api/differences/{id}/decision", .permission = "difference_decide", .run = http_decide, .lane = LANE_WRITE, .grouped = true, BODY(DECIDE_BODY), .returns = &SHAPE_DECIDED, .what = "处理一处差异；别人刚处理过则不做（stale，more 是现状）"},
    {.name = "decide_class", .method = "POST", .path = "/api/decisions", .permission = "difference_decide", .run = http_decide_class, .lane = LANE_WRITE, BODY(DECIDE_CLASS_BODY), .returns = &SHAPE_DECIDED, .what = "按建议处理一类差异，可先试算"},
    {.name = "undo", .method = "POST", .path = "/api/entries/{entry}/undo", .permission = PERMISSION_LOGIN, .run = http_undo, .lane = LANE_WRITE, .grouped = true, BODY(REASON_BODY), .returns = &SHAPE_UNDONE, .what = "撤销自己所作的处理、核减或导入；管全县的可撤销任何人的"},
    {.name = "register_search", .method = "GET", .path = "/api/register", .permission = "register_read", .run = http_register, QUERY(REGISTER_QUERY), .returns = &SHAPE_REGISTER, .what = "在商定的名册里查找"},
    {.name = "register_export", .method = "GET", .path = "/api/exports/register", .permission = "register_read", .run = http_register_export, .lane = LANE_LONG, QUERY(REGISTER_EXPORT), .file = XLSX_OR_CSV, .what = "同样查找的名册，导出为文件（号码遮去中间）"},
    {.name = "household", .method = "GET", .path = "/api/households/{household}", .permission = "register_read", .run = http_household, .returns = &SHAPE_HOUSEHOLD, .what = "一户的成员、各名单中的行和来历"},
    {.name = "household_unmask", .method = "POST", .path = "/api/households/{household}/unmask", .permission = "id_unmask", .run = http_household_unmask, BODY(PURPOSE_BODY), .returns = &SHAPE_HOUSEHOLD, .what = "同上，号码完整；写明用途，记入日志"},
    {.name = "locks", .method = "GET", .path = "/api/locks", .permission = "overview_read", .run = http_locks, .returns = &SHAPE_LOCKS, .what = "锁定情况和平衡关系"},
    {.name = "lock", .method = "POST", .path = "/api/locks/{name}", .permission = "lock_write", .run = http_lock, .lane = LANE_WRITE, BODY(LOCK_BODY), .returns = &SHAPE_LOCK, .what = "锁定基数（baseline）或比对结果（agreed）"},
    {.name = "remove", .method = "POST", .path = "/api/removals", .permission = "removal_write", .run = http_removal, .lane = LANE_WRITE, BODY(REMOVAL_BODY), .returns = &SHAPE_ENTRY, .what = "从基数中有理由核减一户或一人"},
    {.name = "verify", .method = "GET", .path = "/api/journal/verification", .permission = "journal_verify", .run = http_verify, .lane = LANE_LONG, .returns = &SHAPE_VERIFY, .what = "核验日志、存档文件和派生表"},
    {.name = "changes", .method = "GET", .path = "/api/changes", .permission = "changes_read", .run = http_changes, .quiet = true, QUERY(CHANGES_QUERY), .returns = &SHAPE_CHANGES, .what = "别人做了什么：某条以后的变化"},
};
/* clang-format on */
const RouteTable ROSTER_ROUTES = {ROUTES, COUNT_OF(ROUTES)};
