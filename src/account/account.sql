-- name: insert  in: name text, role text, division text, expires text, password blob, seq i64
INSERT INTO account (name, role, division, expires, password, seq, disabled) VALUES ($1, $2, $3, $4, $5, $6, 0);

-- name: get  in: name text  out: name text, role text, division text, expires text, password blob, disabled i64
SELECT name, role, division, expires, password, disabled FROM account WHERE name = $1;

-- name: all  out: name text, role text, division text, expires text, password blob, disabled i64
SELECT name, role, division, expires, password, disabled FROM account ORDER BY name;

-- name: set_disabled  in: name text, disabled i64
UPDATE account SET disabled = $2 WHERE name = $1;

-- name: set_password  in: name text, password blob
UPDATE account SET password = $2 WHERE name = $1;
