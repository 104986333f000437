import { onBothDatabases } from '../support/both-databases.js';
import { describeSends } from './sends.contract.js';

onBothDatabases(describeSends);
