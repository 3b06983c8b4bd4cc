// Values for requests: ones that fit a schema, and ones that are wrong on purpose.

import type { Random } from "../sim/random";
import { resolve, type Schema } from "./json-schema";

export type Body = Record<string, unknown>;

/** A good value for a field of this name, where a schema alone could not say one: an id that exists, a date to come. */
export type Hint = (name: string) => unknown;

const OPTIONAL_CHANCE = 0.4;
const MAX_LIST = 3;

/** A value that fits. */
export function fitting(document: unknown, schema: Schema, random: Random, hint: Hint, name = ""): unknown {
  const hinted = hint(name);
  if (hinted !== undefined) return hinted;
  if (typeof schema["$ref"] === "string") {
    return fitting(document, resolve(document, schema["$ref"]), random, hint, name);
  }
  const part = (schema["allOf"] as readonly Schema[] | undefined)?.[0];
  if (part) return fitting(document, part, random, hint, name);
  if (schema["enum"]) return random.pick(schema["enum"] as readonly unknown[]);
  const type = random.pick([schema["type"]].flat());
  switch (type) {
    case "null":
      return null;
    case "boolean":
      return random.chance(0.5);
    case "integer":
    case "number":
      return numberFor(schema, random);
    case "array": {
      const least = Number(schema["minItems"] ?? 0);
      const count = random.between(least, Math.max(least, Math.min(MAX_LIST, Number(schema["maxItems"] ?? MAX_LIST))));
      return Array.from({ length: count }, () => fitting(document, schema["items"] as Schema, random, hint, name));
    }
    case "object":
      return objectFor(document, schema, random, hint);
    default:
      return textFor(schema, random);
  }
}

function objectFor(document: unknown, schema: Schema, random: Random, hint: Hint): Body {
  const properties = (schema["properties"] ?? {}) as Readonly<Record<string, Schema>>;
  const required = new Set((schema["required"] ?? []) as readonly string[]);
  const object: Body = {};
  for (const [name, inner] of Object.entries(properties)) {
    if (!required.has(name) && !random.chance(OPTIONAL_CHANCE)) continue;
    object[name] = fitting(document, inner, random, hint, name);
  }
  return object;
}

function numberFor(schema: Schema, random: Random): number {
  const least = Number(schema["minimum"] ?? -1_000);
  const most = Number(schema["maximum"] ?? 1_000);
  return random.pick([least, most, random.between(least, Math.min(most, least + 30)), random.between(least, most)]);
}

function textFor(schema: Schema, random: Random): string {
  if (schema["pattern"] !== undefined) return `x${random.bits().toString(36)}-visible`;
  const least = Number(schema["minLength"] ?? 0);
  const most = Math.min(Number(schema["maxLength"] ?? 40), 300);
  const letters = random.pick(["Anna", "Zoë ", "東京 ", "a", "Ω≈ç", "أهلا", "x-y "]);
  const text = letters.repeat(Math.ceil(most / letters.length)).trim();
  return [...text].slice(0, Math.max(least, random.between(least, most))).join("");
}

/** Not well-formed, too long, special to JavaScript, SQL, HTML, paths or headers; or merely rare. */
const ODD_TEXTS: readonly string[] = [
  ...["", " ", "\0", "a\0b", "\n", "\t\r\n", "\u0007", "\u007f", "\u0085", "\u2028", "\ufeff", "\u200b", "\u202e!"],
  ...["\ud800", "\udfff", "a\ud83d", "e\u0301", "😀", "👩‍👩‍👧‍👦", "ﬃ", "İ", "ß", "١٢٣", "ǅ"],
  ...["null", "undefined", "NaN", "true", "0", "-1", "1e9", "0x10", "1.5", "9007199254740993", "∞"],
  ...["__proto__", "constructor", "toString", "hasOwnProperty", "prototype", "length"],
  ...[
    "' OR 1=1 --",
    '"; DROP TABLE bookings; --',
    "%",
    "_",
    "%%%",
    "\\",
    "{{7*7}}",
    "$" + "{7*7}",
    "<script>",
    "../../x",
  ],
  ...["2026-02-30T10:00:00Z", "9999-12-31T23:59:59Z", "0000-01-01T00:00:00Z", "2027-01-01", "+275760-09-13T00:00:00Z"],
  ...["2027-01-01T24:00:00Z", "2027-01-01T10:00:00", "-000001-01-01T00:00:00Z", "1969-12-31T23:59:59Z"],
  ...[
    "evnt_",
    "seat_",
    "seat_A0",
    "seat_A-1",
    "seat_A1 ",
    "SEAT_A1",
    "seat_A999999999",
    "lock_00000000000000000000000000",
  ],
  ...["bkg_ZZZZZZZZZZZZZZZZZZZZZZZZZZ", "tkt_01HZ3KQ8R5ABCD1234WXYZ5678", "gt_x", "eyJhbGciOiJub25lIn0.e30."],
  ...["pm_card_visa", "tok_chargeDeclined", "a@b", "a@b.c", "@", `${"a".repeat(250)}@example.com`, "GBP", "XXX", "gbp"],
];
const ODD_NUMBERS: readonly number[] = [
  ...[0, -0, -1, 0.5, 1.0000001, 1e-7, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, -(2 ** 53), 1e21, 1e308],
  ...[-1e308, Number.MIN_VALUE, 10, 11, 41, 100, 101, 1_000_000, 99_999_999, 100_000_000],
];

/** A value of any type, mostly an unlikely one. */
export function odd(random: Random): unknown {
  switch (random.below(9)) {
    case 0:
    case 1:
    case 2:
      return random.pick(ODD_TEXTS);
    case 3:
      return random
        .pick(ODD_TEXTS)
        .repeat(random.pick([2, 17, 300, 3_000]))
        .slice(0, 40_000);
    case 4:
    case 5:
      return random.pick(ODD_NUMBERS);
    case 6:
      return random.pick([null, true, false, [], {}]);
    case 7:
      return Array.from({ length: random.pick([1, 2, 11, 101, 2_000]) }, () => random.pick(ODD_TEXTS));
    default:
      return nested(random.pick([2, 30, 1_000]), random.chance(0.5));
  }
}

function nested(depth: number, asList: boolean): unknown {
  let value: unknown = "deep";
  for (let i = 0; i < depth; i++) value = asList ? [value] : { seatIds: value };
  return value;
}

/** A body with one thing changed; what, in words. */
export function broken(body: Body, random: Random): { readonly body: Body; readonly how: string } {
  const copy = structuredClone(body);
  const places = placesOf(copy);
  const place = places.length > 0 ? random.pick(places) : null;
  const name = random.pick([
    "extra",
    "id",
    "userId",
    "price",
    "status",
    "role",
    "isAdmin",
    "constructor",
    "",
    "seatIDs",
  ]);
  if (place === null || random.chance(0.1)) {
    copy[name] = odd(random);
    return { body: copy, how: `with “${name}”` };
  }
  const { holder, key } = place;
  const before = holder[key];
  if (random.chance(0.2)) {
    delete holder[key];
    return { body: copy, how: `without “${key}”` };
  }
  holder[key] = random.chance(0.2) ? bent(before, random) : odd(random);
  return { body: copy, how: `with another “${key}”` };
}

/** Nearly what it was. */
function bent(value: unknown, random: Random): unknown {
  if (Array.isArray(value))
    return random.pick([[], [...value, ...value], [value], [...value, null], value[0], { 0: value }]);
  if (typeof value === "string") {
    const cut = value.slice(0, -1);
    return random.pick([
      cut,
      `${value} `,
      ` ${value}`,
      value.toLowerCase(),
      `${value}\0`,
      [value],
      `${value}x`,
      { value },
    ]);
  }
  if (typeof value === "number")
    return random.pick([value + 0.5, -value, String(value), [value], value * 1e9, value + 1]);
  return random.pick([[value], String(value), null]);
}

type Holder = Record<string, unknown>;

function placesOf(value: unknown): readonly { readonly holder: Holder; readonly key: string }[] {
  if (typeof value !== "object" || value === null) return [];
  const holder = value as Holder;
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...placesOf(holder[key])]);
}

/** Bytes that are no JSON object, or a strange one. */
export function brokenText(text: string, random: Random): string | Uint8Array<ArrayBuffer> {
  const cut = random.below(text.length + 1);
  const open = text.replace(/\}$/, "");
  const rest = open === "{" ? "" : ",";
  return random.pick<() => string | Uint8Array<ArrayBuffer>>([
    () => text.slice(0, cut),
    () => `${text.slice(0, cut)}\0${text.slice(cut)}`,
    () => `${text}${text}`,
    () => `[${text}]`,
    () =>
      random.pick([
        "null",
        "1",
        '"x"',
        "[]",
        "true",
        "NaN",
        "{",
        "}",
        " ",
        "\ufeff{}",
        "{'a':1}",
        "/**/{}",
        "undefined",
      ]),
    () => `${open}${rest}}`,
    () => `${open},}`,
    () => `${open}${rest}"__proto__":{"role":"ADMIN"}}`,
    () => `${open}${rest}"a":1,"a":2}`,
    () => `${open}${rest}"deep":${"[".repeat(20_000)}${"]".repeat(20_000)}}`,
    () => `${open}${rest}"n":1e99999}`,
    () => `${open}${rest}"long":"${"x".repeat(random.pick([66_000, 270_000]))}"}`,
    () => new Uint8Array([...new TextEncoder().encode(open), 0xff, 0xfe, 0x7d]),
    () => new Uint8Array(Array.from({ length: 40 }, () => random.below(256))),
    () => `\ufeff${text}`,
    () => `\n\t ${text} \n`,
  ])();
}

/** Path parameters that name nothing, or what they should not. As they stand in an address. */
export function brokenId(id: string, random: Random): string {
  return random.pick<() => string>([
    () =>
      random.pick(["0", "-1", "null", "undefined", "%00", "%20", "%2F", "..%2f..%2f", "%E0%A4%A", "%ff", "*", "%25"]),
    () => id.toLowerCase(),
    () => id.slice(0, -1),
    () => `${id}A`,
    () => `${id}%00`,
    () => `${id}%20`,
    () => id.replace(/^[a-z]+/, random.pick(["evnt", "usr", "lock", "bkg", "pay", "tkt", "ven", "gate"])),
    () => id.slice(0, -3) + random.pick(["000", "ZZZ", "ILO", "%F0%9F%98%80"]),
    () => `${id.slice(0, 15)}00000000${id.slice(23)}`,
    () => encodeURIComponent(random.pick(ODD_TEXTS).toWellFormed()) || "x",
    () => "x".repeat(random.pick([100, 5_000])),
    () => `${id};a=b`,
  ])();
}

export function oddQuery(name: string, random: Random): string {
  const values = [
    "",
    "0",
    "-1",
    "1e3",
    "1.5",
    "999999999",
    "9999999999",
    "%00",
    "%ff",
    "null",
    "NaN",
    "%F0%9F%98%80",
    "a%20b",
  ];
  const value = random.pick([...values, "2027-02-30", "2027-01-01", "CONFIRMED", "%27%20OR%201=1", "x".repeat(3_000)]);
  const form = random.pick([
    `${name}=${value}`,
    `${name}[]=${value}`,
    `${name}=${value}&${name}=${value}`,
    name,
    `=${value}`,
  ]);
  return random.chance(0.15) ? `${form}&unknown=1` : form;
}
