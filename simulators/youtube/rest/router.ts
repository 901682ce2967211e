/** The Data API v3: which method a request means, and what every method goes through. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer, Call } from '../../world/host.ts';
import { admit, credentialsOf } from '../callers.ts';
import type { Method } from '../quota.ts';
import { Refusal } from '../refusal.ts';
import type { YouTubeState } from '../state.ts';
import type { Streams } from '../streams.ts';
import { answerWithStream } from './long-answer.ts';
import { listBroadcasts, listChannels, listPlaylistItems, listVideos, search } from './lookups.ts';
import { closePoll, deleteMessage, insertMessage, listMessages, Polls } from './messages.ts';
import { deleteBan, deleteModerator, insertBan, insertModerator, listModerators } from './moderation.ts';
import { type ApiRequest, jsonOf } from './requests.ts';

const PREFIX = '/youtube/v3/';
export const STREAM_PATH = `${PREFIX}liveChat/messages/stream`;

/** Undefined stands for 204. */
type Run = (request: ApiRequest) => object | undefined;

export class DataApi {
  readonly polls: Polls;
  readonly #state: YouTubeState;
  readonly #streams: Streams;
  readonly #routes: Readonly<Record<string, readonly [Method, Run]>>;

  constructor(state: YouTubeState, streams: Streams) {
    this.#state = state;
    this.#streams = streams;
    this.polls = new Polls(state.clock);
    this.#routes = {
      'GET channels': ['channels.list', (request) => listChannels(state, request)],
      'GET liveBroadcasts': ['liveBroadcasts.list', (request) => listBroadcasts(state, request)],
      'GET videos': ['videos.list', (request) => listVideos(state, request)],
      'GET search': ['search.list', (request) => search(state, request)],
      'GET playlistItems': ['playlistItems.list', (request) => listPlaylistItems(state, request)],
      'GET liveChat/messages': ['liveChatMessages.list', (request) => listMessages(state, this.polls, request)],
      'POST liveChat/messages': ['liveChatMessages.insert', (request) => insertMessage(state, request)],
      'DELETE liveChat/messages': ['liveChatMessages.delete', (request) => deleteMessage(state, request)],
      'POST liveChat/messages/transition': ['liveChatMessages.transition', (request) => closePoll(state, request)],
      'GET liveChat/moderators': ['liveChatModerators.list', (request) => listModerators(state, request)],
      'POST liveChat/moderators': ['liveChatModerators.insert', (request) => insertModerator(state, request)],
      'DELETE liveChat/moderators': ['liveChatModerators.delete', (request) => deleteModerator(request)],
      'POST liveChat/bans': ['liveChatBans.insert', (request) => insertBan(state, request)],
      'DELETE liveChat/bans': ['liveChatBans.delete', (request) => deleteBan(state, request)],
    };
  }

  /** @returns null for what is no path of the API */
  answer(call: Call): Answer | null {
    if (!call.path.startsWith(PREFIX)) return null;
    try {
      const [method, run] = this.#routes[`${call.method} ${call.path.slice(PREFIX.length)}`] ?? [];
      if (!method || !run) throw new Refusal('notFound');
      const caller = admit(this.#state, credentialsOf(call.headers, call.query), method);
      const body = run({ caller, query: call.query, body: jsonOf(call) });
      return body === undefined ? { status: 204 } : json({ status: 200, body });
    } catch (error) {
      if (error instanceof Refusal) return json(error.answer(this.#state.behaviour.detailsInErrors));
      throw error;
    }
  }

  /** The HTTP form of `streamList`: an answer that goes on. */
  stream(request: IncomingMessage, response: ServerResponse, query: URLSearchParams): void {
    answerWithStream(this.#state, this.#streams, request, response, query);
  }
}

function json(answer: Answer): Answer {
  return { ...answer, headers: { 'content-type': 'application/json; charset=UTF-8' } };
}
