/** What a style may say about the credits, and what holds where it says nothing; the page and the API read this table (docs/contract/http-api.md#overlay-style). */

/**
 * @typedef {object} Style
 * @property {string} fontFamily
 * @property {number} fontSize
 * @property {number} fontWeight
 * @property {string} fontColor
 * @property {number} bgOpacity
 * @property {number} blur
 * @property {number} radius
 * @property {number} shadowBlur
 * @property {number} shadowOpacity
 * @property {boolean} showTitles
 * @property {string} titleText
 * @property {string} donorsTitleText
 * @property {string} chattersTitleText
 * @property {boolean} showNumbers
 * @property {boolean} showAvatars
 * @property {number} avatarSize
 * @property {number} avatarRadius
 * @property {number} rowGap
 * @property {readonly string[]} sections
 * @property {string} chattersBy
 * @property {boolean} mergeSameNames
 * @property {number} rollSpeed
 * @property {string} rollDirection
 * @property {string} rollRepeat
 * @property {number} rollGap
 */

/**
 * What a key may be. `initial` holds where the style does not have the key.
 *
 * @typedef {{ kind: 'flag', initial: boolean }
 *   | { kind: 'number', initial: number, least: number, most: number, orText?: true }
 *   | { kind: 'text', initial: string, longest: number }
 *   | { kind: 'color', initial: string }
 *   | { kind: 'choice', initial: string, of: readonly string[] }
 *   | { kind: 'order', initial: readonly string[], of: readonly string[] }} Rule
 */

/** @type {Readonly<Record<keyof Style, Rule>>} */
export const STYLE_RULES = {
  fontFamily: { kind: 'text', initial: 'sans-serif', longest: 200 },
  fontSize: { kind: 'number', initial: 24, least: 6, most: 200 },
  fontWeight: { kind: 'number', initial: 600, least: 100, most: 900, orText: true },
  fontColor: { kind: 'color', initial: '#ffffff' },
  bgOpacity: { kind: 'number', initial: 0, least: 0, most: 1 },
  blur: { kind: 'number', initial: 0, least: 0, most: 100 },
  radius: { kind: 'number', initial: 16, least: 0, most: 999 },
  shadowBlur: { kind: 'number', initial: 4, least: 0, most: 200 },
  shadowOpacity: { kind: 'number', initial: 0.8, least: 0, most: 1 },
  showTitles: { kind: 'flag', initial: true },
  titleText: { kind: 'text', initial: 'Credits', longest: 200 },
  donorsTitleText: { kind: 'text', initial: 'Donors', longest: 200 },
  chattersTitleText: { kind: 'text', initial: 'Chatters', longest: 200 },
  showNumbers: { kind: 'flag', initial: false },
  showAvatars: { kind: 'flag', initial: true },
  avatarSize: { kind: 'number', initial: 28, least: 12, most: 96 },
  avatarRadius: { kind: 'number', initial: 999, least: 0, most: 999 },
  rowGap: { kind: 'number', initial: 8, least: 0, most: 200 },
  sections: { kind: 'order', initial: ['donors', 'chatters'], of: ['donors', 'chatters'] },
  chattersBy: { kind: 'choice', initial: 'all', of: ['all', 'platform'] },
  mergeSameNames: { kind: 'flag', initial: false },
  rollSpeed: { kind: 'number', initial: 60, least: 0, most: 2000 },
  rollDirection: { kind: 'choice', initial: 'up', of: ['up', 'down'] },
  rollRepeat: { kind: 'choice', initial: 'loop', of: ['loop', 'once'] },
  rollGap: { kind: 'number', initial: 100, least: 0, most: 10_000 },
};

/** Hex digits, a name, or a function with plain arguments. */
export const COLOR =
  /^(?:#(?:[\dA-Fa-f]{3,4}|[\dA-Fa-f]{6}|[\dA-Fa-f]{8})|[A-Za-z]{3,30}|(?:rgb|hsl)a?\([\d.,%/ a-z]{1,60}\))$/;

/**
 * Every key with a value that can be shown: what was stored before a rule was there is drawn into its bounds.
 *
 * @param {string | null} json as a streamer, or another program, stored it
 * @returns {Style}
 */
export function readStyle(json) {
  const given = parse(json);
  const read = Object.entries(STYLE_RULES).map(([key, rule]) => [key, readValue(rule, given[key])]);
  return Object.fromEntries(read);
}

/**
 * @param {Rule} rule
 * @param {unknown} value
 */
function readValue(rule, value) {
  switch (rule.kind) {
    case 'flag':
      return typeof value === 'boolean' ? value : rule.initial;
    case 'number': {
      const number = rule.orText && typeof value === 'string' ? Number.parseFloat(value) : value;
      if (typeof number !== 'number' || !Number.isFinite(number)) return rule.initial;
      return Math.min(Math.max(number, rule.least), rule.most);
    }
    case 'text':
      return typeof value === 'string' && value.trim() !== '' ? value.slice(0, rule.longest) : rule.initial;
    case 'color':
      return typeof value === 'string' && COLOR.test(value) ? value : rule.initial;
    case 'choice':
      return typeof value === 'string' && rule.of.includes(value) ? value : rule.initial;
    case 'order':
      return Array.isArray(value) ? [...new Set(value)].filter((part) => rule.of.includes(part)) : rule.initial;
  }
}

/**
 * @param {string | null} json
 * @returns {Record<string, unknown>}
 */
export function parse(json) {
  try {
    const parsed = JSON.parse(json || '{}');
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? parsed : {};
  } catch {
    return {};
  }
}
