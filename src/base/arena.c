#include "base/base.h"
#include <stdlib.h>
#ifndef __wasm__
#include <unistd.h>
#endif

/* A chain of blocks; large requests get a block of their own. */
typedef struct Block {
  struct Block *previous;
  size_t capacity, used;
} Block;
struct Arena {
  Block *top;
  size_t total;
};

enum { ALIGNMENT = 16, FIRST_BLOCK = 16 * 1024, LARGEST_STEP = 4 * 1024 * 1024 };
_Static_assert(sizeof(Block) <= 32, "block header");
enum { HEADER = 32 };

static void out_of_memory(void) {
#ifndef __wasm__
  static const char sentence[] = "内存不足，无法继续；请关闭其他程序后重试。\n";
  ssize_t ignored = write(2, sentence, sizeof sentence - 1);
  (void)ignored;
  _exit(1);
#else
  __builtin_trap();
#endif
}

static Block *block_new(Block *previous, size_t capacity) {
  if (capacity > SIZE_MAX - HEADER) out_of_memory();
  Block *block = calloc(1, HEADER + capacity);
  if (!block) out_of_memory();
  *block = (Block){previous, capacity, 0};
  return block;
}

Arena *arena_new(void) {
  Arena *arena = calloc(1, sizeof *arena);
  if (!arena) out_of_memory();
  arena->top = block_new(NULL, FIRST_BLOCK);
  return arena;
}

void arena_free(Arena *arena) {
  if (!arena) return;
  for (Block *block = arena->top; block;) {
    Block *previous = block->previous;
    free(block);
    block = previous;
  }
  free(arena);
}

void arena_absorb(Arena *arena, Arena *other) {
  Block *bottom = other->top;
  while (bottom->previous) bottom = bottom->previous;
  bottom->previous = arena->top->previous; /* below the top, whose rest stays usable */
  arena->top->previous = other->top;
  arena->total += other->total;
  free(other);
}

void arena_freep(Arena **arena) {
  arena_free(*arena);
  *arena = NULL;
}

void arena_reset(Arena *arena) {
  while (arena->top->previous) {
    Block *previous = arena->top->previous;
    free(arena->top);
    arena->top = previous;
  }
  memset((char *)arena->top + HEADER, 0, arena->top->used);
  arena->top->used = 0;
  arena->total = 0;
}

void *arena_alloc(Arena *arena, size_t size) {
  if (size > SIZE_MAX / 2) out_of_memory();
  size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
  Block *top = arena->top;
  if (size > top->capacity - top->used) {
    size_t step = top->capacity * 2 < LARGEST_STEP ? top->capacity * 2 : LARGEST_STEP;
    if (size > step / 4) {
      /* its own block, below the top, so that the rest of the top stays usable */
      Block *own = block_new(top->previous, size);
      own->used = size;
      top->previous = own;
      arena->total += size;
      return (char *)own + HEADER;
    }
    arena->top = top = block_new(top, step);
  }
  void *result = (char *)top + HEADER + top->used;
  top->used += size;
  arena->total += size;
  return result;
}

void *arena_array_(Arena *arena, size_t count, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) out_of_memory();
  return arena_alloc(arena, bytes);
}

void *arena_grow(Arena *arena, void *old, size_t old_size, size_t new_size) {
  size_t old_padded = (old_size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
  Block *top = arena->top;
  if (old && new_size >= old_size && new_size < SIZE_MAX / 2 &&
      (char *)old + old_padded == (char *)top + HEADER + top->used) {
    size_t more = ((new_size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1)) - old_padded;
    if (more <= top->capacity - top->used) { /* the last one handed out grows in place */
      top->used += more;
      arena->total += more;
      return old;
    }
  }
  void *result = arena_alloc(arena, new_size);
  if (old && old_size) memcpy(result, old, old_size < new_size ? old_size : new_size);
  return result;
}

size_t arena_used(const Arena *arena) { return arena->total; }
