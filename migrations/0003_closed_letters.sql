-- When somebody saw to a dead letter that cannot be replayed, or need not be.
ALTER TABLE dead_letters ADD COLUMN closed_at_ms INTEGER;
