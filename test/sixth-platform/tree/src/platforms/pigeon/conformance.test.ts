import { simulate } from '../../../simulators/pigeon/simulated-platform.ts';
import { describeConformance } from '../conformance/suite.ts';
import { pigeon } from './index.ts';

describeConformance('Pigeon', pigeon, simulate);
