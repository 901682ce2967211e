/** Helix: the paths, the points and the errors of Twitch's HTTP API. */
import type { Answer, Call } from '../../world/host.ts';
import type { Subscriptions } from '../eventsub/subscriptions.ts';
import { PointBucket } from '../limits.ts';
import type { TwitchState } from '../state.ts';
import { type Caller, callerOf, Refusal } from './caller.ts';
import * as reads from './reads.ts';
import { sendMessage } from './send.ts';

type Endpoint = (state: TwitchState, call: Call, caller: Caller) => unknown;

const ENDPOINTS: Record<string, Endpoint> = {
  'GET users': reads.users,
  'GET streams': reads.streams,
  'GET channels/followers': reads.followers,
  'GET channels/vips': reads.holders('vip', 'channel:read:vips', 'channel:manage:vips'),
  'GET moderation/moderators': reads.holders('moderator', 'moderation:read', 'channel:manage:moderators'),
  'GET moderation/channels': reads.moderatedChannels,
  'GET chat/settings': reads.chatSettings,
  'GET authorization/users': reads.authorizations,
  'POST chat/messages': sendMessage,
};

export class Helix {
  readonly #state: TwitchState;
  readonly #subscriptions: Subscriptions;
  readonly #buckets = new Map<string, PointBucket>();

  constructor(state: TwitchState, subscriptions: Subscriptions) {
    this.#state = state;
    this.#subscriptions = subscriptions;
  }

  /** @param path what follows `/helix/` */
  answer(path: string, call: Call): Answer {
    let headers: Record<string, string> = {};
    try {
      const caller = callerOf(this.#state, call);
      const bucket = this.#bucket(caller, path);
      const hasPoint = bucket.take();
      headers = bucket.headers();
      if (!hasPoint) throw new Refusal(429, 'Too Many Requests');
      const answer = this.#run(path, call, caller);
      return { ...answer, headers };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { ...error.answer, headers };
    }
  }

  #run(path: string, call: Call, caller: Caller): Answer {
    if (path === 'eventsub/subscriptions') return this.#subscriptions.answer(call, caller);
    const endpoint = ENDPOINTS[`${call.method} ${path}`];
    if (!endpoint) throw new Refusal(404, 'not found');
    return { status: 200, body: endpoint(this.#state, call, caller) };
  }

  /** One bucket for the application, one per user, and one more of each for sending. */
  #bucket({ token }: Caller, path: string): PointBucket {
    const isSending = path === 'chat/messages';
    const { helixMessagesPerMin, helixPointsPerMin } = this.#state.limits.limits;
    const limit = isSending ? helixMessagesPerMin : helixPointsPerMin;
    // A changed limit starts with a full bucket.
    const name = `${token.clientId} ${token.personId} ${isSending} ${limit}`;
    const known = this.#buckets.get(name);
    if (known) return known;
    const bucket = new PointBucket(this.#state.clock, limit);
    this.#buckets.set(name, bucket);
    return bucket;
  }
}
