/** Cuts subscriptions into frames the server takes: larger ones cost the connection (docs/platforms/vkvideo.md#topology). */

/** The server's limit is 65,536; the connection's own token has to fit besides. */
const FRAME_BYTES = 55_000;
/** Braces, names of fields, the command's number, and a position to recover from. */
const COMMAND_BYTES = 200;

export function portions<T extends { readonly name: string; readonly token: string | null }>(
  wanted: readonly T[],
): readonly (readonly T[])[] {
  const result: T[][] = [];
  let left = 0;
  for (const channel of wanted) {
    const bytes = COMMAND_BYTES + Buffer.byteLength(channel.name) + (channel.token?.length ?? 0);
    if (bytes > left || result.length === 0) {
      result.push([]);
      left = FRAME_BYTES;
    }
    result.at(-1)?.push(channel);
    left -= bytes;
  }
  return result;
}
