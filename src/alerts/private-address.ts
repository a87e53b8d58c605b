import { BlockList, isIP } from "node:net";

// One list each: a BlockList holds IPv4 addresses against IPv6 networks too.
const blocked4 = new BlockList();
const blocked6 = new BlockList();
/** IPv4 addresses mapped into IPv6; a BlockList knows those for what they are. */
const mapped = new BlockList();
mapped.addSubnet("::ffff:0:0", 96, "ipv6");
for (const [network, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
] as const)
  blocked4.addSubnet(network, bits, "ipv4");
for (const [network, bits] of [
  // Only 2000::/3 is given out for global unicast. What lies outside also carries IPv4 addresses (translated,
  // compatible, NAT64) that the list above could not see.
  ["::", 3],
  ["4000::", 2],
  ["8000::", 1],
  // Teredo and other special purposes, documentation, 6to4.
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
] as const)
  blocked6.addSubnet(network, bits, "ipv6");

/**
 * Tells whether an IP address is not a public one: loopback, private, link-local, carrier NAT, multicast or
 * reserved (IANA's special-purpose registries), also as an IPv4 address inside an IPv6 one. Anything that is no IP address counts as private.
 */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return true;
  if (family === 4) return blocked4.check(address, "ipv4");
  return mapped.check(address, "ipv6") ? blocked4.check(address, "ipv6") : blocked6.check(address, "ipv6");
}
