/** Of each bug: the file, the text that occurs there once, and what stands in its place. */
export const PLANTED: readonly {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}[];
