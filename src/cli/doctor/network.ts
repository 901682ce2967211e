/** Whether the platforms can be reached from here, and this installation from outside. Nobody is asked for anything. */
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { loadConfig } from '../../config.ts';
import type { ToldFact } from '../../engine/diagnosis/snapshot.ts';
import type { ProviderId } from '../../lib/brand.ts';
import { PlatformUnreachable } from '../../lib/errors.ts';
import type { HttpClient } from '../../lib/http.ts';
import { isReservedHost } from '../../lib/reserved-host.ts';
import { registry } from '../../platforms/registry.ts';
import { isOurApi } from './ports.ts';
import type { Environment } from './variables.ts';

/** One host at one port, as a variable names it. */
interface Place {
  readonly host: string;
  readonly port: number;
  readonly isEncrypted: boolean;
}

const CONNECT_DEADLINE_MS = 4000;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'ws:': 80, 'https:': 443, 'wss:': 443 };
const ENCRYPTED = ['https:', 'wss:'];
/** Consent pages are opened by browsers, not from here. */
const FOR_BROWSERS = /_AUTHORIZE_URL$/;

/** Connects to every address of these platforms that the variables name and hangs up. A connection costs no quota anywhere. */
export async function platformFacts(env: Environment, used: readonly ProviderId[]): Promise<readonly ToldFact[]> {
  const { platform: settingsOf } = loadConfig('cli', env);
  const facts = used.map(async (provider): Promise<readonly ToldFact[]> => {
    const variables = registry.find(({ id }) => id === provider)?.variables ?? {};
    const settings = settingsOf(provider);
    const addresses = Object.values(variables).flatMap(({ name, isOwnAddress }) =>
      isOwnAddress || FOR_BROWSERS.test(name) ? [] : placesIn(settings[name]),
    );
    const places = [...new Map(addresses.map((place) => [`${place.host}:${place.port}`, place])).values()];
    const failures = (await Promise.all(places.map(failureAt))).filter((failure) => failure !== null);
    if (failures.length === 0) return [{ check: 'network', cause: 'platform_reachable', provider, data: {} }];
    const data = { detail: failures.join('; ') };
    return [{ check: 'network', cause: 'platform_unreachable', verdict: 'unknown', provider, data }];
  });
  return (await Promise.all(facts)).flat();
}

function placesIn(value: unknown): readonly Place[] {
  if (typeof value !== 'string' || !URL.canParse(value)) return [];
  const { protocol, hostname, port } = new URL(value);
  const usual = DEFAULT_PORTS[protocol];
  if (usual === undefined || hostname === '') return [];
  return [
    { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || usual, isEncrypted: ENCRYPTED.includes(protocol) },
  ];
}

/** @returns the place and what kept the connection from being made; null when it was made */
async function failureAt({ host, port, isEncrypted }: Place): Promise<string | null> {
  const socket = isEncrypted
    ? tls.connect({ host, port, ...(net.isIP(host) === 0 ? { servername: host } : {}) })
    : net.connect(port, host);
  try {
    await once(socket, isEncrypted ? 'secureConnect' : 'connect', { signal: AbortSignal.timeout(CONNECT_DEADLINE_MS) });
    return null;
  } catch (error) {
    return `${host}:${port} (${codeOf(error)})`;
  } finally {
    socket.on('error', () => {}).destroy();
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if (error.name === 'AbortError') return 'no answer in time';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}

/** Hosts that only this machine knows say nothing about the way from outside. */
export async function publicAddressFacts(env: Environment, http: HttpClient): Promise<readonly ToldFact[]> {
  const facts = publicOrigins(env).map(async (url): Promise<ToldFact> => {
    const failure = await http(`${url}/health`).then(
      (answer) => (isOurApi(answer.json()) ? null : `HTTP ${answer.status}, which is no answer of this API`),
      (error: unknown) => {
        if (error instanceof PlatformUnreachable) return error.message;
        throw error;
      },
    );
    if (failure === null) return { check: 'network', cause: 'public_address_reachable', provider: null, data: { url } };
    const data = { url, detail: failure };
    return { check: 'network', cause: 'public_address_unreachable', provider: null, data };
  });
  return Promise.all(facts);
}

/** Of the host of this installation, and of the addresses that platforms deliver to and send browsers back to. */
function publicOrigins(env: Environment): readonly string[] {
  const { readable, platform: settingsOf } = loadConfig('cli', env);
  const callbacks = registry.flatMap(({ id, variables }) =>
    Object.values(variables).flatMap(({ name, isOwnAddress }) => {
      const value = settingsOf(id)[name];
      return isOwnAddress && typeof value === 'string' && URL.canParse(value) ? [new URL(value).origin] : [];
    }),
  );
  const own = readable.DOMAIN == null ? [] : [`https://${readable.DOMAIN}`];
  return [...new Set([...own, ...callbacks])].filter((origin) => !isReservedHost(origin));
}
