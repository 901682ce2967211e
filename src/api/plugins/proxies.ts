/** Whose word about a caller's address counts, and what counts as one address (docs/contract/http-api.md#rate-limits). */
import { BlockList, isIPv6 } from 'node:net';
import proxyAddr from '@fastify/proxy-addr';
import ipaddr from 'ipaddr.js';
import type { TrustedProxies } from '../../config/trusted-proxies.ts';

const NEAR = new BlockList();
for (const [address, prefix] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
] as const) {
  NEAR.addSubnet(address, prefix);
}
NEAR.addAddress('::1', 'ipv6');
NEAR.addSubnet('fc00::', 7, 'ipv6');
NEAR.addSubnet('fe80::', 10, 'ipv6');

/** @param hop 0 is the peer of the socket */
type Trusts = (address: string, hop: number) => boolean;

/** @param proxies null: one proxy on this machine or a private network */
export function trustOf(proxies: TrustedProxies | null): Trusts {
  if (proxies === null) return isNearProxy;
  if ('hops' in proxies) return (_address, hop) => hop < proxies.hops;
  return proxyAddr.compile([...proxies.networks]);
}

/**
 * @param hop 0 is the peer of the socket. What that one forwards is believed; what is forwarded further back was
 *   written by the caller, also when their own address happens to be a near one
 */
function isNearProxy(address: string, hop: number): boolean {
  return hop === 0 && NEAR.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

/** A provider gives a customer 2⁶⁴ addresses of IPv6 at least: those are one caller. */
const NETWORK_PARTS = 4;

/** What a limit counts by: the address, or the /64 of an IPv6 one. */
export function limitKeyOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (!(parsed instanceof ipaddr.IPv6)) return parsed.toString();
  const network = parsed.parts.slice(0, NETWORK_PARTS).map((part) => part.toString(16));
  return `${network.join(':')}::/64`;
}

/** An address in its one spelling: IPv4 in IPv6 is IPv4. */
export function plainAddress(address: string): string {
  return ipaddr.isValid(address) ? ipaddr.process(address).toString() : address;
}
