/* .xls in: a child process without rights parses and sends cells through a pipe; a child that
 * crashes, hangs or eats memory costs one sentence. */
#include "sheet/xls_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
enum { SANITIZED = 1 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif
#else
enum { SANITIZED = 0 };
#endif

enum {
  CHILD_FD = 3,
  CHILD_MEMORY = 768 << 20, /* bytes beyond what the process has mapped */
  CHILD_CPU = 20,           /* seconds */
  CHILD_TIME = 60,          /* seconds of wall clock */
  FLUSH_AT = 128 * 1024,
};

/* ---- the message ---- */
static void sink_flush(XlsSink *sink) {
  for (size_t at = 0; at < sink->buf.size;) {
    ssize_t written = write(sink->fd, sink->buf.data + at, sink->buf.size - at);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) _exit(2);
    at += (size_t)written;
  }
  sink->buf.size = 0;
}

static void add32(XlsSink *sink, uint32_t value) { buf_add(&sink->buf, (Str){(const char *)&value, sizeof value}); }

static void add_text(XlsSink *sink, Str text) {
  add32(sink, (uint32_t)text.size);
  buf_add(&sink->buf, text);
  if (sink->fd >= 0 && sink->buf.size > FLUSH_AT) sink_flush(sink);
}

void sink_sheet(XlsSink *sink, bool hidden, Str name) {
  buf_add_byte(&sink->buf, 'S');
  buf_add_byte(&sink->buf, hidden);
  add_text(sink, name);
}

void sink_cell(XlsSink *sink, const SheetLimits *limits, uint32_t row, uint32_t column, Cell cell) {
  if (cell.text.size == 0 || cell.kind == CELL_EMPTY) return;
  if (cell.text.size > limits->cell_size) {
    size_t size = limits->cell_size;
    while (size > 0 && ((unsigned char)cell.text.data[size] & 0xC0) == 0x80) size--;
    cell.text.size = size;
    cell.flags |= CELL_TRUNCATED;
  }
  buf_add_byte(&sink->buf, 'C');
  add32(sink, row);
  add32(sink, column);
  buf_add_byte(&sink->buf, (char)cell.kind);
  buf_add_byte(&sink->buf, (char)cell.flags);
  add_text(sink, cell.text);
}

void sink_merge(XlsSink *sink, MergedRange range) {
  buf_add_byte(&sink->buf, 'M');
  add32(sink, range.first_row);
  add32(sink, range.last_row);
  add32(sink, range.first_column);
  add32(sink, range.last_column);
}

static XlsVerdict parse_container(Arena *arena, Str bytes, const SheetLimits *limits, void *gb18030, XlsSink *sink) {
  if (!str_starts(bytes, OLE_MAGIC)) return biff_parse(arena, bytes, limits, gb18030, sink);
  static const struct {
    const char *stream;
    XlsVerdict verdict;
  } others[] = {{"EncryptedPackage", XLS_PASSWORD}, {"WordDocument", XLS_WORD}, {"PowerPoint Document", XLS_SLIDES}};
  Ole ole;
  Str stream;
  if (!ole_open(arena, bytes, &ole)) return XLS_BROKEN;
  if (ole_find(&ole, "Workbook", &stream) || ole_find(&ole, "Book", &stream))
    return biff_parse(arena, stream, limits, gb18030, sink);
  for (size_t i = 0; i < COUNT_OF(others); i++)
    if (ole_find(&ole, others[i].stream, &stream)) return others[i].verdict;
  return XLS_OTHER;
}

void xls_parse(Arena *arena, Str bytes, const SheetLimits *limits, void *gb18030, XlsSink *sink) {
  XlsVerdict verdict = parse_container(arena, bytes, limits, gb18030, sink);
  buf_add_byte(&sink->buf, 'Z');
  buf_add_byte(&sink->buf, (char)verdict);
  if (sink->fd >= 0) sink_flush(sink);
}

/* ---- the parent's half ---- */
static Status refuse(Reader *reader, const char *sentence) {
  return fail(reader->cx, BAD_FILE, "“" STR_FMT "”%s。", STR_ARG(reader->name), sentence);
}

static Status verdict_status(Reader *reader, uint8_t verdict) {
  static const char *const sentences[XLS_VERDICTS] = {
      [XLS_BROKEN] = "已损坏或不完整，多半是没有传完；请重新发送，或用 WPS、Excel 打开后另存为 .xlsx 再导入",
      [XLS_PASSWORD] = "设有打开密码；请用 WPS 或 Excel 打开，取消密码后另存为 .xlsx 再导入",
      [XLS_WORD] =
          "是 Word 或 WPS 文字文档（.doc/.wps），不是表格；请把其中的表格复制到 WPS 表格或 Excel，另存为 .xlsx 再导入",
      [XLS_SLIDES] = "是演示文稿（.ppt），不是表格；请向提供单位索要 Excel 原表",
      [XLS_OTHER] = "是 Office 类文件，但里面没有工作表；请向提供单位索要 Excel 原表（.xlsx）",
      [XLS_OLD] = "是很旧的 Excel 4 以前的格式；请用 WPS 或 Excel 打开后另存为 .xlsx 再导入",
  };
  if (verdict == XLS_OK) return OK;
  if (verdict == XLS_MANY_SHEETS)
    return fail(reader->cx, TOO_LARGE, "“" STR_FMT "”的工作表超过 %u 张；请只留下要导入的工作表。",
                STR_ARG(reader->name), reader->limits->sheets);
  if (verdict >= XLS_VERDICTS) verdict = XLS_BROKEN;
  return refuse(reader, sentences[verdict]);
}

typedef struct Wire {
  Str bytes;
  size_t at;
  bool starved; /* the item is not whole yet */
} Wire;
static uint8_t wire8(Wire *wire) {
  if (wire->at >= wire->bytes.size) return wire->starved = true, (uint8_t)0;
  return (uint8_t)wire->bytes.data[wire->at++];
}
static uint32_t wire32(Wire *wire) {
  if (wire->bytes.size - wire->at < 4) return wire->starved = true, 0u;
  wire->at += 4;
  return le32(wire->bytes.data + wire->at - 4);
}
static Str wire_text(Wire *wire) {
  uint32_t size = wire32(wire);
  if (wire->starved || wire->bytes.size - wire->at < size) return wire->starved = true, STR_EMPTY;
  wire->at += size;
  return (Str){wire->bytes.data + wire->at - size, size};
}

static Status bad_message(Reader *reader) { return verdict_status(reader, XLS_BROKEN); }

static Status finish_sheet(XlsDecoder *decoder) {
  if (decoder->in_sheet) TRY(grid_finish(&decoder->grid));
  decoder->in_sheet = false;
  return OK;
}

static Status decode_item(XlsDecoder *decoder, Wire *wire) {
  Reader *reader = decoder->reader;
  Arena *arena = reader->cx->arena;
  uint8_t tag = wire8(wire);
  if (tag == 'S') {
    bool hidden = wire8(wire) != 0;
    Str name = wire_text(wire);
    if (wire->starved) return OK;
    if (!str_utf8_valid(name)) return bad_message(reader);
    TRY(finish_sheet(decoder));
    grid_start(&decoder->grid, reader, str_copy(arena, name), hidden);
    decoder->in_sheet = true;
  } else if (tag == 'C') {
    uint32_t row = wire32(wire), column = wire32(wire);
    Cell cell = {.kind = wire8(wire), .flags = wire8(wire)};
    cell.text = wire_text(wire);
    if (wire->starved) return OK;
    if (!decoder->in_sheet || cell.kind > CELL_ERROR || row == 0 || !str_utf8_valid(cell.text))
      return bad_message(reader);
    cell.text = str_copy(arena, cell.text);
    return grid_cell(&decoder->grid, row, column, cell);
  } else if (tag == 'M') {
    MergedRange range = {.first_row = wire32(wire)};
    range.last_row = wire32(wire);
    range.first_column = wire32(wire);
    range.last_column = wire32(wire);
    if (wire->starved) return OK;
    if (!decoder->in_sheet) return bad_message(reader);
    grid_merge(&decoder->grid, range);
  } else if (tag == 'Z') {
    uint8_t verdict = wire8(wire);
    if (wire->starved) return OK;
    decoder->finished = true;
    TRY(verdict_status(reader, verdict));
    return finish_sheet(decoder);
  } else {
    return bad_message(reader);
  }
  return OK;
}

Status xls_decode(XlsDecoder *decoder, Str bytes, size_t *ret_used) {
  Wire wire = {.bytes = bytes};
  size_t used = 0;
  while (!decoder->finished && used < bytes.size) {
    TRY(decode_item(decoder, &wire));
    if (wire.starved) break;
    used = wire.at;
  }
  *ret_used = used;
  return OK;
}

/* ---- the child ---- */
static void limit_resources(void) {
  struct rlimit none = {0, 0}, cpu = {CHILD_CPU, CHILD_CPU};
  setrlimit(RLIMIT_CORE, &none);
  setrlimit(RLIMIT_FSIZE, &none);
  setrlimit(RLIMIT_CPU, &cpu);
  if (SANITIZED) return; /* its shadow memory counts */
  char text[64] = "";
  int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  ssize_t size = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
  if (fd >= 0) close(fd);
  if (size <= 0) return;
  rlim_t mapped = (rlim_t)strtoull(text, NULL, 10) * (rlim_t)sysconf(_SC_PAGESIZE);
  struct rlimit memory = {mapped + CHILD_MEMORY, mapped + CHILD_MEMORY};
  setrlimit(RLIMIT_AS, &memory);
}

/* Nothing but memory without execution, writing to the pipe, and the end. */
static bool enter_sandbox(void) {
  static const int memory_calls[] = {SCMP_SYS(brk),        SCMP_SYS(munmap),       SCMP_SYS(mremap),
                                     SCMP_SYS(madvise),    SCMP_SYS(futex),        SCMP_SYS(exit),
                                     SCMP_SYS(exit_group), SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall)};
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
  if (!filter) return false;
  int failed = 0;
  for (size_t i = 0; i < COUNT_OF(memory_calls); i++)
    failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, memory_calls[i], 0);
  failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
  failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
  failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, SCMP_A0(SCMP_CMP_EQ, CHILD_FD, 0));
  if (SANITIZED) failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, SCMP_A0(SCMP_CMP_EQ, 2, 0));
  if (!failed) failed = seccomp_load(filter);
  seccomp_release(filter);
  return !failed;
}

static _Noreturn void run_child(Str bytes, const SheetLimits *limits, iconv_t gb18030, int fd) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (fd != CHILD_FD && dup2(fd, CHILD_FD) < 0) _exit(2);
  close_range(CHILD_FD + 1, ~0u, 0);
  limit_resources();
  if (!enter_sandbox()) {} /* a kernel without seccomp: the limits above remain */
  Arena *arena = arena_new();
  XlsSink sink = {buf_new(arena), CHILD_FD};
  xls_parse(arena, bytes, limits, gb18030, &sink);
  _exit(0);
}

/* ---- the parent ---- */
static Status child_gave_up(Reader *reader) {
  return refuse(reader, "无法解析，文件可能已损坏；请用 WPS 或 Excel 打开后另存为 .xlsx 再导入");
}

static Status receive(Reader *reader, int fd) {
  CLEANUP(arena_freep) Arena *scratch = arena_new();
  size_t capacity = (size_t)reader->limits->cell_size + 64 * 1024, size = 0;
  char *buffer = arena_alloc(scratch, capacity);
  int64_t deadline = stamp_monotonic() + CHILD_TIME * 1000000ll;
  XlsDecoder decoder = {.reader = reader};
  while (!decoder.finished) {
    int64_t left = (deadline - stamp_monotonic()) / 1000;
    struct pollfd wait = {fd, POLLIN, 0};
    int ready = left > 0 ? poll(&wait, 1, (int)left) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return refuse(reader, "解析时间太长，已停止；请用 WPS 或 Excel 打开后另存为 .xlsx 再导入");
    ssize_t count = read(fd, buffer + size, capacity - size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return child_gave_up(reader);
    size += (size_t)count;
    size_t used;
    TRY(xls_decode(&decoder, (Str){buffer, size}, &used));
    memmove(buffer, buffer + used, size - used);
    size -= used;
    if (size == capacity) return bad_message(reader);
  }
  return OK;
}

Status xls_read(Reader *reader) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return fail(reader->cx, FAILED, "系统繁忙，无法打开“" STR_FMT "”；请稍后重试。", STR_ARG(reader->name));
  iconv_t gb18030 = iconv_open("UTF-8", "GB18030"); /* loads its module: not possible in the sandbox */
  if (gb18030 == (iconv_t)-1) gb18030 = NULL;
  pid_t child = fork();
  if (child == 0) run_child(reader->bytes, reader->limits, gb18030, ends[1]);
  close(ends[1]);
  if (gb18030) iconv_close(gb18030);
  Status status = child < 0
                      ? fail(reader->cx, FAILED, "系统繁忙，无法打开“" STR_FMT "”；请稍后重试。", STR_ARG(reader->name))
                      : receive(reader, ends[0]);
  close(ends[0]);
  if (child > 0) {
    kill(child, SIGKILL); /* it has nothing more to say */
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
  }
  return status;
}
