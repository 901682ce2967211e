/** What Twitch is asked by a live look: its word about the token, the account, and one page of event subscriptions. */
import { z } from 'zod';
import { PlatformRefused, PlatformUnreachable } from '../../lib/errors.ts';
import type { HttpAnswer } from '../../lib/http.ts';
import { deviationsOf, deviationsOfApplication, type Probe } from '../probe-side.ts';
import { createHelix, resetTime } from './helix/client.ts';
import { usersAnswer } from './helix/helix.external.ts';
import { twitchSettings } from './settings.ts';

/** docs/platforms/twitch.md#oauth. An application's own token has no user, and no account of ours has one. */
const validation = z.object({
  client_id: z.string().min(1),
  user_id: z.string().regex(/^\d+$/),
  login: z.string().min(1),
  scopes: z.array(z.string()),
  expires_in: z.number(),
});

/** docs/platforms/twitch.md#eventsub-subscriptions */
const subscriptionPage = z.object({
  data: z.array(z.object({ id: z.string(), status: z.string(), type: z.string(), version: z.string() })),
  total: z.number(),
  total_cost: z.number(),
  max_total_cost: z.number(),
});

export const probe: Probe = async (deps, { accessToken }) => {
  const settings = twitchSettings(deps.settings);
  const helix = createHelix(deps, settings);
  const headers = { authorization: `OAuth ${accessToken}` };
  const validated = answered(await deps.http(`${settings.TWITCH_AUTH_BASE_URL}/validate`, { headers }));
  const users = answered(await helix.call(accessToken, { path: '/users' }));
  const isForeign = validation.safeParse(validated.json()).data?.client_id !== settings.TWITCH_CLIENT_ID;
  return {
    platformUserId: validation.safeParse(validated.json()).data?.user_id ?? null,
    units: 0,
    deviations: [
      ...deviationsOf('GET validate', validation, validated.json()),
      ...(isForeign ? ['GET validate: client_id is not TWITCH_CLIENT_ID'] : []),
      ...deviationsOf('GET /users', usersAnswer, users.json()),
      // What waits for a full bucket is told by it when to come back (docs/platforms/twitch.md#api-rate-limits-and-errors).
      ...(resetTime(users) === undefined ? ['GET /users: no header ratelimit-reset'] : []),
      ...(await deviationsOfApplication('GET /eventsub/subscriptions', async () =>
        deviationsOf(
          'GET /eventsub/subscriptions',
          subscriptionPage,
          await helix.asApp({ path: '/eventsub/subscriptions' }),
        ),
      )),
    ],
  };
};

function answered(answer: HttpAnswer): HttpAnswer {
  const { status } = answer;
  if (status < 300) return answer;
  const sentence = `Twitch answered ${status}`;
  if (status >= 500 || status === 429) throw new PlatformUnreachable(sentence);
  throw new PlatformRefused(sentence, { status });
}
