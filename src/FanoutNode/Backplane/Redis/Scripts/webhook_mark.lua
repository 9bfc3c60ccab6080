#!lua flags=allow-oom
-- Marks rooms that somebody shall look at. Also when Redis is at maxmemory: there are never more marks than three a room.
-- KEYS[1]  fanout:{$webhooks}:due            sorted set: mark -> when it is due, in us of Redis's clock
-- ARGV     pairs: in so many us, mark
-- Returns  how many were made
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
for i = 1, #ARGV, 2 do
  local due = string.format('%.0f', now + ARGV[i])
  -- Never the same number as before: whoever is looking at the older mark must see that there is another.
  if redis.call('ZSCORE', KEYS[1], ARGV[i + 1]) == due then
    due = string.format('%.0f', now + ARGV[i] + 1)
  end
  redis.call('ZADD', KEYS[1], due, ARGV[i + 1])
end
return #ARGV / 2
