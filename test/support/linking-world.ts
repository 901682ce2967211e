/** An API whose platforms are simulated, for tests of sign-in and linking over real sockets. */
import { onTestFinished } from 'vitest';
import { simulate as kick } from '../../simulators/kick/simulated-platform.ts';
import { simulate as trovo } from '../../simulators/trovo/simulated-platform.ts';
import { simulate as twitch } from '../../simulators/twitch/simulated-platform.ts';
import { SCOPES as VK_SCOPES } from '../../simulators/vkvideo/oauth.ts';
import { simulate as vkvideo } from '../../simulators/vkvideo/simulated-platform.ts';
import type { Simulate, SimulatedPlatform } from '../../simulators/world/simulated-platform.ts';
import { simulate as youtube } from '../../simulators/youtube/simulated-platform.ts';
import { beginBotLink } from '../../src/accounts/linking/begin.ts';
import type { BotTarget } from '../../src/accounts/linking/oauth-state.ts';
import { loadConfig } from '../../src/config.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createHttpClient } from '../../src/lib/http.ts';
import type { PlatformOAuth } from '../../src/platforms/account-side.ts';
import { platforms } from '../../src/platforms/all.ts';
import type { PlatformDescription } from '../../src/platforms/platform.ts';
import { type Person, startApiWorld } from './api-world.ts';
import { Browser } from './browser.ts';
import { createTestDatabase } from './database.ts';
import { silentLog } from './silent-log.ts';

export const PANEL = 'https://panel.example';

const SIMULATORS = { twitch, vkvideo, youtube, trovo, kick } satisfies Record<string, Simulate>;
export type Simulated = keyof typeof SIMULATORS;
/** In display order. */
export const PROVIDERS = Object.keys(SIMULATORS) as Simulated[];

interface WorldOptions {
  /** All of them when absent. */
  readonly providers?: readonly Simulated[];
  readonly env?: Readonly<Record<string, string>>;
  /** Who stops it all: the running test unless a file shares a world (`afterAll`). */
  readonly onEnd?: (stop: () => Promise<void>) => void;
}

export async function linkingWorld({ providers = PROVIDERS, env = {}, onEnd = onTestFinished }: WorldOptions = {}) {
  const { url } = await createTestDatabase(onEnd === onTestFinished ? { forTest: true } : {});
  const sims = new Map<Simulated, SimulatedPlatform>();
  for (const provider of providers) {
    const sim = await SIMULATORS[provider]({ limits: 'off' });
    onEnd(() => sim.stop());
    sims.set(provider, sim);
  }
  const simulated = Object.assign({}, ...[...sims.values()].map((sim) => sim.env));
  const variables: Record<string, string> = {
    WEB_URL: PANEL,
    VKVIDEO_SCOPES: VK_SCOPES.join(','),
    ...callbacks(providers),
    ...simulated,
    ...env,
  };
  const api = await startApiWorld(url, { env: variables, onEnd });
  const simOf = (provider: Simulated) => {
    const sim = sims.get(provider);
    if (!sim) throw new Error(`${provider} is not simulated here`);
    return sim;
  };
  const accountOf = (provider: Simulated, platformUserId: string) =>
    api.db
      .selectFrom('ExternalAccount')
      .selectAll()
      .where('provider', '=', provider)
      .where('providerAccountId', '=', platformUserId)
      .executeTakeFirst();
  return {
    ...api,
    sim: simOf,
    /** Somebody of the platform, by the id it knows them by. */
    someone: (provider: Simulated, name: string) => simOf(provider).linkBot(name).platformUserId,
    browser: (person?: Pick<Person, 'token'>) => new Browser(api, person),
    accountOf,
    oauthOf: (provider: Simulated) => oauthOf(provider, variables, url),
    /** Goes to the consent page for a bot, as the panel's link does. */
    async toBotConsent(
      browser: Browser,
      provider: Simulated,
      person: Person,
      target: BotTarget,
      redirectTo: string | null = null,
    ) {
      const { description, oauth } = oauthOf(provider, variables, url);
      const { authorizeUrl, browserSecret } = await beginBotLink(
        { db: api.db, now: api.clock.now(), browserSecret: null, instanceOrigin: null },
        { id: description.id, oauth },
        { userId: person.userId, target, redirectTo, origin: null },
      );
      browser.cookies.set('oauth_state', browserSecret);
      return new URL(authorizeUrl);
    },
  };
}

/** Where a simulated application knows its own address it wins. */
function callbacks(providers: readonly Simulated[]): Record<string, string> {
  return Object.fromEntries(
    providers.map((provider) => [
      `${provider.toUpperCase()}_CALLBACK_URL`,
      `https://bots.example/auth/${provider}/${provider === 'twitch' ? '' : 'link/'}callback`,
    ]),
  );
}

function oauthOf(
  provider: Simulated,
  env: Readonly<Record<string, string>>,
  databaseUrl: string,
): { description: PlatformDescription; oauth: PlatformOAuth } {
  const loaded = loadConfig('api', {
    DATABASE_URL: databaseUrl,
    JWT_SECRET: 'x',
    TWITCH_CLIENT_ID: 'cid',
    TWITCH_CLIENT_SECRET: 'shh',
    TWITCH_EVENTSUB_SECRET: 'pinecone-secret-01',
    ...env,
  });
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  const description = platforms.find(({ id }) => id === provider);
  const oauth = description?.oauth?.({
    settings: loaded.config.platform(description.id),
    clock: systemClock,
    http: createHttpClient(2000),
    log: silentLog(),
    random: () => 0.5,
  });
  if (!description || !oauth) throw new Error(`${provider} cannot be linked`);
  return { description, oauth };
}
