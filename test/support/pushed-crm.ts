import { answer, type ScriptedServer, type Step } from './scripted-server.js';

/** What a REST CRM says of whoever is asked for: a tier, nobody, or a failure. */
export interface CrmState {
  tier: string | null;
  isDown: boolean;
}

export function tierServer(state: CrmState): Step {
  return (response) => {
    if (state.isDown) return answer(503)(response);
    return answer(200, { people: state.tier === null ? [] : [{ tier: state.tier }] })(response);
  };
}

/** A `crm.json` with that server as its one provider, "crm", that may push and maps "tier" and "score". */
export function pushedCrm({ url }: ScriptedServer, pushSecret: string, more: object = {}): object {
  return {
    providers: [
      {
        name: 'crm',
        type: 'http',
        baseUrl: url,
        allowHttp: true,
        auth: { type: 'none' },
        byEmail: { path: '/people', query: { email: '{{email}}' }, items: 'people' },
        byDomain: { path: '/companies', query: { domain: '{{domain}}' }, items: 'people' },
        fields: { tier: 'tier', score: 'score' },
        timeoutMs: 2_000,
        pushSecret,
        ...more,
      },
      { name: 'files', type: 'file', path: './customers.json' },
    ],
  };
}
