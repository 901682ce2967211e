/** What the API processes know that is written nowhere: their clock, their keys, and the deliveries that they refused. */
import { z } from 'zod';
import { loadConfig, relayBaseUrls } from '../../config.ts';
import { CHECKS } from '../../engine/diagnosis/fact.ts';
import type { ToldFact } from '../../engine/diagnosis/snapshot.ts';
import { internalHeaders } from '../../engine/relay/endpoint.ts';
import type { Clock } from '../../lib/clock.ts';
import { PlatformUnreachable } from '../../lib/errors.ts';
import type { HttpAnswer, HttpClient } from '../../lib/http.ts';
import { VERDICTS } from '../../platforms/causes/cause.ts';
import { isOurApi } from './ports.ts';
import type { Environment } from './variables.ts';

/** A cause that only a newer API knows is shown by its code. */
const answer = z.object({
  keys: z.array(z.string()),
  told: z.array(
    z.object({
      check: z.enum(CHECKS).catch('process'),
      cause: z.string(),
      provider: z.string().nullable(),
      verdict: z.enum(VERDICTS).optional(),
      data: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    }),
  ),
});

interface Told {
  readonly facts: readonly ToldFact[];
  /** Of each process that told them. */
  readonly keys: readonly (readonly string[])[];
}

const NOTHING: Told = { facts: [], keys: [] };

/** Asks those the workers relay to; where none is named, the one that would run here. */
export async function askApis(env: Environment, { http, clock }: { http: HttpClient; clock: Clock }): Promise<Told> {
  const { readable } = loadConfig('cli', env);
  const named = relayBaseUrls(readable);
  const { PORT = 0, INTERNAL_RELAY_SECRET: secret = null } = readable;
  const here = PORT > 0 ? [`http://127.0.0.1:${PORT}`] : [];
  const ask = async (url: string): Promise<Told> => {
    const told = await http(`${url}/internal/diagnostics`, { headers: internalHeaders({ secret, clock }, '') }).then(
      (given) => understood(url, given),
      (error: unknown) => {
        if (error instanceof PlatformUnreachable) return null;
        throw error;
      },
    );
    if (told !== null) return told;
    if (named.length === 0 && !(await isOurs(url, http))) return NOTHING;
    const cause = (await isOurs(url, http)) ? 'api_silent_about_itself' : 'relay_unreachable';
    const check = cause === 'relay_unreachable' ? 'relay' : 'process';
    return { facts: [{ check, cause, provider: null, data: { url } }], keys: [] };
  };
  const all = await Promise.all((named.length > 0 ? named : here).map(ask));
  return { facts: all.flatMap(({ facts }) => facts), keys: all.flatMap(({ keys }) => keys) };
}

function understood(url: string, given: HttpAnswer): Told | null {
  const { data, success } = answer.safeParse(given.status === 200 ? given.json() : null);
  if (!success) return null;
  const reachable: ToldFact = { check: 'process', cause: 'api_reachable', provider: null, data: { url } };
  return { facts: [reachable, ...(data.told as readonly ToldFact[])], keys: [data.keys] };
}

async function isOurs(url: string, http: HttpClient): Promise<boolean> {
  return http(`${url}/healthz`).then(
    (given) => isOurApi(given.json()),
    () => false,
  );
}
