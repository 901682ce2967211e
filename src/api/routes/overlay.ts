/** The public credits overlay: its page and its events (docs/contract/http-api.md#overlay-page, docs/design.md#no-redis-no-socketio). */
import { randomBytes } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { OverlayEvent } from '../../credits/overlay-feed.ts';
import { readOverlayToken } from '../../credits/overlay-token.ts';
import type { ChannelId } from '../../lib/brand.ts';
import { BadInput } from '../../lib/errors.ts';
import type { Api, ApiContext } from '../context.ts';
import { answerOf } from '../fields.ts';
import { overlayFiles, overlayPage, overlayPolicy } from '../overlay-page.ts';
import { type EventStream, type Frame, frame, frameOnce } from '../plugins/event-stream.ts';

export interface OverlayRules {
  readonly jwtSecret: string;
  readonly frameAncestors: readonly string[];
}

const token = z
  .string()
  .regex(/^[A-Za-z0-9._-]+$/, 'must be an overlay token')
  .describe('Token of the overlay address, from `GET /streamer/credits/token`.');
const NEVER_STORED = {
  'Cache-Control': 'no-store, no-cache, must-revalidate, proxy-revalidate',
  Pragma: 'no-cache',
  Expires: '0',
};

export function registerOverlayRoutes(
  app: Api,
  { overlay, streams, platforms }: ApiContext,
  rules: OverlayRules,
): void {
  const tags = ['credits'];
  const titles = Object.fromEntries(platforms.map(({ description: { id, title } }) => [id, title]));
  const params = z.object({ token });

  const page = {
    tags,
    summary: 'Show the credits page for OBS',
    params,
    response: {
      200: answerOf(
        'text/html',
        'The page of the overlay. It is sent for every token. Only the event stream checks whether the token is valid.',
      ),
    },
  };
  app.get('/overlay/credits/t/:token', { schema: page }, async (_request, reply) => {
    const nonce = randomBytes(16).toString('base64');
    return reply
      .headers({ ...NEVER_STORED, 'Content-Security-Policy': overlayPolicy(nonce, rules.frameAncestors) })
      .removeHeader('X-Frame-Options')
      .type('text/html; charset=utf-8')
      .send(overlayPage(nonce, titles));
  });

  const file = { hide: true, params: z.object({ file: z.string() }) };
  app.get('/overlay/credits/files/:file', { schema: file }, async (request, reply) => {
    const found = overlayFiles.get(request.params.file);
    if (found === undefined) throw new BadInput('NOT_FOUND');
    return reply.headers(NEVER_STORED).type(found.type).send(found.text);
  });

  const summary = 'Stream the events of the credits overlay';
  const description =
    'The stream sends `credits:config` (the style) and `credits:state` (the content) first, and again after every change. `heartbeat` comes every 15 s.';
  const response = {
    200: answerOf('text/event-stream', 'Server-sent events until the client closes the connection.'),
  };
  // A question for the head of an answer without end would never be answered.
  const exposeHeadRoute = false;
  app.get(
    '/overlay/credits/t/:token/events',
    { exposeHeadRoute, schema: { tags, summary, description, params, response } },
    async (request, reply) => {
      const claims = await readOverlayToken(request.params.token, rules.jwtSecret);
      if (claims === null) throw new BadInput('FORBIDDEN', 'The overlay token is not valid');
      await stream({ overlay, streams }, reply, claims.channelId, claims.version);
    },
  );
}

/** Events that come before the answer has begun wait: until `subscribe` agrees, the answer may still be a refusal. */
async function stream(
  { overlay, streams }: Pick<ApiContext, 'overlay' | 'streams'>,
  reply: FastifyReply,
  channelId: ChannelId,
  tokenVersion: number,
): Promise<void> {
  let opened: EventStream | null = null;
  const open = () => {
    opened ??= streams.open(reply, channelId);
    return opened;
  };
  const leave = await overlay.subscribe(channelId, {
    tokenVersion,
    send: (event) => open().send(overlayFrame(event)),
    end: () => open().end(),
  });
  if (leave === null) throw new BadInput('FORBIDDEN', 'The overlay token was replaced by a newer one');
  open().onClosed(leave);
}

/** The same event is told to every page of its channel. */
export function overlayFrame(event: OverlayEvent): Frame {
  return frameOnce(event, event.name, () => frame(event.name, event.json));
}
