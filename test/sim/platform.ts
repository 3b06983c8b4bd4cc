// Stands in for `cloudflare:workers` in the simulation's bundle.

export class DurableObject<E> {
  readonly ctx: unknown;
  readonly env: E;
  constructor(ctx: unknown, env: E) {
    this.ctx = ctx;
    this.env = env;
  }
}
