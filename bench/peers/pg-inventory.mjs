// The inventory of an event read from its rows, as JSON, in the form that the product answers.

import pg from "pg";

const SEATS = {
  name: "seats",
  text: `SELECT seat_id, row_label, number, CASE WHEN lock_id IS NULL OR held_until < now() THEN 'AVAILABLE' ELSE 'LOCKED' END AS status
         FROM seats WHERE event_id = $1 ORDER BY place`,
};
const CONNECTIONS = 2;

/** @param {string} database @returns {Promise<(eventId: string) => Promise<string>>} */
export async function pgInventory(database) {
  const connections = new pg.Pool({ connectionString: database, max: CONNECTIONS });
  return async (eventId) => {
    const { rows } = await connections.query({ ...SEATS, values: [eventId] });
    const locked = rows.filter(({ status }) => status === "LOCKED").length;
    const seats = rows.map(({ seat_id, row_label, number, status }) => ({
      id: seat_id,
      row: row_label,
      number,
      tier: "GENERAL",
      price: 7500,
      currency: "GBP",
      status,
    }));
    const summary = { total: rows.length, available: rows.length - locked, locked, reserved: 0 };
    return JSON.stringify({ eventId, seats, summary });
  };
}
