/* What every fuzz target shares. A target is a file <name>_fuzz.c with one LLVMFuzzerTestOneInput;
 * its name goes into the list in meson.build and its seeds into corpus/<name>/, which `meson test`
 * replays. To search for new inputs:
 *   CC=clang meson setup build-fuzz -Dfuzzing=true -Db_sanitize=address,undefined -Db_lundef=false
 *   ninja -C build-fuzz && build-fuzz/fuzz/fuzz_<name> -max_total_time=60 <a folder for finds> fuzz/corpus/<name> */
#pragma once
#include "base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A failed property is a crash. */
#define FUZZ_HOLDS(condition)           \
  do {                                  \
    if (!(condition)) __builtin_trap(); \
  } while (0)
