#pragma once
/* What Glibc's module map leaves out: epoll, eventfd, prctl. */
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <signal.h>
/* prctl is variadic, which Swift cannot call. */
static inline int kedge_set_thread_name(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }
/* Asks the kernel to send `signal` to this process when its parent dies. */
static inline int kedge_die_with_parent(int signal) { return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }
/* Makes the orphans among this process's descendants its own children. */
static inline int kedge_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

/* What glibc shows only with _GNU_SOURCE, which the modules of the toolchain are built without. */
#include <spawn.h>
extern int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *, const char *);
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *, int);
extern int memfd_create(const char *, unsigned int);
extern int syncfs(int);
/* Where the child of posix_spawn runs. */
static inline int kedge_spawn_in(posix_spawn_file_actions_t *actions, const char *directory) {
  return posix_spawn_file_actions_addchdir_np(actions, directory);
}
/* Closes every descriptor of the child from `first` on. */
static inline int kedge_spawn_closing_from(posix_spawn_file_actions_t *actions, int first) {
  return posix_spawn_file_actions_addclosefrom_np(actions, first);
}
/* POSIX_SPAWN_SETSID: the child leads a session of its own. */
static inline short kedge_spawn_session_flag(void) { return 0x80; }
/* A file in memory, closed on exec. */
static inline int kedge_memory_file(const char *name) { return memfd_create(name, 1u); }
/* Writes out the file system that the descriptor lies on. */
static inline int kedge_write_out(int descriptor) { return syncfs(descriptor); }

/* Freed memory stays with the process, to be used again without the kernel's clearing it: for programs that compute once and end. */
#include <limits.h>
#include <malloc.h>
static inline void kedge_keep_freed_memory(void) {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
}
