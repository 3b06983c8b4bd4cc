// What every handler finds in its context, and the factory of route groups that share it.

import { OpenAPIHono } from "@hono/zod-openapi";
import type { Deps } from "../app/ports";
import type { Viewer } from "../app/users";
import type { RequestId } from "../domain/ids";

export interface HonoEnv {
  Bindings: Env;
  Variables: {
    deps: Deps;
    /** Always ours: a caller's X-Request-Id is not trusted. */
    requestId: RequestId;
    /** Read once per request. */
    nowMs: number;
    /** When this isolate had its first request: module scope has no clock. */
    isolateSinceMs: number;
    /** Set on routes that need a signed-in user. */
    viewer?: Viewer;
    /**
     * An answer that was made with every header. Noted here and not in a set of such answers: a native object that is
     * some set's key outlives every minor garbage collection, and thousands that end together stop the isolate.
     */
    dressed?: Response;
  };
}

/** The routes of one service. `createApp` mounts it at the root, so its paths are whole. */
export function createGroup(): OpenAPIHono<HonoEnv> {
  return new OpenAPIHono<HonoEnv>();
}
