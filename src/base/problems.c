#include "base/base.h"

typedef struct Problem {
  const char *code;
  int exit_status, http_status;
  const char *title;
} Problem;

static const Problem PROBLEMS[STATUS_COUNT] = {
#define PROBLEM(name, code, exit_status, http_status, title) {code, exit_status, http_status, title},
#include "base/problems.def"
#undef PROBLEM
};

const char *status_code(Status status) { return PROBLEMS[status].code; }
int status_exit(Status status) { return PROBLEMS[status].exit_status; }
int status_http(Status status) { return PROBLEMS[status].http_status; }
const char *status_title(Status status) { return PROBLEMS[status].title; }

Status fail(Context *cx, Status status, const char *format, ...) {
  Buf buf = buf_new(cx->arena);
  va_list args;
  va_start(args, format);
  buf_addv(&buf, format, args);
  va_end(args);
  cx->error = (Error){status, buf_str(&buf)};
  return status;
}
