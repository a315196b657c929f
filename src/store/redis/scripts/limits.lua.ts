/**
 * Counts calls against sliding windows. `ARGV[1]` is the time (epoch ms, empty:
 * the server's), then key, limit, window in ms and calls wanted of each. Replies
 * with granted, remaining and the moment at which more fits, of each.
 *
 * A window is a text of `<moment>:<calls>` entries, oldest first. Up to 64 of
 * them are exact; beyond, calls that are closer together than a 64th of the
 * window share the moment of the latest. So a call is never forgotten before it
 * has left the window, and an entry is at most a 64th of the window late.
 */
export const hitScript = `
local p, A, call = KEYS[1], ARGV, redis.call
local now
if A[1] ~= '' then now = tonumber(A[1]) else
  local time = call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local EXACT = 64
local reply = {}
for i = 2, #A, 4 do
  local key, limit, window, wanted = p .. A[i], tonumber(A[i + 1]), tonumber(A[i + 2]), tonumber(A[i + 3])
  local moments, counts, size, used = {}, {}, 0, 0
  for moment, count in string.gmatch(call('GET', key) or '', '(%d+):(%d+)') do
    moment, count = tonumber(moment), tonumber(count)
    if moment > now - window then
      size = size + 1
      moments[size], counts[size] = moment, count
      used = used + count
    end
  end
  local granted = math.max(0, math.min(wanted, limit - used))
  if granted > 0 then
    -- A clock that went back must not put a call before those that are there.
    local moment = math.max(now, moments[size] or 0)
    local since = moments[size - 1] or 0
    if moments[size] == moment or (size >= EXACT and moment - since <= window / EXACT) then
      moments[size], counts[size] = moment, counts[size] + granted
    else
      size = size + 1
      moments[size], counts[size] = moment, granted
    end
    local entries = {}
    for n = 1, size do entries[n] = string.format('%d:%d', moments[n], counts[n]) end
    call('SET', key, table.concat(entries, ','), 'PX', string.format('%d', window + moment - now))
  end
  local remaining = math.max(0, limit - used - granted)
  local r = #reply
  reply[r + 1], reply[r + 2] = granted, remaining
  reply[r + 3] = remaining > 0 and now or (moments[1] or now) + window
end
return reply
`
