#include "verify/cli/process.hpp"

#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace fiberproof::verify {
namespace {

// While another program runs, Ctrl-C is its affair: it ends cleanly, and we tell how.
class IgnoreInterrupt {
 public:
  IgnoreInterrupt() : before_(std::signal(SIGINT, SIG_IGN)) {}
  IgnoreInterrupt(const IgnoreInterrupt&) = delete;
  IgnoreInterrupt& operator=(const IgnoreInterrupt&) = delete;
  ~IgnoreInterrupt() { std::signal(SIGINT, before_); }

 private:
  void (*before_)(int);
};

[[noreturn]] void become(const std::vector<std::string>& arguments,
                         const std::vector<std::string>& environment, Addresses addresses,
                         int output) {
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::close(output);
  std::signal(SIGINT, SIG_DFL);
  for (const std::string& entry : environment) {
    const std::size_t equals = entry.find('=');
    ::setenv(entry.substr(0, equals).c_str(), entry.substr(equals + 1).c_str(), 1);
  }
  if (addresses == Addresses::same) {
    constexpr unsigned long only_ask = 0xffffffff;
    ::personality(static_cast<unsigned long>(::personality(only_ask)) | ADDR_NO_RANDOMIZE);
  }
  std::vector<char*> words;
  for (const std::string& argument : arguments)
    words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  ::execv(words[0], words.data());
  ::_exit(127);
}

}  // namespace

ProcessEnd run_process(const std::vector<std::string>& arguments,
                       const std::vector<std::string>& environment,
                       const std::function<void(const std::string&)>& on_line,
                       Addresses addresses) {
  ProcessEnd end;
  std::array<int, 2> pipe{};
  if (::access(arguments[0].c_str(), X_OK) != 0 || ::pipe(pipe.data()) != 0) return end;
  std::fflush(nullptr);
  const IgnoreInterrupt ignore_interrupt;
  const pid_t child = ::fork();
  if (child < 0) return end;
  if (child == 0) {
    ::close(pipe[0]);
    become(arguments, environment, addresses, pipe[1]);
  }
  ::close(pipe[1]);
  std::FILE* const stream = ::fdopen(pipe[0], "r");
  char* line = nullptr;
  std::size_t capacity = 0;
  for (ssize_t length = 0; (length = ::getline(&line, &capacity, stream)) > 0;) {
    std::string text(line, static_cast<std::size_t>(length));
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
    on_line(text);
  }
  std::free(line);
  std::fclose(stream);
  int status = 0;
  end.started = ::waitpid(child, &status, 0) == child;
  end.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return end;
}

}  // namespace fiberproof::verify
