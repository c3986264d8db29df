#include "fuzz/oracle/oracle_pool.hpp"

#include "fuzz/oracle/oracle_question.hpp"

namespace fiberproof::fuzz::oracle {

Verdict c7_kept(std::uint64_t kept_max, std::uint64_t got) {
  asked(SpecId::C7);
  return got <= kept_max + 1
             ? Verdict{}
             : Violation{SpecId::C7, "stacks kept by the pool: at most", kept_max + 1, got};
}

}  // namespace fiberproof::fuzz::oracle
