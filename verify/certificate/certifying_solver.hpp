// A solver whose proved answers do not have to be believed: each query is translated into a formula
// of propositional logic, of which CaDiCaL writes a proof that the checker here accepts or rejects.
//
// A decorator, as make_agreeing_solver, and not a look at each obligation afterwards: execution
// asks queries of its own, whether a branch can be taken or a load can overlap a store, and a wrong
// "proved" there would leave out a path in silence. Whoever has only this solver can rely on no
// other proved answer. Refuted ones need none: their counterexamples are evaluated.
#pragma once

#include "verify/certificate/cadical.hpp"
#include "verify/smt/query.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace fiberproof::verify {

enum class CertificateVerdict : std::uint8_t {
  accepted,
  rejected,  ///< the proof is wrong, or there is none: the answer is not proved
  none,      ///< not within the time limit: the answer stands on the first solver's word
};

struct Certificate {
  CertificateVerdict verdict = CertificateVerdict::none;
  std::string reason;           ///< of all but an accepted one
  std::size_t proof_bytes = 0;  ///< 0 where propagation alone refutes the formula
};

/// Certifies that nothing satisfies `formula`. Making the proof and checking it may each take as
/// long as the time limit says.
Certificate certify(const Cnf& formula, std::chrono::milliseconds time_limit,
                    const ProofSource& source);

/// Sees the certificate of each proved answer before whoever asked sees the answer. `is_new` unless
/// the same formula has been certified before; `time` is that of translation, proof and check.
using OnCertificate =
    std::function<void(const Query& query, const Cnf& formula, const Certificate& certificate,
                       bool is_new, std::chrono::nanoseconds time)>;

/// Asks `inner` and certifies what it proves. A rejected certificate makes the answer unknown, and
/// says so.
std::unique_ptr<Solver> make_certifying_solver(std::unique_ptr<Solver> inner,
                                               std::chrono::milliseconds time_limit,
                                               OnCertificate on_certificate, ProofSource source);

}  // namespace fiberproof::verify
