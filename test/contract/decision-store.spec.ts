import { onBothDatabases } from '../support/both-databases.js';
import { describeDecisionStore } from './decision-store.contract.js';

onBothDatabases(describeDecisionStore);
