import fc from "fast-check";
import { expect, test } from "vitest";
import { readAddress } from "../../../worker/limits/caller-address.ts";

test.each([
  ["192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"],
  ["2001:0DB8:1:2::9", "2001:db8:1:2::"],
  ["2001:db8::9", "2001:db8:0:0::"],
  ["fe80::1%eth0", "fe80:0:0:0::"],
])("a caller from %s is one of %s", (text, address) => {
  expect(readAddress(text)).toBe(address);
});

test.each([[undefined], [""], ["unknown"], ["127.0.0.1"], ["::ffff:127.0.0.1"], ["::1"]])("%s says nothing of a caller", (text) => {
  expect(readAddress(text)).toBeUndefined();
});

test("all addresses of one network of IPv6 are one caller, however they are written", () => {
  fc.assert(
    fc.property(fc.ipV6(), (text) => {
      const network = readAddress(text);
      if (text.includes(".") || network === undefined) return;
      const again = readAddress(`${network}1`);
      expect(again).toBe(network);
    }),
  );
});
