/** Whose word about a caller's address counts: that of one proxy on this machine or network (docs/contract/http-api.md#rate-limits). */
import { BlockList, isIPv6 } from 'node:net';

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

/**
 * @param hop 0 is the peer of the socket. What that one forwards is believed; what is forwarded further back was
 *   written by the caller, also when their own address happens to be a near one
 */
export function isTrustedProxy(address: string, hop: number): boolean {
  return hop === 0 && NEAR.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
