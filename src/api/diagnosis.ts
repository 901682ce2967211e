/** How answers show what a diagnosis found (docs/contract/http-api.md#findings). */
import { z } from 'zod';
import { headline } from '../engine/diagnosis/diagnose-channel.ts';
import { CHECKS, type Fact } from '../engine/diagnosis/fact.ts';
import { present, wordsOf } from '../engine/diagnosis/present.ts';
import type { ChannelSnapshot, Snapshot } from '../engine/diagnosis/snapshot.ts';
import type { ProviderId } from '../lib/brand.ts';
import { ACTIONS, type CauseCode, type Language, PARTIES, VERDICTS } from '../platforms/causes/cause.ts';
import { causeOf } from '../platforms/causes/reasons.ts';
import { isoTime, providerId } from './fields.ts';
import { effectiveSender } from './senders.ts';

export const languageQuery = z
  .string()
  .max(32)
  .optional()
  .describe('Language of the sentences: `en` or `ru`. `Accept-Language` decides when it is absent.');

const action = z.enum(ACTIONS).describe('What has to be done. A client may offer it as a button.');

export const finding = z.object({
  check: z.enum(CHECKS).describe('What was looked at.'),
  scope: z
    .object({
      provider: z.string().nullable().describe('Id of the platform. Null when the finding is about all of them.'),
      channelId: z.string().nullable(),
      slug: z.string().nullable(),
    })
    .describe('What the finding is about.'),
  verdict: z.enum(VERDICTS).describe('`waiting` heals by itself. `unknown` could not be looked at.'),
  cause: z.string().describe('Code of the cause.'),
  who: z.enum(PARTIES).nullable().describe('Who can mend it. Null when nobody has to.'),
  action,
  url: z.string().optional().describe('Path of this API where the action begins.'),
  command: z.string().optional().describe('Command that an operator types.'),
  text: z.string().describe('What is so and what to do about it, as sentences.'),
  since: isoTime.nullable().describe('Since when that is so, where it is known.'),
  data: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
    .describe('Values of the sentences.'),
});

/** What every answer about a bot says, whether it was asked for or is told as it happens. */
export const botState = z.object({
  provider: providerId,
  enabled: z.boolean().describe('Whether the bot is enabled.'),
  updatedAt: isoTime.nullable().describe('When the bot was last enabled or disabled.'),
  state: z
    .enum(['connecting', 'live', 'idle', 'degraded', 'needs_user_action'])
    .nullable()
    .describe('What the reader said last. Null when no reader has said anything.'),
  reason: z.string().nullable().describe('Reason of the state, as the worker stored it.'),
  isCurrent: z.boolean().describe('False when the worker that gave the state is gone.'),
  cause: z.string().describe('Code of what decides how the bot is. It says `worker_gone` whatever the state was.'),
  since: isoTime.nullable().describe('Since when that is so, where it is known.'),
  action,
  isLive: z.boolean().nullable().describe('Whether the platform says that the channel broadcasts.'),
  liveSince: isoTime.nullable().describe('When the stream began. Null while the channel is not broadcasting.'),
  effectiveSender: effectiveSender
    .nullable()
    .describe('Account that speaks. Null when the database could not be asked for it.'),
  lastLineAt: isoTime.nullable().describe('When the last chat line was read, to about 10 seconds.'),
  lastSentAt: isoTime.nullable().describe('When the last message was sent.'),
  waiting: z
    .object({
      count: z.number().describe('How many messages wait, counted to 100.'),
      oldestAt: isoTime.nullable().describe('When the oldest of them was queued.'),
    })
    .describe('Messages that wait to be sent.'),
});

export type BotState = z.input<typeof botState>;

export function findingAnswer(
  snapshot: Pick<Snapshot, 'platforms'>,
  fact: Fact,
  language: Language,
): z.input<typeof finding> {
  const found = present(snapshot, fact, language);
  return { ...found, scope: { ...found.scope }, since: found.since?.toISOString() ?? null, data: { ...found.data } };
}

/** The bots of one channel, in display order; those of a database that cannot be asked are unknown, with its cause. */
export function botStates(snapshot: Snapshot): readonly BotState[] {
  return snapshot.platforms.map(({ id }) => {
    const channel = snapshot.channels.find(({ provider }) => provider === id);
    return channel === undefined ? unseenBot(id, snapshot.database ?? 'no_channel') : botOf(snapshot, channel);
  });
}

/** @param why nothing is known */
export function unseenBot(provider: ProviderId, why: CauseCode): BotState {
  return {
    provider,
    enabled: false,
    updatedAt: null,
    state: null,
    reason: null,
    isCurrent: false,
    cause: why,
    since: null,
    action: causeOf({}, why).action,
    isLive: null,
    liveSince: null,
    effectiveSender: null,
    lastLineAt: null,
    lastSentAt: null,
    waiting: { count: 0, oldestAt: null },
  };
}

function botOf(snapshot: Snapshot, channel: ChannelSnapshot): BotState {
  const { provider, isEnabled, updatedAt, health, live, messages, sender } = channel;
  const decisive = headline(snapshot, channel);
  const { cause, action } = present(snapshot, decisive, 'en');
  return {
    provider,
    enabled: isEnabled,
    updatedAt: iso(updatedAt),
    state: health?.state ?? null,
    reason: health?.reason ?? null,
    isCurrent: health?.isCurrent ?? false,
    cause,
    // Of a worker that left no heartbeat it is not known since when it is gone.
    since: iso(decisive.since ?? (decisive.check === 'worker' ? null : (health?.since ?? null))),
    action,
    isLive: live?.isLive ?? null,
    liveSince: live?.isLive ? iso(live.since) : null,
    effectiveSender: { ...sender.effective },
    lastLineAt: iso(health?.lastLineAt ?? null),
    lastSentAt: iso(messages.lastSentAt),
    waiting: { count: messages.waiting, oldestAt: iso(messages.oldestAt) },
  };
}

/** A cause in one sentence or two. */
export function sentencesOf(
  platforms: Snapshot['platforms'],
  provider: ProviderId,
  { cause, data }: Pick<Fact, 'cause' | 'data'>,
  language: Language,
): string {
  const scope = { provider, channelId: null, slug: null };
  return wordsOf({ platforms }, { cause, scope, data }, language).filter(Boolean).join(' ');
}

function iso(time: Date | null): string | null {
  return time?.toISOString() ?? null;
}
