// Tokens of gates: derived from the gate's id with the deployment's secret, so none has to be kept to be said again.

import { createHash, createHmac } from "node:crypto";
import type { GateTokens } from "../app/ports";

/** Keeps these apart from everything else that is made with the same secret. */
const PURPOSE = "ticketflow gate token\n";
const PREFIX = "gt_";

export function hmacGateTokens(secret: string): GateTokens {
  return {
    async of(id) {
      return PREFIX + createHmac("sha256", secret).update(PURPOSE).update(id).digest("base64url");
    },
    async hash(token) {
      return createHash("sha256").update(token).digest("base64url");
    },
  };
}
