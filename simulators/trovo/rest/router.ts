/** The paths below `/openplatform/`, with the two things every call has: the `Client-ID` and the rate limit. */
import type { Answer, Call } from '../../world/host.ts';
import { Refusal } from '../errors.ts';
import type { TrovoState } from '../state.ts';
import { applicationOf, type Request } from './caller.ts';
import * as chat from './chat.ts';
import { OAuth, revoke, validate } from './oauth.ts';
import * as people from './people.ts';

type Endpoint = (request: Request) => unknown;

interface Route {
  readonly method: string;
  /** `*` stands for any one part. */
  readonly path: readonly string[];
  readonly run: Endpoint;
}

export class Rest {
  readonly oauth = new OAuth();
  unknownUser: people.UnknownUser = 'refusal';
  readonly #state: TrovoState;
  readonly #routes: readonly Route[];

  constructor(state: TrovoState) {
    this.#state = state;
    this.#routes = Object.entries(this.#endpoints()).map(([name, run]) => {
      const [method = '', path = ''] = name.split(' ');
      return { method, path: path.split('/'), run };
    });
  }

  /** @param path what follows `/openplatform/` */
  answer(path: string, call: Call): Answer {
    let headers: Record<string, string> = {};
    try {
      const application = applicationOf(this.#state, call);
      const limit = this.#state.limits.request(application.id);
      headers = limit.headers;
      if (!limit.isWithin) throw new Refusal(11706);
      const given = path.split('/');
      const route = this.#routes.find((each) => each.method === call.method && fits(each.path, given));
      if (!route) return { status: 404, body: '404 page not found', headers };
      const parts = given.filter((_, index) => route.path[index] === '*');
      return { status: 200, body: route.run({ state: this.#state, call, application, parts }), headers };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { ...error.answer, headers };
    }
  }

  #endpoints(): Record<string, Endpoint> {
    return {
      'POST exchangetoken': (request) => this.oauth.exchange(request),
      'POST refreshtoken': (request) => this.oauth.refresh(request),
      'GET validate': validate,
      'POST revoke': revoke,
      'GET getuserinfo': people.getUserInfo,
      'POST getusers': (request) => people.getUsers(request, this.unknownUser),
      'POST channels/id': people.channelInfo,
      'GET channel': people.ownChannel,
      'POST channels/update': people.updateChannel,
      'GET chat/token': chat.ownChatToken,
      'GET chat/channel-token/*': chat.channelChatToken,
      'GET chat/shard-token': chat.shardToken,
      'POST chat/send': chat.sendChat,
      'POST channels/command': chat.command,
      'DELETE channels/*/messages/*/users/*': chat.deleteMessage,
    };
  }
}

function fits(pattern: readonly string[], given: readonly string[]): boolean {
  return pattern.length === given.length && pattern.every((part, index) => part === '*' || part === given[index]);
}
