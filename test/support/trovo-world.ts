/** The worker side of Trovo against the simulated platform: one standing clock for both, accounts in memory. */
import { Writable } from 'node:stream';
import { onTestFinished, vi } from 'vitest';
import type { TrovoSimulatorOptions } from '../../simulators/trovo/options.ts';
import { startTrovoSimulator, type TrovoSimulator } from '../../simulators/trovo/simulator.ts';
import type { ChannelId, ExternalAccountId, PlatformChannelId, PlatformUserId, UserId } from '../../src/lib/brand.ts';
import { createHttpClient } from '../../src/lib/http.ts';
import { createLogger } from '../../src/lib/logger.ts';
import type { AccountCredential, CredentialSource, SenderCredential } from '../../src/platforms/account-side.ts';
import type { CommonDeps, PlatformSettings } from '../../src/platforms/platform.ts';
import { trovoVariables } from '../../src/platforms/trovo/settings.ts';
import { openWorkerSide } from '../../src/platforms/trovo/worker-side.ts';
import type { ChatMessage, LiveFact, ReadChannel, ReaderState, WorkerDeps } from '../../src/platforms/worker-side.ts';
import { ManualClock } from './manual-clock.ts';
import { letTurn } from './turns.ts';

export const STREAMER = 'northpine';
export const BOT = 'helperbot';
/** A call or a handshake takes a few; after so many its time may go on. */
const TURNS_PER_STEP = 12;

type LogLine = { readonly event: string; readonly [field: string]: unknown };

/** What the configuration makes of these variables. */
function trovoSettingsOf(env: Readonly<Record<string, string>>): PlatformSettings {
  return Object.fromEntries(
    Object.values(trovoVariables).map((variable) => {
      const reading = variable.read(env[variable.name]?.trim() || null, false);
      if ('problem' in reading) throw new Error(reading.problem);
      return [variable.name, reading.value];
    }),
  );
}

/** What every part of the platform gets; `lines` is its log. */
export function trovoDeps(env: Readonly<Record<string, string>>) {
  const clock = new ManualClock();
  const lines: LogLine[] = [];
  const output = new Writable({
    write: (chunk, _encoding, done) => done(void lines.push(JSON.parse(String(chunk)) as LogLine)),
  });
  const common: CommonDeps = {
    settings: trovoSettingsOf(env),
    clock,
    http: createHttpClient(2_000),
    log: createLogger({ level: 'debug', clock, output, errorOutput: output }),
    random: () => 0.5,
  };
  return { ...common, clock, lines };
}

/** Stops with the test. */
export async function simulatedTrovo(options: TrovoSimulatorOptions = {}): Promise<TrovoSimulator> {
  const sim = await startTrovoSimulator(options);
  onTestFinished(() => sim.stop());
  return sim;
}

/** Streamers' accounts in memory, by channel; `renewals` counts refreshes. */
class Owners implements CredentialSource {
  readonly byChannel = new Map<string, AccountCredential>();
  /** Hands out another token for this one; null: the grant is dead. */
  renew: (credential: AccountCredential) => string | null = () => null;
  renewals = 0;
  isDatabaseAway = false;

  defaultSender = async () => 'none' as const;
  owner: CredentialSource['owner'] = async (channelId) => {
    if (this.isDatabaseAway) throw new Error('the database is away');
    return this.byChannel.get(channelId) ?? 'unlinked';
  };
  renewed: CredentialSource['renewed'] = async (credential) => {
    this.renewals += 1;
    const accessToken = this.renew(credential);
    return accessToken === null ? 'none' : { ...credential, accessToken };
  };
  onDefaultSenderChanged(): void {}
}

export type TrovoWorld = Awaited<ReturnType<typeof trovoWorld>>;

/** A streamer and a bot, nothing read yet. @param env of the worker, beside the simulator's addresses */
export async function trovoWorld(env: Readonly<Record<string, string>> = {}, clock = new ManualClock()) {
  const sim = await simulatedTrovo({ clock, limits: 'off' });
  const bot = sim.addPerson(BOT);
  const deps = trovoDeps({ ...sim.env(), TROVO_JOINS_PER_10S: '0', ...env });
  const owners = new Owners();
  const heard: ChatMessage[] = [];
  const states = new Map<string, ReaderState>();
  /** All of them, of all channels. */
  const told: ReaderState[] = [];
  const facts: LiveFact[] = [];
  const sendable: string[] = [];
  const workerDeps: WorkerDeps = {
    ...deps,
    clock,
    db: undefined as unknown as WorkerDeps['db'],
    credentials: owners,
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
    isOwnAccount: (id) => id === (bot.id as PlatformUserId),
    limitShare: () => 1,
    startNumber: () => 1,
  };
  const side = openWorkerSide(workerDeps);
  onTestFinished(() => side.close());

  /** A streamer whose account is linked. */
  const streamer = (name: string): ReadChannel => {
    const { id } = sim.addPerson(name);
    const { access } = sim.issueToken(name, ['chat_connect', 'send_to_my_channel']);
    owners.byChannel.set(name, account(id, name, access));
    return channelOf(name, sim.room(name).id);
  };
  const until = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 2 });

  return {
    sim,
    clock,
    side,
    owners,
    heard,
    states,
    told,
    facts,
    sendable,
    lines: deps.lines,
    streamer,
    until,
    texts: () => heard.filter(({ isBacklog, isOwn }) => !isBacklog && !isOwn).map(({ text }) => text),
    events: () => deps.lines.map(({ event }) => event),
    /** Resolves when the streamer's chat is read. */
    async read(name = STREAMER): Promise<ReadChannel> {
      const channel = streamer(name);
      side.reader.setChannels([channel]);
      await until(() => {
        if (states.get(name)?.kind !== 'live') throw new Error(`not read: ${states.get(name)?.reason}`);
      });
      return channel;
    },
    botCredential(): SenderCredential {
      const { access } = sim.issueToken(BOT, ['chat_send_self']);
      return { ...account(bot.id, BOT, access), kind: 'default', key: 'account-bot' };
    },
    /** Lets time go by in steps, sockets and calls between them, until the check passes. */
    async passUntil(check: () => void, stepMs = 1_000, limitMs = 300_000): Promise<void> {
      for (let turn = 0; ; turn += 1) {
        try {
          check();
          return;
        } catch (error) {
          if (turn * stepMs >= limitMs * TURNS_PER_STEP) throw error;
        }
        await letTurn(1);
        if (turn % TURNS_PER_STEP === TURNS_PER_STEP - 1) await clock.advance(stepMs);
      }
    },
  };
}

export function channelOf(name: string, target: string): ReadChannel {
  return {
    channelId: name as ChannelId,
    slug: name,
    target: target as PlatformChannelId,
    ownerUserId: `owner-${name}` as UserId,
    stableId: null,
    extra: {},
  };
}

function account(id: string, login: string, accessToken: string): AccountCredential {
  return {
    accountId: `account-${login}` as ExternalAccountId,
    platformUserId: id as PlatformUserId,
    login,
    accessToken,
    scopes: new Set(),
  };
}
