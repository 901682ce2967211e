/** Messages of the outbox in words: why the last try failed, and what one that waits is waiting for. */
import { z } from 'zod';
import { messageMeaning, waitingFor } from '../engine/diagnosis/diagnose-channel.ts';
import type { Snapshot } from '../engine/diagnosis/snapshot.ts';
import type { HistoryRow } from '../engine/outbox/history.ts';
import type { ChannelId } from '../lib/brand.ts';
import type { Language } from '../platforms/causes/cause.ts';
import type { ApiContext } from './context.ts';
import { sentencesOf } from './diagnosis.ts';
import { isoTime } from './fields.ts';

export const wordsOfMessage = {
  reasonText: z.string().nullable().describe('`lastError` in words, and what to do about it.'),
  waitingFor: z
    .object({
      cause: z.string().describe('Code of the cause.'),
      text: z.string().describe('The cause in words, and what to do about it.'),
      until: isoTime.nullable().describe('When the message is tried again, where that is known.'),
    })
    .nullable()
    .optional()
    .describe('What a pending message waits for. Null for every other message, and absent in the event stream.'),
};

type Worded = Pick<HistoryRow, 'provider' | 'status' | 'lastError' | 'nextAttemptAt'>;

export interface MessageWords {
  readonly reasonText: string | null;
  readonly waitingFor?: { cause: string; text: string; until: string | null } | null;
}

/** Asks the database only when one of the messages waits. */
export async function messageWords(
  context: Pick<ApiContext, 'platforms' | 'snapshot'>,
  channelId: ChannelId,
  rows: readonly Worded[],
  language: Language,
): Promise<(row: Worded) => MessageWords> {
  const isAnyWaiting = rows.some(({ status }) => status === 'pending');
  const snapshot = isAnyWaiting ? await context.snapshot([channelId]) : null;
  return (row) => ({ reasonText: reasonText(context, row, language), waitingFor: waiting(snapshot, row, language) });
}

/** What the last try came to, in words. */
export function reasonText(
  { platforms }: Pick<ApiContext, 'platforms'>,
  { provider, lastError }: Pick<Worded, 'provider' | 'lastError'>,
  language: Language,
): string | null {
  if (lastError === null) return null;
  const known = platforms.map(({ description: { id, title, causes } }) => ({ id, title, causes }));
  const { cause, detail } = messageMeaning({ platforms: known }, { provider }, lastError);
  return sentencesOf(known, provider, { cause, data: detail === null ? {} : { detail } }, language);
}

function waiting(
  snapshot: Snapshot | null,
  row: Worded,
  language: Language,
): NonNullable<MessageWords['waitingFor']> | null {
  if (snapshot === null || row.status !== 'pending') return null;
  const channel = snapshot.channels.find(({ provider }) => provider === row.provider);
  if (channel === undefined) {
    const cause = snapshot.database ?? 'no_channel';
    return { cause, text: sentencesOf(snapshot.platforms, row.provider, { cause, data: {} }, language), until: null };
  }
  const { cause, until, data } = waitingFor(snapshot, channel, row.lastError, row.nextAttemptAt);
  const text = sentencesOf(snapshot.platforms, row.provider, { cause, data }, language);
  return { cause, text, until: until?.toISOString() ?? null };
}
