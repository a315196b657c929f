import { describe, expect, it, vi } from 'vitest'
import { backoffMs } from '../../client/src/core/backoff.ts'
import { Credentials } from '../../client/src/core/credentials.ts'
import { Emitter } from '../../client/src/core/emitter.ts'
import { filtered, Inbox } from '../../client/src/core/inbox.ts'
import type { NotificationPage, NotificationRecord } from '../../client/src/core/index.ts'
import { ENGLISH, FRENCH, kindOf, labelsFor } from '../../client/src/element/labels.ts'
import { relativeTime, secondsUntilTomorrow } from '../../client/src/element/time.ts'

const NOW = Date.parse('2026-11-28T12:00:00Z')

function record(id: string, more: Partial<NotificationRecord> = {}): NotificationRecord {
  return {
    ...{ id, user_id: '42', title: id, message: id, type: 'info', priority: 'normal' },
    ...{ data: {}, actions: [], channels: ['realtime'], read: false, read_at: null },
    ...{ archived_at: null, snoozed_until: null, expires_at: null, version: 1 },
    ...{ created_at: '2026-11-28T12:00:00Z', timestamp: Number(id) },
    ...more,
  }
}

function page(...data: NotificationRecord[]): NotificationPage {
  return { data, next_cursor: null, unread_count: data.filter(({ read }) => !read).length }
}

const ids = (records: readonly NotificationRecord[]) => records.map(({ id }) => id)

describe('backoffMs()', () => {
  it('[S2-064] doubles up to 30 s, and is anywhere between nothing and that', () => {
    const longest = [0, 1, 2, 3, 4, 5, 60].map((attempt) => backoffMs(attempt, () => 1))
    expect(longest).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
    expect(backoffMs(3, () => 0)).toBe(0)
    expect(backoffMs(3, () => 0.25)).toBe(2000)
  })
})

describe('Inbox', () => {
  it('keeps what a frame said over a page that was asked for before it came', () => {
    const inbox = new Inbox()
    inbox.apply(page(record('1')), inbox.now())
    const askedAt = inbox.now()
    inbox.put(record('1', { read: true }))
    inbox.put(record('2'))
    inbox.apply(page(record('1')), askedAt)
    expect(inbox.find('1')?.read).toBe(true)
    expect(ids(inbox.notifications)).toEqual(['2', '1'])
  })

  it('tells what is new on a page, oldest first, and nothing of the first page', () => {
    const inbox = new Inbox()
    expect(inbox.apply(page(record('1')), inbox.now())).toEqual([])
    const news = inbox.apply(
      page(record('4', { read: true }), record('3'), record('2'), record('1')),
      inbox.now(),
    )
    expect(ids(news)).toEqual(['2', '3'])
  })

  it('forgets what has left the inbox, but not what lies on further pages', () => {
    const inbox = new Inbox()
    inbox.apply({ ...page(record('3'), record('2')), next_cursor: '2' }, inbox.now())
    inbox.extend(page(record('1')), inbox.now())
    expect(inbox.nextCursor).toBeNull()
    inbox.apply({ ...page(record('3')), next_cursor: '3' }, inbox.now())
    expect(ids(inbox.notifications)).toEqual(['3', '2', '1'])
    inbox.apply(page(record('3')), inbox.now())
    expect(ids(inbox.notifications)).toEqual(['3'])
  })

  it('shows neither archived, snoozed nor expired ones', () => {
    const inbox = new Inbox()
    const later = new Date(Date.now() + 60_000).toISOString()
    const earlier = new Date(Date.now() - 60_000).toISOString()
    inbox.put(record('1', { archived_at: earlier }))
    inbox.put(record('2', { snoozed_until: later }))
    inbox.put(record('3', { expires_at: earlier }))
    inbox.put(record('4', { snoozed_until: earlier, expires_at: later }))
    expect(ids(inbox.notifications)).toEqual(['4'])
  })

  it('filters', () => {
    const all = [record('1', { read: true }), record('2', { priority: 'high' })]
    expect(ids(filtered(all, { unreadOnly: true }))).toEqual(['2'])
    expect(ids(filtered(all, { priority: 'high' }))).toEqual(['2'])
    expect(ids(filtered(all, { type: 'warning' }))).toEqual([])
    expect(ids(filtered(all, {}))).toEqual(['1', '2'])
  })
})

describe('Emitter', () => {
  it('tells everybody, also those after somebody who throws', () => {
    const emitter = new Emitter<{ word: string }>()
    const heard: string[] = []
    const report = vi.spyOn(globalThis, 'queueMicrotask').mockImplementation(() => {})
    emitter.on('word', () => {
      throw new Error('not my day')
    })
    const stop = emitter.on('word', (word) => heard.push(word))
    emitter.emit('word', 'one')
    stop()
    emitter.emit('word', 'two')
    expect(heard).toEqual(['one'])
    expect(report.mock.calls[0]?.[0]).toThrow('not my day')
    report.mockRestore()
  })
})

describe('Credentials', () => {
  const token = (claims: object) =>
    `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`

  it('know the user from the token, whatever letters he is written in', async () => {
    expect(await new Credentials(token({ sub: 'zoë' }), undefined).user()).toBe('zoë')
    expect(await new Credentials('opaque', undefined).user()).toBeNull()
    expect(await new Credentials(undefined, '42').user()).toBe('42')
  })

  it('are the same for two tokens of one user, and others for another tenant', async () => {
    const identity = (claims: object) => new Credentials(token(claims), undefined).identity()
    expect(await identity({ sub: 'a', exp: 1 })).toBe(await identity({ sub: 'a', exp: 2 }))
    expect(await identity({ sub: 'a' })).not.toBe(await identity({ sub: 'b' }))
    expect(await identity({ sub: 'a' })).not.toBe(await identity({ sub: 'a', tenant: 't' }))
  })
})

describe('the words of the bell', () => {
  it('[S4-059] types have names in both languages', () => {
    expect(FRENCH.type).toMatchObject({
      ...{ info: 'Information', success: 'Succès' },
      ...{ warning: 'Avertissement', error: 'Erreur' },
    })
    expect(labelsFor('fr-CA')).toBe(FRENCH)
    expect(labelsFor('de')).toBe(ENGLISH)
  })

  it('unknown types inform, alerts alarm', () => {
    expect(
      ['alert.critical', 'escalation.exhausted', 'order.shipped', 'Warning'].map(kindOf),
    ).toEqual(['alert', 'alert', 'info', 'warning'])
  })

  it('times are relative for a week', () => {
    const ago = (ms: number) => relativeTime(new Date(NOW - ms).toISOString(), 'en', NOW)
    const minute = 60_000
    expect([0, 59_000, minute, 59 * minute, 90 * minute, 26 * 60 * minute].map(ago)).toEqual([
      ...['now', 'now', '1 minute ago', '59 minutes ago', '1 hour ago', 'yesterday'],
    ])
    expect(ago(8 * 24 * 60 * minute)).toBe('Nov 20, 2026')
  })

  it('tomorrow begins at nine', () => {
    const evening = new Date(2026, 10, 28, 21, 0)
    expect(secondsUntilTomorrow(evening)).toBe(12 * 3600)
  })
})
