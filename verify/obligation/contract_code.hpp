// Finds in a file the code that a contract names: the routines that it runs, and their callees.
#pragma once

#include "verify/object/object_file.hpp"
#include "verify/obligation/contract.hpp"
#include "verify/obligation/prover.hpp"
#include "verify/obligation/theorem.hpp"
#include "verify/x86/code_library.hpp"
#include "verify/x86/paths.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// An error in the file's code, in one line; an error in the contract names its own place already.
std::string in_file(const ObjectFile& file, const std::string& error);

/// The place that the options give for what the contract calls `name`, or null.
const CodePlace* place_of(const std::string& name, const ProverOptions& options);

/// The decoded code of a run, recorded in `result`. `site` is the switch that runs where the
/// contract is about any.
[[nodiscard]] std::expected<Code, std::string> code_of(const Run& run, const ObjectFile& file,
                                                       const ProverOptions& options,
                                                       ContractResult& result,
                                                       const Routine* site = nullptr);

/// The address of the function that the contract calls `symbol`.
[[nodiscard]] std::expected<std::uint64_t, std::string> callee_address(
    const std::string& symbol, const ObjectFile& file, const ProverOptions& options);

/// Whether a call of `target` reaches that function.
bool comes_to(const ObjectFile& file, std::uint64_t target, std::uint64_t function);

struct ContractCode {
  std::vector<Code> runs;
  std::vector<std::optional<std::uint64_t>> callees;  ///< by the contract's calls; none if
                                                      ///< indirect, or if the code never calls it
};

/// The code of every run, and the address of every callee; recorded in `result`.
[[nodiscard]] std::expected<ContractCode, std::string> find_code_of(
    const Contract& contract, const ObjectFile& file, const ProverOptions& options,
    CodeLibrary& library, ContractResult& result, const Routine* site = nullptr);

/// Records the code that was executed because the routines call it.
[[nodiscard]] std::expected<void, std::string> note_called_code(const ObjectFile& file,
                                                                const CodeLibrary& library,
                                                                ContractResult& result);

}  // namespace fiberproof::verify
