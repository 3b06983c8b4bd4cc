// How a box office is asked: commands and replies travel as one JSON text each way. A call of the platform copies objects
// key by key, on both sides and at every process between, which was a tenth of a hold; a text is copied as it is.

import type { Command, CommandType, Reply } from "./commands";

export interface BoxOfficeCalls {
  execute(commands: readonly Command[]): Promise<Reply<CommandType>[]>;
  executeText(commands: string): Promise<string>;
}

/** Carries out commands in order, each for itself; a reply a command. */
export async function askBoxOffice(box: BoxOfficeCalls, commands: readonly Command[]): Promise<Reply<CommandType>[]> {
  try {
    return JSON.parse(await box.executeText(JSON.stringify(commands))) as Reply<CommandType>[];
  } catch (fault) {
    // While a release is rolled out, an object may be the one before's, which takes no text.
    if (!isUnknownMethod(fault)) throw fault;
    return await box.execute(commands);
  }
}

/** As the platform says it: nothing was done. */
function isUnknownMethod(fault: unknown): boolean {
  return fault instanceof TypeError && /does not implement .*"executeText"/.test(fault.message);
}
