-- The tables of src/store/table.rs and one row that puts all groups of all gateways in order.
--
-- Keys compare as bytes, as `bytea` does. Values are sealed by the program: eight bytes of checksum before each.
-- A table whose rows are written again and again leaves room in its pages, so that a new version stays beside the old.

CREATE TABLE padan_own (
    name text PRIMARY KEY,
    value bigint NOT NULL
) WITH (fillfactor = 20);

INSERT INTO padan_own (name, value) VALUES ('format', 1), ('schema', 0), ('group', 0);

CREATE TABLE records (key bytea PRIMARY KEY, value bytea NOT NULL) WITH (fillfactor = 85);
CREATE TABLE rows (key bytea PRIMARY KEY, value bytea NOT NULL);
CREATE TABLE batches (key bytea PRIMARY KEY, value bytea NOT NULL) WITH (fillfactor = 85);
CREATE TABLE receipts (key bytea PRIMARY KEY, value bytea NOT NULL);
CREATE TABLE idempotency (key bytea PRIMARY KEY, value bytea NOT NULL) WITH (fillfactor = 85);
CREATE TABLE decisions (key bytea PRIMARY KEY, value bytea NOT NULL);
CREATE TABLE completeness (key bytea PRIMARY KEY, value bytea NOT NULL) WITH (fillfactor = 85);
CREATE TABLE members (key bytea PRIMARY KEY, value bytea NOT NULL) WITH (fillfactor = 85);
CREATE TABLE persons (key bytea PRIMARY KEY, value bytea NOT NULL) WITH (fillfactor = 85);
CREATE TABLE families (key bytea PRIMARY KEY, value bytea NOT NULL) WITH (fillfactor = 85);
CREATE TABLE cases (key bytea PRIMARY KEY, value bytea NOT NULL) WITH (fillfactor = 85);
CREATE TABLE journal (key bytea PRIMARY KEY, value bytea NOT NULL);
CREATE TABLE marks (key bytea PRIMARY KEY, value bytea NOT NULL) WITH (fillfactor = 85);
