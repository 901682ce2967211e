import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import type { Simulate, SimulatedPlatform } from '../../simulators/world/simulated-platform.ts';
import { addChannel, linkDefaultBot } from '../../test/conformance/rows.ts';
import { createTestDatabase } from '../../test/support/database.ts';
import { silentLog } from '../../test/support/silent-log.ts';
import { createPool } from '../db/pool.ts';
import { systemClock } from '../lib/clock.ts';
import { createHttpClient, type HttpClient } from '../lib/http.ts';
import { platforms } from '../platforms/all.ts';
import type { PlatformDescription } from '../platforms/platform.ts';
import { runDoctor } from './doctor.ts';

const BOT = 'memalerts_bot';
const http = createHttpClient(5000);
const { url } = await createTestDatabase();
const pool = createPool(url, { applicationName: 'test', slowMs: 60_000, log: silentLog() });
afterAll(() => pool.end());

/** Where each platform tells who the token's account is, and what would no longer be as we rely on. */
const WIRE: Readonly<Record<string, readonly [path: RegExp, from: RegExp, to: string, deviation: string]>> = {
  twitch: [/\/validate$/, /"user_id":"\d+"/, '"user_id":"mira"', 'GET validate: user_id'],
  kick: [/\/introspect$/, /"exp":\d+/, '"exp":"soon"', 'POST introspect: data.exp'],
  trovo: [/\/validate$/, /"expire_ts":"\d+"/, '"expire_ts":"soon"', 'GET validate: expire_ts'],
  vkvideo: [/\/current_user$/, /"nick":"[^"]+"/, '"nick":""', 'GET current_user: data.user.nick'],
  youtube: [/\/channels\?/, /"id":\s*"UC[^"]+"/, '"id":"channel/7"', 'channels.list: id'],
};

/** One default bot and one channel that wants it, on one platform alone; what was asked of the platform. */
function live(platform: PlatformDescription, from: SimulatedPlatform, ...argv: string[]) {
  const asked: string[] = [];
  const look = async (through: HttpClient = http) => {
    const noting: HttpClient = (address, request) => {
      asked.push(new URL(address).pathname);
      return through(address, request);
    };
    const deps = { env: { DATABASE_URL: url, PORT: '0', ...from.env }, clock: systemClock, http: noting };
    const { output } = await runDoctor(['--provider', platform.id, '--json', ...argv], deps);
    const findings: Told[] = JSON.parse(output).findings;
    return { output, findings };
  };
  return { asked, look };
}

interface Told {
  readonly cause: string;
  readonly verdict: string;
  readonly action: string;
  readonly data: Readonly<Record<string, unknown>>;
}

async function simulated({ id }: PlatformDescription): Promise<SimulatedPlatform> {
  const { simulate } = (await import(`../../simulators/${id}/simulated-platform.ts`)) as { simulate: Simulate };
  return simulate({ limits: 'off' });
}

test.for(platforms.map((platform) => [platform.title, platform] as const))(
  '%s is asked one harmless thing with the stored token, and what is otherwise than we rely on is told',
  async ([, platform]) => {
    const sim = await simulated(platform);
    try {
      const account = sim.linkBot(BOT);
      await linkDefaultBot(pool.db, platform, account);
      await addChannel(pool.db, platform, `pine_${platform.id}`, sim.addStreamer(`pine_${platform.id}`));
      const quiet = live(platform, sim);
      await quiet.look();
      expect(quiet.asked).toEqual([]);

      const { look } = live(platform, sim, '--live');
      const listener = new pg.Client({ connectionString: url });
      await listener.connect();
      await listener.query('listen memalerts');
      const hints: (string | undefined)[] = [];
      listener.on('notification', ({ payload }) => hints.push(payload));
      const right = await look();
      await expect.poll(() => hints).toContain(`look:${platform.id}`);
      await listener.end();
      expect(right.findings).toContainEqual(
        expect.objectContaining({
          cause: 'live_answer_right',
          verdict: 'ok',
          data: { login: account.login, units: platform.id === 'youtube' ? 1 : 0 },
        }),
      );

      const [path, from, to, deviation] =
        WIRE[platform.id] ?? expect.fail(`which fact of ${platform.id} is relied on?`);
      const otherwise = await look(async (address, request) => {
        const answer = await http(address, request);
        if (!path.test(address)) return answer;
        const text = answer.text.replace(from, to);
        expect(text).not.toBe(answer.text);
        return { ...answer, text, json: () => JSON.parse(text) };
      });
      const differs = otherwise.findings.find(({ cause }) => cause === 'live_answer_differs');
      expect(differs).toMatchObject({ verdict: 'broken', data: { detail: expect.stringContaining(deviation) } });

      sim.abilities.expireTokens?.(BOT);
      expect((await look()).findings.map(({ cause }) => cause)).toContain('live_answer_right');
      sim.abilities.revokeGrant?.(BOT);
      const refused = await look();
      expect(refused.findings.map(({ cause, action }) => [cause, action])).toContainEqual([
        'default_bot_relink',
        'link_default_bot',
      ]);
      const outputs = [right, otherwise, refused].map(({ output }) => output).join('');
      expect(outputs).not.toContain(account.accessToken);
    } finally {
      await sim.stop();
    }
    const { look } = live(platform, sim, '--live');
    const { findings } = await look();
    expect(findings).toContainEqual(expect.objectContaining({ cause: 'platform_unreachable', verdict: 'unknown' }));
  },
);
