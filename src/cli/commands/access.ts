import type { WantedKey } from '../../bootstrap/create-key.ts'
import { withStore } from '../../bootstrap/with-store.ts'
import { pathTo, Refused } from '../client.ts'
import { type Command, wholeNumber } from '../command.ts'

export const accessCommands: readonly Command[] = [
  {
    usage: 'keys create [name]',
    summary: 'A new API key, shown once (straight into the store where no service runs)',
    options: [
      ['--scopes <list>', 'publish,read,operate,admin (default publish,read)'],
      ['--device <name>', 'an MQTT user and a short password for a small device'],
      ['--publish <patterns...>', 'topic patterns that it may publish on'],
      ['--tenant <name>', 'whose key it is; a tenant’s own keys are always his'],
    ],
    examples: [`keys create --device pump-7 --publish 'notifications/alerts/+/pump'`],
    async run({ client, out }, [name], { scopes, device, publish, tenant }) {
      const wanted = {
        name: name ?? device,
        device,
        scopes: (scopes as string | undefined)?.split(','),
        topics: publish,
        tenant,
      } as WantedKey
      const answer = await client.post('/api/keys', wanted).catch(async (error: unknown) => {
        if (!(error instanceof Refused) || error.status !== 0) throw error
        const { createKey } = await import('../../bootstrap/create-key.ts')
        return withStore((store) => createKey(store, wanted))
      })
      const { key, ...secrets } = answer
      out.record(out.isJson ? { ...secrets, key } : { ...secrets, ...(key as object) })
    },
  },
  {
    usage: 'keys list',
    summary: 'API keys, without their secrets',
    async run({ client, out }) {
      const { data } = await client.get('/api/keys')
      const columns = ['id', 'name', 'scopes', 'topics', 'created_at', 'ends_in']
      out.table(data as Record<string, unknown>[], columns, 'No key yet.')
    },
  },
  {
    usage: 'keys revoke <id>',
    summary: 'Make a key worthless at once',
    async run({ client, out }, [id]) {
      const answer = await client.delete(pathTo`/api/keys/${id}`)
      out.done(`Revoked ${id}.`, answer)
    },
  },
  {
    usage: 'keys webhook',
    summary: 'What signs webhooks, newest first: receivers check with it',
    async run({ client, out }) {
      const answer = await client.get('/api/webhook-secrets')
      out.done((answer.secrets as string[]).join('\n'), answer)
    },
  },
  {
    usage: 'app show',
    summary: 'The Pusher application: id, key, secret',
    async run({ client, out }) {
      out.record(await client.get('/api/app'))
    },
  },
  {
    usage: 'app rotate',
    summary: 'A new key and secret for a tenant’s Pusher application, also its first',
    options: [['--keep-for <time>', 'how long those before hold: 90s, 2h, 0 (default 1d)']],
    async run({ client, out }, _args, { keepFor }) {
      const keep_for = keepFor === '0' ? 0 : keepFor
      out.record(await client.post('/api/app', { keep_for }))
    },
  },
  {
    usage: 'token <user>',
    summary: 'A token for development, signed with the configured secret',
    options: [
      ['--roles <list>', 'roles it carries'],
      ['--scopes <list>', 'publish,read,operate,admin'],
      ['--hours <n>', 'how long it holds (default 24)'],
      ['--tenant <name>', 'whose token it is (default: yours)'],
    ],
    async run({ client, out }, [user], { roles, scopes, hours, tenant }) {
      const answer = await client.post('/api/tokens', {
        sub: user,
        tenant,
        roles: (roles as string | undefined)?.split(','),
        scope: (scopes as string | undefined)?.split(','),
        hours: wholeNumber('--hours', hours),
      })
      out.done(String(answer.token), answer)
    },
  },
]
