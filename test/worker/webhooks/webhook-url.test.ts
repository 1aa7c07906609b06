import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkWebhookUrl, type WebhookUrlPolicy } from "../../../worker/webhooks/webhook-url.ts";

const POLICY: WebhookUrlPolicy = { ownHosts: ["api.example.com", ".workers.example"], allowedHosts: ["127.0.0.1:8080", "hooks.test:443"] };
const check = (url: string, policy = POLICY) => checkWebhookUrl(url, policy);

describe("a URL of webhooks", () => {
  test.each([
    ["https://hooks.example.org/a?b=c", "https://hooks.example.org/a?b=c"],
    ["https://hooks.example.org:443/a#part", "https://hooks.example.org/a"],
    ["HTTPS://Hooks.Example.ORG", "https://hooks.example.org/"],
    ["https://bücher.example.org/", "https://xn--bcher-kva.example.org/"],
    ["https://hooks.example.org./", "https://hooks.example.org./"],
    ["https://other.api.example.com/", "https://other.api.example.com/"],
  ])("%s is called as %s", (url, called) => {
    expect(check(url)).toEqual({ ok: true, url: called });
  });

  test.each([
    ["hooks.example.org", "an absolute URL"],
    ["//hooks.example.org/", "an absolute URL"],
    ["http://hooks.example.org/", "https://"],
    ["ftp://hooks.example.org/", "https://"],
    ["file:///etc/passwd", "https://"],
    ["javascript:alert(1)", "https://"],
    ["https://hooks.example.org:8443/", "port 443"],
    ["https://hooks.example.org:80/", "port 443"],
    ["https://user@hooks.example.org/", "no user"],
    ["https://:secret@hooks.example.org/", "no user"],
    ["https://hooks.example.org@127.0.0.1/", "no user"],
    ["https://intranet/", "a public name"],
    ["https://localhost/", "a public name"],
    ["https://localhost./", "a public name"],
    ["https://a.localhost/", "a public name"],
    ["https://metadata.google.internal/", "a public name"],
    ["https://metadata.google.internal./", "a public name"],
    ["https://printer.local/", "a public name"],
    ["https://router.home.arpa/", "a public name"],
    ["https://1.0.0.127.in-addr.arpa/", "a public name"],
    ["https://kafka.default.svc.cluster.local/", "a public name"],
    ["https://localhost../", "a public name"],
    ["https://api.example.com../", "a public name"],
    ["https://.hooks.example.org/", "a public name"],
    ["https://hooks..example.org/", "a public name"],
    ["https://api.example.com/", "another host"],
    ["https://API.example.com./", "another host"],
    ["https://mine.workers.example/", "another host"],
    [`https://hooks.example.org/${"a".repeat(2_048)}`, "at most 2048 characters"],
  ])("%s is refused", (url, expected) => {
    expect(check(url)).toEqual({ ok: false, reason: expect.stringContaining(expected) as string });
  });

  test.each([
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "0",
    "１２７.0.0.1",
    "127。0。0。1",
    "8.8.8.8",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
    "[fe80::1]",
    "[fd00:ec2::254]",
    "[2606:4700::1111]",
  ])("with the address %s is refused, private or not", (address) => {
    expect(check(`https://${address}/`)).toEqual({ ok: false, reason: expect.stringMatching(/an address|an absolute URL/) as string });
  });

  test("of a receiver that is allowed by name needs keep no rule but to have no user", () => {
    expect(check("http://127.0.0.1:8080/a")).toEqual({ ok: true, url: "http://127.0.0.1:8080/a" });
    expect(check("https://hooks.test/")).toEqual({ ok: true, url: "https://hooks.test/" });
    expect(check("http://127.0.0.1:8081/").ok).toBe(false);
    expect(check("http://hooks.test/").ok).toBe(false);
    expect(check("http://a:b@127.0.0.1:8080/").ok).toBe(false);
    expect(check("ftp://127.0.0.1:8080/").ok).toBe(false);
  });
});

const octet = fc.nat(255);
const part = (value: number) => fc.constantFrom(String(value), `0x${value.toString(16)}`, `0${value.toString(8)}`);
/** Every way in which URL parsers understand an IPv4 address. */
const ipv4 = fc.tuple(octet, octet, octet, octet).chain(([a, b, c, d]) => {
  const last = (b << 16) | (c << 8) | d;
  return fc.oneof(
    fc.tuple(part(a), part(b), part(c), part(d)).map((parts) => parts.join(".")),
    fc.tuple(part(a), part(b), part((c << 8) | d)).map((parts) => parts.join(".")),
    fc.tuple(part(a), part(last)).map((parts) => parts.join(".")),
    part(a * 2 ** 24 + last),
  );
});
const ipv6 = fc
  .oneof(
    fc.ipV6(),
    ipv4.filter((text) => /^\d+(\.\d+){3}$/.test(text)).map((text) => `::ffff:${text}`),
  )
  .map((text) => `[${text}]`);

test("no address passes, however it is written", () => {
  fc.assert(
    fc.property(fc.oneof(ipv4, ipv6), fc.constantFrom("", "."), fc.constantFrom("", ":443"), (address, dot, port) => {
      expect(check(`https://${address}${dot}${port}/`).ok).toBe(false);
    }),
    { numRuns: 1_000 },
  );
});

test("what passes is https on port 443, at a name with a dot that is not private, without a user", () => {
  const hostile = fc.oneof(
    fc.webUrl({ validSchemes: ["https", "http"], withQueryParameters: true, withFragments: true, size: "xsmall" }),
    fc
      .tuple(
        fc.constantFrom("https://", "http://", "https:\\\\", "https:", "hTTps:///", " https://", "https:\t//"),
        fc.constantFrom("", "a@", "a:b@", "@", ":@", "hooks.example.org@"),
        fc.oneof(
          fc.domain(),
          ipv4,
          ipv6,
          fc.constantFrom(
            "localhost",
            "a.internal",
            "a.LOCAL.",
            "x.home.arpa",
            "localhost..",
            "a.internal..",
            ".x.org",
            "%6cocalhost",
            "ⓛocalhost",
          ),
        ),
        fc.constantFrom("", ":443", ":80", ":0443", ":8443", ":"),
        fc.constantFrom("", "/", "/#@b", "/\\..\\", "?x"),
      )
      .map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(hostile, (text) => {
      const checked = check(text);
      if (!checked.ok) return;
      const { protocol, port, username, password, hostname, hash } = new URL(checked.url);
      expect({ protocol, port, username, password, hash }).toEqual({ protocol: "https:", port: "", username: "", password: "", hash: "" });
      expect(hostname).toMatch(/^[^.[]+(\.[^.]+)*\.[^.]*[^.\d][^.]*\.?$/);
      expect(hostname).not.toMatch(/\.(internal|local|localhost|arpa)\.?$/);
    }),
    { numRuns: 1_000 },
  );
});
