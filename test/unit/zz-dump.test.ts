import { it } from "vitest";
import { writeFileSync } from "node:fs";
import { askerOf, emptyWorld } from "/work/main/test/unit/http-fakes";
it("dump", async () => {
  const ask = askerOf(emptyWorld());
  writeFileSync("/tmp/openapi.json", JSON.stringify(await (await ask("/openapi.json")).json(), null, 1));
  writeFileSync("/tmp/docs.html", await (await ask("/docs")).text());
});
