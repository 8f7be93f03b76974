/// For libraries that write to a socket without MSG_NOSIGNAL (libESMTP, OpenSSL). For src/mail only. Threads: the one that makes it.
#pragma once

#include <signal.h>  // NOLINT(modernize-deprecated-headers): pthread_sigmask is POSIX

#include <ctime>

namespace pinfold::mail {

/// While it lives, SIGPIPE is held back in this thread, and taken off if it was raised here.
class HoldSigpipe {
public:
  HoldSigpipe() {
    sigemptyset(&x_pipe);
    sigaddset(&x_pipe, SIGPIPE);
    sigset_t pending{};
    sigpending(&pending);
    x_was_pending = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &x_pipe, &x_before);
  }
  HoldSigpipe(const HoldSigpipe&) = delete;
  HoldSigpipe& operator=(const HoldSigpipe&) = delete;
  ~HoldSigpipe() {
    const timespec at_once{};
    while (!x_was_pending && sigtimedwait(&x_pipe, nullptr, &at_once) == SIGPIPE) {
    }
    pthread_sigmask(SIG_SETMASK, &x_before, nullptr);
  }

private:
  sigset_t x_pipe{};
  sigset_t x_before{};
  bool x_was_pending = false;
};

}  // namespace pinfold::mail
