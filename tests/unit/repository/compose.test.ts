import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { VARIABLES } from '../../../src/config/variables.ts'
import { loadConfig } from '../../../src/config.ts'
import { interpolate, readCompose } from '../../support/compose.ts'

const root = join(import.meta.dirname, '../../..')

const compose = readCompose('compose.yml')
const services = Object.entries(compose.services)
const ours = services.filter(([, { build }]) => build !== undefined)

describe('compose.yml', () => {
  it('has the service, a broker, a store and a mail catcher', () => {
    const images = Object.fromEntries(services.map(([name, { image }]) => [name, image]))
    expect(images).toEqual({
      belfry: 'belfry',
      worker: 'belfry',
      mosquitto: expect.stringMatching(/^eclipse-mosquitto:2/),
      valkey: expect.stringMatching(/^valkey\/valkey:\d/),
      mailpit: expect.stringMatching(/^axllent\/mailpit:v\d/),
    })
  })

  it.each(services)('%s mounts what exists', (_name, { volumes }) => {
    for (const volume of volumes) {
      const [source = ''] = volume.split(':')
      if (source.startsWith('.')) expect(existsSync(join(root, source)), source).toBe(true)
      else expect(compose.volumes).toHaveProperty(source)
    }
  })

  it.each(services)('%s is reachable from this machine only', (_name, { ports }) => {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:(\d+):\1$/)
  })

  it.each(services)('%s waits until what it needs is healthy', (_name, { depends_on: needs }) => {
    for (const [name, { condition }] of Object.entries(needs)) {
      expect(condition).toBe('service_healthy')
      expect(compose.services[name]?.healthcheck, name).toBeDefined()
    }
  })

  it.each(services)('%s has no secret written into it', (_name, { environment, command }) => {
    for (const [name, value] of Object.entries(environment)) {
      if (/PASSWORD|KEY|SECRET|TOKEN/.test(name)) expect(value).toMatch(/^\$\{\w+:[?-][^}]*\}$/)
      expect(value).not.toMatch(/:\/\/[^/]*:[^/]*@/)
    }
    expect(String(command)).not.toMatch(/requirepass (?!"\$\$REDIS_PASSWORD")/)
  })

  it.each(ours)('%s sets only variables that Belfry reads', (_name, { environment }) => {
    expect(Object.keys(environment).filter((name) => !Object.hasOwn(VARIABLES, name))).toEqual([])
  })

  it.each(ours)('%s starts with what it is given', (_name, { environment }) => {
    const secrets = { MQTT_PASSWORD: 'a'.repeat(32), REDIS_PASSWORD: 'b', BELFRY_ADMIN_KEY: 'c' }
    const env = Object.fromEntries(
      Object.entries(environment).map(([name, value]) => [name, interpolate(value, secrets)]),
    )
    const config = loadConfig(env, '/nowhere')
    expect(config.auth.mode).toBe('token')
    expect(config.mqtt.external?.urls).toEqual(['mqtt://mosquitto:1883'])
    expect(config.redis).toMatchObject({ nodes: [{ host: 'valkey', port: 6379 }], password: 'b' })
    expect(config.providers.smtp).toEqual([{ name: 'smtp', url: 'smtp://mailpit:1025' }])
  })

  it('gives the broker what its start script reads', () => {
    const script = readFileSync(join(root, 'deploy/mosquitto/start.sh'), 'utf8')
    const { environment, command } = compose.services.mosquitto!
    for (const name of Object.keys(environment)) expect(script).toContain(`\${${name}:`)
    expect(command).toEqual(['sh', '/belfry/deploy/mosquitto/start.sh'])
  })

  it('keeps what Redis accepted, and throws nothing away', () => {
    const command = String(compose.services.valkey?.command)
    expect(command).toContain('--appendonly yes')
    expect(command).toContain('--maxmemory-policy noeviction')
  })
})

const production = readCompose('deploy/compose/compose.yml')
const parts = Object.entries(production.services)
const SECRETS = {
  ...{ BELFRY_DOMAIN: 'belfry.example.com', BELFRY_JWT_SECRET: 'd'.repeat(32) },
  ...{ MQTT_PASSWORD: 'a', REDIS_PASSWORD: 'b', BELFRY_ADMIN_KEY: 'c' },
}

describe('deploy/compose/compose.yml', () => {
  it('has every role, behind a proxy', () => {
    const roles = parts.flatMap(([name, { environment }]) =>
      environment.BELFRY_ROLES === undefined ? [] : [`${name}: ${environment.BELFRY_ROLES}`],
    )
    expect(roles).toEqual([
      'gateway-1: api,gateway',
      'gateway-2: api,gateway',
      'worker: router,worker',
    ])
    expect(production.services.proxy?.environment.BELFRY_PROCESSES).toBe(
      'gateway-1:8080 gateway-2:8080',
    )
  })

  it.each(parts)('%s mounts what exists, and what certificates.sh makes', (_name, { volumes }) => {
    const script = readFileSync(join(root, 'deploy/compose/certificates.sh'), 'utf8')
    for (const volume of volumes) {
      const [source = ''] = volume.split(':')
      const made = /^\.\/certificates\/(.+)$/.exec(source)?.[1]
      if (made !== undefined) expect(script).toContain(made)
      else if (source.startsWith('.')) {
        expect(existsSync(join(root, 'deploy/compose', source)), source).toBe(true)
      } else expect(production.volumes).toHaveProperty(source)
    }
  })

  it.each(parts)('%s waits until what it needs is healthy', (_name, { depends_on: needs }) => {
    for (const [name, { condition }] of Object.entries(needs)) {
      expect(condition).toBe('service_healthy')
      const { healthcheck, build } = production.services[name]!
      // Our own image brings its check.
      expect(healthcheck !== undefined || build !== undefined, name).toBe(true)
    }
  })

  it('is open by TLS alone, and has no secret written into it', () => {
    const ports = parts.flatMap(([name, { ports }]) => ports.map((port) => `${name} ${port}`))
    // On port 80 nginx only says where to go.
    expect(ports).toEqual(['proxy 80:80', 'proxy 443:443', 'mosquitto 8883:8883'])
    for (const [, { environment }] of parts) {
      for (const [name, value] of Object.entries(environment)) {
        if (/PASSWORD|KEY|SECRET|TOKEN/.test(name)) expect(value).toMatch(/^\$\{\w+:[?-][^}]*\}$/)
      }
    }
  })

  it.each(parts.filter(([, { build }]) => build))(
    '%s starts with what it is given',
    (_name, part) => {
      const names = Object.keys(part.environment)
      expect(names.filter((name) => !Object.hasOwn(VARIABLES, name))).toEqual([])
      const entries = Object.entries(part.environment)
      const env = Object.fromEntries(
        entries.map(([name, text]) => [name, interpolate(text, SECRETS)]),
      )
      // The authority's certificate lies where only the container has it.
      const { MQTT_CA_FILE: _mqtt, REDIS_CA_FILE: _redis, ...given } = env
      const config = loadConfig(given, '/nowhere')
      expect(config.auth.mode).toBe('token')
      expect(config.mqtt.external?.urls).toEqual(['mqtts://mosquitto:8883'])
      expect(config.redis).toMatchObject({ nodes: [{ host: 'valkey', port: 6379 }], password: 'b' })
      expect(config.redis?.tls).toBeTruthy()
    },
  )
})

describe('starter/compose.yml', () => {
  const { services: started } = parse(readFileSync(join(root, 'starter/compose.yml'), 'utf8'))

  it('is open to this machine alone, where everybody may do everything', () => {
    const ports = Object.values<{ ports?: string[] }>(started).flatMap(({ ports }) => ports ?? [])
    expect(ports).toEqual(['127.0.0.1:8080:8080', '127.0.0.1:1883:1883', '127.0.0.1:8025:8025'])
    const { BELFRY_APP: _, ...env } = started.app.environment
    expect(loadConfig(env, '/nowhere')).toMatchObject({
      auth: { mode: 'off' },
      mqtt: { external: { urls: ['mqtt://mosquitto:1883'] } },
      redis: { nodes: [{ host: 'valkey', port: 6379 }] },
    })
  })

  it('becomes the service, so that it hears of a stop', () => {
    expect(started.app.command).toMatch(/&& exec node_modules\/\.bin\/belfry start"$/)
  })
})
