import { expect, onTestFinished, test, vi } from 'vitest';
import { ScriptedTwitchApi } from '../../../test/support/scripted-twitch-api.ts';
import { ScriptedTwitchChat } from '../../../test/support/scripted-twitch-chat.ts';
import { twitchDeps } from '../../../test/support/twitch-api-world.ts';
import { Accounts, account, channel } from '../../../test/support/twitch-chat-world.ts';
import type { SenderCredential } from '../account-side.ts';
import type { ReaderState } from '../worker-side.ts';
import { openWorkerSide } from './worker-side.ts';

const HOUR_MS = 3_600_000;
const room = channel('northpine', '5501');

async function world() {
  const twitch = await ScriptedTwitchApi.start();
  const accounts = new Accounts();
  const draft = twitchDeps(twitch);
  const chat = await ScriptedTwitchChat.start(draft.clock);
  const states: ReaderState[] = [];
  const side = openWorkerSide({
    ...draft,
    settings: { ...draft.settings, TWITCH_IRC_URL: chat.url },
    db: null as never, // Twitch reads no row in a worker
    credentials: accounts,
    events: {
      message: () => {},
      state: (_channelId, state) => states.push(state),
      live: () => {},
      sendable: () => {},
      renamed: () => {},
      lost: () => {},
    },
    isOwnAccount: () => false,
    limitShare: () => 1,
    startNumber: () => null,
  });
  onTestFinished(async () => {
    await side.close();
    await chat.stop();
  });
  return { twitch, chat, accounts, side, states, clock: draft.clock };
}

const withScope = (credential: SenderCredential) => ({ ...credential, scopes: new Set(['user:write:chat']) });

test('nothing is asked of Twitch before there is a channel to read', async () => {
  const { side, twitch, chat, clock } = await world();
  side.reader.setChannels([]);
  await clock.advance(2 * HOUR_MS);
  expect(twitch.calls).toEqual([]);
  expect(chat.logins).toEqual([]);
});

test('a sender whose grant allows it speaks by Helix, any other by IRC', async () => {
  const { side, twitch, chat, accounts, states } = await world();
  side.reader.setChannels([room]);
  await vi.waitFor(() => expect(states.at(-1)?.kind).toBe('live'));
  const shared = accounts.shared as SenderCredential;

  expect((await side.sender.send(room, 'by IRC', shared, 2_000)).kind).toBe('sent');
  expect((await side.sender.send(room, 'by Helix', withScope(shared), 2_000)).kind).toBe('sent');
  expect((await side.sender.send(channel('northpine'), 'no id: IRC', withScope(shared), 2_000)).kind).toBe('sent');

  expect(chat.messages.map(({ text }) => text)).toEqual(['by IRC', 'no id: IRC']);
  expect(twitch.called('POST /helix/chat/messages').map(({ body }) => body.message)).toEqual(['by Helix']);
});

test('the tokens of senders are validated at start and every hour, and a dead one is renewed', async () => {
  const { side, twitch, accounts, clock } = await world();
  const validated = () => twitch.called('GET /oauth2/validate').map(({ token }) => token);
  accounts.nextToken = 'fresh';
  side.reader.setChannels([room]);
  side.reader.setChannels([room]);
  await vi.waitFor(() => expect(validated()).toEqual(['good']));
  expect(accounts.renewals).toBe(0);

  const own = withScope(account('own_bot', 'own', 'override'));
  await side.sender.send(room, 'hello', own, 2_000);
  twitch.deadTokens.add('own');
  await clock.advance(HOUR_MS);
  await vi.waitFor(() => expect(validated()).toEqual(['good', 'good', 'own']));
  await vi.waitFor(() => expect(accounts.renewals).toBe(1));

  await side.close();
  await clock.advance(HOUR_MS);
  expect(validated()).toHaveLength(3);
});
