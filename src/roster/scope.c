#include "roster/roster_internal.h"

static bool owns(const Scope *scope, const List *list) { return str_equal(list->owner, scope->role); }

static bool owns_code(const Scope *scope, const Catalogue *catalogue, Str code) {
  uint32_t list = catalogue_list(catalogue, code);
  return list != NO_INDEX && owns(scope, &catalogue->lists[list]);
}

bool scope_sees_list(const Scope *scope, const List *list) {
  switch (scope->kind) {
    case SCOPE_COUNTY:
      return true;
    case SCOPE_OWN_LIST:
      return owns(scope, list);
    case SCOPE_TOWN:
      return str_equal(list->owner, STR("township"));
    case SCOPE_NONE:
      break;
  }
  return false;
}

bool scope_sees_file(const Scope *scope, const List *list, Str sender) {
  return scope_sees_list(scope, list) && (scope->kind != SCOPE_TOWN || str_equal(sender, scope->town));
}

bool scope_sees_difference(const Scope *scope, const Catalogue *catalogue, const Difference *d) {
  switch (scope->kind) {
    case SCOPE_COUNTY:
      return true;
    case SCOPE_OWN_LIST:
      return str_equal(d->owner, scope->role) || owns_code(scope, catalogue, d->list) ||
             owns_code(scope, catalogue, d->other_list) || owns_code(scope, catalogue, d->left) ||
             owns_code(scope, catalogue, d->right);
    case SCOPE_TOWN:
      return scope->town.size > 0 && str_equal(d->town, scope->town);
    case SCOPE_NONE:
      break;
  }
  return false;
}

bool scope_decides_difference(const Scope *scope, const Catalogue *catalogue, const Difference *d) {
  return scope->kind == SCOPE_COUNTY ||
         (scope_sees_difference(scope, catalogue, d) && str_equal(d->owner, scope->role));
}

bool scope_sees_household(const Scope *scope, const Catalogue *catalogue, Str town, uint32_t lists) {
  if (scope->kind == SCOPE_COUNTY) return true;
  if (scope->kind == SCOPE_TOWN) return scope->town.size > 0 && str_equal(town, scope->town);
  if (scope->kind == SCOPE_NONE) return false;
  for (uint32_t i = 0; i < catalogue->list_count; i++)
    if (lists >> i & 1 && owns(scope, &catalogue->lists[i])) return true;
  return false;
}

bool scope_sees_pair(const Scope *scope, const Catalogue *catalogue, Str left, Str right, Str town) {
  if (scope->kind == SCOPE_COUNTY) return true;
  if (scope->kind == SCOPE_TOWN) return scope->town.size > 0 && str_equal(town, scope->town);
  return scope->kind == SCOPE_OWN_LIST && (owns_code(scope, catalogue, left) || owns_code(scope, catalogue, right));
}
