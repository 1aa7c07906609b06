import { isIPv4, isIPv6 } from "node:net";

/**
 * Whether an address is one of the public internet (IANA's registries of special-purpose addresses): not private, loopback, link-local,
 * shared (CGNAT), multicast, reserved or for documentation, and no IPv6 address that leads to such an IPv4 one.
 */
export const isPublicAddress = (address: string): boolean => {
  if (isIPv4(address)) return isPublicIpv4(address.split(".").map(Number));
  return isIPv6(address) && !address.includes("%") && isPublicIpv6(groupsOf(address));
};

const SPECIAL_IPV4: readonly (readonly [network: readonly number[], bits: number])[] = [
  [[0], 8],
  [[10], 8],
  [[100, 64], 10],
  [[127], 8],
  [[169, 254], 16],
  [[172, 16], 12],
  [[192, 0, 0], 24],
  [[192, 0, 2], 24],
  [[192, 88, 99], 24],
  [[192, 168], 16],
  [[198, 18], 15],
  [[198, 51, 100], 24],
  [[203, 0, 113], 24],
  // Multicast, and all that is reserved above it, up to the broadcast.
  [[224], 3],
  // Azure's platform, which every machine there reaches by this address.
  [[168, 63, 129, 16], 32],
];

const isPublicIpv4 = (bytes: readonly number[]): boolean => !SPECIAL_IPV4.some(([network, bits]) => isWithin(bytes, 8, network, bits));

/** Within 2000::/3, the only part that is given to networks. */
const SPECIAL_IPV6: readonly (readonly [network: readonly number[], bits: number])[] = [
  // IETF protocols: Teredo, ORCHID, benchmarks.
  [[0x2001, 0], 23],
  [[0x2001, 0xdb8], 32],
  // 6to4, which has an IPv4 address in it.
  [[0x2002], 16],
  [[0x3fff, 0], 20],
];

const isPublicIpv6 = (groups: readonly number[]): boolean => {
  // IPv4-mapped, and by NAT64 (RFC 6052), on networks that have no other way to IPv4.
  if (isWithin(groups, 16, [0, 0, 0, 0, 0, 0xffff], 96) || isWithin(groups, 16, [0x64, 0xff9b, 0, 0, 0, 0], 96))
    return isPublicIpv4(groups.slice(6).flatMap((group) => [group >> 8, group & 0xff]));
  return isWithin(groups, 16, [0x2000], 3) && !SPECIAL_IPV6.some(([network, bits]) => isWithin(groups, 16, network, bits));
};

/** Whether an address, in parts of `size` bits, begins with the first `bits` of a network. */
const isWithin = (parts: readonly number[], size: number, network: readonly number[], bits: number): boolean =>
  parts.every((part, index) => {
    const compared = Math.min(Math.max(bits - index * size, 0), size);
    return part >> (size - compared) === (network[index] ?? 0) >> (size - compared);
  });

/** The eight groups of an IPv6 address. */
const groupsOf = (address: string): readonly number[] => {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const [, before = "", ...bytes] = dotted ?? [];
  const [a = 0, b = 0, c = 0, d = 0] = bytes.map(Number);
  const text = dotted === null ? address : `${before}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  const [head = "", tail] = text.split("::");
  const read = (part: string): number[] => (part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16)));
  const end = tail === undefined ? [] : read(tail);
  const start = read(head);
  return [...start, ...Array.from({ length: 8 - start.length - end.length }, () => 0), ...end];
};
