/** What a chat client asked for with CAP. */

const KNOWN = ['twitch.tv/tags', 'twitch.tv/commands', 'twitch.tv/membership'];

export class Capabilities {
  readonly #asked = new Set<string>();

  has(name: 'tags' | 'commands' | 'membership'): boolean {
    return this.#asked.has(`twitch.tv/${name}`);
  }

  /** @returns the answers, without prefix; one unknown name refuses the whole request */
  negotiate([verb = '', list = '']: readonly string[]): string[] {
    if (verb.toUpperCase() === 'LS') return [`CAP * LS :${KNOWN.join(' ')}`];
    if (verb.toUpperCase() !== 'REQ') return [];
    const names = list.split(' ').filter((name) => name !== '');
    const refused = names.filter((name) => !KNOWN.includes(name));
    if (refused.length > 0) return [`CAP * NAK :${refused.join(' ')}`];
    for (const name of names) this.#asked.add(name);
    return [`CAP * ACK :${names.join(' ')}`];
  }
}
