/** The style of the credits overlay as the API checks and documents it (docs/contract/http-api.md#overlay-style). */
import { z } from 'zod';
import { COLOR, parse, type Rule, STYLE_RULES, type Style } from '../overlay/style.js';

const MAX_STYLE = 50_000;

const WORDS: Readonly<Record<keyof Style, string>> = {
  fontFamily: 'CSS font family. The computer that runs OBS must have the font.',
  fontSize: 'Size of the text in pixels.',
  fontWeight: 'Weight of the text. Digits in a string are accepted too.',
  fontColor: 'Color of the text: a hex color, a CSS color name, `rgb()` or `hsl()`.',
  bgOpacity: 'Opacity of the black background behind the credits.',
  blur: 'Blur of what is behind the credits, in pixels.',
  radius: 'Radius of the corners of the background, in pixels.',
  shadowBlur: 'Blur of the shadow of the text, in pixels.',
  shadowOpacity: 'Opacity of the shadow of the text.',
  showTitles: 'Show the headings.',
  titleText: 'Heading of the credits.',
  donorsTitleText: 'Heading of the donors.',
  chattersTitleText: 'Heading of the chatters.',
  showNumbers: 'Number the people of each section.',
  showAvatars: 'Show avatars.',
  avatarSize: 'Width and height of an avatar in pixels.',
  avatarRadius: 'Radius of the corners of an avatar, in pixels.',
  rowGap: 'Distance between two people in pixels.',
  sections: 'Order of the sections. A section that is not listed is not shown.',
  chattersBy: 'Whether chatters are listed all together or by platform.',
  mergeSameNames: 'Show chatters of different platforms who have the same name as one person.',
  rollSpeed: 'Speed of the credits in pixels per second. 0 shows a list that does not move.',
  rollDirection: 'Where the credits move.',
  rollRepeat: 'Whether the credits begin again at their end or stop there.',
  rollGap: 'Distance in pixels between the end of the credits and their next beginning.',
};

const given = z.looseObject(
  Object.fromEntries(Object.entries(STYLE_RULES).map(([key, rule]) => [key, givenAs(rule).optional()])),
);

/** Every key with the value that the overlay uses. */
export const shownStyle = z
  .object(
    Object.fromEntries(
      Object.entries(STYLE_RULES).map(([key, rule]) => {
        const words = `${WORDS[key as keyof Style]} Default: \`${JSON.stringify(rule.initial)}\`.`;
        return [key, schemaOf(rule).describe(words)];
      }),
    ),
  )
  .describe('The style as the overlay shows it: every key, with its default where the stored style has none.');

/** Style text of a request. What it says beyond the known keys belongs to whoever wrote it. */
export const styleText = z
  .string()
  .meta({ maxLength: MAX_STYLE })
  .transform((raw) => raw.trim())
  .pipe(z.string().max(MAX_STYLE, `must be at most ${MAX_STYLE} characters`))
  .superRefine((text, context) => {
    const { error } = given.safeParse(parse(text));
    for (const { path, message } of error?.issues ?? []) context.addIssue({ code: 'custom', path, message });
  });

function givenAs(rule: Rule): z.ZodType {
  const schema = schemaOf(rule);
  if (rule.kind !== 'number' || !rule.orText) return schema;
  const sentence = `must be a number from ${rule.least} to ${rule.most}`;
  const isInBounds = (digits: string) => schema.safeParse(Number(digits)).success;
  return z.union([schema, z.string().regex(/^\d+$/).refine(isInBounds, sentence)], sentence);
}

function schemaOf(rule: Rule): z.ZodType {
  switch (rule.kind) {
    case 'flag':
      return z.boolean();
    case 'number':
      return z.number().min(rule.least).max(rule.most);
    case 'text':
      return z.string().max(rule.longest);
    case 'color':
      return z.string().regex(COLOR, 'must be a CSS color, such as #ffffff');
    case 'choice':
      return z.enum(rule.of as [string, ...string[]]);
    case 'order':
      return z
        .array(z.enum(rule.of as [string, ...string[]]))
        .max(rule.of.length)
        .refine((parts) => new Set(parts).size === parts.length, 'must not repeat an entry');
  }
}
