#!lua flags=allow-oom
-- Takes connections out of a user's room and, with the last of them, notes when the user was seen. Also when Redis is at maxmemory: it gives
-- memory back.
-- KEYS[1]  fanout:{room}:members             set: <node id>/<client id>
-- KEYS[2]  fanout:{room}:seen                string with a time to live: when the user's last connection went, in ms of Redis's clock
-- ARGV[1]  when the connections went, in ms of Redis's clock; '' for this moment
-- ARGV[2]  how long that is remembered, ms; 0: it is not
-- ARGV     behind them the member entries
-- Returns  how many connections were in the room
local removed = 0
for i = 3, #ARGV do
  removed = removed + redis.call('SREM', KEYS[1], ARGV[i])
end
-- A repeat takes nothing out and leaves the time alone.
if ARGV[2] == '0' or removed == 0 or redis.call('EXISTS', KEYS[1]) == 1 then
  return removed
end
local at = tonumber(ARGV[1])
if not at then
  local time = redis.call('TIME')
  at = time[1] * 1000 + math.floor(time[2] / 1000)
end
-- A node that died is found some time afterwards; meanwhile the user may have been here, on another one.
if at > tonumber(redis.call('GET', KEYS[2]) or 0) then
  redis.call('SET', KEYS[2], string.format('%.0f', at), 'PX', ARGV[2])
end
return removed
