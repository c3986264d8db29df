// Counts the certificates of a run, for its last lines.
#pragma once

#include "verify/certificate/certifying_solver.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace fiberproof::verify {

class CertificateTally {
 public:
  /// Counts the certificate of an answer, as an OnCertificate.
  void add(const Query& query, const Cnf& formula, const Certificate& certificate, bool is_new,
           std::chrono::nanoseconds time);

  /// Attributes the latest answer to an obligation, if it is to this query. All other answers count
  /// as questions of the execution.
  void name_last(const std::string& theorem, const Query& query);

  /// Attributes the questions that have no name yet to the execution of `contract`.
  void name_questions(const std::string& contract);

  /// One line for each answer that was not certified, with its name and the reason.
  std::vector<std::string> complaints() const;

  bool any_rejected() const { return rejected_ > 0; }

  /// How many answers are certified and how long that took, in one line.
  std::string summary() const;

 private:
  struct Complaint {
    std::string name;
    std::string text;
  };

  std::size_t obligations_ = 0;  // proved, certified or not
  std::size_t questions_ = 0;    // likewise
  std::size_t accepted_ = 0;
  std::size_t rejected_ = 0;
  std::size_t without_ = 0;
  std::size_t formulas_ = 0;  // of different queries
  std::size_t clauses_ = 0;
  std::size_t proof_bytes_ = 0;
  std::chrono::nanoseconds time_{};
  std::vector<Complaint> complaints_;
  const Node* last_goal_ = nullptr;
  bool last_has_complaint_ = false;
};

}  // namespace fiberproof::verify
