/** The application's own token: one request for it however many callers wait, kept until it is refused or old. */
import { PlatformRefused, PlatformUnreachable } from '../../../lib/errors.ts';
import { CREDENTIAL_RETRY_MS } from '../../no-credential.ts';
import type { CommonDeps } from '../../platform.ts';
import { tokenAnswer } from '../oauth.external.ts';
import type { KickSettings } from '../settings.ts';

/** A token is not used in its last minute: the call it is for takes time too. */
const SPARE_MS = 60_000;
/** For an answer that names no end: Kick's last 60 days (docs/platforms/kick.md#ten-facts-that-decide-the-design). */
const UNNAMED_LIFE_SECONDS = 86_400;

/** A call was not made: the application's own token cannot be had at the moment. */
export class AppTokenUnavailable extends PlatformUnreachable {}

export interface AppToken {
  /** @throws PlatformRefused, AppTokenUnavailable */
  get(): Promise<string>;
  /** Forgets the token that was refused, unless a newer one is there already. */
  refused(accessToken: string): void;
}

export function createAppToken({ http, clock }: Pick<CommonDeps, 'http' | 'clock'>, settings: KickSettings): AppToken {
  let kept: { accessToken: string; untilMs: number } | null = null;
  let failed: { error: unknown; untilMs: number } | null = null;
  let running: Promise<string> | null = null;

  const request = async (): Promise<string> => {
    const { KICK_CLIENT_ID: id, KICK_CLIENT_SECRET: secret } = settings;
    const tokenUrl = settings.KICK_TOKEN_URL ?? settings.KICK_REFRESH_URL;
    if (tokenUrl === null || id === null || secret === null)
      throw new PlatformRefused('The Kick application is not configured');
    const body = new URLSearchParams({ client_id: id, client_secret: secret, grant_type: 'client_credentials' });
    const answer = await http(tokenUrl, { method: 'POST', body }).catch((error: unknown) => {
      throw error instanceof PlatformUnreachable ? new AppTokenUnavailable(error.message, { cause: error }) : error;
    });
    const parsed = tokenAnswer.safeParse(answer.json());
    if (answer.status >= 500 || answer.status === 429) {
      throw new AppTokenUnavailable(`Kick did not issue an app token (${answer.status})`);
    }
    if (answer.status !== 200 || !parsed.success) {
      throw new PlatformRefused(`Kick refused to issue an app token (${answer.status})`, { status: answer.status });
    }
    const { access_token: accessToken, expires_in: seconds } = parsed.data;
    kept = { accessToken, untilMs: clock.monotonicMs() + (seconds ?? UNNAMED_LIFE_SECONDS) * 1000 - SPARE_MS };
    return accessToken;
  };

  return {
    get() {
      if (kept && clock.monotonicMs() < kept.untilMs) return Promise.resolve(kept.accessToken);
      if (failed && clock.monotonicMs() < failed.untilMs) return Promise.reject(failed.error);
      running ??= request()
        .catch((error: unknown) => {
          // A thousand channels that need it must not ask a thousand times for what is refused or away.
          failed = { error, untilMs: clock.monotonicMs() + CREDENTIAL_RETRY_MS };
          throw error;
        })
        .finally(() => {
          running = null;
        });
      return running;
    },
    refused(accessToken) {
      if (kept?.accessToken === accessToken) kept = null;
    },
  };
}
