// Callees of the trampolines, for files that are linked. Never run.
extern "C" {

[[gnu::noinline]] bool engine_fiber_start() {
  return true;
}
[[gnu::noinline]] void engine_fiber_start_v44() {}
void _start() {}
}
