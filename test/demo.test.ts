/** The demo as a newcomer starts it. Its parts run on their own database and ports. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { platforms, speakingOrder } from '../src/platforms/all.ts';

const root = path.join(import.meta.dirname, '..');
const LIMIT_MS = 180_000;
const PATIENCE = { timeout: 120_000, interval: 20 };

function startDemo(...args: string[]) {
  const child = spawn(process.execPath, ['demo/demo.ts', ...args], {
    cwd: root,
    // What a developer's shell may hold must not reach the demo.
    env: {
      ...process.env,
      NODE_ENV: 'production',
      TWITCH_SEND_PER_30S: 'many',
      DATABASE_URL: 'postgres://127.0.0.1:9/x',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => end(child));
  const demo = { child, output: '', exitCode: once(child, 'close').then(([code]) => code as number | null) };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      demo.output += text;
    });
  }
  return demo;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

async function isOpen(port: number): Promise<boolean> {
  const socket = net.connect(port, '127.0.0.1');
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}

test(
  'demo --once plays its conversation on every platform with every reply delivered, says so, and ends with 0',
  async () => {
    const demo = startDemo('--once');
    expect(await demo.exitCode, demo.output).toBe(0);
    const summaries = demo.output
      .trimEnd()
      .split('\n')
      .slice(-1 - platforms.length);
    for (const { title } of speakingOrder) {
      const line = summaries.shift() ?? '';
      expect(line, demo.output).toMatch(
        new RegExp(`^demo: ${title}: (\\d+) of \\1 replies delivered, p50 \\d+\\.\\d ms$`),
      );
    }
    const total = new RegExp(`^demo: (\\d+) of \\1 replies delivered on ${platforms.length} platforms$`);
    expect(summaries, demo.output).toEqual([expect.stringMatching(total)]);
  },
  LIMIT_MS,
);

test(
  'the demo stays up, heals a killed worker, answers whoever writes, and leaves nothing behind when it is told to end',
  async () => {
    const demo = startDemo();
    await vi.waitFor(() => expect(demo.output).toContain('say something'), PATIENCE);
    const ports = [
      ...new Set([...demo.output.matchAll(/(?:127\.0\.0\.1|localhost):(\d+)/g)].map(([, port]) => Number(port))),
    ];
    expect(ports.length).toBeGreaterThan(3 * platforms.length);
    expect(await Promise.all(ports.map(isOpen))).not.toContain(false);
    const stageUrl = /(http:\S+)\/say/.exec(demo.output)?.[1];
    const workerUrl = /worker +(http:\S+)\/readyz/.exec(demo.output)?.[1];
    const readiness = async () => (await fetch(`${workerUrl}/readyz`)).status;
    expect(await readiness()).toBe(200);

    // Every address answers as it is printed.
    const links = [...demo.output.matchAll(/^ {2}(?:\S.*?| {2}\S.*?) {2,}(http:\S+)/gm)].map(([, link]) => link ?? '');
    expect(links.length).toBeGreaterThan(3 * platforms.length);
    for (const link of links) {
      const { status } = await fetch(link, { redirect: 'manual' });
      expect([link, [200, 302].includes(status)]).toEqual([link, true]);
    }

    const variables = /memalerts doctor --env (\S+)/.exec(demo.output)?.[1] ?? '';
    expect(statSync(variables).mode & 0o777).toBe(0o600);
    const doctor = await askDoctor(variables);
    expect(doctor, doctor.output).toMatchObject({ exitCode: 0, output: expect.stringContaining('"verdict": "ok"') });

    process.kill(await pidOfWorker(/postgres:\S+/.exec(demo.output)?.[0]), 'SIGKILL');
    await vi.waitFor(() => expect(demo.output).toContain('worker died (SIGKILL)'), PATIENCE);
    await vi.waitFor(async () => expect(await readiness()).toBe(200), PATIENCE);
    const before = demo.output.length;
    await vi.waitFor(
      async () => {
        const line = { streamer: 'northpine', viewer: 'newcomer', text: '!clip' };
        await fetch(`${stageUrl}/say`, { method: 'POST', body: JSON.stringify(line) });
        expect(demo.output.slice(before)).toMatch(/sent .*Clip it/);
      },
      { ...PATIENCE, interval: 250 },
    );

    // Package runners pass a Ctrl-C on that the terminal has sent already: two signals are still one wish.
    demo.child.kill('SIGINT');
    demo.child.kill('SIGHUP');
    expect(await demo.exitCode).toBe(0);
    expect(await Promise.all(ports.map(isOpen))).not.toContain(true);
    expect(existsSync(variables)).toBe(false);
  },
  LIMIT_MS,
);

/** As the demo says, without the package runner. */
async function askDoctor(file: string) {
  const child = spawn(process.execPath, ['src/cli/memalerts.ts', 'doctor', '--json', '--env', file], { cwd: root });
  const [output, [exitCode]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return { output, exitCode };
}

async function pidOfWorker(databaseUrl: string | undefined): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ pid: number }>(`select pid from "BotWorker" where provider::text = 'twitch'`);
    return rows[0]?.pid ?? Number.NaN;
  } finally {
    await client.end();
  }
}
