import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { VARIABLES } from '../../../src/config/variables.ts'
import { loadConfig } from '../../../src/config.ts'

const root = join(import.meta.dirname, '../../..')

const Service = z.object({
  image: z.string(),
  build: z.string().optional(),
  command: z.union([z.string(), z.array(z.string())]).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  healthcheck: z.object({ test: z.array(z.string()).min(2) }).optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
})
const compose = z
  .object({ services: z.record(z.string(), Service), volumes: z.record(z.string(), z.null()) })
  .parse(parse(readFileSync(join(root, 'compose.yml'), 'utf8'), { merge: true }))
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

/** `${NAME:?…}` and `${NAME:-default}`, as compose fills them in. */
function interpolate(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{(\w+)(?::([?-])([^}]*))?\}/g, (_all, name, kind, rest) => {
    const value = env[name]
    if (value !== undefined) return value
    if (kind === '?') throw new Error(`${name}: ${rest}`)
    return kind === '-' ? rest : ''
  })
}
