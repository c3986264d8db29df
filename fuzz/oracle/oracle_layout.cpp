// The oracles of the layout: what `initialize` wrote, left alone and refused (L1 to L8).
#include "fuzz/oracle/oracle_question.hpp"
#include "fuzz/spec/spec_layout.hpp"

namespace fiberproof::fuzz {

const OracleCounts& oracle_counts() {
  return oracle::counts;
}

std::uint32_t LayoutRequest::capacity() const {
  return spec::capacity_of(params, returns);
}

std::uint64_t LayoutRequest::first_rsp() const {
  return spec::first_rsp(top, capacity());
}

namespace oracle {

std::uint64_t buffer_of(const LayoutRequest& request) {
  return request.capacity() == 0
             ? 0
             : request.top - spec::buffer_below - spec::buffer_bytes(request.capacity());
}

Verdict l1_control_context_and_capacity(const LayoutRequest& request) {
  asked(SpecId::L1);
  const std::uint64_t top = request.top;
  const struct {
    const char* what;
    std::uint64_t below_top;
    std::uint64_t expected;
  } words[] = {
      {"rip at TOS-0x08", spec::saved_rip_below_top, request.start_routine},
      {"rbp at TOS-0x10", spec::saved_rbp_below_top, top - spec::saved_rbp_below_top},
      {"rsp at TOS-0x18", spec::saved_rsp_below_top, request.first_rsp()},
      {"args_capacity at TOS-0x20", spec::capacity_below_top, request.capacity()},
  };
  for (const auto& word : words) {
    if (auto wrong = equal(SpecId::L1, word.what, word.expected, read_word(top - word.below_top))) {
      return wrong;
    }
  }
  return std::nullopt;
}

Verdict l2_launch_words(const LayoutRequest& request) {
  asked(SpecId::L2);
  const std::uint64_t base = request.top - spec::buffer_bytes(request.capacity());
  const struct {
    const char* what;
    std::uint64_t below_base;
    std::uint64_t expected;
  } words[] = {
      {"func_ref at TOS-0x28-s", spec::func_ref_below, request.func_ref},
      {"caller_vmctx at TOS-0x30-s", spec::vmctx_below, request.caller_vmctx},
      {"args object at TOS-0x38-s", spec::args_below, request.args_object},
      {"return_value_count at TOS-0x40-s", spec::return_count_below, request.returns},
  };
  for (const auto& word : words) {
    const std::uint64_t got = read_word(base - word.below_base);
    if (auto wrong = equal(SpecId::L2, word.what, word.expected, got)) {
      return wrong;
    }
  }
  return std::nullopt;
}

Verdict l3_args_object(const LayoutRequest& request) {
  asked(SpecId::L3);
  // {u32 length; u32 capacity; pointer}: length is the low half of the first word.
  const std::uint64_t counters = std::uint64_t{request.capacity()} << 32;
  if (auto wrong = equal(SpecId::L3, "args {length 0, capacity n}", counters,
                         read_word(request.args_object))) {
    return wrong;
  }
  return equal(SpecId::L3, "args.data", buffer_of(request), read_word(request.args_object + 8));
}

Verdict l3_forbidden(const LayoutRequest& request, std::uint64_t word, bool is_forbidden) {
  asked(SpecId::L3);
  const std::uint64_t buffer_end = request.top - spec::buffer_below;
  const std::uint64_t buffer = buffer_end - spec::buffer_bytes(request.capacity());
  const bool is_buffer = word >= buffer && word < buffer_end;
  return equal(SpecId::L3,
               is_buffer ? "a word of the args buffer is forbidden to instrumented code"
                         : "a word around the args buffer is forbidden to instrumented code",
               is_buffer ? 0 : 1, is_forbidden ? 1 : 0);
}

Verdict l4_nothing_else_written(std::span<const Span> watched) {
  return untouched(SpecId::L4, "word outside the eight", watched);
}

Verdict l6_regions_do_not_overlap(const LayoutRequest& request) {
  asked(SpecId::L6);
  // In 128 bits nothing wraps: the regions in order, from the words that were really written.
  __extension__ using Wide = unsigned __int128;
  const Wide top = request.top;
  const Wide limit = top - request.usable_bytes;
  const Wide rsp = read_word(request.top - spec::saved_rsp_below_top);
  const Wide buffer_size = Wide{spec::value_bytes} * request.capacity();
  const std::uint64_t data = read_word(request.args_object + 8);
  const Wide buffer = request.capacity() == 0 ? top - spec::buffer_below : Wide{data};
  const bool in_order = request.usable_bytes <= request.top && limit <= rsp &&
                        rsp + (spec::return_count_below - spec::buffer_below) == buffer &&
                        buffer + buffer_size + spec::capacity_below_top == top;
  return equal(SpecId::L6, "limit, launch words, args buffer, args_capacity, TOS in this order", 1,
               in_order ? 1 : 0);
}

Verdict l7_aligned(const LayoutRequest& request) {
  asked(SpecId::L7);
  const std::uint64_t data = read_word(request.args_object + 8);
  const std::uint64_t rsp = read_word(request.top - spec::saved_rsp_below_top);
  if (auto wrong = equal(SpecId::L7, "TOS mod 16", 0, request.top % spec::stack_alignment)) {
    return wrong;
  }
  if (auto wrong = equal(SpecId::L7, "args.data mod 16", 0, data % spec::stack_alignment)) {
    return wrong;
  }
  return equal(SpecId::L7, "first RSP mod 16", 0, rsp % spec::stack_alignment);
}

std::array<std::uint64_t, 8> laid_out_addresses(const LayoutRequest& request) {
  const std::uint64_t top = request.top;
  const std::uint64_t base = top - spec::buffer_bytes(request.capacity());
  return {top - spec::saved_rip_below_top, top - spec::saved_rbp_below_top,
          top - spec::saved_rsp_below_top, top - spec::capacity_below_top,
          base - spec::func_ref_below,     base - spec::vmctx_below,
          base - spec::args_below,         base - spec::return_count_below};
}

Verdict l5_l8_fits_or_refused(const LayoutRequest& request, const LayoutAnswer& answer) {
  const std::uint64_t required = spec::required_bytes(request.capacity());
  const bool layout_fits = required - spec::headroom_bytes <= request.usable_bytes;
  const SpecId id = layout_fits ? SpecId::L8 : SpecId::L5;
  asked(id);
  const bool fits = required <= request.usable_bytes;
  if (auto wrong = equal(id, "accepted", fits ? 1 : 0, answer.accepted ? 1 : 0)) {
    return wrong;
  }
  if (fits) {
    return std::nullopt;
  }
  if (auto wrong = equal(id, "required bytes in the error", required, answer.required_bytes)) {
    return wrong;
  }
  return equal(id, "usable bytes in the error", request.usable_bytes, answer.usable_bytes);
}

Verdict l8_room_sufficed(Span below_limit) {
  return untouched(SpecId::L8, "word below the limit", {&below_limit, 1});
}

Verdict l5_refusal_wrote_nothing(const LayoutRequest& request, std::span<const Span> watched) {
  if (auto wrong = untouched(SpecId::L5, "word of a stack that was refused", watched)) {
    return wrong;
  }
  if (auto wrong = equal(SpecId::L5, "args {length, capacity} after a refusal", 0,
                         read_word(request.args_object))) {
    return wrong;
  }
  return equal(SpecId::L5, "args.data after a refusal", 0, read_word(request.args_object + 8));
}

}  // namespace oracle
}  // namespace fiberproof::fuzz
