/**
 * Numbered slots under leases, in a hash: slot → `<end of the lease, epoch ms> <holder>`.
 * `ARGV`: the hash, the time (epoch ms, empty: the server's), the holder, the
 * length of the lease in ms, and what each script says besides.
 *
 * @module
 */

const shared = `
local key, A, call = KEYS[1] .. ARGV[1], ARGV, redis.call
local holder, now = A[3], nil
if A[2] ~= '' then now = tonumber(A[2]) else
  local time = call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

local function read(slot)
  local text = call('HGET', key, slot)
  if not text then return nil end
  local ends, who = string.match(text, '^(%d+) (.*)$')
  return tonumber(ends), who
end

local function hold(slot, ends, who)
  call('HSET', key, slot, string.format('%d ', ends) .. who)
end
`

/** Claims the lowest slot that is free or whose lease ran out; replies with it and whether it had a holder before. */
export const claimSlotScript = `${shared}
local slot = 1
while true do
  local ends = read(slot)
  if not ends or ends <= now then
    hold(slot, now + A[4], holder)
    return { slot, ends and 1 or 0 }
  end
  slot = slot + 1
end
`

/** Keeps slot `ARGV[5]`; replies with 0 when somebody else holds it. */
export const keepSlotScript = `${shared}
local ends, who = read(A[5])
if ends and who ~= holder then return 0 end
hold(A[5], now + A[4], holder)
return 1
`

/** Claims the lowest slot whose lease ran out `ARGV[5]` ms ago or earlier; replies with it or nil. */
export const claimAbandonedSlotScript = `${shared}
local lowest
for _, field in ipairs(call('HKEYS', key)) do
  local slot, ends = tonumber(field), read(field)
  if ends + A[5] <= now and (not lowest or slot < lowest) then lowest = slot end
end
if not lowest then return false end
hold(lowest, now + A[4], holder)
return lowest
`

/** Gives slot `ARGV[5]` back; with `ARGV[6]` = 1 it stays known as one that had a holder. */
export const releaseSlotScript = `${shared}
local ends, who = read(A[5])
if not ends or who ~= holder then return 0 end
if A[6] == '1' then hold(A[5], now, '') else call('HDEL', key, A[5]) end
return 1
`
