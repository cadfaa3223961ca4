-- name: thing_add  in: id text, name text, secret blob, rev i64
insert into thing(id, name, secret, rev) values ($1, $2, $3, $4);

-- name: thing_rename  in: id text, name text, rev i64
update thing set name = $2, rev = $3 where id = $1;

-- name: mark_add  in: thing text, number i64, note text?
insert into mark(thing, number, note) values ($1, $2, $3);

-- name: thing_count  out: count i64
select count(*) from thing;

-- name: thing_rev  in: id text  out: rev i64
select rev from thing where id = $1;
