/** Tells hosts that nobody else can reach from public ones. */

const RESERVED_ENDINGS = ['localhost', 'example', 'test', 'invalid'];

/**
 * Loopback, or a name that DNS never gives to anybody (RFC 6761).
 *
 * @param address a host, with or without a port, or an absolute URL
 */
export function isReservedHost(address: string): boolean {
  const { hostname } = new URL(address.includes('://') ? address : `http://${address}`);
  if (hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)) return true;
  const ending = hostname.split('.').filter(Boolean).at(-1) ?? '';
  return RESERVED_ENDINGS.includes(ending);
}
