/** The worker side of VK Video Live against the simulated platform: one leaping clock for both, accounts in memory. */
import { Writable } from 'node:stream';
import { onTestFinished, vi } from 'vitest';
import { SCOPES } from '../../simulators/vkvideo/oauth.ts';
import type { VkVideoSimulatorOptions } from '../../simulators/vkvideo/options.ts';
import { startVkVideoSimulator, type VkVideoSimulator } from '../../simulators/vkvideo/simulator.ts';
import type { Db } from '../../src/db/pool.ts';
import type { ChannelId, ExternalAccountId, PlatformChannelId, PlatformUserId } from '../../src/lib/brand.ts';
import { createHttpClient } from '../../src/lib/http.ts';
import { createLogger } from '../../src/lib/logger.ts';
import type {
  AccountCredential,
  CredentialSource,
  NoCredential,
  PlatformOAuth,
  SenderCredential,
} from '../../src/platforms/account-side.ts';
import type { CommonDeps, PlatformSettings } from '../../src/platforms/platform.ts';
import { createOAuth } from '../../src/platforms/vkvideo/oauth.ts';
import { vkvideoVariables } from '../../src/platforms/vkvideo/settings.ts';
import { openWorkerSide } from '../../src/platforms/vkvideo/worker-side.ts';
import type { ChatMessage, LiveFact, ReadChannel, ReaderState } from '../../src/platforms/worker-side.ts';
import { LeapingClock } from '../conformance/leaping-clock.ts';

export const STREAMER = 'northpine';
export const BOT = 'helperbot';

type Environment = Readonly<Record<string, string>>;
type LogLine = { readonly event: string; readonly [field: string]: unknown };

/** What the configuration makes of these variables. */
function vkvideoSettingsOf(env: Environment): PlatformSettings {
  return Object.fromEntries(
    Object.values(vkvideoVariables).map((variable) => {
      const reading = variable.read(env[variable.name]?.trim() || null, false);
      if ('problem' in reading) throw new Error(reading.problem);
      return [variable.name, reading.value];
    }),
  );
}

/** What every part of the platform gets; `lines` is its log. */
export function vkvideoDeps(env: Environment, clock = new LeapingClock(), httpTimeoutMs = 2_000) {
  const lines: LogLine[] = [];
  const output = new Writable({
    write: (chunk, _encoding, done) => done(void lines.push(JSON.parse(String(chunk)) as LogLine)),
  });
  const common: CommonDeps = {
    settings: vkvideoSettingsOf(env),
    clock,
    http: createHttpClient(httpTimeoutMs),
    log: createLogger({ level: 'debug', clock, output, errorOutput: output }),
    random: () => 0.5,
  };
  return { ...common, clock, lines };
}

/** One live channel and a bot. Stops with the test. */
export async function simulatedVkVideo(options: VkVideoSimulatorOptions = {}): Promise<VkVideoSimulator> {
  const sim = await startVkVideoSimulator({ limits: 'off', ...options });
  onTestFinished(() => sim.stop());
  sim.addPerson(BOT);
  sim.addChannel(STREAMER);
  sim.goLive(STREAMER);
  return sim;
}

/** Accounts in memory; refreshing asks the platform, one at a time. */
class Accounts implements CredentialSource {
  shared: SenderCredential | null = null;
  readonly owners = new Map<string, AccountCredential>();
  readonly #refreshTokens = new Map<string, string>();
  readonly #running = new Map<string, Promise<string | null>>();
  readonly #listeners: (() => void)[] = [];
  readonly #sim: VkVideoSimulator;
  readonly #oauth: PlatformOAuth;

  constructor(sim: VkVideoSimulator, oauth: PlatformOAuth) {
    this.#sim = sim;
    this.#oauth = oauth;
  }

  link(login: string, scopes: readonly string[] = SCOPES): SenderCredential {
    const { id } = this.#sim.addPerson(login);
    const { access, refresh } = this.#sim.issueToken(login, scopes);
    this.#refreshTokens.set(id, refresh ?? '');
    return {
      accountId: login as ExternalAccountId,
      platformUserId: id as PlatformUserId,
      login,
      accessToken: access,
      scopes: new Set(scopes),
      kind: 'default',
      key: login,
    };
  }

  /** The account that reads and speaks for everybody from now on. */
  share(credential: SenderCredential | null): void {
    this.shared = credential;
    for (const listener of this.#listeners) listener();
  }

  defaultSender = async () => this.shared ?? ('none' as const);
  owner: CredentialSource['owner'] = async (channelId) => this.owners.get(channelId) ?? 'none';
  onDefaultSenderChanged(listener: () => void): void {
    this.#listeners.push(listener);
  }

  async renewed<C extends AccountCredential>(credential: C, refusedToken: string): Promise<C | NoCredential> {
    const { platformUserId: id } = credential;
    const current = this.shared?.platformUserId === id ? this.shared.accessToken : refusedToken;
    let token: string | null = current;
    if (current === refusedToken) {
      const running = this.#running.get(id) ?? this.#refresh(id).finally(() => this.#running.delete(id));
      this.#running.set(id, running);
      token = await running;
    }
    if (this.shared?.platformUserId === id) {
      if (token === null) this.share(null);
      else this.shared = { ...this.shared, accessToken: token };
    }
    return token === null ? 'none' : { ...credential, accessToken: token };
  }

  async #refresh(id: string): Promise<string | null> {
    const outcome = await this.#oauth.refresh(this.#refreshTokens.get(id) ?? '');
    if (outcome.kind !== 'refreshed') return null;
    this.#refreshTokens.set(id, outcome.tokens.refreshToken ?? '');
    return outcome.tokens.accessToken;
  }
}

export type VkVideoWorld = Awaited<ReturnType<typeof vkvideoWorld>>;

interface WorldOptions {
  readonly sim?: VkVideoSimulatorOptions;
  readonly env?: Environment;
  readonly db?: Db;
  /** How long a call may take that has no deadline of its own. */
  readonly httpTimeoutMs?: number;
}

/** A live channel and a linked bot; nothing is read yet. */
export async function vkvideoWorld(options: WorldOptions = {}) {
  const clock = new LeapingClock();
  const sim = await simulatedVkVideo({ clock, ...options.sim });
  const deps = vkvideoDeps({ ...sim.env(), ...options.env }, clock, options.httpTimeoutMs);
  const accounts = new Accounts(sim, createOAuth(deps));
  accounts.shared = accounts.link(BOT);
  const heard: ChatMessage[] = [];
  const states = new Map<string, ReaderState>();
  /** All of them, of all channels. */
  const told: ReaderState[] = [];
  const facts: LiveFact[] = [];
  const sendable: string[] = [];
  const side = openWorkerSide({
    ...deps,
    db: options.db ?? (undefined as unknown as Db),
    credentials: accounts,
    events: {
      message: (message) => heard.push(message),
      state: (channelId, state) => {
        told.push(state);
        states.set(channelId, state);
      },
      live: (_channelId, fact) => facts.push(fact),
      sendable: (channelId) => sendable.push(channelId),
      renamed: () => {},
      lost: () => {},
    },
    isOwnAccount: (id) => id === (sim.person(BOT).id as PlatformUserId),
    limitShare: () => 1,
    startNumber: () => 1,
  });
  onTestFinished(() => side.close());
  const until = (check: () => unknown) => vi.waitFor(check, { timeout: 10_000, interval: 5 });
  const stateOf = (slug: string) => states.get(`channel of ${slug}`);

  return {
    ...deps,
    sim,
    side,
    accounts,
    heard,
    told,
    facts,
    sendable,
    texts: () => heard.map(({ text }) => text),
    stateOf,
    events: (name: string) => deps.lines.filter(({ event }) => event === name),
    until,
    /** Lets the time of both sides fly until the check passes. */
    leapUntil: (check: () => unknown, limitMs = 300_000) => clock.leapUntil(check, limitMs, async () => {}),
    async leap(ms: number): Promise<void> {
      const untilMs = clock.monotonicMs() + ms;
      const isOver = () => {
        if (clock.monotonicMs() < untilMs) throw new Error('the time has not passed');
      };
      await clock.leapUntil(isOver, 2 * ms + 10_000, async () => {});
    },
    /** Resolves when all of them are read. */
    async read(...slugs: readonly string[]): Promise<void> {
      side.reader.setChannels(slugs.map((slug) => channelNamed(slug)));
      await until(() => {
        for (const slug of slugs) if (stateOf(slug)?.kind !== 'live') throw new Error(`${slug} is not read`);
      });
    },
    /** Requests of one path so far. */
    calls: (path: string) => sim.calls.filter((call) => call.path === path),
  };
}

/** As the subscription row of this streamer makes it. */
export function channelNamed(slug: string, extra: ReadChannel['extra'] = { vkvideoChannelUrl: slug }): ReadChannel {
  return {
    channelId: `channel of ${slug}` as ChannelId,
    slug,
    target: slug as PlatformChannelId,
    ownerUserId: null,
    stableId: null,
    extra,
  };
}
