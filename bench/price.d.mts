export const ROWS_A_BOOKING: { readonly boxOffice: number; readonly d1: number };
export function priceOfAMillionTickets(rows?: { readonly boxOffice: number; readonly d1: number }): {
  readonly lines: Readonly<Record<string, number>>;
  readonly total: number;
};
