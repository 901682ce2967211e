/** What became of a message: its row in the outbox, and the message the platform took over. */
import type { AcceptedMessage } from '../simulators/world/messages.ts';
import type { Room } from './stage.ts';
import { until } from './until.ts';

/** How the row is found: by its own id, by what it answers, or by what the platform calls it. A `%` stands for anything. */
export interface RowKey {
  readonly column: 'id' | 'dedupKey' | 'platformMessageId';
  readonly value: string;
}

export interface Fate {
  /** As the API tells it, or `none` while there is no row. */
  readonly status: string;
  readonly lastError: string | null;
  /** The very message the row's platform id names. */
  readonly message: AcceptedMessage | null;
  /** From the chat line to its answer, both as Twitch took them over; null for what answers no line. */
  readonly latencyMs: number | null;
}

interface Row {
  readonly id: string;
  readonly dedupKey: string | null;
  readonly message: string;
  readonly status: string;
  readonly platformMessageId: string | null;
}

const ANSWER_SECONDS = 10;
const HEAR_SECONDS = 5;

/** Waits until the message is sent or failed, and asks the API about it as a panel would. */
export async function fateOf(room: Room, key: RowKey): Promise<Fate> {
  const row = await until(ANSWER_SECONDS, async () => {
    const found = await findRow(room, key);
    return found !== null && ['sent', 'failed'].includes(found.status) ? found : null;
  });
  const latest = row ?? (await findRow(room, key));
  if (latest === null) return { status: 'none', lastError: null, message: null, latencyMs: null };
  const told = await room.stage.api.get(`/streamer/bot/outbox/${room.platform.id}/${latest.id}`);
  const { status, lastError } = told as Pick<Fate, 'status' | 'lastError'>;
  const message = status === 'sent' ? await hearAnswer(room, latest) : null;
  const line = await hear(room, lineOf(latest));
  const latencyMs = message === null || line === null ? null : message.arrivedAtMs - line.arrivedAtMs;
  return { status, lastError, message, latencyMs };
}

/** For lines that must not be answered. Ask after a later line of the channel was answered: they are taken in order. */
export async function wasAnswered(room: Room, lineId: string): Promise<boolean> {
  return (await findRow(room, answerTo(lineId))) !== null;
}

export function answerTo(lineId: string): RowKey {
  return { column: 'dedupKey', value: `chat:${lineId}` };
}

function lineOf({ dedupKey }: Row): string | null {
  return dedupKey?.startsWith('chat:') ? dedupKey.slice('chat:'.length) : null;
}

/** Where the platform does not tell the sender what it calls the message, it is the last one with these words. */
function hearAnswer(room: Room, { platformMessageId, message }: Row): Promise<AcceptedMessage | null> {
  if (platformMessageId !== null) return hear(room, platformMessageId);
  const from = room.chat.messages.findLastIndex(({ transport }) => transport === 'script');
  return room.chat.hear(
    Math.max(0, from),
    ({ transport, text }) => transport !== 'script' && text === message,
    HEAR_SECONDS,
  );
}

async function hear({ chat }: Room, messageId: string | null): Promise<AcceptedMessage | null> {
  return messageId === null ? null : chat.hear(0, ({ id }) => id === messageId, HEAR_SECONDS);
}

async function findRow({ stage, platform }: Room, { column, value }: RowKey): Promise<Row | null> {
  const { rows } = await stage.stack.pool.pg.query<Row>(
    `select id, status, message, "dedupKey", "platformMessageId" from "${platform.tables.outbox}"
     where "channelId" = $1 and "${column}" like $2`,
    [stage.channelId, value],
  );
  return rows[0] ?? null;
}
