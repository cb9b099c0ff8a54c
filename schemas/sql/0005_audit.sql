-- Who saw or did what, numbered without gaps, and the hashes over it.

CREATE TABLE audit (key bytea PRIMARY KEY, value bytea NOT NULL);
CREATE TABLE audit_nodes (key bytea PRIMARY KEY, value bytea NOT NULL);
