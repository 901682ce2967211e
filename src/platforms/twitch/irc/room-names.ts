/** Names of chat rooms as IRC writes them. */

const LOGIN = /^[a-z0-9_]{1,30}$/;
const LONGEST_LIST = 450;

/** @returns `#login`, or null for text that is no login and must not reach a line */
export function roomName(target: string): string | null {
  const login = target
    .trim()
    .toLowerCase()
    .replace(/^[#@]+/, '');
  return LOGIN.test(login) ? `#${login}` : null;
}

/** Comma lists short enough for one line of the protocol each. */
export function batches(names: readonly string[]): string[] {
  const lists: string[] = [];
  let list = '';
  for (const name of names) {
    if (list !== '' && list.length + 1 + name.length > LONGEST_LIST) {
      lists.push(list);
      list = name;
    } else list = list === '' ? name : `${list},${name}`;
  }
  return list === '' ? lists : [...lists, list];
}
