/** Linking and keeping Pigeon accounts. */
import type { PlatformUserId } from '../../lib/brand.ts';
import { PlatformRefused } from '../../lib/errors.ts';
import type { HttpAnswer } from '../../lib/http.ts';
import type { GrantedTokens, PlatformOAuth, RefreshOutcome } from '../account-side.ts';
import type { CommonDeps } from '../platform.ts';
import { identityAnswer, tokenAnswer } from './pigeon.external.ts';
import { pigeonSettings } from './settings.ts';

export function createOAuth({ settings, http }: CommonDeps): PlatformOAuth {
  const { PIGEON_URL: base } = pigeonSettings(settings);
  const post = (path: string, body: object) => http(`${base}${path}`, { method: 'POST', body: JSON.stringify(body) });

  return {
    usesPkce: false,
    scopes: { streamer: [], bot: ['coo'] },
    missingSettings: () => [],
    authorizeUrl: ({ state }) => `${base}/authorize?${new URLSearchParams({ state })}`,
    async exchangeCode(code) {
      const tokens = granted(await post('/token', { code }));
      if (tokens === null) throw new PlatformRefused('Pigeon took no code');
      return tokens;
    },
    refresh: (refresh) =>
      post('/token', { refresh }).then(refreshOutcome, (): RefreshOutcome => {
        return { kind: 'unavailable', reason: 'unreachable' };
      }),
    async revoke(token) {
      await post('/revoke', { token }).catch(() => {});
    },
    async identify(accessToken) {
      const answer = await http(`${base}/me`, { headers: { authorization: `Bearer ${accessToken}` } });
      const { id, name } = identityAnswer.parse(answer.json());
      return {
        platformUserId: id as PlatformUserId,
        login: name,
        displayName: name,
        avatarUrl: null,
        profileUrl: null,
      };
    },
  };
}

function refreshOutcome(answer: HttpAnswer): RefreshOutcome {
  const tokens = granted(answer);
  if (tokens !== null) return { kind: 'refreshed', tokens };
  return answer.status === 400
    ? { kind: 'dead', reason: 'invalid_grant' }
    : { kind: 'unavailable', reason: `token_endpoint_${answer.status}` };
}

function granted(answer: HttpAnswer): GrantedTokens | null {
  const parsed = tokenAnswer.safeParse(answer.json());
  if (answer.status !== 200 || !parsed.success) return null;
  const { access, refresh, seconds } = parsed.data;
  return { accessToken: access, refreshToken: refresh, expiresInSeconds: seconds, scopes: null };
}
