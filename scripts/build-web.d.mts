/** Builds the web app into dist/web, unless it is there already. Says whether something had to be built. */
export function buildWeb(): Promise<boolean>;
/** Builds it again after every change. */
export function rebuildOnChange(): void;
