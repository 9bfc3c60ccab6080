-- Takes a connection into a presence room: member, info, user count and the notice in one step, so that a repeat says nothing twice.
-- KEYS[1]  fanout:{room}:members             set: <node id>/<client id>
-- KEYS[2]  fanout:{room}:info                hash: client id -> info
-- KEYS[3]  fanout:{room}:users               hash: user -> connections of it in the room
-- KEYS[4]  fanout:{room}:leaving             hash: user -> member entry whose connection was lost a moment ago
-- KEYS[5]  fanout:{room}:events              stream: what webhooks are to be told of members: t (type), e (event), l (lost before it)
-- ARGV[1]  the room's channel
-- ARGV[2]  member entry
-- ARGV[3]  client id
-- ARGV[4]  user, or ''
-- ARGV[5]  info, as JSON
-- ARGV[6]  notice for the members, as JSON
-- ARGV[7]  member entry of the node's incarnation before, or '': it moves without a notice
-- ARGV[8]  event for webhooks, as JSON, or '' for none
-- ARGV[9]  event for webhooks where a lost connection's place is taken: that one leaves. JSON up to its client id; '' for none
-- ARGV[10] the JSON behind its client id, without the info and the end
-- Returns  1 if the connection is new in the room
local function keep(type, event)
  local lost = 0
  if redis.call('XLEN', KEYS[5]) >= 10000 then
    -- Nobody takes them: the oldest goes, and the newest tells how many went.
    local oldest = redis.call('XRANGE', KEYS[5], '-', '+', 'COUNT', 1)[1]
    lost = 1 + oldest[2][6]
    redis.call('XDEL', KEYS[5], oldest[1])
  end
  redis.call('XADD', KEYS[5], '*', 't', type, 'e', event, 'l', lost)
end
local moved = ARGV[7] ~= '' and redis.call('SREM', KEYS[1], ARGV[7]) == 1
if redis.call('SADD', KEYS[1], ARGV[2]) == 0 then
  return 0
end
redis.call('HSET', KEYS[2], ARGV[3], ARGV[5])
if moved then
  return 1
end
if ARGV[4] ~= '' then
  local lost = redis.call('HGET', KEYS[4], ARGV[4])
  if lost then
    redis.call('HDEL', KEYS[4], ARGV[4])
    if redis.call('SREM', KEYS[1], lost) == 1 then
      -- The user is back in time: the new connection takes the lost one's place, and no member is told. Webhooks are, of both connections, or
      -- who counts them by their ids would keep the lost one for ever; the new one first, so that the user is never seen to be gone.
      local client = string.match(lost, '([^/]+)$')
      if ARGV[8] ~= '' then
        keep('member.joined', string.sub(ARGV[8], 1, -2) .. ',"replaces":"' .. client .. '"}')
      end
      if ARGV[9] ~= '' then
        local info = redis.call('HGET', KEYS[2], client)
        keep('member.left', ARGV[9] .. client .. ARGV[10] .. (info and info ~= 'null' and ',"info":' .. info or '') .. '}')
      end
      redis.call('HDEL', KEYS[2], client)
      return 1
    end
  end
  redis.call('HINCRBY', KEYS[3], ARGV[4], 1)
end
redis.call('PUBLISH', ARGV[1], '\4' .. ARGV[6])
if ARGV[8] ~= '' then
  keep('member.joined', ARGV[8])
end
return 1
