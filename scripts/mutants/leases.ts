/** Mutants of leases and their fence: one copy of a worker serves a channel, and only that one writes about it. */
import type { Mutant } from './mutant.ts';

const LEASES = 'src/engine/channels/leases.ts';
const LEASES_TEST = 'src/engine/channels/leases.test.ts';
const ALIVE = 'src/engine/worker/alive.ts';
const INBOX_TEST = 'src/engine/inbox/inbox.test.ts';
const RECORD = 'src/engine/live/record-live.ts';
const RECORD_TEST = 'src/engine/live/record-live.test.ts';
const POLLED = 'src/engine/live/record-polled.ts';
const POLLED_TEST = 'src/engine/live/record-polled.test.ts';
const HEALTH = 'src/engine/worker/channel-health.ts';
const HEALTH_TEST = 'src/engine/worker/channel-health.test.ts';
const POSITIONS = 'src/platforms/youtube/chat/positions.ts';
const POSITIONS_TEST = 'src/platforms/youtube/chat/positions.test.ts';

export const leases: readonly Mutant[] = [
  {
    guarantee: 'What a living copy holds is not taken from it',
    file: LEASES,
    find: ` and "startNumber" not in (select "startNumber" from live))`,
    replace: ')',
    test: LEASES_TEST,
    title: 'one copy serves everything, two share evenly, and what one gives back the other takes',
  },
  {
    guarantee: 'Copies that balance at once never hold the same channel',
    file: LEASES,
    find: `await client.query("select pg_advisory_xact_lock(hashtext('memalerts lease ' || $1))", [provider]);`,
    replace: '',
    test: LEASES_TEST,
    title: 'copies that balance at the same moment never hold the same channel',
  },
  {
    guarantee: 'A worker whose host vanished is dead after 15 s',
    file: ALIVE,
    find: `and not \${isOverdueSql('alive."heartbeatAt"')}`,
    replace: '',
    test: LEASES_TEST,
    title: "a killed copy's channels are free at once, a vanished host's when it has been silent for 15 s",
  },
  {
    guarantee: 'A killed worker is dead at once',
    file: ALIVE,
    find: 'and exists (',
    replace: 'and true or exists (',
    test: LEASES_TEST,
    title: "a killed copy's channels are free at once, a vanished host's when it has been silent for 15 s",
  },
  {
    guarantee: 'A copy that lost its lease writes no answer',
    file: 'src/engine/outbox/statements.ts',
    find: ` and lease."channelId" = r.channel_id and lease."startNumber" = $10`,
    replace: ` and lease."channelId" = r.channel_id`,
    test: 'src/engine/outbox/replies.test.ts',
    title: 'a copy that lost its lease writes no reply',
  },
  {
    guarantee: 'A copy that lost its lease reads nothing from the inbox',
    file: 'src/engine/inbox/inbox-reader.ts',
    find: `lease."startNumber" = $3`,
    replace: '$3::bigint is not null',
    test: INBOX_TEST,
    title: 'a copy that lost its lease reads, marks and answers nothing more',
  },
  {
    guarantee: 'A copy that lost its lease marks nothing in the inbox',
    file: 'src/engine/inbox/marks.ts',
    find: `lease."startNumber" = $3`,
    replace: '$3::bigint is not null',
    test: INBOX_TEST,
    title: 'a copy that lost its lease reads, marks and answers nothing more',
  },
  {
    guarantee: 'A copy that lost its lease records no live event',
    file: RECORD,
    find: 'if (startNumber !== undefined && !(await holdsLease(tx, provider, channelId, startNumber))) return;',
    replace: 'if (startNumber !== undefined) await holdsLease(tx, provider, channelId, startNumber);',
    test: RECORD_TEST,
    title: 'a worker that lost the channel writes nothing',
  },
  {
    guarantee: 'A take-over waits for the live event that is being written',
    file: RECORD,
    find: `and "startNumber" = \${startNumber} for share`,
    replace: `and "startNumber" = \${startNumber}`,
    test: RECORD_TEST,
    title: 'who takes a channel over waits for the fact that its former worker is writing, and sees it',
  },
  {
    guarantee: 'A copy that lost its lease stores no first "not live"',
    file: POLLED,
    find: `\n        and lease."startNumber" = \${startNumber}\n`,
    replace: '\n',
    test: POLLED_TEST,
    title: 'a worker that lost the channel writes nothing',
  },
  {
    guarantee: 'A copy that lost its lease confirms no stream',
    file: POLLED,
    find: ` and lease."channelId" = known."channelId" and lease."startNumber" = \${startNumber}`,
    replace: ` and lease."channelId" = known."channelId"`,
    test: POLLED_TEST,
    title: 'a worker that lost the channel writes nothing',
  },
  {
    guarantee: 'A copy that lost its lease writes no channel state',
    file: HEALTH,
    find: ` and lease."channelId" = s.id and lease."startNumber" = $2`,
    replace: ` and lease."channelId" = s.id`,
    test: HEALTH_TEST,
    title: 'a worker without the lease of a channel writes nothing about it, neither first nor over what is there',
  },
  {
    guarantee: 'A channel state is checked against the lease again when its statement had to wait',
    file: HEALTH,
    find: 'order by s.id for share of lease',
    replace: 'order by s.id',
    test: HEALTH_TEST,
    title: 'a statement that waits while another worker takes the channel does not overwrite what that one wrote',
  },
  {
    guarantee: 'A copy that lost its lease moves no reading position',
    file: POSITIONS,
    find: `and lease."startNumber" = \${startNumber}`,
    replace: '',
    test: POSITIONS_TEST,
    title: 'a copy without the lease of a channel does not set back who reads it',
  },
];
