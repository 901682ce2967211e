import { expect, test } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { silentLog } from '../../../test/support/silent-log.ts';
import { CHOSEN_PAIRS, seededPairs } from '../../../test/support/trigger-pairs.ts';
import type { ChannelId, PlatformChannelId, PlatformMessageId, PlatformUserId, ProviderId } from '../../lib/brand.ts';
import type { ChatMessage } from '../../platforms/worker-side.ts';
import type { Command } from '../commands/command-book.ts';
import { comparable } from '../commands/matching.ts';
import type { Receipt } from '../inbox/receipt.ts';
import type { Reply } from '../outbox/replies.ts';
import type { SpeakingChannel } from '../outbox/row.ts';
import { Pipeline } from './pipeline.ts';

const provider = 'anywhere' as ProviderId;
const channelId = 'c1' as ChannelId;
const channel: SpeakingChannel = {
  channelId,
  slug: 'northpine',
  target: 'northpine' as PlatformChannelId,
  ownerUserId: null,
  stableId: null,
  extra: {},
  overrideAccountId: null,
};
const command: Command = {
  id: 'hi',
  response: 'hello',
  onlyWhenLive: false,
  allowedRoles: [],
  allowedUsers: [],
  vkvideoAllowedRoleIds: [],
};

function pipelineWorld(more: readonly (readonly [string, Command])[] = []) {
  const clock = new ManualClock();
  const replies: Reply[] = [];
  const roles = Promise.withResolvers<ReadonlySet<string>>();
  const timed: number[] = [];
  let credited = 0;
  const echoes: ChatMessage[] = [];
  const names = new Set(['HelperBot', 'Помощник Чата']);
  const pipeline = new Pipeline({
    channels: { held: () => new Map([[channelId, channel]]) },
    commands: {
      of: () => ({
        byTrigger: new Map([
          ...more,
          ['!hi', command],
          ['!hi lul', { ...command, response: 'hello with LUL' }],
          ['!rank', { ...command, response: 'your rank', vkvideoAllowedRoleIds: ['7'] }],
        ]),
        duration: null,
      }),
    },
    live: { of: () => null },
    credit: () => {
      credited += 1;
    },
    outbox: { reply: (reply) => void replies.push(reply), echo: (message) => void echoes.push(message) },
    ownNames: () => names,
    roleResolver: { roleIds: () => roles.promise },
    clockWatch: { line: (sentAtMs) => void timed.push(clock.now().getTime() - sentAtMs) },
    clock,
    log: silentLog(),
    logPrefix: 'test.',
    maxAgeMs: 60_000,
    busyShare: () => 1,
  });
  const line = (text: string, agoMs = 0, messageId = 'm1'): ChatMessage => ({
    provider,
    channelId,
    messageId: messageId as PlatformMessageId,
    author: {
      platformUserId: 'u1' as PlatformUserId,
      login: 'mira',
      displayName: 'Mira',
      avatarUrl: null,
      roles: new Set(),
    },
    text,
    sentAtMs: clock.now().getTime() - agoMs,
    isBacklog: false,
    isOwn: false,
  });
  return { pipeline, clock, replies, roles, line, timed, credited: () => credited, echoes };
}

const receipt: Receipt = { seq: 1, done: () => {} };

test('a line that comes twice is answered once; one read from the inbox again is, where its record decides', () => {
  const { pipeline, replies, line } = pipelineWorld();
  pipeline.message(line('!hi'));
  pipeline.message(line('!hi'));
  expect(replies).toHaveLength(1);
  expect(pipeline.stats().duplicates).toBe(1);
  pipeline.message(line('!hi', 0, 'm2'), receipt);
  // The lease was another's when the answer was to be written, so nothing was; now it is ours again.
  pipeline.message(line('!hi', 0, 'm2'), receipt);
  expect(replies.slice(1).map(({ messageId, receipt: given }) => [messageId, given])).toEqual([
    ['m2', receipt],
    ['m2', receipt],
  ]);
});

test('a line of our own goes to delivery, and is neither answered nor credited', () => {
  const { pipeline, replies, line, credited, echoes } = pipelineWorld();
  pipeline.message({ ...line('!hi'), isOwn: true });
  expect([echoes.length, replies.length, credited()]).toEqual([1, 0, 0]);
});

test('a line of the backlog is credited and never answered', () => {
  const { pipeline, replies, line, credited } = pipelineWorld();
  pipeline.message({ ...line('!hi'), isBacklog: true });
  expect([replies.length, credited()]).toEqual([0, 1]);
});

test('a line without any text, as of stickers alone, is credited and triggers nothing; one without an author is nobody’s', () => {
  const { pipeline, replies, line, credited } = pipelineWorld();
  pipeline.message(line(''));
  expect([replies.length, credited()]).toEqual([0, 1]);
  const nobody = { ...line('').author, displayName: '' };
  pipeline.message({ ...line('!hi'), author: nobody });
  expect([replies.length, credited()]).toEqual([0, 1]);
});

test('answers leave in the order of their lines: a command that waits for nothing does not overtake one that looks up roles', async () => {
  const { pipeline, replies, roles, line } = pipelineWorld();
  pipeline.message(line('!rank', 0, 'm1'));
  pipeline.message(line('!hi', 0, 'm2'));
  await new Promise((resolve) => setImmediate(resolve));
  expect(replies).toEqual([]);
  roles.resolve(new Set(['7']));
  await expect.poll(() => replies.map(({ text }) => text)).toEqual(['your rank', 'hello']);
  // Once nothing is waited for, a line is answered at once.
  pipeline.message(line('!hi', 0, 'm3'));
  expect(replies).toHaveLength(3);
});

test('lines that waited in the inbox are credited however busy the worker is', async () => {
  const { pipeline, clock, line, credited } = pipelineWorld();
  for (let index = 0; index < 60; index += 1) {
    pipeline.message(line('hello', index < 20 ? 50 : 3_600_000, `m${index}`), receipt);
    await clock.advance(50);
  }
  expect(credited()).toBe(60);
  expect(pipeline.stats().shed).toBe(0);
});

test('what is fetched after a gap is no sign of being behind, and is credited however far behind the worker is', async () => {
  const { pipeline, clock, line, credited } = pipelineWorld();
  const late = (marks: Partial<ChatMessage>) => ({ ...line('hello', 20_000), ...marks });
  pipeline.message(line('hello', 50));
  for (let index = 0; index < 40; index += 1) {
    pipeline.message(late(index % 2 === 0 ? { isBacklog: true } : { isFetched: true }));
    await clock.advance(50);
  }
  expect([credited(), pipeline.stats().shed]).toEqual([41, 0]);
  pipeline.message(line('hello', 50));
  for (let index = 0; index < 40; index += 1) {
    pipeline.message(line('hello', 5000));
    await clock.advance(50);
  }
  const { shed } = pipeline.stats();
  expect(shed).toBeGreaterThan(0);
  const before = credited();
  pipeline.message(late({ isBacklog: true }));
  pipeline.message(late({ isFetched: true }));
  pipeline.message(line('hello', 20_000), receipt);
  expect([credited() - before, pipeline.stats().shed]).toEqual([3, shed]);
});

test('a line that comes again while it would still be answered is not, and none is remembered longer', async () => {
  const { pipeline, clock, replies, line } = pipelineWorld();
  const first = line('!hi');
  pipeline.message(first);
  await clock.advance(60_000);
  pipeline.message(first);
  expect([replies.length, pipeline.stats().duplicates]).toEqual([1, 1]);
  // A platform whose clock is a minute ahead: its line is young for two minutes.
  const ahead = line('!hi', -60_000, 'm2');
  pipeline.message(ahead);
  await clock.advance(120_000);
  pipeline.message(ahead);
  expect([replies.length, pipeline.stats().duplicates]).toEqual([2, 2]);
  await clock.advance(240_000);
  pipeline.message(line('!hi'));
  expect([replies.length, pipeline.stats().duplicates]).toEqual([3, 2]);
});

test('only lines that came as they were written tell how late lines are', () => {
  const { pipeline, line, timed } = pipelineWorld();
  pipeline.message(line('hello', 1));
  pipeline.message({ ...line('hello', 2), isBacklog: true });
  pipeline.message({ ...line('hello', 3), isFetched: true });
  pipeline.message(line('hello', 4), receipt);
  pipeline.message({ ...line('hello', 5), isOwn: true });
  pipeline.message(line('!hi', 6));
  expect(timed).toEqual([1, 6]);
});

test('the whole line decides; only one that is no command is read without emotes at its ends and a mention in front', () => {
  const { pipeline, replies, line } = pipelineWorld();
  const say = (text: string, marks: Partial<ChatMessage> = {}) => {
    pipeline.message({ ...line(text, 0, `m${text}`), ...marks });
    return replies.splice(0).map(({ text: answer }) => answer);
  };
  const emotes = [{ start: 4, end: 9 }];
  expect(say('!hi Kappa', { emotes })).toEqual(['hello']);
  expect(say('!hi Kappa')).toEqual([]);
  expect(say('!hi LUL', { emotes: [{ start: 4, end: 7 }] })).toEqual(['hello with LUL']);
  expect(say('!h Kappa i', { emotes: [{ start: 3, end: 8 }] })).toEqual([]);
  expect(say('@helperbot, !HI')).toEqual(['hello']);
  expect(say('@Помощник чата !hi')).toEqual(['hello']);
  expect(say('@otto !hi')).toEqual([]);
  expect(say('@former_name !hi', { addressedEnd: 12 })).toEqual(['hello']);
});

test('the name under which our own lines come back is ours', () => {
  const { pipeline, replies, line } = pipelineWorld();
  pipeline.message(line('@bot-handle !hi', 0, 'm1'));
  expect(replies).toEqual([]);
  const own = line('hello', 0, 'm2');
  pipeline.message({ ...own, author: { ...own.author, displayName: '@Bot-Handle' }, isOwn: true });
  pipeline.message(line('@bot-handle !hi', 0, 'm3'));
  expect(replies).toHaveLength(1);
});

test('a saved trigger is answered in the spellings in which it could not be saved again, and in no other: 300 pairs', () => {
  for (const { saved, typed, isSame } of [...CHOSEN_PAIRS, ...seededPairs(300 - CHOSEN_PAIRS.length)]) {
    const { pipeline, replies, line } = pipelineWorld([[comparable(saved), command]]);
    pipeline.message(line(typed));
    expect([saved, typed, replies.length]).toEqual([saved, typed, isSame ? 1 : 0]);
  }
});
