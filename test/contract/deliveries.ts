/** Deliveries as Twitch and Kick sign them; every part can be made wrong. */
import { createHmac, randomUUID, sign } from 'node:crypto';
import { EVENTSUB_SECRET } from '../support/api-world.ts';
import type { Ask } from './call.ts';
import { kickKeys } from './stage.ts';

interface Wrong {
  readonly id?: string;
  readonly timestamp?: string;
  /** What the signature is made over, when it is not the body sent. */
  readonly signed?: string;
  /** Null: the header is left out. */
  readonly headers?: Readonly<Record<string, string | null>>;
}

export function fromTwitch(body: unknown, type = 'notification', wrong: Wrong = {}): Ask {
  const { id = randomUUID(), timestamp = new Date().toISOString() } = wrong;
  const raw = JSON.stringify(body);
  const digest = createHmac('sha256', EVENTSUB_SECRET)
    .update(`${id}${timestamp}${wrong.signed ?? raw}`)
    .digest('hex');
  return delivered(raw, wrong, {
    'twitch-eventsub-message-id': id,
    'twitch-eventsub-message-timestamp': timestamp,
    'twitch-eventsub-message-type': type,
    'twitch-eventsub-message-signature': `sha256=${digest}`,
  });
}

export function fromKick(body: unknown, type = 'chat.message.sent', wrong: Wrong = {}): Ask {
  const { id = randomUUID(), timestamp = new Date().toISOString() } = wrong;
  const raw = JSON.stringify(body);
  const signature = sign('sha256', Buffer.from(`${id}.${timestamp}.${wrong.signed ?? raw}`), kickKeys.privateKey);
  return delivered(raw, wrong, {
    'kick-event-message-id': id,
    'kick-event-message-timestamp': timestamp,
    'kick-event-type': type,
    'kick-event-version': '1',
    'kick-event-signature': signature.toString('base64'),
  });
}

function delivered(raw: string, { headers = {} }: Wrong, right: Record<string, string>): Ask {
  const all = { 'content-type': 'application/json', ...right, ...headers };
  return { raw, headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null)) as never };
}

/** Moments no delivery may be of: too old, and not yet. */
export const HOUR_AGO = () => new Date(Date.now() - 3_600_000).toISOString();
export const HOUR_AHEAD = () => new Date(Date.now() + 3_600_000).toISOString();
