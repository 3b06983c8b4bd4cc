// Sentences for people are no rules: mutation testing leaves out the texts of refusals, of faults and of the audit's
// findings, and nothing else. Every other string is mutated.

import { declareValuePlugin, PluginKind } from "@stryker-mutator/api/plugin";

const REASON = "a sentence for people";

/**
 * @param {{ node: any, key: unknown, listKey: unknown, parent: any }} path where a node stands in its syntax tree
 * @returns {string | undefined}
 */
function shouldIgnore({ node, key, listKey, parent }) {
  if (node.type !== "StringLiteral" && node.type !== "TemplateLiteral") return undefined;
  if (listKey === "arguments" && parent?.type === "NewExpression" && /Error$/.test(parent.callee.name)) return REASON;
  if (listKey === "arguments" && parent?.callee?.name === "invalid" && key === 1) return REASON;
  if (parent?.type === "ObjectProperty" && key === "value" && parent.key.name === "detail") return REASON;
  return undefined;
}

export const strykerPlugins = [declareValuePlugin(PluginKind.Ignore, "messages", { shouldIgnore })];
