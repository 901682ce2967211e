import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { simulate as simulateKick } from '../../simulators/kick/simulated-platform.ts';
import { simulate as simulateTwitch } from '../../simulators/twitch/simulated-platform.ts';
import { kick } from '../../src/platforms/kick/index.ts';
import { twitch } from '../../src/platforms/twitch/index.ts';
import { killingLines } from '../support/killing-line.ts';
import { type RenewalPlace, renewalWorld } from '../support/renewal-world.ts';

const PROGRAM = fileURLToPath(new URL('../support/renewing-process.ts', import.meta.url));

/** What a kill left behind, as the next process finds it. */
interface Aftermath {
  readonly packet: number;
  /** The platform gave new tokens for the old ones, and they were stored. */
  readonly fate: 'not asked' | 'answered' | 'saved';
  readonly speaks: boolean;
  /** What status endpoints say of the account; null for tokens without an account row. */
  readonly state: string | null;
}

/** While nothing was asked of the platform a kill changes nothing that could be lost: these moments are tried in strides. */
const STRIDE = 5;

/**
 * Kills a process at one of its packets, another one at a later one, and so on, until one comes to its end. Between two
 * packets nothing that others can see changes: from shortly before the platform is asked these are all the moments there are.
 */
async function killedAtEveryPacket(place: RenewalPlace): Promise<readonly Aftermath[]> {
  const { task, link, renewals, storedToken, speaks, state } = await renewalWorld(place);
  const lines = killingLines();
  const overLines = await withLines(JSON.stringify(task), lines.through);
  const renewedUntil = async (packet: number) => {
    const child = spawn(process.execPath, [PROGRAM, overLines], { stdio: ['ignore', 'ignore', 'inherit'] });
    lines.arm(packet, () => child.kill('SIGKILL'));
    const [code, signal] = await once(child, 'exit');
    return { code, signal };
  };
  await link();
  expect(await renewedUntil(Number.POSITIVE_INFINITY)).toEqual({ code: 0, signal: null });
  const database = new URL(task.databaseUrl).host;
  // Packets of several connections need not come in the same order each time.
  const strideUntil = lines.servers.findIndex((server) => server !== database) - STRIDE;
  expect(strideUntil).toBeGreaterThan(0);
  const aftermaths: Aftermath[] = [];
  for (let packet = 1; ; packet += packet < strideUntil ? STRIDE : 1) {
    const id = await link();
    const before = { renewals: renewals(), token: await storedToken() };
    const { code, signal } = await renewedUntil(packet);
    const isSaved = (await storedToken()) !== before.token;
    const fate = isSaved ? 'saved' : renewals() > before.renewals ? 'answered' : 'not asked';
    const isSpeaking = await speaks();
    const found = await state(id);
    aftermaths.push({ packet, fate, speaks: isSpeaking, state: found && [found.state, found.reason].join(' ').trim() });
    if (signal !== null) continue;
    expect(code).toBe(0);
    return aftermaths;
  }
}

/** The same text with every address of this machine, the database's included, led over a line. */
async function withLines(text: string, through: (url: string) => Promise<string>): Promise<string> {
  let led = text;
  for (const [origin] of new Set(text.matchAll(/127\.0\.0\.1:\d{2,}|localhost:\d{2,}/g))) {
    led = led.replaceAll(origin, new URL(await through(`http://${origin}`)).host);
  }
  return led;
}

const LONG = 240_000;

test(
  'killed at any moment of a renewal, an account whose platform honours used refresh tokens is not lost',
  async () => {
    const aftermaths = await killedAtEveryPacket({ platform: kick, simulate: simulateKick, keptIn: 'ExternalAccount' });
    expect(new Set(aftermaths.map(({ fate }) => fate))).toEqual(new Set(['not asked', 'answered', 'saved']));
    expect(aftermaths.filter(({ speaks, state }) => !speaks || state !== 'ok')).toEqual([]);
  },
  LONG,
);

// Nobody can know tokens that nobody has seen: what the platform answered and no disk of ours has is gone with the process.
test(
  'where a used refresh token dies at once, only a kill between answer and save costs the account, and it says relink',
  async () => {
    const aftermaths = await killedAtEveryPacket({
      platform: twitch,
      simulate: simulateTwitch,
      keptIn: 'ExternalAccount',
    });
    for (const aftermath of aftermaths) {
      const isLost = aftermath.fate === 'answered';
      expect(aftermath).toMatchObject({ speaks: !isLost, state: isLost ? 'relink invalid_grant' : 'ok' });
    }
    // The answer in one packet or two, and one statement with its commit.
    expect(aftermaths.filter(({ speaks }) => !speaks).length).toBeLessThanOrEqual(5);
  },
  LONG,
);

test(
  "the same holds for the tokens of an old installation's user",
  async () => {
    const aftermaths = await killedAtEveryPacket({ platform: twitch, simulate: simulateTwitch, keptIn: 'User' });
    expect(new Set(aftermaths.map(({ fate }) => fate))).toEqual(new Set(['not asked', 'answered', 'saved']));
    for (const { fate, speaks } of aftermaths) expect(speaks).toBe(fate !== 'answered');
  },
  LONG,
);
