-- What a node's scripts need, tried once: a stream with an id of its own, an expiry, a publish from inside of a script.
-- KEYS[1]  a stream that nobody else uses
-- ARGV[1]  a channel that nobody else uses
-- ARGV[2]  milliseconds until the stream goes by itself
-- Returns  Redis's clock: seconds, microseconds
redis.call('XADD', KEYS[1], '1-0', 'd', 'probe')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PUBLISH', ARGV[1], 'probe')
return redis.call('TIME')
