/**
 * JSON Schemas of the kinds in deploy/kubernetes, with exactly the fields that are used there: one that is misspelt, misplaced, missing or of
 * the wrong type is found without a cluster.
 *
 * @source https://kubernetes.io/docs/reference/kubernetes-api/
 */

const text = { type: 'string', minLength: 1 };
const count = { type: 'integer', minimum: 0 };
const name = { type: 'string', maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' };
const quantity = { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?(m|Ki|Mi|Gi)?$' };
const port = { type: 'integer', minimum: 1, maximum: 65_535 };
const labels = { type: 'object', minProperties: 1, additionalProperties: { type: 'string', maxLength: 63 } };

/** An object with these fields and no others. */
const fields = (properties: Record<string, object>, required: readonly string[] = []) => ({
  type: 'object',
  properties,
  required: [...required],
  additionalProperties: false,
});
const list = (items: object) => ({ type: 'array', minItems: 1, items });
const oneOf = (...values: string[]) => ({ enum: values });

const metadata = fields({ name, labels }, ['name']);
const selector = fields({ matchLabels: labels }, ['matchLabels']);
const kind = (apiVersion: string, named: string, rest: Record<string, object>, required: readonly string[]) =>
  fields({ apiVersion: { const: apiVersion }, kind: { const: named }, metadata, ...rest }, [
    'apiVersion',
    'kind',
    'metadata',
    ...required,
  ]);

const probe = fields(
  {
    httpGet: fields({ path: { type: 'string', pattern: '^/' }, port: text }, ['path', 'port']),
    periodSeconds: { type: 'integer', minimum: 1 },
    timeoutSeconds: { type: 'integer', minimum: 1 },
    failureThreshold: { type: 'integer', minimum: 1 },
  },
  ['httpGet'],
);
const resources = fields({ cpu: quantity, memory: quantity });
const container = fields(
  {
    name,
    image: text,
    imagePullPolicy: oneOf('Always', 'IfNotPresent', 'Never'),
    ports: list(fields({ name: { ...name, maxLength: 15 }, containerPort: port }, ['containerPort'])),
    env: list(fields({ name: { type: 'string', pattern: '^[A-Z_]+$' }, value: { type: 'string' } }, ['name'])),
    securityContext: fields({
      allowPrivilegeEscalation: { type: 'boolean' },
      readOnlyRootFilesystem: { type: 'boolean' },
      capabilities: fields({ add: list(text), drop: list(text) }),
    }),
    resources: fields({ requests: resources, limits: resources }),
    startupProbe: probe,
    livenessProbe: probe,
    readinessProbe: probe,
    lifecycle: fields({ preStop: fields({ exec: fields({ command: list(text) }, ['command']) }) }),
    volumeMounts: list(
      fields({ name, mountPath: { type: 'string', pattern: '^/[^:]*$' }, readOnly: { type: 'boolean' } }, [
        'name',
        'mountPath',
      ]),
    ),
  },
  ['name', 'image'],
);
/** Within the volume: no way out of it. */
const keyToPath = fields({ key: text, path: { type: 'string', pattern: '^(?!/)(?!.*\\.\\.)' } }, ['key', 'path']);
const configMap = fields({ name, items: list(keyToPath) }, ['name']);
const volume = fields(
  {
    name,
    configMap,
    projected: fields({ sources: list(fields({ configMap })) }, ['sources']),
    secret: fields({ secretName: name, defaultMode: { type: 'integer', minimum: 0, maximum: 0o777 } }, ['secretName']),
    emptyDir: fields({ sizeLimit: quantity }),
  },
  ['name'],
);
const podSpec = fields(
  {
    automountServiceAccountToken: { type: 'boolean' },
    terminationGracePeriodSeconds: count,
    securityContext: fields({
      runAsNonRoot: { type: 'boolean' },
      runAsUser: count,
      runAsGroup: count,
      fsGroup: count,
      seccompProfile: fields({ type: oneOf('RuntimeDefault', 'Unconfined', 'Localhost') }, ['type']),
    }),
    topologySpreadConstraints: list(
      fields(
        {
          maxSkew: { type: 'integer', minimum: 1 },
          topologyKey: text,
          whenUnsatisfiable: oneOf('DoNotSchedule', 'ScheduleAnyway'),
          labelSelector: selector,
        },
        ['maxSkew', 'topologyKey', 'whenUnsatisfiable'],
      ),
    ),
    containers: list(container),
    // One source each.
    volumes: list({ ...volume, minProperties: 2, maxProperties: 2 }),
  },
  ['containers'],
);

/** By kind. */
export const KUBERNETES_SCHEMAS: Readonly<Record<string, object>> = {
  ConfigMap: kind('v1', 'ConfigMap', { data: { type: 'object', additionalProperties: { type: 'string' } } }, []),
  Secret: kind(
    'v1',
    'Secret',
    { type: { const: 'Opaque' }, stringData: { type: 'object', additionalProperties: { type: 'string' } } },
    [],
  ),
  Service: kind(
    'v1',
    'Service',
    {
      spec: fields(
        {
          type: oneOf('ClusterIP', 'NodePort', 'LoadBalancer'),
          selector: labels,
          ports: list(fields({ name, port, targetPort: text }, ['port'])),
        },
        ['ports'],
      ),
    },
    ['spec'],
  ),
  Deployment: kind(
    'apps/v1',
    'Deployment',
    {
      spec: fields(
        {
          replicas: count,
          revisionHistoryLimit: count,
          selector,
          strategy: fields({
            type: oneOf('RollingUpdate', 'Recreate'),
            rollingUpdate: fields({ maxSurge: count, maxUnavailable: count }),
          }),
          template: fields({ metadata: fields({ labels }, ['labels']), spec: podSpec }, ['metadata', 'spec']),
        },
        ['selector', 'template'],
      ),
    },
    ['spec'],
  ),
  PodDisruptionBudget: kind(
    'policy/v1',
    'PodDisruptionBudget',
    { spec: fields({ maxUnavailable: count, minAvailable: count, selector }, ['selector']) },
    ['spec'],
  ),
  HorizontalPodAutoscaler: kind(
    'autoscaling/v2',
    'HorizontalPodAutoscaler',
    {
      spec: fields(
        {
          scaleTargetRef: fields({ apiVersion: text, kind: text, name }, ['kind', 'name']),
          minReplicas: { type: 'integer', minimum: 1 },
          maxReplicas: { type: 'integer', minimum: 1 },
          metrics: list(
            fields(
              {
                type: { const: 'Resource' },
                resource: fields(
                  {
                    name: oneOf('cpu', 'memory'),
                    target: fields(
                      { type: { const: 'Utilization' }, averageUtilization: { type: 'integer', minimum: 1 } },
                      ['type', 'averageUtilization'],
                    ),
                  },
                  ['name', 'target'],
                ),
              },
              ['type', 'resource'],
            ),
          ),
          behavior: fields({
            scaleDown: fields({ stabilizationWindowSeconds: { type: 'integer', minimum: 0, maximum: 3_600 } }),
          }),
        },
        ['scaleTargetRef', 'maxReplicas'],
      ),
    },
    ['spec'],
  ),
  Kustomization: fields(
    {
      apiVersion: { const: 'kustomize.config.k8s.io/v1beta1' },
      kind: { const: 'Kustomization' },
      resources: list(text),
      images: list(fields({ name: text, newName: text, newTag: text }, ['name'])),
    },
    ['apiVersion', 'kind', 'resources'],
  ),
  ServiceMonitor: kind(
    'monitoring.coreos.com/v1',
    'ServiceMonitor',
    {
      spec: fields(
        {
          selector,
          endpoints: list(
            fields({
              port: text,
              path: { type: 'string', pattern: '^/' },
              interval: { type: 'string', pattern: '^\\d+s$' },
            }),
          ),
        },
        ['selector', 'endpoints'],
      ),
    },
    ['spec'],
  ),
};
