import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ManualClock } from '../../../../test/support/manual-clock.ts';
import { channelOf } from '../../../../test/support/trovo-world.ts';
import type { ChatMessage } from '../../worker-side.ts';
import { frame } from './frames.external.ts';
import { History } from './history.ts';
import { type LinesDeps, readFrame } from './lines.ts';
import { Oddities } from './oddities.ts';

const MEMBERS = ['type', 'content', 'message_id', 'uid', 'sender_id', 'user_name', 'nick_name', 'avatar', 'roles'];

/** Members of the right names with values of any kind. */
const item = fc.dictionary(fc.constantFrom(...MEMBERS, 'custom_role', 'send_time', 'content_data'), fc.jsonValue());
/** Members whose values are mostly of the kinds that Trovo sends. */
const likely = fc
  .record({
    members: item,
    type: fc.constantFrom(0, 5, 6, 5012, 9999, '0'),
    uid: fc.oneof(fc.nat(), fc.string(), fc.jsonValue()),
    content: fc.oneof(fc.string(), fc.constantFrom('stream_on', 'stream_off'), fc.jsonValue()),
    send_time: fc.oneof(fc.double(), fc.nat(), fc.jsonValue()),
  })
  .map(({ members, ...usual }) => ({ ...members, ...usual }));
const chat = fc.record(
  {
    type: fc.constant('CHAT'),
    channel_info: fc.oneof(fc.jsonValue(), fc.record({ channel_id: fc.oneof(fc.constant('42'), fc.jsonValue()) })),
    data: fc.oneof(
      fc.jsonValue(),
      fc.record({ eid: fc.jsonValue(), chats: fc.array(fc.oneof(likely, item, fc.jsonValue())) }),
    ),
  },
  { requiredKeys: ['type'] },
);

test('no frame of the chat, whatever is in it, ends in an exception or in a line without author and words', () => {
  const lines: ChatMessage[] = [];
  const clock = new ManualClock();
  const deps: LinesDeps = {
    clock,
    events: {
      message: (message) => lines.push(message),
      live: (_channelId, { at }) => expect(at.getTime()).not.toBeNaN(),
    },
    isOwnAccount: (id) => id === 'us',
    oddities: new Oddities({ warn: () => {} }),
    standing: () => {},
  };
  const history = new History(clock);
  history.accepted();
  fc.assert(
    fc.property(fc.oneof(chat, fc.jsonValue()), (json) => {
      const parsed = frame.safeParse(json);
      if (parsed.success && parsed.data.type === 'CHAT') readFrame(deps, channelOf('c', '42'), history, parsed.data);
    }),
    { numRuns: 1_000 },
  );
  expect(lines.length).toBeGreaterThan(50);
  for (const { author, text, sentAtMs } of lines) {
    expect(author.platformUserId).not.toBe('');
    expect(author.displayName).not.toBe('');
    expect(text.trim()).not.toBe('');
    expect(sentAtMs).not.toBeNaN();
  }
});
