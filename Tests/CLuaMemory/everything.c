// A rule that uses all of the host, with each of its allocations failing once in turn. Built with the address sanitizer
// by `make asan`; exits 1 where a byte is not given back or a failure is not said.
#include <CLua.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char RULE[] =
  "local half = 0.5\n"
  "local function far(x) return x > half end\n"
  "local words = {}\n"
  "for w in ('one two three'):gmatch('%a+') do words[#words + 1] = w:gsub('o', { o = '0' }) end\n"
  "table.sort(words, function(a, b) return a < b end)\n"
  "rule {\n"
  "  title = ('x'):rep(40) .. table.concat(words, ','),\n"
  "  reads = { a = latest 'A' :of 'Line', b = latest('B', { optional = true }) },\n"
  "  when = function(p, l)\n"
  "    local t = { p.flow, p.state, tostring(p.gone), p.zones.highest, p.zones.worst }\n"
  "    for k, v in pairs(t) do t[k] = tostring(v) end\n"
  "    return far(p.flow) and l.line(p.flow) > 1 and p.state:match('^(%a)') == 'I' and l.mode == 'Idle'\n"
  "       and string.format('%5.2f %s', p.flow, p.state) ~= '' and #table.concat(t, ' ') > 0\n"
  "  end,\n"
  "  calculates = function(f, l) return f.dp * l.low end,\n"
  "  actions = function(p, l)\n"
  "    return { work_order { priority = 2, title = 'Check ' .. p.state, on = of 'Line' } }\n"
  "  end,\n"
  "}\n";

typedef struct { uint8_t bytes[4096]; size_t length; } Bytes;

static void put(Bytes *b, const void *bytes, size_t length) {
  memcpy(b->bytes + b->length, bytes, length);
  b->length += length;
}

static void put_count(Bytes *b, uint32_t n) {
  uint8_t bytes[4] = {(uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), (uint8_t)(n >> 24)};
  put(b, bytes, 4);
}

static void put_text(Bytes *b, const char *text) {
  put(b, "s", 1);
  put_count(b, (uint32_t)strlen(text));
  put(b, text, strlen(text));
}

static void begin_list(Bytes *b, uint32_t count) {
  put(b, "T", 1);
  put_count(b, count);
}

static void end_list(Bytes *b) { put_count(b, 0); }

static void put_texts(Bytes *b, uint32_t count, const char *const *texts) {
  begin_list(b, count);
  for (uint32_t i = 0; i < count; i++) put_text(b, texts[i]);
  end_list(b);
}

/// A table of one named text.
static void put_record(Bytes *b, const char *name, const char *text) {
  begin_list(b, 0);
  put_count(b, 1);
  put_count(b, (uint32_t)strlen(name));
  put(b, name, strlen(name));
  put_text(b, text);
}

static Bytes configuration(void) {
  Bytes b = {{0}, 0};
  begin_list(&b, 4);
  put_text(&b, "rule");
  put_texts(&b, 1, (const char *[]){"latest"});
  put_texts(&b, 2, (const char *[]){"work_order", "of"});
  put_texts(&b, 1, (const char *[]){"of"});
  end_list(&b);
  return b;
}

static Bytes names(void) {
  Bytes b = {{0}, 0};
  begin_list(&b, 3);
  put_texts(&b, 3, (const char *[]){"low", "mode", "line"});
  put_texts(&b, 4, (const char *[]){"flow", "state", "gone", "zones"});
  put_texts(&b, 1, (const char *[]){"dp"});
  end_list(&b);
  return b;
}

/// Where the function of a field is in what the rule declared: 'F', its number, its line behind the field's name.
static int function_of(const uint8_t *declared, size_t length, const char *field) {
  size_t name = strlen(field);
  for (size_t i = 0; i + name + 5 < length; i++) {
    if (memcmp(declared + i, field, name) == 0 && declared[i + name] == 'F') return declared[i + name + 1];
  }
  fprintf(stderr, "the rule declares no function '%s'\n", field);
  exit(1);
}

#define NEED(call) do { MWStatus needed = (call); if (needed != MW_OK) return needed; } while (0)

static MWStatus use(MWHost *host) {
  static const double points[] = {0, 0, 10, 5};
  static const MWLimit limits[] = {
    {.kind = MW_LIMIT_NUMBER, .number = 2},
    {.kind = MW_LIMIT_TEXT, .text = "Idle", .length = 4},
    {.kind = MW_LIMIT_CURVE, .points = points, .count = 2},
  };
  // All numbers: straight code then sees plain tables.
  static const MWLimit plain[] = {
    {.kind = MW_LIMIT_NUMBER, .number = 2}, {.kind = MW_LIMIT_NUMBER}, {.kind = MW_LIMIT_NUMBER},
  };
  NEED(mw_compile(host, RULE, sizeof RULE - 1));
  NEED(mw_dump(host, 0));
  NEED(mw_run(host, 5000000));
  size_t length;
  const uint8_t *declared = mw_output(host, &length);
  int when = function_of(declared, length, "when");
  int calculates = function_of(declared, length, "calculates");
  int actions = function_of(declared, length, "actions");
  for (int i = 1;; i++) {
    MWStatus status = mw_dump(host, i);
    if (status == MW_NO) break;
    NEED(status);
  }
  Bytes bound = names();
  // Twice, as a state does that is used anew.
  NEED(mw_bind(host, bound.bytes, bound.length));
  NEED(mw_bind(host, bound.bytes, bound.length));
  mw_use_limits(host, limits);
  MWReading *own = mw_readings(host, 0);
  own[0].kind = MW_NUMBER;
  own[0].number = 6;
  own[1].kind = MW_TEXT;
  NEED(mw_set_text(host, &own[1], "Idle", 4));
  NEED(mw_set_text(host, &own[1], "Idle and more", 4));
  own[2].kind = MW_ABSENT;
  own[3].kind = MW_GROUP;
  for (int i = 0; i < MW_GROUP_NUMBERS; i++) own[3].group[i] = i;
  NEED(mw_set_text(host, &own[3], "Z-2", 3));
  MWStatus answer = mw_ask(host, when, 0, 1000000, 0);
  if (answer != MW_YES) return answer;
  MWReading *calculation = mw_readings(host, 1);
  double result = 0;
  calculation[0].kind = MW_NOT_GOOD;
  MWStatus blind = mw_compute(host, calculates, 1, 1000000, 100, &result);
  if (blind != MW_BLIND) return blind;
  calculation[0].kind = MW_NUMBER;
  calculation[0].number = 21;
  mw_use_limits(host, plain);
  NEED(mw_compute(host, calculates, 1, 1000000, 100, &result));
  if (result != 42) return MW_ERROR;
  // Once more with another number: the table has the first.
  calculation[0].number = 22;
  NEED(mw_compute(host, calculates, 1, 1000000, 100, &result));
  if (result != 44) return MW_ERROR;
  mw_use_limits(host, limits);
  NEED(mw_make(host, actions, 0, 1000000));
  Bytes arguments = {{0}, 0};
  begin_list(&arguments, 2);
  put_record(&arguments, "dp", "x");
  put_record(&arguments, "low", "y");
  end_list(&arguments);
  MWStatus call = mw_call(host, calculates, arguments.bytes, arguments.length, 1000000);
  // Two texts cannot be multiplied: an error with its line, or no memory for it.
  return call == MW_ERROR && mw_line(host) > 0 ? MW_OK : call;
}

int main(void) {
  Bytes config = configuration();
  for (int64_t allocations = 0; allocations < 100000; allocations++) {
    MWLimits limits = {.memory = 8 << 20, .step = 1000, .allocations = allocations};
    MWHost *host = mw_open(limits, config.bytes, config.length);
    if (host == NULL) continue;
    MWStatus status = use(host);
    if (status != MW_OK && status != MW_MEMORY) {
      fprintf(
        stderr, "after %lld allocations: status %d, line %d: %s\n", (long long)allocations, status, mw_line(host),
        mw_message(host));
      return 1;
    }
    size_t left = mw_close(host);
    if (left != 0) {
      fprintf(stderr, "after %lld allocations: %zu bytes were not given back\n", (long long)allocations, left);
      return 1;
    }
    if (status == MW_OK) {
      printf("each of %lld allocations failed once: said, survived, nothing kept\n", (long long)allocations);
      return 0;
    }
  }
  fprintf(stderr, "the rule never got through\n");
  return 1;
}
