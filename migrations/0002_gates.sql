-- Gates: doors of an event, each with a token for its scanners. What they let in is in the event's box office.
CREATE TABLE gates (
  id            TEXT    NOT NULL PRIMARY KEY,
  event_id      TEXT    NOT NULL,
  name          TEXT    NOT NULL,
  -- SHA-256 of the token; the token itself is nowhere.
  token_hash    TEXT    NOT NULL UNIQUE,
  -- NULL: when the doors of the event open by themselves.
  opens_at_ms   INTEGER,
  expires_at_ms INTEGER NOT NULL,
  revoked_at_ms INTEGER,
  created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Keys sort by creation: the index has them in the order in which a list shows them.
CREATE INDEX gates_by_event ON gates (event_id);
