/* Runs a fuzz target over every file of the folders (or files) given: the corpora as regression tests. */
#include "fuzz.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static long runs;

static void run_file(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) {
    fprintf(stderr, "cannot open %s\n", path);
    exit(1);
  }
  size_t size = 0, capacity = 1 << 16;
  uint8_t *data = malloc(capacity);
  for (size_t count; data && (count = fread(data + size, 1, capacity - size, file)) > 0;) {
    size += count;
    if (size == capacity) data = realloc(data, capacity *= 2);
  }
  fclose(file);
  if (!data) exit(1);
  uint8_t *exact = malloc(size ? size : 1); /* so that reading past the end is seen */
  if (!exact) exit(1);
  memcpy(exact, data, size);
  free(data);
  LLVMFuzzerTestOneInput(exact, size);
  free(exact);
  runs++;
}

static void run_path(const char *path) {
  struct stat info;
  if (stat(path, &info) == 0 && !S_ISDIR(info.st_mode)) {
    run_file(path);
    return;
  }
  struct dirent **entries;
  int count = scandir(path, &entries, NULL, alphasort);
  for (int i = 0; i < count; i++) {
    char full[4096];
    snprintf(full, sizeof full, "%s/%s", path, entries[i]->d_name);
    if (entries[i]->d_name[0] != '.') run_path(full);
    free(entries[i]);
  }
  if (count >= 0) free(entries);
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) run_path(argv[i]);
  printf("%ld inputs\n", runs);
  return runs > 0 ? 0 : 1;
}
