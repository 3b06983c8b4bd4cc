-- The tables of D1. docs/storage.md says of each what it is for and what its loss would mean.
--
-- Every row of a table and every row of an index that a statement touches is a billed write, so tables whose key is
-- text are WITHOUT ROWID (the key is the table), and an index must earn its keep. Tables of few, large rows keep a
-- rowid: SQLite stores those better. No foreign keys: a projection must never be refused for what it refers to.

CREATE TABLE users (
  id            TEXT    NOT NULL PRIMARY KEY,
  name          TEXT    NOT NULL,
  -- Lower case.
  email         TEXT    NOT NULL UNIQUE,
  role          TEXT    NOT NULL CHECK (role IN ('USER', 'ADMIN')),
  password_hash TEXT    NOT NULL,
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE venues (
  id            TEXT    NOT NULL PRIMARY KEY,
  name          TEXT    NOT NULL,
  address       TEXT    NOT NULL,
  city          TEXT    NOT NULL,
  country       TEXT    NOT NULL,
  capacity      INTEGER NOT NULL CHECK (capacity > 0),
  created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The definition as the box office committed it, and beside it what the lists show. Large columns come last, so
-- that a scan of the others does not read them.
CREATE TABLE events (
  id               TEXT    NOT NULL PRIMARY KEY,
  code             TEXT    NOT NULL UNIQUE,
  version          INTEGER NOT NULL,
  name             TEXT    NOT NULL,
  venue_id         TEXT,
  starts_at_ms     INTEGER NOT NULL,
  ends_at_ms       INTEGER NOT NULL,
  currency         TEXT    NOT NULL,
  total_seats      INTEGER NOT NULL,
  available_seats  INTEGER NOT NULL,
  availability_seq INTEGER NOT NULL,
  -- When the box office means to act next; NULL while nothing waits.
  next_due_ms      INTEGER,
  active_at_ms     INTEGER NOT NULL,
  created_at_ms    INTEGER NOT NULL,
  updated_at_ms    INTEGER NOT NULL,
  -- JSON: [{ tier, priceMinor, available, total }].
  tiers            TEXT    NOT NULL CHECK (json_valid(tiers)),
  description      TEXT,
  -- JSON: an EventDefinition (src/domain/box-office/state.ts).
  definition       TEXT    NOT NULL CHECK (json_valid(definition))
) STRICT;

CREATE INDEX events_by_start ON events (starts_at_ms, id);
CREATE INDEX events_by_venue ON events (venue_id, starts_at_ms, id);
CREATE INDEX events_overdue ON events (next_due_ms) WHERE next_due_ms IS NOT NULL;

-- A projection of the box offices: only a higher version overwrites a row.
CREATE TABLE bookings (
  id                    TEXT    NOT NULL PRIMARY KEY,
  event_id              TEXT    NOT NULL,
  lock_id               TEXT    NOT NULL,
  user_id               TEXT    NOT NULL,
  version               INTEGER NOT NULL,
  status                TEXT    NOT NULL
    CHECK (status IN ('PENDING', 'PAYMENT_PENDING', 'CONFIRMED', 'FAILED', 'EXPIRED', 'CANCELLED')),
  -- JSON arrays of seat ids.
  seat_ids              TEXT    NOT NULL,
  cancelled_seat_ids    TEXT    NOT NULL,
  total_minor           INTEGER NOT NULL,
  currency              TEXT    NOT NULL,
  failure_reason        TEXT,
  failure_detail        TEXT,
  payment_expires_at_ms INTEGER NOT NULL,
  created_at_ms         INTEGER NOT NULL,
  updated_at_ms         INTEGER NOT NULL,
  confirmed_at_ms       INTEGER,
  cancelled_at_ms       INTEGER
) STRICT, WITHOUT ROWID;

-- The key follows the user in the index, and keys sort by creation: no column more is needed for "my bookings".
CREATE INDEX bookings_by_user ON bookings (user_id);

-- The payment of a booking has its booking's id under another prefix, and its version.
CREATE TABLE payments (
  id              TEXT    NOT NULL PRIMARY KEY,
  version         INTEGER NOT NULL,
  status          TEXT    NOT NULL
    CHECK (status IN ('PENDING', 'REQUIRES_ACTION', 'AUTHORISED', 'SUCCESS', 'FAILED', 'CANCELLED',
                      'REFUND_PENDING', 'PARTIALLY_REFUNDED', 'REFUNDED', 'REFUND_FAILED')),
  amount_minor    INTEGER NOT NULL,
  currency        TEXT    NOT NULL,
  refunded_minor  INTEGER NOT NULL,
  -- The provider's charge.
  transaction_id  TEXT,
  processed_at_ms INTEGER,
  attempts        INTEGER NOT NULL,
  failure         TEXT
) STRICT, WITHOUT ROWID;

-- One row a mail. PENDING until the mailer took it (SENT) or it was given up for good (GIVEN_UP).
CREATE TABLE notifications (
  id             TEXT    NOT NULL PRIMARY KEY,
  user_id        TEXT    NOT NULL,
  type           TEXT    NOT NULL
    CHECK (type IN ('WELCOME', 'BOOKING_CONFIRMED', 'BOOKING_FAILED', 'BOOKING_EXPIRED', 'BOOKING_CANCELLED')),
  booking_id     TEXT,
  -- JSON: a NotificationDetail (src/app/ports.ts).
  detail         TEXT    NOT NULL,
  state          TEXT    NOT NULL CHECK (state IN ('PENDING', 'SENT', 'GIVEN_UP')),
  tries          INTEGER NOT NULL DEFAULT 0,
  -- A consumer works on it until then.
  lease_until_ms INTEGER NOT NULL DEFAULT 0,
  next_try_ms    INTEGER NOT NULL,
  tried_at_ms    INTEGER,
  last_error     TEXT,
  subject        TEXT,
  created_at_ms  INTEGER NOT NULL,
  sent_at_ms     INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX notifications_unsent ON notifications (next_try_ms) WHERE state = 'PENDING';
CREATE INDEX notifications_sent ON notifications (user_id) WHERE state = 'SENT';

-- Messages that a queue gave up.
CREATE TABLE dead_letters (
  id             TEXT    NOT NULL PRIMARY KEY,
  queue          TEXT    NOT NULL,
  reason         TEXT    NOT NULL,
  attempts       INTEGER NOT NULL,
  noted_at_ms    INTEGER NOT NULL,
  replayed_at_ms INTEGER,
  -- The message, as it was.
  body           TEXT    NOT NULL
) STRICT;

CREATE INDEX dead_letters_by_time ON dead_letters (noted_at_ms, id);

-- Exact counters of offences: `taken` in the window that ends at `resets_at_ms`. Keys are hashes of whom they count.
CREATE TABLE throttles (
  key          TEXT    NOT NULL PRIMARY KEY,
  taken        INTEGER NOT NULL,
  resets_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Keys of requests whose effect is in D1, kept for 24 h; `result_id` rebuilds the answer.
CREATE TABLE idempotency_keys (
  scope       TEXT    NOT NULL PRIMARY KEY,
  fingerprint TEXT    NOT NULL,
  result_id   TEXT    NOT NULL,
  at_ms       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The inbox of the provider's webhooks: noted when verified, settled when the box office knows.
CREATE TABLE stripe_events (
  id             TEXT    NOT NULL PRIMARY KEY,
  type           TEXT    NOT NULL,
  -- JSON: a ProviderEvent (src/app/ports.ts).
  body           TEXT    NOT NULL CHECK (json_valid(body)),
  received_at_ms INTEGER NOT NULL,
  tries          INTEGER NOT NULL DEFAULT 0,
  next_try_ms    INTEGER NOT NULL,
  settled_at_ms  INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX stripe_events_unsettled ON stripe_events (next_try_ms) WHERE settled_at_ms IS NULL;

-- Development's mailbox: what the mailer sent.
CREATE TABLE mailbox (
  id          TEXT    NOT NULL PRIMARY KEY,
  to_address  TEXT    NOT NULL,
  subject     TEXT    NOT NULL,
  text        TEXT    NOT NULL,
  html        TEXT    NOT NULL,
  -- JSON: [{ filename, contentType, … }].
  attachments TEXT    NOT NULL CHECK (json_valid(attachments)),
  sent_at_ms  INTEGER NOT NULL
) STRICT;

-- Development's seed: which steps of the demo data are done.
CREATE TABLE demo_marks (
  name  TEXT    NOT NULL PRIMARY KEY,
  at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
