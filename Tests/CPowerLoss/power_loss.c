#define _GNU_SOURCE
#include "power_loss.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define DESCRIPTORS 4096
#define FILES 512

enum { UNWATCHED = 0, FOLDER = -1, NOTES = -2 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;  // a record and its change are one
static char watched[PATH_MAX];
static size_t watched_length;
static int log_descriptor = -1;
static struct power_loss_control no_control;
static struct power_loss_control *control = &no_control;
static int file_of[DESCRIPTORS];           // a file's number, or one of the above
static char *name_of[FILES];               // of file number n + 1; NULL when it was unlinked
static int files;

// The C library's own.
static int (*real_open)(const char *, int, ...);
static int (*real_close)(int);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_send)(int, const void *, size_t, int);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_unlink)(const char *);
static int (*real_rename)(const char *, const char *);

__attribute__((constructor)) static void begin(void) {
  real_open = dlsym(RTLD_NEXT, "open");
  real_close = dlsym(RTLD_NEXT, "close");
  real_write = dlsym(RTLD_NEXT, "write");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite");
  real_send = dlsym(RTLD_NEXT, "send");
  real_ftruncate = dlsym(RTLD_NEXT, "ftruncate");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_unlink = dlsym(RTLD_NEXT, "unlink");
  real_rename = dlsym(RTLD_NEXT, "rename");
  const char *prefix = getenv("POWERLOSS_FILES");
  if (prefix && strlen(prefix) < sizeof watched) {
    strcpy(watched, prefix);
    watched_length = strlen(prefix);
  }
  const char *log = getenv("POWERLOSS_LOG");
  if (log) log_descriptor = real_open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const char *path = getenv("POWERLOSS_CONTROL");
  int descriptor = path ? real_open(path, O_RDWR | O_CLOEXEC) : -1;
  if (descriptor >= 0) {
    void *page = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (page != MAP_FAILED) control = page;
    real_close(descriptor);
  }
}

static void record(uint32_t kind, int file, uint64_t a, uint64_t b, const void *bytes, size_t length) {
  if (log_descriptor < 0) return;
  struct power_loss_record header = {kind, (uint32_t)file, a, b, length};
  struct iovec parts[2] = {{&header, sizeof header}, {(void *)bytes, length}};
  // One call: a kill leaves a whole record, or a torn one at the very end of a change that was never made.
  (void)!writev(log_descriptor, parts, length ? 2 : 1);
}

static void passing(int call) {
  control->counts[call]++;
  if (control->call == call && --control->countdown == 0) kill(getpid(), SIGKILL);
}

static int file_behind(int descriptor) {
  return descriptor >= 0 && descriptor < DESCRIPTORS ? file_of[descriptor] : UNWATCHED;
}

static int ends_with(const char *text, const char *end) {
  size_t length = strlen(text), tail = strlen(end);
  return length >= tail && strcmp(text + length - tail, end) == 0;
}

// The number of a watched path; 0 when it is not to be watched. The lock is held.
static int file_named(const char *path) {
  for (int file = files; file > 0; file--)
    if (name_of[file - 1] && strcmp(name_of[file - 1], path) == 0) return file;
  if (files == FILES) abort();
  name_of[files] = strdup(path);
  return ++files;
}

static int is_watched_folder(const char *path) {
  const char *slash = strrchr(watched, '/');
  return slash && strlen(path) == (size_t)(slash - watched) && strncmp(path, watched, strlen(path)) == 0;
}

static int open_watched(const char *path, int flags, mode_t mode) {
  if (!real_open) begin();
  if (!watched_length) return real_open(path, flags, mode);
  if (is_watched_folder(path)) {
    int descriptor = real_open(path, flags, mode);
    if (descriptor >= 0 && descriptor < DESCRIPTORS) file_of[descriptor] = FOLDER;
    return descriptor;
  }
  if (strncmp(path, watched, watched_length) != 0 || ends_with(path, "-shm")) return real_open(path, flags, mode);
  pthread_mutex_lock(&lock);
  int is_new = access(path, F_OK) != 0;
  int descriptor = real_open(path, flags, mode);
  if (descriptor >= 0 && descriptor < DESCRIPTORS) {
    if (ends_with(path, ".notes")) {
      file_of[descriptor] = NOTES;
    } else {
      int file = file_named(path);
      record(POWER_LOSS_OPENED, file, 0, is_new, path, strlen(path));
      if (flags & O_TRUNC) record(POWER_LOSS_TRUNCATED, file, 0, 0, NULL, 0);
      file_of[descriptor] = file;
    }
  }
  int kept = errno;
  pthread_mutex_unlock(&lock);
  errno = kept;
  return descriptor;
}

static mode_t mode_of(int flags, va_list rest) {
  return flags & (O_CREAT | O_TMPFILE) ? (mode_t)va_arg(rest, int) : 0;
}

int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return open_watched(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return open_watched(path, flags | O_LARGEFILE, mode);
}

int __open_2(const char *path, int flags) { return open_watched(path, flags, 0); }
int __open64_2(const char *path, int flags) { return open_watched(path, flags | O_LARGEFILE, 0); }

int close(int descriptor) {
  if (!real_close) begin();
  if (file_behind(descriptor) != UNWATCHED) file_of[descriptor] = UNWATCHED;
  return real_close(descriptor);
}

static ssize_t written(int descriptor, int file, const void *bytes, size_t count, off_t offset) {
  passing(POWER_LOSS_WRITE);
  if (control->write_error) {
    errno = control->write_error;
    return -1;
  }
  pthread_mutex_lock(&lock);
  record(POWER_LOSS_WRITTEN, file, (uint64_t)offset, 0, bytes, count);
  ssize_t done = real_pwrite(descriptor, bytes, count, offset);
  int kept = errno;
  pthread_mutex_unlock(&lock);
  errno = kept;
  return done;
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
  if (!real_pwrite) begin();
  int file = file_behind(descriptor);
  if (file > 0) return written(descriptor, file, bytes, count, offset);
  return real_pwrite(descriptor, bytes, count, offset);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
  return pwrite(descriptor, bytes, count, offset);
}

static int is_socket(int descriptor) {
  struct stat about;
  return fstat(descriptor, &about) == 0 && S_ISSOCK(about.st_mode);
}

// What a packet that is about to leave is, by its first bytes.
static int call_of_packet(int descriptor, const unsigned char *bytes, size_t count) {
  if (control == &no_control || count < 4) return 0;
  if (memcmp(bytes, "POST", 4) == 0 && is_socket(descriptor)) return POWER_LOSS_POST;
  if (bytes[0] == 0x40 && bytes[1] >= 2 && bytes[1] <= 4 && is_socket(descriptor)) return POWER_LOSS_PUBACK;
  return 0;
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
  if (!real_write) begin();
  int file = file_behind(descriptor);
  if (file > 0) {
    off_t offset = lseek(descriptor, 0, SEEK_CUR);
    ssize_t done = written(descriptor, file, bytes, count, offset);
    if (done > 0) lseek(descriptor, offset + done, SEEK_SET);
    return done;
  }
  if (file == NOTES) {
    pthread_mutex_lock(&lock);
    record(POWER_LOSS_NOTE, 0, 0, 0, bytes, count);
    pthread_mutex_unlock(&lock);
    return (ssize_t)count;
  }
  int call = call_of_packet(descriptor, bytes, count);
  if (call) passing(call);
  ssize_t done = real_write(descriptor, bytes, count);
  if (call == POWER_LOSS_POST) passing(POWER_LOSS_POST_DONE);
  return done;
}

ssize_t send(int descriptor, const void *bytes, size_t count, int flags) {
  if (!real_send) begin();
  int call = call_of_packet(descriptor, bytes, count);
  if (call) passing(call);
  ssize_t done = real_send(descriptor, bytes, count, flags);
  if (call == POWER_LOSS_POST) passing(POWER_LOSS_POST_DONE);
  return done;
}

int ftruncate(int descriptor, off_t length) {
  if (!real_ftruncate) begin();
  int file = file_behind(descriptor);
  if (file <= 0) return real_ftruncate(descriptor, length);
  pthread_mutex_lock(&lock);
  record(POWER_LOSS_TRUNCATED, file, (uint64_t)length, 0, NULL, 0);
  int done = real_ftruncate(descriptor, length);
  int kept = errno;
  pthread_mutex_unlock(&lock);
  errno = kept;
  return done;
}

int ftruncate64(int descriptor, off64_t length) { return ftruncate(descriptor, length); }

static int synced(int descriptor, int file, int (*real)(int)) {
  if (control->deaf) return 0;
  passing(POWER_LOSS_SYNC);
  if (control->sync_error && control->sync_errors > 0) {
    control->sync_errors--;
    errno = control->sync_error;
    return -1;
  }
  pthread_mutex_lock(&lock);
  int done = real(descriptor);
  int kept = errno;
  // After it is so: a kill between the two makes the test lose more than a disk would.
  if (done == 0) record(file == FOLDER ? POWER_LOSS_FOLDER_SYNCED : POWER_LOSS_SYNCED, file == FOLDER ? 0 : file, 0, 0, NULL, 0);
  pthread_mutex_unlock(&lock);
  if (done == 0) passing(POWER_LOSS_SYNC_DONE);
  errno = kept;
  return done;
}

int fsync(int descriptor) {
  if (!real_fsync) begin();
  int file = file_behind(descriptor);
  return file > 0 || file == FOLDER ? synced(descriptor, file, real_fsync) : real_fsync(descriptor);
}

int fdatasync(int descriptor) {
  if (!real_fdatasync) begin();
  int file = file_behind(descriptor);
  return file > 0 || file == FOLDER ? synced(descriptor, file, real_fdatasync) : real_fdatasync(descriptor);
}

int unlink(const char *path) {
  if (!real_unlink) begin();
  if (!watched_length || strncmp(path, watched, watched_length) != 0) return real_unlink(path);
  pthread_mutex_lock(&lock);
  for (int file = files; file > 0; file--) {
    if (!name_of[file - 1] || strcmp(name_of[file - 1], path) != 0) continue;
    record(POWER_LOSS_UNLINKED, file, 0, 0, NULL, 0);
    free(name_of[file - 1]);
    name_of[file - 1] = NULL;
    break;
  }
  int done = real_unlink(path);
  int kept = errno;
  pthread_mutex_unlock(&lock);
  errno = kept;
  return done;
}

// Within the watched files only.
int rename(const char *from, const char *to) {
  if (!real_rename) begin();
  if (!watched_length || strncmp(from, watched, watched_length) != 0) return real_rename(from, to);
  pthread_mutex_lock(&lock);
  for (int file = files; file > 0; file--) {
    if (!name_of[file - 1] || strcmp(name_of[file - 1], to) != 0) continue;
    free(name_of[file - 1]);
    name_of[file - 1] = NULL;
  }
  for (int file = files; file > 0; file--) {
    if (!name_of[file - 1] || strcmp(name_of[file - 1], from) != 0) continue;
    record(POWER_LOSS_RENAMED, file, 0, 0, to, strlen(to));
    free(name_of[file - 1]);
    name_of[file - 1] = strdup(to);
    break;
  }
  int done = real_rename(from, to);
  int kept = errno;
  pthread_mutex_unlock(&lock);
  errno = kept;
  return done;
}
