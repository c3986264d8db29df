#include "verify/certificate/certifying_solver.hpp"

#include "verify/certificate/bit_blaster.hpp"
#include "verify/certificate/checker.hpp"

#include <array>
#include <map>
#include <utility>

namespace fiberproof::verify {
namespace {

using Clock = std::chrono::steady_clock;

// The proof of a formula that propagation alone refutes: the empty clause at once.
constexpr std::array empty_clause{std::byte{'a'}, std::byte{0}};

Certificate accepted(std::size_t proof_bytes) {
  return {CertificateVerdict::accepted, {}, proof_bytes};
}

Certificate rejected(std::string reason) {
  return {CertificateVerdict::rejected, std::move(reason), 0};
}

class CertifyingSolver final : public Solver {
 public:
  CertifyingSolver(std::unique_ptr<Solver> inner, std::chrono::milliseconds time_limit,
                   OnCertificate on_certificate, ProofSource source)
      : inner_(std::move(inner)),
        time_limit_(time_limit),
        on_certificate_(std::move(on_certificate)),
        source_(std::move(source)) {}

  Answer prove(const Query& query) override {
    Answer answer = inner_->prove(query);
    if (answer.verdict != Verdict::proved) return answer;
    const auto start = Clock::now();
    const auto [entry, is_new] = known_.try_emplace(cnf_of(query));
    const auto& [formula, certificate] = *entry;
    if (is_new) entry->second = certify(formula, time_limit_, source_);
    const auto time = Clock::now() - start;
    answer.time += time;
    on_certificate_(query, formula, certificate, is_new, time);
    if (certificate.verdict == CertificateVerdict::rejected) {
      answer.verdict = Verdict::unknown;
      answer.reason = "the certificate was rejected: " + certificate.reason;
    }
    return answer;
  }

 private:
  std::unique_ptr<Solver> inner_;
  std::chrono::milliseconds time_limit_;
  OnCertificate on_certificate_;
  ProofSource source_;
  std::map<Cnf, Certificate> known_;  // queries that differ only in names have the same formula
};

}  // namespace

Certificate certify(const Cnf& formula, std::chrono::milliseconds time_limit,
                    const ProofSource& source) {
  if (check_proof(formula, empty_clause).verdict == ProofVerdict::accepted) return accepted(0);
  const SatRun run = source(formula, time_limit);
  switch (run.end) {
    case SatRun::End::unsatisfiable: break;
    case SatRun::End::satisfiable: return rejected("the SAT solver has a counterexample");
    case SatRun::End::failed: return rejected(run.reason);
    case SatRun::End::gave_up:
      return {CertificateVerdict::none, "the SAT solver: " + run.reason, 0};
  }
  const CheckedProof checked = check_proof(formula, run.proof, Clock::now() + time_limit);
  switch (checked.verdict) {
    case ProofVerdict::accepted: return accepted(run.proof.size());
    case ProofVerdict::out_of_time:
      return {CertificateVerdict::none, "the checker: out of time", 0};
    case ProofVerdict::rejected: break;
  }
  return rejected(checked.reason);
}

std::unique_ptr<Solver> make_certifying_solver(std::unique_ptr<Solver> inner,
                                               std::chrono::milliseconds time_limit,
                                               OnCertificate on_certificate, ProofSource source) {
  return std::make_unique<CertifyingSolver>(std::move(inner), time_limit, std::move(on_certificate),
                                            std::move(source));
}

}  // namespace fiberproof::verify
