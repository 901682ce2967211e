/** The simulators as a process: what demo and bench rely on. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';

type Running = Awaited<ReturnType<typeof start>>;

async function start(...args: string[]) {
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
    expect(child.exitCode).toBe(0);
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const urls: Record<'irc' | 'auth' | 'control', string> = JSON.parse(line).twitch.urls;
  const control = async (name: string, input?: unknown) => {
    const body = JSON.stringify(input ?? {});
    const response = await fetch(`${urls.control}/${name}`, { method: 'POST', body });
    const answer = JSON.parse(await response.text());
    if (!response.ok) throw new Error(answer.error);
    return answer;
  };
  return { urls, control };
}

/** A bot that answers `!ping` with `pong` until told to be silent. */
async function pingBot({ urls, control }: Running, channels: readonly string[]) {
  await control('addPerson', { login: 'helperbot' });
  const { access } = await control('issueToken', { person: 'helperbot', scopes: ['chat:read', 'chat:edit'] });
  const socket = new WebSocket(urls.irc);
  await once(socket, 'open');
  onTestFinished(() => socket.terminate());
  const bot = { lines: 0, isSilent: false };
  const joined = new Promise<void>((resolve) => {
    let rooms = 0;
    socket.on('message', (data) => {
      for (const line of data.toString().split('\r\n')) {
        if (line.includes(' ROOMSTATE ') && ++rooms === channels.length) resolve();
        const at = line.indexOf(' PRIVMSG ');
        if (at < 0) continue;
        bot.lines += 1;
        if (line.endsWith(' :!ping') && !bot.isSilent) socket.send(`PRIVMSG ${line.slice(at + 9, -7)} :pong`);
      }
    });
  });
  const joins = `JOIN ${channels.map((name) => `#${name}`).join(',')}`;
  for (const line of [`CAP REQ :twitch.tv/tags twitch.tv/commands`, `PASS oauth:${access}`, 'NICK helperbot', joins]) {
    socket.send(line);
  }
  await joined;
  return bot;
}

test('a load run reports every answered and every lost command, and the stream tells each accepted message', async () => {
  const running = await start('--limits', 'off');
  await running.control('addChannels', { count: 20, prefix: 'room' });
  const channels = Array.from({ length: 20 }, (_, index) => `room${index}`);
  const bot = await pingBot(running, channels);
  const stream = await fetch(`${running.urls.control}/messages`);
  const load = { linesPerSecond: 5000, seconds: 1, commandShare: 0.01, commands: [{ text: '!ping', reply: 'pong' }] };

  const report = await running.control('load', load);

  expect(report).toMatchObject({
    sent: 5000,
    unheard: 0,
    commands: 50,
    replied: 50,
    lost: 0,
    extra: 0,
    connectionLosses: 0,
  });
  expect(bot.lines).toBe(5000);
  expect(report.latencyMs.p50).toBeLessThan(report.latencyMs.max + 0.001);
  let events = '';
  for await (const chunk of stream.body ?? []) {
    events += Buffer.from(chunk).toString('utf8');
    if (events.split('\ndata: ').length > 50) break;
  }
  const first = JSON.parse(events.split('\ndata: ')[1]?.split('\n')[0] ?? '');
  expect(first).toMatchObject({ author: 'helperbot', text: 'pong', transport: 'irc' });
  expect(Math.abs(Date.now() - first.arrivedAtMs)).toBeLessThan(60_000);

  bot.isSilent = true;
  expect(await running.control('load', { ...load, graceMs: 50 })).toMatchObject({ commands: 50, replied: 0, lost: 50 });
});

test('the control interface stays reachable while the platform refuses, and says what is wrong with a request', async () => {
  const { urls, control } = await start();
  await control('refuse', {});
  await expect(fetch(`${urls.auth}/validate`)).rejects.toThrow();
  await control('accept');
  expect((await fetch(`${urls.auth}/validate`)).status).toBe(401);
  await expect(control('say', { channel: 'nobody', person: 'x', text: 'hi' })).rejects.toThrow(
    'nobody is called nobody',
  );
  await expect(control('say', { channel: 1 })).rejects.toThrow('expected string');
  await expect(control('conjure')).rejects.toThrow('no action conjure');
});
