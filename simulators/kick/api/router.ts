/** The API host: which call is whose, and what all of them need. */
import type { Answer, Call } from '../../world/host.ts';
import type { Subscriptions } from '../events/subscriptions.ts';
import type { Happenings } from '../happenings.ts';
import type { KickState } from '../state.ts';
import { bans } from './bans.ts';
import { type Caller, callerOf, ok, Refusal } from './caller.ts';
import type { ChatApi } from './chat.ts';
import { channels, livestreams, pollChat, users } from './reads.ts';

export class Api {
  readonly #state: KickState;
  readonly #subscriptions: Subscriptions;
  readonly #chat: ChatApi;
  readonly #happenings: Happenings;

  constructor(state: KickState, subscriptions: Subscriptions, chat: ChatApi, happenings: Happenings) {
    this.#state = state;
    this.#subscriptions = subscriptions;
    this.#chat = chat;
    this.#happenings = happenings;
  }

  /** @param path what follows `/public/v1/` */
  answer(path: string, call: Call): Answer {
    try {
      if (path === 'public-key' && call.method === 'GET') return this.#publicKey();
      const answer = this.#dispatch(path, call, callerOf(this.#state, call));
      if (answer === null) throw new Refusal(404, 'Not Found');
      return answer;
    } catch (error) {
      if (error instanceof Refusal) return error.answer;
      throw error;
    }
  }

  #dispatch(path: string, call: Call, caller: Caller): Answer | null {
    if (path === 'events/subscriptions') return this.#subscriptions.answer(call, caller);
    if (path === 'moderation/bans') return bans(this.#state, this.#happenings, call, caller);
    const [area, id, ...rest] = path.split('/');
    if (area === 'chat' && id === undefined && call.method === 'POST') return this.#chat.send(call, caller);
    if (area === 'chat' && id && rest.length === 0 && call.method === 'DELETE') return this.#chat.remove(id, caller);
    if (call.method !== 'GET') return null;
    if (path === 'users') return users(this.#state, call, caller);
    if (path === 'channels') return channels(this.#state, call, caller);
    if (path === 'livestreams') return livestreams(this.#state, call);
    if (area === 'simulated-chat' && id) return pollChat(this.#state, id, call, caller);
    return null;
  }

  #publicKey(): Answer {
    const { key } = this.#state;
    if (key.isUnavailable) throw new Refusal(503, 'Service Unavailable');
    return ok({ public_key: key.publicPem });
  }
}
