import { BlockList } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isPublicAddress } from "../../../../worker/hosts/node/public-address.ts";

/** IANA's registries of special-purpose addresses, and multicast, as Node's own list understands them. */
const special = new BlockList();
const IPV4 =
  "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 255.255.255.255/32";
const IPV6 =
  "::/128 ::1/128 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001::/23 2001::/32 2001:2::/48 2001:10::/28 2001:20::/28 2001:db8::/32 2002::/16 3fff::/20 5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8";
for (const [networks, family] of [
  [IPV4, "ipv4"],
  [IPV6, "ipv6"],
] as const)
  for (const network of networks.split(" ")) {
    const [address = "", bits] = network.split("/");
    special.addSubnet(address, Number(bits), family);
  }
const isSpecialIpv4 = (address: string): boolean => special.check(address, "ipv4");
const isSpecialIpv6 = (address: string): boolean => special.check(address, "ipv6");

type Bytes = [number, number, number, number];
const octet = fc.nat(255);
const ipv4Of = (bytes: Bytes): string => bytes.join(".");
const toBytes = (value: number): Bytes => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
/** Any address, and mostly one within a special network, at its ends or right beside them. */
const ipv4: fc.Arbitrary<Bytes> = fc.oneof(
  fc.tuple(octet, octet, octet, octet),
  fc.constantFrom(...IPV4.split(" ")).chain((network) => {
    const [address = "", bits] = network.split("/");
    const first = address.split(".").reduce((value, byte) => value * 256 + Number(byte), 0);
    const size = 2 ** (32 - Number(bits));
    return fc.oneof(fc.constantFrom(-1, 0, size - 1, size), fc.nat(size - 1)).map((offset) => toBytes((first + offset) % 2 ** 32));
  }),
);
const hex = fc.nat(0xffff).map((group) => group.toString(16));
const ipv6 = fc.oneof(
  fc.ipV6(),
  fc
    .tuple(
      fc.constantFrom(
        "0",
        "64",
        "100",
        "1fff",
        "2000",
        "2001",
        "2002",
        "2003",
        "2606",
        "3ffe",
        "3fff",
        "4000",
        "5f00",
        "fc00",
        "fe80",
        "fec0",
        "ff02",
      ),
      fc.constantFrom("0", "2", "10", "1ff", "200", "db8", "fff", "1000", "ff9b"),
      fc.oneof(fc.constant("0"), fc.constant("1"), hex),
      hex,
      hex,
      hex,
      hex,
      hex,
    )
    .map((groups) => groups.join(":")),
);

test("no IPv4 address passes that is not of the public internet, and all others do", () => {
  fc.assert(
    fc.property(ipv4, (bytes) => {
      expect(isPublicAddress(ipv4Of(bytes))).toBe(!isSpecialIpv4(ipv4Of(bytes)));
    }),
    { numRuns: 2_000 },
  );
});

test("no IPv6 address passes that is not of the public internet, and all others do that networks are given", () => {
  fc.assert(
    fc.property(ipv6, (address) => {
      const first = Number.parseInt(address, 16);
      const isGiven = first >= 0x2000 && first <= 0x3fff;
      if (isPublicAddress(address)) expect(isSpecialIpv6(address)).toBe(false);
      else if (isGiven) expect(isSpecialIpv6(address)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test("an IPv6 address that leads to an IPv4 one passes as that one does, however it is written", () => {
  const leading = fc.constantFrom("::ffff:", "64:ff9b::", "0:0:0:0:0:ffff:", "0064:ff9b:0:0:0:0:");
  fc.assert(
    fc.property(ipv4, leading, fc.boolean(), (bytes, prefix, isDotted) => {
      const [a, b, c, d] = bytes;
      const end = isDotted ? ipv4Of(bytes) : `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
      expect(isPublicAddress(prefix + end)).toBe(!isSpecialIpv4(ipv4Of(bytes)));
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  "0.0.0.0",
  "100.100.100.200",
  "168.63.129.16",
  "169.254.169.254",
  "255.255.255.255",
  "::",
  "::1",
  "::127.0.0.1",
  "::ffff:0:127.0.0.1",
  "2002:7f00:1::",
  "2001:0:7f00:1::",
  "64:ff9b:1::7f00:1",
  "fd00:ec2::254",
  "fe80::1%eth0",
  "2606:4700::1111%1",
  "ff02::1",
  "localhost",
  "127.1",
  "",
])("%j does not pass", (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

test.each(["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001::1", "64:ff9b::1.1.1.1"])("%s passes", (address) => {
  expect(isPublicAddress(address)).toBe(true);
});
