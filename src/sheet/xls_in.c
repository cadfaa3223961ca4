#include "sheet/sheet_internal.h"
Status xls_read(Reader *reader) { return fail(reader->cx, BAD_FILE, "“" STR_FMT "”", STR_ARG(reader->name)); }
