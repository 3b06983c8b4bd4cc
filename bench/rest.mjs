// Waits until the product has nothing left to do, so that one scenario's work is not measured as another's.

const POLL_MS = 1_000;
/** What is still under way then is measured with the next scenario. */
const MAX_POLLS = 90;

/** @param {import("./product.mjs").Product} product @param {string} eventId */
export async function untilAtRest(product, eventId) {
  const admin = await product.admin();
  for (let poll = 0; poll < MAX_POLLS; poll++) {
    const { outbox } = await product.ask("GET", `/api/admin/consistency?eventId=${eventId}`, undefined, admin);
    if (outbox === 0) return true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return false;
}
