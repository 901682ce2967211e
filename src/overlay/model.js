/** The credits as a list of lines, from what the API told and what the style says. */

/** @typedef {import('./style.js').Style} Style */
/** @typedef {{ name: string, avatarUrl: string | null, provider?: string | null }} Chatter */
/** @typedef {{ name: string, avatarUrl: string | null, amount: number, currency: string }} Donor */
/** @typedef {{ chatters: readonly Chatter[], donors: readonly Donor[] }} State */

/**
 * @typedef {object} Line
 * @property {string} key the same for the same line of two states
 * @property {'h1' | 'h2' | 'h3' | 'p'} tag `p` is a person
 * @property {string} text
 * @property {string} before
 * @property {string} after
 * @property {string | null} avatarUrl
 */

/**
 * @param {State} state
 * @param {Style} style
 * @param {Readonly<Record<string, string>>} titles of the platforms, by their ids
 * @returns {Line[]} nothing when nobody is in the sections that are shown
 */
export function linesOf(state, style, titles) {
  const sections = style.sections.flatMap((name) =>
    name === 'donors' ? donorsOf(state.donors, style) : chattersOf(state.chatters, style, titles),
  );
  const isEmpty = sections.length === 0;
  return isEmpty ? [] : [...heading('h1', 'credits', style.titleText, style), ...sections];
}

/**
 * @param {readonly Donor[]} donors
 * @param {Style} style
 */
function donorsOf(donors, style) {
  if (donors.length === 0) return [];
  const people = donors.map((donor) => ({ ...donor, after: ` — ${donor.amount} ${donor.currency}` }));
  return [...heading('h2', 'donors', style.donorsTitleText, style), ...linesOfPeople('donor', people, style)];
}

/**
 * @param {readonly Chatter[]} given
 * @param {Style} style
 * @param {Readonly<Record<string, string>>} titles
 */
function chattersOf(given, style, titles) {
  const chatters = style.mergeSameNames ? merged(given) : given;
  if (chatters.length === 0) return [];
  const lines = heading('h2', 'chatters', style.chattersTitleText, style);
  if (style.chattersBy === 'all') return [...lines, ...linesOfPeople('chatter', chatters, style)];
  /** @type {Map<string, Chatter[]>} Those of no platform come first: below a title they would seem to belong to it. */
  const groups = new Map(['', ...Object.keys(titles)].map((id) => [id, []]));
  for (const chatter of chatters) {
    const id = chatter.provider ?? '';
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [chatter]);
    else group.push(chatter);
  }
  for (const [id, people] of groups) {
    if (people.length === 0) continue;
    if (id !== '') lines.push(...heading('h3', `of ${id}`, titles[id] ?? id, style));
    lines.push(...linesOfPeople(`chatter of ${id}`, people, style));
  }
  return lines;
}

/**
 * @param {'h1' | 'h2' | 'h3'} tag
 * @param {string} what
 * @param {string} text
 * @param {Style} style
 * @returns {Line[]}
 */
function heading(tag, what, text, { showTitles }) {
  return showTitles ? [{ key: `heading ${what}`, tag, text, before: '', after: '', avatarUrl: null }] : [];
}

/**
 * @param {string} what
 * @param {readonly { name: string, avatarUrl: string | null, provider?: string | null, after?: string }[]} people
 * @param {Style} style
 * @returns {Line[]}
 */
function linesOfPeople(what, people, { showNumbers, showAvatars }) {
  /** @type {Map<string, number>} Names of different people may be the same. */
  const taken = new Map();
  return people.map(({ name, avatarUrl, provider, after = '' }, index) => {
    const person = `${what} ${provider ?? ''} ${name}`;
    const number = taken.get(person) ?? 0;
    taken.set(person, number + 1);
    return {
      key: `${person} ${number}`,
      tag: 'p',
      text: name,
      before: showNumbers ? `${index + 1}. ` : '',
      after,
      avatarUrl: showAvatars ? avatarUrl : null,
    };
  });
}

/**
 * One platform has two people of one name; on two platforms it is taken for the same person.
 *
 * @param {readonly Chatter[]} chatters
 * @returns {Chatter[]}
 */
function merged(chatters) {
  /** @type {{ key: string, providers: Set<string>, chatter: Chatter }[]} */
  const kept = [];
  /** @type {Map<string, (typeof kept)>} */
  const byName = new Map();
  for (const chatter of chatters) {
    const key = chatter.name.trim().toLowerCase();
    const provider = chatter.provider ?? '';
    const same = byName.get(key) ?? [];
    const person = same.find(({ providers }) => !providers.has(provider));
    if (person === undefined) {
      const added = { key, providers: new Set([provider]), chatter };
      kept.push(added);
      byName.set(key, [...same, added]);
    } else {
      person.providers.add(provider);
      person.chatter = { ...person.chatter, avatarUrl: person.chatter.avatarUrl ?? chatter.avatarUrl };
    }
  }
  return kept.map(({ chatter }) => chatter);
}
