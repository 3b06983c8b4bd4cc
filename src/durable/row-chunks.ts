// Rows that travel as one JSON parameter, so that a group's rows are one statement.

/** A parameter is at most 2 MB, a hold well under 4 KB. */
const ROWS_A_STATEMENT = 400;

export function inChunks(values: readonly unknown[], write: (json: string) => void): void {
  for (let start = 0; start < values.length; start += ROWS_A_STATEMENT) {
    write(JSON.stringify(values.slice(start, start + ROWS_A_STATEMENT)));
  }
}
