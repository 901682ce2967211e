/** Kick's parts under test against the simulated Kick. */
import { Writable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { type KickSimulator, startKickSimulator } from '../../simulators/kick/simulator.ts';
import type { Db } from '../../src/db/pool.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { createHttpClient } from '../../src/lib/http.ts';
import { createLogger } from '../../src/lib/logger.ts';
import { kickVariables } from '../../src/platforms/kick/settings.ts';
import type { CommonDeps } from '../../src/platforms/platform.ts';

const STREAMER_SCOPES = ['user:read', 'channel:read', 'events:subscribe'];

/** Without limits; stopped with the test. */
export async function simulatedKick(clock: Clock = systemClock): Promise<KickSimulator> {
  const sim = await startKickSimulator({ limits: 'off', clock });
  onTestFinished(() => sim.stop());
  return sim;
}

/** What every part of the platform gets. */
export function kickDeps<C extends Clock>(
  env: Readonly<Record<string, string>>,
  clock: C,
): CommonDeps & { readonly clock: C; readonly lines: string[] } {
  const settings = Object.fromEntries(
    Object.values(kickVariables).map((variable) => {
      const reading = variable.read(env[variable.name] ?? null, false);
      if ('problem' in reading) throw new Error(reading.problem);
      return [variable.name, reading.value];
    }),
  );
  const lines: string[] = [];
  const output = new Writable({ write: (chunk, _encoding, done) => done(void lines.push(String(chunk))) });
  return {
    settings,
    clock,
    lines,
    http: createHttpClient(2_000),
    log: createLogger({ level: 'debug', clock, output, errorOutput: output }),
    random: () => 0.5,
  };
}

export interface KickChannel {
  readonly channelId: string;
  readonly slug: string;
  /** Of the streamer at Kick. */
  readonly broadcasterId: string;
}

/** A streamer whose Kick account is linked and, unless said otherwise, whose bot is on. */
export async function addKickChannel(
  db: Db,
  sim: KickSimulator,
  slug: string,
  { isOn = true, scopes = STREAMER_SCOPES }: { isOn?: boolean; scopes?: readonly string[] } = {},
): Promise<KickChannel> {
  const { id: broadcasterId } = sim.addChannel(slug);
  const { id: channelId } = await db
    .insertInto('Channel')
    .values({ slug, name: slug })
    .returning('id')
    .executeTakeFirstOrThrow();
  const { id: userId } = await db
    .insertInto('User')
    .values({ displayName: slug, channelId })
    .returning('id')
    .executeTakeFirstOrThrow();
  await linkKickAccount(db, sim, slug, userId, scopes);
  if (isOn) {
    await db
      .insertInto('KickChatBotSubscription')
      .values({ channelId, userId, kickChannelId: broadcasterId, enabled: true })
      .execute();
  }
  return { channelId, slug, broadcasterId };
}

/** @returns the account's id */
export async function linkKickAccount(
  db: Db,
  sim: KickSimulator,
  login: string,
  userId: string,
  scopes: readonly string[] = ['user:read', 'chat:write'],
): Promise<string> {
  const person = sim.addPerson(login);
  const { access, refresh } = sim.issueToken(login, scopes);
  const { id } = await db
    .insertInto('ExternalAccount')
    .values({
      userId,
      provider: 'kick',
      providerAccountId: person.id,
      login,
      displayName: login,
      accessToken: access,
      refreshToken: refresh,
      scopes: scopes.join(' '),
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** The account all bots speak with. @returns its Kick id */
export async function linkDefaultKickBot(db: Db, sim: KickSimulator, login = 'memalerts_bot'): Promise<string> {
  const { id: userId } = await db
    .insertInto('User')
    .values({ displayName: login })
    .returning('id')
    .executeTakeFirstOrThrow();
  const externalAccountId = await linkKickAccount(db, sim, login, userId);
  await db.insertInto('GlobalKickBotCredential').values({ externalAccountId, enabled: true }).execute();
  return sim.person(login).id;
}
