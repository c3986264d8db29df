// C++20 coroutines: stackless, so each frame that a yield crosses is a coroutine with a frame of
// its own on the heap. Handles come out of functions that are not inlined, as they would in a
// program where the coroutine is not known to its resumer.
#include "core/bench/contenders.hpp"
#include "core/bench/live_values_row.hpp"
#include "core/bench/nested_yield_row.hpp"
#include "core/bench/random_sites_row.hpp"
#include "core/bench/resume_suspend_rows.hpp"
#include "core/bench/round_robin_rows.hpp"
#include "core/bench/switch_row.hpp"

#include <coroutine>
#include <exception>
#include <utility>

namespace fiberproof::bench {
namespace {

/// Owns a coroutine. Awaiting one inside another runs it as a call would; a yield anywhere goes
/// back to the resumer of the outermost, which resumes the innermost.
class Coroutine {
 public:
  struct promise_type {
    struct Return {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> ended) noexcept {
        promise_type& promise = ended.promise();
        *promise.innermost = promise.awaiting;
        return promise.awaiting;
      }
      void await_resume() noexcept {}
    };

    Coroutine get_return_object() {
      return Coroutine(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    Return final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }

    std::coroutine_handle<> awaiting = std::noop_coroutine();
    std::coroutine_handle<> self;
    std::coroutine_handle<>* innermost = &self;  ///< of the outermost's promise
  };
  using Handle = std::coroutine_handle<promise_type>;

  Coroutine(Coroutine&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Coroutine& operator=(Coroutine&&) = delete;
  ~Coroutine() {
    if (handle_) handle_.destroy();
  }

  [[gnu::always_inline]] void resume() { handle_.promise().self.resume(); }

  bool await_ready() const { return false; }
  std::coroutine_handle<> await_suspend(Handle awaiting) {
    handle_.promise().awaiting = awaiting;
    handle_.promise().innermost = awaiting.promise().innermost;
    *handle_.promise().innermost = handle_;
    return handle_;
  }
  void await_resume() const {}

 private:
  explicit Coroutine(Handle handle) : handle_(handle) { handle_.promise().self = handle_; }

  Handle handle_;
};

[[gnu::noinline]] Coroutine count_and_yield(std::uint64_t* count) {
  for (;;) {
    ++*count;
    co_await std::suspend_always{};
  }
}

[[gnu::noinline]] Coroutine answer_and_yield(Mailbox* mailbox) {
  for (;;) {
    mailbox->from_fiber = mailbox->to_fiber + 1;
    co_await std::suspend_always{};
  }
}

[[gnu::noinline]] Coroutine count_and_return(std::uint64_t* count) {
  ++*count;
  co_return;
}

[[gnu::noinline]] Coroutine step_and_yield(LiveValues* published) {
  LiveValues values;
  for (;;) {
    *published = values;
    for (std::uint64_t left = switches_in_batch; left != 0; --left) {
      values.step();
      co_await std::suspend_always{};
    }
  }
}

[[gnu::noinline]] Coroutine descend(int frames, std::uint64_t* count) {
  if (frames == 0) {
    ++*count;
    co_await std::suspend_always{};
  } else {
    co_await descend(frames - 1, count);
  }
}

[[gnu::noinline]] Coroutine descend_repeatedly(std::uint64_t* count) {
  for (;;) co_await descend(nested_frames, count);
}

template <Coroutine (*make)(std::uint64_t*)>
Work measure_repeated(benchmark::State& state) {
  std::uint64_t count = 0;
  Coroutine coroutine = make(&count);
  const std::uint64_t pairs = time_batches(
      state, switches_in_batch, [&](std::uint64_t batch) { resume_repeatedly(coroutine, batch); });
  return {pairs, count};
}

Work measure_handing_words_over(benchmark::State& state) {
  Mailbox mailbox;
  Coroutine coroutine = answer_and_yield(&mailbox);
  const std::uint64_t pairs = time_batches(state, switches_in_batch, [&](std::uint64_t batch) {
    send_repeatedly(coroutine, mailbox, batch);
  });
  return {pairs, mailbox.from_fiber};
}

Work measure_live(benchmark::State& state) {
  LiveValues outer;
  LiveValues inner;
  Coroutine coroutine = step_and_yield(&inner);
  const std::uint64_t pairs = time_batches(state, switches_in_batch, [&](std::uint64_t batch) {
    step_and_resume(coroutine, outer, batch);
  });
  coroutine.resume();  // publishes
  return {2 * sum_after(pairs), outer.sum() + inner.sum()};
}

Work measure_sites(benchmark::State& state) {
  std::uint64_t count = 0;
  std::size_t position = 0;
  Coroutine coroutine = count_and_yield(&count);
  const std::uint64_t pairs = time_batches(state, switches_in_batch, [&](std::uint64_t batch) {
    resume_at_random(coroutine, position, batch);
  });
  return {pairs, count};
}

template <std::size_t coroutine_count>
Work measure_ring(benchmark::State& state) {
  std::vector<std::uint64_t> counts(coroutine_count);
  std::vector<std::optional<Coroutine>> coroutines;
  for (std::uint64_t& count : counts) coroutines.emplace_back(count_and_yield(&count));
  const std::uint64_t pairs =
      time_batches(state, coroutine_count, [&](std::uint64_t) { resume_each(coroutines); });
  return {pairs, counted_evenly(counts)};
}

Work measure_create(benchmark::State& state) {
  std::uint64_t count = 0;
  const std::uint64_t created = time_batches(state, creations_in_batch, [&](std::uint64_t batch) {
    for (; batch != 0; --batch) {
      Coroutine coroutine = count_and_return(&count);
      coroutine.resume();
    }
  });
  return {created, count};
}

}  // namespace

void add_coroutine() {
  add_benchmark(switch_row, "coroutine", measure_repeated<count_and_yield>);
  add_benchmark(resume_suspend_row, "coroutine", measure_repeated<count_and_yield>);
  add_benchmark(hand_over_row, "coroutine", measure_handing_words_over);
  add_benchmark(live_values_row, "coroutine", measure_live);
  add_benchmark(nested_yield_row, "coroutine", measure_repeated<descend_repeatedly>);
  add_benchmark(random_sites_row, "coroutine", measure_sites);
  add_benchmark(round_robin_64_row, "coroutine", measure_ring<64>);
  add_benchmark(round_robin_4096_row, "coroutine", measure_ring<4096>);
  add_benchmark(create_pooled_row, "coroutine", measure_create);
}

}  // namespace fiberproof::bench
