/* Writes down, in order, what a process does to the files of one directory: preloaded, for `power`.
 *
 * FAULTS_DIRECTORY names the directory, FAULTS_RECORD the file that the record goes to. A line is
 *   w NAME OFFSET LENGTH and the bytes after it, t NAME LENGTH 0 (cut), s NAME 0 0 (all of it is on the disk now),
 *   u NAME 0 0 (removed), r NAME 0 LENGTH and the new name after it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static const char *ours(int descriptor, char *path) {
    const char *directory = getenv("FAULTS_DIRECTORY");
    char link[64];
    if (directory == NULL) return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) return NULL;
    path[length] = 0;
    size_t prefix = strlen(directory);
    if (strncmp(path, directory, prefix) != 0 || path[prefix] != '/') return NULL;
    return path + prefix + 1;
}

static void note(char kind, const char *name, long long at, const void *data, size_t length) {
    static int record = -1;
    static ssize_t (*plain_write)(int, const void *, size_t);
    char head[PATH_MAX + 64];
    pthread_mutex_lock(&one_at_a_time);
    if (record < 0) {
        const char *path = getenv("FAULTS_RECORD");
        plain_write = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
        record = open(path ? path : "/dev/null", O_WRONLY | O_CREAT | O_APPEND, 0600);
    }
    int size = snprintf(head, sizeof head, "%c %s %lld %zu\n", kind, name, at, length);
    if (plain_write(record, head, size) != size || (length && plain_write(record, data, length) != (ssize_t)length))
        abort();
    pthread_mutex_unlock(&one_at_a_time);
}

#define POSITIONED(function, offset)                                                                    \
    ssize_t function(int descriptor, const void *data, size_t length, offset at) {                      \
        static ssize_t (*real)(int, const void *, size_t, offset);                                      \
        char path[PATH_MAX];                                                                            \
        if (real == NULL) real = (ssize_t (*)(int, const void *, size_t, offset))dlsym(RTLD_NEXT, #function); \
        ssize_t done = real(descriptor, data, length, at);                                              \
        const char *name = ours(descriptor, path);                                                      \
        if (name != NULL && done > 0) note('w', name, (long long)at, data, (size_t)done);               \
        return done;                                                                                    \
    }

POSITIONED(pwrite, off_t)
POSITIONED(pwrite64, off64_t)

ssize_t write(int descriptor, const void *data, size_t length) {
    static ssize_t (*real)(int, const void *, size_t);
    char path[PATH_MAX];
    if (real == NULL) real = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    const char *name = ours(descriptor, path);
    long long at = name != NULL ? (long long)lseek(descriptor, 0, SEEK_CUR) : 0;
    ssize_t done = real(descriptor, data, length);
    if (name != NULL && done > 0) note('w', name, at, data, (size_t)done);
    return done;
}

#define CUT(function, offset)                                                                           \
    int function(int descriptor, offset length) {                                                       \
        static int (*real)(int, offset);                                                                \
        char path[PATH_MAX];                                                                            \
        if (real == NULL) real = (int (*)(int, offset))dlsym(RTLD_NEXT, #function);                     \
        int failed = real(descriptor, length);                                                          \
        const char *name = ours(descriptor, path);                                                      \
        if (name != NULL && !failed) note('t', name, (long long)length, NULL, 0);                       \
        return failed;                                                                                  \
    }

CUT(ftruncate, off_t)
CUT(ftruncate64, off64_t)

#define SYNC(function)                                                                                  \
    int function(int descriptor) {                                                                      \
        static int (*real)(int);                                                                        \
        char path[PATH_MAX];                                                                            \
        if (real == NULL) real = (int (*)(int))dlsym(RTLD_NEXT, #function);                             \
        int failed = real(descriptor);                                                                  \
        const char *name = ours(descriptor, path);                                                      \
        if (name != NULL && !failed) note('s', name, 0, NULL, 0);                                       \
        return failed;                                                                                  \
    }

SYNC(fsync)
SYNC(fdatasync)

static const char *within(const char *path) {
    const char *directory = getenv("FAULTS_DIRECTORY");
    size_t prefix = directory != NULL ? strlen(directory) : 0;
    return prefix && strncmp(path, directory, prefix) == 0 && path[prefix] == '/' ? path + prefix + 1 : NULL;
}

int unlink(const char *path) {
    static int (*real)(const char *);
    if (real == NULL) real = (int (*)(const char *))dlsym(RTLD_NEXT, "unlink");
    int failed = real(path);
    if (!failed && within(path) != NULL) note('u', within(path), 0, NULL, 0);
    return failed;
}

int rename(const char *from, const char *to) {
    static int (*real)(const char *, const char *);
    if (real == NULL) real = (int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename");
    int failed = real(from, to);
    if (!failed && within(from) != NULL && within(to) != NULL)
        note('r', within(from), 0, within(to), strlen(within(to)));
    return failed;
}
