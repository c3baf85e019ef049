-- Open a session of a token. Arguments: digest of the session's id, token, lifetime in ms, most
-- sessions of one token, of which the oldest ends for another one. Returns 1, or 0 where the token is
-- gone.
local digest, id = ARGV[2], ARGV[3]
if redis.call('EXISTS', key('token', id)) == 0 then
  return 0
end
even_when_full()
redis.call('SET', key('session', digest), string.format('%.0f %s', NOW, id), 'PX', ARGV[4])
redis.call('ZADD', key('sessions', id), NOW, digest)
for _ = 1, redis.call('ZCARD', key('sessions', id)) - ARGV[5] do
  redis.call('DEL', key('session', redis.call('ZPOPMIN', key('sessions', id))[1]))
end
return 1
