/** The credits page that OBS shows: puts what the API tells onto the page (docs/contract/http-api.md#overlay-page). */
import { Avatars } from './avatars.js';
import { Feed } from './feed.js';
import { linesOf } from './model.js';
import { Roll } from './roll.js';
import { Rows } from './rows.js';
import { readStyle } from './style.js';

const card = /** @type {HTMLElement} */ (document.getElementById('card'));
/** @type {Readonly<Record<string, string>>} */
const titles = JSON.parse(card.dataset.platforms ?? '{}');
const rows = new Rows(card, new Avatars());
const roll = new Roll(card);

let style = readStyle(null);
/** @type {import('./model.js').State} */
let state = { chatters: [], donors: [] };

function dress() {
  const look = card.style;
  look.fontFamily = style.fontFamily;
  look.fontSize = `${style.fontSize}px`;
  look.fontWeight = String(style.fontWeight);
  look.color = style.fontColor;
  look.background = style.bgOpacity === 0 ? '' : `rgb(0 0 0 / ${style.bgOpacity})`;
  // It costs the graphics card something in every frame.
  look.backdropFilter = style.blur === 0 ? '' : `blur(${style.blur}px)`;
  look.borderRadius = `${style.radius}px`;
  look.textShadow = `0 0 ${style.shadowBlur}px rgb(0 0 0 / ${style.shadowOpacity})`;
  look.setProperty('--avatar-size', `${style.avatarSize}px`);
  look.setProperty('--avatar-radius', `${style.avatarRadius}px`);
  look.setProperty('--row-gap', `${style.rowGap}px`);
}

function show() {
  const lines = linesOf(state, style, titles);
  if (lines.length === 0 || document.documentElement.dataset.state === 'revoked') {
    card.hidden = true;
    roll.stop();
    rows.show([]);
    return;
  }
  // Whoever is added above the part that is seen must not push it away.
  const { top } = roll;
  const seen = card.hidden ? null : rows.firstBelow(-top);
  const before = seen?.offsetTop ?? 0;
  dress();
  rows.show(lines);
  card.hidden = false;
  roll.fit(style, seen?.isConnected ? top - (seen.offsetTop - before) : top);
}

/** What is told again without news costs nothing. */
let told = '';

/** @param {import('./feed.js').FeedState} next */
function tell(next) {
  const { dataset } = document.documentElement;
  if (dataset.state === next) return;
  const former = dataset.state;
  dataset.state = next;
  if (next === 'revoked') {
    // On stream nothing is said; whoever opens the address in a browser finds out why it is empty.
    document.title = 'Credits: this address was replaced';
    console.warn('Credits: this overlay address was replaced. Copy the new address from the panel into OBS.');
    told = '';
    show();
  } else if (next === 'lost') console.warn('Credits: the connection was lost. It is tried again.');
  else if (former === 'revoked') document.title = 'Credits';
}

const feed = new Feed({
  address: `${location.pathname.replace(/\/$/, '')}/events`,
  EventSource,
  fetch: (address, options) => fetch(address, options),
  setTimeout: (fire, delayMs) => setTimeout(fire, delayMs),
  clearTimeout: (timer) => clearTimeout(timer),
  nowMs: () => Date.now(),
  onState: tell,
  onEvent: {
    heartbeat() {},
    'credits:config'(data) {
      style = readStyle(JSON.parse(data).creditsStyleJson);
      show();
    },
    'credits:state'(data) {
      if (data === told) return;
      told = data;
      state = JSON.parse(data);
      show();
    },
  },
});

const fit = () => {
  if (!card.hidden) roll.fit(style);
};
window.addEventListener('resize', fit);
// Fonts and avatars may come later than the names.
new ResizeObserver(fit).observe(card);

document.addEventListener('visibilitychange', () => {
  if (!document.hidden) feed.lookAgain();
});
// OBS says when the source goes on air: then the credits begin.
window.addEventListener('obsSourceActiveChanged', (event) => {
  if (!(/** @type {CustomEvent<{ active: boolean }>} */ (event).detail.active)) return;
  feed.lookAgain();
  roll.restart();
});
