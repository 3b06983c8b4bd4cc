// What kind of shop this is: whether cards are simulated, and whether it is a demo.

import { read } from "./api/client";
import type { AppConfig } from "./api/types";
import { createStore } from "./store";

export const config = createStore<AppConfig | null>(null);

const RETRY_MS = 3_000;

export async function loadConfig(): Promise<void> {
  const answer = await read<AppConfig>("/api/config");
  if (answer.ok) config.set(answer.value);
  else setTimeout(loadConfig, RETRY_MS);
}
