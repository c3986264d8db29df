// The end of a thread in a body, by pthread_exit or pthread_cancel (F3): the unwinding passes from
// stack to stack and runs the destructors of each.
#include "core/instrumentation.hpp"
#include "core/tests/counted.hpp"
#include "core/tests/nested_bodies.hpp"

#include <pthread.h>
#include <unistd.h>

#include <gtest/gtest.h>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

namespace fiberproof {
namespace {

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

TEST(thread_exit, works_on_a_stack_above_the_threads_own) {
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

TEST(thread_exit, releases_exceptions_that_each_stack_is_handling) {
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

TEST(thread_exit, abandons_suspended_continuations_with_their_store) {
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

TEST(thread_exit, leaves_the_store_usable_on_another_thread) {
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

TEST(thread_exit, after_a_switch_unwinds_the_new_parents) {
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

TEST(thread_exit, passes_an_entry_in_a_body) {
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

TEST(thread_exit, takes_precedence_over_a_trap) {
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

[[noreturn]] void exit_with_trampoline_v44() {
  Store store({.trampoline = Trampoline::v44});
  const Entry entry(store);
  Body body(0, 0, [](std::span<Value>) { pthread_exit(nullptr); });
  static_cast<void>(resume(store, *cont_new(store, &body)));
  std::_Exit(3);
}

TEST(thread_exit, is_refused_with_trampoline_v44) {
  EXPECT_EXIT(exit_with_trampoline_v44(), testing::KilledBySignal(SIGABRT),
              "^fiberproof: F3: continuation 1: an exception of another language cannot leave it");
}

#endif

}  // namespace
}  // namespace fiberproof
