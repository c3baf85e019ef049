-- Note that a token was used just now. Argument: id. One that is gone stays so.
even_when_full()
if redis.call('EXISTS', key('token', ARGV[2])) == 1 then
  redis.call('HSET', key('token', ARGV[2]), 'used', NOW)
end
