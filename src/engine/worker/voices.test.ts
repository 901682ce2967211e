import pg from 'pg';
import { expect, test } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import type { ChannelId, ExternalAccountId, PlatformChannelId, PlatformUserId, ProviderId } from '../../lib/brand.ts';
import type { NoCredential, SenderCredential } from '../../platforms/account-side.ts';
import type { ReaderState } from '../../platforms/worker-side.ts';
import type { SpeakingChannel } from '../outbox/row.ts';
import { ChannelHealth } from './channel-health.ts';
import { Voices } from './voices.ts';

const channel: SpeakingChannel = {
  channelId: 'c1' as ChannelId,
  slug: 'northpine',
  target: '42' as PlatformChannelId,
  ownerUserId: null,
  stableId: null,
  extra: {},
  overrideAccountId: null,
};

/** Health that is never written: no worker is registered. */
function world() {
  const provider = 'somewhere' as ProviderId;
  const health = new ChannelHealth({ pg: new pg.Pool(), provider, clock: new ManualClock(), startNumber: () => null });
  const accounts: { sender: SenderCredential | NoCredential } = { sender: 'none' };
  const clock = new ManualClock();
  const sendable: string[] = [];
  const voices = new Voices({
    credentials: { senderFor: async () => accounts.sender, renewed: async () => 'none' },
    health,
    held: () => new Map([[channel.channelId, channel]]),
    platform: { noSenderReason: 'no_bot' },
    clock,
    sendable: (channelId) => void sendable.push(channelId),
  });
  const kinds = () => [...health.counts().keys()];
  const reads = (kind: ReaderState['kind']) => health.state(channel.channelId, { kind, reason: null });
  return { health, voices, accounts, kinds, reads, clock, sendable };
}

const bot: SenderCredential = {
  kind: 'default',
  key: 'a1',
  accountId: 'a1' as ExternalAccountId,
  platformUserId: '7' as PlatformUserId,
  login: 'bot',
  accessToken: 'good',
  scopes: new Set(),
};

test('a channel that is read but has nobody to speak asks for somebody, until an account is linked', async () => {
  const { voices, accounts, kinds, reads } = world();
  reads('live');
  expect(kinds()).toEqual(['live']);
  expect(await voices.senderFor(channel)).toBeNull();
  expect(kinds()).toEqual(['needs_user_action']);

  accounts.sender = bot;
  voices.lookAgain();
  await expect.poll(kinds).toEqual(['live']);
});

test('trouble with reading is told before the lack of a voice', async () => {
  const { voices, health, kinds, reads } = world();
  reads('degraded');
  await voices.senderFor(channel);
  expect(kinds()).toEqual(['degraded']);
  reads('idle');
  expect(kinds()).toEqual(['needs_user_action']);
  expect(health.deafMs).toBe(0);
});

test('a sender without a token for the moment is degraded, needs nobody, and can be sent with again by itself', async () => {
  const { voices, accounts, health, kinds, reads, clock, sendable } = world();
  accounts.sender = 'unavailable';
  reads('live');
  expect(await voices.senderFor(channel)).toBeNull();
  expect(kinds()).toEqual(['degraded']);
  await clock.advance(60_000);
  expect(kinds()).toEqual(['degraded']);
  expect(sendable).toEqual([]);

  accounts.sender = bot;
  await clock.advance(2000);
  await expect.poll(kinds).toEqual(['live']);
  expect(sendable).toEqual([channel.channelId]);
  expect(health.muteChannels).toEqual([]);
});
