#include "verify/certificate/tally.hpp"

#include <fmt/format.h>

namespace fiberproof::verify {

void CertificateTally::add(const Query& query, const Cnf& formula, const Certificate& certificate,
                           bool is_new, std::chrono::nanoseconds time) {
  ++questions_;
  time_ += time;
  last_goal_ = &query.goal.node();
  last_has_complaint_ = certificate.verdict != CertificateVerdict::accepted;
  switch (certificate.verdict) {
    case CertificateVerdict::accepted: ++accepted_; break;
    case CertificateVerdict::rejected: ++rejected_; break;
    case CertificateVerdict::none: ++without_; break;
  }
  if (last_has_complaint_) {
    const bool is_rejected = certificate.verdict == CertificateVerdict::rejected;
    complaints_.push_back(
        {{},
         fmt::format("{}: {}", is_rejected ? "certificate rejected" : "not certified",
                     certificate.reason)});
  }
  if (!is_new) return;
  ++formulas_;
  clauses_ += formula.size();
  proof_bytes_ += certificate.proof_bytes;
}

void CertificateTally::name_last(const std::string& theorem, const Query& query) {
  if (last_goal_ != &query.goal.node()) return;
  --questions_;
  ++obligations_;
  if (last_has_complaint_) complaints_.back().name = theorem;
  last_goal_ = nullptr;
}

void CertificateTally::name_questions(const std::string& contract) {
  for (Complaint& complaint : complaints_) {
    if (complaint.name.empty()) complaint.name = contract + ", a question of its execution";
  }
}

std::vector<std::string> CertificateTally::complaints() const {
  std::vector<std::string> lines;
  for (const auto& [name, text] : complaints_) lines.push_back(fmt::format("{}: {}", name, text));
  return lines;
}

std::string CertificateTally::summary() const {
  return fmt::format(
      "certified {} of {} proved answers, {} obligations and {} questions of the execution: {} "
      "formulas, {} clauses, {} bytes of proofs, {:.1f} s; {} not certified, {} rejected",
      accepted_, obligations_ + questions_, obligations_, questions_, formulas_, clauses_,
      proof_bytes_, std::chrono::duration<double>(time_).count(), without_, rejected_);
}

}  // namespace fiberproof::verify
