/** Fails when the core names a platform, in code or in words: a sixth one must not need a change there. */
import { pathToFileURL } from 'node:url';
import { isGenerated, isTest, readSources, report, type Source } from './sources.ts';

const NAMES = /twitch|you[ -]?tube|vk[ -]?video|trovo|kick/i;
const MAY_NAME_THEM = ['src/platforms/', 'src/bots/', 'src/cli/', 'src/db/', 'src/config/', 'src/config.ts'];
// Fields of the public API that are older than this rule.
const PUBLIC_FIELDS = /\bvkvideoAllowedRoleIds\b/g;

/** One line per place in the core that names a platform. */
export function namedPlatforms(sources: readonly Source[]): string[] {
  return sources
    .filter(({ file }) => !isTest(file) && !isGenerated(file) && !MAY_NAME_THEM.some((place) => file.startsWith(place)))
    .flatMap(({ file, text }) =>
      text.split('\n').flatMap((line, index) => {
        const name = NAMES.exec(line.replaceAll(PUBLIC_FIELDS, ''))?.[0];
        return name ? [`${file}:${index + 1}: names a platform (${name})`] : [];
      }),
    );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  report('platform names', namedPlatforms(readSources(['src'])));
}
