/** `TRUSTED_PROXIES`: how many proxies stand before the API, or in which networks. */
import proxyAddr from '@fastify/proxy-addr';
import type { Reading } from '../lib/settings.ts';

export type TrustedProxies = { readonly hops: number } | { readonly networks: readonly string[] };

const MOST_HOPS = 10;

/** @param raw trimmed, not empty */
export function readTrustedProxies(raw: string): Reading<TrustedProxies | null> {
  if (/^\d+$/.test(raw)) {
    const hops = Number(raw);
    if (hops <= MOST_HOPS) return { value: { hops } };
    return { problem: `TRUSTED_PROXIES must be at most ${MOST_HOPS} hops, not ${raw}` };
  }
  const networks = raw.split(',').flatMap((entry) => entry.trim() || []);
  const wrong = networks.find((network) => !isNetwork(network));
  if (wrong === undefined) return { value: { networks } };
  return {
    problem: `TRUSTED_PROXIES must be a number of hops, or addresses and networks such as 10.0.0.0/8 or loopback; ${wrong} is neither`,
  };
}

function isNetwork(text: string): boolean {
  try {
    proxyAddr.compile([text]);
    return true;
  } catch {
    return false;
  }
}
