/* Between the store and its files: a library of our own for LD_PRELOAD.
 *
 * It looks only at files below PADAN_SHIM_DIR and does what other variables ask for:
 *
 *   PADAN_SHIM_COUNTERS=FILE             shared counters, see `struct counters`
 *   PADAN_SHIM_POWER=FILE                a log of every write, name and sync, from which the harness rebuilds the folder
 *                                        as a power cut would leave it (power.rs has the rules)
 *   PADAN_SHIM_FAIL=K:EIO|ENOSPC|KILL:once|forever   the K-th I/O of the process fails, or ends the process (SIGKILL)
 *   PADAN_SHIM_BUG=no-sync|late-sync     a sync that does nothing; one that takes effect only at the next one
 *   PADAN_SHIM_QUOTA=FILE                holds the bytes that the folder may take, read again at every write
 *   PADAN_SHIM_SYNC_US=N                 how long a sync takes, so that group commits and kills meet as on a disk
 *
 * Opening a file called NEW_INSTANCE, which never exists, says that the process opens its store anew.
 *
 * One lock holds each operation and its record together, so the log has the order in which things happened. A record is
 * written after its operation: what was killed in between is an unsynced write that was lost, which is allowed.
 * sync_file_range is no sync: it says nothing about metadata or the disk's cache. Writes through mmap or raw system calls
 * are not seen; the harness would notice, because it compares the folder with a replay of the whole log. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <dirent.h>
#include <unistd.h>

enum op { OP_CREATE = 1, OP_MKDIR, OP_WRITE, OP_TRUNCATE, OP_RENAME, OP_LINK, OP_REMOVE, OP_SYNC, OP_SYNC_FAILED };

struct record {
    uint32_t magic, op;
    uint64_t inode, at, upto;
    uint32_t first_bytes, second_bytes;
};

struct counters {
    uint64_t ios, failed, repeated_syncs, syncs_after_reopening, unsupported;
};

#define MAGIC 0x4e444150u
#define MAX_FDS 65536
#define MAX_FAILED 256
#define NEW_INSTANCE "padan-shim-new-instance"

enum { UNKNOWN = 0, OUTSIDE, INSIDE };
enum bug { NO_BUG, NO_SYNC, LATE_SYNC };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static char dir[PATH_MAX];
static size_t dir_bytes;
static unsigned char known[MAX_FDS];
static struct counters own_counters, *counters = &own_counters;
static int log_fd = -1, quota_fd = -1, fail_errno, fail_forever, fail_kills;
static uint64_t fail_at, sequence, used;
static useconds_t sync_us;
static enum bug bug;
static struct { ino_t inode; unsigned instance; } failed[MAX_FAILED];
static int failed_count;
static unsigned instance;
static struct { int waits; ino_t inode; uint64_t upto; char path[PATH_MAX]; } late;

#define REAL(type, name, ...) static type (*real_##name)(__VA_ARGS__)
REAL(int, open, const char *, int, ...);
REAL(int, openat, int, const char *, int, ...);
REAL(int, close, int);
REAL(ssize_t, write, int, const void *, size_t);
REAL(ssize_t, pwrite, int, const void *, size_t, off_t);
REAL(int, ftruncate, int, off_t);
REAL(int, fallocate, int, int, off_t, off_t);
REAL(int, fsync, int);
REAL(int, fdatasync, int);
REAL(int, sync_file_range, int, off64_t, off64_t, unsigned);
REAL(int, msync, void *, size_t, int);
REAL(int, renameat2, int, const char *, int, const char *, unsigned);
REAL(int, linkat, int, const char *, int, const char *, int);
REAL(int, unlinkat, int, const char *, int);
REAL(int, mkdirat, int, const char *, mode_t);
REAL(ssize_t, copy_file_range, int, off64_t *, int, off64_t *, size_t, unsigned);
REAL(ssize_t, sendfile, int, int, off_t *, size_t);
REAL(int, dup2, int, int);
REAL(int, statvfs, const char *, struct statvfs *);
REAL(int, fstatvfs, int, struct statvfs *);
REAL(int, statfs, const char *, struct statfs *);
REAL(int, fstatfs, int, struct statfs *);
REAL(ssize_t, writev, int, const struct iovec *, int);
REAL(ssize_t, pwritev, int, const struct iovec *, int, off_t);

static void die(const char *what) {
    dprintf(2, "shim: %s: %s\n", what, strerror(errno));
    abort();
}

static uint64_t tree_bytes(const char *path) {
    DIR *entries = opendir(path);
    uint64_t sum = 0;
    if (!entries) return 0;
    for (struct dirent *e; (e = readdir(entries));) {
        char below[PATH_MAX];
        struct stat st;
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
        if (snprintf(below, sizeof below, "%s/%s", path, e->d_name) >= (int)sizeof below || lstat(below, &st)) continue;
        sum += S_ISDIR(st.st_mode) ? tree_bytes(below) : S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
    }
    closedir(entries);
    return sum;
}

static void resolve(void) {
#define FIND(name) *(void **)&real_##name = dlsym(RTLD_NEXT, #name)
    FIND(open); FIND(openat); FIND(close); FIND(write); FIND(pwrite); FIND(ftruncate); FIND(fallocate); FIND(fsync);
    FIND(fdatasync); FIND(sync_file_range); FIND(msync); FIND(renameat2); FIND(linkat); FIND(unlinkat); FIND(mkdirat);
    FIND(copy_file_range); FIND(sendfile); FIND(dup2); FIND(statvfs); FIND(fstatvfs); FIND(statfs); FIND(fstatfs);
    FIND(writev); FIND(pwritev);
}

static void parse_fail(const char *text) {
    char name[16] = "", mode[16] = "";
    unsigned long long k = 0;
    if (sscanf(text, "%llu:%15[^:]:%15s", &k, name, mode) != 3) { errno = EINVAL; die(text); }
    fail_at = k;
    fail_errno = strcmp(name, "ENOSPC") ? EIO : ENOSPC;
    fail_forever = !strcmp(mode, "forever");
    fail_kills = !strcmp(name, "KILL");
}

static void set_up(void) {
    const char *text;
    resolve();
    if (!(text = getenv("PADAN_SHIM_DIR"))) return;
    if (!realpath(text, dir)) die(text);
    dir_bytes = strlen(dir);
    if ((text = getenv("PADAN_SHIM_COUNTERS"))) {
        int fd = real_open(text, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0 || real_ftruncate(fd, sizeof own_counters)) die(text);
        counters = mmap(NULL, sizeof own_counters, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (counters == MAP_FAILED) die(text);
        real_close(fd);
    }
    if ((text = getenv("PADAN_SHIM_POWER")) && (log_fd = real_open(text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) < 0)
        die(text);
    if ((text = getenv("PADAN_SHIM_QUOTA"))) {
        if ((quota_fd = real_open(text, O_RDONLY | O_CLOEXEC)) < 0) die(text);
        used = tree_bytes(dir);
    }
    if ((text = getenv("PADAN_SHIM_FAIL"))) parse_fail(text);
    if ((text = getenv("PADAN_SHIM_SYNC_US"))) sync_us = (useconds_t)atoi(text);
    if ((text = getenv("PADAN_SHIM_BUG"))) bug = !strcmp(text, "no-sync") ? NO_SYNC : !strcmp(text, "late-sync") ? LATE_SYNC : NO_BUG;
}

__attribute__((constructor)) static void at_start(void) { pthread_once(&once, set_up); }
#define READY() pthread_once(&once, set_up)

/* ---- what is inside ---- */

static int below(const char *path) {
    return dir_bytes && !strncmp(path, dir, dir_bytes) && (path[dir_bytes] == '/' || !path[dir_bytes]);
}

static int path_of_fd(int fd, char *out) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, out, PATH_MAX - 1);
    if (n < 0) return -1;
    out[n] = 0;
    return 0;
}

/* The real path of a name that may not exist yet; 1 when it is inside. */
static int inside_path(int at, const char *path, char *out) {
    char whole[PATH_MAX * 2], folder[PATH_MAX];
    if (!dir_bytes || !path) return 0;
    if (path[0] == '/') snprintf(whole, sizeof whole, "%s", path);
    else {
        if (at == AT_FDCWD ? !getcwd(folder, sizeof folder) : path_of_fd(at, folder)) return 0;
        snprintf(whole, sizeof whole, "%s/%s", folder, path);
    }
    for (size_t n = strlen(whole); n > 1 && whole[n - 1] == '/';) whole[--n] = 0;
    char *name = strrchr(whole, '/');
    if (!name) return 0;
    *name++ = 0;
    if (!realpath(*whole ? whole : "/", folder)) return 0;
    if (snprintf(out, PATH_MAX, "%s/%s", strcmp(folder, "/") ? folder : "", name) >= PATH_MAX) return 0;
    return below(out);
}

static int inside_fd(int fd) {
    char path[PATH_MAX];
    if (!dir_bytes || fd < 0) return 0;
    if (fd < MAX_FDS && known[fd] != UNKNOWN) return known[fd] == INSIDE;
    int inside = !path_of_fd(fd, path) && below(path);
    if (fd < MAX_FDS) known[fd] = inside ? INSIDE : OUTSIDE;
    return inside;
}

static void forget(int fd) {
    if (fd >= 0 && fd < MAX_FDS) known[fd] = UNKNOWN;
}

static ino_t inode_of(int fd) {
    struct stat st;
    if (fstat(fd, &st)) die("fstat");
    return st.st_ino;
}

static off_t size_of(int fd) {
    struct stat st;
    if (fstat(fd, &st)) die("fstat");
    return st.st_size;
}

static const char *relative(const char *path) { return path[dir_bytes] ? path + dir_bytes + 1 : ""; }

/* ---- the log; the lock is held ---- */

static void append(const void *data, size_t bytes) {
    for (const char *at = data; bytes;) {
        ssize_t n = real_write(log_fd, at, bytes);
        if (n < 0) die("writing the log");
        at += n, bytes -= (size_t)n;
    }
}

static void note(enum op op, ino_t inode, uint64_t at, const void *first, size_t first_bytes, const char *second) {
    sequence++;
    if (log_fd < 0) return;
    size_t second_bytes = second ? strlen(second) : 0;
    struct record r = {MAGIC, op, inode, at, sequence, (uint32_t)first_bytes, (uint32_t)second_bytes};
    append(&r, sizeof r);
    append(first, first_bytes);
    append(second, second_bytes);
}

static void note_sync(ino_t inode, uint64_t upto, const char *path) {
    sequence++;
    if (log_fd < 0) return;
    struct record r = {MAGIC, OP_SYNC, inode, 0, upto, (uint32_t)strlen(path), 0};
    append(&r, sizeof r);
    append(path, strlen(path));
}

/* ---- faults and room; the lock is held ---- */

static int fault(int allocates) {
    uint64_t n = ++counters->ios;
    if (!fail_at || n < fail_at || (n > fail_at && !(fail_forever && (fail_errno == EIO || allocates)))) return 0;
    counters->failed++;
    if (fail_kills) kill(getpid(), SIGKILL);
    return fail_errno;
}

static int64_t quota_left(void) {
    char text[32];
    ssize_t n = pread(quota_fd, text, sizeof text - 1, 0);
    if (n <= 0) return INT64_MAX;
    text[n] = 0;
    return (int64_t)strtoull(text, NULL, 10) - (int64_t)used;
}

static int no_room(off_t old_size, off_t new_size) {
    if (quota_fd < 0 || new_size <= old_size) return 0;
    return quota_left() < new_size - old_size ? ENOSPC : 0;
}

static int leave(int error) {
    pthread_mutex_unlock(&lock);
    if (!error) return 0;
    errno = error;
    return -1;
}

static void count_repeated_sync(ino_t inode) {
    int repeated = 0, reopened = 0;
    for (int i = 0; i < failed_count; i++)
        if (failed[i].inode == inode) failed[i].instance == instance ? (repeated = 1) : (reopened = 1);
    if (repeated) counters->repeated_syncs++;
    else if (reopened) counters->syncs_after_reopening++;
}

static void sync_starts_afresh(ino_t inode) {
    for (int i = 0; i < failed_count; i++)
        if (failed[i].inode == inode) failed[i--] = failed[--failed_count];
}

/* ---- files ---- */

static int opened(int at, const char *path, int flags, mode_t mode) {
    char real[PATH_MAX];
    struct stat st;
    if (!inside_path(at, path, real)) {
        int fd = real_openat(at, path, flags, mode);
        forget(fd);
        return fd;
    }
    pthread_mutex_lock(&lock);
    if (!strcmp(strrchr(real, '/') + 1, NEW_INSTANCE)) {
        instance++;
        return leave(ENOENT);
    }
    int is_new = (flags & O_CREAT) && lstat(real, &st);
    int cuts = !is_new && (flags & O_TRUNC) && !stat(real, &st) && st.st_size > 0;
    if (is_new || cuts) {
        int error = fault(is_new);
        if (error) return leave(error);
    }
    int fd = real_openat(at, path, flags, mode);
    int error = errno;
    if (fd >= 0) {
        if (fd < MAX_FDS) known[fd] = INSIDE;
        if (is_new) {
            sync_starts_afresh(inode_of(fd));
            note(OP_CREATE, inode_of(fd), 0, relative(real), strlen(relative(real)), NULL);
        } else if (cuts) {
            used -= (uint64_t)st.st_size;
            note(OP_TRUNCATE, inode_of(fd), 0, NULL, 0, NULL);
        }
    }
    leave(0);
    errno = error;
    return fd;
}

#define MODE_ARGUMENT() \
    mode_t mode = 0; \
    if (flags & (O_CREAT | __O_TMPFILE)) { va_list a; va_start(a, flags); mode = va_arg(a, mode_t); va_end(a); }

int open(const char *path, int flags, ...) { READY(); MODE_ARGUMENT(); return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { READY(); MODE_ARGUMENT(); return opened(AT_FDCWD, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { READY(); MODE_ARGUMENT(); return opened(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { READY(); MODE_ARGUMENT(); return opened(at, path, flags, mode); }
int creat(const char *path, mode_t mode) { READY(); return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

int close(int fd) { READY(); forget(fd); return real_close(fd); }
int dup2(int old, int new) { READY(); forget(new); return real_dup2(old, new); }

static ssize_t written(int fd, const void *data, size_t bytes, off_t at, int moves) {
    pthread_mutex_lock(&lock);
    off_t size = size_of(fd);
    if (moves) at = fcntl(fd, F_GETFL) & O_APPEND ? size : lseek(fd, 0, SEEK_CUR);
    int error = fault(1);
    if (!error) error = no_room(size, at + (off_t)bytes);
    if (error) return leave(error);
    ssize_t n = moves ? real_write(fd, data, bytes) : real_pwrite(fd, data, bytes, at);
    error = errno;
    if (n > 0) {
        if (at + n > size) used += (uint64_t)(at + n - size);
        note(OP_WRITE, inode_of(fd), (uint64_t)at, data, (size_t)n, NULL);
    }
    leave(0);
    errno = error;
    return n;
}

ssize_t write(int fd, const void *data, size_t bytes) {
    READY();
    return inside_fd(fd) ? written(fd, data, bytes, 0, 1) : real_write(fd, data, bytes);
}
ssize_t pwrite(int fd, const void *data, size_t bytes, off_t at) {
    READY();
    return inside_fd(fd) ? written(fd, data, bytes, at, 0) : real_pwrite(fd, data, bytes, at);
}
ssize_t pwrite64(int fd, const void *data, size_t bytes, off64_t at) { return pwrite(fd, data, bytes, at); }

static ssize_t gathered(int fd, const struct iovec *parts, int count, off_t at, int moves) {
    size_t bytes = 0;
    for (int i = 0; i < count; i++) bytes += parts[i].iov_len;
    char *whole = malloc(bytes ? bytes : 1), *end = whole;
    if (!whole) die("malloc");
    for (int i = 0; i < count; i++) end = mempcpy(end, parts[i].iov_base, parts[i].iov_len);
    ssize_t n = written(fd, whole, bytes, at, moves);
    int error = errno;
    free(whole);
    errno = error;
    return n;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    READY();
    return inside_fd(fd) ? gathered(fd, parts, count, 0, 1) : real_writev(fd, parts, count);
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
    READY();
    return inside_fd(fd) ? gathered(fd, parts, count, at, 0) : real_pwritev(fd, parts, count, at);
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) { return pwritev(fd, parts, count, at); }
ssize_t pwritev2(int fd, const struct iovec *parts, int count, off_t at, int flags) {
    (void)flags;
    return at == -1 ? writev(fd, parts, count) : pwritev(fd, parts, count, at);
}
ssize_t pwritev64v2(int fd, const struct iovec *parts, int count, off64_t at, int flags) {
    return pwritev2(fd, parts, count, at, flags);
}

int ftruncate(int fd, off_t bytes) {
    READY();
    if (!inside_fd(fd)) return real_ftruncate(fd, bytes);
    pthread_mutex_lock(&lock);
    off_t size = size_of(fd);
    int error = fault(bytes > size);
    if (!error) error = no_room(size, bytes);
    if (error) return leave(error);
    int result = real_ftruncate(fd, bytes);
    error = errno;
    if (!result) {
        used += (uint64_t)(bytes - size);
        note(OP_TRUNCATE, inode_of(fd), (uint64_t)bytes, NULL, 0, NULL);
    }
    leave(0);
    errno = error;
    return result;
}
int ftruncate64(int fd, off64_t bytes) { return ftruncate(fd, bytes); }

/* Room set aside counts as length; other modes are refused, callers have to live without them anyway. */
int fallocate(int fd, int mode, off_t at, off_t bytes) {
    READY();
    if (!inside_fd(fd)) return real_fallocate(fd, mode, at, bytes);
    if (mode) { errno = EOPNOTSUPP; return -1; }
    return at + bytes > size_of(fd) ? ftruncate(fd, at + bytes) : 0;
}
int fallocate64(int fd, int mode, off64_t at, off64_t bytes) { return fallocate(fd, mode, at, bytes); }
int posix_fallocate(int fd, off_t at, off_t bytes) { return fallocate(fd, 0, at, bytes) ? errno : 0; }
int posix_fallocate64(int fd, off64_t at, off64_t bytes) { return posix_fallocate(fd, at, bytes); }

/* Callers fall back to read and write. */
ssize_t copy_file_range(int in, off64_t *in_at, int out, off64_t *out_at, size_t bytes, unsigned flags) {
    READY();
    if (inside_fd(out)) { errno = ENOSYS; return -1; }
    return real_copy_file_range(in, in_at, out, out_at, bytes, flags);
}
ssize_t sendfile(int out, int in, off_t *at, size_t bytes) {
    READY();
    if (inside_fd(out)) { errno = ENOSYS; return -1; }
    return real_sendfile(out, in, at, bytes);
}
ssize_t sendfile64(int out, int in, off64_t *at, size_t bytes) { return sendfile(out, in, at, bytes); }

/* ---- syncs ---- */

static void take_effect(ino_t inode, uint64_t upto, const char *path) {
    if (bug == NO_SYNC) return;
    if (bug != LATE_SYNC) { note_sync(inode, upto, path); return; }
    if (late.waits) note_sync(late.inode, late.upto, late.path);
    late.waits = 1, late.inode = inode, late.upto = upto;
    snprintf(late.path, sizeof late.path, "%s", path);
}

static int synced(int fd, int (*real)(int)) {
    char path[PATH_MAX];
    pthread_mutex_lock(&lock);
    ino_t inode = inode_of(fd);
    uint64_t upto = sequence;
    count_repeated_sync(inode);
    int error = fault(0);
    if (error) {
        if (failed_count < MAX_FAILED) failed[failed_count].inode = inode, failed[failed_count++].instance = instance;
        note(OP_SYNC_FAILED, inode, 0, NULL, 0, NULL);
        return leave(error);
    }
    leave(0);
    if (sync_us) usleep(sync_us);
    if (log_fd < 0) return bug == NO_BUG ? real(fd) : 0;
    /* The folder is never read by anyone but this process and the harness, so no disk has to be waited for. */
    pthread_mutex_lock(&lock);
    if (path_of_fd(fd, path)) die("naming a synced file");
    take_effect(inode, upto, below(path) ? relative(path) : "");
    return leave(0);
}

int fsync(int fd) { READY(); return inside_fd(fd) ? synced(fd, real_fsync) : real_fsync(fd); }
int fdatasync(int fd) { READY(); return inside_fd(fd) ? synced(fd, real_fdatasync) : real_fdatasync(fd); }

int sync_file_range(int fd, off64_t at, off64_t bytes, unsigned flags) {
    READY();
    if (!inside_fd(fd)) return real_sync_file_range(fd, at, bytes, flags);
    pthread_mutex_lock(&lock);
    int error = fault(0);
    return leave(error);
}

int msync(void *at, size_t bytes, int flags) {
    READY();
    counters->unsupported++;
    return real_msync(at, bytes, flags);
}

/* ---- names ---- */

int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
    char old[PATH_MAX], new[PATH_MAX];
    struct stat st;
    READY();
    if (!inside_path(from_at, from, old) || !inside_path(to_at, to, new))
        return real_renameat2(from_at, from, to_at, to, flags);
    pthread_mutex_lock(&lock);
    int error = fault(1);
    if (error) return leave(error);
    uint64_t replaced = !stat(new, &st) && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
    int result = real_renameat2(from_at, from, to_at, to, flags);
    error = errno;
    if (!result) {
        used -= replaced;
        note(OP_RENAME, 0, 0, relative(old), strlen(relative(old)), relative(new));
    }
    leave(0);
    errno = error;
    return result;
}
int renameat(int from_at, const char *from, int to_at, const char *to) { return renameat2(from_at, from, to_at, to, 0); }
int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

int linkat(int from_at, const char *from, int to_at, const char *to, int flags) {
    char old[PATH_MAX], new[PATH_MAX];
    READY();
    if (!inside_path(from_at, from, old) || !inside_path(to_at, to, new))
        return real_linkat(from_at, from, to_at, to, flags);
    pthread_mutex_lock(&lock);
    int error = fault(1);
    if (error) return leave(error);
    int result = real_linkat(from_at, from, to_at, to, flags);
    error = errno;
    if (!result) note(OP_LINK, 0, 0, relative(old), strlen(relative(old)), relative(new));
    leave(0);
    errno = error;
    return result;
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int unlinkat(int at, const char *path, int flags) {
    char real[PATH_MAX];
    struct stat st;
    READY();
    if (!inside_path(at, path, real) || lstat(real, &st)) return real_unlinkat(at, path, flags);
    pthread_mutex_lock(&lock);
    int error = fault(0);
    if (error) return leave(error);
    int result = real_unlinkat(at, path, flags);
    error = errno;
    if (!result) {
        if (S_ISREG(st.st_mode)) used -= (uint64_t)st.st_size;
        note(OP_REMOVE, 0, 0, relative(real), strlen(relative(real)), NULL);
    }
    leave(0);
    errno = error;
    return result;
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int mkdirat(int at, const char *path, mode_t mode) {
    char real[PATH_MAX];
    struct stat st;
    READY();
    /* What exists already is no I/O: asking costs nothing on a full disk. */
    if (!inside_path(at, path, real) || !lstat(real, &st)) return real_mkdirat(at, path, mode);
    pthread_mutex_lock(&lock);
    int error = fault(1);
    if (error) return leave(error);
    int result = real_mkdirat(at, path, mode);
    error = errno;
    if (!result) note(OP_MKDIR, 0, 0, relative(real), strlen(relative(real)), NULL);
    leave(0);
    errno = error;
    return result;
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

/* ---- room ---- */

static uint64_t blocks_left(uint64_t block) {
    pthread_mutex_lock(&lock);
    int64_t left = quota_left();
    pthread_mutex_unlock(&lock);
    return left > 0 && block ? (uint64_t)left / block : 0;
}

#define TELL_ROOM(out, block) \
    do { if (!result && quota_fd >= 0) (out)->f_bfree = (out)->f_bavail = blocks_left((uint64_t)(block)); } while (0)

int statvfs(const char *path, struct statvfs *out) {
    char real[PATH_MAX];
    READY();
    int result = real_statvfs(path, out);
    if (inside_path(AT_FDCWD, path, real)) TELL_ROOM(out, out->f_frsize);
    return result;
}
int fstatvfs(int fd, struct statvfs *out) {
    READY();
    int result = real_fstatvfs(fd, out);
    if (inside_fd(fd)) TELL_ROOM(out, out->f_frsize);
    return result;
}
int statfs(const char *path, struct statfs *out) {
    char real[PATH_MAX];
    READY();
    int result = real_statfs(path, out);
    if (inside_path(AT_FDCWD, path, real)) TELL_ROOM(out, out->f_bsize);
    return result;
}
int fstatfs(int fd, struct statfs *out) {
    READY();
    int result = real_fstatfs(fd, out);
    if (inside_fd(fd)) TELL_ROOM(out, out->f_bsize);
    return result;
}
int statvfs64(const char *path, struct statvfs64 *out) { return statvfs(path, (struct statvfs *)out); }
int fstatvfs64(int fd, struct statvfs64 *out) { return fstatvfs(fd, (struct statvfs *)out); }
int statfs64(const char *path, struct statfs64 *out) { return statfs(path, (struct statfs *)out); }
int fstatfs64(int fd, struct statfs64 *out) { return fstatfs(fd, (struct statfs *)out); }
