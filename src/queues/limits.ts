// Numbers shared with wrangler.toml, where the platform reads them; a test compares the two.

/** Deliveries of a message before it is a dead letter: the first, and `max_retries` more. */
export const consumerTries = 6;
