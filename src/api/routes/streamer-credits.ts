/** `/streamer/credits/*`: the roll a streamer sees, and how the overlay behaves (docs/contract/http-api.md#streamer-credits-endpoints). */
import type { FastifyRequest } from 'fastify';
import { sql } from 'kysely';
import { z } from 'zod';
import { issueOverlayToken } from '../../credits/overlay-token.ts';
import type { Db } from '../../db/pool.ts';
import { inTransaction, onceMoreAfterDeadlock } from '../../db/transaction.ts';
import type { ChannelId } from '../../lib/brand.ts';
import { BadInput } from '../../lib/errors.ts';
import { readStyle } from '../../overlay/style.js';
import { recordAudit } from '../audit.ts';
import type { Api, ApiContext } from '../context.ts';
import { shownStyle, styleText } from '../credits-style.ts';
import { okAnswer, providerId } from '../fields.ts';

const MAX_IGNORED = 200;
const MAX_IGNORED_LENGTH = 64;

const styleBody = z.object({
  creditsStyleJson: styleText
    .nullable()
    .describe(
      'Style of the overlay as JSON text, with any keys of `style` in `GET /streamer/credits/token`. Other keys are kept and not shown. Null or empty text restores the default style.',
    ),
});
const creditsStyleJson = z.string().nullable().describe('Style of the overlay as JSON text. Null: the default style.');
const creditsReconnectWindowMinutes = z
  .number()
  .describe('Longest pause of a stream, in minutes, that keeps the credits.');
const styleAnswer = z.object({ ok: z.literal(true), creditsStyleJson });
const tokenAnswer = z.object({ token: z.string().describe('Token of the overlay: the last part of its address.') });
const overlayAnswer = tokenAnswer.extend({
  url: z.string().describe('Address of the overlay, for a browser source in OBS. Whoever knows it sees the credits.'),
  creditsStyleJson,
  style: shownStyle,
});
const windowAnswer = z.object({ creditsReconnectWindowMinutes });
const ignoredAnswer = z.object({
  creditsIgnoredChatters: z.array(z.string()).describe('Names of the chatters that the credits leave out.'),
});
const person = z.object({ name: z.string(), avatarUrl: z.string().nullable() });
const stateAnswer = z.object({
  channelSlug: z.string().describe('Slug of the channel.'),
  creditsReconnectWindowMinutes,
  chatters: z
    .array(
      person.extend({ provider: providerId.nullable().describe('Platform of the chatter. Null: not known any more.') }),
    )
    .describe('Everybody who wrote in the chat, in the order of the first line.'),
  donors: z.array(person.extend({ amount: z.number(), currency: z.string() })).describe('Everybody who donated.'),
});

interface StreamerCreditsRules {
  readonly jwtSecret: string;
  readonly styleBytes: number;
  /** Null: an installation without a public host is where it is asked. */
  readonly overlayBaseUrl: string | null;
}

export function registerStreamerCreditsRoutes(
  app: Api,
  { db, callers, roll }: ApiContext,
  { jwtSecret, styleBytes, overlayBaseUrl }: StreamerCreditsRules,
): void {
  const base = '/streamer/credits';
  const tags = ['credits'];
  const issue = (channel: ChannelSettings) =>
    issueOverlayToken(
      { channelId: channel.id, channelSlug: channel.slug.toLowerCase(), version: channel.creditsTokenVersion },
      jwtSecret,
    );

  app.get(
    `${base}/token`,
    {
      schema: {
        tags,
        summary: 'Get the address and the style of the credits overlay',
        response: { 200: overlayAnswer },
      },
    },
    async (request) => {
      const channel = await readChannel(db, (await callers.streamer(request)).channelId);
      const { creditsStyleJson } = channel;
      const token = await issue(channel);
      const url = `${overlayBaseUrl ?? ownBaseUrl(request)}/overlay/credits/t/${token}`;
      return { token, url, creditsStyleJson, style: { ...readStyle(creditsStyleJson) } };
    },
  );

  app.post(
    `${base}/token/rotate`,
    {
      schema: {
        tags,
        summary: 'Replace the overlay token',
        description: 'The former address of the overlay stops working.',
        response: { 200: tokenAnswer },
      },
    },
    async (request) => {
      const streamer = await callers.streamer(request);
      const { channelId } = streamer;
      await inTransaction(db, async (tx) => {
        await sql`update "Channel" set "creditsTokenVersion" = "creditsTokenVersion" + 1 where id = ${channelId}`.execute(
          tx,
        );
        await recordAudit(tx, streamer, 'streamer.credits.token.rotate', {});
      });
      await roll.announce(channelId);
      return { token: await issue(await readChannel(db, channelId)) };
    },
  );

  app.get(
    `${base}/state`,
    { schema: { tags, summary: 'List the chatters and donors in the credits', response: { 200: stateAnswer } } },
    async (request) => {
      const channel = await readChannel(db, (await callers.streamer(request)).channelId);
      const { chatters, donors } = await roll.read(channel.id);
      const { slug, creditsReconnectWindowMinutes } = channel;
      return { channelSlug: slug, creditsReconnectWindowMinutes, chatters: [...chatters], donors: [...donors] };
    },
  );

  app.post(
    `${base}/reset`,
    { schema: { tags, summary: 'Clear the credits', response: { 200: okAnswer } } },
    async (request) => {
      const channel = await readChannel(db, (await callers.streamer(request)).channelId);
      await onceMoreAfterDeadlock(() => roll.reset(channel.id));
      return { ok: true as const };
    },
  );

  app.post(
    `${base}/settings`,
    {
      bodyLimit: styleBytes,
      schema: {
        tags,
        summary: 'Set the style of the credits overlay',
        body: styleBody,
        response: { 200: styleAnswer },
      },
    },
    async (request) => {
      const creditsStyleJson = request.body.creditsStyleJson || null;
      const { channelId } = await callers.streamer(request);
      await updateChannel(db, channelId, { creditsStyleJson });
      await roll.announce(channelId);
      return { ok: true as const, creditsStyleJson };
    },
  );

  app.get(
    `${base}/reconnect-window`,
    {
      schema: {
        tags,
        summary: 'Get how long a stream may pause before new credits begin',
        response: { 200: windowAnswer },
      },
    },
    async (request) => {
      const { creditsReconnectWindowMinutes } = await readChannel(db, (await callers.streamer(request)).channelId);
      return { creditsReconnectWindowMinutes };
    },
  );

  app.post(
    `${base}/reconnect-window`,
    {
      schema: {
        tags,
        summary: 'Set how long a stream may pause before new credits begin',
        body: z.object({
          minutes: z.number().describe('Minutes, rounded down and limited to 1 to 1440.'),
        }),
        response: { 200: windowAnswer },
      },
    },
    async (request) => {
      const creditsReconnectWindowMinutes = Math.min(Math.max(Math.floor(request.body.minutes), 1), 1440);
      await updateChannel(db, (await callers.streamer(request)).channelId, { creditsReconnectWindowMinutes });
      return { creditsReconnectWindowMinutes };
    },
  );

  app.get(
    `${base}/ignored-chatters`,
    { schema: { tags, summary: 'List the chatters that the credits leave out', response: { 200: ignoredAnswer } } },
    async (request) => {
      const channel = await readChannel(db, (await callers.streamer(request)).channelId);
      return { creditsIgnoredChatters: namesOf(channel.creditsIgnoredChattersJson) };
    },
  );

  app.post(
    `${base}/ignored-chatters`,
    {
      schema: {
        tags,
        summary: 'Replace the list of chatters that the credits leave out',
        body: z.object({
          creditsIgnoredChatters: z
            .array(z.string())
            .describe(`Names of chatters; case is ignored. Only the first ${MAX_IGNORED} different names are kept.`),
        }),
        response: { 200: ignoredAnswer },
      },
    },
    async (request) => {
      const { channelId } = await callers.streamer(request);
      const names = keptNames(request.body.creditsIgnoredChatters);
      await updateChannel(db, channelId, { creditsIgnoredChattersJson: JSON.stringify(names) });
      // Other copies forget at the hint of the database; this copy need not wait for it.
      roll.forgetRules(channelId);
      return { creditsIgnoredChatters: names };
    },
  );
}

function ownBaseUrl({ protocol, host }: FastifyRequest): string {
  return `${protocol}://${host}`;
}

type ChannelSettings = Awaited<ReturnType<typeof readChannel>>;

async function readChannel(db: Db, channelId: ChannelId) {
  const row = await db
    .selectFrom('Channel')
    .select([
      'slug',
      'creditsStyleJson',
      'creditsTokenVersion',
      'creditsReconnectWindowMinutes',
      'creditsIgnoredChattersJson',
    ])
    .where('id', '=', channelId)
    .executeTakeFirst();
  if (row === undefined) throw new BadInput('CHANNEL_NOT_FOUND');
  return { id: channelId, ...row };
}

async function updateChannel(
  db: Db,
  channelId: ChannelId,
  columns: Readonly<Record<string, string | number | null>>,
): Promise<void> {
  const result = await db.updateTable('Channel').set(columns).where('id', '=', channelId).executeTakeFirst();
  if (result.numUpdatedRows === 0n) throw new BadInput('CHANNEL_NOT_FOUND');
}

function namesOf(stored: unknown): string[] {
  return Array.isArray(stored) ? stored.filter((name) => typeof name === 'string') : [];
}

/** Blank, overlong and repeated names are dropped (case does not make a difference), then the first 200 are kept. */
function keptNames(given: readonly string[]): string[] {
  const kept = new Map<string, string>();
  for (const name of given.map((entry) => entry.trim())) {
    const key = name.toLowerCase();
    if (name !== '' && name.length <= MAX_IGNORED_LENGTH && !kept.has(key)) kept.set(key, name);
  }
  return [...kept.values()].slice(0, MAX_IGNORED);
}
