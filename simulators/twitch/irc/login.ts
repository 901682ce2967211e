/** Who may enter chat: tokens, anonymous names, and failures on demand. */
import type { Person } from '../../world/people.ts';
import type { TwitchState } from '../state.ts';

export type Entry =
  | { kind: 'entered'; login: string; person: Person | null; canWrite: boolean }
  | { kind: 'refused'; text: string }
  /** Too many attempts: closed without a word. */
  | { kind: 'cut' };

const FAILED = 'Login authentication failed';

export class LoginDesk {
  readonly #state: TwitchState;
  #forced: { times: number; text: string } = { times: 0, text: FAILED };
  /** Every attempt, oldest first: tests look whether a client storms. */
  readonly attempts: { nick: string; atMs: number }[] = [];

  constructor(state: TwitchState) {
    this.#state = state;
  }

  /** The next attempts fail, whatever token they bring. */
  failNext(times: number, text = FAILED): void {
    this.#forced = { times, text };
  }

  enter(nick: string, pass: string | null): Entry {
    this.attempts.push({ nick, atMs: this.#state.clock.now().getTime() });
    if (!this.#state.limits.mayLogIn(nick)) return { kind: 'cut' };
    if (this.#forced.times > 0) {
      this.#forced.times -= 1;
      return { kind: 'refused', text: this.#forced.text };
    }
    if (/^justinfan\d+$/.test(nick)) return { kind: 'entered', login: nick, person: null, canWrite: false };
    if (pass === null || !pass.startsWith('oauth:')) return { kind: 'refused', text: 'Improperly formatted auth' };
    const token = this.#state.grants.find(pass.slice('oauth:'.length));
    const person = this.#state.people.byId(token?.personId);
    if (!token || !person || !token.scopes.some((scope) => scope.startsWith('chat:'))) {
      return { kind: 'refused', text: FAILED };
    }
    // The token says who it is; the name given only has to be well-formed.
    return { kind: 'entered', login: person.login, person, canWrite: token.scopes.includes('chat:edit') };
  }
}
