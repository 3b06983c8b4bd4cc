// Sorts a command line into what the command reads itself, its `--var`s, and what goes on to wrangler untouched.

/**
 * @param {readonly string[]} argv
 * @param {readonly string[]} known flags with one value each that the command reads itself
 * @returns {{ own: Map<string, string>, vars: Map<string, string>, rest: string[] }} Of a flag or a variable given
 * more than once, the last. Throws an error whose message is for the user.
 */
export function sortArguments(argv, known) {
  /** @type {Map<string, string>} */
  const own = new Map();
  /** @type {Map<string, string>} */
  const vars = new Map();
  /** @type {string[]} */
  const rest = [];
  for (let at = 0; at < argv.length; at++) {
    const { flag, values, used } = readFlag(argv, at, known);
    if (flag === "--var") addVars(vars, values);
    else if (known.includes(flag)) own.set(flag, single(flag, values));
    else rest.push(...argv.slice(at, at + used + 1));
    at += used;
  }
  return { own, vars, rest };
}

/**
 * `--flag value` or `--flag=value`; `--var` takes any number of values, as wrangler itself reads it. `used` is how many
 * further arguments belong to the flag.
 * @param {readonly string[]} argv
 * @param {number} at
 * @param {readonly string[]} known
 */
function readFlag(argv, at, known) {
  const text = argv[at] ?? "";
  const equals = text.indexOf("=");
  if (text.startsWith("--") && equals > 0) {
    return { flag: text.slice(0, equals), values: [text.slice(equals + 1)], used: 0 };
  }
  const most = text === "--var" ? argv.length : known.includes(text) ? 1 : 0;
  /** @type {string[]} */
  const values = [];
  for (const value of argv.slice(at + 1)) {
    if (values.length === most || value.startsWith("-")) break;
    values.push(value);
  }
  return { flag: text, values, used: values.length };
}

/**
 * @param {Map<string, string>} vars
 * @param {readonly string[]} values
 */
function addVars(vars, values) {
  if (values.length === 0) throw new Error("--var needs NAME:value, for example --var HOLD_TTL_SECONDS:3.");
  for (const value of values) {
    const colon = value.indexOf(":");
    if (colon < 1) throw new Error(`--var needs NAME:value, not "${value}".`);
    vars.set(value.slice(0, colon), value.slice(colon + 1));
  }
}

/**
 * @param {string} flag
 * @param {readonly string[]} values
 */
function single(flag, values) {
  const [value] = values;
  if (value === undefined || value === "") throw new Error(`${flag} needs a value.`);
  return value;
}
