/** What Trovo is asked by a live look: its word about the token, which needs no scope. */
import { z } from 'zod';
import { PlatformRefused } from '../../lib/errors.ts';
import { deviationsOf, type Probe } from '../probe-side.ts';
import { createRest } from './rest/client.ts';
import { refusalOf } from './rest/refusal.ts';
import { seconds } from './rest/rest.external.ts';
import { trovoSettings, trovoUrls } from './settings.ts';

/** docs/platforms/trovo.md#validate */
const validation = z.object({
  uid: z.string().regex(/^\d+$/),
  client_id: z.string().min(1),
  scopes: z.array(z.string()),
  expire_ts: seconds,
});

export const probe: Probe = async (deps, { accessToken }) => {
  const settings = trovoSettings(deps.settings);
  const rest = createRest(deps, settings);
  const call = { url: trovoUrls(settings).validate, accessToken };
  const answer = await rest.call(call);
  const refusal = refusalOf(answer);
  if (refusal?.kind === 'token' || refusal?.kind === 'grant') {
    throw new PlatformRefused(`Trovo refuses the token: ${refusal.message || refusal.status}`, { status: 401 });
  }
  // Every other refusal is told apart there.
  const validated = refusal === null ? answer.json() : await rest.ask(call);
  const { data } = validation.safeParse(validated);
  return {
    platformUserId: data?.uid ?? null,
    units: 0,
    deviations: [
      ...deviationsOf('GET validate', validation, validated),
      ...(data !== undefined && data.client_id !== settings.TROVO_CLIENT_ID
        ? ['GET validate: client_id is not TROVO_CLIENT_ID']
        : []),
    ],
  };
};
