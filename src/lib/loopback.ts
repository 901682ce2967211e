/** Tells whether a request was made on this machine. */

interface IncomingCall {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** A proxy on this machine makes everybody look local, and says so with one of these. */
const FORWARDING_HEADERS = [
  'x-forwarded-for',
  'x-real-ip',
  'forwarded',
  'cf-connecting-ip',
  'x-forwarded-host',
  'x-forwarded-proto',
  'via',
];

/** True for a caller on this machine that no proxy stands in for. */
export function isLocalCall({ headers, socket }: IncomingCall): boolean {
  return isLoopback(socket.remoteAddress) && FORWARDING_HEADERS.every((header) => headers[header] === undefined);
}

/** @param address as the socket reports it; never a forwarded header, which anybody can write */
function isLoopback(address: string | undefined): boolean {
  if (address === undefined) return false;
  const plain = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
  return plain === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(plain);
}
