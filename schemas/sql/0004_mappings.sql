-- How agencies' lists become rows of their feeds: which column is which field.

CREATE TABLE mappings (key bytea PRIMARY KEY, value bytea NOT NULL);
