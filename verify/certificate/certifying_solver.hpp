// A solver whose proved answers need no trust: it translates each query into a formula of
// propositional logic, CaDiCaL writes a proof, and the checker here accepts or rejects it.
//
// It is a decorator, like make_agreeing_solver, and not a pass over the obligations afterwards:
// execution asks queries of its own (whether a branch can be taken, whether a load overlaps a
// store), and a wrong "proved" there would silently drop a path. A caller that has only this solver
// cannot rely on any other proved answer. Refuted answers need no proof: their counterexamples are
// evaluated.
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
  rejected,  ///< the proof is wrong or missing: the answer does not count as proved
  none,      ///< not within the time limit: the answer rests on the first solver alone
};

struct Certificate {
  CertificateVerdict verdict = CertificateVerdict::none;
  std::string reason;           ///< of all but an accepted one
  std::size_t proof_bytes = 0;  ///< 0 where propagation alone refutes the formula
};

/// Certifies that nothing satisfies `formula`. Making the proof and checking it may each take up to
/// the time limit.
Certificate certify(const Cnf& formula, std::chrono::milliseconds time_limit,
                    const ProofSource& source);

/// Called with the certificate of each proved answer before the caller gets the answer. `is_new`
/// unless the same formula was certified before; `time` covers translation, proof and check.
using OnCertificate =
    std::function<void(const Query& query, const Cnf& formula, const Certificate& certificate,
                       bool is_new, std::chrono::nanoseconds time)>;

/// Asks `inner` and certifies what it proves. A rejected certificate makes the answer unknown, with
/// that reason.
std::unique_ptr<Solver> make_certifying_solver(std::unique_ptr<Solver> inner,
                                               std::chrono::milliseconds time_limit,
                                               OnCertificate on_certificate, ProofSource source);

}  // namespace fiberproof::verify
