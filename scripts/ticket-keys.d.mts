export function newTicketKeySet(older?: readonly unknown[]): string;
