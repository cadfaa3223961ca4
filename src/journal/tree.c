/* The Merkle log in RFC 6962 shape. Level 0 are the leaves in `entry`; `tree` keeps each complete node above:
 * node (level, position) covers leaves position * 2^level ... (position + 1) * 2^level - 1, counted from 0. Nodes are
 * added, never changed; the head is folded from the O(log n) complete nodes of a size's binary digits. */
#include "journal/internal.h"

static Str bytes_of(const Digest *digest) { return (Str){(const char *)digest->bytes, DIGEST_SIZE}; }

Digest tree_node(const Digest *left, const Digest *right) { return digest_pair(1, bytes_of(left), bytes_of(right)); }

static Status node_read(Context *cx, Db *db, int level, int64_t position, Digest *ret_hash) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  bool more;
  if (level == 0)
    TRY(db_start(cx, db, &query, &JOURNAL_LEAF, DB_I(position + 1)));
  else
    TRY(db_start(cx, db, &query, &JOURNAL_NODE, DB_I(level), DB_I(position)));
  TRY(db_next(cx, query, &more));
  if (!more || db_blob(query, 0).size != DIGEST_SIZE)
    return fail(cx, TAMPERED, "记录树缺少节点（层 %d，位置 %lld）；请运行 verify 查明。", level, (long long)position);
  memcpy(ret_hash->bytes, db_blob(query, 0).data, DIGEST_SIZE);
  return OK;
}

Status tree_append(Context *cx, Db *db, int64_t seq, const Digest *leaf) {
  Digest hash = *leaf;
  for (int level = 0; (seq >> level) % 2 == 0; level++) { /* the leaf completes a node of level + 1 */
    Digest left;
    int64_t position = (seq >> level) - 1;
    TRY(node_read(cx, db, level, position - 1, &left));
    hash = tree_node(&left, &hash);
    TRY(db_run(cx, db, &JOURNAL_NODE_ADD, DB_I(level + 1), DB_I(position / 2), DB_B(bytes_of(&hash))));
  }
  return OK;
}

static Digest fold(const Digest *complete, int64_t size) {
  Digest root = digest_of(STR_EMPTY);
  bool any = false;
  for (int level = 0; level <= LEVELS && size >> level; level++) {
    if ((size >> level) % 2 == 0) continue;
    root = any ? tree_node(&complete[level], &root) : complete[level];
    any = true;
  }
  return root;
}

Status tree_root(Context *cx, Db *db, int64_t size, Digest *ret_root) {
  Digest complete[LEVELS + 1];
  for (int level = 0; level <= LEVELS && size >> level; level++)
    if ((size >> level) % 2) TRY(node_read(cx, db, level, (size >> level) - 1, &complete[level]));
  *ret_root = fold(complete, size);
  return OK;
}

Digest tree_stack_root(const TreeStack *stack) { return fold(stack->complete, stack->size); }

Status journal_head(Context *cx, Journal *journal, int64_t *ret_size, Digest *ret_root) {
  int64_t size;
  Digest root;
  TRY(db_int_of(cx, journal->db, &size, 0, &JOURNAL_SIZE));
  TRY(tree_root(cx, journal->db, size, &root));
  *ret_size = size;
  *ret_root = root;
  return OK;
}
