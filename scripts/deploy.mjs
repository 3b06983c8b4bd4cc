// `npm run deploy`: checks that the product could sell, migrates the remote database, then deploys. With --dry-run it
// checks what can be checked offline and bundles the Worker, nothing more. What follows `--` goes to `wrangler deploy`.

import { unstable_readConfig } from "wrangler";
import { sortArguments } from "./arguments.mjs";
import { buildWeb } from "./build-web.mjs";
import { variableProblems } from "./deploy-rules.mjs";
import { DATABASE, ROOT, runWrangler, showWrangler } from "./wrangler.mjs";

const SECRETS = ["JWT_SECRET", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "TICKET_SIGNING_KEYS"];

const argv = process.argv.slice(2);
process.exitCode = await deploy(argv, argv.includes("--dry-run"));

/**
 * @param {readonly string[]} args
 * @param {boolean} dryRun
 * @returns {Promise<number>} exit code
 */
async function deploy(args, dryRun) {
  const problems = [...configurationProblems(args), ...(dryRun ? [] : await secretProblems())];
  if (problems.length > 0) {
    console.error(["The product could not sell like this:", ...problems.map((text) => `- ${text}`)].join("\n"));
    console.error("docs/operations.md says where each value comes from.\n");
    if (!dryRun) return 1;
  }
  await buildWeb();
  if (dryRun) return await showWrangler(["deploy", ...args, "--outdir", "dist/worker"], { local: true });
  const migrated = await showWrangler(["d1", "migrations", "apply", DATABASE, "--remote"], { local: false });
  if (migrated !== 0) return migrated;
  return await showWrangler(["deploy", ...args], { local: false });
}

/** @param {readonly string[]} args */
function configurationProblems(args) {
  const config = unstable_readConfig({ config: `${ROOT}/wrangler.toml` }, { hideWarnings: true });
  return variableProblems({ ...config.vars, ...Object.fromEntries(sortArguments(args, []).vars) });
}

async function secretProblems() {
  const { code, output, errors } = await runWrangler(["secret", "list", "--format", "json"], { local: false });
  if (code !== 0) {
    return [
      `The secrets could not be listed. Are you logged in (\`npx wrangler login\`), and are they set?\n${output}${errors}`.trimEnd(),
    ];
  }
  /** @type {{ name: string }[]} */
  const listed = JSON.parse(output.slice(output.indexOf("[")));
  const missing = SECRETS.filter((name) => !listed.some((secret) => secret.name === name));
  return missing.map((name) => `The secret ${name} is not set: \`npx wrangler secret put ${name}\`.`);
}
