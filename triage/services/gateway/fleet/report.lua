-- What one attempt taught: the breaker's judgement, a pause, a model gone, latency, and the tokens' true count.
local change = 'none'
local is_open = (state.open_until or 0) > 0

local function open()
  if not is_open then state.opened_at = now end
  state.open_until = now + asked.open_seconds
  change = 'opened'
end

local function close()
  state.open_until = 0
  change = 'closed'
end

-- While the breaker is open only the probe is heard: what left before it opened comes in late.
local function judge()
  if is_open and not asked.was_probe then return end
  if asked.verdict == 'success' then
    state.failures = 0
    if is_open then close() end
  elseif asked.verdict == 'outage' then
    state.failures = (state.failures or 0) + 1
    if is_open or state.failures >= asked.open_after then open() end
  end
  if asked.was_probe then state.probe_until = 0 end
end

local function learn_latency()
  local before = state.latency_ms or asked.latency_ms
  state.latency_ms = before + asked.alpha * (asked.latency_ms - before)
  state.latency_samples = (state.latency_samples or 0) + 1
end

-- Extends the mark `name`, never shortens it; a mark that was not there is a change.
local function mark(name, seconds, as)
  if seconds_left(name) == 0 then change = as end
  state[name] = math.max(state[name] or 0, now + seconds)
end

local function learn_limits()
  for name, limit in pairs(asked.told_limits) do
    state['limit:' .. name] = limit
    state.told_until = now + asked.told_seconds
  end
  for name, amount in pairs(asked.refund) do
    buckets[name].level = math.min(buckets[name].size, buckets[name].level + amount)
  end
  for name, left in pairs(asked.told_left) do
    buckets[name].level = math.min(buckets[name].level, left)
  end
end

judge()
if asked.verdict == 'success' then learn_latency() end
if (asked.pause_seconds or 0) > 0 then mark('pause_until', asked.pause_seconds, 'paused') end
if (asked.gone_seconds or 0) > 0 then mark('gone_until', asked.gone_seconds, 'gone') end
learn_limits()
save()
return cjson.encode({change = change})
