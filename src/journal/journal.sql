-- name: size  out: size i64
select coalesce(max(seq), 0) from entry;

-- name: count  out: count i64
select count(*) from entry;

-- name: add  in: seq i64, id text, kind text, household text, division text, author text, device text, supersedes text, made_at i64, received_at i64, body text, salt blob, leaf blob
insert into entry(seq, id, kind, household, division, author, device, supersedes, made_at, received_at, body, salt, leaf)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- name: by_id  in: id text  out: seq i64, id text, kind text, household text, division text, author text, device text, supersedes text, made_at i64, received_at i64, body text, salt blob, leaf blob
select seq, id, kind, household, division, author, device, supersedes, made_at, received_at, body, salt, leaf
from entry where id = $1;

-- name: by_seq  in: seq i64  out: seq i64, id text, kind text, household text, division text, author text, device text, supersedes text, made_at i64, received_at i64, body text, salt blob, leaf blob
select seq, id, kind, household, division, author, device, supersedes, made_at, received_at, body, salt, leaf
from entry where seq = $1;

-- name: by_prefix  in: from text, below text  out: seq i64, id text, kind text, household text, division text, author text, device text, supersedes text, made_at i64, received_at i64, body text, salt blob, leaf blob
select seq, id, kind, household, division, author, device, supersedes, made_at, received_at, body, salt, leaf
from entry where id >= $1 and id < $2 order by id limit 2;

-- name: all  out: seq i64, id text, kind text, household text, division text, author text, device text, supersedes text, made_at i64, received_at i64, body text, salt blob, leaf blob
select seq, id, kind, household, division, author, device, supersedes, made_at, received_at, body, salt, leaf
from entry order by seq;

-- name: of_kind  in: kind text  out: seq i64, id text, kind text, household text, division text, author text, device text, supersedes text, made_at i64, received_at i64, body text, salt blob, leaf blob
select seq, id, kind, household, division, author, device, supersedes, made_at, received_at, body, salt, leaf
from entry where kind = $1 order by seq;

-- name: since  in: seq i64, most i64  out: seq i64, id text, kind text, household text, author text, made_at i64
select seq, id, kind, household, author, made_at from entry where seq > $1 order by seq limit $2;

-- name: last_of_kind  in: kind text  out: seq i64
select coalesce(max(seq), 0) from entry where kind = $1;

-- name: leaf  in: seq i64  out: leaf blob
select leaf from entry where seq = $1;

-- name: node_add  in: level i64, position i64, hash blob
insert into tree(level, position, hash) values ($1, $2, $3);

-- name: node  in: level i64, position i64  out: hash blob
select hash from tree where level = $1 and position = $2;

-- name: nodes  out: level i64, position i64, hash blob
select level, position, hash from tree order by level, position;

-- name: conflict_add  in: id text, leaf blob, header text, body text, received_at i64
insert into id_conflict(id, leaf, header, body, received_at) values ($1, $2, $3, $4, $5) on conflict do nothing;

-- name: conflict_count  in: id text  out: count i64
select count(*) from id_conflict where id = $1;

-- name: defer_foreign_keys
-- sqlite:
pragma defer_foreign_keys = on;
-- postgresql:
set constraints all deferred;
