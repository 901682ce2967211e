/** Ways to a callback: over a consent page, or with a state that somebody left behind. */
import { createBrowserSecret, createOAuthState, type OAuthState } from '../../src/accounts/linking/oauth-state.ts';
import type { ProviderId } from '../../src/lib/brand.ts';
import type { Person, StreamerPerson } from '../support/api-world.ts';
import type { Browser } from '../support/browser.ts';
import type { Provider } from './accounts.ts';
import type { Ask } from './call.ts';
import { PANEL, type Stage } from './stage.ts';

/** What the platform sent the browser back with, as the request of a case; on which path is the case's. */
export function back(browser: Browser, path: string, headers = {}): Ask {
  const { pathname, searchParams } = new URL(path, PANEL);
  const provider = pathname.split('/')[2] ?? '';
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  return { params: { provider }, query: Object.fromEntries(searchParams), headers: { cookie, ...headers } };
}

interface Walk {
  readonly start?: string;
  readonly person?: Person | null;
  readonly as?: string;
  readonly denies?: boolean;
}

/** Goes to a consent page and agrees there. */
export async function walked(at: Stage, provider: Provider, { start, person, as, denies = false }: Walk = {}) {
  const who = person === undefined ? await at.streamer() : person;
  const browser = at.browser(who ?? undefined);
  const name = as ?? at.streamerOn(provider).name;
  const page = await browser.toConsent(start ?? `/auth/${provider}/link`);
  return { browser, who, path: await browser.consent(page, name, denies) };
}

/** A state as some writer may have left it, in a browser that could have begun it. */
export async function left(
  at: Stage,
  state: Partial<OAuthState>,
  person: Person | null,
): Promise<Ask & { state: string }> {
  const secret = createBrowserSecret();
  const whole: OAuthState = {
    provider: 'twitch' as ProviderId,
    kind: 'link',
    userId: person?.userId ?? null,
    channelId: null,
    redirectTo: null,
    origin: null,
    codeVerifier: null,
    extraScopes: [],
    ...state,
  };
  const text = await createOAuthState(at.db, whole, { browserSecret: secret, instanceOrigin: null }, at.clock.now());
  const browser = at.browser(person ?? undefined);
  browser.cookies.set('oauth_state', secret);
  return { ...back(browser, `/auth/twitch/callback?code=abc&state=${text}`), state: text };
}

/** Goes to the consent page for a bot of the channel, which gets the right to one, and agrees. */
export async function bringing(at: Stage, who: StreamerPerson, provider: Provider, as?: string) {
  await at.entitle(who.channelId);
  const start = `/streamer/bots/${provider}/bot/link?redirect_to=/settings/bot`;
  return walked(at, provider, { start, person: who, ...(as === undefined ? {} : { as }) });
}
