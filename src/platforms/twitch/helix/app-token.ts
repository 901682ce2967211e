/** The application's own token: one request for it however many callers wait, kept until it is refused or old. */
import { PlatformRefused, PlatformUnreachable } from '../../../lib/errors.ts';
import type { CommonDeps } from '../../platform.ts';
import { tokenAnswer } from '../oauth.external.ts';
import type { TwitchSettings } from '../settings.ts';

/** A token is not used in its last minute: the call it is for takes time too. */
const SPARE_MS = 60_000;

export interface AppToken {
  /** @throws PlatformRefused, PlatformUnreachable */
  get(): Promise<string>;
  /** Forgets the token that was refused, unless a newer one is there already. */
  refused(accessToken: string): void;
}

export function createAppToken(
  { http, clock }: Pick<CommonDeps, 'http' | 'clock'>,
  settings: TwitchSettings,
): AppToken {
  let kept: { accessToken: string; untilMs: number } | null = null;
  let running: Promise<string> | null = null;

  const request = async (): Promise<string> => {
    const answer = await http(`${settings.TWITCH_AUTH_BASE_URL}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        client_id: settings.TWITCH_CLIENT_ID ?? '',
        client_secret: settings.TWITCH_CLIENT_SECRET ?? '',
        grant_type: 'client_credentials',
      }),
    });
    if (answer.status >= 500 || answer.status === 429) {
      throw new PlatformUnreachable(`Twitch did not issue an app token (${answer.status})`);
    }
    const parsed = tokenAnswer.safeParse(answer.json());
    if (answer.status !== 200 || !parsed.success) {
      throw new PlatformRefused(`Twitch refused to issue an app token (${answer.status})`, { status: answer.status });
    }
    const { access_token: accessToken, expires_in: seconds = 0 } = parsed.data;
    kept = { accessToken, untilMs: clock.monotonicMs() + seconds * 1000 - SPARE_MS };
    return accessToken;
  };

  return {
    get() {
      if (kept && clock.monotonicMs() < kept.untilMs) return Promise.resolve(kept.accessToken);
      running ??= request().finally(() => {
        running = null;
      });
      return running;
    },
    refused(accessToken) {
      if (kept?.accessToken === accessToken) kept = null;
    },
  };
}
