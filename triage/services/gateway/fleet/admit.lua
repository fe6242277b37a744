-- May one attempt leave now? In this order: gone, breaker, pause, latency, pace. Only "go" takes anything.
local function answer(gate, seconds, is_probe)
  local wait = seconds
  if gate == 'wait' then wait = math.max(0.01, math.min(seconds, asked.patience_seconds)) end
  return cjson.encode({
    gate = gate, wait_seconds = wait, expected_seconds = math.max(wait, seconds), is_probe = is_probe or false
  })
end

local function is_slow()
  return asked.latency_limit_ms > 0 and (state.latency_samples or 0) >= asked.slow_samples
    and state.latency_ms > asked.latency_limit_ms
end

-- The callers before this one, who is queued from its first question on. Who did not come back in time is forgotten.
local function count_ahead()
  for _, lost in ipairs(redis.call('ZRANGEBYSCORE', DUE, '-inf', now - asked.grace_seconds)) do
    redis.call('ZREM', QUEUE, lost)
    redis.call('ZREM', DUE, lost)
  end
  local order = asked.is_interactive and now - 86400 or now  -- people stand before everybody else
  redis.call('ZADD', QUEUE, 'NX', order, asked.caller)
  return redis.call('ZRANK', QUEUE, asked.caller)
end

-- Requests that background work leaves to people while people have to wait.
local function reserve()
  if asked.is_interactive or seconds_left('person_waits_until') == 0 then return 0 end
  return math.max(1, asked.reserve_share * buckets.requests.size)
end

-- Seconds until a bucket holds `need`; a full one serves a request of any size and goes below zero.
local function seconds_until(name, need)
  local each = buckets[name]
  return (need - each.level) / each.rate
end

local function tokens_seconds(ahead)
  local longest = 0
  for _, name in ipairs({'input_tokens', 'output_tokens'}) do
    local typical = state['typical:' .. name] or asked.cost[name]
    local need = math.min(asked.cost[name], buckets[name].size) + ahead * typical
    longest = math.max(longest, seconds_until(name, need))
  end
  return longest
end

-- Whoever is first and waits for tokens is not overtaken by smaller requests, else it would wait for ever.
local function pace_seconds(ahead)
  local requests = seconds_until('requests', ahead + 1 + reserve())
  local is_held = ahead > 0 and seconds_left('tokens_awaited_until') > 0
  if requests <= 0 and tokens_seconds(0) <= 0 and not is_held then return 0 end
  return math.max(requests, tokens_seconds(ahead), ahead / buckets.requests.rate)
end

local function queue_up(seconds, ahead)
  local back = now + math.max(0.01, math.min(seconds, asked.patience_seconds))
  redis.call('ZADD', DUE, back, asked.caller)
  redis.call('EXPIRE', DUE, 60)
  redis.call('EXPIRE', QUEUE, 60)
  if asked.is_interactive then state.person_waits_until = now + asked.patience_seconds end
  local is_for_tokens = tokens_seconds(0) > math.max(0, seconds_until('requests', 1))
  if ahead == 0 and is_for_tokens then state.tokens_awaited_until = back + asked.grace_seconds end
  save()
end

local function go(ahead, is_probe)
  redis.call('ZREM', QUEUE, asked.caller)
  redis.call('ZREM', DUE, asked.caller)
  for name, amount in pairs(asked.cost) do
    local typical = state['typical:' .. name] or amount
    state['typical:' .. name] = typical + 0.1 * (amount - typical)
    buckets[name].level = buckets[name].level - amount
  end
  if ahead == 0 then state.tokens_awaited_until = 0 end
  if is_probe then state.probe_until = now + asked.probe_seconds end
  if is_slow() then state.slow_until = now + asked.slow_probe_seconds end
  save()
end

if seconds_left('gone_until') > 0 then return answer('gone', seconds_left('gone_until')) end
local is_open = (state.open_until or 0) > 0
local unprobed = math.max(seconds_left('open_until'), seconds_left('probe_until'))
if is_open and unprobed > 0 then return answer('open', unprobed) end
if seconds_left('pause_until') > 0 then return answer('paused', seconds_left('pause_until')) end
if is_slow() and seconds_left('slow_until') > 0 then return answer('slow', seconds_left('slow_until')) end

local ahead = count_ahead()
local seconds = pace_seconds(ahead)
if seconds > 0 then
  queue_up(seconds, ahead)
  return answer('wait', seconds)
end
go(ahead, is_open)
return answer('go', 0, is_open)
