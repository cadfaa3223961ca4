/* app: main and the commands that belong to no room. May include: everything. */
#pragma once
#include "account/account.h"
#include "http/http.h"
#include "journal/command.h"
#include "roster/roster.h"

extern const Command APP_COMMANDS[];
extern const size_t APP_COMMAND_COUNT;
/* The folder that holds campaign/: ANJU_CAMPAIGNS, else beside the program (build/anju -> ../campaign), else where it
 * is installed. */
MUST_CHECK Status app_campaign_folder(Context *cx, Str name, const char **ret_folder);

/* Every route of the API, in the order of openapi.json. */
enum { APP_TABLES = 3 };
extern const RouteTable APP_ROUTES;
size_t app_route_tables(RouteTable tables[APP_TABLES]);
extern const Command SERVE_COMMANDS[];
extern const size_t SERVE_COMMAND_COUNT;
