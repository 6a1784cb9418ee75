/**
 * Addresses and subnets, v4 and v6, compared with the addresses that a minion reports. The parser is loaded when a
 * target needs it.
 *
 * @module
 */
import type { IPv4, IPv6 } from "ipaddr.js";
import type { Grains } from "./grains.ts";
import type { Fail } from "./target_error.ts";

/** The minion's addresses that lie in the subnet. */
export type Subnet = (grains: Grains) => readonly string[];

/** Where a minion reports its addresses. */
const ADDRESS_GRAINS = ["ipv4", "ipv6"] as const;

/** Compiles `10.0.0.0/8`, `10.0.0.7`, `2001:db8::/32`; bits behind the prefix are ignored. */
export async function compileSubnet(text: string, fail: Fail): Promise<Subnet> {
  const { default: ipaddr } = await import("ipaddr.js");
  const parse = (address: string): IPv4 | IPv6 | undefined => {
    // Only the four-part decimal form: 010.1 and 0x7f.1 are not addresses that anybody means.
    if (ipaddr.IPv4.isValidFourPartDecimal(address)) return ipaddr.IPv4.parse(address);
    return address.includes(":") && ipaddr.IPv6.isValid(address) ? ipaddr.IPv6.parse(address) : undefined;
  };
  const slash = text.indexOf("/");
  const network = parse(slash < 0 ? text : text.slice(0, slash));
  if (!network) throw fail("an address such as 10.0.0.7 or a subnet such as 10.0.0.0/8 is expected", 0);
  const bits = network.kind() === "ipv4" ? 32 : 128;
  const prefix = slash < 0 ? String(bits) : text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits) {
    throw fail(`a prefix length from 0 to ${bits} is expected`, slash + 1);
  }
  return (grains) => {
    return addressesOf(grains).filter((reported) => {
      const address = parse(reported.replace(/%.*$/, ""));
      if (!address || address.kind() !== network.kind()) return false;
      return address.match(network, Number(prefix));
    });
  };
}

function addressesOf(grains: Grains): readonly string[] {
  const addresses: string[] = [];
  for (const name of ADDRESS_GRAINS) {
    const value = Object.hasOwn(grains, name) ? grains[name] : undefined;
    for (const item of Array.isArray(value) ? value : [value]) {
      if (typeof item === "string" && item.length <= 64) addresses.push(item);
    }
  }
  return addresses;
}
