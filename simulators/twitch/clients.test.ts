/** Clients that know nothing of us take the simulator for Twitch. */
import { ApiClient } from '@twurple/api';
import { AppTokenAuthProvider, RefreshingAuthProvider, StaticAuthProvider } from '@twurple/auth';
import { ChatClient } from '@twurple/chat';
import tmi from 'tmi.js';
import { expect, onTestFinished, test, vi } from 'vitest';
import { BareChat, simulator } from './test-support.ts';

const CHAT_SCOPES = ['chat:read', 'chat:edit'];

test('unmodified tmi.js logs in, joins, reads with tags, and its message reaches the room', async () => {
  const sim = await simulator();
  sim.addChannel('northpine');
  sim.addPerson({ login: 'helperbot', displayName: 'HelperBot' });
  const client = new tmi.Client({
    connection: { server: '127.0.0.1', port: sim.port, secure: false, reconnect: false },
    identity: { username: 'helperbot', password: `oauth:${sim.issueToken('helperbot', CHAT_SCOPES).access}` },
    channels: ['northpine'],
  });
  onTestFinished(async () => void (await client.disconnect().catch(() => {})));
  const heard = new Promise<[tmi.ChatUserstate, string]>((resolve) => {
    client.on('message', (_channel, tags, text, isOwn) => isOwn || resolve([tags, text]));
  });

  const joined = new Promise((resolve) => client.on('roomstate', resolve));
  await client.connect();
  await joined;
  const id = sim.say('northpine', 'mira_k', 'привет 👋 Kappa', { badges: 'moderator/1' });

  const [tags, text] = await heard;
  expect(text).toBe('привет 👋 Kappa');
  expect(tags).toMatchObject({ id, username: 'mira_k', mod: true, emotes: { 25: ['9-13'] } });
  await client.say('northpine', 'hello from tmi.js');
  await vi.waitFor(() =>
    expect(sim.messagesIn('northpine').at(-1)).toMatchObject({
      author: 'helperbot',
      text: 'hello from tmi.js',
      transport: 'irc',
    }),
  );
  expect(await client.ping()).toHaveLength(1);
});

test('unmodified twurple chat logs in, joins, reads roles, and its reply reaches the room', async () => {
  const sim = await simulator();
  sim.addChannel('northpine');
  sim.addPerson('helperbot');
  const authProvider = new StaticAuthProvider(sim.application.id, sim.issueToken('helperbot', CHAT_SCOPES).access, [
    ...CHAT_SCOPES,
  ]);
  const tokenInfoPort = mockPort(sim.port);
  // Its WebSocket mode has no port option; it appends one to what it takes for a host name.
  const chat = new ChatClient({
    authProvider,
    channels: ['northpine'],
    hostName: `127.0.0.1:${sim.port}/`,
    ssl: false,
    logger: { minLevel: 'critical' },
  });
  onTestFinished(() => chat.quit());
  const joined = new Promise<string>((resolve) => chat.onJoin((channel) => resolve(channel)));
  const heard = new Promise<{ id: string; isVip: boolean; text: string }>((resolve) => {
    chat.onMessage((_channel, _user, text, message) =>
      resolve({ id: message.id, isVip: message.userInfo.isVip, text }),
    );
  });

  chat.connect();
  expect(await joined).toBe('northpine');
  const id = sim.say('northpine', 'mira_k', 'hi; there \\o/', { badges: 'vip/1' });

  expect(await heard).toEqual({ id, isVip: true, text: 'hi; there \\o/' });
  await chat.say('northpine', 'hello from twurple', { replyTo: id });
  await vi.waitFor(() =>
    expect(sim.messagesIn('northpine').at(-1)).toMatchObject({ text: 'hello from twurple', replyTo: id }),
  );
  tokenInfoPort.restore();
});

test('unmodified twurple API reads people and streams, sends into chat and refreshes a dead token', async () => {
  const sim = await simulator();
  sim.addChannel({ login: 'northpine', id: '5501' });
  sim.addPerson({ login: 'helperbot', id: '7702' });
  sim.goLive('northpine', { startedAt: new Date('2026-01-01T10:00:00Z') });
  const { id: clientId, secret: clientSecret } = sim.application;
  const token = sim.issueToken('helperbot', ['user:write:chat']);
  const authProvider = new RefreshingAuthProvider({ clientId, clientSecret });
  await using _ = mockPort(sim.port);
  authProvider.addUser(7702, {
    accessToken: token.access,
    refreshToken: token.refresh,
    scope: [...token.scopes],
    expiresIn: null,
    obtainmentTimestamp: 0,
  });
  const api = new ApiClient({ authProvider, logger: { minLevel: 'critical' } });
  const reader = await BareChat.join(sim, 'viewer', 'northpine');
  sim.faults.expireTokens('helperbot');

  const sent = await api.asUser(7702, (asBot) => asBot.chat.sendChatMessage('5501', 'from the API'));

  expect(await reader.line(`id=${sent.id}`)).toContain('PRIVMSG #northpine :from the API');
  const appApi = new ApiClient({ authProvider: new AppTokenAuthProvider(clientId, clientSecret) });
  expect((await appApi.users.getUserByName('northpine'))?.id).toBe('5501');
  const stream = await appApi.streams.getStreamByUserId('5501');
  expect(stream?.startDate.toISOString()).toBe('2026-01-01T10:00:00.000Z');
});

/** twurple's own switch towards another server, for as long as the test runs. */
function mockPort(port: number) {
  process.env.TWURPLE_MOCK_API_PORT = String(port);
  const restore = () => {
    delete process.env.TWURPLE_MOCK_API_PORT;
  };
  onTestFinished(restore);
  return { restore, [Symbol.asyncDispose]: async () => restore() };
}
