/** DevAPI's door: finds the method and checks who is asking before it runs. */
import type { Answer, Call } from '../../world/host.ts';
import { type Caller, callerOf } from '../callers.ts';
import type { Channel } from '../channel.ts';
import type { VkVideoState } from '../state.ts';
import { channelMethods } from './channels.ts';
import { chatMethods } from './chat.ts';
import { type AnyMethod, type Methods, queryOf, Refused } from './method.ts';
import { pointMethods } from './points.ts';
import { roleMethods } from './roles.ts';
import { socketMethods } from './sockets.ts';

const METHODS: Methods = { ...channelMethods, ...chatMethods, ...roleMethods, ...pointMethods, ...socketMethods };

export class DevApi {
  readonly #state: VkVideoState;

  constructor(state: VkVideoState) {
    this.#state = state;
  }

  async answer(call: Call): Promise<Answer> {
    try {
      return await this.#run(call);
    } catch (error) {
      if (error instanceof Refused) return error.answer;
      throw error;
    }
  }

  #run(call: Call): Answer | Promise<Answer> {
    const name = `${call.method} ${call.path}`;
    const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
    if (!method) throw new Refused(404, 'unknown_api_method', 'Unknown API method');
    const caller = callerOf(this.#state, call);
    if (!caller) throw new Refused(401, 'unauthorized', 'Not authorized');
    if (method.by === 'any') {
      const { person } = caller;
      if (!method.inChannel) return method.run(this.#state, { call, person });
      return method.run(this.#state, { call, person, channel: this.#channel(call) });
    }
    const person = admitted(method, caller);
    if (!method.inChannel) return method.run(this.#state, { call, person });
    const channel = this.#channel(call);
    const isOwner = channel.owner === person;
    const isModerator = isOwner || channel.standing(person.id).isModerator;
    if ((method.only === 'owner' && !isOwner) || (method.only === 'moderator' && !isModerator))
      throw new Refused(403, 'forbidden', 'Not your channel');
    return method.run(this.#state, { call, person, channel });
  }

  #channel(call: Call): Channel {
    const channel = this.#state.channels.byUrl(queryOf(call, 'channel_url'));
    if (!channel) throw new Refused(404, 'channel_not_found', 'Channel not found');
    return channel;
  }
}

function admitted({ scope }: AnyMethod, { person, scopes }: Caller) {
  if (!person) throw new Refused(403, 'forbidden', 'Not for applications');
  if (scope !== undefined && !scopes.includes(scope)) throw new Refused(403, 'forbidden', `Scope ${scope} is missing`);
  return person;
}
