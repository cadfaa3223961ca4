/* app: main and the commands that belong to no room. May include: everything. */
#pragma once
#include "journal/command.h"
#include "roster/roster.h"

extern const Command APP_COMMANDS[];
extern const size_t APP_COMMAND_COUNT;
extern const Command LINK_COMMANDS[]; /* link_cli.c */
extern const size_t LINK_COMMAND_COUNT;
/* The folder that holds campaign/: ANJU_CAMPAIGNS, else beside the program (build/anju -> ../campaign), else where it
 * is installed. */
MUST_CHECK Status app_campaign_folder(Context *cx, Str name, const char **ret_folder);
