-- name: add  in: id i64, name text?, photo blob?
insert into thing(id, name, photo) values ($1, $2, $3);

-- name: rename  in: name text, id i64
update thing set name = $1 where id = $2; -- the order of $n is kept: $9 in a comment and '$9' are nothing

-- name: list  in: from i64  out: id i64, name text, photo blob
select id, name, photo
from thing
where id >= $1
order by id;

-- name: named  in: name text  out: id i64
select id from thing where name = $1 and name <> '$1';

-- name: put  in: id i64
-- sqlite:
insert or ignore into thing(id) values ($1);
-- postgresql:
insert into thing(id) values ($1) on conflict do nothing;

-- name: count  out: count i64
select count(*) from thing;
