#include "account/account.h"

static const char *const CODES[PERMISSION_COUNT] = {
    [OVERVIEW_READ] = "overview_read",
    [LIST_READ] = "list_read",
    [LIST_IMPORT] = "list_import",
    [COMPARE_RUN] = "compare_run",
    [DIFFERENCE_READ] = "difference_read",
    [DIFFERENCE_DECIDE] = "difference_decide",
    [CORRECTIONS_READ] = "corrections_read",
    [REGISTER_READ] = "register_read",
    [ID_UNMASK] = "id_unmask",
    [REGISTER_LOCK] = "lock_write",
    [REMOVAL_WRITE] = "removal_write",
    [CHANGES_READ] = "changes_read",
    [JOURNAL_VERIFY] = "journal_verify",
    [ACCOUNT_MANAGE] = "account_manage",
};

/* The columns: overview_read list_read list_import compare_run difference_read difference_decide corrections_read
 * register_read id_unmask lock_write removal_write changes_read journal_verify account_manage. Deciding in
 * SCOPE_OWN_LIST or SCOPE_TOWN: only differences whose owner is the role. */
/* clang-format off */
const Role ROLES[] = {
    /*                                                            olicddcruLrcva */
    {"taskforce", "县住房安全保障专责组", false,                  "CCCCCCCCCCCCC-"},
    {"taskforce_office", "专责组办公室", false,                   "CCCCCCCCC--CC-"},
    {"leading_group", "县扶贫开发领导小组", false,                "CC--C--C---C--"},
    {"poverty", "县扶贫办", false,                                "CCOCCOOCC--C--"},
    {"housing", "县住房和城乡建设局", false,                      "OOOCOOOOO--O--"},
    {"relocation", "县水库和扶贫易地安置中心", false,             "OOOCOOOOO--O--"},
    {"civil", "县民政局", false,                                  "OOOCOOOOO--O--"},
    {"disabled", "县残联", false,                                 "OOOCOOOOO--O--"},
    {"land", "县自然资源局", false,                               "C----------C--"},
    {"township", "乡（镇）人民政府", true,                        "TTTCTT-TT--T--"},
    {"entry", "入户核实组", true,                                 "T------T---T--"},
    {"audit", "审核组", false,                                    "CC--C--C---C--"},
    {"spotcheck", "抽查组", false,                                "C----------C--"},
    {"inspector", "验收、督查人员", false,                        "CC--C--C---CC-"},
    {"city", "市住房安全保障战役指挥部", false,                   "CC--C--C---CC-"},
    {"system_admin", "系统管理员", false,                         "------------C-"},
    {"security_admin", "安全管理员", false,                       "-------------C"},
    {"audit_admin", "审计管理员", false,                          "------------C-"},
};
/* clang-format on */
const size_t ROLE_COUNT = COUNT_OF(ROLES);

const char *permission_code(Permission permission) { return CODES[permission]; }

static int permission_index(Str code) {
  for (int i = 0; i < PERMISSION_COUNT; i++)
    if (str_equal(str_from(CODES[i]), code)) return i;
  return -1;
}

bool permission_known(Str code) { return permission_index(code) >= 0; }

const Role *role_find(Str code) {
  for (size_t i = 0; i < ROLE_COUNT; i++)
    if (str_equal(str_from(ROLES[i].code), code)) return &ROLES[i];
  return NULL;
}

ScopeKind permission_scope(Str role_code, Str permission) {
  const Role *role = role_find(role_code);
  int index = permission_index(permission);
  if (!role || index < 0) return SCOPE_NONE;
  switch (role->scope[index]) {
    case 'C':
      return SCOPE_COUNTY;
    case 'O':
      return SCOPE_OWN_LIST;
    case 'T':
      return SCOPE_TOWN;
    default:
      return SCOPE_NONE;
  }
}
