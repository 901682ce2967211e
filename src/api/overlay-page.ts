/** The credits page that OBS shows. Nothing of the request is written into it: the script reads its own address. */

/** @param nonce of this answer's content security policy */
export function overlayPage(nonce: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Credits</title>
<style nonce="${nonce}">${STYLE}</style>
</head>
<body>
<main id="card" hidden></main>
<script nonce="${nonce}">${SCRIPT}</script>
</body>
</html>
`;
}

/** @param frameAncestors origins that may show the page in a frame */
export function overlayPolicy(nonce: string, frameAncestors: readonly string[]): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    // Avatars live at the platforms' image hosts, which change without notice.
    'img-src https: http:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${["'self'", ...frameAncestors].join(' ')}`,
  ].join('; ');
}

const STYLE = `
html, body { margin: 0; background: transparent; }
main { margin: 2em auto; padding: 1.5em 2em; width: fit-content; text-align: center; line-height: 1.5; }
h1 { margin: 0 0 0.6em; font-size: 1.6em; }
h2 { margin: 1em 0 0.4em; font-size: 1.2em; }
ul { list-style: none; margin: 0; padding: 0; }
li { display: flex; gap: 0.5em; align-items: center; justify-content: center; }
img { object-fit: cover; }
`;

/** Plain browser script: names come from chat and are only ever set as text. */
const SCRIPT = String.raw`
'use strict';
const card = document.getElementById('card');
let style = {};
let state = { chatters: [], donors: [] };

function number(value, fallback, min, max) {
  return typeof value === 'number' && Number.isFinite(value) ? Math.min(Math.max(value, min), max) : fallback;
}
function text(value, fallback) {
  return typeof value === 'string' && value.trim() !== '' ? value : fallback;
}
function element(tag, content) {
  const made = document.createElement(tag);
  if (content !== undefined) made.textContent = content;
  return made;
}
function row(person, index, detail) {
  const item = element('li');
  if (style.showAvatars !== false && person.avatarUrl) {
    const avatar = element('img');
    avatar.src = person.avatarUrl;
    avatar.alt = '';
    const size = number(style.avatarSize, 28, 12, 96) + 'px';
    avatar.style.width = size;
    avatar.style.height = size;
    avatar.style.borderRadius = number(style.avatarRadius, 999, 0, 999) + 'px';
    item.append(avatar);
  }
  const prefix = style.showNumbers === true ? index + 1 + '. ' : '';
  item.append(element('span', prefix + person.name + detail));
  return item;
}
function section(title, people, detail) {
  if (people.length === 0) return [];
  const list = element('ul');
  people.forEach((person, index) => list.append(row(person, index, detail(person))));
  return [element('h2', title), list];
}
function render() {
  const look = card.style;
  look.fontFamily = text(style.fontFamily, 'sans-serif');
  look.fontSize = number(style.fontSize, 24, 6, 200) + 'px';
  look.fontWeight = String(number(Number(style.fontWeight), 600, 100, 900));
  look.color = text(style.fontColor, '#ffffff');
  look.background = 'rgb(0 0 0 / ' + number(style.bgOpacity, 0, 0, 1) + ')';
  look.backdropFilter = 'blur(' + number(style.blur, 0, 0, 100) + 'px)';
  look.borderRadius = number(style.radius, 16, 0, 999) + 'px';
  const shadow = number(style.shadowBlur, 4, 0, 200);
  look.textShadow = '0 0 ' + shadow + 'px rgb(0 0 0 / ' + number(style.shadowOpacity, 0.8, 0, 1) + ')';
  card.replaceChildren(
    element('h1', text(style.titleText, 'Credits')),
    ...section(text(style.donorsTitleText, 'Donors'), state.donors, (d) => ' — ' + d.amount + ' ' + d.currency),
    ...section(text(style.chattersTitleText, 'Chatters'), state.chatters, () => ''),
  );
  card.hidden = state.donors.length + state.chatters.length === 0;
}
function parse(json) {
  try {
    const parsed = JSON.parse(json || '{}');
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}
// A connection can go mute without an error. The server sends a heartbeat every 15 s: three are missed.
const SILENT_MS = 45000;
let stream = null;
let timer;
function connectIn(delayMs) {
  clearTimeout(timer);
  timer = setTimeout(connect, delayMs);
}
function connect() {
  if (stream !== null) stream.close();
  const events = new EventSource(location.pathname.replace(/\/$/, '') + '/events');
  stream = events;
  connectIn(SILENT_MS);
  const on = (name, show) =>
    events.addEventListener(name, (event) => {
      connectIn(SILENT_MS);
      show(JSON.parse(event.data));
    });
  on('heartbeat', () => {});
  on('credits:config', (config) => {
    style = parse(config.creditsStyleJson);
    render();
  });
  on('credits:state', (credits) => {
    state = credits;
    render();
  });
  // A refusal ends an EventSource for good; the server may only be restarting.
  events.addEventListener('error', () => {
    if (events.readyState === EventSource.CLOSED) connectIn(5000);
  });
}
connect();
`;
