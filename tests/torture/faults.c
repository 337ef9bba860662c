/* A disk that fails, a record of what reached it, and a wall clock that jumps, put before libc by LD_PRELOAD.

   All of it is asked for by the environment, and only for files below TORTURE_ROOT:

   TORTURE_KIND    which calls fail: write, sync, rename, open (for writing, folders too), truncate or unlink
   TORTURE_AT      the number of the call that fails, from 1
   TORTURE_ERRNO   with which error
   TORTURE_ON      what comes after it: once (all goes well again), full (all of its kind fails), short (half of the
                   write is done, then all of its kind fails: what a disk does that is filling up), kill (it does not
                   fail: before it the process is killed)
   TORTURE_FIRED   a file that says which call it was; it is not made where none failed
   TORTURE_TRACE   a file that gets every change of a file and every sync, in order
   TORTURE_CLOCK   seconds after which the wall clock jumps, by an hour back, then two forward, and so on */

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
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))real(#name))
#define WRITES (O_WRONLY | O_RDWR | O_CREAT)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long counted;
static int fired;

static void *real(const char *name) {
    return dlsym(RTLD_NEXT, name);
}

static int below_root(const char *path) {
    const char *root = getenv("TORTURE_ROOT");
    size_t length = root ? strlen(root) : 0;
    return length && strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == 0);
}

/* The absolute path of a name, as far as its folder goes; names are never longer here. */
static void absolute(int folder, const char *name, char *path) {
    char link[64];
    ssize_t length = 0;
    if (name[0] != '/') {
        if (folder == AT_FDCWD)
            strcpy(link, "/proc/self/cwd");
        else
            snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        length = readlink(link, path, PATH_MAX - 1);
        length = length < 0 ? 0 : length;
        path[length++] = '/';
    }
    snprintf(path + length, PATH_MAX - (size_t)length, "%s", name);
}

static int path_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    return below_root(path);
}

static void say_fired(const char *call, const char *path) {
    const char *name = getenv("TORTURE_FIRED");
    char line[PATH_MAX + 64];
    int fd = name ? (int)syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;
    if (fd >= 0) {
        int length = snprintf(line, sizeof line, "%s %s\n", call, path);
        syscall(SYS_write, fd, line, length);
        syscall(SYS_close, fd);
    }
}

enum fate { WELL, HALF, FAILS };

/* What becomes of a call on a file below the root. */
static enum fate fate(const char *kind, const char *call, const char *path) {
    const char *wanted = getenv("TORTURE_KIND"), *at = getenv("TORTURE_AT"), *on = getenv("TORTURE_ON");
    if (!wanted || !at || strcmp(kind, wanted))
        return WELL;
    pthread_mutex_lock(&lock);
    long number = ++counted;
    int first = number == atol(at);
    int later = fired && on && strcmp(on, "once");
    fired |= first;
    pthread_mutex_unlock(&lock);
    if (first)
        say_fired(call, path);
    if (first && on && !strcmp(on, "kill"))
        kill(getpid(), SIGKILL);
    if (first && on && !strcmp(on, "short"))
        return HALF;
    if (!first && !later)
        return WELL;
    errno = atoi(getenv("TORTURE_ERRNO"));
    return FAILS;
}

/* One change: what, where, the bytes, and the path, or two of them with a zero byte between. */
static void trace(char what, const char *paths, size_t length, int64_t offset, const void *data, size_t size) {
    const char *name = getenv("TORTURE_TRACE");
    if (!name)
        return;
    struct __attribute__((packed)) {
        char what;
        int64_t offset, size, length;
    } head = {what, offset, (int64_t)size, (int64_t)length};
    struct iovec parts[] = {{&head, sizeof head}, {(void *)paths, length}, {(void *)data, size}};
    int fd = (int)syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (fd >= 0) {
        syscall(SYS_writev, fd, parts, 3);
        syscall(SYS_close, fd);
    }
}

static ssize_t written(const char *call, int fd, const void *data, size_t size, int64_t offset) {
    char path[PATH_MAX];
    int ours = path_of(fd, path);
    if (ours) {
        switch (fate("write", call, path)) {
        case FAILS: return -1;
        case HALF: size = size > 1 ? size / 2 : size; break;
        case WELL: break;
        }
    }
    if (ours && getenv("TORTURE_TRACE")) {
        struct stat status;
        int64_t at = offset;
        if (at < 0)
            at = (fcntl(fd, F_GETFL) & O_APPEND) && !fstat(fd, &status) ? status.st_size : lseek(fd, 0, SEEK_CUR);
        pthread_mutex_lock(&lock);
        trace('w', path, strlen(path), at, data, size);
        pthread_mutex_unlock(&lock);
    }
    return offset < 0 ? syscall(SYS_write, fd, data, size) : syscall(SYS_pwrite64, fd, data, size, offset);
}

ssize_t write(int fd, const void *data, size_t size) {
    return written("write", fd, data, size, -1);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
    return written("pwrite", fd, data, size, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
    return written("pwrite", fd, data, size, offset);
}

static int synced(const char *call, int fd) {
    char path[PATH_MAX];
    if (path_of(fd, path)) {
        if (fate("sync", call, path) == FAILS)
            return -1;
        pthread_mutex_lock(&lock);
        trace('s', path, strlen(path), 0, "", 0);
        pthread_mutex_unlock(&lock);
    }
    return 0;
}

int fsync(int fd) {
    return synced("fsync", fd) ? -1 : REAL(fsync)(fd);
}

int fdatasync(int fd) {
    return synced("fdatasync", fd) ? -1 : REAL(fdatasync)(fd);
}

static int truncated(int fd, off_t size) {
    char path[PATH_MAX];
    if (path_of(fd, path)) {
        if (fate("truncate", "ftruncate", path) == FAILS)
            return -1;
        pthread_mutex_lock(&lock);
        trace('t', path, strlen(path), size, "", 0);
        pthread_mutex_unlock(&lock);
    }
    return (int)syscall(SYS_ftruncate, fd, size);
}

int ftruncate(int fd, off_t size) {
    return truncated(fd, size);
}

int ftruncate64(int fd, off64_t size) {
    return truncated(fd, size);
}

static int opened(int folder, const char *name, int flags, mode_t mode) {
    char path[PATH_MAX];
    if (flags & WRITES) {
        absolute(folder, name, path);
        if (below_root(path)) {
            if (fate("open", "open", path) == FAILS)
                return -1;
            if (flags & O_TRUNC) {
                pthread_mutex_lock(&lock);
                trace('t', path, strlen(path), 0, "", 0);
                pthread_mutex_unlock(&lock);
            }
        }
    }
    return (int)syscall(SYS_openat, folder, name, flags, mode);
}

#define MODE_OF(flags, mode)                                                                                           \
    mode_t mode = 0;                                                                                                   \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                                                             \
        va_list more;                                                                                                  \
        va_start(more, flags);                                                                                         \
        mode = va_arg(more, mode_t);                                                                                   \
        va_end(more);                                                                                                  \
    }

int open(const char *name, int flags, ...) {
    MODE_OF(flags, mode)
    return opened(AT_FDCWD, name, flags, mode);
}

int open64(const char *name, int flags, ...) {
    MODE_OF(flags, mode)
    return opened(AT_FDCWD, name, flags | O_LARGEFILE, mode);
}

int openat(int folder, const char *name, int flags, ...) {
    MODE_OF(flags, mode)
    return opened(folder, name, flags, mode);
}

int openat64(int folder, const char *name, int flags, ...) {
    MODE_OF(flags, mode)
    return opened(folder, name, flags | O_LARGEFILE, mode);
}

int mkdir(const char *name, mode_t mode) {
    char path[PATH_MAX];
    absolute(AT_FDCWD, name, path);
    if (below_root(path) && fate("open", "mkdir", path) == FAILS)
        return -1;
    return REAL(mkdir)(name, mode);
}

int rename(const char *from, const char *to) {
    char paths[2 * PATH_MAX], other[PATH_MAX];
    absolute(AT_FDCWD, from, paths);
    absolute(AT_FDCWD, to, other);
    if (below_root(other)) {
        if (fate("rename", "rename", other) == FAILS)
            return -1;
        size_t length = strlen(paths) + 1;
        strcpy(paths + length, other);
        pthread_mutex_lock(&lock);
        trace('r', paths, length + strlen(other), 0, "", 0);
        pthread_mutex_unlock(&lock);
    }
    return REAL(rename)(from, to);
}

static int removed(const char *call, int folder, const char *name) {
    char path[PATH_MAX];
    absolute(folder, name, path);
    if (below_root(path)) {
        if (fate("unlink", call, path) == FAILS)
            return -1;
        pthread_mutex_lock(&lock);
        trace('u', path, strlen(path), 0, "", 0);
        pthread_mutex_unlock(&lock);
    }
    return 0;
}

int unlink(const char *name) {
    return removed("unlink", AT_FDCWD, name) ? -1 : REAL(unlink)(name);
}

int unlinkat(int folder, const char *name, int flags) {
    return removed("unlinkat", folder, name) ? -1 : REAL(unlinkat)(folder, name, flags);
}

int rmdir(const char *name) {
    return removed("rmdir", AT_FDCWD, name) ? -1 : REAL(rmdir)(name);
}

static void jump(struct timespec *time) {
    static const int hours[] = {0, -1, 1};
    const char *every = getenv("TORTURE_CLOCK");
    struct timespec now;
    if (!every)
        return;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    double seconds = (double)now.tv_sec + (double)now.tv_nsec / 1e9;
    time->tv_sec += 3600 * hours[(int64_t)(seconds / atof(every)) % 3];
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    int failed = (int)syscall(SYS_clock_gettime, clock, time);
    if (!failed && clock == CLOCK_REALTIME)
        jump(time);
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec time;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &time);
    now->tv_sec = time.tv_sec;
    now->tv_usec = time.tv_nsec / 1000;
    return 0;
}
