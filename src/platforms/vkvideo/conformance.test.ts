import { simulate } from '../../../simulators/vkvideo/simulated-platform.ts';
import { describeConformance } from '../../../test/conformance/suite.ts';
import { vkvideo } from './index.ts';

describeConformance('VK Video Live', vkvideo, simulate);
