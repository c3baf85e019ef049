-- Leave a turn to others. Arguments: its name, who has it.
even_when_full()
if redis.call('GET', key('turn', ARGV[2])) == ARGV[3] then
  redis.call('DEL', key('turn', ARGV[2]))
end
return 1
