/** What VK Video Live is asked by a live look: who the token's account is. */
import { z } from 'zod';
import { PlatformRefused, PlatformUnreachable } from '../../lib/errors.ts';
import { deviationsOf, type Probe } from '../probe-side.ts';
import { NO_BASE } from './api.ts';
import { apiBaseOf, vkvideoSettings } from './settings.ts';

/** docs/platforms/vkvideo.md#current-user */
const currentUser = z.object({
  data: z.object({
    user: z.object({ id: z.number().int(), nick: z.string().min(1) }),
    channel: z.object({ url: z.string().min(1) }).optional(),
    channels: z.array(z.object({ url: z.string().min(1) })).optional(),
  }),
});

export const probe: Probe = async ({ settings: values, http }, { accessToken }) => {
  const settings = vkvideoSettings(values);
  const base = apiBaseOf(settings);
  const url = settings.VKVIDEO_USERINFO_URL ?? (base === null ? null : `${base}/v1/current_user`);
  if (url === null) throw new PlatformRefused(NO_BASE);
  const answer = await http(url, { headers: { authorization: `Bearer ${accessToken}` } });
  const { status } = answer;
  if (status >= 500 || status === 429) throw new PlatformUnreachable(`VK Video Live answered ${status}`);
  if (status >= 300) throw new PlatformRefused(`VK Video Live answered ${status}`, { status });
  const { data } = currentUser.safeParse(answer.json());
  return {
    platformUserId: data === undefined ? null : String(data.data.user.id),
    units: 0,
    deviations: deviationsOf('GET current_user', currentUser, answer.json()),
  };
};
