/** `GET /streamer/events`: what happens in the signed-in streamer's channel, as it happens (docs/design.md#no-redis-no-socketio). */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ChannelId } from '../../lib/brand.ts';
import { BadInput } from '../../lib/errors.ts';
import type { Language } from '../../platforms/causes/cause.ts';
import type { Api, ApiContext } from '../context.ts';
import { answerOf } from '../fields.ts';
import { languageOf } from '../language.ts';
import { reasonText } from '../message-words.ts';
import { type EventStream, type Frame, frame, frameOnce } from '../plugins/event-stream.ts';
import type { ChannelEvent } from './events-feed.ts';
import { presentMessage } from './outbox-history.ts';
import { overlayFrame } from './overlay.ts';

const WHAT_COMES = [
  'The stream sends the current state first, and then every change.',
  '`bots:state` `{ items }`: the state of the chat reader of every platform.',
  '`outbox:message`: a message as `GET /streamer/bot/outbox` shows it, when it is new or its status changed. The stream',
  'begins with the newest 50 messages. It may skip a status that lasted only a moment, but never the final one.',
  '`credits:config` and `credits:state`: the style and the content of the credits overlay.',
  '`heartbeat` `{}`: sent every 15 s. A client that has received no event for 45 s should open a new stream.',
].join(' ');

/** Rights are remembered for up to 10 s more: a person without a login or without rights sees nothing after 15 s. */
const WELCOME_CHECK_MS = 5_000;

export function registerEventRoutes(app: Api, context: ApiContext): void {
  const schema = {
    tags: ['bots'],
    summary: 'Stream the events of the channel',
    description: WHAT_COMES,
    response: { 200: answerOf('text/event-stream', 'Server-sent events until the client closes the connection.') },
  };
  // A question for the head of an answer without end would never be answered.
  app.get('/streamer/events', { exposeHeadRoute: false, schema }, async (request, reply) => {
    const { channelId } = await context.callers.streamer(request);
    const stream = await openEvents(context, channelId, reply, languageOf(request));
    keepOnlyWelcome(context, request, channelId, stream);
  });
}

/** Until everything has been read the answer may still be a refusal, so what is told meanwhile waits. */
async function openEvents(
  context: ApiContext,
  channelId: ChannelId,
  reply: FastifyReply,
  language: Language,
): Promise<EventStream> {
  const { overlay, events, streams } = context;
  const early: Frame[] = [];
  let opened: EventStream | null = null;
  const send = (next: Frame) => (opened ? opened.send(next) : void early.push(next));
  const end = () => opened?.end();
  const leaveEvents = await events.subscribe(channelId, {
    send: (event) => send(frameOf(context, event, language)),
    end,
  });
  const leaveOverlay = await overlay
    .subscribe(channelId, { tokenVersion: null, send: (event) => send(overlayFrame(event)), end })
    .catch((error: unknown) => {
      leaveEvents();
      throw error;
    });
  if (leaveOverlay === null) {
    leaveEvents();
    throw new BadInput('CHANNEL_NOT_FOUND');
  }
  opened = streams.open(reply, channelId);
  for (const waiting of early) opened.send(waiting);
  opened.onClosed(leaveEvents);
  opened.onClosed(leaveOverlay);
  return opened;
}

/** Made once for all pages of a channel that are in one language. */
function frameOf(context: ApiContext, { name, data }: ChannelEvent, language: Language): Frame {
  return frameOnce(data, language, () => {
    if (name === 'bots:state') return frame(name, JSON.stringify({ items: data }));
    const shown = presentMessage(data, { reasonText: reasonText(context, data, language) });
    // Of two messages neither may take the place of the other.
    return frame(name, JSON.stringify(shown), `${name} ${data.provider} ${data.id}`);
  });
}

/** A stream could outlive the login that opened it. */
function keepOnlyWelcome(
  { callers, clock }: ApiContext,
  request: FastifyRequest,
  channelId: ChannelId,
  stream: EventStream,
): void {
  const isRefused = async () => {
    try {
      return (await callers.streamer(request)).channelId !== channelId;
    } catch (error) {
      // A database that is away takes no rights away.
      return error instanceof BadInput;
    }
  };
  const checkLater = () => clock.setTimer(WELCOME_CHECK_MS, () => void check(), { unref: true });
  let timer = checkLater();
  let isClosed = false;
  const check = async () => {
    if (await isRefused()) stream.end();
    else if (!isClosed) timer = checkLater();
  };
  stream.onClosed(() => {
    isClosed = true;
    timer.cancel();
  });
}
