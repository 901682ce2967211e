import { expect, test } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import { outboxWorld } from '../../../test/support/outbox-world.ts';
import { platforms } from '../../platforms/all.ts';
import type { QueuedMessage } from '../../platforms/api-side.ts';
import type { PlatformLimits } from '../../platforms/platform.ts';
import { enqueueOnce } from './queue.ts';

const database = await createTestDatabase();
const twitch = platforms.find(({ id }) => id === 'twitch') as (typeof platforms)[number];
const LIMIT: PlatformLimits['message'] = { max: 10, unit: 'codePoint' };

test('a message of our own is queued once per key, cleaned and cut, to the channel of the subscription', async () => {
  const { db, pg, rows, first } = await outboxWorld(database.url);
  const { channelId } = first;
  const message: QueuedMessage = {
    channelId,
    text: 'welcome\n dear friend',
    source: 'greeting',
    dedupKey: 'follow:1:day',
  };
  const queue = () => enqueueOnce(db, twitch, LIMIT, message, new Date());
  expect(await queue()).toBe(false);
  await pg.query('insert into "ChatBotSubscription" ("channelId", "twitchLogin") values ($1, $2)', [
    channelId,
    'northpine',
  ]);
  expect(await queue()).toBe(true);
  expect(await queue()).toBe(false);
  expect(await rows(first)).toMatchObject([{ message: 'welcome…', twitchLogin: 'northpine', source: 'greeting' }]);
});
