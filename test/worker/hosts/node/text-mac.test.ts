import { expect, test } from "vitest";
import { createNodeMac } from "../../../../worker/hosts/node/correlation-id-platform.ts";
import { createWebMac, deriveMac } from "../../../../worker/identity/derived-key.ts";

test("Node signs texts as every other host does, under keys that are made of secrets, too", async () => {
  const secret = new Uint8Array(32).fill(7);
  for (const text of ["", "caller", "ü😀"]) {
    expect(new Uint8Array(await createNodeMac(secret)(text))).toEqual(await createWebMac(secret)(text));
    const [own, web] = [createNodeMac, createWebMac].map((createMac) => deriveMac(createMac, secret, "purpose")(text));
    expect(new Uint8Array((await own) as Uint8Array)).toEqual(await web);
  }
});
