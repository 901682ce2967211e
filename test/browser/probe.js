/** What a test asks the overlay in the browser; every page of a test has it as `probe`. */

const card = () => /** @type {HTMLElement} */ (document.querySelector('main'));
const people = () => /** @type {HTMLElement[]} */ ([...document.querySelectorAll('p')]);
const animation = () => document.getAnimations()[0];
/** @param {Element} node */
const nameIn = (node) => node.querySelector('bdi')?.textContent ?? '';
const isSeen = (/** @type {Element} */ node) => {
  const { top, bottom } = node.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
};

const probe = {
  animations: () => document.getAnimations().length,
  playState: () => animation()?.playState,
  iterations: () => animation()?.effect?.getTiming().iterations,
  isHidden: () => card().hidden,
  color: () => getComputedStyle(card()).color,
  top: () => card().getBoundingClientRect().top,
  isAnybodySeen: () => people().some(isSeen),

  /** Holds the roll at a point of time, so that a test may compare places. @param {number} ms */
  holdAt(ms) {
    animation()?.pause();
    const held = animation();
    if (held !== undefined) held.currentTime = ms;
  },

  finish: () => animation()?.finish(),

  /** The roll from end to end, half a screen at a time. @returns who stood on the screen whole, and how many at its ends */
  passTheScreen() {
    const held = animation();
    const durationMs = Number(held?.effect?.getTiming().duration);
    const rollMs = (innerHeight / 2 / 60) * 1000;
    const whole = new Set();
    held?.pause();
    const goTo = (/** @type {number} */ ms) => {
      if (held !== undefined) held.currentTime = ms;
      return people().filter(isSeen);
    };
    for (let ms = 0; ms < durationMs; ms += rollMs) {
      for (const node of goTo(ms)) {
        const { top, bottom } = node.getBoundingClientRect();
        if (top >= 0 && bottom <= innerHeight) whole.add(nameIn(node));
      }
    }
    return { whole: [...whole], ends: [goTo(0).length, goTo(durationMs - 0.001).length] };
  },

  /** The first person who is seen, and where. */
  firstSeen() {
    const seen = people().find(isSeen);
    return seen === undefined ? null : [nameIn(seen), Math.round(seen.getBoundingClientRect().top)];
  },

  /** Marks the elements of all people who are there. */
  mark() {
    for (const node of people()) node.dataset.marked = 'yes';
  },
  marked: () => people().filter((node) => node.dataset.marked === 'yes').length,

  /** Width of every avatar, by name. */
  avatars: () => Object.fromEntries(people().map((node) => [nameIn(node), node.querySelector('img')?.offsetWidth])),

  tags: () => [...new Set([...document.querySelectorAll('main *')].map(({ localName }) => localName))],

  lines: () =>
    people().map((node) => {
      const parts = [...node.querySelectorAll('span, bdi')].map((part) => part.getBoundingClientRect());
      const { left, right, height } = node.getBoundingClientRect();
      const isInOrder = parts.every((part, index) => index === 0 || part.left >= (parts[index - 1]?.right ?? 0) - 1);
      return { isInOrder, isWithin: left >= 0 && right <= innerWidth, height: Math.round(height) };
    }),

  backgrounds: () =>
    [document.documentElement, document.body, card()].map((node) => getComputedStyle(node).backgroundColor),

  /** As OBS tells a page that its source goes on air. */
  goOnAir: () => window.dispatchEvent(new CustomEvent('obsSourceActiveChanged', { detail: { active: true } })),
  showAgain: () => document.dispatchEvent(new Event('visibilitychange')),
};

Object.assign(window, { probe });
