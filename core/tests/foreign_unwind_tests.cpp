// What unwinds a body and is no exception of C++ (F3): the end of a thread, by pthread_exit and
// pthread_cancel, and exceptions of other languages. They pass from stack to stack as on one; a
// jump does not, which must be said.
#include "core/body.hpp"
#include "core/continuation.hpp"
#include "core/tests/counted.hpp"

#include <pthread.h>
#include <unistd.h>
#include <unwind.h>

#include <gtest/gtest.h>
#include <atomic>
#include <csetjmp>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace fiberproof {
namespace {

/// Says that it was destroyed, to whom it was given.
struct Note {
  std::vector<std::string>& notes;
  std::string text;
  ~Note() { notes.push_back(text); }
};

void run_nested(Store& store, std::size_t depth, std::vector<std::string>& notes,
                const std::function<void()>& innermost) {
  const Note note{notes, std::to_string(depth)};
  if (depth == 0) {
    innermost();
    return;
  }
  Body body(0, 0, [&](std::span<Value>) { run_nested(store, depth - 1, notes, innermost); });
  static_cast<void>(resume(store, *cont_new(store, &body)));
  notes.push_back("was resumed");
}

#ifdef FIBERPROOF_TSAN

TEST(thread_exit, in_a_body) {
  GTEST_SKIP() << "ThreadSanitizer's pthread_exit ends the process on every stack but the thread's";
}

#else

const Tag wait_tag("wait");
const Tag* const wait_tags[] = {&wait_tag};
const Tag peer_tag("peer");
const Tag* const peer_tags[] = {&peer_tag};

/// Runs `action` on a thread, and returns what that thread ended with.
void* end_of_thread(std::function<void()> action) {
  const auto run = [](void* given) -> void* {
    (*static_cast<std::function<void()>*>(given))();
    return nullptr;
  };
  pthread_t thread{};
  EXPECT_EQ(pthread_create(&thread, nullptr, run, &action), 0);
  void* result = nullptr;
  EXPECT_EQ(pthread_join(thread, &result), 0);
  return result;
}

int result_object = 0;

class thread_exit : public testing::TestWithParam<std::size_t> {};

TEST_P(thread_exit, in_a_body_runs_the_destructors_of_every_stack) {
  std::vector<std::string> notes;
  void* const result = end_of_thread([&] {
    Store store;
    const Entry entry(store);
    run_nested(store, GetParam(), notes, [] { pthread_exit(&result_object); });
  });
  EXPECT_EQ(result, &result_object);
  ASSERT_EQ(notes.size(), GetParam() + 1);
  for (std::size_t depth = 0; depth <= GetParam(); ++depth) {
    EXPECT_EQ(notes[depth], std::to_string(depth));
  }
}

TEST_P(thread_exit, by_deferred_cancellation_in_a_body_runs_the_destructors_of_every_stack) {
  std::vector<std::string> notes;
  void* const result = end_of_thread([&] {
    Store store;
    const Entry entry(store);
    run_nested(store, GetParam(), notes, [] {
      pthread_cancel(pthread_self());
      pthread_testcancel();
    });
  });
  EXPECT_EQ(result, PTHREAD_CANCELED);
  EXPECT_EQ(notes.size(), GetParam() + 1);
}

TEST_P(thread_exit, by_cancellation_in_a_blocking_call_of_a_body) {
  std::vector<std::string> notes;
  std::atomic<bool> is_there = false;
  std::function<void()> action = [&] {
    Store store;
    const Entry entry(store);
    run_nested(store, GetParam(), notes, [&] {
      is_there = true;
      pause();
    });
  };
  pthread_t thread{};
  const auto run = [](void* given) -> void* {
    (*static_cast<std::function<void()>*>(given))();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, nullptr, run, &action), 0);
  while (!is_there) usleep(1000);
  pthread_cancel(thread);
  void* result = nullptr;
  ASSERT_EQ(pthread_join(thread, &result), 0);
  EXPECT_EQ(result, PTHREAD_CANCELED);
  EXPECT_EQ(notes.size(), GetParam() + 1);
}

INSTANTIATE_TEST_SUITE_P(depths, thread_exit, testing::Values(1, 3, 50));

TEST(thread_exit, by_asynchronous_cancellation_of_a_body) {
  void* const result = end_of_thread([] {
    Store store;
    const Entry entry(store);
    Body body(0, 0, [](std::span<Value>) {
      pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, nullptr);
      pthread_cancel(pthread_self());
      ADD_FAILURE() << "it went on";
    });
    static_cast<void>(resume(store, *cont_new(store, &body)));
    ADD_FAILURE() << "it went on";
  });
  EXPECT_EQ(result, PTHREAD_CANCELED);
}

TEST(thread_exit, runs_cleanup_handlers_on_their_stacks) {
  int cleaned = 0;
  end_of_thread([&] {
    Store store;
    const Entry entry(store);
    Body body(0, 0, [&](std::span<Value>) {
      pthread_cleanup_push([](void* count) { ++*static_cast<int*>(count); }, &cleaned);
      pthread_exit(nullptr);
      pthread_cleanup_pop(0);
    });
    pthread_cleanup_push([](void* count) { *static_cast<int*>(count) += 10; }, &cleaned);
    static_cast<void>(resume(store, *cont_new(store, &body)));
    pthread_cleanup_pop(0);
  });
  EXPECT_EQ(cleaned, 11);
}

TEST(thread_exit, on_a_stack_above_that_of_the_thread) {
  const auto above = Stack::map(256 * 1024);
  auto& stack = const_cast<Stack&>(*above);
  std::vector<std::string> notes;
  end_of_thread([&] {
    Store store;
    const Entry entry(store);
    Body body(0, 0, [&](std::span<Value>) {
      const Note note{notes, "of the body"};
      pthread_exit(nullptr);
    });
    static_cast<void>(resume(store, *cont_new(store, &body, stack)));
  });
  EXPECT_EQ(notes.size(), 1u);
}

TEST(thread_exit, where_each_stack_is_in_a_handler_releases_the_exceptions) {
  end_of_thread([] {
    Store store;
    const Entry entry(store);
    Body inner(0, 0, [](std::span<Value>) {
      try {
        throw Counted(2);
      } catch (const Counted&) {
        pthread_exit(nullptr);
      }
    });
    Body outer(0, 0, [&](std::span<Value>) {
      try {
        throw Counted(1);
      } catch (const Counted&) {
        static_cast<void>(resume(store, *cont_new(store, &inner)));
      }
    });
    try {
      throw Counted(0);
    } catch (const Counted&) {
      static_cast<void>(resume(store, *cont_new(store, &outer)));
    }
  });
  EXPECT_EQ(Counted::living, 0);
}

TEST(thread_exit, with_suspended_continuations_discards_them_with_their_store) {
  end_of_thread([] {
    Store store;
    const Entry entry(store);
    Body waits(0, 0, [](Store& running, std::span<Value>) {
      try {
        throw Counted(1);
      } catch (const Counted&) {
        static_cast<void>(suspend(running, wait_tag));
      }
    });
    for (int count = 0; count < 3; ++count) {
      static_cast<void>(resume(store, *cont_new(store, &waits), {}, Handlers::suspends(wait_tags)));
    }
    Body exits(0, 0, [](std::span<Value>) { pthread_exit(nullptr); });
    static_cast<void>(resume(store, *cont_new(store, &exits)));
  });
  EXPECT_EQ(Counted::living, 0);
}

TEST(thread_exit, leaves_a_store_of_others_as_it_is_and_another_thread_goes_on_there) {
  Store store;
  bool ended = false;
  Body waits(0, 0, [&](Store& running, std::span<Value>) {
    static_cast<void>(suspend(running, wait_tag));
    ended = true;
  });
  Handle suspended;
  end_of_thread([&] {
    const Entry entry(store);
    suspended = resume(store, *cont_new(store, &waits), {}, Handlers::suspends(wait_tags))->handle;
    Body exits(0, 0, [](std::span<Value>) { pthread_exit(nullptr); });
    static_cast<void>(resume(store, *cont_new(store, &exits)));
  });
  EXPECT_EQ(store.active, nullptr);
  EXPECT_EQ(store.live_count(), 1u);
  const Entry entry(store);
  EXPECT_TRUE(resume(store, suspended).has_value());
  EXPECT_TRUE(ended);
}

TEST(thread_exit, after_a_switch_passes_the_parents_of_the_one_that_runs) {
  std::vector<std::string> notes;
  end_of_thread([&] {
    Store store;
    const Entry entry(store);
    Body second(1, 0, [&](std::span<Value>) {
      const Note note{notes, "second"};
      pthread_exit(nullptr);
    });
    Body first(0, 0, [&](Store& running, std::span<Value>) {
      const Note note{notes, "first"};
      static_cast<void>(switch_to(running, *cont_new(running, &second), peer_tag));
    });
    const Note note{notes, "thread"};
    static_cast<void>(resume(store, *cont_new(store, &first), {}, Handlers::switches(peer_tags)));
  });
  EXPECT_EQ(notes, (std::vector<std::string>{"second", "thread"}));
}

TEST(thread_exit, passes_the_entry_that_a_body_opened) {
  std::vector<std::string> notes;
  end_of_thread([&] {
    Store outer;
    const Entry entry(outer);
    run_nested(outer, 2, notes, [&] {
      Store inner;
      const Entry inner_entry(inner);
      run_nested(inner, 2, notes, [] { pthread_exit(nullptr); });
    });
  });
  EXPECT_EQ(notes, (std::vector<std::string>{"0", "1", "2", "0", "1", "2"}));
}

TEST(thread_exit, comes_before_a_trap_that_is_being_re_raised) {
  std::vector<std::string> notes;
  end_of_thread([&] {
    Store store;
    const Entry entry(store);
    const Note note{notes, "thread"};
    Body fails(0, 0, [](std::span<Value>) { return false; });
    Body exits(0, 0, [&](std::span<Value>) {
      static_cast<void>(resume(store, *cont_new(store, &fails)));
      pthread_exit(nullptr);
    });
    static_cast<void>(resume(store, *cont_new(store, &exits)));
    notes.push_back("was resumed");
  });
  EXPECT_EQ(notes, (std::vector<std::string>{"thread"}));
}

[[noreturn]] void exit_in_revision_v44() {
  Store store({.trampoline = Trampoline::v44});
  const Entry entry(store);
  Body body(0, 0, [](std::span<Value>) { pthread_exit(nullptr); });
  static_cast<void>(resume(store, *cont_new(store, &body)));
  std::_Exit(3);
}

TEST(thread_exit, is_refused_in_revision_v44_which_tells_nobody) {
  EXPECT_EXIT(exit_in_revision_v44(), testing::KilledBySignal(SIGABRT),
              "^fiberproof: F3: continuation 1: an exception of another language cannot leave it");
}

#endif

// Exceptions of another language.

struct Foreign {
  _Unwind_Exception header{};
  static inline int living = 0;

  Foreign() {
    std::memcpy(&header.exception_class, "FIBRTEST", sizeof header.exception_class);
    header.exception_cleanup = [](_Unwind_Reason_Code, _Unwind_Exception* exception) {
      delete reinterpret_cast<Foreign*>(exception);
    };
    ++living;
  }
  ~Foreign() { --living; }
};

[[noreturn]] void raise_foreign() {
  auto* const exception = new Foreign;
  _Unwind_RaiseException(&exception->header);
  std::terminate();
}

TEST(foreign_exception, passes_every_stack_to_the_handler_that_catches_it) {
  for (const std::size_t depth : {1u, 3u, 50u}) {
    Store store;
    const Entry entry(store);
    std::vector<std::string> notes;
    bool caught = false;
    try {
      run_nested(store, depth, notes, [] { raise_foreign(); });
    } catch (...) {
      caught = true;
      EXPECT_EQ(std::current_exception(), nullptr) << "no exception of C++";
      EXPECT_EQ(Foreign::living, 1) << "the same object, still there";
    }
    EXPECT_TRUE(caught);
    EXPECT_EQ(notes.size(), depth + 1);
    EXPECT_EQ(Foreign::living, 0);
    EXPECT_EQ(store.live_count(), 0u);
    EXPECT_EQ(std::uncaught_exceptions(), 0);
    run_nested(store, 1, notes, [] {});
    EXPECT_EQ(notes.back(), "1") << "the store goes on";
  }
}

TEST(foreign_exception, that_a_stack_on_the_way_catches_lets_it_go_on) {
  Store store;
  const Entry entry(store);
  Body raises(0, 0, [](std::span<Value>) { raise_foreign(); });
  Body catches(0, 1, [&](std::span<Value> values) {
    try {
      static_cast<void>(resume(store, *cont_new(store, &raises)));
    } catch (...) {
      values[0] = {7, 0};
    }
  });
  const auto outcome = resume(store, *cont_new(store, &catches));
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->values[0].low, 7u);
  EXPECT_EQ(Foreign::living, 0);
}

[[noreturn]] void raise_foreign_that_nobody_catches() {
  std::set_terminate([] { std::_Exit(5); });
  Store store;
  const Entry entry(store);
  Body raises(0, 0, [](std::span<Value>) { raise_foreign(); });
  [&]() noexcept { static_cast<void>(resume(store, *cont_new(store, &raises))); }();
  std::_Exit(3);
}

TEST(foreign_exception, that_nobody_catches_terminates) {
  EXPECT_EXIT(raise_foreign_that_nobody_catches(), testing::ExitedWithCode(5), "");
}

// Jumps.

#ifndef FIBERPROOF_SANITIZED  // Their longjmp takes the stack of another fiber for a damaged one.
TEST(jump, within_a_stack_is_none_of_our_business) {
  Store store;
  const Entry entry(store);
  Body body(0, 1, [](std::span<Value> values) {
    std::jmp_buf here;
    volatile std::uint64_t jumps = 0;
    if (setjmp(here) < 3) {
      jumps = jumps + 1;
      std::longjmp(here, static_cast<int>(jumps));
    }
    values[0] = {jumps, 0};
  });
  EXPECT_EQ(resume(store, *cont_new(store, &body))->values[0].low, 3u);
}

std::jmp_buf outside;

enum class Then { close_the_entry, open_an_entry, leave_the_entry_behind };

void jump_out_of(Store& store, std::size_t depth) {
  std::vector<std::string> notes;
  static std::function<void()> jump = [] { std::longjmp(outside, 1); };
  run_nested(store, depth, notes, jump);
}

void jump_over_the_entry(Store& store) {
  if (setjmp(outside) != 0) {
    return;
  }
  [&] {
    const Entry entry(store);
    jump_out_of(store, 2);
  }();
}

[[noreturn]] void jump_and_then(Then then) {
  {
    Store store;
    if (then == Then::leave_the_entry_behind) {
      jump_over_the_entry(store);
    } else {
      const Entry entry(store);
      if (setjmp(outside) == 0) {
        jump_out_of(store, 3);
      }
      if (then == Then::open_an_entry) {
        const Entry again(store);
        std::_Exit(4);
      }
    }
  }
  std::_Exit(3);
}

constexpr auto left_by_a_jump =
    "^fiberproof: F3: continuation [23]: a jump \\(longjmp\\) left its stack";

TEST(jump, out_of_a_body_is_refused_when_the_entry_closes) {
  EXPECT_EXIT(jump_and_then(Then::close_the_entry), testing::KilledBySignal(SIGABRT),
              left_by_a_jump);
}

TEST(jump, out_of_a_body_is_refused_when_another_entry_is_opened) {
  EXPECT_EXIT(jump_and_then(Then::open_an_entry), testing::KilledBySignal(SIGABRT), left_by_a_jump);
}

TEST(jump, out_of_a_body_past_the_entry_is_refused_when_the_store_ends) {
  EXPECT_EXIT(jump_and_then(Then::leave_the_entry_behind), testing::KilledBySignal(SIGILL),
              "^fiberproof: C2 violated: active == nullptr");
}

[[noreturn]] void jump_to_the_body_that_resumed() {
  Store store;
  const Entry entry(store);
  Body outer(0, 0, [&](std::span<Value>) {
    if (setjmp(outside) == 0) jump_out_of(store, 1);
  });
  static_cast<void>(resume(store, *cont_new(store, &outer)));
  std::_Exit(3);
}

TEST(jump, out_of_a_body_to_that_which_resumed_it_is_refused_when_that_ends) {
  EXPECT_EXIT(jump_to_the_body_that_resumed(), testing::KilledBySignal(SIGILL),
              "^fiberproof: C2 violated: store.active == &self");
}
#endif

}  // namespace
}  // namespace fiberproof
