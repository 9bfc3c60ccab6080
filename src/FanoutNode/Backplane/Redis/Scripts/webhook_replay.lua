-- Puts a page of dead letters back into the queue, for the receivers that they were dead for, as far as it has room: what waits is not pushed out.
-- KEYS[1]  fanout:{$webhooks}:dead           stream: fields to, t, r, e, n, w
-- KEYS[2]  fanout:{$webhooks}:events         stream: entry <number>-0, fields t, r, e, to
-- KEYS[3]  fanout:{$webhooks}:seq            string: the last event's number
-- ARGV[1]  most events to keep
-- ARGV[2]  from this entry on
-- ARGV[3]  up to this entry
-- ARGV[4]  most entries to look at
-- ARGV     behind it the receivers whose dead letters are meant; those of others stay
-- Returns  { how many were put back, the last entry that was looked at or '' at the end, 1 if the queue has no room for one that was meant }
local wanted = {}
for i = 5, #ARGV do
  wanted[ARGV[i]] = true
end
local room = ARGV[1] - redis.call('XLEN', KEYS[2])
local entries = redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[3], 'COUNT', ARGV[4])
local back, at = 0, ''
for _, entry in ipairs(entries) do
  local fields = entry[2]
  at = entry[1]
  if wanted[fields[2]] then
    if back >= room then
      return { back, '', 1 }
    end
    local number = redis.call('INCR', KEYS[3])
    redis.call('XADD', KEYS[2], 'MAXLEN', '=', ARGV[1], string.format('%.0f-0', number), 't', fields[4], 'r', fields[6], 'e', fields[8], 'to', fields[2])
    redis.call('XDEL', KEYS[1], entry[1])
    back = back + 1
  end
end
return { back, at, 0 }
