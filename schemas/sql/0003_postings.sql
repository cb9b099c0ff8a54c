-- The candidate index, where it rests in the database (`index = "store"`): derived, and filled by the next gateway that leads.

CREATE TABLE postings (key bytea PRIMARY KEY, value bytea NOT NULL) WITH (fillfactor = 85);
