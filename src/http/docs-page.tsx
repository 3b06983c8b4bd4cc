// /docs: the OpenAPI document as a page for people, rendered on the server, without a script.

import type { Child } from "hono/jsx";
import { DOCS_STYLE } from "./docs-style";
import type { OpenApiDocument } from "./openapi";

type PathItem = NonNullable<OpenApiDocument["paths"]>[string];
type Operation = NonNullable<PathItem["get"]>;

/** What of a JSON schema the page shows. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly default?: unknown;
}
type Schemas = Readonly<Record<string, Schema>>;

interface Entry {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

const METHODS = ["get", "post", "put", "delete"] as const;
/** Deeper than any schema of ours. */
const MAX_DEPTH = 8;

export function docsPage(document: OpenApiDocument): string {
  const entries = entriesOf(document);
  const services = [...new Set(entries.map(({ operation }) => operation.tags?.[0] ?? "Other"))];
  const schemas = (document.components?.schemas ?? {}) as Schemas;
  const page = (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{document.info.title}</title>
        <style dangerouslySetInnerHTML={{ __html: DOCS_STYLE }} />
      </head>
      <body>
        <header>
          <h1>{document.info.title}</h1>
          <p>{document.info.description}</p>
          <p class="quiet">
            Version {document.info.version}. Tokens come from <a href="#logIn">POST /api/users/login</a>. For programs:{" "}
            <a href="/openapi.json">openapi.json</a>.
          </p>
          <details>
            <summary>
              <span class="path">Errors</span>
              <span class="quiet">Every error has this envelope</span>
            </summary>
            <div class="body">
              <Fields schema={schemas["Error"] ?? {}} schemas={schemas} depth={0} />
            </div>
          </details>
        </header>
        <nav aria-label="Services">
          <ul>
            {services.map((service) => (
              <li>
                <a href={`#${service}`}>{service}</a>
              </li>
            ))}
          </ul>
        </nav>
        <main>
          {services.map((service) => (
            <section aria-labelledby={service}>
              <h2 id={service}>{service}</h2>
              {entries
                .filter(({ operation }) => (operation.tags?.[0] ?? "Other") === service)
                .map((entry) => (
                  <Endpoint entry={entry} schemas={schemas} />
                ))}
            </section>
          ))}
        </main>
      </body>
    </html>
  );
  return page.toString();
}

function entriesOf(document: OpenApiDocument): readonly Entry[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = (item as PathItem)[method];
      return operation ? [{ method, path, operation }] : [];
    }),
  );
}

function Endpoint({ entry, schemas }: { entry: Entry; schemas: Schemas }) {
  const { method, path, operation } = entry;
  const body = operation.requestBody as Content | undefined;
  const responses = Object.entries((operation.responses ?? {}) as Readonly<Record<string, Answered>>);
  return (
    <details>
      <summary>
        <span class={`method ${method}`}>{method}</span>
        <code class="path">{path}</code>
        <span class="quiet">{operation.summary}</span>
      </summary>
      {/* The id is in here because a link to what a closed element holds opens it. */}
      <div class="body" id={operation.operationId}>
        <Prose text={operation.description} />
        <p class="quiet">{ACCESS[String((operation as Access)["x-access"])]}</p>
        <Parameters parameters={(operation.parameters ?? []) as readonly Parameter[]} />
        {body && (
          <>
            <h3>Body</h3>
            <Media content={body} schemas={schemas} />
          </>
        )}
        {responses
          .filter(([status]) => status < FIRST_ERROR)
          .map(([status, response]) => (
            <>
              <h3>{status}</h3>
              <Prose text={response.description} />
              <Media content={response} schemas={schemas} />
            </>
          ))}
        <h3>Errors</h3>
        <dl>
          {responses
            .filter(([status]) => status >= FIRST_ERROR)
            .map(([status, response]) => (
              <Errors status={status} response={response} />
            ))}
        </dl>
      </div>
    </details>
  );
}

interface Access {
  readonly "x-access"?: unknown;
}

const ACCESS: Readonly<Record<string, string>> = {
  public: "Open to everybody.",
  user: "Needs a token.",
  admin: "Needs the token of an admin.",
  gate: "Needs the token of a gate.",
};

/** Statuses are compared as text, all of three digits. */
const FIRST_ERROR = "400";

type Answered = Content & { readonly description: string };

function Errors({ status, response }: { status: string; response: Answered }) {
  const examples = Object.entries(response.content?.["application/json"]?.examples ?? {});
  return (
    <>
      {examples.map(([code, { value }]) => (
        <>
          <dt>
            {status} {isEnvelope(value) && <code>{code}</code>}
          </dt>
          <dd>{isEnvelope(value) ? value.error.message : codeIn(response.description)}</dd>
        </>
      ))}
    </>
  );
}

/** A few errors are answers with a body of their own, such as a health check's. */
function isEnvelope(value: unknown): value is { readonly error: { readonly message: string } } {
  return typeof value === "object" && value !== null && "error" in value;
}

/** Text in which `this` is code. */
function Prose({ text }: { text: string | undefined }) {
  return text ? <p>{codeIn(text)}</p> : null;
}

function codeIn(text: string): Child[] {
  return text.split("`").map((part, i) => (i % 2 === 1 ? <code>{part}</code> : part));
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: Schema;
}

function Parameters({ parameters }: { parameters: readonly Parameter[] }) {
  if (parameters.length === 0) return null;
  return (
    <>
      <h3>Parameters</h3>
      <ul class="fields">
        {parameters.map(({ name, in: place, required, description, schema }) => (
          <li>
            <code>{name}</code>{" "}
            <span class="quiet">
              {place}, {typeOf(schema ?? {})}
              {required ? ", required" : ""}
              {limitsOf(schema ?? {})}. {codeIn(description ?? schema?.description ?? "")}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

interface Content {
  readonly content?: Readonly<
    Record<
      string,
      {
        readonly schema?: Schema;
        readonly example?: unknown;
        readonly examples?: Readonly<Record<string, { value: unknown }>>;
      }
    >
  >;
}

function Media({ content, schemas }: { content: Content; schemas: Schemas }) {
  const media = content.content?.["application/json"];
  if (!media?.schema) return null;
  return (
    <>
      <Fields schema={media.schema} schemas={schemas} depth={0} />
      {media.example !== undefined && (
        <pre>
          <code>{JSON.stringify(media.example, null, 2)}</code>
        </pre>
      )}
    </>
  );
}

function Fields({ schema, schemas, depth }: { schema: Schema; schemas: Schemas; depth: number }): Child {
  if (depth > MAX_DEPTH) return null;
  const { properties, required } = partsOf(schema, schemas);
  const entries = Object.entries(properties);
  if (entries.length === 0) return null;
  return (
    <ul class="fields">
      {entries.map(([name, field]) => {
        const target = resolved(field, schemas);
        return (
          <li>
            <code>{name}</code>{" "}
            <span class="quiet">
              {typeOf(target)}
              {required.includes(name) ? "" : ", optional"}
              {limitsOf(target)}
              {codeIn(sentenceOf(field.description ?? target.description))}
            </span>
            <Fields schema={target} schemas={schemas} depth={depth + 1} />
          </li>
        );
      })}
    </ul>
  );
}

/** The properties of an object, of a list's items, or of all alternatives together. */
function partsOf(schema: Schema, schemas: Schemas): { properties: Record<string, Schema>; required: string[] } {
  const target = resolved(schema, schemas);
  const parts = [target, ...(target.items ? [target.items] : []), ...alternatives(target)].map((part) =>
    resolved(part, schemas),
  );
  return {
    properties: Object.assign({}, ...parts.map(({ properties }) => properties ?? {})),
    required: parts.flatMap(({ required }) => required ?? []),
  };
}

function alternatives({ anyOf = [], oneOf = [], allOf = [] }: Schema): readonly Schema[] {
  return [...anyOf, ...oneOf, ...allOf];
}

function resolved(schema: Schema, schemas: Schemas): Schema {
  const name = schema.$ref?.split("/").at(-1);
  return (name !== undefined && schemas[name]) || schema;
}

function typeOf(schema: Schema): string {
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" or ");
  const kinds = alternatives(schema).map(typeOf);
  const type = typeof schema.type === "string" ? schema.type : (schema.type?.join(" or ") ?? kinds.join(" or "));
  if (type === "array")
    return schema.items?.type === "object" || schema.items?.$ref ? "list" : `list of ${typeOf(schema.items ?? {})}`;
  return [type || "any value", schema.format].filter(Boolean).join(", ");
}

function limitsOf(schema: Schema): string {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems, default: preset } = schema;
  const isText = minLength !== undefined || maxLength !== undefined;
  const unit = isText ? " characters" : minItems !== undefined || maxItems !== undefined ? " items" : "";
  const range = rangeOf(minimum ?? minLength ?? minItems, maximum ?? maxLength ?? maxItems);
  const limits = range === "" ? "" : `, ${range}${unit}`;
  return preset === undefined ? limits : `${limits}, default ${JSON.stringify(preset)}`;
}

function rangeOf(low: number | undefined, high: number | undefined): string {
  if (low !== undefined && high !== undefined) return low === high ? `${low}` : `${low} to ${high}`;
  if (low !== undefined) return `at least ${low}`;
  return high === undefined ? "" : `at most ${high}`;
}

function sentenceOf(description: string | undefined): string {
  return description === undefined ? "" : `. ${description}`;
}
