#!lua flags=allow-oom
-- Lets a room go of events that the queue has, and of the stream with the last of them. Also when Redis is at maxmemory: it gives memory back.
-- KEYS[1]  fanout:{room}:events              stream: what webhooks are to be told of members
-- ARGV     entries
-- Returns  how many there were
local gone = redis.call('XDEL', KEYS[1], unpack(ARGV))
if redis.call('XLEN', KEYS[1]) == 0 then
  redis.call('DEL', KEYS[1])
end
return gone
