// main() without a fuzzer for the targets whose inputs are not Programs, `object` and
// `instruction`: runs each file, and each file below a folder, through the target. A violated
// oracle ends the process as it would end a fuzzer.
#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t input_bytes_max = 1024 * 1024;

// A folder that cannot be listed stays in the result, and then fails as an unreadable file.
std::vector<std::string> files_at(const std::string& path) {
  struct ::stat status{};
  const bool is_folder = ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
  const std::unique_ptr<::DIR, int (*)(::DIR*)> folder(
      is_folder ? ::opendir(path.c_str()) : nullptr, &::closedir);
  if (folder == nullptr) {
    return {path};
  }
  std::vector<std::string> found;
  while (const ::dirent* const entry = ::readdir(folder.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") {
      const std::vector<std::string> below = files_at(path + '/' + name);
      found.insert(found.end(), below.begin(), below.end());
    }
  }
  std::ranges::sort(found);
  return found;
}

bool read_input(const std::string& path, std::vector<std::uint8_t>& input) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  if (file == nullptr) {
    return false;
  }
  input.resize(input_bytes_max + 1);
  input.resize(std::fread(input.data(), 1, input.size(), file.get()));
  return std::ferror(file.get()) == 0 && input.size() <= input_bytes_max;
}

}  // namespace

int main(int argument_count, char** arguments) {
  std::size_t count = 0;
  std::vector<std::uint8_t> input;
  for (int index = 1; index < argument_count; ++index) {
    for (const std::string& file : files_at(arguments[index])) {
      if (!read_input(file, input)) {
        std::fprintf(stderr, "%s: cannot be read, or has more than %zu bytes\n", file.c_str(),
                     input_bytes_max);
        return 2;
      }
      // A report does not name its input.
      std::fprintf(stderr, "%s\n", file.c_str());
      LLVMFuzzerTestOneInput(input.data(), input.size());
      ++count;
    }
  }
  if (count == 0) {
    std::fprintf(stderr, "no input file was found\n");
    return 2;
  }
  std::printf("%zu inputs: nothing found\n", count);
  return 0;
}
