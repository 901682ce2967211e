/** Ports of the configuration that another program holds. */
import { type CoreValues, loadConfig } from '../../config.ts';
import type { ToldFact } from '../../engine/diagnosis/snapshot.ts';
import { PlatformUnreachable } from '../../lib/errors.ts';
import type { HttpClient } from '../../lib/http.ts';
import { readManifest } from '../../lib/manifest.ts';
import { registry } from '../../platforms/registry.ts';
import type { Environment } from './variables.ts';

interface WantedPort {
  readonly host: string;
  readonly port: number;
  readonly isOurs: (answer: unknown) => boolean;
}

const ANYWHERE = ['0.0.0.0', '::', ''];
const HIGHEST_PORT = 65_535;

/** A process of ours that runs already is known by its answer: it is no reason to choose another port. */
export async function portFacts(env: Environment, http: HttpClient): Promise<readonly ToldFact[]> {
  const facts = wantedPorts(loadConfig('cli', env).readable).map(
    async ({ host, port, isOurs }): Promise<ToldFact[]> => {
      const path = '/healthz';
      try {
        const answer = await http(`http://${host}:${port}${path}`);
        if (isOurs(answer.json())) return [];
      } catch (error) {
        if (!(error instanceof PlatformUnreachable)) throw error;
        // Nobody took the request, so nobody listens.
        if (!error.isSent) return [];
      }
      return [{ check: 'port', cause: 'port_taken', provider: null, data: { port } }];
    },
  );
  return (await Promise.all(facts)).flat();
}

function wantedPorts({ PORT = 0, HOST = '', CHATBOT_HEALTH_PORT: first = 0 }: Partial<CoreValues>): WantedPort[] {
  const named = HOST.includes(':') ? `[${HOST}]` : HOST;
  const api = { host: ANYWHERE.includes(HOST) ? '127.0.0.1' : named, port: PORT, isOurs: isOurApi };
  // `start:all` gives each worker the next one.
  const workers = first === 0 ? [] : registry.map((_, index) => ({ host: '127.0.0.1', port: first + index, isOurs }));
  return [api, ...workers].filter(({ port }) => port > 0 && port <= HIGHEST_PORT);
}

/** @param answer of `/health` or `/healthz` */
export function isOurApi(answer: unknown): boolean {
  return isOurs(answer) && (answer as { build?: { name?: unknown } }).build?.name === readManifest().name;
}

function isOurs(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && (answer as { status?: unknown }).status === 'ok';
}
