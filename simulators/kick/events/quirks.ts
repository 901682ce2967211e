/** Oddities of real payloads that can be switched on (docs/platforms/kick.md#payloads). */

export const QUIRKS = [
  /** `emotes` is null although the text holds emote tokens. */
  'emotes_null',
  /** `emote_id` is a number. */
  'numeric_emote_ids',
  'identity_null',
  'identity_absent',
  'verified_null',
  /** `replies_to` is null instead of absent. */
  'replies_null',
  /** Fields nobody has heard of yet. */
  'extra_fields',
  /** Moments are told in another offset than `Z`. */
  'offset_times',
  /** `metadata.Category` beside `metadata.category`. */
  'category_twice',
] as const;

export type Quirk = (typeof QUIRKS)[number];
