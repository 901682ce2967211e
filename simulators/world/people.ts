/** The people of a simulated platform: whoever has an account, streamers and bots included. */

export interface Person {
  readonly id: string;
  login: string;
  displayName: string;
  readonly color: string;
  readonly createdAt: Date;
}

export interface NewPerson {
  login: string;
  id?: string | undefined;
  displayName?: string | undefined;
  color?: string | undefined;
}

/** A login, or the person. */
export type PersonRef = string | Person;

export class People {
  readonly #byId = new Map<string, Person>();
  readonly #byLogin = new Map<string, Person>();
  #nextId: number;

  constructor(firstId = 1001) {
    this.#nextId = firstId;
  }

  /** @returns the person who already has this login, unchanged, or a new one */
  add({ login, id, displayName, color }: NewPerson): Person {
    const known = this.#byLogin.get(login);
    if (known) return known;
    const person: Person = {
      id: id ?? this.#freeId(),
      login,
      displayName: displayName ?? login,
      color: color ?? '#1E90FF',
      createdAt: new Date('2020-01-01T00:00:00Z'),
    };
    if (this.#byId.has(person.id)) throw new Error(`two people with id ${person.id}`);
    this.#byId.set(person.id, person);
    this.#byLogin.set(login, person);
    return person;
  }

  byId(id: string | null | undefined): Person | undefined {
    return id ? this.#byId.get(id) : undefined;
  }

  byLogin(login: string | null | undefined): Person | undefined {
    return login ? this.#byLogin.get(login.toLowerCase()) : undefined;
  }

  /** @throws when nobody has this login */
  find(ref: PersonRef): Person {
    if (typeof ref !== 'string') return ref;
    const person = this.byLogin(ref);
    if (!person) throw new Error(`nobody is called ${ref}`);
    return person;
  }

  rename(ref: PersonRef, login: string): Person {
    const person = this.find(ref);
    if (this.#byLogin.has(login)) throw new Error(`${login} is taken`);
    this.#byLogin.delete(person.login);
    if (person.displayName === person.login) person.displayName = login;
    person.login = login;
    this.#byLogin.set(login, person);
    return person;
  }

  #freeId(): string {
    while (this.#byId.has(String(this.#nextId))) this.#nextId += 1;
    return String(this.#nextId);
  }

  all(): Person[] {
    return [...this.#byId.values()];
  }
}
