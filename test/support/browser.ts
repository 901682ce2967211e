/** A person's browser in front of a started API: keeps its cookies, follows redirects, consents on simulated platforms. */
import { type Answer, type ApiWorld, type Person, send } from './api-world.ts';

/** Where a walk ended: the panel's address, or the API's own answer. */
export interface Page extends Answer {
  /** Null where the last answer was no redirect. */
  readonly at: URL | null;
  /** How often a consent page was seen on the way. */
  readonly consents: number;
  /** Scopes each of them asked for, as the platform writes them. */
  readonly asked: readonly string[];
}

interface Walk {
  /** Who consents on the platforms' pages. */
  readonly as: string;
  readonly denies?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A loop of redirects would be a mistake of ours. */
const LONGEST_WALK = 10;

export class Browser {
  readonly cookies = new Map<string, string>();
  readonly #api: Pick<ApiWorld, 'port'>;

  /** @param person signed in there from the start */
  constructor(api: Pick<ApiWorld, 'port'>, person?: Pick<Person, 'token'>) {
    this.#api = api;
    if (person) this.cookies.set('token', person.token);
  }

  /** One request to the API with this browser's cookies, which the answer may change. */
  async ask(method: string, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await send(this.#api.port, method, path, { headers: { ...(cookie ? { cookie } : {}), ...headers } });
    for (const line of answer.headers['set-cookie'] ?? []) this.#keep(line);
    return answer;
  }

  /** Opens a start and stops at the consent page. @returns its address */
  async toConsent(path: string): Promise<URL> {
    const { status, headers, text } = await this.ask('GET', path);
    if (status !== 302) throw new Error(`${path} answers ${status}: ${text}`);
    return new URL(headers.location ?? '');
  }

  /** Somebody agrees, or does not. @returns the path of the callback */
  async consent(page: URL, as: string, denies = false): Promise<string> {
    const address = new URL(page);
    address.searchParams.set('as', as);
    if (denies) address.searchParams.set('deny', '1');
    const answer = await fetch(address, { redirect: 'manual' });
    const location = answer.headers.get('location');
    if (location === null) throw new Error(`${address.pathname} answers ${answer.status}: ${await answer.text()}`);
    const back = new URL(location);
    return `${back.pathname}${back.search}`;
  }

  /** From any page of the API over as many consents as are asked for, to where people end. */
  async walk(path: string, { as, denies = false, headers = {} }: Walk): Promise<Page> {
    const asked: string[] = [];
    for (let next = path, steps = 0; steps < LONGEST_WALK; steps += 1) {
      const answer = await this.ask('GET', next, headers);
      const at = answer.status === 302 ? new URL(answer.headers.location ?? '') : null;
      if (at === null || at.hostname !== '127.0.0.1') return { ...answer, at, asked, consents: asked.length };
      asked.push(at.searchParams.get('scope') ?? '');
      next = await this.consent(at, as, denies);
    }
    throw new Error(`${path} leads in circles`);
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split('; ');
    const name = pair.slice(0, pair.indexOf('='));
    const isGone = attributes.some((one) => one === 'Max-Age=0' || one.startsWith('Expires=Thu, 01 Jan 1970'));
    if (isGone) this.cookies.delete(name);
    else this.cookies.set(name, pair.slice(name.length + 1));
  }
}
