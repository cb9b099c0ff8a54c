-- What is found by something else than its own number: derived, and filled by the next gateway that leads.

CREATE TABLE lookups (key bytea PRIMARY KEY, value bytea NOT NULL) WITH (fillfactor = 85);
