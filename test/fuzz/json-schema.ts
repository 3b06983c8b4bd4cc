// Whether a value fits a schema of our OpenAPI document. It knows the keywords that the document uses and throws at any
// other, so that a schema is never half checked.

export type Schema = Readonly<Record<string, unknown>>;

/** What a value breaks, each with its place; empty where it fits. */
export type Check = (schema: Schema, value: unknown) => readonly string[];

/** They say nothing of the value. */
const SILENT = new Set(["description", "example", "examples", "default", "title"]);
const KNOWN = new Set([
  ...SILENT,
  ...["$ref", "allOf", "anyOf", "type", "enum", "format", "pattern", "minLength", "maxLength", "minimum", "maximum"],
  ...["properties", "required", "additionalProperties", "items", "minItems", "maxItems"],
]);

const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$/;

/**
 * `closed`: an object may have no property that its schema does not name, as answers may not, whatever
 * `additionalProperties` leaves open by saying nothing.
 */
export function checkerOf(document: unknown, { closed = false } = {}): Check {
  const patterns = new Map<string, RegExp>();
  const patternOf = (text: string) => {
    const known = patterns.get(text) ?? new RegExp(text, "u");
    patterns.set(text, known);
    return known;
  };

  function check(schema: Schema, value: unknown, at: string, isPart: boolean): readonly string[] {
    for (const keyword of Object.keys(schema)) {
      if (!KNOWN.has(keyword)) throw new Error(`${at}: a schema uses “${keyword}”, which nothing here checks`);
    }
    if (typeof schema["$ref"] === "string") return check(resolve(document, schema["$ref"]), value, at, isPart);
    const own = ownProblems(schema, value, at, isPart);
    const all = (schema["allOf"] ?? []) as readonly Schema[];
    const any = ((schema["anyOf"] ?? []) as readonly Schema[]).map((part) => check(part, value, at, isPart));
    const fitsOne = any.length === 0 || any.some((problems) => problems.length === 0);
    return [...own, ...all.flatMap((part) => check(part, value, at, true)), ...(fitsOne ? [] : any.flat())];
  }

  function ownProblems(schema: Schema, value: unknown, at: string, isPart: boolean): readonly string[] {
    const types = schema["type"] === undefined ? [] : [schema["type"]].flat();
    if (types.length > 0 && !types.some((type) => isOf(type as string, value))) {
      return [`${at} is ${shown(value)}, not ${types.join(" or ")}`];
    }
    const choices = schema["enum"] as readonly unknown[] | undefined;
    if (choices && !choices.includes(value)) return [`${at} is ${shown(value)}, none of ${choices.join(", ")}`];
    if (typeof value === "string") return textProblems(schema, value, at);
    if (typeof value === "number") return range("", schema["minimum"], schema["maximum"], value, at);
    if (Array.isArray(value)) return listProblems(schema, value, at);
    if (typeof value === "object" && value !== null) {
      return objectProblems(schema, value as Record<string, unknown>, at, isPart);
    }
    return [];
  }

  function textProblems(schema: Schema, value: string, at: string): readonly string[] {
    const problems = [...range(" characters", schema["minLength"], schema["maxLength"], [...value].length, at)];
    const { format, pattern } = schema as { format?: string; pattern?: string };
    if (pattern !== undefined && !patternOf(pattern).test(value)) problems.push(`${at} does not match ${pattern}`);
    if (format === "date-time" && !DATE_TIME.test(value)) problems.push(`${at} is ${shown(value)}, no date and time`);
    if (format === "email" && !value.includes("@")) problems.push(`${at} is ${shown(value)}, no e-mail address`);
    return problems;
  }

  function listProblems(schema: Schema, value: readonly unknown[], at: string): readonly string[] {
    const items = schema["items"] as Schema | undefined;
    return [
      ...range(" items", schema["minItems"], schema["maxItems"], value.length, at),
      ...(items ? value.flatMap((item, i) => check(items, item, `${at}[${i}]`, false)) : []),
    ];
  }

  function objectProblems(
    schema: Schema,
    value: Readonly<Record<string, unknown>>,
    at: string,
    isPart: boolean,
  ): readonly string[] {
    const properties = (schema["properties"] ?? {}) as Readonly<Record<string, Schema>>;
    const rest = schema["additionalProperties"] ?? !(closed && !isPart && schema["properties"] !== undefined);
    const required = (schema["required"] ?? []) as readonly string[];
    return [
      ...required.filter((name) => !Object.hasOwn(value, name)).map((name) => `${at}.${name} is missing`),
      ...Object.entries(value).flatMap(([name, inner]) => {
        const place = `${at}.${name}`;
        if (Object.hasOwn(properties, name)) return check(properties[name] as Schema, inner, place, false);
        if (rest === false) return [`${place} is not declared`];
        return rest === true ? [] : check(rest as Schema, inner, place, false);
      }),
    ];
  }

  return (schema, value) => check(schema, value, "body", false);
}

export function resolve(document: unknown, ref: string): Schema {
  const found = ref
    .split("/")
    .slice(1)
    .reduce<unknown>((value, part) => (value as Record<string, unknown>)?.[part], document);
  if (typeof found !== "object" || found === null) throw new Error(`nothing is at ${ref}`);
  return found as Schema;
}

function isOf(type: string, value: unknown): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    case "string":
    case "number":
    case "boolean":
      return typeof value === type;
    default:
      throw new Error(`a schema has the type “${type}”, which nothing here checks`);
  }
}

function range(unit: string, least: unknown, most: unknown, found: number, at: string): readonly string[] {
  if (typeof least === "number" && found < least) return [`${at} is ${found}${unit}, below ${least}`];
  if (typeof most === "number" && found > most) return [`${at} is ${found}${unit}, above ${most}`];
  return [];
}

const SHOWN_CHARS = 80;
function shown(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, SHOWN_CHARS);
}
