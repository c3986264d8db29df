// Exceptions with a number, whose living copies are counted.
#pragma once

namespace fiberproof {

class Counted {
 public:
  explicit Counted(int shown) : which(shown) { ++living; }
  Counted(const Counted& other) : which(other.which) { ++living; }
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --living; }

  int which;
  static inline int living = 0;
};

/// Which of them `action` throws, or 0.
template <class Action>
int thrown_by(Action action) {
  try {
    action();
  } catch (const Counted& exception) {
    return exception.which;
  }
  return 0;
}

/// Does `action` in a catch block inside a catch block, the inner one of a rethrown exception.
template <class Action>
void in_nested_catch(Action action) {
  try {
    throw Counted(1);
  } catch (...) {
    try {
      throw Counted(1);
    } catch (...) {
      try {
        throw;
      } catch (...) {
        action();
      }
    }
  }
}

/// Which of them the innermost catch block around here handles.
inline int in_hand() {
  return thrown_by([] { throw; });
}

}  // namespace fiberproof
