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
