/** Google's libraries, loaded when first used: every process knows every platform, and these weigh 10 MiB. */
import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);

export const auth = () => load('google-auth-library') as typeof import('google-auth-library');
export const dataApi = () => load('@googleapis/youtube') as typeof import('@googleapis/youtube');
export const grpc = () => load('@grpc/grpc-js') as typeof import('@grpc/grpc-js');
export const protobuf = () => load('protobufjs') as typeof import('protobufjs');
