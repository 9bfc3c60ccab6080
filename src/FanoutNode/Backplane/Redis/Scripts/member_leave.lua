#!lua flags=allow-oom
-- Takes a connection out of a presence room: member, info, user count and the notice in one step, so that a repeat says nothing twice.
-- Also when Redis is at maxmemory: it gives memory back.
-- KEYS[1]  fanout:{room}:members             set: <node id>/<client id>
-- KEYS[2]  fanout:{room}:info                hash: client id -> info
-- KEYS[3]  fanout:{room}:users               hash: user -> connections of it in the room
-- KEYS[4]  fanout:{room}:leaving             hash: user -> member entry whose connection was lost a moment ago
-- KEYS[5]  fanout:{room}:events              stream: what webhooks are to be told of members: t (type), e (event), l (lost before it)
-- KEYS[6]  fanout:{room}:seen                string with a time to live: when a user's last connection went, in ms of Redis's clock
-- ARGV[1]  the room's channel
-- ARGV[2]  member entry
-- ARGV[3]  client id
-- ARGV[4]  user, or ''
-- ARGV[5]  notice for the members, as JSON
-- ARGV[6]  event for webhooks, as JSON, or '' for none
-- ARGV[7]  how long it is remembered when the user of a user's room was seen, ms; 0: it is not, or the room is no such one
-- ARGV[8]  when the connection went, in ms of Redis's clock; '' for this moment
-- Returns  1 if the connection was in the room
if redis.call('SREM', KEYS[1], ARGV[2]) == 0 then
  return 0
end
redis.call('HDEL', KEYS[2], ARGV[3])
if ARGV[4] ~= '' then
  if redis.call('HGET', KEYS[4], ARGV[4]) == ARGV[2] then
    redis.call('HDEL', KEYS[4], ARGV[4])
  end
  if redis.call('HINCRBY', KEYS[3], ARGV[4], -1) <= 0 then
    redis.call('HDEL', KEYS[3], ARGV[4])
  end
end
if ARGV[7] ~= '0' and redis.call('EXISTS', KEYS[1]) == 0 then
  local at = tonumber(ARGV[8])
  if not at then
    local time = redis.call('TIME')
    at = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  -- A node that died is found some time afterwards; meanwhile the user may have been here, on another one.
  if at > tonumber(redis.call('GET', KEYS[6]) or 0) then
    redis.call('SET', KEYS[6], string.format('%.0f', at), 'PX', ARGV[7])
  end
end
redis.call('PUBLISH', ARGV[1], '\5' .. ARGV[5])
if ARGV[6] ~= '' then
  local lost = 0
  if redis.call('XLEN', KEYS[5]) >= 10000 then
    -- Nobody takes them: the oldest goes, and the newest tells how many went.
    local oldest = redis.call('XRANGE', KEYS[5], '-', '+', 'COUNT', 1)[1]
    lost = 1 + oldest[2][6]
    redis.call('XDEL', KEYS[5], oldest[1])
  end
  redis.call('XADD', KEYS[5], '*', 't', 'member.left', 'e', ARGV[6], 'l', lost)
end
return 1
