-- name: file_insert  in: id text, list text, sender text, file_name text, format text, raw_file text, rows_file text, signature text, row_count i64, flag_count i64, seq i64, reason text, patch_files text, mapping text
INSERT INTO list_file (id, list, sender, file_name, format, raw_file, rows_file, signature, row_count, flag_count, seq, reason, patch_files, mapping, replaced_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, '');

-- name: file_replace  in: id text, by text
UPDATE list_file SET replaced_by = $2 WHERE id = $1;

-- name: files_current  out: id text, list text, sender text, file_name text, raw_file text, rows_file text, row_count i64, flag_count i64, seq i64, signature text, patch_files text, mapping text
SELECT id, list, sender, file_name, raw_file, rows_file, row_count, flag_count, seq, signature, patch_files, mapping FROM list_file WHERE replaced_by = '' ORDER BY seq, id;

-- name: files_all  out: id text, list text, sender text, file_name text, row_count i64, flag_count i64, seq i64, replaced_by text
SELECT id, list, sender, file_name, row_count, flag_count, seq, replaced_by FROM list_file ORDER BY seq, id;

-- name: rows_delete_file  in: file text
DELETE FROM list_row WHERE file = $1;

-- name: row_insert  in: key text, list text, file text, position i64, sheet text, number i64, origin text, content blob
INSERT INTO list_row (key, list, file, position, sheet, number, origin, content) VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: rows_of_file  in: file text  out: key text, position i64, sheet text, number i64, origin text, content blob
SELECT key, position, sheet, number, origin, content FROM list_row WHERE file = $1 ORDER BY position;

-- name: row_get  in: key text  out: list text, file text, position i64, sheet text, number i64, origin text, content blob
SELECT list, file, position, sheet, number, origin, content FROM list_row WHERE key = $1;

-- name: mapping_put  in: sender text, signature text, mapping text, seq i64
INSERT INTO list_mapping (sender, signature, mapping, seq) VALUES ($1, $2, $3, $4)
ON CONFLICT (sender, signature) DO UPDATE SET mapping = excluded.mapping, seq = excluded.seq;

-- name: mappings_all  out: sender text, signature text, mapping text, seq i64
SELECT sender, signature, mapping, seq FROM list_mapping ORDER BY sender, signature;

-- name: run_insert  in: seq i64, id text, result_file text, inputs text, engine text
INSERT INTO compare_run (seq, id, result_file, inputs, engine) VALUES ($1, $2, $3, $4, $5);

-- name: run_last  out: seq i64, id text, result_file text, inputs text, engine text
SELECT seq, id, result_file, inputs, engine FROM compare_run ORDER BY seq DESC LIMIT 1;

-- name: link_put  in: key text, list text, person text, household text, state i64, bits i64, partner text
INSERT INTO row_link (key, list, person, household, state, bits, partner) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (key) DO UPDATE SET person = excluded.person, household = excluded.household, state = excluded.state, bits = excluded.bits, partner = excluded.partner;

-- name: link_delete  in: key text
DELETE FROM row_link WHERE key = $1;

-- name: links_all  out: key text, person text, household text, state i64, bits i64, partner text
SELECT key, person, household, state, bits, partner FROM row_link ORDER BY key;

-- name: links_with_rows  out: key text, list text, file text, sheet text, number i64, person text, household text, state i64, bits i64, partner text
SELECT r.key, r.list, r.file, r.sheet, r.number, l.person, l.household, l.state, l.bits, l.partner
FROM list_row r JOIN list_file f ON f.id = r.file LEFT JOIN row_link l ON l.key = r.key ORDER BY f.seq, f.id, r.position;

-- name: household_put  in: household text, town text, village text
INSERT INTO household (household, town, village) VALUES ($1, $2, $3)
ON CONFLICT (household) DO UPDATE SET town = excluded.town, village = excluded.village;

-- name: household_delete  in: household text
DELETE FROM household WHERE household = $1;

-- name: households_all  out: household text, town text, village text
SELECT household, town, village FROM household ORDER BY household;

-- name: difference_put  in: id text, class text, left_list text, right_list text, unit text, town text, subject text, field text, list text, row_key text, other_list text, other_key text, household text, person text, owner text, position i64, content blob
INSERT INTO difference (id, class, left_list, right_list, unit, town, subject, field, list, row_key, other_list, other_key, household, person, owner, position, content)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
ON CONFLICT (id) DO UPDATE SET class = excluded.class, left_list = excluded.left_list, right_list = excluded.right_list, unit = excluded.unit, town = excluded.town,
 subject = excluded.subject, field = excluded.field, list = excluded.list, row_key = excluded.row_key, other_list = excluded.other_list, other_key = excluded.other_key,
 household = excluded.household, person = excluded.person, owner = excluded.owner, position = excluded.position, content = excluded.content;

-- name: difference_delete  in: id text
DELETE FROM difference WHERE id = $1;

-- name: differences_all  out: id text, class text, left_list text, right_list text, unit text, town text, subject text, field text, list text, row_key text, other_list text, other_key text, household text, person text, owner text, position i64, content blob
SELECT id, class, left_list, right_list, unit, town, subject, field, list, row_key, other_list, other_key, household, person, owner, position, content FROM difference ORDER BY position, id;

-- name: difference_get  in: id text  out: id text, class text, left_list text, right_list text, unit text, town text, subject text, field text, list text, row_key text, other_list text, other_key text, household text, person text, owner text, position i64, content blob
SELECT id, class, left_list, right_list, unit, town, subject, field, list, row_key, other_list, other_key, household, person, owner, position, content FROM difference WHERE id = $1;

-- name: differences_of_subject  in: subject text, field text  out: id text
SELECT id FROM difference WHERE subject = $1 AND field = $2 ORDER BY id;

-- name: difference_ids_like  in: prefix text  out: id text
SELECT id FROM difference WHERE substr(id, 1, length($1)) = $1 ORDER BY id LIMIT 2;

-- name: decision_insert  in: difference text, seq i64, item i64, entry text, action text, author text, content blob
INSERT INTO decision (difference, seq, item, entry, action, author, content, undone) VALUES ($1, $2, $3, $4, $5, $6, $7, '');

-- name: decision_undo  in: entry text, by text
UPDATE decision SET undone = $2 WHERE entry = $1 AND undone = '';

-- name: decisions_active  out: difference text, seq i64, item i64, entry text, action text, author text, content blob
SELECT difference, seq, item, entry, action, author, content FROM decision WHERE undone = '' ORDER BY seq, item;

-- name: decision_last  in: difference text  out: entry text, action text, seq i64, author text
SELECT entry, action, seq, author FROM decision WHERE difference = $1 AND undone = '' ORDER BY seq DESC, item DESC LIMIT 1;

-- name: constraint_insert  in: entry text, item i64, left_origin text, right_origin text, link i64, left_identity text, right_identity text, seq i64
INSERT INTO row_constraint (entry, item, left_origin, right_origin, link, left_identity, right_identity, seq, undone) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '');

-- name: constraint_undo  in: entry text, by text
UPDATE row_constraint SET undone = $2 WHERE entry = $1 AND undone = '';

-- name: constraints_active  out: left_origin text, right_origin text, link i64, left_identity text, right_identity text, seq i64
SELECT left_origin, right_origin, link, left_identity, right_identity, seq FROM row_constraint WHERE undone = '' ORDER BY seq, item;

-- name: lock_insert  in: name text, seq i64, entry text, households i64, persons i64, digest text, set_file text, reason text, author text, made_at i64
INSERT INTO register_lock (name, seq, entry, households, persons, digest, set_file, reason, author, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: lock_get  in: name text  out: seq i64, entry text, households i64, persons i64, digest text, set_file text, made_at i64
SELECT seq, entry, households, persons, digest, set_file, made_at FROM register_lock WHERE name = $1;

-- name: locks_all  out: name text, seq i64, entry text, households i64, persons i64, digest text, made_at i64, author text, reason text
SELECT name, seq, entry, households, persons, digest, made_at, author, reason FROM register_lock ORDER BY seq;

-- name: removal_insert  in: household text, person text, seq i64, entry text, persons i64, reason text
INSERT INTO removal (household, person, seq, entry, persons, reason, undone) VALUES ($1, $2, $3, $4, $5, $6, '');

-- name: removal_undo  in: entry text, by text
UPDATE removal SET undone = $2 WHERE entry = $1 AND undone = '';

-- name: removal_sums  out: households i64, persons i64
SELECT coalesce(sum(CASE WHEN person = '' THEN 1 ELSE 0 END), 0), cast(coalesce(sum(persons), 0) AS bigint) FROM removal WHERE undone = '';

-- name: removals_active  out: household text, person text, persons i64, reason text
SELECT household, person, persons, reason FROM removal WHERE undone = '' ORDER BY seq, household, person;

-- name: undoable  in: entry text  out: count i64
SELECT (SELECT count(*) FROM decision WHERE entry = $1 AND undone = '') + (SELECT count(*) FROM removal WHERE entry = $1 AND undone = '')
 + (SELECT count(*) FROM list_file WHERE id = $1 AND replaced_by = '');

-- name: files_replaced_by  in: id text  out: id text, list text, rows_file text
SELECT id, list, rows_file FROM list_file WHERE replaced_by = $1 ORDER BY seq, id;

-- name: links_by_list  out: list text, person text, household text
SELECT list, person, household FROM row_link;

-- name: links_of_household  in: household text  out: key text, list text, file text, sheet text, number i64, person text, state i64, bits i64, partner text, content blob
SELECT r.key, r.list, r.file, r.sheet, r.number, l.person, l.state, l.bits, l.partner, r.content
FROM row_link l JOIN list_row r ON r.key = l.key WHERE l.household = $1 ORDER BY r.list, r.file, r.position;

-- name: household_get  in: household text  out: town text, village text
SELECT town, village FROM household WHERE household = $1;

-- name: differences_of_entry  in: entry text  out: difference text
SELECT difference FROM decision WHERE entry = $1 ORDER BY item LIMIT 200;

-- name: decisions_of_difference  in: difference text  out: seq i64, item i64, entry text, action text, author text, undone text
SELECT seq, item, entry, action, author, undone FROM decision WHERE difference = $1 ORDER BY seq, item;

-- name: file_get  in: id text  out: list text, sender text, file_name text, rows_file text
SELECT list, sender, file_name, rows_file FROM list_file WHERE id = $1;

-- name: files_with_sender  out: id text, list text, file_name text, row_count i64, flag_count i64, seq i64, replaced_by text, sender text
SELECT id, list, file_name, row_count, flag_count, seq, replaced_by, sender FROM list_file ORDER BY seq, id;
