import { expect, test } from "vitest";
import { createLinkAdmission, MAX_LINKS } from "../../../worker/link/link-admission.ts";
import { openLink, requestLink } from "../support/links.ts";

test("a shard that has all its links takes no more, until one is closed", async () => {
  const links = await Promise.all(Array.from({ length: MAX_LINKS }, () => openLink()));
  const response = await requestLink();
  expect(response.status).toBe(503);
  expect(response.headers.get("retry-after")).toBe("10");
  expect(await response.json()).toMatchObject({ code: "TOO_MANY_LINKS", retryable: true });

  links[0]?.close();
  await links[0]?.closed;
  links.push(await openLink());
  for (const link of links) link.close();
});

test("a handshake is remembered for as long as its signature could be valid, and then forgotten", async () => {
  let now = 1_000_000;
  const refuse = createLinkAdmission(() => now);
  const headers = new Headers({ "webhook-id": "link_1" });
  const headersOfAnother = new Headers({ "webhook-id": "link_2" });
  expect(refuse({ headers }, 0)).toBeUndefined();
  now += 119_999;
  expect(refuse({ headers: headersOfAnother }, 0)).toBeUndefined();
  expect(refuse({ headers }, 0)?.status).toBe(401);
  now += 1;
  expect(refuse({ headers }, 0)).toBeUndefined();
  expect(refuse({ headers: headersOfAnother }, 0)?.status).toBe(401);
});

test("a handshake that came when there was no room may come again", () => {
  const refuse = createLinkAdmission(() => 0);
  const headers = new Headers({ "webhook-id": "link_1" });
  expect(refuse({ headers }, MAX_LINKS)?.status).toBe(503);
  expect(refuse({ headers }, MAX_LINKS - 1)).toBeUndefined();
});
