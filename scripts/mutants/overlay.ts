/** Mutants of the credits overlay: its style, its connection, its roll. */
import type { Mutant } from './mutant.ts';

const PAGE_TEST = 'src/api/overlay-page.test.ts';
const BROWSER_TEST = 'test/browser/overlay.test.ts';

export const overlay: readonly Mutant[] = [
  {
    guarantee: 'A style that the overlay cannot show is refused',
    file: 'src/api/credits-style.ts',
    find: "context.addIssue({ code: 'custom', path, message });",
    replace: '[path, message, context];',
    test: 'src/api/routes/streamer-credits.test.ts',
    title: 'is refused by the name of its key, and changes nothing',
  },
  {
    guarantee: 'An overlay whose address was taken back asks no more',
    file: 'src/overlay/feed.js',
    find: 'if (status !== FORBIDDEN || stream !== this.#stream) return;',
    replace: 'if (status !== null) return;',
    test: PAGE_TEST,
    title: 'an overlay whose address was taken back stops asking, until somebody looks at it again',
  },
  {
    guarantee: 'An overlay that was hidden for long looks after its connection when it is shown',
    file: 'src/overlay/feed.js',
    find: 'if (this.#next === null || this.#deps.nowMs() - this.#heardAtMs > SILENT_MS) this.#open();',
    replace: '',
    test: PAGE_TEST,
    title: 'an overlay that was hidden for long opens a new stream when it is shown',
  },
  {
    guarantee: 'An avatar that fails is not asked for again',
    file: 'src/overlay/avatars.js',
    find: "else if (known.state === 'waiting') known.images.add(image);",
    replace: 'else show(image, url);',
    test: BROWSER_TEST,
    title: 'an avatar that is missing or hangs leaves no gap and is asked for once',
  },
  {
    guarantee: 'An avatar that hangs does not keep the others away',
    file: 'src/overlay/avatars.js',
    find: "setTimeout(() => end('failed'), LOAD_MS)",
    replace: "setTimeout(() => end('failed'), 1000 * LOAD_MS)",
    test: BROWSER_TEST,
    title: 'an avatar that is missing or hangs leaves no gap and is asked for once',
  },
  {
    guarantee: 'The credits move without layout per frame',
    file: 'src/overlay/roll.js',
    find: '({ transform: `translateY(${y}px)` })',
    replace: '({ top: `${y}px` })',
    test: BROWSER_TEST,
    title: 'seven hundred people roll by one animation of the compositor',
  },
  {
    guarantee: 'A new style does not move the roll',
    file: 'src/overlay/roll.js',
    find: 'this.#animation.currentTime = Math.min(Math.max((top - from) / (to - from), 0), 1) * durationMs;',
    replace: '',
    test: BROWSER_TEST,
    title: 'a new style is shown without a reload',
  },
  {
    guarantee: 'Names are isolated from the direction of what stands beside them',
    file: 'src/overlay/rows.js',
    find: "document.createElement('bdi')",
    replace: "document.createElement('span')",
    test: BROWSER_TEST,
    title: 'names are text in every script',
  },
];
