-- What is found by something else than its own number, and what the rules say of whom: derived, and filled by the next
-- gateway that leads.

CREATE TABLE lookups (key bytea PRIMARY KEY, value bytea NOT NULL) WITH (fillfactor = 85);
CREATE TABLE outcomes (key bytea PRIMARY KEY, value bytea NOT NULL) WITH (fillfactor = 85);
