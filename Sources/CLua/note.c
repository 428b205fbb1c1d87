// The mapped file, and what a thread that dies inside a call leaves there.
#define _GNU_SOURCE
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

// --- the file -----------------------------------------------------------------------------------------------

static int write_all(int file, const uint8_t *bytes, size_t length) {
  while (length > 0) {
    ssize_t written = write(file, bytes, length);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return -1;
    bytes += written;
    length -= (size_t)written;
  }
  return 0;
}

/// A new file that takes the name when it is whole. Written, not cut to size: a page without a block on the disk
/// would end the process at the first store once the disk is full.
static int make_file(const char *path, const uint8_t *image, size_t length) {
  char fresh[4096];
  if (snprintf(fresh, sizeof fresh, "%s.new", path) >= (int)sizeof fresh) {
    errno = ENAMETOOLONG;
    return -1;
  }
  int file = open(fresh, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return -1;
  if (write_all(file, image, length) == 0 && rename(fresh, path) == 0) return file;
  int reason = errno;
  close(file);
  unlink(fresh);
  errno = reason;
  return -1;
}

static void *map_image(const char *path, const uint8_t *image, size_t length) {
  int file = path == NULL ? -1 : make_file(path, image, length);
  if (path != NULL && file < 0) return NULL;
  int flags = path == NULL ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
  void *map = mmap(NULL, length, PROT_READ | PROT_WRITE, flags, file, 0);
  int reason = errno;
  if (file >= 0) close(file);
  errno = reason;
  if (map == MAP_FAILED) return NULL;
  if (path == NULL) memcpy(map, image, length);
  return map;
}

MWNote *mw_note_open(const char *path, const uint8_t *image, size_t length) {
  MWNote *note = calloc(1, sizeof *note);
  if (note == NULL) return NULL;
  note->length = length;
  note->map = map_image(path, image, length);
  if (note->map != NULL) {
    const uint32_t *counts = (const uint32_t *)(note->map + 8);
    note->count = counts[0];
    note->rules = counts[1];
    note->callers = counts[2];
    note->assets = counts[3];
    note->places = (struct MWPlace *)(note->map + 128);
    note->names = (const uint32_t *)(note->places + note->count);
    note->seen = calloc(note->count, sizeof *note->seen);
    if (note->seen != NULL) return note;
    munmap(note->map, length);
    errno = ENOMEM;
  }
  int reason = errno;
  free(note);
  errno = reason;
  return NULL;
}

void mw_note_forget(MWNote *note) {
  for (uint32_t i = 0; i < note->count; i++) {
    struct MWPlace *place = &note->places[i];
    if (atomic_load(&place->thread) != -1) continue;
    atomic_store(&place->call, 0);
    atomic_store(&place->thread, 0);
  }
}

// --- telling ------------------------------------------------------------------------------------------------

typedef struct { char text[1024]; size_t length; } Line;

static void add(Line *line, const char *text, size_t length) {
  for (size_t i = 0; i < length && line->length < sizeof line->text - 1; i++) {
    unsigned char c = (unsigned char)text[i];
    // Nothing that a name holds may end the line or the quotes.
    line->text[line->length++] = c < 0x20 || c == '"' || c == '\\' || c == 0x7F ? '?' : (char)c;
  }
}
static void add_plain(Line *line, const char *text) {
  for (; *text != 0 && line->length < sizeof line->text - 1; text++) line->text[line->length++] = *text;
}
static void add_number(Line *line, int64_t number) {
  char digits[20];
  size_t at = sizeof digits;
  do digits[--at] = (char)('0' + number % 10);
  while ((number /= 10) > 0);
  add(line, digits + at, sizeof digits - at);
}
static void add_name(Line *line, const MWNote *note, uint32_t number) {
  const char *names = (const char *)(note->names + note->callers + note->assets + 1);
  add(line, names + note->names[number], note->names[number + 1] - note->names[number]);
}

void mw_note_tell(const MWNote *note, const struct MWPlace *place, const char *event, int64_t number, const char *what) {
  Line line = {.length = 0};
  uint32_t caller = atomic_load(&place->caller), asset = atomic_load(&place->asset);
  add_plain(&line, "level=error event=\"");
  add_plain(&line, event);
  if (number > 0) add_number(&line, number);
  add_plain(&line, "\"");
  if (caller < note->callers) {
    add_plain(&line, caller < note->rules ? " rule=\"" : " adapter=\"");
    add_name(&line, note, caller);
    add_plain(&line, "\"");
  }
  if (caller < note->rules && asset < note->assets) {
    add_plain(&line, " asset=\"");
    add_name(&line, note, note->callers + asset);
    add_plain(&line, "\"");
  }
  add_plain(&line, " what=\"");
  add_plain(&line, what);
  add_plain(&line, "\"");
  line.text[line.length++] = '\n';
  write_all(STDERR_FILENO, (const uint8_t *)line.text, line.length);
}

// --- dying --------------------------------------------------------------------------------------------------

static const int DEADLY[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
enum { DEADLY_COUNT = sizeof DEADLY / sizeof DEADLY[0] };
static struct sigaction earlier[DEADLY_COUNT];
static _Atomic(MWNote *) guarded;

static void dying(int number, siginfo_t *info, void *context) {
  (void)context;
  int error = errno;
  MWNote *note = atomic_load(&guarded);
  int32_t thread = (int32_t)gettid();
  for (uint32_t i = 0; note != NULL && i < note->count; i++) {
    struct MWPlace *place = &note->places[i];
    if (atomic_load(&place->thread) != thread || atomic_load(&place->call) % 2 == 0) continue;
    atomic_store(&place->ending, (uint32_t)number);
    mw_note_tell(note, place, "ended by signal ", number, "the process dies inside this call");
  }
  for (int i = 0; i < DEADLY_COUNT; i++) {
    if (DEADLY[i] == number) sigaction(number, &earlier[i], NULL);
  }
  // What the processor found wrong happens again when this returns, and is then dealt with as before; what was sent
  // is sent again.
  if (info->si_code <= 0) raise(number);
  errno = error;
}

void mw_note_guard(MWNote *note) {
  atomic_store(&guarded, note);
  struct sigaction action = {.sa_sigaction = dying, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigemptyset(&action.sa_mask);
  for (int i = 0; i < DEADLY_COUNT; i++) {
    struct sigaction now;
    sigaction(DEADLY[i], NULL, &now);
    if ((now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == dying) continue;
    earlier[i] = now;
    sigaction(DEADLY[i], &action, NULL);
  }
}

// A thread that dies because its stack is full needs another one to say so.
enum { STACK_SIZE = 64 * 1024 };
static pthread_key_t stack_key;
static pthread_once_t stack_once = PTHREAD_ONCE_INIT;

static void free_stack(void *stack) {
  stack_t none = {.ss_flags = SS_DISABLE};
  sigaltstack(&none, NULL);
  munmap(stack, STACK_SIZE);
}
static void make_stack_key(void) { pthread_key_create(&stack_key, free_stack); }

static void give_stack(void) {
  pthread_once(&stack_once, make_stack_key);
  stack_t now;
  if (sigaltstack(NULL, &now) != 0 || (now.ss_flags & SS_DISABLE) == 0) return;
  void *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (stack == MAP_FAILED) return;
  stack_t fresh = {.ss_sp = stack, .ss_size = STACK_SIZE};
  if (sigaltstack(&fresh, NULL) != 0 || pthread_setspecific(stack_key, stack) != 0) free_stack(stack);
}

// --- places -------------------------------------------------------------------------------------------------

MWPlace *mw_place_take(MWNote *note) {
  clockid_t clock;
  if (pthread_getcpuclockid(pthread_self(), &clock) != 0) return NULL;
  give_stack();
  for (uint32_t i = 0; i < note->count; i++) {
    struct MWPlace *place = &note->places[i];
    int32_t nobody = 0;
    // Reserved first under a number that no thread has: the watchdog must not see it with another's clock.
    if (!atomic_compare_exchange_strong(&place->thread, &nobody, -2)) continue;
    place->clock = clock;
    atomic_store(&place->asset, UINT32_MAX);
    atomic_store(&place->ending, 0);
    atomic_store(&place->phase, MW_LIVE);
    atomic_store(&place->unclocked, 0);
    atomic_store(&place->thread, (int32_t)gettid());
    return place;
  }
  return NULL;
}

void mw_place_give_back(MWPlace *place) { atomic_store(&place->thread, 0); }
void mw_place_set_phase(MWPlace *place, MWPhase phase) { atomic_store(&place->phase, phase); }
void mw_place_set_clocked(MWPlace *place, int clocked) { atomic_store(&place->unclocked, !clocked); }
int mw_place_unclocked(const MWPlace *place) { return atomic_load_explicit(&place->unclocked, memory_order_relaxed) != 0; }
uint32_t *mw_place_asset(MWPlace *place) { return (uint32_t *)&place->asset; }

void mw_note_close(MWNote *note) {
  if (note == NULL) return;
  MWNote *mine = note;
  atomic_compare_exchange_strong(&guarded, &mine, NULL);
  if (note->watching) {
    pthread_mutex_lock(&note->lock);
    note->stopping = 1;
    pthread_cond_signal(&note->changed);
    pthread_mutex_unlock(&note->lock);
    pthread_join(note->watchdog, NULL);
    pthread_cond_destroy(&note->changed);
    pthread_mutex_destroy(&note->lock);
  }
  munmap(note->map, note->length);
  free(note->seen);
  free(note);
}
