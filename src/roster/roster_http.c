#include "roster/roster_internal.h"
static const Route ROUTES[] = {{0}};
const RouteTable ROSTER_ROUTES = {ROUTES, 0};
