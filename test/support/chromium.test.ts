import { expect, test } from 'vitest';
import { complaintAbout, librariesMissingIn } from './chromium.ts';

test('what the browser lacks on a machine is said by name, with the line that installs it', () => {
  const missing = librariesMissingIn(`
	linux-vdso.so.1 (0x00007ffd3c5f2000)
	libnss3.so => not found
	libexpat.so.1 => /lib/x86_64-linux-gnu/libexpat.so.1 (0x00007f2a)
	libsmime3.so => not found
/cache/lib/libnss3.so: /lib/x86_64-linux-gnu/libc.so.6: version \`GLIBC_2.34' not found (required by /cache/lib/libnss3.so)
	libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f2b)`);
  expect(missing).toEqual(['libnss3.so', 'libsmime3.so', 'GLIBC_2.34']);
  expect(complaintAbout(missing)).toBe(
    'The browser of the tests lacks libnss3.so, libsmime3.so, GLIBC_2.34. Install the libraries: ' +
      'sudo apt-get install -y libnss3 libnspr4 libexpat1 libgcc-s1',
  );
});
