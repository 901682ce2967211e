import { expect, test } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { sharedSender } from '../../../test/support/outbox-world.ts';
import type { ChannelId, PlatformChannelId } from '../../lib/brand.ts';
import type { Permit } from '../limits/send-limits.ts';
import { Lanes } from './lanes.ts';
import type { SpeakingChannel } from './row.ts';
import { Turns } from './turns.ts';

const CHANNEL: SpeakingChannel = {
  channelId: 'c1' as ChannelId,
  slug: 'c1',
  target: 'c1' as PlatformChannelId,
  ownerUserId: null,
  stableId: null,
  extra: {},
  overrideAccountId: null,
};
const MAX = 5;

/** Says have taken all the room of the sender, and an answer waits for its turn in one channel. */
function crowded() {
  const clock = new ManualClock();
  let started = 0;
  const lanes = new Lanes(clock, () => {
    started += 1;
  });
  const turns = new Turns({
    lanes,
    clock,
    limits: {
      message: { max: 500, unit: 'utf16' },
      sendWindows: [{ scope: 'sender', max: MAX, periodMs: 30_000, blocks: 'everyone' }],
    },
    limitShare: () => 1,
    sender: { isPrivileged: () => false },
    channels: { held: () => new Map([[CHANNEL.channelId, CHANNEL]]) },
  });
  const elsewhere = { senderKey: sharedSender.key, channelId: 'elsewhere' as ChannelId, isPrivileged: false };
  const permits = Array.from({ length: MAX }, () => turns.limits.take(elsewhere) as Permit);
  for (const permit of permits) permit.notForAnswer();
  const lane = lanes.of(CHANNEL.channelId);
  lane.isAnswerNext = true;
  turns.add(lane, sharedSender);
  expect(turns.take()).toEqual([]);
  return { turns, lanes, permits, started: () => started };
}

test('an answer that waits only because all the room of its sender is taken is woken when some is given back', () => {
  const { permits, started } = crowded();
  permits[0]?.giveBack();
  expect(started()).toBe(1);
});

test('a channel that has lost its sender waits for no room of the former one', () => {
  const { turns, permits, started } = crowded();
  turns.forget(CHANNEL.channelId);
  permits[0]?.giveBack();
  expect(started()).toBe(0);
});
