rule {
  title = "Many starts", owner = "utilities", applies_to = "ReciprocatingCompressor",
  reads = { starts = mean("Starts", "1 h"), good = change("Starts", "1 h") },
  when = function(compressor) return compressor.good > 3 end,
  actions = { notification { title = "{asset} started {good} times in an hour" } },
}
