import { simulate } from '../../../simulators/youtube/simulated-platform.ts';
import { describeConformance } from '../conformance/suite.ts';
import { youtube } from './index.ts';

describeConformance('YouTube', youtube, simulate);
