// Stands in for src/app/mails.ts in the simulation's bundle: what a mail says is another test's business, and writing
// it takes longer than everything else here. That a mail needs its booking stays checked.

import type { Mail, NotificationToSend } from "../../src/app/ports";

export function writeMail({ id, user, booking, type }: NotificationToSend): Mail {
  if (booking === null) throw new Error(`notification ${id} is about a booking that D1 has not`);
  return { id, to: user.email, subject: type, text: "", html: "", attachments: [] };
}
