import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { STYLE_RULES } from '../overlay/style.js';

const PAGE = path.join(import.meta.dirname, '../../docs/contract/http-api.md');

test('the contract names every key of the style with its default', () => {
  const page = readFileSync(PAGE, 'utf8');
  const section = page.slice(page.indexOf('### Overlay style'), page.indexOf('### Event streams'));
  const rows = section.matchAll(/^\| (`\w+`(?:, `\w+`)*) \| .* \| (.*) \| .*\|$/gm);
  const documented = [...rows].flatMap(([, keys = '', initial = '']) => {
    const names = [...keys.matchAll(/\w+/g)].map(([name]) => name);
    const values = names.length === 1 ? [initial] : initial.split(', ');
    return names.map((name, index) => [name, values[index]?.replaceAll('`', '')]);
  });
  const expected = Object.entries(STYLE_RULES).map(([key, { initial }]) => [
    key,
    typeof initial === 'object' ? JSON.stringify(initial) : String(initial),
  ]);
  expect(documented).toEqual(expected);
});
