-- Settled deliveries by age: every sweep forgets some of the oldest, without reading the others.
CREATE INDEX stripe_events_settled ON stripe_events (received_at_ms) WHERE settled_at_ms IS NOT NULL;
