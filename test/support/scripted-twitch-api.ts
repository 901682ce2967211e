/** Twitch's HTTP side doing exactly what a test tells it, rude things included; the simulator plays by the rules. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

export interface RemoteSubscription {
  id: string;
  status: string;
  type: string;
  version: string;
  condition: Record<string, string>;
  transport: { method: string; callback: string };
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly token: string | null;
  readonly body: Record<string, unknown>;
}

/** A status, or `hang up`: the request was read and the connection is cut without an answer. */
interface Script {
  readonly status: number | 'hang up';
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

export class ScriptedTwitchApi {
  readonly calls: Call[] = [];
  /** By account id. */
  readonly users = new Map<string, string>();
  /** Broadcaster id → when the stream began. */
  readonly streams = new Map<string, string>();
  subscriptions: RemoteSubscription[] = [];
  /** Status of a subscription just created. */
  createdStatus = 'webhook_callback_verification_pending';
  readonly deadTokens = new Set<string>();
  /** Answers given instead of the usual ones, by `METHOD /path`. */
  readonly scripts = new Map<string, Script>();
  appTokens = 0;
  /** Runs after a request was read and before it is answered. */
  meanwhile: ((route: string) => Promise<void>) | null = null;
  #ids = 0;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => void this.#answer(request, response));
  }

  /** Stops with the test. */
  static async start(): Promise<ScriptedTwitchApi> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const api = new ScriptedTwitchApi(server);
    onTestFinished(() => api.stop());
    return api;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  called(route: string): Call[] {
    return this.calls.filter(({ method, path }) => `${method} ${path}` === route);
  }

  subscribe(type: string, broadcasterId: string, callback: string, status = 'enabled'): RemoteSubscription {
    const subscription = {
      id: `sub-${++this.#ids}`,
      status,
      type,
      version: type === 'channel.follow' ? '2' : '1',
      condition: { broadcaster_user_id: broadcasterId },
      transport: { method: 'webhook', callback },
    };
    this.subscriptions.push(subscription);
    return subscription;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const raw = await text(request);
    const isJson = request.headers['content-type']?.includes('json');
    const call: Call = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      token: request.headers.authorization?.split(' ')[1] ?? null,
      body: isJson ? JSON.parse(raw) : Object.fromEntries(new URLSearchParams(raw)),
    };
    this.calls.push(call);
    await this.meanwhile?.(`${call.method} ${call.path}`);
    const script = this.scripts.get(`${call.method} ${call.path}`) ?? this.#usual(call);
    if (script.status === 'hang up') {
      request.socket.destroy();
      return;
    }
    response.writeHead(script.status, { 'content-type': 'application/json', ...script.headers });
    response.end(script.body === undefined ? '' : JSON.stringify(script.body));
  }

  #usual(call: Call): Script {
    if (call.path === '/oauth2/token') return this.#grant(call);
    if (call.token === null || this.deadTokens.has(call.token)) return refusal(401, 'Invalid OAuth token');
    switch (`${call.method} ${call.path}`) {
      case 'GET /oauth2/validate':
        return { status: 200, body: { client_id: 'cid', login: 'x', scopes: [], user_id: '1', expires_in: 100 } };
      case 'GET /helix/users': {
        const asked = call.query.getAll('id');
        const data = (asked.length > 0 ? asked : ['7702']).flatMap((id) => {
          const login = this.users.get(id);
          return login === undefined ? [] : [{ id, login, display_name: login, profile_image_url: '', email: null }];
        });
        return { status: 200, body: { data } };
      }
      case 'GET /helix/streams': {
        const live = call.query.getAll('user_id').filter((id) => this.streams.has(id));
        const named = (id: string) => (this.users.has(id) ? { user_login: this.users.get(id) } : {});
        const data = live.map((id) => ({
          id: `s${id}`,
          user_id: id,
          ...named(id),
          type: 'live',
          started_at: this.streams.get(id),
        }));
        return { status: 200, body: { data: data.slice(0, Number(call.query.get('first') ?? 20)), pagination: {} } };
      }
      case 'POST /helix/chat/messages':
        return { status: 200, body: { data: [{ message_id: `m-${++this.#ids}`, is_sent: true, drop_reason: null }] } };
      case 'GET /helix/eventsub/subscriptions':
        return this.#list(call);
      case 'POST /helix/eventsub/subscriptions':
        return this.#create(call);
      case 'DELETE /helix/eventsub/subscriptions':
        this.subscriptions = this.subscriptions.filter(({ id }) => id !== call.query.get('id'));
        return { status: 204 };
      default:
        return refusal(404, 'not found');
    }
  }

  #grant({ body }: Call): Script {
    if (body.grant_type !== 'client_credentials') {
      return { status: 200, body: { access_token: 'ua-2', refresh_token: 'rt-2', expires_in: 14_000, scope: ['a'] } };
    }
    return { status: 200, body: { access_token: `app-${++this.appTokens}`, expires_in: 5_000_000 } };
  }

  /** Two a page, so that paging is always at work. */
  #list({ query }: Call): Script {
    const userId = query.get('user_id');
    const all = this.subscriptions.filter(
      ({ condition }) => userId === null || Object.values(condition).includes(userId),
    );
    const from = Number(query.get('after') ?? 0);
    const pagination = from + 2 < all.length ? { cursor: String(from + 2) } : {};
    return { status: 200, body: { data: all.slice(from, from + 2), total: all.length, pagination } };
  }

  #create({ body }: Call): Script {
    const { type, version, condition, transport } = body as unknown as RemoteSubscription;
    const broadcasterId = condition.broadcaster_user_id ?? '';
    const isSame = (one: RemoteSubscription) =>
      one.type === type &&
      one.condition.broadcaster_user_id === broadcasterId &&
      one.transport.callback === transport.callback;
    if (this.subscriptions.some(isSame)) return refusal(409, 'subscription already exists');
    const created = this.subscribe(type, broadcasterId, transport.callback, this.createdStatus);
    Object.assign(created, { version, condition });
    return { status: 202, body: { data: [created], total: 1, total_cost: 1, max_total_cost: 10_000 } };
  }
}

function refusal(status: number, message: string): Script {
  return { status, body: { error: 'refused', status, message } };
}
