/** A sentence for each variable with which a deploy could not sell. */
export function variableProblems(vars: Readonly<Record<string, unknown>>): string[];
