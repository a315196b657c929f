import { execFileSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { VARIABLES } from '../../../src/config/variables.ts'
import { loadConfig } from '../../../src/config.ts'
import { Metrics } from '../../../src/support/metrics.ts'
import { findServer } from '../../support/server-process.ts'

const deploy = join(import.meta.dirname, '../../../deploy')
const read = (file: string) => readFileSync(join(deploy, file), 'utf8')

// biome-ignore lint/suspicious/noExplicitAny: manifests are read as they come.
type Manifest = any

const manifests: readonly (readonly [name: string, manifest: Manifest])[] = globSync(
  'kubernetes/*.yaml',
  { cwd: deploy },
)
  .filter((file) => !file.endsWith('kustomization.yaml'))
  .flatMap((file) =>
    parseAllDocuments(read(file)).map((document) => {
      const manifest = document.toJS() as Manifest
      return [`${file} ${manifest.kind} ${manifest.metadata.name}`, manifest] as const
    }),
  )
const ofKind = (kind: string) => manifests.filter(([, manifest]) => manifest.kind === kind)

describe('deploy/kubernetes', () => {
  it.each(manifests)('%s is what its schema says', async (_name, manifest) => {
    const { kind, apiVersion } = manifest
    const kinds = await import(`kubernetes-models/${apiVersion}`)
    expect(() => new kinds[kind](manifest).validate()).not.toThrow()
  })

  it('the schema does see what is wrong', async () => {
    const { Deployment } = await import('kubernetes-models/apps/v1')
    const [, manifest] = ofKind('Deployment')[0]!
    const wrong = { ...manifest, spec: { ...manifest.spec, replicas: 'two' } }
    expect(() => new Deployment(wrong).validate()).toThrow('replicas')
  })

  it('kustomization names every file', () => {
    const { resources } = parse(read('kubernetes/kustomization.yaml'))
    const files = globSync('*.yaml', { cwd: join(deploy, 'kubernetes') })
    expect([...resources, 'kustomization.yaml'].sort()).toEqual(files.sort())
  })

  it('the roles of all Deployments are all roles, once', () => {
    const roles = ofKind('Deployment').flatMap(([, { spec }]) =>
      spec.template.spec.containers[0].env
        .find(({ name }: Manifest) => name === 'BELFRY_ROLES')
        .value.split(','),
    )
    expect(roles.sort()).toEqual(['api', 'gateway', 'router', 'worker'])
  })

  it.each(ofKind('Deployment'))('%s gives nothing away', (_name, { spec }) => {
    const pod = spec.template.spec
    const [container] = pod.containers
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true })
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    expect(pod.automountServiceAccountToken).toBe(false)
    expect(container.resources.limits.memory).toBeDefined()
  })

  it.each(ofKind('Deployment'))('%s is asked how it is, and has its budget', (_name, manifest) => {
    const { spec } = manifest
    const [{ livenessProbe, readinessProbe, ports }] = spec.template.spec.containers
    expect(livenessProbe.httpGet).toEqual({ path: '/livez', port: 'http' })
    expect(readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'http' })
    expect(ports[0]).toEqual({ name: 'http', containerPort: 8080 })
    const { matchLabels } = spec.selector
    expect(spec.template.metadata.labels).toMatchObject(matchLabels)
    const budgets = ofKind('PodDisruptionBudget').map(([, { spec }]) => spec.selector.matchLabels)
    expect(budgets).toContainEqual(matchLabels)
  })

  it('a process starts with this configuration and has time to stop', () => {
    const { data } = ofKind('ConfigMap')[0]![1]
    expect(Object.keys(data).filter((name) => !Object.hasOwn(VARIABLES, name))).toEqual([])
    const secrets = { MQTT_PASSWORD: 'a', REDIS_PASSWORD: 'b', BELFRY_ADMIN_KEY: 'c' }
    const config = loadConfig({ ...data, ...secrets }, '/nowhere')
    expect(config.auth.mode).toBe('token')
    for (const [, { spec }] of ofKind('Deployment')) {
      const graceMs = spec.template.spec.terminationGracePeriodSeconds * 1000
      expect(graceMs).toBeGreaterThan(config.shutdownMs)
    }
  })
})

describe('metrics that somebody is told of', () => {
  const known = async () => {
    const text = await new Metrics({ process: true }).render()
    return [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].flatMap(([, name = '', type]) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name],
    )
  }
  const namesIn = (text: string) => [...new Set(text.match(/\bbelfry_\w+/g))]

  it('exist: deploy/prometheus/rules.yml', async () => {
    const { groups } = parse(read('prometheus/rules.yml'))
    const rules = groups.flatMap(({ rules }: Manifest) => rules)
    expect(rules.length).toBeGreaterThan(5)
    for (const { alert, expr, labels, annotations } of rules) {
      expect(alert).toMatch(/^Belfry[A-Z]/)
      expect(['critical', 'warning']).toContain(labels.severity)
      expect(annotations.summary).toBeTruthy()
      expect(annotations.action, alert).toBeTruthy()
      const names = namesIn(expr)
      expect((await known()).filter((name) => names.includes(name)).sort()).toEqual(names.sort())
    }
  })

  it('exist: deploy/grafana/belfry.json', async () => {
    const { panels } = JSON.parse(read('grafana/belfry.json'))
    const queries = panels.flatMap(({ targets = [] }: Manifest) => targets)
    const names = namesIn(queries.map(({ expr }: Manifest) => expr).join('\n'))
    expect(names.length).toBeGreaterThan(15)
    expect(names.filter((name) => name !== 'belfry_')).toEqual(
      expect.arrayContaining(['belfry_alerts_open', 'belfry_queue_oldest_ready_age_seconds']),
    )
    const all = await known()
    expect(names.filter((name) => !all.includes(name))).toEqual([])
    const places = panels.map(({ gridPos: { x, y } }: Manifest) => `${x} ${y}`)
    expect(new Set(places).size).toBe(places.length)
  })
})

describe('deploy/systemd/belfry.service', () => {
  const analyze = findServer('systemd-analyze')
  it.runIf(analyze !== null)('is a unit that systemd takes', () => {
    const dir = mkdtempSync(join(tmpdir(), 'belfry-unit-'))
    try {
      // The program is not installed here.
      const unit = read('systemd/belfry.service').replace('env belfry start', 'env true')
      writeFileSync(join(dir, 'belfry.service'), unit)
      execFileSync(analyze!, ['verify', join(dir, 'belfry.service')], { stdio: 'pipe' })
    } finally {
      rmSync(dir, { recursive: true })
    }
  })

  it('sets only variables that Belfry or Node reads, and leaves time to stop', () => {
    const unit = read('systemd/belfry.service')
    const [, settings = ''] = /^Environment=(.*)$/m.exec(unit) ?? []
    const names = settings.split(' ').map((pair) => pair.split('=')[0]!)
    const strange = names.filter((name) => name !== 'NODE_ENV' && !Object.hasOwn(VARIABLES, name))
    expect(strange).toEqual([])
    const [, seconds] = /^TimeoutStopSec=(\d+)$/m.exec(unit) ?? []
    expect(Number(seconds) * 1000).toBeGreaterThan(loadConfig({}, '/nowhere').shutdownMs)
  })
})

describe('deploy/nginx/belfry.conf', () => {
  const nginx = findServer('nginx')
  it.runIf(nginx !== null)('is taken by nginx', () => {
    const dir = mkdtempSync(join(tmpdir(), 'belfry-nginx-'))
    try {
      const [key, certificate] = [join(dir, 'belfry.key'), join(dir, 'belfry.crt')]
      const subject = ['-subj', '/CN=belfry.example.com', '-keyout', key, '-out', certificate]
      execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject], {
        stdio: 'pipe',
      })
      const site = read('nginx/belfry.conf').replaceAll('/etc/nginx/certificates', dir)
      const conf = `pid ${dir}/pid; error_log stderr; events {} http { access_log off; ${site} }`
      writeFileSync(join(dir, 'nginx.conf'), conf)
      execFileSync(nginx!, ['-t', '-q', '-c', join(dir, 'nginx.conf')], { stdio: 'pipe' })
    } finally {
      rmSync(dir, { recursive: true })
    }
  })
})
